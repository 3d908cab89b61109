"""Documents of hostile or broken senders: each is read or refused by one sentence without content, within its bound."""

from __future__ import annotations

import pytest

from passbook.document.documents import Hints, PassbookUpdate, parse_document
from passbook.document.import_profile import Imports
from passbook.errors import PassbookError
from passbook.protocol.messages import MAX_DOCUMENT
from spooler.shipped import shipped_imports

HEAD = "# layout: savings-24\n# account: 4711\n# currency: EUR\n# start: page 1 line 1\n"
HEADER = "date,text,withdrawal,deposit,balance\n"
ROW = "2026-01-05,Salary,,1.00,1.00\n"
MOST = 384
"""The entries that the largest book has room for."""
SECRET = "Okafor"  # noqa: S105  # what an error must not repeat
IMPORTS = Imports(shipped_imports())


def judged(data: bytes, name: str = "passbook-update+csv", profile: str = "") -> PassbookUpdate | PassbookError:
    try:
        document = parse_document(name, data, MOST, Hints(IMPORTS, profile))
    except PassbookError as error:
        assert SECRET not in str(error)
        assert len(str(error)) < 1000
        return error
    assert isinstance(document, PassbookUpdate)
    return document


def refusal(data: bytes, name: str = "passbook-update+csv", profile: str = "") -> tuple[str, str]:
    found = judged(data, name, profile)
    assert isinstance(found, PassbookError)
    return found.code, str(found.facts.get("where", ""))


NINES = "9" * 16_000
CELL = SECRET * (MAX_DOCUMENT // len(SECRET))


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (HEAD + HEADER + f"2026-01-05,{CELL},,1.00,1.00\n", ("document-malformed", "line 6")),
        (HEAD + HEADER + f'2026-01-05,"{CELL}",,1.00,1.00\n', ("document-malformed", "line 6")),
        (HEAD + HEADER + f"2026-01-05,x,{'9' * MAX_DOCUMENT},1.00,1.00\n", ("document-malformed", "line 6")),
        (
            HEAD + HEADER + f"2026-01-05,x,{NINES},,\n",
            ("amount-not-decimal", "entry 1 (line 6), withdrawal"),
        ),
        (HEAD + HEADER + f"{NINES},x,,,\n", ("date-not-valid", "entry 1 (line 6), date")),
        (HEAD + f"# account: {CELL}\n" + HEADER, ("document-malformed", "line 5")),
        (HEAD + "," * MAX_DOCUMENT, ("document-malformed", "line 5")),
        (HEAD + HEADER + "," * MAX_DOCUMENT, ("document-malformed", "line 6")),
        (HEAD + ",".join(f"c{n}" for n in range(2000)) + "\n", ("document-malformed", "line 5")),
        (HEAD + HEADER + "2026-01-05" + ",x" * 5000 + "\n", ("document-malformed", "entry 1 (line 6)")),
        (HEAD + HEADER + '2026-01-05,"' + "\n" * 500_000, ("document-malformed", "line 6")),
        ("\n" * MAX_DOCUMENT, ("document-malformed", f"line {MAX_DOCUMENT + 1}")),
        (HEAD + HEADER + f"2026-01-05,{SECRET}\0,,1.00,1.00\n", ("control-byte", "entry 1 (line 6), text")),
        (HEAD + HEADER + f"2026-01-05,{SECRET}\u202e,,1.00,1.00\n", ("control-byte", "entry 1 (line 6), text")),
        (HEAD + HEADER + f"2026-01-05,{SECRET}\u2066,,1.00,1.00\n", ("control-byte", "entry 1 (line 6), text")),
        (
            HEAD + HEADER + f"2026-01-05,a{chr(0x301) * 31},,1.00,1.00\n",
            ("document-malformed", "entry 1 (line 6), text"),
        ),
        (HEAD + HEADER + f"2026-01-05\u202e,{SECRET},,1.00,1.00\n", ("date-not-valid", "entry 1 (line 6), date")),
        (
            HEAD + HEADER + f"2026-01-05,{SECRET},,1.00\u200b,1.00\n",
            ("amount-not-decimal", "entry 1 (line 6), deposit"),
        ),
        (HEAD.replace("4711", f"{SECRET}\u202e") + HEADER + ROW, ("document-malformed", "account")),
    ],
)
def test_a_document_beyond_every_bound_is_refused_where_it_is(document: str, found: tuple[str, str]) -> None:
    assert refusal(document.encode()) == found


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["", "german-excel", "japanese-dos", "thai-dos", "indian-core"])
def test_a_document_of_one_repeated_part_is_refused_by_any_import_profile(profile: str) -> None:
    for unit in (
        b"\0",
        b"\n",
        b",",
        b";",
        b'"',
        b"#",
        b"# a:",
        b"\xff",
        b"\x81",
        b"\x1a",
        b"\xff\xfe",
        b'""',
        b"9,",
        b"a;b\n",
    ):
        found = judged(unit * (MAX_DOCUMENT // len(unit)), profile=profile)
        assert isinstance(found, PassbookError)
    found = judged((HEAD + HEADER).encode() + b"\x1a" * MAX_DOCUMENT, profile=profile)
    assert isinstance(found, PassbookError)


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_counted_and_not_judged() -> None:
    row = ROW.replace("Salary", "")
    count = 100_000
    found = judged((HEAD + HEADER + row * MOST + "2026-99-99,,,9,9\n" * (count - MOST)).encode())
    assert isinstance(found, PassbookUpdate)
    assert (len(found.entries), found.more) == (MOST, count - MOST)


def test_a_document_in_two_encodings_is_refused_by_the_byte_where_the_second_one_begins() -> None:
    head = (HEAD + HEADER + "2026-01-05,Zürich,,1.00,1.00\n2026-01-06,").encode()
    data = head + "Zürich,,1.00,1.00\n".encode("cp1252")
    assert refusal(data) == ("document-malformed", f"byte {len(head) + 2}, in line 7")


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ('{"x":' + "[" * 500_000, ("document-malformed", "x")),
        ('{"a":' * 200_000, ("document-malformed", "a")),
        ("[" * 1_000_000, ("document-malformed", "the top level")),
        ('{"layout":"a","layout":"b"}', ("document-malformed", "layout (line 1, character 15)")),
        (
            '{"entries":[{"date":"2026-01-05","deposit":"1","deposit":"2"}]}',
            ("document-malformed", "deposit (line 1, character 48)"),
        ),
        (f'{{"{SECRET}":1,"{SECRET}":2}}', ("document-malformed", "a name of 6 characters (line 1, character 13)")),
        ('{"layout":' + "9" * 5000 + "}", ("document-malformed", "line 1, character 11")),
        ('{"layout":"a"', ("document-malformed", "line 1, character 14")),
        ('{"layout":"a",\n "account":}', ("document-malformed", "line 2, character 12")),
        ('{"layout": NaN}', ("document-malformed", "layout (line 1, character 12)")),
        ('{"layout":"\\ud800","account":"1"}', ("document-malformed", "layout (line 1, character 11)")),
        (
            '{"entries":[{"date":"a"},{"text":"ä\\udfff"}]}',
            ("document-malformed", "entry 2, text (line 1, character 34)"),
        ),
        ('{"entries":[{"deposit":NaN}]}', ("amount-not-decimal", "entry 1, deposit (line 1, character 24)")),
        (f'{{"{SECRET}":NaN}}', ("document-malformed", "the top level (line 1, character 1)")),
        (
            f'{{"entries":[{{"others":{{"{SECRET}":NaN}}}}]}}',
            ("document-malformed", "the top level (line 1, character 1)"),
        ),
        ("\\" * 1_000_000, ("document-malformed", "line 1, character 1")),
        ('"' + "\\" * 999_999, ("document-malformed", "line 1, character 1")),
        ('{"x":"' + '\\"' * 500_000, ("document-malformed", "line 1, character 6")),
    ],
)
def test_json_beyond_every_bound_is_refused_by_field_or_place(document: str, found: tuple[str, str]) -> None:
    code, where = refusal(document.encode(), "passbook-update+json")
    assert (code, where) == found


def test_a_field_of_the_last_of_many_entries_is_found_where_it_stands() -> None:
    entry = '{"date":"2026-01-05","text":"a \\"b\\" [","deposit":"1.00"}'
    last = '{"date":"2026-01-05",\n"text":"a","deposit":"1.0.0"}'
    text = f'{{"layout":"savings-24","account":"1","currency":"EUR","entries":[{",".join([entry] * 300)},{last}]}}'
    code, where = refusal(text.encode(), "passbook-update+json")
    assert (code, where) == ("amount-not-decimal", "entry 301, deposit (line 2, character 22)")
