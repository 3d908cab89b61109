from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.documents import Hints, PassbookUpdate, parse_document
from passbook.document.import_profile import CODECS, Encoding, Imports, parse_import
from passbook.document.placing import place
from passbook.document.plan import Line
from passbook.errors import PassbookError
from spooler.shipped import shipped_imports
from tests.passbook.strategies import shipped

HEAD = "# layout: savings-24\n# account: 4711\n# currency: EUR\n# start: page 1 line 1\n"
HEADER = "date,text,withdrawal,deposit,balance\n"
LETTERS = {
    Encoding.UTF_8: "Zürich ł ğ 金",
    Encoding.UTF_16: "Zürich ł ğ 金",
    Encoding.WINDOWS_1250: "Wpłata Łódź",
    Encoding.WINDOWS_1252: "Bäckerei Groß €",
    Encoding.WINDOWS_1253: "Κατάθεση",
    Encoding.WINDOWS_1254: "Maaş ödemesi ğ",
    Encoding.CP437: "Zürich ┌─┐",
    Encoding.CP850: "Zürich ø",
    Encoding.SHIFT_JIS: "給与振込 ﾀﾞｲ ①",
    Encoding.TIS_620: "ฝากเงิน",
}


def refused(toml: str, name: str = "test") -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        parse_import(name, toml.encode(), "test.toml")
    assert caught.value.code == "import-malformed"
    return caught.value


def read(data: bytes, toml: str, layout: str = "") -> PassbookUpdate:
    said = Hints(Imports({"test": parse_import("test", toml.encode(), "test.toml")}), "test", layout)
    document = parse_document("passbook-update+csv", data, hints=said)
    assert isinstance(document, PassbookUpdate)
    return document


def wrong(data: bytes, toml: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        read(data, toml)
    return caught.value


def rows(document: PassbookUpdate) -> list[tuple[object, ...]]:
    return [(str(one.date), one.text, one.withdrawal, one.deposit, one.balance) for one in document.entries]


def test_the_shipped_profiles_are_read_and_have_the_names_of_their_files() -> None:
    shipped = shipped_imports()
    names = {"plain", "german-excel", "us-excel", "norwegian-bank", "indian-core", "japanese-dos", "thai-dos"}
    assert shipped.keys() == names
    assert {profile.name for profile in shipped.values()} == names


@pytest.mark.parametrize("encoding", Encoding)
def test_a_file_is_read_in_each_encoding(encoding: Encoding) -> None:
    text = LETTERS[encoding]
    data = (HEAD + HEADER + f"2026-01-05,{text},,1.00,1.00\n").encode(CODECS[encoding])
    assert read(data, f'encoding = "{encoding.value}"').entries[0].text == text


@pytest.mark.parametrize("encoding", Encoding)
def test_a_byte_order_mark_wins_over_the_named_encoding(encoding: Encoding) -> None:
    text = HEAD + HEADER + "2026-01-05,Zürich,,1.00,1.00\n"
    for data in (text.encode("utf-8-sig"), text.encode("utf-16")):
        assert read(data, f'encoding = "{encoding.value}"').entries[0].text == "Zürich"


@pytest.mark.parametrize("encoding", [one for one in Encoding if one is not Encoding.UTF_16])
@pytest.mark.parametrize("without_mark", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_without_its_mark_is_told_so(encoding: Encoding, without_mark: str) -> None:
    data = (HEAD + HEADER + "2026-01-05,Zürich,,1.00,1.00\n").encode(without_mark)
    with pytest.raises(PassbookError) as caught:
        read(data, f'encoding = "{encoding.value}"')
    assert caught.value.code == "document-malformed"
    assert "as a UTF-16 file has whose byte order mark is missing. Save it as UTF-8, or as UTF-16" in str(caught.value)


@pytest.mark.parametrize("encoding", [one for one in Encoding if one not in {Encoding.CP437, Encoding.CP850}])
def test_bytes_that_are_not_in_the_named_encoding_are_refused_by_their_number(encoding: Encoding) -> None:
    beginning = (HEAD + HEADER + "2026-01-05,").encode(CODECS[encoding])
    bad = {
        "windows-1250": b"\x81",
        "windows-1252": b"\x81",
        "windows-1253": b"\xaa",
        "windows-1254": b"\x81",
        "shift-jis": b"\x81\x20",
    }
    broken = bad.get(encoding.value, b"\xdb\xff\xff" if encoding is not Encoding.UTF_16 else b"\x00\xdc\x00\x00")
    error = wrong(beginning + broken + ",,1.00,1.00\n".encode(CODECS[encoding]), f'encoding = "{encoding.value}"')
    assert error.code == "document-malformed"
    assert str(error.facts["where"]).startswith(f"byte {len(beginning) + 1}, in line ") or encoding is Encoding.TIS_620


FULL = """
encoding = "utf-8"
delimiter = "|"
head_lines = 2
layout = "savings-24"
currency = "EUR"
[columns]
date = "Booked"
text = "Purpose"
amount = "Amount"
balance = "Saldo"
account = "Account"
others = { cheque = "Cheque No" }
ignored = ["Bank"]
[dates]
order = "day-month-year"
[amounts]
decimal = ","
grouping = "."
sign = "trailing-minus"
"""
FILE = (
    "Statement of the bank\n\nBank|Account|Booked|Purpose|Amount|Cheque No|Saldo|\n"
    "x|4711|05.01.2026|Rent|1.000,50-|0012|10,00|\nx|4711|06.01.2026|Salary|2.000,00||2.010,00|\n|||||||\n\x1a\x1a"
)


def test_columns_stand_in_any_order_under_any_name() -> None:
    document = read(FILE.encode(), FULL)
    assert (document.layout, document.account, document.currency, document.start) == ("savings-24", "4711", "EUR", None)
    assert rows(document) == [
        ("2026-01-05", "Rent", 100050, None, 1000),
        ("2026-01-06", "Salary", None, 200000, 201000),
    ]
    assert [entry.others for entry in document.entries] == [(("cheque", "0012"),), (("cheque", ""),)]


def test_columns_are_numbered_where_there_are_no_names() -> None:
    toml = "names = false\n[columns]\ndate = 1\ntext = 3\ndeposit = 4\nignored = [2, 5]"
    assert rows(read((HEAD + "2026-01-05,x,Salary,1.00,y\n").encode(), toml)) == [
        ("2026-01-05", "Salary", None, 100, None)
    ]
    assert wrong((HEAD + "2026-01-05,x,Salary,1.00\n").encode(), toml).facts["where"] == "entry 1 (line 5)"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("Booked", "Value date", "line 3"),
        ("|Cheque No", "", "line 3"),
        ("|Saldo|", "|Saldo|Extra", "line 3"),
        ("|Saldo|", "|Saldo|Saldo", "line 3"),
        ("x|4711|06", "x|4712|06", "line 5"),
        ("|2.010,00|", "", "entry 2 (line 5)"),
        ("|2.010,00|", "|2.010,00|x", "entry 2 (line 5)"),
    ],
)
def test_an_export_that_changed_is_refused(old: str, new: str, where: str) -> None:
    error = wrong(FILE.replace(old, new).encode(), FULL)
    assert (error.code, error.facts["where"]) == ("document-malformed", where)


def test_the_delimiter_that_the_file_says_is_that_of_the_profile_or_it_is_refused() -> None:
    data = "sep=;\n" + HEAD + HEADER.replace(",", ";") + "2026-01-05;Salary;;1.00;1.00\n"
    assert rows(read(data.encode(), 'delimiter = ";"')) == [("2026-01-05", "Salary", None, 100, 100)]
    assert wrong(data.encode(), 'delimiter = "tab"').facts["where"] == "line 1"


def test_a_person_wins_over_the_document_and_that_over_its_layout() -> None:
    profiles = {
        name: parse_import(name, f'[dates]\norder = "{order}"'.encode(), "x.toml")
        for name, order in (("dmy", "day-month-year"), ("mdy", "month-day-year"), ("ymd", "year-month-day"))
    }
    row = "03/04/2026,Salary,,1.00,1.00\n"

    def day(head: str, name: str = "", layout: str = "") -> str:
        said = Hints(Imports(profiles, {"savings-24": "dmy", "junior": "mdy"}), name, layout)
        document = parse_document("passbook-update+csv", (head + HEADER + row).encode(), hints=said)
        assert isinstance(document, PassbookUpdate)
        return f"{document.layout} {document.entries[0].date}"

    assert day(HEAD) == "savings-24 2026-04-03"
    assert day(HEAD, layout="junior") == "junior 2026-03-04"
    assert day(HEAD + "# import: mdy\n") == "savings-24 2026-03-04"
    assert day(HEAD + "# import: mdy\n", name="dmy") == "savings-24 2026-04-03"
    with pytest.raises(PassbookError) as caught:
        day(HEAD, name="none")
    assert (caught.value.code, caught.value.facts["known"]) == ("unknown-import", "dmy, mdy, ymd")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("# import: German Excel\n" + HEAD, "unknown-import"),
        ("# import: plain x\n" + HEAD, "unknown-import"),
        ("# account: 1\n" + "\n" * 5000 + "# import: plain\n", "document-malformed"),
        ("# account: 1\n" + "\n" * 5000 + "# layout: savings-24\n# currency: EUR\n", "document-malformed"),
    ],
)
def test_a_profile_that_was_not_looked_for_is_not_passed_over(head: str, code: str) -> None:
    profiles = {"plain": parse_import("plain", b"", "x.toml")}
    with pytest.raises(PassbookError) as caught:
        parse_document("passbook-update+csv", (head + HEADER).encode(), hints=Hints(Imports(profiles)))
    assert caught.value.code == code


def test_the_layout_of_a_file_in_utf_16_names_its_profile_too() -> None:
    profiles = {"dmy": parse_import("dmy", b'[dates]\norder = "day-month-year"', "x.toml")}
    data = ("sep=,\n" + HEAD + HEADER + "03/04/2026,Salary,,1.00,1.00\n").encode("utf-16")
    document = parse_document("passbook-update+csv", data, hints=Hints(Imports(profiles, {"savings-24": "dmy"})))
    assert isinstance(document, PassbookUpdate)
    assert str(document.entries[0].date) == "2026-04-03"


@pytest.mark.parametrize(
    ("toml", "where", "allowed"),
    [
        ('encoding = "latin-1"', "encoding", "windows-1252"),
        ('delimiter = "#"', "delimiter", "tab"),
        ("head_lines = -1", "head_lines", "at least 0"),
        ('[dates]\norder = "dmy"', "dates, order", "day-month-year"),
        ('[columns]\ntext = "a"', "columns", "date is missing"),
        ("names = false", "columns", "names = false"),
        ("[columns]\ndate = 1\nignored = [2]", "columns", "names"),
        ('[columns]\ndate = "x"\nignored = ["X"]', "columns", "same column"),
        ('[columns]\ndate = "x"\namount = "y"\ndeposit = "z"', "columns.amount", "either amount"),
        ('[columns]\ndate = "x"\nothers = { Text = "y" }', "columns.others", "a-z"),
        ('[columns]\ndate = "x"\nothers = { text = "y" }', "columns.others", "no part"),
        ('[amounts]\ndecimal = ","\ngrouping = ","', "amounts.grouping", "another mark"),
        ('[dates]\nshort_years = true\ncalendar = "buddhist"', "dates.short_years", "false"),
        ('[dates]\norder = "day-month-year"\ncalendar = "japanese"', "dates.order", "year-month-day"),
        ('layout = "../x"', "layout", "not the name"),
        ('currency = "ABC"', "currency", "ISO 4217"),
        ('name = "x"', "name", "no key name"),
        ("colour = 1", "the top level", "known: "),
        ("names = true\nnames = false", "names", "overwrite"),
        ("[columns]\ndate = " + "[" * 1900, "date", "nested too deep"),
    ],
)
def test_a_malformed_profile_is_refused_with_the_key_and_what_is_allowed(toml: str, where: str, allowed: str) -> None:
    error = refused(toml)
    assert error.facts["where"] == where
    assert allowed in str(error)


@pytest.mark.parametrize("name", ["", "Excel", "a b", "x" * 41, "-x"])
def test_a_profile_that_no_document_could_name_is_refused(name: str) -> None:
    assert refused("", name).facts["where"] == "name"


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_refused_with_a_code(text: str) -> None:
    try:
        parse_import("test", text.encode("utf-8", "surrogatepass"), "test.toml")
    except PassbookError as error:
        assert error.code == "import-malformed"


def test_balances_of_an_indian_book_follow_from_amounts_with_the_word_of_their_column() -> None:
    data = (
        b"# layout: india-36\n# account: 1\n# currency: INR\n# start: page 2 line 1\n"
        b"date,particulars,debit,credit,balance\n"
        + b'05-01-2026,CHQ,"2,000.00Dr",,\n'
        * 34
        + b'06-01-2026,TRF,,"1,000.00Cr","13,38,221.50Cr"\n'
        b'07-01-2026,LOAN,"14,00,000.00 DR",,"61,778.50Dr"\n'
    )
    hints = Hints(Imports(shipped_imports()), "indian-core")
    document = parse_document("passbook-update+csv", data, hints=hints)
    assert isinstance(document, PassbookUpdate)
    plan = place(document, shipped("india-36"), codec="cp858", code_page="cp858")
    lines = [one for one in plan if isinstance(one, Line)]
    shown = {(one.page, one.line): " ".join(run.text.strip() for run in one.runs) for one in lines}
    assert [shown[2, 2], shown[2, 3], shown[2, 36]] == [
        "B/F 14,05,221.50 Cr",
        "05-01-2026 CHQ 2,000.00",
        "C/F 13,39,221.50 Cr",
    ]
    assert [shown[3, line] for line in range(2, 6)] == [
        "B/F 13,39,221.50 Cr",
        "05-01-2026 CHQ 2,000.00",
        "06-01-2026 TRF 1,000.00 13,38,221.50 Cr",
        "07-01-2026 LOAN 14,00,000.00 61,778.50 Dr",
    ]


def test_withdrawals_below_zero_and_the_words_of_directions_exclude_each_other() -> None:
    error = refused('[amounts]\nsign = "cr-dr"\nnegative_withdrawals = true')
    assert error.facts["where"] == "amounts.negative_withdrawals"


def test_one_column_of_both_directions_has_its_direction_from_the_word() -> None:
    profile = '[columns]\ndate = "d"\namount = "a"\n[amounts]\nsign = "cr-dr"'
    document = read(f"{HEAD}d,a\n2026-01-05,2.00DR\n2026-01-06,3.00CR\n".encode(), profile)
    assert rows(document) == [("2026-01-05", "", 200, None, None), ("2026-01-06", "", None, 300, None)]
    assert "(line 6), amount: " in str(wrong(f"{HEAD}d,a\n2026-01-05,x\n".encode(), profile))


@pytest.mark.parametrize("row", ["2026-01-06,Fee,", "2026-01-06,Fee"])
@pytest.mark.parametrize("most", [1, 9])
def test_a_row_without_its_account_is_refused(row: str, most: int) -> None:
    profile = parse_import("test", b'[columns]\ndate = "d"\ntext = "t"\naccount = "a"', "test.toml")
    data = f"# layout: savings-24\n# currency: EUR\nd,t,a\n2026-01-05,Fee,4711\n{row}\n".encode()
    with pytest.raises(PassbookError) as caught:
        parse_document("passbook-update+csv", data, most, Hints(Imports({"test": profile}), "test"))
    assert caught.value.code == "document-malformed"
    assert "line 5" in str(caught.value)
    if row.endswith(","):
        assert "its account is empty" in str(caught.value)
