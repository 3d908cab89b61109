"""An update that was read by any profile is written as JSON that is read as the same update."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.currencies import MINOR_DIGITS
from passbook.document.documents import Entry, Hints, PassbookUpdate, StartLine, names_layout, parse_document
from passbook.document.import_profile import Imports
from passbook.document.update_writing import PLAIN_FORMAT, update_json, without_hints
from spooler.shipped import shipped_imports

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


CSV = "passbook-update+csv"
HEAD = "# account: 1\n# currency: EUR\n"
ROWS = "date,text,withdrawal,deposit,balance\n2026-03-02,Rent,1.00,,1.00\n"
GERMAN = "date;text;withdrawal;deposit;balance\n02.03.2026;Miete;1,00;;1.234,50\n"
IMPORTS = Imports(shipped_imports(), {"savings-24": "german-excel"})


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        (HEAD + ROWS, Hints(layout="landp-23")),
        ("# layout: savings-24\n" + HEAD + ROWS, Hints(layout="landp-23")),
        ("# layout: landp-23\n" + HEAD + GERMAN, Hints(IMPORTS, "german-excel")),
        ("# layout: landp-23\n# import: german-excel\n" + HEAD + GERMAN, Hints(IMPORTS)),
        ("# layout: savings-24\n" + HEAD + GERMAN, Hints(IMPORTS)),
    ],
)
def test_an_update_that_needs_hints_says_the_same_without_them(text: str, hints: Hints) -> None:
    kind, data = without_hints(CSV, text.encode(), hints)
    assert kind == PLAIN_FORMAT
    assert parse_document(kind, data) == parse_document(CSV, text.encode(), hints=hints)


def test_an_update_that_says_all_itself_stays_as_it_is() -> None:
    text = ("# layout: landp-23\n" + HEAD + ROWS).encode()
    assert without_hints(CSV, text, Hints(IMPORTS, layout="landp-23")) == (CSV, text)
    plain = (PLAIN_FORMAT, update_json(PassbookUpdate("kit", "1", "EUR", None, (Entry(None, "x", None, None, 1),))))
    assert without_hints(*plain, Hints()) == plain


def test_a_document_names_its_layout_itself_or_takes_that_of_its_route() -> None:
    assert names_layout(CSV, b"# layout: savings-24\n")
    assert not names_layout(CSV, b"# account: 1\n")
    assert names_layout(PLAIN_FORMAT, b"{}")
    assert names_layout("form", b"{}")
    assert not names_layout("text", b"# layout: savings-24\n")
