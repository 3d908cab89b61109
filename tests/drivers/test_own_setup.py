"""The printer's own set-up: asked for, explained by the profile's table, and never guessed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drivers.dialects.pr2.own_setup import explain_setup, setup_bytes
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import STEPS, builtin_pr2
from drivers.ports.port import Port
from drivers.simulator.faults import Fault, FaultKind
from drivers.simulator.paper import Paper
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Run, Sheet
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import MOST_OFFSET, PrinterSetup, ReadBack
from tests.drivers.workbench import RULER, SHEET, SHORT_ANSWER, WAIT, Workbench, once

PR2 = builtin_pr2()
PAGES = sorted(PR2.code_pages)
TRUE_ANSWER = b"\x1ba02\x1bZ"
Build = Callable[..., Workbench]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    built: list[Workbench] = []

    def make(**own_setup: Any) -> Workbench:
        built.append(Workbench.build(tmp_path / str(len(built)), answer=SHORT_ANSWER, **own_setup))
        return built[-1]

    yield make
    for one in built:
        one.close()


def read(workbench: Workbench, wrap: Callable[[Port], Port] = lambda port: port) -> ReadBack:
    """What a clean session reads; it can print afterwards."""
    session = workbench.session(wrap=wrap)
    assert session.clean_up() is Media.NOT_PRESENT
    found = session.read_setup()
    assert found is not None
    workbench.insert(session)
    workbench.print_lines(session, 1)
    assert workbench.struck() == once(1)
    return found


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("code_page", ["cp858", "cp437"])
def test_a_mechanism_tells_its_own_set_up(build: Build, step: int, code_page: str) -> None:
    session = build(unit=step, code_page=code_page).session()
    session.clean_up()
    found = session.read_setup()
    assert found is not None
    assert not found.unexplained
    told = {one.key: (one.configured, one.found, one.differs, one.prints_wrong) for one in found.values}
    other = step != PR2.vertical_unit
    assert told == {
        "elementary_step": (str(PR2.vertical_unit), str(step), other, other),
        "code_page": ("cp858", code_page, code_page != "cp858", False),
    }


class OtherAnswer:
    """A port that puts other bytes in the place of the answer about the set-up."""

    def __init__(self, port: Port, answer: bytes) -> None:
        self._port = port
        self._answer = answer
        self._held = b""

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def read(self, limit: int, timeout: float) -> bytes:
        while True:
            self._held = (self._held + self._port.read(limit, timeout)).replace(TRUE_ANSWER, self._answer)
            # What may be the beginning of the answer waits for the rest of it.
            kept = next((n for n in range(len(TRUE_ANSWER) - 1, 0, -1) if self._held.endswith(TRUE_ANSWER[:n])), 0)
            ready, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
            if ready:
                return ready

    def close(self) -> None:
        self._port.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"\x1ba0\x1bZ", "it has 1 bytes, and own_setup.length is 2"),
        (b"\x1ba02000000\x1bZ", "it has 8 bytes"),
        (b"\x1baX2\x1bZ", "own_setup.elementary_step.means does not list its byte"),
        (b"\x1ba0\xff\x1bZ", "own_setup.code_page.means does not list its byte"),
        (b"\x1ba\x1bZ", "no answer came that can be read"),
        (b"", "no answer came that can be read"),
        (b"\x1ba02", "no answer came that can be read"),
        (b"\x1ba0\x1b2\x1bZ", "no answer came that can be read"),
        (b"\x1ba" + b"0" * 500, "no answer came that can be read"),
    ],
)
def test_an_answer_that_is_not_explained_says_so_and_stops_nothing(build: Build, answer: bytes, why: str) -> None:
    found = read(build(), lambda port: OtherAnswer(port, answer))
    assert why in found.unexplained
    assert not any(one.prints_wrong for one in found.values)


@pytest.mark.slow
def test_a_mechanism_that_does_not_know_the_request_prints(build: Build) -> None:
    workbench = build()
    # Another letter behind ESC SP is rejected, as the request is by a printer without it.
    commands = replace(workbench.profile.commands, own_setup=replace(PR2.commands.own_setup, send="1B 20 63"))
    workbench.profile = replace(workbench.profile, commands=commands)
    assert read(workbench).unexplained == "no answer came that can be read"


@pytest.mark.slow
def test_a_silent_mechanism_is_no_difference_but_a_stop(build: Build) -> None:
    workbench = build()
    session = workbench.session()
    session.clean_up()
    workbench.machine.fault(Fault(FaultKind.SILENT))
    with pytest.raises(MechanismStop) as stop:
        session.read_setup()
    assert stop.value.reason is Reason.SILENT


@given(st.binary(min_size=1, max_size=48), st.sampled_from(PAGES))
def test_bytes_are_explained_only_by_the_table(body: bytes, code_page: str) -> None:
    found = explain_setup(PR2, body, code_page)
    assert bytes.fromhex(found.answer) == body
    steps = {0x30: "240", 0x31: "216"}
    names = [
        "cp437",
        "cp850",
        "cp858",
        "latin-1",
        "cp852",
        "cp1250",
        "cp737",
        "cp869",
        "cp857",
        "cp855",
        "cp866",
        "cp874",
        "gbk",
    ]
    pages = dict(enumerate(names, 0x30))
    if len(body) != 2:
        assert found.unexplained
        assert found.values == ()
        return
    told = {one.key: one.found for one in found.values}
    assert told.get("elementary_step") == steps.get(body[0])
    assert told.get("code_page") == pages.get(body[1])
    assert bool(found.unexplained) is (len(told) < 2)


@given(st.sampled_from(STEPS), st.sampled_from(PAGES))
def test_what_a_set_up_answers_is_explained_as_that_set_up(step: int, code_page: str) -> None:
    found = explain_setup(PR2, setup_bytes(PR2, step, code_page), code_page)
    assert [one.found for one in found.values] == [str(step), code_page]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (180, 360), (-90, 0), (0, -270), (-54, 513)])
@pytest.mark.parametrize("step", STEPS)
def test_the_offsets_of_a_printer_move_all_of_its_ink(build: Build, x: int, y: int, step: int) -> None:
    workbench = build(unit=step)
    profile = replace(workbench.profile, vertical_unit=step)
    found = []
    for book, setup in (("plain", PrinterSetup()), ("moved", PrinterSetup(x_offset=x, y_offset=y))):
        session = workbench.session(dialect=Pr2(profile, setup))
        session.clean_up()
        insert = functools.partial(workbench.machine.insert, book, 3, RULER)
        session.insert(replace(SHEET, left=216), WAIT, insert)
        workbench.print_lines(session, 3, 9)
        session.eject()
        workbench.machine.take()
        session.close()
        runs = Paper.load(workbench.paper_file).runs(book)
        found.append([(run.left, run.y) for _, _, run in runs if run.column == 1])
    plain, moved = found
    assert len(plain) == len(moved) == 2
    for (left, top), (moved_left, moved_top) in zip(plain, moved, strict=True):
        # A mechanism counts in steps of its own: 1/120 inch to the right, an elementary step down.
        assert abs(moved_left - left - x) <= 9
        assert abs(moved_top - top - y) <= 2160 // step


def test_ink_that_would_leave_the_sheet_is_refused_before_anything_is_sent() -> None:
    plan = (Line(1, 1, 2160, (Run(80, "text"),)),)
    for setup, why in (
        (PrinterSetup(x_offset=-255), "the first column is left of the left edge, with its x_offset of -3 mm"),
        (PrinterSetup(y_offset=-2160), "below the top edge, with its y_offset of -25.4 mm"),
        (PrinterSetup(y_offset=20_000), "below the page, with its y_offset of 235.19 mm"),
        (
            PrinterSetup(x_offset=MOST_OFFSET, y_offset=85),
            "that the carriage has there, with its x_offset of 50 mm and y_offset of 1 mm",
        ),
    ):
        with pytest.raises(PassbookError, match=why) as refused:
            Pr2(PR2, setup).check_printable(Sheet(6 * 2160, 10, 216), plan, layout="l", printer="p")
        assert refused.value.code == "layout-not-printable"


@pytest.mark.parametrize("setup", [PrinterSetup(), PrinterSetup(x_offset=85, y_offset=85)])
def test_no_offset_is_blamed_for_a_plan_that_is_not_printable_without_it_either(setup: PrinterSetup) -> None:
    plan = (Line(1, 1, 2160, (Run(95, "text"),)),)
    with pytest.raises(PassbookError, match="has there") as refused:
        Pr2(PR2, setup).check_printable(Sheet(6 * 2160, 10, 216), plan, layout="l", printer="p")
    assert "offset" not in str(refused.value)
