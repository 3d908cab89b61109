"""CSV as spreadsheets, core systems and programs of DOS write it: read as a person reads it, or refused."""

from __future__ import annotations

from datetime import date

import pytest

from passbook.document.characters import CodePageText
from passbook.document.documents import Entry, Hints, PassbookUpdate, parse_document
from passbook.document.import_profile import Encoding, Imports, parse_import
from passbook.errors import PassbookError

KEYS = ("# layout: savings-24", "# account: 4711", "# currency: EUR", "# start: page 1 line 1")
HEAD = "\n".join(KEYS) + "\n"
NAMES = "date,text,withdrawal,deposit,balance"
ENTRY = Entry(date(2026, 1, 5), "Rent", 90000, None, None)


def read(text: str | bytes, toml: str = "") -> PassbookUpdate:
    """The update; `toml` is its import profile."""
    data = text if isinstance(text, bytes) else text.encode()
    hints = Hints(Imports({"test": parse_import("test", toml.encode(), "t.toml")}), "test") if toml else Hints()
    document = parse_document("passbook-update+csv", data, hints=hints)
    assert isinstance(document, PassbookUpdate)
    return document


def refused(text: str | bytes, toml: str = "") -> str:
    with pytest.raises(PassbookError) as caught:
        read(text, toml)
    assert caught.value.code == "document-malformed"
    return str(caught.value)


# Cells behind the last column


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-05,Miete,900,50,,",
        "2026-01-06,Gehalt,,2500,75,",
        "2026-01-05,Miete,1,250.00,,",
        "2026-01-06,CHQ PAID,1,00,000.00,,",
        "2026-01-06,Invoice 12,45,900.00,,",
    ],
)
@pytest.mark.parametrize("names", [NAMES, ""])
def test_a_row_that_an_unquoted_comma_makes_longer_than_its_header_is_refused(names: str, row: str) -> None:
    toml = "" if names else "names = false\n[columns]\ndate=1\ntext=2\nwithdrawal=3\ndeposit=4\nbalance=5\n"
    said = refused(f"{HEAD}{names}\n{row}\n", toml)
    assert f"it has {row.count(',') + 1} cells, and the header has 5" in said


def test_cells_that_the_header_has_too_are_nothing() -> None:
    for behind in ("", ",", ",,,"):
        assert read(f"{HEAD}{NAMES},,,\n2026-01-05,Rent,900,,{behind}\n").entries == (ENTRY,)
    assert "it has 9 cells, and the header has 5" in refused(f"{HEAD}{NAMES},,,\n2026-01-05,Rent,900,,,,,,\n")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_first_row_tells_the_empty_cells_behind_where_no_amount_holds_the_delimiter(delimiter: str) -> None:
    names = NAMES.replace(",", delimiter)
    first, second = (f"2026-01-05,Rent,900,,{behind}\n".replace(",", delimiter) for behind in (",,", ",,,"))
    assert read(f"{HEAD}{names}{delimiter}\n{first}{first}").entries == (ENTRY, ENTRY)
    assert "entry 2 (line 7): it has 8 cells, and the header has 5" in refused(f"{HEAD}{names}\n{first}{second}")


def test_a_row_of_delimiters_only_is_blank_however_long() -> None:
    assert read(f"{HEAD}{NAMES}\n,,,,,,,,\n2026-01-05,Rent,900,,\n,\n").entries == (ENTRY,)


# Keys


@pytest.mark.parametrize(
    "line",
    [
        "# account: 4711",
        "# account: 4711;;;;",
        "# account:,4711",
        "# account:;4711;;",
        "# account:\t4711",
        '# account:,"4711",,',
        '# account: "4711"',
        '"# account: 4711"',
        '"# account: 4711","","",""',
        '"# account:","4711",""',
    ],
)
def test_the_value_of_a_key_stands_behind_its_colon_or_in_a_cell_of_its_own(line: str) -> None:
    text = "\n".join(line if one == KEYS[1] else one for one in KEYS)
    assert read(f"{text}\n{NAMES}\n2026-01-05,Rent,900,,\n").account == "4711"


@pytest.mark.parametrize(
    "line", ["# account: 4711,4712", "# account:,4711,4712", '"# account: 4711","4712"', '# account: "4711";4712']
)
def test_a_key_with_two_values_is_refused(line: str) -> None:
    said = refused("\n".join((line, *KEYS[2:], NAMES, "2026-01-05,Rent,900,,\n")))
    assert "line 1: the value of account stands in 2 cells" in said


def test_a_delimiter_in_a_value_stands_in_quotes() -> None:
    for line in ('# account: "47,11"', '"# account: 47,11"'):
        text = "\n".join((KEYS[0], line, *KEYS[2:], NAMES))
        assert read(f"{text}\n2026-01-05,Rent,900,,\n").account == "47,11"


@pytest.mark.parametrize("line", ['# account: "4711', '"# account: 4711', '# account: "47"11'])
def test_quotes_around_a_key_that_do_not_fit_are_refused(line: str) -> None:
    assert "line 1: its quotes do not fit" in refused("\n".join((line, *KEYS[2:], NAMES, "2026-01-05,Rent,900,,\n")))


@pytest.mark.parametrize("start", ["page 3 line 15", "page 3, line 15", "Page 3, Line 15,,", '"page 3, line 15"'])
def test_a_place_is_written_with_a_comma_or_without(start: str) -> None:
    text = "\n".join((*KEYS[:3], f"# start: {start}", NAMES))
    found = read(f"{text}\n2026-01-05,Rent,900,,\n").start
    assert found is not None
    assert (found.page, found.line) == (3, 15)


@pytest.mark.parametrize("account", ["Åse 001", "普通入金"])
def test_no_letter_of_a_key_ends_its_line_for_the_keys_below(account: str) -> None:
    text = "\n".join((f"# account: {account}", KEYS[0], *KEYS[2:], NAMES, "2026-01-05,Rent,900,,\n"))
    assert read(text).account == account


# Names and delimiters


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_names_and_cells_may_all_stand_in_quotes(delimiter: str) -> None:
    names = delimiter.join(f'"{name}"' for name in NAMES.split(","))
    row = delimiter.join(f'"{cell}"' for cell in ("2026-01-05", "Rent", "900", "", ""))
    assert read(f"{HEAD}{names}\n{row}\n").entries == (ENTRY,)


def test_quotes_of_names_that_fit_to_no_delimiter_are_refused() -> None:
    assert "line 5: its quotes do not fit" in refused(f'{HEAD}"date"x,text\n')


@pytest.mark.parametrize("sign", ['"', ":", "x", "", "\u2003"])
def test_a_delimiter_that_is_not_known_is_refused_by_its_line(sign: str) -> None:
    assert "line 1: its sep= names no delimiter that is known" in refused(f"sep={sign}\n{HEAD}{NAMES}\n")


def test_names_that_do_not_fit_to_the_said_delimiter_tell_of_it() -> None:
    assert "or leave the line sep= out" in refused(f"sep=,\n{HEAD}{NAMES.replace(',', ';')}\n")


# Cells


def test_a_text_of_digits_as_a_spreadsheet_writes_it_is_read_as_its_digits() -> None:
    rows = '2026-01-05,="00123",="900.00",,\n2026-01-05,"=""00123""",900,,\n2026-01-05,="a"&"b",900,,\n'
    first, second, third = read(f"{HEAD}{NAMES}\n{rows}").entries
    assert (first.text, first.withdrawal, second.text) == ("00123", 90000, "00123")
    assert third.text == '="a"&"b"', "a formula is no text of digits"


# Encodings


@pytest.mark.parametrize("encoding", ["windows-1252", "windows-1250", "windows-1254", "cp437", "cp850"])
def test_utf_8_without_its_mark_is_not_read_as_single_bytes(encoding: str) -> None:
    toml = f'encoding = "{encoding}"\n'
    text = f"{HEAD}{NAMES}\n2026-01-05,Möller Café,900,,\n"
    said = refused(text, toml)
    assert "its letters are those of UTF-8" in said
    assert encoding in said
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("cp850" if encoding == "cp850" else "utf-16")):
        assert read(data, toml).entries[0].text == "Möller Café"


def test_kanji_of_utf_8_are_not_read_as_those_of_shift_jis_and_small_kana_are() -> None:
    toml = 'encoding = "shift-jis"\n'
    kanji = f"{HEAD}{NAMES}\n2026-01-05,普通入金,900,,\n"
    assert "its letters are those of UTF-8" in refused(kanji, toml)
    assert read(kanji.encode("shift_jis"), toml).entries[0].text == "普通入金"
    kana = "ﾃｼ"
    assert kana.encode("shift_jis").decode("utf-8"), "two letters may be one of UTF-8"
    assert read(f"{HEAD}{NAMES}\n2026-01-05,{kana},900,,\n".encode("shift_jis"), toml).entries[0].text == kana


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a\r\n", b"\x1a" + bytes(100), b"\x1a\x1a\x1a"])
@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.CP850])
def test_the_block_behind_an_end_of_file_of_dos_is_nothing(end: bytes, encoding: Encoding) -> None:
    data = f"{HEAD}{NAMES}\r\n2026-01-05,Rent,900,,\r\n".encode() + end
    assert read(data, f'encoding = "{encoding.value}"\n').entries == (ENTRY,)


def test_an_end_of_file_with_text_behind_it_is_refused() -> None:
    with pytest.raises(PassbookError) as caught:
        read(f"{HEAD}{NAMES}\n2026-01-05,Rent,900,,\n\x1a2026-01-06,Rent,900,,\n".encode())
    assert "entry 2 (line 7), date" in str(caught.value)


# Marks


@pytest.mark.parametrize(("width", "count"), [(4, 4), (5, 4), (6, 4), (7, 7), (8, 8), (9, 8)])
def test_a_text_is_never_cut_between_a_letter_and_its_marks(width: int, count: int) -> None:
    # The fifth letter has the two marks behind it.
    assert CodePageText("cp874", "CP874").fitting("ดอกเบี้ย", width) == count


def test_a_mark_that_no_width_holds_with_its_letter_is_cut_off() -> None:
    assert CodePageText("cp874", "CP874").fitting("บี้", 2) == 2
