"""The mechanism under power: takes bytes in one by one, counts them, strikes, answers, and loses power to the byte.

One thread runs `step`, and `fill` also while the head moves; persons (the control socket) act from others. One lock
covers all of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from drivers.simulator.family import FamilyProfile, build_mechanism
from drivers.simulator.faults import Cut, Fault, FaultKind, Now, Script, Target
from drivers.simulator.hostbytes import DEL, ESC, Reading, is_text
from drivers.simulator.mechanism import USUAL_CODE_PAGE
from drivers.simulator.medium import Lying, MediumEvent
from drivers.simulator.paper import DotColumns, Paper, Ruler, Strike
from passbook.job.states import Reason
from passbook.protocol.media import Media

INPUT_BUFFER: Final = 256
"""Bytes that the mechanism takes in ahead of its work; the rest waits in the cable."""

_CONDITIONS: Final = {FaultKind.COVER_OPEN: Reason.COVER_OPEN, FaultKind.RIBBON_OUT: Reason.RIBBON_OUT}


class HostLine(Protocol):
    """The cable to the host."""

    def read(self, limit: int) -> bytes | None:
        """The bytes that have arrived, without waiting; None when the host has hung up."""

    def send(self, data: bytes) -> None:
        """Send to the host, if there is one."""

    def drop(self) -> None:
        """End the connection and forget the bytes in the cable."""


class Plug(Protocol):
    """The end of the cable at the mechanism."""

    def pull(self) -> None:
        """Pull the cable out."""

    def plug(self) -> None:
        """Put it back in."""


class MachineEvent(msgspec.Struct, frozen=True):
    """One event; numbered from 1."""

    number: int
    name: str


class State(msgspec.Struct, frozen=True, rename="camel"):
    """The state that a person at the mechanism could see, and the counters of the script."""

    powered: bool
    media: Media
    book: str | None
    page: int | None
    reading: Reading
    buffered: int
    """Characters in the print memory."""
    received: int
    """Bytes taken in since the boot."""
    lines: int
    """Lines begun since the boot."""
    last_line_bytes: int
    """Bytes of the last finished line, in both directions."""
    strikes: int
    is_awaited: bool
    """Whether the mechanism wants a medium and none was put in since."""
    events: int
    armed: list[str]


class _PowerLost(BaseException):
    """Unwinds the work of the mechanism; its power has gone."""


@dataclass
class _Line:
    number: int
    bytes: int = 0
    written: bool = False
    """Whether text or its strike was read."""


class Machine:
    """The simulator without its cables and its sockets."""

    def __init__(
        self,
        profile: FamilyProfile,
        unit: int,
        paper: Paper,
        line: HostLine,
        end_process: Callable[[int], None],
        plug: Plug | None = None,
        *,
        code_page: str = USUAL_CODE_PAGE,
    ) -> None:
        """`end_process` ends a process by its id and returns when it is gone; without `plug` no cable can be pulled."""
        self._changed = threading.Condition()
        self._mechanism = build_mechanism(profile, unit, self, code_page=code_page)
        self._paper = paper
        self._cable = line
        self._end_process = end_process
        self._plug = plug
        self._script = Script()
        self._input = bytearray()
        self._powered = True
        self._host_listens = True
        self._host_gone = False
        self._received = 0
        self._lines = 0
        self._line: _Line | None = None
        self._last_line_bytes = 0
        self._strikes_of_step = 0
        self._events: list[MachineEvent] = []
        self._stopped = False

    # The thread at the cable

    def fill(self) -> None:
        """Take in the bytes that have arrived, as far as there is room."""
        with self._changed:
            if not self._powered:
                self._cable.drop()
                return
            room = INPUT_BUFFER - len(self._input)
            if not room:
                return
            data = self._cable.read(room)
            self._host_gone = data is None
            self._host_listens |= bool(data)
            self._input += data or b""

    @property
    def has_room(self) -> bool:
        """Whether the mechanism can take in one more byte ahead of its work."""
        return len(self._input) < INPUT_BUFFER

    def step(self) -> int | None:
        """Do the work of the next byte; return the number of lines struck by it, or None without a byte."""
        with self._changed:
            if not self._powered or not self._input or self._mechanism.memory.held or self._lone_escape():
                return None
            self._strikes_of_step = 0
            byte = self._input.pop(0)
            try:
                self._consume(byte)
            except _PowerLost:
                self._power_off()
            return self._strikes_of_step

    def await_medium(self) -> None:
        """Return when no command waits for a document."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._mechanism.memory.held)

    def _lone_escape(self) -> bool:
        """Whether the mechanism must see the byte behind an ESC first: it tells if a line begins here."""
        return self._input == bytes([ESC]) and not self._host_gone

    def _consume(self, byte: int) -> None:
        self._received += 1
        self._mark_line(byte)
        self._cut_now(self._script.cut_at_byte(self._received))
        self._count_line_byte()
        self._mechanism.take(byte)

    def _mark_line(self, byte: int) -> None:
        if self._mechanism.memory.parser.reading is not Reading.GROUND:
            return
        if byte != ESC:
            if is_text(byte) and not self._line:
                self._begin_line()
            # A DEL drops text and begins no line.
            if self._line and byte != DEL:
                self._line.written = True
            return
        following = self._input[0] if self._input else None
        if following in self._mechanism.between_lines:
            self._end_line()
        # A positioning behind the strike, to this line or ahead to the next, asks whether the mechanism still knows its
        # set-up: it belongs to the line.
        if following in self._mechanism.openings and not self._line:
            self._begin_line()

    def _begin_line(self) -> None:
        self._lines += 1
        self._line = _Line(self._lines)

    def _count_line_byte(self) -> None:
        if self._line:
            self._line.bytes += 1
            self._cut_now(self._script.cut_at_line_byte(self._line.number, self._line.bytes))

    def _end_line(self) -> None:
        line, self._line = self._line, None
        if line:
            self._last_line_bytes = line.bytes
            self._cut_now(self._script.cut_at_line_byte(line.number, line.bytes, last=True))

    # The surroundings of the mechanism

    def send(self, data: bytes) -> None:
        """Send an answer byte by byte: a cut may fall between two bytes."""
        out = self._script.spoiled(data)
        for position in range(len(out)):
            self._send_byte(out[position : position + 1])
        if self._line and self._line.written and self._mechanism.ends_line(data):
            self._end_line()

    def _send_byte(self, byte: bytes) -> None:
        if self._host_listens:
            self._cable.send(byte)
        self._count_line_byte()

    def strike(self, strike: Strike) -> bool:
        """Put a line on paper, as far as the script allows."""
        number = self._line.number if self._line else self._lines
        for fault in self._script.faults_at(number):
            self._apply(fault, strike)
        if self._mechanism.medium.where is not Media.PRESENT:
            return True
        if self._mechanism.conditions:
            return False
        cut = self._script.cut_in_strike(number)
        if cut is not None:
            self._cut_in_strike(cut, strike)
        self._put_on_paper(strike)
        self._cut_now(self._script.cut_after_strike(number))
        return True

    def _cut_in_strike(self, cut: Cut, strike: Strike) -> None:
        if cut.target in {Target.PRINTER, Target.BOTH}:
            self._put_on_paper(_first_characters(strike, _characters(cut)))
        self._cut_now(cut)

    def _put_on_paper(self, strike: Strike) -> None:
        lying = self._mechanism.medium.lying
        if lying is None:
            return
        self._strikes_of_step += 1
        self._paper.strike(lying.book, lying.page, *strike)
        self._paper.save()
        self.happened("struck")

    def happened(self, event: str) -> None:
        """Number an event and wake the threads that wait for it."""
        with self._changed:
            self._events.append(MachineEvent(len(self._events) + 1, event))
            self._changed.notify_all()

    # Power

    def _cut_now(self, cut: Cut | None) -> None:
        """End the appliance here; for the mechanism itself unwind to where its power can go."""
        if cut is None:
            return
        if cut.target is not Target.PRINTER:
            if cut.pid is not None:
                self._end_process(cut.pid)
            self._host_listens = False
            self._input.clear()
            self._line = None
            self._cable.drop()
        if cut.target is Target.CABLE and self._plug is not None:
            self._plug.pull()
        if cut.target in {Target.PRINTER, Target.BOTH}:
            raise _PowerLost
        self.happened("cut")

    def _power_off(self) -> None:
        self._powered = False
        self._input.clear()
        self._line = None
        self._mechanism.lose_power()
        self._cable.drop()
        self.happened("cut")

    # Persons

    def insert(self, book: str, page: int, ruler: Ruler | None) -> None:
        """Put a book, open at `page`, into the slot. Raises ValueError if one is there or the book has no ruler."""
        with self._changed:
            if self._mechanism.medium.where is not Media.NOT_PRESENT:
                raise ValueError(f"the medium is {self._mechanism.medium.where.value}")
            open_at = self._script.page(page)
            self._paper.lay(book, open_at, ruler)
            self._paper.save()
            self.happened("inserted")
            try:
                self._mechanism.put(Lying(book, open_at))
            except _PowerLost:
                self._power_off()

    def take(self) -> None:
        """Take the book out of the slot.  Raises ValueError when none lies there."""
        with self._changed:
            self._mechanism.medium.move(MediumEvent.TAKE)
            self.happened("taken")

    def turn(self, page: int) -> None:
        """Take the book out and put it in again, open at `page`, before the host can ask for its place.

        Raises ValueError when none lies in the slot.
        """
        with self._changed:
            lying = self._mechanism.medium.lying
            self.take()
            if lying is not None:
                self.insert(lying.book, page, None)

    def cut(self, cut: Cut) -> None:
        """Cut power or pull the cable now, or arm it.  Raises ValueError for a cable that cannot be pulled out."""
        with self._changed:
            if cut.target is Target.CABLE and self._plug is None:
                raise ValueError("this cable cannot be pulled out")
            if not isinstance(cut.when, Now):
                self._script.arm_cut(cut, self._received, self._lines)
                return
            try:
                self._cut_now(cut)
            except _PowerLost:
                self._power_off()

    def restore(self) -> None:
        """Give the mechanism its power back."""
        with self._changed:
            self._powered = True
            self.happened("restored")

    def plug(self) -> None:
        """Put the cable back in that was pulled out."""
        with self._changed:
            if self._plug is not None:
                self._plug.plug()
            self.happened("plugged")

    def fault(self, fault: Fault) -> None:
        """Let a fault happen now, or arm it for a line.  Raises ValueError for a jam without a book in the path."""
        with self._changed:
            if fault.line is None:
                self._apply(fault, Strike(0, ()))
            else:
                self._script.arm_fault(fault, self._lines)

    def _apply(self, fault: Fault, strike: Strike) -> None:
        match fault.kind:
            case FaultKind.JAM:
                self._jam(_first_characters(strike, fault.characters))
            case FaultKind.COVER_OPEN | FaultKind.RIBBON_OUT:
                self._mechanism.conditions.add(_CONDITIONS[fault.kind])
            case FaultKind.SILENT:
                self._script.silent = True
            case FaultKind.GARBAGE | FaultKind.HALF_REPLY:
                self._script.spoil_next(fault.kind)
            case FaultKind.EARLY_REPLIES:
                self._mechanism.early_replies = True
            case FaultKind.PULLED_OUT:
                self._mechanism.medium.move(MediumEvent.PULL)
            case FaultKind.INSERTION_TIMEOUT:
                self._mechanism.end_wait()
            case FaultKind.WRONG_PAGE:
                self._script.expect_wrong_page(fault.page)
        self.happened(fault.kind.value)

    def _jam(self, struck: Strike) -> None:
        if self._mechanism.medium.where is Media.PRESENT and struck.runs:
            self._put_on_paper(struck)
        self._mechanism.medium.move(MediumEvent.JAM)

    def mend(self) -> None:
        """A person frees a jam (the book comes out), closes the cover, puts a ribbon in; it answers again."""
        with self._changed:
            if self._mechanism.medium.where is Media.JAMMED:
                self._mechanism.medium.move(MediumEvent.FREE)
            self._script.silent = False
            try:
                self._mechanism.mend()
            except _PowerLost:
                self._power_off()
            self.happened("mended")

    def state(self) -> State:
        """The state of the mechanism."""
        with self._changed:
            memory, lying = self._mechanism.memory, self._mechanism.medium.lying
            return State(
                powered=self._powered,
                media=self._mechanism.medium.where,
                book=lying.book if lying else None,
                page=lying.page if lying else None,
                reading=memory.parser.reading,
                buffered=sum(len(text) for _, text in memory.segments),
                received=self._received,
                lines=self._lines,
                last_line_bytes=self._last_line_bytes,
                strikes=self._paper.strikes,
                is_awaited=self._is_awaited(),
                events=len(self._events),
                armed=self._script.armed,
            )

    def _is_awaited(self) -> bool:
        told = (event.name for event in reversed(self._events))
        return next((name for name in told if name in {"document-wanted", "inserted", "cut"}), "") == "document-wanted"

    def wait(self, name: str, after: int, timeout: float) -> MachineEvent | None:
        """The first event of that name with a number above `after`; None when `timeout` seconds did not bring it."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._find(name, after) is not None, timeout)
            return self._find(name, after)

    def _find(self, name: str, after: int) -> MachineEvent | None:
        return next((event for event in self._events[after:] if event.name == name), None)

    def stop(self) -> None:
        """End every wait."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def _characters(cut: Cut) -> int:
    return getattr(cut.when, "characters", 0)


def _first_characters(strike: Strike, count: int) -> Strike:
    """The part of a strike that is on paper when it ends after `count` characters, or as many columns of dots."""
    kept: list[tuple[int, str]] = []
    for column, text in strike.runs:
        if count > 0:
            kept.append((column, text[:count]))
        count -= len(text)
    parts: list[DotColumns] = []
    for part in strike.dots:
        parts.append(part._replace(columns=part.columns[: max(count, 0)]))
        count -= len(part.columns)
    return strike._replace(runs=tuple(kept), dots=tuple(parts))
