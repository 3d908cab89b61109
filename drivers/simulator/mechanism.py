"""The mechanism at work: the PR2 command set, one item at a time.

Power, ports, threads and scripted faults are outside; the surroundings strike, send and hear the events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from drivers.dialects.pr2.own_setup import setup_bytes
from drivers.dialects.pr2.pr2_profile import Pr2Profile
from drivers.simulator.hostbytes import DEL, Control, HostCommand, HostParser, Item, Switch, Text
from drivers.simulator.letters import WIDE_OFF, WIDE_ON, read_letters
from drivers.simulator.medium import Lying, Medium, MediumEvent
from drivers.simulator.paper import Strike
from passbook.document.plan import UNITS_PER_INCH
from passbook.job.states import Reason
from passbook.protocol.media import Media

LINE_FEED: Final = UNITS_PER_INCH // 6
TOP_UNIT: Final = UNITS_PER_INCH // 240
MOST_BUFFERED: Final = 512
"""The characters that fit into the print memory."""

USUAL_CODE_PAGE: Final = "cp858"
"""The code page of a printer's own set-up, unless another one is chosen."""

_LEAST_DOCUMENT, _MOST_DOCUMENT = 17, 118
_LEAST_TOP: Final = 70
_CARRIAGE: Final = 94 * UNITS_PER_INCH // 10
_OFFSET_UNIT: Final = UNITS_PER_INCH // 120
_MOST_OFFSET: Final = 999
_PITCHES: Final = {"<": 10.0, "=": 12.0, ">": 50 / 3}
_CR, _LF, _FF = 0x0D, 0x0A, 0x0C


class Surroundings(Protocol):
    """The surroundings that the mechanism needs."""

    def send(self, data: bytes) -> None:
        """Send to the host."""

    def strike(self, strike: Strike) -> bool:
        """Strike onto the paper; False when a fault kept the line in the print memory."""

    def happened(self, event: str) -> None:
        """Tell an event to the watchers."""


@dataclass
class TextBuffer:
    """The state that a power cut takes away."""

    parser: HostParser = field(default_factory=HostParser)
    segments: list[tuple[int, bytearray]] = field(default_factory=list)
    """First cell, and as many bytes as cells: a wide letter is two of both."""
    wide: set[int] = field(default_factory=set)
    """The first cells of segments of wide letters."""
    is_wide: bool = False
    lead: int | None = None
    """The first byte of a wide letter whose second one did not come yet."""
    late: list[Strike] = field(default_factory=list)
    """Lines that were confirmed and not struck yet; only the early-replies fault fills this."""
    rejected: bool = False
    front_stand: bool = False
    length: int | None = None
    top: int = _LEAST_TOP * TOP_UNIT
    bottom: int = 0
    spacing: int = LINE_FEED
    cpi: float = _PITCHES["<"]
    left: int = 0
    """The horizontal offset, in 1/2160 inch."""
    column: int = 1
    code_page: int = 0
    announces: bool = False
    held: HostCommand | None = None
    """A positioning that waits for a document; nothing is read before it is done."""

    @property
    def columns(self) -> int:
        """The last column that the carriage reaches."""
        return int((_CARRIAGE - self.left) * self.cpi / UNITS_PER_INCH)


class Mechanism:
    """One PR2 with its book."""

    openings: Final = frozenset(b"/LH")
    """The commands that a line can begin with, besides its text."""
    between_lines: Final = frozenset(b"On")
    """The eject, and the procedure that every set-up begins with."""

    def __init__(
        self, profile: Pr2Profile, unit: int, surroundings: Surroundings, *, code_page: str = USUAL_CODE_PAGE
    ) -> None:
        """`unit`: steps to the inch as chosen in the printer's own set-up, 240 or 216; `code_page` likewise."""
        self._profile = profile
        self._own_setup = setup_bytes(profile, unit, code_page)
        self._step = UNITS_PER_INCH // unit
        self._around = surroundings
        self.medium = Medium()
        self.conditions: set[Reason] = set()
        self.early_replies = False
        self.memory = TextBuffer()
        self._commands: dict[str, Callable[[bytes], bool]] = {
            **dict.fromkeys("n()34+W", self._nothing),
            **dict.fromkeys("*R'#U", self._nothing),
            "0": self._reset,
            "l": self._reset_error,
            ".": self._automatic,
            "_": self._manual,
            "S": self._select,
            "Q": self._set_length,
            "T": self._set_top,
            "M": self._set_bottom,
            "&": self._set_spacing,
            "J": self._set_margin,
            "[": self._set_code_page,
            **{letter: self._pitch(cpi) for letter, cpi in _PITCHES.items()},
            "|": self._offset,
            "H": self._horizontal,
            "I": self._relative,
            "L": self._line,
            "/": self._vertical,
            "O": self._eject,
            "j": self._status,
            " ": self._request,
            "Z": self._identify,
        }

    def lose_power(self) -> None:
        """Forget all state except the place of the book."""
        self.memory = TextBuffer()

    def take(self, byte: int) -> None:
        """Read one byte from the host, and do what it completes."""
        item = self.memory.parser.feed(byte)
        if item is not None:
            self.execute(item)

    def execute(self, item: Item) -> None:
        """Do one item; a refusal shows in the next status."""
        match item:
            case Text(code):
                self._buffer(code)
            case Control(code):
                self._control(code)
            case Switch(letter):
                self._switch(letter)
            case HostCommand(letter, parameters):
                command = self._commands.get(letter, self._unknown)
                if not command(parameters):
                    self.memory.rejected = True

    def put(self, lying: Lying) -> None:
        """A person puts a book into the slot.  Raises ValueError when one is there."""
        self.medium.move(MediumEvent.PUT, lying)
        if self.memory.announces:
            self._status(b"")
        held, self.memory.held = self.memory.held, None
        if held is not None:
            self.execute(held)

    def mend(self) -> None:
        """A person closed the cover and put a ribbon in."""
        self.conditions.clear()
        self.early_replies = False

    def end_wait(self) -> None:
        """Nothing: it waits for a document for ever."""

    def ends_line(self, answer: bytes) -> bool:
        """Whether a line ends with this answer behind its strike."""
        return answer.startswith(b"\x1bB")

    def _buffer(self, code: int) -> None:
        memory = self.memory
        if memory.is_wide and memory.lead is None:
            memory.lead = code
            return
        letter = bytes([code]) if memory.lead is None else bytes([memory.lead, code])
        memory.lead = None
        buffered = sum(len(text) for _, text in memory.segments)
        if memory.column + len(letter) - 1 > memory.columns or buffered >= MOST_BUFFERED:
            memory.rejected = True
            return
        last = memory.segments[-1] if memory.segments else None
        if last is None or _end(last) != memory.column or (last[0] in memory.wide) != memory.is_wide:
            memory.segments.append((memory.column, bytearray()))
            (memory.wide.add if memory.is_wide else memory.wide.discard)(memory.column)
        memory.segments[-1][1].extend(letter)
        memory.column += len(letter)

    def _switch(self, letter: str) -> None:
        """Read the text behind it in pairs, or byte by byte; half a pair is dropped."""
        if letter in {WIDE_ON, WIDE_OFF}:
            self.memory.is_wide, self.memory.lead = letter == WIDE_ON, None

    def _control(self, code: int) -> None:
        if code in {_CR, _LF}:
            self._strike()
            self.memory.column = 1
            self.medium.y += self.memory.spacing if code == _LF else 0
        elif code == _FF:
            self.memory.rejected |= not self._eject(b"")
        elif code == DEL:
            self.memory.segments.clear()
            self.memory.lead = None
            self.memory.column = 1

    def _strike(self) -> None:
        memory = self.memory
        if not memory.segments:
            return
        if self.medium.where is not Media.PRESENT:
            memory.segments.clear()
            memory.rejected = True
            return
        runs = tuple((column, self._decode(column, text)) for column, text in memory.segments)
        strike = Strike(self.medium.y, runs, memory.cpi, memory.left, wide=frozenset(memory.wide))
        if self.early_replies:
            memory.late.append(strike)
        elif self.conditions or not self._around.strike(strike):
            return
        memory.segments.clear()

    def _strike_late(self) -> None:
        for strike in self.memory.late:
            self._around.strike(strike)
        self.memory.late.clear()

    def _decode(self, column: int, text: bytearray) -> str:
        memory = self.memory
        return read_letters(self._profile, memory.code_page, bytes(text), wide=column in memory.wide)

    def _nothing(self, _parameters: bytes) -> bool:
        return True

    def _unknown(self, _parameters: bytes) -> bool:
        return False

    def _reset(self, _parameters: bytes) -> bool:
        self.memory = TextBuffer()
        return True

    def _reset_error(self, _parameters: bytes) -> bool:
        self.memory.rejected = False
        return True

    def _automatic(self, _parameters: bytes) -> bool:
        self.memory.announces = True
        if self.medium.where is Media.NOT_PRESENT:
            self._around.happened("document-wanted")
        return True

    def _manual(self, _parameters: bytes) -> bool:
        self.memory.announces = False
        return True

    def _select(self, parameters: bytes) -> bool:
        self.memory.front_stand = parameters == b"5"
        return self._outside_field()

    def _set_length(self, parameters: bytes) -> bool:
        lines = number(parameters, longest=3)
        if lines is None or not _LEAST_DOCUMENT <= lines <= _MOST_DOCUMENT or self.medium.where is Media.PRESENT:
            return False
        self.memory.length = lines * LINE_FEED
        return self._outside_field()

    def _set_top(self, parameters: bytes) -> bool:
        top = number(parameters)
        if top is None or top < _LEAST_TOP or self.medium.where is Media.PRESENT:
            return False
        self.memory.top = top * TOP_UNIT
        return True

    def _set_bottom(self, parameters: bytes) -> bool:
        lines = number(parameters)
        if lines is None or self.medium.where is Media.PRESENT:
            return False
        self.memory.bottom = lines * LINE_FEED
        return True

    def _set_spacing(self, parameters: bytes) -> bool:
        steps = number(parameters)
        if steps is None:
            return False
        self.memory.spacing = steps * self._step or LINE_FEED
        return self._outside_field()

    def _set_margin(self, parameters: bytes) -> bool:
        return number(parameters) is not None and self._outside_field()

    def _set_code_page(self, parameters: bytes) -> bool:
        page = number(parameters)
        if page is None or page not in {each.number for each in self._profile.code_pages.values()}:
            return False
        self.memory.code_page = page
        return self._outside_field()

    def _pitch(self, cpi: float) -> Callable[[bytes], bool]:
        def choose(_parameters: bytes) -> bool:
            if not self._outside_field():
                return False
            self.memory.cpi = cpi
            return True

        return choose

    def _offset(self, parameters: bytes) -> bool:
        steps = number(parameters[1:])
        if parameters[:1] != b"A" or steps is None or steps > _MOST_OFFSET or not self._outside_field():
            return False
        self.memory.left = steps * _OFFSET_UNIT
        return True

    def _outside_field(self) -> bool:
        """Set-up is refused while text waits in the print memory."""
        return not self.memory.segments

    def _horizontal(self, parameters: bytes) -> bool:
        column = number(parameters)
        if column is None or not 1 <= column <= self.memory.columns:
            return False
        self.memory.column = column
        return True

    def _relative(self, parameters: bytes) -> bool:
        lines = number(parameters)
        if lines is None or self.medium.where is not Media.PRESENT:
            return False
        self._strike()
        self.medium.y += lines * self.memory.spacing
        return True

    def _line(self, parameters: bytes) -> bool:
        line = number(parameters)
        y = None if line is None else self.memory.top + line * self.memory.spacing
        return self._move(HostCommand("L", parameters), y)

    def _vertical(self, parameters: bytes) -> bool:
        steps, memory = number(parameters[1:]), self.memory
        if steps is None or memory.length is None or parameters[:1] not in {b"0", b"1"}:
            return False
        way = steps * self._step
        return self._move(
            HostCommand("/", parameters), way if parameters[:1] == b"1" else memory.length - memory.bottom - way
        )

    def _move(self, command: HostCommand, y: int | None) -> bool:
        """Move to `y`, drawing the document in; strike the print memory first."""
        memory = self.memory
        if y is None or memory.length is None or not memory.front_stand:
            return False
        if not memory.top <= y <= memory.length - memory.bottom or self.medium.where is Media.JAMMED:
            return False
        self._strike_late()
        self._strike()
        if self.medium.where is Media.NOT_PRESENT:
            memory.held = command
            self._around.happened("document-wanted")
            return True
        if self.medium.where is Media.ENTERING:
            self.medium.move(MediumEvent.DRAW)
            self._around.happened("drawn-in")
        self.medium.y = y
        return True

    def _eject(self, _parameters: bytes) -> bool:
        self._strike_late()
        self._strike()
        if self.medium.where is not Media.PRESENT:
            return self.medium.where is Media.ENTERING
        self.medium.move(MediumEvent.EJECT)
        self._around.happened("ejected")
        return True

    def _status(self, _parameters: bytes) -> bool:
        self._around.send(b"\x1br" + self._status_code().encode())
        return True

    def _status_code(self) -> str:
        reasons = set(self.conditions)
        if self.medium.where is Media.JAMMED:
            reasons.add(Reason.MEDIA_JAM)
        if self.memory.rejected:
            reasons.add(Reason.NOT_ACCEPTED)
        for entry in self._profile.status:
            if entry.reason in reasons or (entry.ready and not reasons):
                return entry.code
        return "?"

    def _request(self, parameters: bytes) -> bool:
        match parameters:
            case b"B":
                code = next((each.code for each in self._profile.document if each.media is self.medium.where), "?")
                self._around.send(b"\x1bB5" + code.encode() + b"\x1bZ")
            case b"a":
                self._around.send(b"\x1ba" + self._own_setup + b"\x1bZ")
            case b"b":
                self._around.send(b"\x1bb1.00E;011;1.00;005;\x1bZ")
            case _:
                return False
        return True

    def _identify(self, _parameters: bytes) -> bool:
        self._around.send(b"\x1b/7")
        return True


def _end(segment: tuple[int, bytearray]) -> int:
    """The column behind a segment."""
    return segment[0] + len(segment[1])


def number(parameters: bytes, longest: int = 5) -> int | None:
    """ASCII digits as a number; None for anything else."""
    return int(parameters) if parameters.isdigit() and len(parameters) <= longest else None
