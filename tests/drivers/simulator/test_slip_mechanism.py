"""The simulated slip printer, judged by its bytes: it must be at least as harsh as the manual says a real one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.dialects.escpos.escpos_profile import builtin_escpos
from drivers.simulator.faults import Fault, FaultKind
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper
from drivers.simulator.slip_mechanism import ASKED_WHILE_EJECTING, ROLL_COLUMNS
from passbook.protocol.media import Media
from tests.drivers.simulator.test_machine import Cable
from tests.drivers.slip_bench import RULER, SLIP

SLIP_STATUS, PRINTER, CAUSE, ERROR = b"\x10\x04\x05", b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x03"
IN_ORDER = b"\x1da\xff\x1da\x00"
SELECT, ROLL, TO_LINE_1 = b"\x1bc0\x04", b"\x1bc0\x01", b"\x1bJ\x24"
RESTART, RECOVER, CANCEL = b"\x10\x05\x01", b"\x10\x05\x02", b"\x10\x05\x03"
EMPTY, HELD, IN_SLOT, GIVEN_BACK, AWAITED = b"\x76", b"\x12", b"\x56", b"\x36", b"\x7a"
READY, NOT_SELECTED = b"\x10\x00\x00\x00", b"\x10\x00\x00\x01"
"""Automatic status with a slip inside."""


class Printer:
    """A machine whose cable is in memory."""

    def __init__(self, folder: Path) -> None:
        self.cable = Cable()
        self.paper = Paper(folder / "paper.json")
        self.machine = Machine(builtin_escpos(), 144, self.paper, self.cable, lambda _process: None)

    def tell(self, *data: bytes) -> bytes:
        """Let it take and do these bytes; its answers."""
        before = len(self.cable.sent)
        self.cable.coming += b"".join(data)
        while self.cable.coming:
            self.machine.fill()
            while self.machine.step() is not None:
                pass
        return self.cable.sent[before:]

    def put(self) -> None:
        self.machine.insert(SLIP, 1, RULER)

    @property
    def struck(self) -> dict[int | None, list[tuple[str, int]]]:
        return {line: struck for (_, line), struck in self.paper.lines(SLIP).items()}

    def has_printed_on_roll(self) -> bool:
        return self.machine.wait("printed-on-roll", 0, 0) is not None


@pytest.fixture
def printer(tmp_path: Path) -> Printer:
    return Printer(tmp_path)


@pytest.fixture
def loaded(printer: Printer) -> Printer:
    printer.tell(b"\x1bt\x13\x1b \x04", SELECT)
    printer.put()
    assert printer.tell(SLIP_STATUS, IN_ORDER) == HELD + READY
    return printer


def test_a_slip_is_awaited_loaded_printed_and_given_back(printer: Printer) -> None:
    assert printer.tell(SLIP_STATUS) == EMPTY
    assert printer.tell(SELECT, SLIP_STATUS) == AWAITED
    printer.put()
    assert printer.tell(SLIP_STATUS) == HELD
    printer.tell(TO_LINE_1, b"one", b"\n")
    assert printer.struck == {1: [("one", 1)]}
    while_moving = HELD * ASKED_WHILE_EJECTING
    assert printer.tell(b"\x0c", ROLL, SLIP_STATUS * (ASKED_WHILE_EJECTING + 1)) == while_moving + GIVEN_BACK
    printer.machine.take()
    assert printer.tell(SLIP_STATUS) == EMPTY


def test_what_follows_the_selection_waits_for_the_slip_and_real_time_does_not(printer: Printer) -> None:
    assert printer.tell(SELECT, b"later\n", IN_ORDER, SLIP_STATUS, PRINTER) == AWAITED + b"\x12"
    assert printer.struck == {}
    printer.put()
    assert printer.cable.sent.endswith(READY)
    assert [text for [(text, _)] in printer.struck.values()] == ["later"]


def test_text_without_a_selected_slip_is_printed_on_the_roll(printer: Printer) -> None:
    printer.put()
    assert printer.tell(b"stray", SLIP_STATUS) == IN_SLOT
    assert not printer.has_printed_on_roll()
    printer.tell(b"\n")
    assert printer.has_printed_on_roll()
    assert printer.struck == {}


def test_a_full_line_of_the_roll_is_printed_by_itself(printer: Printer) -> None:
    printer.tell(b"x" * ROLL_COLUMNS)
    assert not printer.has_printed_on_roll()
    printer.tell(b"x")
    assert printer.has_printed_on_roll()


def test_a_wait_that_is_over_goes_on_with_the_roll(printer: Printer) -> None:
    printer.tell(SELECT, b"text\n")
    printer.machine.fault(Fault(FaultKind.INSERTION_TIMEOUT))
    assert printer.has_printed_on_roll()


def test_a_wait_that_is_canceled_drops_what_waited(printer: Printer) -> None:
    printer.tell(SELECT, b"text\n", CANCEL)
    assert printer.tell(SLIP_STATUS) == EMPTY
    assert not printer.has_printed_on_roll()
    assert printer.machine.state().buffered == 0


def test_a_wait_is_canceled_only_where_there_is_one_and_an_error_ended_only_where_there_is_one(loaded: Printer) -> None:
    loaded.tell(TO_LINE_1, b"text", CANCEL, RECOVER, RESTART)
    assert loaded.machine.state().buffered == 4
    loaded.tell(b"\n")
    assert loaded.struck == {1: [("text", 1)]}


def test_a_real_time_request_among_parameters_is_answered_and_swallowed_besides(loaded: Printer) -> None:
    # Columns 0x0410 are beyond the reach, and 0x05 is a byte that prints nothing.
    assert loaded.tell(b"\x1b$", SLIP_STATUS, TO_LINE_1, b"text\n") == HELD
    assert loaded.struck == {1: [("text", 1)]}
    assert loaded.tell(b"\x1bJ", SLIP_STATUS) == HELD


def test_an_open_cover_stops_all_but_real_time(loaded: Printer) -> None:
    loaded.machine.fault(Fault(FaultKind.COVER_OPEN))
    assert loaded.tell(TO_LINE_1, b"text\n", IN_ORDER, PRINTER, CAUSE, ERROR) == b"\x1a\x16\x12"
    assert loaded.struck == {}
    loaded.machine.mend()
    assert loaded.struck == {1: [("text", 1)]}, "what was read before goes on, as nothing of it was begun"


@pytest.mark.parametrize("kind", [FaultKind.JAM, FaultKind.COVER_OPEN])
def test_a_line_whose_strike_was_stopped_waits_for_one_of_two_orders(loaded: Printer, kind: FaultKind) -> None:
    loaded.machine.fault(Fault(kind, line=1, characters=2))
    loaded.tell(TO_LINE_1, b"text\n", IN_ORDER)
    begun = {1: [("te", 1)]} if kind is FaultKind.JAM else {}
    assert loaded.struck == begun
    loaded.machine.mend()
    assert loaded.tell(PRINTER) == b"\x1a"
    assert loaded.tell(RECOVER, PRINTER) == b"\x12"
    loaded.tell(b"\x1b@", b"\n")
    assert loaded.struck == begun


def test_the_order_to_restart_strikes_the_line_again(loaded: Printer) -> None:
    loaded.machine.fault(Fault(FaultKind.JAM, line=1, characters=2))
    loaded.tell(TO_LINE_1, b"text\n", IN_ORDER)
    loaded.machine.mend()
    loaded.tell(RESTART)
    loaded.put()
    assert loaded.tell(b"\x1bJ\x00", IN_ORDER).endswith(READY)
    assert loaded.struck == {1: [("te", 1), ("text", 1)]}


def test_a_power_cut_loses_selection_and_memory_and_the_slip_stays(loaded: Printer) -> None:
    loaded.tell(TO_LINE_1, b"text", IN_ORDER)
    loaded.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    loaded.tell(b"\n")
    assert loaded.struck == {}
    loaded.machine._power_off()
    loaded.machine.restore()
    assert loaded.machine.state().media is Media.PRESENT
    assert loaded.tell(IN_ORDER) == NOT_SELECTED
    assert loaded.tell(b"\n", SELECT, b"\n") == b""
    assert loaded.struck == {}
    assert not loaded.has_printed_on_roll()


def test_line_feeds_of_the_slip_are_set_only_for_the_slip(loaded: Printer) -> None:
    loaded.tell(b"\x1b3\x00", TO_LINE_1, b"one\n", b"two\n")
    assert loaded.struck == {1: [("one", 1)], 2: [("two", 1)]}
    loaded.tell(b"\x1bc1\x04\x1b3\x00", b"three\n", b"four\n")
    assert loaded.struck[3] == [("three", 1), ("four", 1)]


def test_any_text_is_struck_in_its_code_page_and_place(loaded: Printer) -> None:
    loaded.tell(TO_LINE_1, b"\x1b$\x0d\x00K\x84se \xd5", b"\x1b$\x4d\x00x", b"\n")
    [(_, _, first), (_, _, second)] = loaded.paper.runs(SLIP)
    assert (first.column, first.text, first.left, first.cpi) == (1, "Käse €", 175, 10.0)
    assert (second.column, second.text, second.y) == (5, "x", 1620)
