"""docs/scripts.md: its table is that of the profiles, its examples are taken by the programs, its sentence is said."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from msgspec.structs import replace

from drivers.dialects.escpos.escpos_profile import builtin_escpos, load_escpos
from drivers.dialects.pr2.pr2_profile import builtin_pr2, load_pr2
from drivers.profile import Profile
from passbook.document.currencies import EDITION, MINOR_DIGITS, WITHOUT_DIGITS
from passbook.document.documents import TextDocument
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.rendered_pages import CPU_SECONDS, LONGEST_TEXT, MEMORY_BYTES, MOST_FONT, MOST_TEXTS
from passbook.errors import PassbookError
from tests.house import ROOT

PAGE = (ROOT / "docs" / "scripts.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
SLIP = files("passbook.layouts").joinpath("slip.toml").read_text("utf-8")


def named(column: int) -> list[str]:
    """The code pages of one column of the table."""
    rows = re.findall(r"^\| [A-Z][A-Za-z ]+ \|(.*)\|$", PAGE, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[column])]


@pytest.mark.parametrize(("column", "profile"), [(0, builtin_pr2()), (1, builtin_escpos())])
def test_the_table_names_the_code_pages_of_each_family(column: int, profile: Profile) -> None:
    assert sorted(named(column)) == sorted(profile.code_pages)
    assert all(page.assumed for page in profile.code_pages.values())


def test_the_examples_of_profiles_are_taken() -> None:
    greek, japanese = EXAMPLES[0], EXAMPLES[1]
    assert load_pr2(greek.encode(), "greek.toml").code_pages["cp737"].number == 137
    page = load_escpos(japanese.encode(), "japanese.toml").code_pages["shift-jis"]
    assert page.wide is not None
    assert not page.assumed


def test_the_example_of_substitutes_ends_a_layout() -> None:
    layout = parse_layout("slip", f"{SLIP}\n{EXAMPLES[2]}".encode(), "slip.toml")
    assert layout.substitutes["…"] == "..."
    assert len(layout.substitutes) == EXAMPLES[2].count("=")
    shipped = replace(layout, substitutes={})
    with pytest.raises(PassbookError) as refused:
        place(TextDocument(("ok", "Joe\u2019s")), shipped, codec="cp858", code_page="cp858")
    assert f"    {refused.value}\n" in PAGE


def test_the_numbers_are_those_of_the_code() -> None:
    for number in (EDITION, f"{MOST_FONT >> 20} MiB", f"{LONGEST_TEXT}, {MOST_TEXTS}", f"{MEMORY_BYTES >> 20} MiB"):
        assert number in PAGE
    assert f"{CPU_SECONDS} s of processor time" in PAGE
    said = re.findall(r"(none|two|three|four)(?: for)? ([A-Z]{3}) or ([A-Z]{3})", PAGE)
    assert len(said) == 4
    digits = {"none": 0, "two": 2, "three": 3, "four": 4}
    assert [(MINOR_DIGITS[one], MINOR_DIGITS[other]) for _, one, other in said] == [
        (digits[word],) * 2 for word, *_ in said
    ]
    assert {"XAU", "XAG", "XDR", "XTS"} <= WITHOUT_DIGITS
