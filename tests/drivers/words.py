"""A second printer family, as small as one can be: it takes words and answers with words, a line each.

Nothing of it is like PR2: it counts rows instead of steps, numbers its lines, and leaves the last two of them in doubt.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass, field

from drivers.conversation import Conversation
from drivers.dialects.dialect import Ahead, Answer, LineBytes, Look
from drivers.ports.port import PortError, PortTrouble
from drivers.profile import CodePage, Profile, Times, encode_run
from passbook.document.plan import Line, Plan, Sheet
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup, ReadBack

ROW = 360
PROFILE = Profile(
    "words",
    lines_in_doubt=2,
    times=Times(answer=5.0, motion=5.0, settle=0.005, insertion_poll=0.01, taken_poll=0.01),
    code_pages={"ascii": CodePage(0, "ascii")},
)
PLACES = {b"none": Media.NOT_PRESENT, b"slot": Media.ENTERING, b"in": Media.PRESENT, b"jam": Media.JAMMED}


@dataclass(frozen=True)
class Place:
    """`at PLACE`: the answer to `where`."""

    word: bytes


@dataclass(frozen=True)
class Here:
    """`here`: the answer to `reset`."""


@dataclass(frozen=True)
class Called:
    """`hello`: a book was put in."""


class WordReader:
    """A frame ends with its line."""

    def __init__(self) -> None:
        self._open = b""

    @property
    def partial(self) -> bool:
        return bool(self._open)

    def feed(self, data: bytes) -> list[object]:
        *lines, self._open = (self._open + data).split(b"\n")
        return [_frame(line) for line in lines]

    def is_announcement(self, frame: object) -> bool:
        return isinstance(frame, Called)


def _frame(line: bytes) -> object:
    if line.startswith(b"at "):
        return Place(line[3:])
    return {b"here": Here(), b"hello": Called()}.get(line, line)


@dataclass(frozen=True)
class Words:
    """The functions of the family."""

    profile: Profile = PROFILE
    setup: PrinterSetup = USUAL_SETUP
    elementary_step: int = 0
    graphics: None = None
    takes_any_byte: bool = False

    def reader(self) -> WordReader:
        return WordReader()

    def check_printable(self, sheet: Sheet, plan: Plan, *, layout: str, printer: str) -> None:
        """Everything is."""

    def set_up(self, sheet: Sheet, code_page: str) -> bytes:  # noqa: ARG002 - names of Dialect
        return b"rows %d\n" % (sheet.height // ROW)

    def encode_line(
        self,
        sheet: Sheet,  # noqa: ARG002 - names of Dialect
        code_page: str,
        line: Line,
        from_y: int | None,  # noqa: ARG002 - names of Dialect
    ) -> LineBytes:
        page = self.profile.find_code_page(code_page)
        text = b" ".join(b"".join(encode_run(page, code_page, run, "here")) for run in line.runs)
        return LineBytes(b"row %d\n" % (line.y // ROW), b"print " + text + b"\n")

    def discard(self) -> bytes:
        return b""

    def eject(self, talk: Conversation) -> None:
        talk.tell(b"out\n")

    def clean_up(self, talk: Conversation) -> None:
        talk.ask_afresh(b"reset\n", Here, self.profile.times.motion, self.profile.times.settle)

    def read_setup(self, talk: Conversation, code_page: str) -> ReadBack | None:  # noqa: ARG002
        """It cannot be asked."""
        return None

    def ask(self, talk: Conversation, timeout: float) -> Answer:
        heard = talk.ask(b"where\n", Place, timeout)
        place = heard[-1]
        assert isinstance(place, Place)
        against = () if place.word in PLACES else ((Reason.ATTENTION, place.word.decode()),)
        return Answer(against, PLACES.get(place.word, Media.UNKNOWN), any(isinstance(one, Called) for one in heard))

    def take_hold(self, talk: Conversation) -> None:
        """It was drawn in at once."""

    def take_way(self, talk: Conversation, line: LineBytes, look: Look) -> None:  # noqa: ARG002
        talk.tell(line.position)

    def confirm(self, talk: Conversation, line: LineBytes, following: LineBytes | None, look: Look) -> Ahead:  # noqa: ARG002
        look(self.ask(talk, self.profile.times.motion))
        return Ahead.NOTHING


@dataclass
class WordPrinter:
    """The far side of the port, which a test also handles as a person does."""

    media: str = "none"
    paper: dict[int, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    trouble_after: int = 1000
    trouble: str | None = None
    _row: int = 0
    _coming: queue.Queue[bytes | None] = field(default_factory=queue.Queue)

    def put_in(self) -> None:
        """A person puts a book in; it is drawn in at once."""
        self.media = "in"
        self._coming.put(b"hello\n")

    def take(self) -> None:
        """A person takes the book."""
        self.media = "none"

    def write(self, data: bytes) -> None:
        for word in data.decode().splitlines():
            self.heard.append(word)
            self._do(*word.partition(" ")[::2])

    def _do(self, verb: str, rest: str) -> None:
        match verb:
            case "reset":
                self._coming.put(b"here\n")
            case "where":
                self._coming.put(f"at {self.media}\n".encode())
            case "row":
                self._row = int(rest)
            case "print":
                self._print(rest)
            case "out":
                self.media = "slot"
            case _:
                pass

    def _print(self, text: str) -> None:
        if len(self.paper) == self.trouble_after:
            self.media = self.trouble or self.media
            if self.trouble is None:
                self._coming.put(None)
            return
        self.paper[self._row] = text

    def read(self, limit: int, timeout: float) -> bytes:  # noqa: ARG002
        try:
            data = self._coming.get(timeout=timeout)
        except queue.Empty:
            return b""
        if data is None:
            raise PortError(PortTrouble.UNPLUGGED)
        return data

    def close(self) -> None:
        self._coming.put(None)
