from __future__ import annotations

import copy
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drivers.dialects.pr2.pr2_profile import Command, Pr2Profile, builtin_pr2, load_pr2
from drivers.profile import assumed_values, deep_merge
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media

PR2 = (files("drivers.profiles") / "pr2.toml").read_text()


@pytest.fixture(scope="module")
def pr2() -> Pr2Profile:
    return builtin_pr2()


def refusal(text: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        load_pr2(text.encode(), "mine.toml")
    assert caught.value.code == "profile-malformed"
    assert caught.value.facts["file"] == "mine.toml"
    return caught.value


def test_the_built_in_profile_confirms_every_line(pr2: Pr2Profile) -> None:
    assert (pr2.name, pr2.lines_in_doubt, pr2.vertical_unit) == ("pr2", 1, 240)


def test_only_codes_of_the_profile_are_ready_and_every_other_needs_attention(pr2: Pr2Profile) -> None:
    ready = {ord(entry.code) for entry in pr2.status if entry.ready}
    listed = {ord(entry.code) for entry in pr2.status}
    assert ready
    for code in range(256):
        reason = pr2.stop_reason(code)
        assert (reason is None) is (code in ready)
        if code not in listed:
            assert reason is Reason.ATTENTION


def test_a_stripe_that_was_not_recorded_is_the_one_status_that_the_manuals_give(pr2: Pr2Profile) -> None:
    assert [entry.code for entry in pr2.status if not entry.assumed] == ["q"]
    assert pr2.stop_reason(ord("q")) is Reason.ATTENTION


def test_an_unknown_place_of_the_document_is_unknown(pr2: Pr2Profile) -> None:
    assert pr2.media(ord("2")) is Media.PRESENT
    assert pr2.media(ord("Q")) is Media.UNKNOWN


def test_every_code_page_that_the_manuals_do_not_give_says_so(pr2: Pr2Profile) -> None:
    assert all(page.assumed for page in pr2.code_pages.values())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("lines_in_doubt = 1", "lines_in_dout = 1"), "lines_in_dout"),
        (("vertical_unit = 240", "vertical_unit = 180"), "vertical_unit"),
        (("eject = { send", "ejekt = { send"), "commands"),
        (
            ('eject = { send = "1B 4F" }', 'eject = { send = "1B 4G" }'),
            "commands.eject: expected hexadecimal bytes such as 1B",
        ),
        (('reason = "media-jam"', 'reason = "jam"'), "status[1].reason"),
        (('code = "1"\nreason', 'code = "11"\nreason'), "status[1]"),
        (('code = "1"\nreason', 'code = "0"\nreason'), "status[1].code: 0 stands twice"),
        (("ready = true", 'ready = true\nreason = "media-jam"'), "status[0]"),
        (('codec = "cp858"', 'codec = "cp8580"'), "code_pages.cp858: codec cp8580 is no code page"),
        (('codec = "cp858"', 'codec = "utf-16"'), "code_pages.cp858: codec utf-16 is no code page"),
        (
            ('begin = "1C 26"', 'begin = "1C 2"'),
            "code_pages.gbk.wide: expected hexadecimal bytes",
        ),
        (('begin = "1C 26"', 'begin = ""'), "code_pages.gbk.wide: expected the bytes of both switches"),
        (('code = "1"\nmedia', 'code = "0"\nmedia'), "document[1].code: 0 stands twice"),
        (("cpi = 12", "cpi = 10"), "pitches[1].cpi: 10 stands twice"),
        (("columns = 112", "columns = 0"), "pitches[1].columns"),
        (('identity = "7"', 'identity = "77"'), "identity: expected one printable ASCII character"),
        (('identity = "7"', 'identity = "\\u007F"'), "identity: expected one printable ASCII character"),
        (("answer = 5.0", 'answer = "soon"'), "times.answer"),
    ],
)
def test_a_mistake_is_refused_with_its_place(change: tuple[str, str], where: str) -> None:
    old, new = change
    assert old in PR2
    error = refusal(PR2.replace(old, new, 1))
    facts = f"{error.facts['where']}: {error.facts['why']}"
    assert where in facts


@pytest.mark.parametrize("text", ["", "name = ", "\x00"])
def test_what_is_no_profile_is_refused(text: str) -> None:
    refusal(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(PassbookError, match=r"mine\.toml"):
        load_pr2(b"\xff", "mine.toml")


@pytest.mark.parametrize(("value", "sent"), [(0, b"\x1bQ000\x1bZ"), (72, b"\x1bQ072\x1bZ"), (999, b"\x1bQ999\x1bZ")])
def test_a_number_is_ascii_digits_of_fixed_width(value: int, sent: bytes) -> None:
    assert Command("1B 51", digits=3, end="1B 5A").encode(value) == sent


@pytest.mark.parametrize("value", [-1, 1000, None])
def test_a_number_that_does_not_fit_is_refused(value: int | None) -> None:
    with pytest.raises(ValueError, match="3 digits"):
        Command("1B 51", digits=3).encode(value)


def own_profile(text: str) -> Pr2Profile:
    return load_pr2(f'extends = "pr2"\n{text}'.encode(), "mine.toml")


def test_a_profile_that_extends_a_shipped_one_says_only_what_differs(pr2: Pr2Profile) -> None:
    mine = own_profile('name = "nantian"\n[times]\nmotion = 30.0\n[commands]\neject = { send = "0C" }\n')
    assert (mine.name, mine.times.motion, mine.commands.eject.send) == ("nantian", 30.0, "0C")
    assert mine == replace(
        pr2,
        name="nantian",
        times=replace(pr2.times, motion=30.0),
        commands=replace(pr2.commands, eject=Command("0C")),
    )
    assert own_profile("") == pr2


def test_a_list_of_tables_takes_the_place_of_the_extended_one() -> None:
    mine = own_profile('[[pitches]]\ncpi = 15\ncommand = { send = "1B 3F" }\ncolumns = 141\n')
    assert [entry.cpi for entry in mine.pitches] == [15]


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("vertical_unit = 180\n", "vertical_unit", "one of 216, 240"),
        ("lines_in_doubt = 0\n", "lines_in_doubt", ">= 1"),
        ("lins_in_doubt = 1\n", "top", "there is no key lins_in_doubt; known: name, lines_in_doubt"),
        ("[times]\nanswer = 0.0\n", "times.answer", "> 0.0"),
        ("[times]\nanswer = 601\n", "times.answer", "<= 600"),
        ("[times]\nanswr = 1.0\n", "times", "there is no key answr; known: answer, motion"),
        ("[form]\ntop_of_form = 1000\n", "form.top_of_form", "<= 999"),
        ("[form]\nfirst_column = -1\n", "form.first_column", ">= 0"),
        ("[commands]\nvertical = { digits = 0 }\n", "commands", "vertical needs its digits"),
        ("[commands]\neject = { digits = 2 }\n", "commands", "eject has no number"),
        ("[code_pages]\ncp850 = { number = 1000 }\n", "code_pages.cp850.number", "<= 999"),
        ('[code_pages]\ncp850 = { codec = "cp85" }\n', "code_pages.cp850", "cp85 is no code page of Python"),
        ('[[status]]\ncode = "1"\nreason = "media-jam"\n', "status", "no code has ready = true"),
        ('[[document]]\ncode = "0"\nmedia = "notPresent"\n', "document", "no code has media = entering"),
        ('[[document]]\ncode = "0"\nmedia = "gone"\n', "document[0].media", "one of present, notPresent"),
        ("pitches = []\n", "pitches", "at least one"),
        ("[own_setup]\nlength = 1\n", "own_setup", "at most 1"),
        ("[own_setup]\nlength = 49\n", "own_setup.length", "<= 48"),
        ("[own_setup.code_page]\nbyte = 1\n", "own_setup", "stands twice"),
        ("[own_setup.elementary_step]\nbyte = 0\n", "own_setup.elementary_step.byte", ">= 1"),
        (
            '[own_setup.elementary_step.means]\n"3" = 240\n',
            "own_setup.elementary_step",
            "3 is no key of means",
        ),
        ('[own_setup.elementary_step.means]\n"33" = 180\n', "own_setup.elementary_step.means.33", "216, 240"),
        ('[commands]\nstrike = { send = "" }\n', "commands.strike", "at least one byte for send"),
        ('[commands]\nstrike = { send = "1B 4F" }\n', "commands.eject.send", "commands.strike has the same bytes"),
        (
            '[commands]\nstatus = { send = "1b2042" }\n',
            "commands.document_status.send",
            "commands.status has the same bytes; expected other bytes for each command",
        ),
        (
            '[[pitches]]\ncpi = 10\ncommand = { send = "0D" }\ncolumns = 94\n',
            "pitches[0].command.send",
            "commands.strike has the same bytes",
        ),
        (
            '[[pitches]]\ncpi = 10\ncommand = { send = "1B 3C", digits = 2 }\ncolumns = 94\n',
            "pitches[0].command.digits",
            "a pitch has no number",
        ),
        (
            "[commands]\ncode_page = { digits = 1 }\n",
            "commands.code_page.digits",
            "1 cannot say 50 (code_pages.cp850.number); expected 2",
        ),
        ("[commands]\ncode_page = { digits = 2 }\n", "commands.code_page.digits", "code_pages.cp1250.number"),
        ("[commands]\ndocument_length = { digits = 1 }\n", "commands.document_length.digits", "1 cannot say 118"),
        (
            "[commands]\ntop_of_form = { digits = 1 }\n",
            "commands.top_of_form.digits",
            "1 cannot say 70 (form.top_of_form); expected 2",
        ),
        ("[commands]\nvertical = { digits = 1 }\n", "commands.vertical.digits", "1 cannot say 70 (form.top_of_form"),
        ("[commands]\nline_spacing = { digits = 1 }\n", "commands.line_spacing.digits", "1 cannot say 40"),
        ("[commands]\nhorizontal = { digits = 2 }\n", "commands.horizontal.digits", "2 cannot say 112"),
        ("[form]\nleft_margin = 10\n[commands]\nleft_margin = { digits = 1 }\n", "commands.left_margin.digits", "10"),
        (
            "[form]\nbottom_of_form = 10\n[commands]\nbottom_of_form = { digits = 1 }\n",
            "commands.bottom_of_form.digits",
            "10",
        ),
        ('[clean_up]\nsend = ""\n', "clean_up.send", "expected 1B 5A at its end"),
        ('[clean_up]\nsend = "7F"\n', "clean_up.send", "expected 1B 5A at its end, which asks for the identity"),
        ('[clean_up]\nsend = "1B 4F 1B 5A"\n', "clean_up.send", "1B 4F stands in it, which is commands.eject"),
        ('[clean_up]\nsend = "7F 0D 1B 5A"\n', "clean_up.send", "0D stands in it, which is commands.strike"),
        ('[clean_up]\nsend = "1B 5"\n', "clean_up", "expected hexadecimal bytes such as 1B 4F for send"),
        ('[own_setup.code_page.means]\n"34" = "cp999"\n', "own_setup.code_page.means.34", "cp999 is no code page here"),
    ],
)
def test_bad_input_is_named_by_its_key_with_what_is_allowed(text: str, where: str, why: str) -> None:
    with pytest.raises(PassbookError) as caught:
        own_profile(text)
    assert (caught.value.code, caught.value.facts["file"]) == ("profile-malformed", "mine.toml")
    assert caught.value.facts["where"] == where
    assert why in str(caught.value.facts["why"])


@pytest.mark.parametrize("name", ['"pr3"', "7", '""', '["pr2"]', '"../pr2"'])
def test_only_a_shipped_profile_can_be_extended(name: str) -> None:
    error = refusal(f"extends = {name}\n")
    assert error.facts["where"] == "extends"
    assert "expected pr2" in str(error.facts["why"])


TABLES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers() | st.lists(st.integers(), max_size=2), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.integers(), max_size=3),
    max_leaves=8,
)


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value that is no table, and every empty table, by the keys that lead to it."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in table.items():
        inner = leaves(value, (*path, key)) if isinstance(value, dict) and value else {(*path, key): value}
        found |= inner
    return found


@given(TABLES, TABLES)
def test_in_a_merge_what_is_said_wins_and_all_else_stays(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = copy.deepcopy((base, over))
    found = leaves(deep_merge(base, over))
    assert (base, over) == before
    said = leaves(over)
    for path, value in said.items():
        # An empty table says nothing, and what it would hold stays.
        assert value == {} or found[path] == value
    for path, value in leaves(base).items():
        is_said = any(path[: len(one)] == one or one[: len(path)] == path for one in said)
        assert is_said or found[path] == value
    assert deep_merge(base, {}) == base
    assert deep_merge({}, over) == over


def test_every_assumed_value_of_the_shipped_profile_is_listed_by_its_key(pr2: Pr2Profile) -> None:
    listed = {one.key: one.value for one in assumed_values(pr2)}
    assert len(listed) == len(re.findall(r"assumed = true", re.sub(r"(?m)^\s*#.*", "", PR2)))
    assert listed["own_setup.elementary_step"] == "byte = 1, 30 = 240, 31 = 216"
    assert listed["code_pages.cp858"] == "number = 58, codec = cp858"
    # The one status that a manual gives is not among them.
    assert "code = q" not in " ".join(listed.values())


def test_a_value_that_was_checked_at_the_printer_is_not_assumed_any_more() -> None:
    mine = own_profile("[form]\ntop_of_form = 72\nassumed = false\n")
    assert "form" not in {one.key for one in assumed_values(mine)}
