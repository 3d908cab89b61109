"""The next line is prepared while a line is struck: its way always, its text where that was verified to be safe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest

from drivers.dialects.pr2.pr2_profile import HoldsText, builtin_pr2
from drivers.ports.port import Port
from drivers.session import SessionMisuse, SessionState
from drivers.simulator.faults import Cut, Fault, FaultKind, Now, Target
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Run
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.conftest import OpenWorkbench
from tests.drivers.workbench import RULER, SHORT_ANSWER, WAIT, Workbench, holding, line, once

QUESTION = b"\x1bj\x1b B"
LINES = (1, 2, 10, 11, 20)


class RecordingPort:
    """A port that keeps what is written to it."""

    def __init__(self, port: Port, written: bytearray) -> None:
        self._port = port
        self._written = written

    def write(self, data: bytes) -> None:
        self._written += data
        self._port.write(data)

    def read(self, limit: int, timeout: float) -> bytes:
        return self._port.read(limit, timeout)

    def close(self) -> None:
        self._port.close()


@pytest.fixture
def held(workbench: Workbench) -> Workbench:
    """A mechanism of which it was verified that text may go ahead."""
    workbench.profile = holding(workbench.profile)
    return workbench


def recorded(act: Callable[[], object], written: bytearray) -> bytes:
    """The bytes that an act sends."""
    before = len(written)
    act()
    return bytes(written[before:])


def test_behind_the_strike_go_the_question_and_the_way_to_the_next_line_twice(workbench: Workbench) -> None:
    written = bytearray()
    session = workbench.session(wrap=lambda port: RecordingPort(port, written))
    session.clean_up()
    workbench.insert(session)
    one, two = (Line(3, number, RULER.y(number), (Run(1, f"{number}"),)) for number in (1, 2))
    way_1, way_2 = b"\x1b/10200", b"\x1b/10240"
    sent = recorded(lambda: session.print_line(one), written)
    assert sent == QUESTION + b"\x7f" + way_1 + b"\x1bj\x7f" + way_1 + QUESTION + b"\x7f\x1bH0011\r"
    sent = recorded(lambda: session.confirm(two), written)
    assert sent == b"\x1bj" + way_2 + b"\x1bj\x7f" + way_2 + QUESTION
    assert recorded(lambda: session.print_line(two), written) == b"\x7f\x1bH0012\r"
    sent = recorded(session.confirm, written)
    assert sent == b"\x1bj" + way_2 + b"\x1bj\x7f" + way_2 + QUESTION
    assert recorded(session.eject, written) == b"\x7f\x1bO" + QUESTION
    assert workbench.struck() == {(3, 1): [("1", 1)], (3, 2): [("2", 1)]}


def test_text_that_went_ahead_is_struck_at_its_own_order_only(held: Workbench) -> None:
    written = bytearray()
    session = held.session(wrap=lambda port: RecordingPort(port, written))
    session.clean_up()
    held.insert(session)
    session.print_line(line(1))
    session.confirm(line(2))
    session.status()
    assert session.state is SessionState.BUFFERED
    assert held.machine.state().buffered > 0
    assert held.struck() == once(1)
    assert recorded(lambda: session.print_line(line(2)), written) == b"\r"
    session.confirm()
    assert held.struck() == once(1, 2)


def test_text_that_went_ahead_is_dropped_before_the_book_is_given_back(held: Workbench) -> None:
    session = held.inserted()
    session.print_line(line(1))
    session.confirm(line(2))
    session.eject()
    assert held.machine.state().buffered == 0
    assert (session.state, held.struck()) == (SessionState.GIVEN_BACK, once(1))


def test_behind_text_that_went_ahead_no_other_line_is_printed(held: Workbench) -> None:
    session = held.inserted()
    session.print_line(line(1))
    session.confirm(line(2))
    received = held.machine.state().received
    with pytest.raises(SessionMisuse):
        session.confirm()
    with pytest.raises(SessionMisuse):
        session.print_line(line(3))
    assert held.machine.state().received == received
    assert session.state is SessionState.BUFFERED


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [False, True])
def test_a_stop_drops_what_went_ahead_and_a_later_line_is_placed_anew(
    open_workbench: OpenWorkbench, *, ahead: bool
) -> None:
    workbench = open_workbench("pty", answer=SHORT_ANSWER)
    workbench.profile = holding(workbench.profile) if ahead else workbench.profile
    session = workbench.inserted()
    session.print_line(line(1))
    session.confirm(line(2))
    workbench.machine.fault(Fault(FaultKind.SILENT))
    with pytest.raises(MechanismStop):
        session.status()
    workbench.machine.mend()
    assert session.clean_up() is Media.PRESENT
    assert (workbench.machine.state().buffered, workbench.struck()) == (0, once(1))
    workbench.machine.take()
    session.wait_taken(WAIT)
    workbench.insert(session)
    workbench.print_lines(session, 2)
    assert workbench.struck() == once(1, 2)


@pytest.mark.parametrize("ahead", [False, True])
def test_a_dip_before_the_next_order_leaves_that_line_in_doubt_at_its_place(
    workbench: Workbench, *, ahead: bool
) -> None:
    workbench.profile = holding(workbench.profile) if ahead else workbench.profile
    session = workbench.inserted()
    session.print_line(line(1))
    session.confirm(line(2))
    workbench.machine.cut(Cut(Target.PRINTER, Now()))
    workbench.machine.restore()

    def print_second() -> None:
        session.print_line(line(2))
        session.confirm(line(3))

    with pytest.raises(MechanismStop) as stopped:
        print_second()
    assert stopped.value.reason is Reason.UNPLUGGED
    assert set(workbench.struck()) <= {(3, 1), (3, 2)}


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.JAM, Reason.MEDIA_JAM),
        (FaultKind.COVER_OPEN, Reason.COVER_OPEN),
        (FaultKind.RIBBON_OUT, Reason.RIBBON_OUT),
        (FaultKind.GARBAGE, Reason.GARBLED),
        (FaultKind.HALF_REPLY, Reason.GARBLED),
        (FaultKind.SILENT, Reason.SILENT),
    ],
)
def test_a_fault_in_a_line_leaves_nothing_of_the_prepared_line_on_paper(
    open_workbench: OpenWorkbench, kind: FaultKind, reason: Reason, *, ahead: bool
) -> None:
    workbench = open_workbench(answer=SHORT_ANSWER)
    workbench.profile = holding(workbench.profile) if ahead else workbench.profile
    session = workbench.inserted()
    workbench.machine.fault(Fault(kind, line=2))
    session.print_line(line(1))
    session.confirm(line(2))
    session.print_line(line(2))
    with pytest.raises(MechanismStop) as stopped:
        session.confirm(line(3))
    assert stopped.value.reason is reason
    assert session.state is SessionState.UNKNOWN
    workbench.machine.mend()
    if session.clean_up() is not Media.NOT_PRESENT:
        workbench.machine.take()
        session.wait_taken(WAIT)
    never_struck = kind in {FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT}
    assert workbench.struck() == (once(1) if never_struck else once(1, 2))
    workbench.insert(session)
    workbench.print_lines(session, *((2, 3) if never_struck else (3,)))
    session.eject()
    assert workbench.struck() == once(1, 2, 3)


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("done", range(len(LINES)))
def test_a_resume_at_every_line_equals_an_uninterrupted_print(workbench: Workbench, done: int, *, ahead: bool) -> None:
    workbench.profile = holding(workbench.profile) if ahead else workbench.profile
    session = workbench.inserted()
    for number, following in zip(LINES[:done], (*LINES[1:], None), strict=False):
        session.print_line(line(number))
        session.confirm(line(following) if following else None)
    session.eject()
    workbench.machine.take()
    session.wait_taken(WAIT)
    workbench.insert(session)
    workbench.print_lines(session, *LINES[done:])
    session.eject()
    assert workbench.struck() == once(*LINES)


@pytest.mark.parametrize("following", [line(2, "Ω"), Line(3, 2, 100_000, (Run(1, "x"),)), line(2, "x" * 99)])
def test_a_next_line_that_cannot_be_printed_is_refused_at_its_own_order(workbench: Workbench, following: Line) -> None:
    session = workbench.inserted()
    session.print_line(line(1))
    session.confirm(following)
    assert session.state is SessionState.POSITIONED
    with pytest.raises((PassbookError, MechanismStop)):
        session.print_line(following)
    with suppress(MechanismStop):
        session.eject()
    assert workbench.struck() == once(1)


def test_text_goes_ahead_only_where_everything_that_it_rests_on_was_verified() -> None:
    shipped = builtin_pr2()
    assert not shipped.sends_text_ahead
    verified = holding(shipped)
    assert verified.sends_text_ahead
    replace = msgspec.structs.replace
    discard = replace(verified.commands, discard=replace(verified.commands.discard, assumed=True))
    for doubtful in (
        replace(verified, holds_text=HoldsText(holds=True, assumed=True)),
        replace(verified, holds_text=HoldsText(holds=False)),
        replace(verified, commands=discard),
        replace(verified, clean_up=shipped.clean_up),
    ):
        assert not doubtful.sends_text_ahead
