"""Every example of docs/documents.md does what the page says."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from passbook.document.amount_reading import read_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.date_reading import read_day
from passbook.document.date_style import Calendar
from passbook.document.import_profile import Encoding, ImportProfile, parse_import
from passbook.document.reading_rules import AmountRule, DateOrder, DateRule, GroupMark, WrittenSign
from passbook.errors import PassbookError
from passbook.protocol.layouts_reply import LayoutsReply
from terminal import checking
from terminal.__main__ import main
from tests.house import ROOT

PAGE = (ROOT / "docs" / "documents.md").read_text("utf-8")
BLOCKS = re.findall(r"^```([a-z]+)(?: ([a-z.-]+))?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = {name: text for _, name, text in BLOCKS if name}
RUNS = [text for kind, _, text in BLOCKS if kind == "console"]
ONE_DAY = date(2026, 1, 5)
SHIPPED = "Neither the agent nor the appliance was reached: it is judged by the layouts that come with this software.\n"


def test_every_file_of_the_page_is_used_by_a_command() -> None:
    assert len(FILES) == len(RUNS) + 1, "each run has a file of its own, and one has a profile besides"
    assert all(name in PAGE.replace(f"```{name}", "") for name in FILES)


@pytest.mark.parametrize("run", RUNS, ids=[run.splitlines()[0] for run in RUNS])
def test_a_command_of_the_page_says_what_the_page_says(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shipped = checking.shipped_reply()
    own = [parse_import(name[:-5], text.encode(), name) for name, text in FILES.items() if name.endswith(".toml")]
    told = LayoutsReply(shipped.printers, shipped.layouts, (*shipped.imports, *own), shipped.formats)
    monkeypatch.setattr(checking, "shipped_reply", lambda: told)
    command, _, said = run.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    code = main([*words[1:], "--home", str(tmp_path / "home")])
    written = capsys.readouterr()
    assert (written.out.removeprefix(SHIPPED) + written.err, code == 0) == (said, "It can be printed." in said)


def test_the_page_lists_the_import_profiles_of_the_product() -> None:
    assert all(f"`{profile.name}`" in PAGE for profile in checking.shipped_reply().imports)


def rows_of(number: int) -> list[list[str]]:
    """The cells of the first table in a section of the page, without the head."""
    section = re.findall(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)[0]
    lines = re.findall(r"^\|.*\|$", section, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


AMOUNTS = [cells for cells in rows_of(2) if "by a profile" not in cells[0]]
DATES = [(re.findall(r"`(.*?)`", written), answer) for written, answer in rows_of(3)]


def amount_read(written: str, currency: str, column: str, rule: AmountRule | None = None) -> str:
    """The amount that a cell says, as the page writes it, or `refused`."""
    try:
        minor = read_amount(written, currency, rule, "entry 1", column)
    except PassbookError:
        return "refused"
    digits = MINOR_DIGITS[currency]
    return f"{minor / 10**digits:.{digits}f}"


@pytest.mark.parametrize(("written", "read", "why"), AMOUNTS, ids=[cells[0] for cells in AMOUNTS])
def test_an_amount_is_read_as_the_page_says(written: str, read: str, why: str) -> None:
    texts, wanted = re.findall(r"`(.*?)`", written), read.split(", ")
    assert texts
    assert len(wanted) in {1, len(texts)}
    currency = "KWD" if "KWD" in written else "EUR"
    columns = ["balance"] if "balance only" in why else ["withdrawal", "deposit", "balance"]
    for text, told in zip(texts, wanted * len(texts), strict=False):
        assert {amount_read(text, currency, column) for column in columns} == {told}
    for column in {"withdrawal", "deposit", "balance"} - set(columns):
        assert {amount_read(text, currency, column) for text in texts} == {"refused"}


def test_what_the_page_says_of_amounts_beside_its_table_is_so() -> None:
    [[written, read, _]] = [cells for cells in rows_of(2) if "by a profile" in cells[0]]
    assert (written, read) == (
        "`2,000.00Dr` by a profile with `cr-dr`",
        "2000.00 as a withdrawal, -2000.00 as a balance",
    )
    rule = AmountRule(grouping=GroupMark.COMMA, sign=WrittenSign.CR_DR)
    found = [amount_read("2,000.00Dr", "EUR", column, rule) for column in ("withdrawal", "balance", "deposit")]
    assert found == ["2000.00", "-2000.00", "refused"]
    assert amount_read("0.345", "EUR", "balance") == "refused"
    for text, told in (("12.5", "12.500"), ("12.5000", "12.500"), ("12500.000", "12500.000")):
        assert f"`{text}`" in PAGE
        assert amount_read(text, "KWD", "deposit") == told
    plain = {one.name: one for one in checking.shipped_reply().imports}["plain"]
    assert amount_read("12.500", "KWD", "deposit", plain.amounts) == "12.500"


@pytest.mark.parametrize(("written", "answer"), [pytest.param(*one, id=one[1]) for one in DATES if one[0]])
def test_a_date_is_answered_as_the_page_says(written: list[str], answer: str) -> None:
    for text in written:
        with pytest.raises(PassbookError) as refused:
            read_day(text, None, "entry 1")
        two = "two orders" in answer or " or of " in answer
        assert refused.value.code == ("two-readings" if two else "date-not-valid")
    if "`japanese`" in answer:
        assert [read_day(text, DateRule(calendar=Calendar.JAPANESE), "entry 1") for text in written] == [ONE_DAY]


def test_what_the_page_says_of_dates_beside_its_table_is_so() -> None:
    sentence = re.findall(r"^A date whose year stands first .*", PAGE, re.MULTILINE)[0]
    found = re.findall(r"`(.*?)`", sentence)
    assert len(found) == 3
    assert {read_day(f"{text}{time}", None, "entry 1") for text in found for time in ("", " 10:11")} == {ONE_DAY}
    assert next(answer for texts, answer in DATES if not texts).startswith("allowed for an entry with a text")


def test_the_page_names_every_key_of_a_profile_with_its_default_and_what_is_allowed() -> None:
    rows = {re.findall(r"`(.*?)`", keys)[0]: (default, allowed) for keys, default, allowed in rows_of(6)}
    keys = {"encoding": Encoding, "dates.order": DateOrder, "dates.calendar": Calendar, "amounts.sign": WrittenSign}
    for key, kind in keys.items():
        default, allowed = rows[key]
        words = {re.findall(r"`(.*?)`", default)[0], *re.findall(r"`(.*?)`", allowed)}
        assert words == {one.value for one in kind}, key
    profile: Any = ImportProfile()
    for key, (default, _) in rows.items():
        value = profile
        for name in key.split("."):
            value = getattr(value, name)
        if default not in {"none", "the five of section 1"}:
            assert default.strip("`") == (str(value).lower() if isinstance(value, bool) else str(value)), key
    named = {key.partition(".")[0] for key in rows} | {"currency"}
    assert named == set(ImportProfile.__struct_fields__) - {"name"}
    for table, rule in (("dates", DateRule), ("amounts", AmountRule)):
        assert {key.partition(".")[2] for key in rows if key.startswith(f"{table}.")} == set(rule.__struct_fields__)
