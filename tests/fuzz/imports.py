"""Import profiles of the operator."""

from __future__ import annotations

from passbook.document.import_profile import parse_import
from passbook.errors import PassbookError


def check(data: bytes) -> None:
    """Any bytes are `import-malformed`, or a profile of which every column is another one."""
    try:
        profile = parse_import("drawn", data, "drawn.toml")
    except PassbookError as error:
        assert error.code == "import-malformed"
        return
    places = [*(place for _, place in profile.columns.named()), *profile.columns.ignored]
    assert len(set(places)) == len(places)
