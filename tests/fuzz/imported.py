"""CSV documents by import profiles: the first byte chooses the profile, the others are the document."""

from __future__ import annotations

from typing import Final

from passbook.document.characters import control_position
from passbook.document.date_reading import FIRST_YEAR, LAST_YEAR
from passbook.document.documents import Hints, PassbookUpdate, parse_document
from passbook.document.import_profile import Encoding, ImportProfile, Imports, parse_import
from passbook.errors import PassbookError
from spooler.shipped import shipped_imports
from tests.fuzz.documents import REFUSALS, SECRET

NUMBERED: Final = parse_import(
    "numbered",
    b"""names = false
layout = "savings-24"
currency = "EUR"
columns = { date = 1, amount = 2, account = 3, ignored = [4] }
""",
    "numbered.toml",
)
ENCODED: Final = [
    parse_import(f"encoded-{encoding.value}", f'encoding = "{encoding.value}"'.encode(), "encoded.toml")
    for encoding in Encoding
]
PROFILES: Final[dict[str, ImportProfile]] = {
    **shipped_imports(),
    **{one.name: one for one in (NUMBERED, *ENCODED)},
}
NAMES: Final = sorted(PROFILES)
SAID: Final = [Hints(Imports(PROFILES), name) for name in NAMES]


def check(data: bytes) -> None:
    """Any bytes by any profile are entries of days and whole amounts, or a refusal that repeats no content."""
    said = SAID[data[0] % len(SAID)] if data else SAID[0]
    try:
        document = parse_document("passbook-update+csv", data[1:], hints=said)
    except PassbookError as error:
        assert error.code in REFUSALS, error.code
        assert SECRET not in str(error)
        return
    assert isinstance(document, PassbookUpdate)
    for entry in document.entries:
        assert control_position(entry.text) is None
        assert entry.date is None or FIRST_YEAR <= entry.date.year <= LAST_YEAR
        assert all(one is None or abs(one) < 10**19 for one in (entry.withdrawal, entry.deposit, entry.balance))
