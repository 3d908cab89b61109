"""The slip station of an ESC/POS printer at work, by the manual of the Olivetti PR4: one item at a time.

What is read is done in its order, and waits while a slip is awaited or the printer is off line; real-time requests do
not wait.  Power, ports, threads and scripted faults are outside; the surroundings strike, send and hear the events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from drivers.dialects.escpos.escpos_profile import EscposProfile
from drivers.simulator.hostbytes import FS, GS, Control, HostCommand, Text
from drivers.simulator.letters import WIDE_OFF, WIDE_ON, read_letters
from drivers.simulator.mechanism import MOST_BUFFERED, Surroundings
from drivers.simulator.medium import Lying, Medium, MediumEvent
from drivers.simulator.paper import DotColumns, Strike
from drivers.simulator.slip_hostbytes import BIT_IMAGE, RealTimeRequest, SlipCommand, SlipItem, SlipParser
from passbook.document.plan import UNITS_PER_INCH
from passbook.job.states import Reason
from passbook.protocol.media import Media

MOST_WAITING: Final = 4096
"""The items that fit into the receive buffer."""
ASKED_WHILE_EJECTING: Final = 2
"""Real time is faster than a motion: so many questions about a slip that moves out are answered as before it."""
ROLL_COLUMNS: Final = 30
"""The characters that fill a line of the roll, which is then printed."""

_LF, _FF, _CR = 0x0A, 0x0C, 0x0D
_SLIP: Final = 4
_RESTART, _RECOVER, _CANCEL_WAIT = 1, 2, 3
_PRINTER, _OFFLINE, _ERROR, _ROLLS, _SLIP_STATUS = 1, 2, 3, 4, 5
_DENSITIES: Final = (80, 160)
"""Columns to the inch of the bit images of 8 dots, by their mode."""
_ROLL_DOTS: Final = 10 * ROLL_COLUMNS
_WIRES_PER_INCH: Final = 72
_ABOVE: Final = 7
"""Wires above the base line of a text."""
_FONT_CELLS: Final = (12, 10)
"""The half dots of a character of each font."""
_LINE_FEED: Final = 24
"""Steps of a line feed that was not set."""


@dataclass
class SlipMemory:
    """The state that a power cut takes away."""

    parser: SlipParser = field(default_factory=SlipParser)
    segments: list[tuple[int, bytearray]] = field(default_factory=list)
    """Half dots from the left, and as many bytes as cells: a wide letter is two of both."""
    wide: set[int] = field(default_factory=set)
    """The places of segments of wide letters."""
    is_wide: bool = False
    is_shift_jis: bool = False
    """Pairs are read as Shift-JIS and not as JIS."""
    lead: int | None = None
    """The first byte of a wide letter whose second one did not come yet."""
    dots: list[DotColumns] = field(default_factory=list)
    """The parts of a picture."""
    late: list[Strike] = field(default_factory=list)
    """Lines that were answered for and are not struck yet; only the early-replies fault fills this."""
    waiting: deque[SlipItem] = field(default_factory=deque)
    """The receive buffer."""
    failed: Strike | None = None
    """The line whose strike a fault stopped."""
    is_slip: bool = False
    is_awaited: bool = False
    place: int = 0
    font: int = 0
    spacing: int = 0
    code_page: int = 0
    set_stations: int = 3
    """The stations that settings are for: bits for journal, receipt, slip."""
    line_feed: int = _LINE_FEED
    """Steps of a line feed of the slip."""
    struck: bool = False
    """Whether a line was struck since the last automatic status."""
    held: HostCommand | None = None
    """None: it reads on while it waits for a slip."""

    @property
    def cell(self) -> int:
        """The half dots from one character to the next."""
        return _FONT_CELLS[self.font & 1] + self.spacing


class SlipMechanism:
    """One ESC/POS printer with its slip."""

    openings: Final = frozenset(b"J")
    between_lines: Final = frozenset(b"cft")

    def __init__(self, profile: EscposProfile, surroundings: Surroundings) -> None:
        self._profile = profile
        self._step = UNITS_PER_INCH // profile.vertical_unit
        self._around = surroundings
        self.medium = Medium()
        self.conditions: set[Reason] = set()
        self.early_replies = False
        self.memory = SlipMemory()
        self._is_given_back = False
        self._late_answers = 0
        """How often the sensors are still asked while the slip moves out."""
        self._commands: dict[tuple[int, str], Callable[[bytes], None]] = {
            (0x1B, "@"): self._initialize,
            (0x1B, "c"): self._select,
            (0x1B, "J"): self._feed,
            (0x1B, "3"): self._set_line_feed,
            (0x1B, "$"): self._go_across,
            (0x1B, BIT_IMAGE): self._buffer_dots,
            (0x1B, "!"): self._set_font,
            (0x1B, " "): self._set_spacing,
            (0x1B, "t"): self._set_code_page,
            (GS, "a"): self._report,
            (FS, WIDE_ON): self._read_pairs,
            (FS, WIDE_OFF): self._read_bytes,
            (FS, "C"): self._set_pairs,
        }

    def lose_power(self) -> None:
        """Forget all state except the place of the slip."""
        self.memory = SlipMemory()

    def take(self, byte: int) -> None:
        """Read one byte from the host; do what it completes, or keep that until it can be done."""
        item = self.memory.parser.feed(byte)
        if isinstance(item, RealTimeRequest):
            self._do_at_once(item)
            item = item.besides
        if item is not None and len(self.memory.waiting) < MOST_WAITING:
            self.memory.waiting.append(item)
        self._work()

    def _work(self) -> None:
        """Do what waits, as far as that is possible now."""
        while self.memory.waiting and not self.memory.is_awaited and not self._is_offline():
            self._do(self.memory.waiting.popleft())

    def _is_offline(self) -> bool:
        return bool(self.conditions or self.memory.failed) or self.medium.where is Media.JAMMED

    def _do(self, item: SlipItem) -> None:
        match item:
            case Text(code):
                self._buffer(code)
            case Control(code):
                self._control(code)
            case SlipCommand(lead, letter, parameters):
                self._commands.get((lead, letter), self._pass_over)(parameters)

    def _pass_over(self, _parameters: bytes) -> None:
        """A command that prints and moves nothing."""

    # Persons

    def put(self, lying: Lying) -> None:
        """A person puts a slip into the slot.  Raises ValueError when one is there."""
        self.medium.move(MediumEvent.PUT, lying)
        self._is_given_back = False
        if self.memory.is_awaited:
            self._load()
        self._work()

    def mend(self) -> None:
        """A person freed the jam and closed the cover; what waits is done, but no line whose strike was stopped."""
        self.conditions.clear()
        self.early_replies = False
        self._work()

    def end_wait(self) -> None:
        """The time for putting a slip in is over: the printer goes on with its roll."""
        if self.memory.is_awaited:
            self.memory.is_slip = self.memory.is_awaited = False
            self._work()

    # Real time

    def _do_at_once(self, request: RealTimeRequest) -> None:
        if not request.is_enquiry:
            self._answer(request.number)
        elif request.number == _CANCEL_WAIT and self.memory.is_awaited:
            self._clear_buffers()
            self.memory.is_slip = self.memory.is_awaited = False
        elif request.number == _RECOVER and self._has_error():
            self._clear_buffers()
        elif request.number == _RESTART and self._has_error():
            self._restart_line()

    def _has_error(self) -> bool:
        return self.memory.failed is not None or self.medium.where is Media.JAMMED

    def _clear_buffers(self) -> None:
        memory = self.memory
        memory.waiting.clear()
        memory.segments.clear()
        memory.lead = None
        memory.dots.clear()
        memory.late.clear()
        memory.failed = None
        memory.parser = SlipParser()

    def _restart_line(self) -> None:
        """Strike the line of the error from its beginning, on the slip or, where it is out, on the next one."""
        failed, self.memory.failed = self.memory.failed, None
        if failed is not None and self.medium.where is Media.PRESENT:
            self._strike_now(failed)
        elif failed is not None:
            self.memory.late.append(failed)
            self.memory.is_awaited = True
        self._work()

    def _answer(self, number: int) -> None:
        bits = {
            _PRINTER: 1 << 3 if self._is_offline() else 0,
            _OFFLINE: (1 << 2 if Reason.COVER_OPEN in self.conditions else 0) | (1 << 6 if self._has_error() else 0),
            _ERROR: 1 << 2 if self.medium.where is Media.JAMMED else 0,
            _ROLLS: 0,
            _SLIP_STATUS: self._slip_bits() if number == _SLIP_STATUS else 0,
        }.get(number)
        if bits is not None:
            self._around.send(bytes([0x12 | bits]))

    def _slip_bits(self) -> int:
        if self._late_answers and self.medium.where is Media.ENTERING:
            self._late_answers -= 1
            return 0
        not_selected = 0 if self.memory.is_slip else 1 << 2
        awaited = 1 << 3 if self.memory.is_awaited else 0
        return not_selected | awaited | self._sensor_bits()

    def _sensor_bits(self) -> int:
        where = self.medium.where
        if where is Media.NOT_PRESENT:
            return 1 << 5 | 1 << 6
        if where is Media.ENTERING:
            return 1 << 5 if self._is_given_back else 1 << 6
        return 0

    # In order

    def _report(self, parameters: bytes) -> None:
        """Send the present status; 0 switches the report of changes off, of which there are none between the two."""
        if parameters == b"\0":
            return
        printer = 0x10 | (1 << 3 if self._is_offline() else 0)
        not_loaded = 0 if self.medium.where is Media.PRESENT else 1 << 1
        slip = (0 if self.memory.is_slip else 1) | not_loaded
        self._around.send(bytes([printer, 0, self._sensor_bits(), slip]))
        self.memory.struck = False

    def ends_line(self, answer: bytes) -> bool:
        """Whether a line ends with this answer: the first automatic status behind its strike."""
        return len(answer) > 1 and self.memory.struck

    def _initialize(self, _parameters: bytes) -> None:
        """Everything is as after power-on, but for the receive buffer and a slip that is awaited."""
        fresh = SlipMemory(parser=self.memory.parser, waiting=self.memory.waiting)
        self.memory = fresh

    def _select(self, parameters: bytes) -> None:
        if parameters[:1] == b"1":
            self.memory.set_stations = parameters[1]
        if parameters[:1] != b"0" or self.memory.segments or self.memory.dots:
            return
        self._strike_late()
        self.memory.is_slip = parameters[1] == _SLIP
        if not self.memory.is_slip or self.medium.where is Media.PRESENT:
            return
        self.memory.is_awaited = True
        if self.medium.where is Media.ENTERING and not self._is_given_back:
            self._load()
        else:
            self._around.happened("document-wanted")

    def _load(self) -> None:
        self.memory.is_awaited = False
        self.medium.move(MediumEvent.DRAW)
        self.medium.y = self._profile.form.start * self._step
        self._around.happened("drawn-in")

    def _set_line_feed(self, parameters: bytes) -> None:
        if self.memory.set_stations & _SLIP:
            self.memory.line_feed = parameters[0]

    def _set_font(self, parameters: bytes) -> None:
        self.memory.font = parameters[0]

    def _set_spacing(self, parameters: bytes) -> None:
        self.memory.spacing = parameters[0]

    def _set_code_page(self, parameters: bytes) -> None:
        self.memory.code_page = parameters[0]

    def _go_across(self, parameters: bytes) -> None:
        place = int.from_bytes(parameters, "little")
        if place < self._profile.across.reach:
            self.memory.place = place

    def _buffer(self, code: int) -> None:
        memory = self.memory
        if memory.is_wide and memory.lead is None:
            memory.lead = code
            return
        letter = bytes([code]) if memory.lead is None else bytes([memory.lead, code])
        memory.lead = None
        if sum(len(text) for _, text in memory.segments) >= (MOST_BUFFERED if memory.is_slip else ROLL_COLUMNS):
            self._strike()
        last = memory.segments[-1] if memory.segments else None
        follows = last is not None and last[0] + len(last[1]) * memory.cell == memory.place
        if last is None or not follows or (last[0] in memory.wide) != memory.is_wide:
            memory.segments.append((memory.place, bytearray()))
            (memory.wide.add if memory.is_wide else memory.wide.discard)(memory.place)
        memory.segments[-1][1].extend(letter)
        memory.place += memory.cell * len(letter)

    def _read_pairs(self, _parameters: bytes) -> None:
        self.memory.is_wide, self.memory.lead = True, None

    def _read_bytes(self, _parameters: bytes) -> None:
        self.memory.is_wide, self.memory.lead = False, None

    def _set_pairs(self, parameters: bytes) -> None:
        self.memory.is_shift_jis = parameters[0] == 1

    def _buffer_dots(self, parameters: bytes) -> None:
        """Keep the columns of a bit image of 8 dots; other images, and what is right of the reach, leave no dots."""
        if not self.memory.is_slip and sum(len(part.columns) for part in self.memory.dots) >= _ROLL_DOTS:
            self._strike()
        mode, columns = parameters[0], parameters[3:]
        step = self._profile.across.unit // (_DENSITIES[mode] if mode < len(_DENSITIES) else 1)
        room = max(self._profile.across.reach - self.memory.place, 0) // step
        if mode < len(_DENSITIES) and columns[:room]:
            across, x = (
                UNITS_PER_INCH // _DENSITIES[mode],
                self.memory.place * UNITS_PER_INCH // self._profile.across.unit,
            )
            self.memory.dots.append(DotColumns(x, columns[:room], across, UNITS_PER_INCH // _WIRES_PER_INCH, _ABOVE))
            self.memory.place += len(columns[:room]) * step

    def _control(self, code: int) -> None:
        if code in {_LF, _CR}:
            self._feed(bytes([self.memory.line_feed if code == _LF else 0]))
        elif code == _FF:
            self._eject()

    def _feed(self, parameters: bytes) -> None:
        self._strike_late()
        self._strike()
        if self.memory.is_slip and self.medium.where is Media.PRESENT:
            self.medium.y += parameters[0] * self._step

    def _eject(self) -> None:
        self._strike_late()
        self._strike()
        if self.memory.is_slip and self.medium.where is Media.PRESENT:
            self.medium.move(MediumEvent.EJECT)
            self._is_given_back = True
            self._late_answers = ASKED_WHILE_EJECTING
            self._around.happened("ejected")

    def _strike(self) -> None:
        memory = self.memory
        if memory.is_slip and self.medium.where is not Media.PRESENT and (memory.segments or memory.dots):
            # The line waits with everything behind it for a slip.
            memory.is_awaited = True
            memory.waiting.appendleft(Control(_CR))
            return
        memory.place = 0
        if not memory.segments and not memory.dots:
            return
        memory.struck = True
        strike = self._line_of(memory.segments, memory.dots)
        memory.segments, memory.dots = [], []
        if self.early_replies:
            memory.late.append(strike)
        else:
            self._strike_now(strike)

    def _strike_late(self) -> None:
        late, self.memory.late = self.memory.late, []
        for strike in late:
            self._strike_now(strike)

    def _strike_now(self, strike: Strike) -> None:
        if not self.memory.is_slip:
            self._around.happened("printed-on-roll")
        elif not self._around.strike(strike) or self.medium.where is Media.JAMMED:
            self.memory.failed = strike

    def _line_of(self, segments: list[tuple[int, bytearray]], dots: list[DotColumns]) -> Strike:
        cell, unit = self.memory.cell, self._profile.across.unit
        left = min((place for place, _ in segments), default=0) % cell
        runs = tuple(((place - left) // cell + 1, self._decode(place, text)) for place, text in segments)
        wide = frozenset((place - left) // cell + 1 for place in self.memory.wide)
        return Strike(self.medium.y, runs, unit / cell, left * UNITS_PER_INCH // unit, tuple(dots), wide)

    def _decode(self, place: int, text: bytearray) -> str:
        wide = place in self.memory.wide
        if wide and not self.memory.is_shift_jis:
            return bytes(byte | 0x80 for byte in text).decode("euc_jp", "replace")
        return read_letters(self._profile, self.memory.code_page, bytes(text), wide=wide)
