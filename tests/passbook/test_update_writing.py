"""An update that was read by any profile is written as JSON that is read as the same update."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from passbook.document.currencies import MINOR_DIGITS
from passbook.document.documents import Entry, PassbookUpdate, StartLine, parse_document
from passbook.document.update_writing import update_json

amounts = st.none() | st.integers(-(10**12), 10**12)
entries = st.builds(
    Entry,
    date=st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    text=st.text(st.characters(codec="cp858", categories=["L", "N", "P", "S"]), max_size=20),
    withdrawal=amounts,
    deposit=amounts,
    balance=amounts,
    others=st.just(()) | st.just((("branch", "0042"),)),
)
starts = st.none() | st.builds(StartLine, st.integers(1, 9999), st.integers(1, 9999))


@given(st.sampled_from(sorted(MINOR_DIGITS)), starts, st.lists(entries, min_size=1, max_size=5))
def test_what_is_written_is_read_as_the_same(currency: str, start: StartLine | None, some: list[Entry]) -> None:
    update = PassbookUpdate("savings-24", "001-22-334455", currency, start, tuple(some))
    assert parse_document("passbook-update+json", update_json(update)) == update


def test_an_entry_without_a_day_stays_without_one() -> None:
    entry = Entry(None, "brought forward", None, None, 123456)
    update = PassbookUpdate("savings-24", "1", "KWD", None, (entry,))
    written = update_json(update)
    assert b'"balance":"123.456"' in written
    assert parse_document("passbook-update+json", written) == update
