from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from firmware.ctl.tables import HISTORY, JOBS, MOVES, NOTICES, QUESTIONS, TERMINALS, WIDTH, printable, render_result
from passbook.errors import PassbookError
from passbook.job.counts import JobCounts
from passbook.protocol.finding import Finding
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import PrinterView, StatusReport

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_rows_are_aligned_under_their_headings() -> None:
    rows = [
        {"job": "a1", "state": "pending", "reasons": [], "valid": True, "priority": 50},
        {"job": "b2000", "state": "processing-stopped", "reasons": ["power-loss", "media-jam"], "valid": False},
    ]
    heading, first, second = render_result(rows, JOBS).splitlines()
    for name, one, other in (
        ("JOB", "a1", "b2000"),
        ("STATE", "pending", "processing-stopped"),
        ("PRIORITY", "50", "-"),
        ("VALID", "yes", "no"),
    ):
        place = heading.index(name)
        assert first[place:].startswith(one)
        assert second[place:].startswith(other)
    assert "power-loss, media-jam" in second
    assert first.split() == ["a1", "pending", *["-"] * 10, "50", "yes", "-"]


def test_columns_reach_into_nested_objects() -> None:
    question = {
        "job": {"job": "a1", "epoch": 2, "confirmed": 11},
        "inDoubt": 12,
        "asked": True,
        "wraps": [{"blob": "x"}],
    }
    assert render_result([question], QUESTIONS).splitlines()[1].split()[:5] == ["a1", "-", "-", "-", "yes"]
    told = {"area": "a", "n": 1, "entry": {"kind": "ended", "at": "T", "record": {"jobId": "a1"}}}
    assert render_result([told], HISTORY).splitlines()[1].split()[:5] == ["a", "1", "T", "ended", "a1"]


def test_an_object_shows_its_values_then_what_is_nested() -> None:
    text = render_result({"areas": [{"area": "p", "free": 3}], "appliance": "branch-17", "problems": []})
    assert text == "appliance  branch-17\nproblems   none\nareas\n  AREA  FREE\n  p     3"


def test_the_parts_of_a_row_are_columns_of_their_own() -> None:
    status = {"device": "userError", "media": "notPresent", "conditions": ["cover-open"]}
    heading, row = render_result([{"printer": "window-1", "status": status, "at": 3, "job": ""}]).splitlines()
    assert heading.split() == ["PRINTER", "DEVICE", "MEDIA", "CONDITIONS", "AT", "JOB"]
    assert row.split() == ["window-1", "userError", "notPresent", "cover-open", "3", "-"]


def test_the_status_fits_into_80_columns_and_each_problem_begins_a_line() -> None:
    status = MechanismStatus(Device.BUSY, Media.NOT_PRESENT)
    jobs = JobCounts(12, 1, 3, 2)
    problems = [
        str(PassbookError("printer-silent", printer=name, why="no answer came in time"))
        for name in ("window-1", "window-22")
    ]
    report = StatusReport(
        tuple(PrinterView(name, status, 3, "0123456789abcdef" * 2, jobs) for name in ("window-1", "window-22")),
        tuple(f"teller-{number}" for number in range(1, 15)),
        ("a: ready", "b: ready"),
        tuple(problems),
        jobs,
        7,
    )
    lines = render_result(msgspec.json.decode(msgspec.json.encode(report))).splitlines()
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(line.strip() for line in lines)
    assert all(problem in text for problem in problems)
    assert [line.strip() for line in lines if line.strip().startswith("Printer window-22")]
    assert {"notices", "7"} <= set(next(line for line in lines if line.startswith("notices")).split())
    assert ["window-1", "12", "1", "3", "2"] in [line.split() for line in lines]
    assert ["questions", "3"] in [line.split() for line in lines]


def test_a_status_tells_people_each_problem_and_each_area_once() -> None:
    problem = PassbookError("printer-silent", printer="window-1", why="no answer came in time")
    report = StatusReport(
        (),
        areas=("a: ready", "b: ready"),
        problems=(str(problem),),
        findings=(Finding.of(problem),),
        terminal_findings=(Finding.of(problem),),
        area_states={"a": "ready", "b": "ready"},
    )
    text = " ".join(render_result(msgspec.to_builtins(report)).split())
    assert text.count(str(problem)) == 1
    assert text.count("ready") == 2
    assert not [name for name in ("indings", "areaStates", "printer-silent") if name in text]


def test_nothing_is_said_to_be_none_or_in_the_sentence_that_is_given() -> None:
    assert (render_result([], JOBS), render_result({}), render_result(None)) == ("none", "none", "-")
    assert render_result([], JOBS, "There is no job.") == "There is no job."


def test_a_number_that_stands_for_never_or_none_is_a_word() -> None:
    """-1, 0 and nothing are for programs."""
    status = {"device": "offline", "media": "unknown", "conditions": []}
    told = render_result({"printers": [{"printer": "window-1", "status": status, "age": -1, "job": ""}]}).splitlines()
    assert told[2].split() == ["window-1", "offline", "unknown", "never", "-"]
    silent = {"terminal": "t", "representative": False, "connections": 0, "silent": -1, "heardAt": "", "held": 0}
    assert render_result([silent], TERMINALS).splitlines()[1].split() == [
        "t",
        "no",
        "none",
        "never",
        "never",
        "-",
        "0",
        "-",
    ]
    assert "none" in render_result([{"job": {"job": "a1"}, "inDoubt": 0}], QUESTIONS)
    assert "none" in render_result([{"job": {"job": "a1"}, "onPaper": {"inDoubt": 0}}], NOTICES)


@given(value=VALUES, columns=st.sampled_from([None, JOBS, QUESTIONS, HISTORY]))
def test_any_result_becomes_harmless_text(value: Any, columns: Any) -> None:
    text = render_result(value, columns)
    assert text.replace("\n", "").isprintable()


@given(text=st.text())
def test_printable_text_stays_and_nothing_else_does(text: str) -> None:
    assert printable(text).isprintable()
    assert not text.isprintable() or printable(text) == text


def test_on_a_screen_a_table_is_as_wide_as_that_and_ids_are_short() -> None:
    rows = [{"job": "7f3a09c2d1e84b55", "state": "processing-stopped", "requester": "counter-1", "printer": "window-1"}]
    for width in (80, 60, 40):
        drawn = render_result(rows, JOBS, width=width).splitlines()
        assert max(map(len, drawn)) <= width
        assert drawn[1].startswith("7f3a09c2  processing-stopped")
        assert "--json shows" in " ".join(" ".join(drawn[2:]).split())
    assert "7f3a09c2d1e84b55" in render_result(rows, JOBS)


def test_a_move_of_one_sheet_shows_its_count() -> None:
    rows = [{"area": "p", "n": 1, "at": "", "move": {"kind": "debited", "printer": "w", "form": "f", "cassette": "1"}}]
    heading, row = render_result(rows, MOVES).splitlines()
    assert row.split()[heading.split().index("SHEETS")] == "1"
