"""docs/layouts.md: every layout is one, and is drawn, printed and refused as the page says."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import msgspec
import pytest

import firmware.ctl.__main__ as ctl
from firmware.config.layouts import load_layouts
from passbook.document.amount_style import AmountStyle, amount_faults, print_amount
from passbook.document.date_style import DateStyle, date_faults, print_date
from passbook.document.pitches import PITCHES
from tests.docs.layout_examples import layout_of, picture_of, with_keys
from tests.house import ROOT

PAGE = (ROOT / "docs" / "layouts.md").read_text("utf-8")
WHOLE, *OTHERS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
DRAWN = re.findall(r"```toml\n(.*?)```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)
INLINE = re.findall(r"`((?:staggering|entries) = [^`]*)`", PAGE)
ROW = re.compile(r"^\| `(\{.*?\})` \| `(.*?)` \|(?: `(.*?)` \|)?$", re.MULTILINE)
STYLES = [(keys, one, other) for keys, one, other in ROW.findall(PAGE) if other]
DAYS = [(keys, one) for keys, one, other in ROW.findall(PAGE) if not other]


def test_every_example_is_drawn_on_the_page() -> None:
    assert len(DRAWN) == len(OTHERS) + 1
    assert (len(STYLES), len(DAYS), len(INLINE)) == (13, 8, 2)


@pytest.mark.parametrize(("keys", "picture"), DRAWN)
def test_an_example_looks_as_the_page_shows(keys: str, picture: str) -> None:
    assert picture_of(WHOLE if keys == WHOLE else with_keys(WHOLE, keys)) == picture.split("\n")


@pytest.mark.parametrize("keys", INLINE)
def test_a_key_in_a_sentence_can_be_used(keys: str) -> None:
    lines = "lines_per_page = 22\npage = { width = '148 mm', height = '210 mm' }\n"
    assert layout_of(with_keys(WHOLE, lines + keys)).lines_per_page == 22


@pytest.mark.parametrize(("keys", "positive", "negative"), STYLES)
def test_an_amount_is_printed_as_the_page_shows(keys: str, positive: str, negative: str) -> None:
    style = msgspec.convert(tomllib.loads(f"style = {keys}")["style"], AmountStyle)
    assert list(amount_faults(style)) == []
    printed = [print_amount(style, minor, 2, 16) for minor in (123456789, -5000)]
    assert printed == [positive.replace("_", " "), negative.replace("_", " ")]


@pytest.mark.parametrize(("keys", "printed"), DAYS)
def test_a_day_is_printed_as_the_page_shows(keys: str, printed: str) -> None:
    style = msgspec.convert(tomllib.loads(f"style = {keys}")["style"], DateStyle)
    assert list(date_faults(style)) == []
    assert print_date(style, date(2026, 1, 5)) == printed


def test_the_commands_of_the_page_say_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(WHOLE, "utf-8")
    Path("wrong.toml").write_text(WHOLE.replace("cpi = 10", "cpi = 11"), "utf-8")
    [console] = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    commands = re.findall(r"\$ passbookctl (.*)\n(.*)\n", console)
    assert len(commands) == 2
    for command, said in commands:
        ctl.main(command.split())
        heard = capsys.readouterr()
        assert (heard.out + heard.err).strip() == said


def test_every_layout_of_the_product_and_every_pitch_stands_on_the_page() -> None:
    shipped = PAGE.partition("## 8.")[2]
    assert [name for name in load_layouts(None) if f"`{name}`" not in shipped] == []
    assert f"{', '.join(map(str, list(PITCHES)[:-1]))} or {list(PITCHES)[-1]}." in PAGE
