"""Power goes at every byte of a line, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from drivers.session import DocumentSession
from drivers.simulator.faults import POWER, AfterStrike, AtByte, AtLineByte, Cut, DuringStrike, Target
from drivers.stop import MechanismStop
from passbook.document.plan import Line
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.workbench import WAIT, Struck, WaitingPort, Workbench, holding, line, once, text_of

pytestmark = pytest.mark.slow

LINE = 5
WAY = len("\x1b/1nnnn")
ASKED = len("\x1bj") + len("\x1br0")
ROUND = ASKED + len("\x1b B") + len("\x1bB52\x1bZ")
DEL = len("\x7f")
ASKED_WAY = WAY + ASKED + DEL + WAY + ROUND
BEHIND_STRIKE = ASKED + ASKED_WAY
KINDS = ("tcp", "pty", "held")
AT_ONCE = 32
PATIENCE = 2.0
"""Seconds for an answer that a cut swallowed; others wait at the same time."""


class Order(NamedTuple):
    """How line 5 comes behind line 1: what of it went ahead, and which line is prepared behind it."""

    name: str
    ahead: bool
    before_text: int
    holds_text: bool = False

    @property
    def following(self) -> Line | None:
        return line(LINE + 1) if self.ahead else None

    def print_line_1(self, session: DocumentSession) -> None:
        session.print_line(line(1))
        session.confirm(line(LINE) if self.ahead else None)


ALONE = Order("alone", ahead=False, before_text=ASKED_WAY + DEL)
WAY_AHEAD = Order("way ahead", ahead=True, before_text=0)
TEXT_AHEAD = Order("text ahead", ahead=True, before_text=0, holds_text=True)
ORDERS = [pytest.param(order, id=order.name) for order in (ALONE, WAY_AHEAD, TEXT_AHEAD)]
BY_BYTE = 2
"""The number of line 5, counted from an arming before line 1: the text of line 5 may go ahead."""


def build(folder: Path, order: Order, kind: str = "tcp", answer: float = 5.0) -> Workbench:
    workbench = Workbench.build(folder, kind, answer)
    if order.holds_text:
        workbench.profile = holding(workbench.profile)
    return workbench


def line_bytes_of(order: Order) -> int:
    """How many bytes line 5 has, in both directions."""
    runs = line(LINE).runs
    return order.before_text + sum(5 + len(run.text) for run in runs) + len("\r") + BEHIND_STRIKE


@pytest.fixture
def workbenches() -> Iterator[list[Workbench]]:
    built: list[Workbench] = []
    yield built
    for workbench in built:
        workbench.close()


def new_workbench(workbenches: list[Workbench], folder: Path, number: int, order: Order = ALONE) -> Workbench:
    workbenches.append(build(folder / str(number), order))
    return workbenches[-1]


def print_in_vain(session: DocumentSession, following: Line | None = None) -> MechanismStop | None:
    """Print line 5; what stopped it."""
    try:
        session.print_line(line(LINE))
        session.confirm(following)
    except MechanismStop as stop:
        return stop
    return None


def print_both_in_vain(session: DocumentSession, order: Order) -> MechanismStop | None:
    """Print lines 1 and 5; what stopped them."""
    try:
        order.print_line_1(session)
    except MechanismStop as stop:
        return stop
    return print_in_vain(session, order.following)


@pytest.mark.parametrize("order", ORDERS)
def test_a_line_has_the_bytes_that_the_golden_tests_show(order: Order, tmp_path: Path) -> None:
    with closing(build(tmp_path, order)) as workbench:
        assert print_both_in_vain(workbench.inserted(), order) is None
        assert workbench.machine.state().last_line_bytes == line_bytes_of(order)


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS)
def test_a_printer_that_loses_power_at_any_byte_has_struck_the_line_once_or_not_and_confirms_it_only_if_it_did(
    order: Order, tmp_path: Path, workbenches: list[Workbench]
) -> None:
    struck, confirmed = 0, 0
    for byte in range(1, line_bytes_of(order) + 1):
        workbench = new_workbench(workbenches, tmp_path, byte, order)
        session = workbench.inserted()
        workbench.machine.cut(Cut(Target.PRINTER, AtLineByte(BY_BYTE, byte)))
        stop = print_both_in_vain(session, order)
        assert not workbench.machine.state().powered
        paper = workbench.struck()
        assert paper in (once(1), once(1, LINE))
        struck += paper == once(1, LINE)
        if stop is None:
            confirmed += 1
            assert paper == once(1, LINE)
        else:
            assert stop.reason is Reason.UNPLUGGED
        workbench.close()
    workbenches.clear()
    # From the byte behind CR on the line is on paper; only the last byte of the last answer confirms it.
    assert struck == BEHIND_STRIKE
    assert confirmed == 1


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS)
def test_after_an_appliance_that_stopped_at_any_byte_the_line_prints_right_and_nothing_of_its_half_is_on_paper(
    order: Order, tmp_path: Path, workbenches: list[Workbench]
) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0, order)
    expected = 0
    for byte in range(1, line_bytes_of(order) + 1):
        session = workbench.inserted()
        workbench.machine.cut(Cut(Target.APPLIANCE, AtLineByte(BY_BYTE, byte), pid=4711))
        print_both_in_vain(session, order)
        assert workbench.machine.wait("cut", 0, WAIT)
        session.close()
        before = workbench.machine.state().strikes
        successor = workbench.session()
        assert successor.clean_up() is Media.PRESENT
        assert workbench.machine.state().strikes == before
        workbench.machine.take()
        successor.wait_taken(WAIT)
        workbench.insert(successor)
        workbench.print_lines(successor, LINE)
        expected = before + 1
        assert workbench.struck() == {(3, 1): [(text_of(1), byte)], (3, LINE): [(text_of(LINE), expected - byte)]}
        successor.eject()
        workbench.machine.take()
        successor.wait_taken(WAIT)
        successor.close()
    assert len(workbench.killed) == line_bytes_of(order)
    # Only the cuts from CR on left a line behind; every other line on paper was ordered.
    assert expected == 2 * line_bytes_of(order) + 1 + BEHIND_STRIKE


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS[:2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_whose_text_met_a_power_dip_is_not_confirmed(kind: str, order: Order, tmp_path: Path) -> None:
    for byte in range(order.before_text + 1, line_bytes_of(order) - BEHIND_STRIKE + 1):
        with closing(build(tmp_path / str(byte), order, kind)) as workbench:
            session = workbench.inserted()
            workbench.machine.cut(Cut(Target.PRINTER, AtLineByte(BY_BYTE, byte)))
            order.print_line_1(session)
            session.print_line(line(LINE))
            give_power_back(workbench)
            with pytest.raises(MechanismStop) as stopped:
                session.confirm(order.following)
            assert stopped.value.reason is (Reason.UNPLUGGED if kind == "tcp" else Reason.NOT_ACCEPTED)
            assert once(LINE).items().isdisjoint(workbench.struck().items())


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_power_dip_at_any_byte_strikes_nothing_in_a_wrong_place_and_confirms_what_is_on_paper(
    kind: str, order: Order, tmp_path: Path
) -> None:
    count = line_bytes_of(order)
    everything = range(1, count + 1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda byte: outcome_of_a_dip(tmp_path / str(byte), kind, order, byte), everything))
    for _, paper in outcomes:
        at_line_one = paper.pop((3, 1))
        assert at_line_one == once(1)[3, 1]
        assert set(paper) <= {(3, LINE)}
    confirmed = [byte for byte, (stop, _) in zip(everything, outcomes, strict=True) if stop is None]
    assert all(outcomes[byte - 1][1] == once(LINE) for byte in confirmed)
    # Only what met the dip behind the strike may be confirmed, and what met it behind the last answer is.
    assert min(confirmed) > count - BEHIND_STRIKE
    assert count in confirmed


@pytest.mark.parametrize("byte", range(1, WAY + 1))
def test_a_way_lost_in_a_power_dip_is_found_before_any_text_is_sent(byte: int, tmp_path: Path) -> None:
    """Its question is answered as if nothing had been, since the mechanism has its power back by then."""
    with closing(Workbench.build(tmp_path, "held")) as workbench:
        pending: list[Callable[[], None]] = []
        session = workbench.session(wrap=lambda port: WaitingPort(port, pending))
        session.clean_up()
        workbench.insert(session)
        workbench.print_lines(session, 1)
        pending.append(lambda: give_power_back(workbench))
        workbench.machine.cut(Cut(Target.PRINTER, AtLineByte(1, byte)))
        with pytest.raises(MechanismStop) as stopped:
            session.print_line(line(LINE))
        assert stopped.value.reason is Reason.NOT_ACCEPTED
        assert workbench.struck() == once(1)


def give_power_back(workbench: Workbench) -> None:
    """To the printer, once it has lost it."""
    assert workbench.machine.wait("cut", 0, WAIT)
    workbench.machine.restore()


def outcome_of_a_dip(folder: Path, kind: str, order: Order, byte: int) -> tuple[MechanismStop | None, Struck]:
    """What stopped lines 1 and 5, and what is on paper, when the printer was without power for a moment.

    The book was given back afterwards, where that was possible.
    """
    with closing(build(folder, order, kind, PATIENCE)) as workbench:
        session = workbench.inserted()
        workbench.machine.cut(Cut(Target.PRINTER, AtLineByte(BY_BYTE, byte)))
        with ThreadPoolExecutor(1) as person:
            powered = person.submit(give_power_back, workbench)
            stop = print_both_in_vain(session, order)
            powered.result()
        with suppress(MechanismStop):
            session.clean_up() if stop else session.eject()
        return stop, workbench.struck()


def test_bytes_behind_the_cut_were_still_in_the_cable(workbenches: list[Workbench], tmp_path: Path) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0)
    session = workbench.inserted()
    workbench.print_lines(session, 1)
    received = workbench.machine.state().received
    workbench.machine.cut(Cut(Target.APPLIANCE, AtByte(3)))
    with pytest.raises(MechanismStop):
        session.print_line(line(2))
    assert workbench.machine.state().received == received + 3
    assert workbench.machine.state().reading == "parameters"


def test_a_cut_in_the_strike_leaves_the_characters_struck_so_far(workbenches: list[Workbench], tmp_path: Path) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0)
    session = workbench.inserted()
    workbench.machine.cut(Cut(Target.BOTH, DuringStrike(1, characters=10), pid=4711))
    assert print_in_vain(session) is not None
    assert workbench.struck() == {(3, LINE): [("05.05.26   Po", 1)]}
    assert workbench.killed == [4711]


def test_a_strike_goes_on_when_only_the_appliance_loses_power_in_it(
    workbenches: list[Workbench], tmp_path: Path
) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0)
    session = workbench.inserted()
    workbench.machine.cut(Cut(Target.APPLIANCE, DuringStrike(1, characters=10), pid=4711))
    assert print_in_vain(session) is not None
    assert workbench.struck() == once(LINE)


@pytest.mark.parametrize("target", list(POWER))
def test_a_cut_after_the_strike_leaves_a_line_on_paper_that_nobody_confirmed(
    workbenches: list[Workbench], tmp_path: Path, target: Target
) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0)
    session = workbench.inserted()
    workbench.machine.cut(Cut(target, AfterStrike(2), pid=4711))
    workbench.print_lines(session, 1)
    assert print_in_vain(session) is not None
    assert workbench.struck() == once(1, LINE)
    assert workbench.machine.state().powered is (target is Target.APPLIANCE)
    assert workbench.killed == ([] if target is Target.PRINTER else [4711])


def test_a_byte_beyond_the_line_is_its_last(workbenches: list[Workbench], tmp_path: Path) -> None:
    workbench = new_workbench(workbenches, tmp_path, 0)
    session = workbench.inserted()
    workbench.machine.cut(Cut(Target.PRINTER, AtLineByte(1, line_bytes_of(ALONE) + 100)))
    assert print_in_vain(session) is None
    assert workbench.machine.wait("cut", 0, WAIT)
    assert workbench.struck() == once(LINE)
