from __future__ import annotations

from pathlib import Path

import pytest

from drivers.dialects.pr2.commands import encode_line, set_up
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.faults import AtByte, AtLineByte, Cut, Fault, FaultKind, Now, Target
from drivers.simulator.hostbytes import Reading
from drivers.simulator.machine import INPUT_BUFFER, Machine
from drivers.simulator.paper import Paper
from passbook.protocol.media import Media
from tests.drivers.workbench import RULER, SHEET, line, once

PR2 = builtin_pr2()
ROUND = b"\x1bj\x1b B"


class Cable:
    """A cable in memory."""

    def __init__(self) -> None:
        self.coming = b""
        self.hung_up = False
        self.sent = b""
        self.drops = 0

    def read(self, limit: int) -> bytes | None:
        data, self.coming = self.coming[:limit], self.coming[limit:]
        return None if self.hung_up and not data else data

    def send(self, data: bytes) -> None:
        self.sent += data

    def drop(self) -> None:
        self.coming = b""
        self.drops += 1


class Bench:
    def __init__(self, folder: Path) -> None:
        self.cable = Cable()
        self.paper = Paper(folder / "paper.json")
        self.ended: list[int] = []
        self.machine = Machine(PR2, 240, self.paper, self.cable, self.ended.append)

    def tell(self, data: bytes) -> bytes:
        """Let the machine take and do all it can of these bytes; its answers."""
        before = len(self.cable.sent)
        self.cable.coming += data
        while True:
            waiting = self.cable.coming
            self.machine.fill()
            worked = False
            while self.machine.step() is not None:
                worked = True
            if not worked and self.cable.coming == waiting:
                return self.cable.sent[before:]

    def load(self) -> None:
        self.tell(set_up(PR2, SHEET, "cp858"))
        self.machine.insert("B1", 3, RULER)

    def print(self, number: int) -> bytes:
        encoded = encode_line(PR2, SHEET, "cp858", line(number))
        return self.tell(encoded.position + ROUND + encoded.text + encoded.strike + ROUND)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_line_has_a_number_and_its_bytes_are_counted_in_both_directions(bench: Bench) -> None:
    bench.load()
    answers = bench.print(1)
    assert answers == b"\x1br0\x1bB52\x1bZ" * 2
    encoded = encode_line(PR2, SHEET, "cp858", line(1))
    state = bench.machine.state()
    assert state.lines == 1
    assert state.last_line_bytes == len(encoded.position + ROUND + encoded.text + encoded.strike + ROUND + answers)
    assert bench.paper.lines("B1") == once(1)


def test_a_lone_escape_waits_for_the_byte_that_says_whether_a_line_begins(bench: Bench) -> None:
    bench.load()
    before = bench.machine.state().received
    bench.tell(b"\x1b")
    assert bench.machine.state().received == before
    bench.cable.hung_up = True
    bench.tell(b"")
    assert (bench.machine.state().received, bench.machine.state().reading) == (before + 1, Reading.ESCAPE)


def test_the_input_buffer_is_finite_and_a_power_cut_empties_it(bench: Bench) -> None:
    bench.tell(set_up(PR2, SHEET, "cp858"))
    bench.tell(b"\x1b/10200" + b"x" * 1000)
    assert len(bench.cable.coming) == 1000 - INPUT_BUFFER
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    bench.machine.restore()
    bench.tell(b"")
    state = bench.machine.state()
    assert (state.buffered, state.reading, bench.cable.coming) == (0, Reading.GROUND, b"")


def test_what_arrives_without_power_goes_nowhere(bench: Bench) -> None:
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    assert bench.tell(ROUND) == b""
    assert bench.machine.state().received == 0
    bench.machine.restore()
    assert bench.tell(ROUND) == b"\x1br0\x1bB50\x1bZ"


def test_a_byte_can_be_counted_from_the_start_or_from_now(bench: Bench) -> None:
    bench.tell(b"12345")
    bench.machine.cut(Cut(Target.PRINTER, AtByte(8, "start")))
    bench.tell(b"67")
    assert bench.machine.state().powered
    bench.tell(b"89")
    assert (bench.machine.state().powered, bench.machine.state().received) == (False, 8)
    bench.machine.restore()
    bench.machine.cut(Cut(Target.PRINTER, AtByte(2)))
    bench.tell(b"123")
    assert bench.machine.state().received == 10


def test_a_cut_fires_once(bench: Bench) -> None:
    bench.machine.cut(Cut(Target.PRINTER, AtByte(1)))
    assert bench.machine.state().armed == ["cut printer"]
    bench.tell(b"1")
    assert bench.machine.state().armed == []
    bench.machine.restore()
    bench.tell(b"1")
    assert bench.machine.state().powered


def test_answers_after_an_appliance_died_reach_nobody_until_the_next_one_speaks(bench: Bench) -> None:
    bench.machine.cut(Cut(Target.APPLIANCE, AtByte(2), pid=7))
    assert bench.tell(ROUND) == b""
    assert bench.ended == [7]
    assert bench.machine.state().received == 2
    assert bench.tell(b"\x1bZ") == b"\x1b/7"


def test_an_appliance_that_dies_within_an_answer_leaves_the_mechanism_working(bench: Bench) -> None:
    bench.load()
    bench.machine.cut(Cut(Target.APPLIANCE, AtLineByte(1, len("\x1b/10200\x1bj") + len("\x1br0")), pid=7))
    assert bench.print(1) == b"\x1br0"
    assert bench.machine.state().powered
    assert bench.tell(ROUND) == b"\x1br0\x1bB52\x1bZ"


def test_a_positioning_behind_the_strike_belongs_to_the_line_until_it_is_asked_about(bench: Bench) -> None:
    bench.load()
    bench.tell(b"\x1b/10200ab\r\x1b/10200")
    assert (bench.machine.state().lines, bench.machine.state().last_line_bytes) == (1, 0)
    answers = bench.tell(ROUND)
    assert bench.machine.state().last_line_bytes == len(b"\x1b/10200ab\r\x1b/10200" + ROUND + answers)
    bench.tell(b"\x1b/10240cd")
    assert bench.machine.state().lines == 2


def test_a_line_that_is_not_asked_about_ends_where_the_eject_begins(bench: Bench) -> None:
    bench.load()
    bench.tell(b"\x1b/10200ab\r\x1bO")
    assert bench.machine.state().last_line_bytes == len(b"\x1b/10200ab\r")


def test_a_positioning_before_the_text_belongs_to_the_line(bench: Bench) -> None:
    bench.load()
    encoded = encode_line(PR2, SHEET, "cp858", line(1))
    answers = bench.tell(encoded.position + ROUND + encoded.position + ROUND + encoded.text + encoded.strike + ROUND)
    state = bench.machine.state()
    assert state.lines == 1
    assert state.last_line_bytes == len(2 * encoded.position + 3 * ROUND + encoded.text + encoded.strike + answers)


def test_a_line_that_is_not_struck_ends_where_the_next_document_begins(bench: Bench) -> None:
    bench.load()
    bench.tell(b"\x1b/10200ab\x1bn\x1b/10240")
    assert (bench.machine.state().lines, bench.machine.state().last_line_bytes) == (2, len(b"\x1b/10200ab"))


def test_a_line_that_is_answered_for_before_it_is_struck_is_one_line(bench: Bench) -> None:
    bench.load()
    bench.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    bench.print(1)
    bench.print(2)
    assert bench.machine.state().lines == 2


def test_a_mechanism_that_answers_early_loses_the_line_that_it_answered_for_when_its_power_goes(bench: Bench) -> None:
    bench.load()
    bench.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    bench.print(1)
    assert bench.print(2) == b"\x1br0\x1bB52\x1bZ" * 2
    assert bench.paper.lines("B1") == once(1)
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    bench.machine.restore()
    bench.tell(b"\x1bO")
    assert bench.paper.lines("B1") == once(1)


def test_garbage_and_halves_spoil_one_answer(bench: Bench) -> None:
    bench.machine.fault(Fault(FaultKind.HALF_REPLY))
    assert bench.tell(b"\x1bj\x1bj") == b"\x1b\x1br0"
    bench.machine.fault(Fault(FaultKind.GARBAGE))
    assert bench.tell(b"\x1bj\x1bj").endswith(b"\x1bB\x1br0")


def test_silence_lasts_until_mended(bench: Bench) -> None:
    bench.machine.fault(Fault(FaultKind.SILENT))
    assert bench.tell(ROUND * 2) == b""
    bench.machine.mend()
    assert bench.tell(b"\x1bj") == b"\x1br0"


def test_a_book_is_put_in_only_where_none_is_and_leaves_no_page_behind_otherwise(bench: Bench) -> None:
    bench.load()
    with pytest.raises(ValueError, match="entering"):
        bench.machine.insert("B2", 1, RULER)
    assert list(bench.paper.books) == ["B1"]


def test_the_next_book_lies_open_at_another_page_once(bench: Bench) -> None:
    bench.machine.fault(Fault(FaultKind.WRONG_PAGE, page=9))
    bench.load()
    assert bench.machine.state().page == 9
    bench.machine.take()
    bench.machine.insert("B1", 3, None)
    assert bench.machine.state().page == 3


def test_a_power_cut_moves_no_book(bench: Bench) -> None:
    bench.load()
    bench.print(1)
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    state = bench.machine.state()
    assert (state.media, state.book, state.page) == (Media.PRESENT, "B1", 3)


def test_a_person_sees_whether_a_book_is_wanted(bench: Bench) -> None:
    seen = [bench.machine.state().is_awaited]
    bench.tell(set_up(PR2, SHEET, "cp858"))
    seen.append(bench.machine.state().is_awaited)
    bench.machine.insert("B1", 3, RULER)
    seen.append(bench.machine.state().is_awaited)
    bench.machine.take()
    bench.tell(set_up(PR2, SHEET, "cp858"))
    bench.machine.cut(Cut(Target.PRINTER, Now()))
    seen.append(bench.machine.state().is_awaited)
    assert seen == [False, True, False, False]


def test_a_jam_is_freed_by_taking_the_book_out(bench: Bench) -> None:
    bench.load()
    bench.print(1)
    bench.machine.fault(Fault(FaultKind.JAM))
    assert bench.tell(ROUND) == b"\x1br1\x1bB53\x1bZ"
    bench.machine.mend()
    assert bench.machine.state().media is Media.NOT_PRESENT
    assert bench.paper.lines("B1") == once(1)
