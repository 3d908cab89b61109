"""Slips through the document session: insertion as UPOS has it, faults, and power that goes at every byte of a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from drivers.ports.port import open_port
from drivers.session import DocumentSession, SessionState
from drivers.simulator.faults import AfterStrike, AtLineByte, Cut, DuringStrike, Fault, FaultKind, Now, Target
from drivers.simulator.paper import Paper
from drivers.stop import MechanismStop
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.slip_bench import RULER, SHEET, WAIT, SlipBench, once_on_slip, slip_line
from tests.drivers.workbench import Struck

SHORT = 1.5
"""Seconds for an answer that does not come."""
AT_ONCE = 8
WAY = len("\x1bJn")
ASKED = len("\x10\x04n") + 1
LOOK = 2 * ASKED
FENCE = len("\x1da\xff\x1da\x00") + 4
BEHIND_STRIKE = len("\x1da\xff") + 4
"""The line ends with the answer, which comes before the second half of the request is read."""
LONGEST_PIECE = 25
"""Columns of the longest bit image that the product sends."""
LONGEST_CLEAN = 32
"""Columns of an open picture that a clean-up fills."""

OpenSlipBench = Callable[..., SlipBench]


@pytest.fixture
def open_slip_bench(tmp_path: Path) -> Iterator[OpenSlipBench]:
    with ExitStack() as stack:

        def build(kind: str = "tcp", answer: float = 5.0) -> SlipBench:
            bench = SlipBench.build(tmp_path, kind, answer)
            stack.callback(bench.close)
            return bench

        yield build


@pytest.fixture
def bench(open_slip_bench: OpenSlipBench) -> SlipBench:
    return open_slip_bench()


def stopped(reason: Reason, act: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(MechanismStop) as stop:
        act(*arguments)
    assert stop.value.reason is reason
    return stop.value.detail


# Insertion and removal


def test_a_slip_is_printed_given_back_and_the_next_one_too(bench: SlipBench) -> None:
    session = bench.inserted()
    bench.print_lines(session, 1, 2, 5)
    session.eject()
    bench.take_back(session)
    bench.insert(session)
    bench.print_lines(session, 6)
    assert session.state is SessionState.POSITIONED
    assert bench.struck() == once_on_slip(1, 2, 5, 6)


@pytest.mark.parametrize("first", range(1, 6))
def test_going_on_at_any_line_gives_the_slip_of_an_uninterrupted_print(bench: SlipBench, first: int) -> None:
    session = bench.inserted()
    bench.print_lines(session, *range(1, first))
    session.eject()
    bench.take_back(session)
    bench.insert(session)
    bench.print_lines(session, *range(first, 6))
    assert bench.struck() == once_on_slip(1, 2, 3, 4, 5)


def test_a_slip_that_lies_there_before_it_is_asked_for_is_taken_out_first(bench: SlipBench) -> None:
    session = bench.session()
    session.clean_up()
    bench.put()
    stopped(Reason.MEDIA_NOT_TAKEN, session.insert, SHEET, WAIT, lambda: None)
    bench.take_back(session)
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


def test_no_slip_in_time_leaves_a_printer_whose_wait_the_next_clean_up_ends(bench: SlipBench) -> None:
    session = bench.session()
    session.clean_up()
    stopped(Reason.MEDIA_NEEDED, session.insert, SHEET, 0.0, lambda: None)
    assert session.clean_up() is Media.NOT_PRESENT
    bench.put()
    assert bench.machine.state().media is Media.ENTERING, "the wait is over, so it is not loaded"
    assert session.status().media is Media.ENTERING
    bench.machine.take()
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


def test_a_printer_that_gave_the_wait_up_gets_no_text(bench: SlipBench) -> None:
    session = bench.session()
    session.clean_up()

    def too_late() -> None:
        bench.machine.fault(Fault(FaultKind.INSERTION_TIMEOUT))
        bench.put()

    detail = stopped(Reason.MEDIA_NEEDED, session.insert, SHEET, WAIT, too_late)
    assert detail == "slip-not-selected"
    assert bench.struck() == {}
    assert session.clean_up() is Media.PRESENT
    bench.take_back(session)
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


def test_a_wait_for_a_person_can_be_interrupted_and_the_next_slip_is_taken(bench: SlipBench) -> None:
    session = bench.session()
    session.clean_up()
    stopped(Reason.CANCELED_BY_PERSON, session.insert, SHEET, WAIT, session.interrupt)
    session.clean_up()
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


def test_a_slip_that_was_left_inside_is_given_back(bench: SlipBench) -> None:
    session = bench.inserted()
    bench.print_lines(session, 1)
    session.close()
    successor = bench.session()
    assert successor.clean_up() is Media.PRESENT
    assert successor.state is SessionState.GIVEN_BACK
    bench.take_back(successor)
    assert bench.struck() == once_on_slip(1)


def test_a_slip_that_hangs_in_the_exit_is_left_for_a_person(bench: SlipBench) -> None:
    session = bench.inserted()
    session.eject()
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    bench.machine.restore()
    successor = bench.session()
    assert successor.clean_up() is Media.ENTERING
    bench.take_back(successor)


# Faults


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.JAM, Reason.MEDIA_JAM),
        (FaultKind.COVER_OPEN, Reason.COVER_OPEN),
        (FaultKind.RIBBON_OUT, Reason.ATTENTION),
        (FaultKind.GARBAGE, Reason.GARBLED),
        (FaultKind.HALF_REPLY, Reason.GARBLED),
        (FaultKind.SILENT, Reason.SILENT),
        (FaultKind.PULLED_OUT, Reason.ATTENTION),
    ],
)
def test_after_any_fault_in_a_line_it_has_a_reason_and_the_printer_works_again(
    open_slip_bench: OpenSlipBench, kind: FaultKind, reason: Reason
) -> None:
    bench = open_slip_bench(answer=SHORT)
    session = bench.inserted()
    bench.machine.fault(Fault(kind, line=2, characters=5))
    bench.print_lines(session, 1)
    session.print_line(slip_line(2))
    stopped(reason, session.confirm)
    assert session.state is SessionState.UNKNOWN
    before = bench.struck()
    bench.machine.mend()
    assert bench.struck() == before, "what was mended must not print by itself"
    if session.clean_up() is Media.PRESENT:
        bench.take_back(session)
    assert bench.struck() == before, "nor must the clean-up print"
    bench.insert(session)
    bench.print_lines(session, 3)
    assert bench.struck() == before | once_on_slip(3)
    assert before.pop((1, 1)) == once_on_slip(1)[1, 1]
    struck: Struck = {(1, 2): [("Einza", 1)]} if kind is FaultKind.JAM else {}
    if kind in {FaultKind.GARBAGE, FaultKind.HALF_REPLY, FaultKind.SILENT}:
        struck = once_on_slip(2)
    assert before == struck


@pytest.mark.long
@pytest.mark.parametrize("kind", [FaultKind.COVER_OPEN, FaultKind.SILENT, FaultKind.GARBAGE, FaultKind.HALF_REPLY])
def test_a_fault_before_a_slip_is_asked_for_has_a_reason(open_slip_bench: OpenSlipBench, kind: FaultKind) -> None:
    bench = open_slip_bench(answer=SHORT)
    session = bench.session()
    session.clean_up()
    bench.machine.fault(Fault(kind))
    reasons = {FaultKind.COVER_OPEN: Reason.COVER_OPEN, FaultKind.GARBAGE: Reason.GARBLED}
    stopped(reasons.get(kind, Reason.SILENT), session.insert, SHEET, WAIT, lambda: None)
    bench.machine.mend()
    session.clean_up()
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FaultKind.COVER_OPEN, FaultKind.SILENT, FaultKind.GARBAGE])
def test_a_fault_while_a_slip_is_awaited_has_a_reason(open_slip_bench: OpenSlipBench, kind: FaultKind) -> None:
    bench = open_slip_bench(answer=SHORT)
    session = bench.session()
    session.clean_up()
    reasons = {FaultKind.COVER_OPEN: Reason.COVER_OPEN, FaultKind.GARBAGE: Reason.GARBLED}
    broken = Fault(kind)
    stopped(reasons.get(kind, Reason.SILENT), session.insert, SHEET, WAIT, lambda: bench.machine.fault(broken))
    bench.machine.mend()
    assert session.clean_up() is Media.NOT_PRESENT
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", [FaultKind.COVER_OPEN, FaultKind.SILENT, FaultKind.GARBAGE, FaultKind.JAM, FaultKind.PULLED_OUT]
)
def test_a_fault_before_the_slip_is_given_back_has_a_reason_and_strikes_nothing(
    open_slip_bench: OpenSlipBench, kind: FaultKind
) -> None:
    bench = open_slip_bench(answer=SHORT)
    session = bench.inserted()
    bench.print_lines(session, 1)
    bench.machine.fault(Fault(kind))
    if kind is FaultKind.PULLED_OUT:
        session.eject()
    else:
        with pytest.raises(MechanismStop):
            session.eject()
        bench.machine.mend()
        session.clean_up()
    if bench.machine.state().media is Media.ENTERING:
        bench.machine.take()
    session.wait_taken(WAIT)
    bench.insert(session)
    bench.print_lines(session, 2)
    assert bench.struck() == once_on_slip(1, 2)


def test_an_open_cover_is_named_by_the_clean_up(bench: SlipBench) -> None:
    session = bench.session()
    bench.machine.fault(Fault(FaultKind.COVER_OPEN))
    stopped(Reason.COVER_OPEN, session.clean_up)
    bench.machine.mend()
    assert session.clean_up() is Media.NOT_PRESENT


@pytest.mark.slow
def test_a_slip_pulled_out_between_two_lines_is_noticed_before_any_text_is_sent(bench: SlipBench) -> None:
    session = bench.inserted()
    bench.print_lines(session, 1)
    bench.machine.fault(Fault(FaultKind.PULLED_OUT))
    stopped(Reason.ATTENTION, session.print_line, slip_line(2))
    assert bench.machine.state().buffered == 0
    assert bench.struck() == once_on_slip(1)


def test_a_line_that_was_answered_for_too_early_is_lost_together_with_the_next_one_at_most(bench: SlipBench) -> None:
    session = bench.inserted()
    bench.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    bench.print_lines(session, 1, 2, 3)
    assert bench.struck() == once_on_slip(1, 2)
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    with pytest.raises(MechanismStop):
        session.print_line(slip_line(4))
    # Confirmed are 1 to 3 and 4 is sent: the two that the profile declares are 3 and 4.
    assert bench.struck() == once_on_slip(1, 2)
    assert bench.profile.lines_in_doubt == 2


# Power at every byte


@pytest.fixture(scope="module")
def line_bytes(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The bytes of a line in both directions."""
    with closing(SlipBench.build(tmp_path_factory.mktemp("measure"))) as bench:
        bench.print_lines(bench.inserted(), 2)
        return bench.machine.state().last_line_bytes


def outcome_of_a_dip(folder: Path, kind: str, byte: int) -> tuple[MechanismStop | None, SlipBench]:
    """What stopped line 2 when the printer was without power for a moment at that byte of it; the closed bench."""
    with closing(SlipBench.build(folder, kind, SHORT)) as bench:
        session = bench.inserted()
        bench.print_lines(session, 1)
        bench.machine.cut(Cut(Target.PRINTER, AtLineByte(1, byte)))
        with ThreadPoolExecutor(1) as person:
            powered = person.submit(give_power_back, bench)
            stop = print_in_vain(session)
            powered.result()
        bench.struck()
        return stop, bench


def give_power_back(bench: SlipBench) -> None:
    assert bench.machine.wait("cut", 0, WAIT)
    bench.machine.restore()


def print_in_vain(session: DocumentSession) -> MechanismStop | None:
    try:
        session.print_line(slip_line(2))
        session.confirm()
    except MechanismStop as stop:
        return stop
    return None


def test_a_line_has_the_bytes_that_the_golden_tests_show(line_bytes: int) -> None:
    text = sum(4 + len(run.text) for run in slip_line(2).runs)
    assert line_bytes == WAY + LOOK + text + 2 * FENCE + len("\n") + BEHIND_STRIKE


@pytest.mark.long
@pytest.mark.parametrize("kind", ["tcp", "pty", "held"])
def test_a_power_dip_at_any_byte_strikes_nothing_elsewhere_and_confirms_only_what_is_on_paper(
    kind: str, line_bytes: int, tmp_path: Path
) -> None:
    everything = range(1, line_bytes + 1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda byte: outcome_of_a_dip(tmp_path / str(byte), kind, byte), everything))
    for byte, (stop, bench) in zip(everything, outcomes, strict=True):
        paper = bench.struck()
        assert paper in (once_on_slip(1), once_on_slip(1, 2)), byte
        if stop is None:
            assert paper == once_on_slip(1, 2)
            assert byte > line_bytes - BEHIND_STRIKE
    assert outcomes[-1][0] is None


@pytest.mark.long
def test_after_an_appliance_that_stopped_at_any_byte_nothing_of_the_line_prints_by_itself(
    line_bytes: int, tmp_path: Path
) -> None:
    for byte in range(1, line_bytes + 1):
        with closing(SlipBench.build(tmp_path / str(byte))) as bench:
            session = bench.inserted()
            bench.print_lines(session, 1)
            bench.machine.cut(Cut(Target.APPLIANCE, AtLineByte(1, byte), pid=4711))
            print_in_vain(session)
            assert bench.machine.wait("cut", 0, WAIT)
            session.close()
            before = bench.struck()
            assert before in (once_on_slip(1), once_on_slip(1, 2))
            successor = bench.session()
            assert successor.clean_up() is Media.PRESENT
            bench.take_back(successor)
            assert bench.struck() == before
            bench.insert(successor)
            bench.print_lines(successor, 3)
            assert bench.struck() == before | once_on_slip(3)


@pytest.mark.long
@pytest.mark.parametrize("missing", [1, LONGEST_PIECE, *range(LONGEST_CLEAN, 62)])
def test_a_foreign_picture_that_ends_within_the_clean_up_leaves_no_text_for_the_next_slip(
    open_slip_bench: OpenSlipBench, missing: int
) -> None:
    bench = open_slip_bench(answer=SHORT)
    left_open = b"foreign" + b"\x1b*\x00" + (missing + 1).to_bytes(2, "little") + b"\xff"
    with closing(open_port(bench.simulator.address)) as foreign:
        foreign.write(left_open)
        while bench.machine.state().received < len(left_open):
            assert bench.machine.state().powered
    session = bench.session()
    try:
        session.clean_up()
    except MechanismStop as stop:
        assert stop.reason is Reason.SILENT
        assert missing > LONGEST_CLEAN
        session.clean_up()
    bench.insert(session)
    bench.print_lines(session, 1)
    assert bench.struck() == once_on_slip(1)


def test_a_cut_in_the_strike_leaves_the_characters_struck_so_far(bench: SlipBench) -> None:
    session = bench.inserted()
    bench.machine.cut(Cut(Target.PRINTER, DuringStrike(1, characters=5)))
    assert print_in_vain(session) is not None
    assert bench.struck() == {(1, 2): [("Einza", 1)]}


@pytest.mark.parametrize("target", list(Target))
def test_a_cut_after_the_strike_leaves_a_line_that_was_not_confirmed(bench: SlipBench, target: Target) -> None:
    session = bench.inserted()
    bench.machine.cut(Cut(target, AfterStrike(2), pid=4711))
    bench.print_lines(session, 1)
    assert print_in_vain(session) is not None
    assert bench.struck() == once_on_slip(1, 2)


def test_another_slip_that_is_put_in_after_a_stop_gets_no_line_of_the_one_before(bench: SlipBench) -> None:
    session = bench.inserted()
    session.print_line(slip_line(1))
    bench.machine.fault(Fault(FaultKind.PULLED_OUT))
    stopped(Reason.ATTENTION, session.confirm)
    bench.machine.insert("another slip", 1, RULER)
    session.clean_up()
    bench.machine.take()
    session.wait_taken(WAIT)
    bench.insert(session)
    bench.print_lines(session, 2)
    assert bench.struck() == once_on_slip(2)
    assert Paper.load(bench.paper_file).lines("another slip") == {}
