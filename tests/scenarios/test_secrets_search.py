"""A search that finds nothing proves something only when it would have found everything."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.secrets_search import SHORTEST, Finding, forms, long_enough, search_bytes, search_files

TEXT = "Bäckerei Groß"
KEY = bytes(range(200, 232))

WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
}


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp858"])
def test_a_text_is_found_however_it_was_written(encoding: str, how: str, before: int) -> None:
    written = WRITTEN[how](b"0123456"[:before] + TEXT.encode(encoding) + b"|behind")
    assert {finding.secret for finding in search_bytes(written, {"text": TEXT})} == {"text"}


@given(before=st.binary(max_size=9), key=st.binary(min_size=SHORTEST, max_size=40), behind=st.binary(max_size=9))
@pytest.mark.parametrize("how", WRITTEN)
def test_a_key_is_found_however_it_was_written(how: str, before: bytes, key: bytes, behind: bytes) -> None:
    assert search_bytes(WRITTEN[how](before + key + behind), {"key": key})


def test_a_text_is_found_in_the_escapes_of_json() -> None:
    assert search_bytes(b'{"text": "B\\u00e4ckerei Gro\\u00df"}', {"text": TEXT})


@given(st.binary(max_size=200))
def test_nothing_is_found_where_nothing_is(data: bytes) -> None:
    assert search_bytes(data, {"text": TEXT, "key": KEY}) == []


def test_what_occurs_by_chance_is_not_looked_for() -> None:
    assert long_enough(["12.40", "DE-4711-08", "12.40", "DE-4711-08"]) == ["DE-4711-08"]
    with pytest.raises(ValueError, match="too short"):
        forms("12.40")


def test_no_two_forms_are_the_same() -> None:
    looks = list(forms("plain ASCII").values())
    assert len(looks) == len(set(looks))


def test_files_are_searched_in_all_folders(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    file = tmp_path / "deep" / "er" / "file"
    file.write_bytes(b"x" + KEY)
    assert search_files([tmp_path], {"key": KEY}) == [Finding(str(file), "key", "bytes")]
    with pytest.raises(FileNotFoundError):
        search_files([tmp_path / "missing"], {"key": KEY})
