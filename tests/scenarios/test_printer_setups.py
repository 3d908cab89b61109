"""A printer as a field engineer sets it up, with real processes: what differs is said, and a ruler puts ink right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from client.connection import TerminalClient
from demo.world import PRINTER, PROJECT, await_fact, ruler_of, shipped_layout
from passbook.document.lengths import parse_offset, shown_length
from passbook.protocol.printer_setup import MOST_OFFSET, RulerPlace
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

STATEMENT: Final = Statement(750, 3)
SHEET: Final = shipped_layout("sheet")
LONG: Final = 60.0
CELL: Final = 2160 // 10
TOLERANCE: Final = 2 * 2160 // 216
"""Steps of a mechanism in which an offset and a length are rounded."""


def problems(office: Office) -> tuple[str, ...]:
    return as_terminal(office.manager, TerminalClient.status).problems


def await_problem(office: Office, words: str) -> None:
    await_fact(lambda: any(words in one for one in problems(office)), lambda: problems(office))


def reopen(office: Office, printer: str) -> None:
    """Stop the appliance, and start it with this set-up of its printer."""
    assert office.world.stop_appliance() == 0
    office.open(printer=printer)


def show(office: Office) -> Any:
    """`passbookctl printer show`, when the printer was asked for its own set-up."""
    found: Any = None

    def is_read() -> bool:
        nonlocal found
        found = office.world.ctl("printer", "show", PRINTER)
        return found["readBack"] is not None

    await_fact(is_read, lambda: found)
    return found


@pytest.mark.long
def test_a_printer_with_another_elementary_step_does_not_print_until_both_say_the_same(
    open_office: OpenOffice,
) -> None:
    office = open_office(mechanism=("--unit", "216"))
    await_problem(office, "elementary_step is 216 in the printer's own set-up, and 240 is configured")
    printing = office.print(STATEMENT)
    printing.wait_for(lambda events: any(event["event"] == "Spooler.JobEvent" for event in events))
    # More than one look of the desk at it changes nothing.
    shown = show(office)
    assert [one["found"] for one in shown["readBack"]["values"] if one["printsWrong"]] == ["216"]
    assert office.world.paper.strikes == 0
    assert '"reason": "printer-set-up-differs"' in office.world.log_file.read_text()
    reopen(office, "elementary_step = 216\n")
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt) == (0, 0)
    office.answer(office.counter, question.job.job, "--print")
    office.finish(printing)
    office.judge(STATEMENT)
    assert not any("set-up" in one for one in problems(office))


def test_a_difference_that_moves_no_line_is_a_problem_and_stops_nothing(open_office: OpenOffice) -> None:
    office = open_office(mechanism=("--code-page", "cp850"))
    await_problem(office, "code_page cp850 in its own set-up, and the configuration says cp858")
    assert show(office)["problems"] == [one for one in problems(office) if "cp850" in one]
    assert "set-up-read" in office.world.log_file.read_text()
    office.finish(office.print(STATEMENT))
    office.judge(STATEMENT)


@pytest.mark.long
def test_an_own_profile_that_does_not_explain_the_answer_is_a_warning(open_office: OpenOffice, tmp_path: Path) -> None:
    profile = tmp_path / "clone.toml"
    profile.write_text('extends = "pr2"\nname = "clone"\n[own_setup]\nlength = 9\n')
    office = open_office(printer=f'profile = "{profile}"\n')
    await_problem(office, "it has 2 bytes, and own_setup.length is 9; it answered 30 32")
    found = show(office)
    assert (found["profile"], found["readBack"]["values"]) == ("clone", [])
    assert {"own_setup", "times", "form"} <= {one["key"] for one in found["assumed"]}
    office.finish(office.print(STATEMENT))
    office.judge(STATEMENT)


def start_ruler(office: Office, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "firmware.ctl", "--control", str(office.world.folder / "control"), "printer"]
    return subprocess.Popen(
        [*command, "ruler", PRINTER, "--person", "Otto Example", *more],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stands(office: Office, sheet: str) -> tuple[int, int]:
    """Where a person with a measure finds line 1 and the bars on a printed ruler."""
    runs = [run for _, _, run in office.world.paper.runs(sheet) if run.column == 1]
    assert [run.text[:3] for run in runs] == [f"|{number:02}" for number in range(1, SHEET.lines_per_page + 1)]
    assert all(run.times == 1 for run in runs)
    return runs[0].y, runs[0].left + CELL // 2


def print_ruler(office: Office, sheet: str, off: tuple[int, int]) -> dict[str, str]:
    """Have a ruler printed on a sheet, and type what is measured: this printer puts ink `off` (down, right) too far."""
    with start_ruler(office) as asked:
        office.wait("document-wanted")
        office.hands.insert(sheet, 1, ruler_of(SHEET))
        office.hands.wait("ejected", LONG)
        office.hands.take()
        down, right = stands(office, sheet)
        typed = "so much\n" + "".join(f"{shown_length(one)}\n" for one in (down + off[0], right + off[1]))
        said, told = asked.communicate(typed, LONG)
    assert asked.returncode == 0, told
    assert told.count("This cannot be used: it is not a length") == 1
    return dict(line.split(" = ") for line in said.splitlines() if " = " in line)


@pytest.mark.long
def test_a_ruler_says_the_offsets_that_put_ink_where_it_belongs(open_office: OpenOffice) -> None:
    off = (213, -156)
    office = open_office()
    found = print_ruler(office, "sheet-1", off)
    units = {key: parse_offset(text.strip('"'), MOST_OFFSET) for key, text in found.items()}
    assert abs(units["y_offset"] + off[0]) <= TOLERANCE
    assert abs(units["x_offset"] + off[1]) <= TOLERANCE
    ended, noted = (one["entry"] for one in office.told("history"))
    assert (ended["record"]["requester"], ended["record"]["state"]) == ("@operator", "completed")
    assert (ended["kind"], noted["kind"]) == ("ended", "acknowledged")
    assert noted["record"]["acknowledged"]["terminal"] == "@operator"
    assert office.told("notices") == []
    reopen(office, "".join(f"{key} = {text}\n" for key, text in found.items()))
    again = print_ruler(office, "sheet-2", off)
    for key, text in again.items():
        # What is right already stays as it is.
        assert abs(parse_offset(text.strip('"'), MOST_OFFSET) - units[key]) <= TOLERANCE
    place = RulerPlace.on(SHEET)
    down, right = stands(office, "sheet-2")
    assert abs(down + off[0] - place.first_line) <= TOLERANCE
    assert abs(right + off[1] - place.bar) <= TOLERANCE


@pytest.mark.long
def test_the_power_goes_while_a_ruler_is_printed_and_a_representative_discards_it(open_office: OpenOffice) -> None:
    office = open_office(pace="real")
    with start_ruler(office) as asked:
        office.wait("document-wanted")
        office.hands.insert("sheet-1", 1, ruler_of(SHEET))
        office.wait("struck")
        office.world.kill_appliance()
        _, told = asked.communicate(timeout=LONG)
        assert asked.returncode != 0
        assert "Traceback" not in told
    office.world.start_appliance()
    office.take_book()
    [question] = office.questions()
    strikes = office.world.paper.strikes
    assert question["job"]["requester"] == "@operator"
    office.answer(office.manager, question["job"]["job"], "--discard")
    assert office.questions() == []
    assert office.world.paper.strikes == strikes


@pytest.mark.long
@pytest.mark.parametrize("words", [("show", "window-9"), ("ruler", "window-9")])
def test_a_printer_that_is_not_there_is_named_with_those_that_are(
    open_office: OpenOffice, words: tuple[str, str]
) -> None:
    office = open_office()
    command = [sys.executable, "-m", "firmware.ctl", "--control", str(office.world.folder / "control"), "printer"]
    done = subprocess.run([*command, *words], cwd=PROJECT, capture_output=True, text=True, timeout=LONG, check=False)
    assert done.returncode == 5
    assert "[unknown-printer]" in done.stderr
    assert PRINTER in done.stderr
