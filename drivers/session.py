"""The document session: insert, print a line, confirm it, eject, taken; one mechanism, one owner thread.

Theory of operation.  A session knows of its mechanism only what it was told by answers: the table says which operation
may follow, and any other is a defect of the caller with nothing sent.  From `send` to `confirm` a line may be on paper
or not; a stop in between leaves it in doubt, and the session never sends a line again by itself (P3).  After a stop
nothing is known, so only a clean-up leads on; it strikes nothing and gives a medium back for people to look at.  An
insertion belongs to the prompt that asked for it: a medium that lies there before is taken out first.  How a line is
placed, struck and confirmed is the dialect's.

While line n is struck, line n+1 is prepared: `confirm` is given it, and its way goes ahead with the questions about
line n.  Nothing of it is struck before `print_line` orders it, which a desk does only when line n is known on disk.
Where the text of line n+1 has gone ahead too, only its strike, a discard or a stop may come next.

For example the power of the printer dips within line 7.  `confirm` ends in MechanismStop, the state is `unknown`, and
the desk has a person look at line 7; the next `clean_up` ejects the book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from drivers.conversation import Conversation
from drivers.dialects.dialect import Ahead, Answer, Dialect, LineBytes
from drivers.ports.port import Port
from drivers.stop import MechanismStop
from passbook.document.plan import Band, Line, Sheet
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.printer_setup import ReadBack

_Built = TypeVar("_Built")


class SessionState(StrEnum):
    """The knowledge that a session has of its mechanism."""

    UNKNOWN = "unknown"
    """Connected, or stopped: nothing is known, and only a clean-up leads on."""
    READY = "ready"
    """It answers; no medium is in its path."""
    ARMED = "armed"
    """It is set up and waits for a medium."""
    MEDIUM_IN = "medium-in"
    """A medium was put in; its position is not known."""
    POSITIONED = "positioned"
    """It lies where the mechanism was told, and nothing is unconfirmed."""
    BUFFERED = "buffered"
    """The same, and the text of the next line waits there for its strike, or to be dropped."""
    UNCONFIRMED = "unconfirmed"
    """A line was sent, and the mechanism has not confirmed it."""
    GIVEN_BACK = "given-back"
    """A medium lies in the slot, or may; it was not seen taken."""
    CLOSED = "closed"
    """The port was given back."""


class SessionEvent(StrEnum):
    """An operation that was done, or a stop."""

    FOUND_NOTHING = "found-nothing"
    """A clean-up found no medium."""
    FOUND_MEDIUM = "found-medium"
    """A clean-up, or a look before an insertion, found a medium."""
    ARM = "arm"
    """The set-up was sent and accepted."""
    INSERTED = "inserted"
    """A medium was put in after its prompt."""
    POSITION = "position"
    """The mechanism has taken the way to a line."""
    SEND = "send"
    """Text and strike of a line leave now, or its strike where its text has gone ahead."""
    CONFIRM = "confirm"
    """The mechanism has confirmed the line, and may lie at the place of the next one."""
    HOLD = "hold"
    """It has confirmed the line, and holds the text of the next one."""
    DISCARD = "discard"
    """The text that it held was dropped."""
    EJECT = "eject"
    """The medium was given back."""
    TAKEN = "taken"
    """No medium lies in the path any more."""
    STOP = "stop"
    """An operation ended before the mechanism had confirmed it."""
    CLOSE = "close"
    """The port is given back."""


_S, _E = SessionState, SessionEvent
_OPEN: Final = tuple(state for state in SessionState if state is not _S.CLOSED)
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.READY, _E.ARM): _S.ARMED,
        (_S.ARMED, _E.INSERTED): _S.MEDIUM_IN,
        (_S.MEDIUM_IN, _E.POSITION): _S.POSITIONED,
        (_S.POSITIONED, _E.POSITION): _S.POSITIONED,
        (_S.POSITIONED, _E.SEND): _S.UNCONFIRMED,
        (_S.UNCONFIRMED, _E.CONFIRM): _S.POSITIONED,
        (_S.UNCONFIRMED, _E.HOLD): _S.BUFFERED,
        (_S.BUFFERED, _E.SEND): _S.UNCONFIRMED,
        (_S.BUFFERED, _E.DISCARD): _S.POSITIONED,
        (_S.MEDIUM_IN, _E.EJECT): _S.GIVEN_BACK,
        (_S.POSITIONED, _E.EJECT): _S.GIVEN_BACK,
        (_S.GIVEN_BACK, _E.TAKEN): _S.READY,
        (_S.READY, _E.TAKEN): _S.READY,
        (_S.CLOSED, _E.CLOSE): _S.CLOSED,
    }
    | {(state, _E.FOUND_NOTHING): _S.READY for state in _OPEN}
    | {(state, _E.FOUND_MEDIUM): _S.GIVEN_BACK for state in _OPEN}
    | {(state, _E.STOP): _S.UNKNOWN for state in _OPEN}
    | {(state, _E.CLOSE): _S.CLOSED for state in _OPEN}
)
"""(state, event) -> state; a pair that is not here is a mistake of the caller."""

_IN_SLOT_OR_GONE: Final = frozenset({Media.ENTERING, Media.NOT_PRESENT})
_PUT_IN: Final = frozenset({Media.ENTERING, Media.PRESENT})
_INSIDE: Final = frozenset({Media.PRESENT})


class SessionMisuse(RuntimeError):  # noqa: N818 - names what the caller did
    """An operation was called in a state that has no such operation; nothing was sent."""


class DocumentSession:
    """Drives one mechanism, blocking; only `interrupt` may come from another thread.

    Operations raise MechanismStop.  After one, nothing is known of the mechanism and only `clean_up`, `status` and
    `close` are possible, but for the time-out of `wait_taken`, which may be called again.  Raises PassbookError
    `profile-malformed` at once when the profile has no such code page.
    """

    def __init__(self, port: Port, dialect: Dialect, *, code_page: str, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        dialect.profile.find_code_page(code_page)
        self._dialect = dialect
        self._times = dialect.profile.times
        self._code_page = code_page
        self._clock = clock
        self._state = SessionState.UNKNOWN
        self._line = LineBytes(b"", b"")
        self._prepared: Line | None = None
        self._sheet = Sheet(0)
        self._y: int | None = None
        self.heard: Callable[[MechanismStatus], None] = lambda _status: None
        """Called, by the owner's thread, with all that the mechanism says of itself and its medium."""
        self._talk = Conversation(port, dialect.reader(), clock)
        self._announced = False

    @property
    def state(self) -> SessionState:
        """The knowledge that the session has of its mechanism."""
        return self._state

    def clean_up(self) -> Media:
        """Make a mechanism usable of which nothing is known, and return where a medium was found.

        Ends what an earlier owner left open, drops the print memory, resets the error; strikes nothing.  A medium
        inside is ejected so that people can look at it; until `wait_taken` has seen it go, no other can be inserted.
        """
        self._talk.forget_interrupt()
        with self._stopping():
            self._dialect.clean_up(self._talk)
            found = self._ready_media(self._times.answer)
            if found is Media.PRESENT:
                self._dialect.eject(self._talk)
                self._require_media(_IN_SLOT_OR_GONE)
        self._was_announced()
        nothing = found is Media.NOT_PRESENT
        self._enter(SessionEvent.FOUND_NOTHING if nothing else SessionEvent.FOUND_MEDIUM)
        return found

    def status(self) -> MechanismStatus:
        """Ask the mechanism about itself, and return its answer."""
        with self._stopping():
            return _status_of(self._ask(self._times.motion))

    def read_setup(self) -> ReadBack | None:
        """Ask for the printer's own set-up; None where its dialect cannot."""
        with self._stopping():
            return self._dialect.read_setup(self._talk, self._code_page)

    def insert(self, sheet: Sheet, timeout: float, prompt: Callable[[], None]) -> None:
        """Set the mechanism up for `sheet` and wait for a medium, `timeout` seconds.

        `prompt` asks a person for it; it is called when the mechanism is ready to take one.  Stops with
        `media-not-taken` when one lies there already: each insertion belongs to its own prompt.  That one can be waited
        for to be taken.
        """
        self._check(SessionEvent.ARM)
        set_up = self._built(lambda: self._dialect.set_up(sheet, self._code_page))
        with self._stopping():
            media = self._ready_media(self._times.answer)
        if media is not Media.NOT_PRESENT:
            self._enter(SessionEvent.FOUND_MEDIUM)
            raise MechanismStop(Reason.MEDIA_NOT_TAKEN, f"medium-{media.value}")
        with self._stopping():
            self._talk.tell(set_up)
            # A rejected set-up is silent until the next status, and no person shall be asked before it was accepted.
            self._ready_media(self._times.answer)
            self._enter(SessionEvent.ARM)
            self._sheet = sheet
            prompt()
            self._await_medium(timeout)
            self._dialect.take_hold(self._talk)
        self._y = None
        self._enter(SessionEvent.INSERTED)

    def _await_medium(self, timeout: float) -> None:
        deadline = self._clock() + timeout
        while self._ready_media(self._times.answer) not in _PUT_IN:
            left = deadline - self._clock()
            if left <= 0:
                raise MechanismStop(Reason.MEDIA_NEEDED, "no-medium")
            # An announcement only says when to look: a key says the same.
            self._talk.listen(min(left, self._times.insertion_poll))

    def print_line(self, line: Line | Band) -> None:
        """Strike one line of text or dots at its absolute place; `confirm` must follow.

        Raises PassbookError, with nothing sent, for text that the code page or the carriage cannot print.
        """
        is_prepared = line == self._prepared
        self._check(SessionEvent.SEND if is_prepared else SessionEvent.POSITION)
        encoded = self._built(lambda: self._encode(line))
        with self._stopping():
            if not is_prepared:
                self._take_way(encoded)
            sent = encoded.strike if self._state is SessionState.BUFFERED else encoded.text + encoded.strike
            self._line = encoded
            self._enter(SessionEvent.SEND)
            self._talk.tell(sent)
        self._y = self._moved_to(line)

    def _take_way(self, line: LineBytes) -> None:
        if self._state is SessionState.MEDIUM_IN:
            # Drawing in waits for a document without an answer: one that was pulled out again is noticed before.
            self._require_media(_PUT_IN)
        self._dialect.take_way(self._talk, line, self._look_inside)
        self._enter(SessionEvent.POSITION)

    def confirm(self, following: Line | None = None) -> None:
        """Require the mechanism's own word that the line sent was done, and that the medium is still there.

        Meanwhile `following`, the next line on this page, is prepared as far as it may be before its own order; then
        only that line or an ejection may come next.
        """
        self._check(SessionEvent.CONFIRM)
        encoded = self._encode_ahead(following)
        with self._stopping():
            ahead = self._dialect.confirm(self._talk, self._line, encoded, self._look_inside)
        self._enter(SessionEvent.HOLD if ahead is Ahead.TEXT else SessionEvent.CONFIRM)
        self._prepared = None if ahead is Ahead.NOTHING else following

    def _encode(self, line: Line | Band) -> LineBytes:
        if isinstance(line, Line):
            return self._dialect.encode_line(self._sheet, self._code_page, line, self._y)
        if self._dialect.graphics is None:
            raise ValueError("it prints no pictures")
        return self._dialect.graphics.encode_band(line, self._y)

    def _moved_to(self, line: Line | Band) -> int:
        """The place to which the medium was moved for a line, in 1/2160 inch from its top edge."""
        graphics = self._dialect.graphics
        if isinstance(line, Line) or graphics is None:
            return line.y
        return line.y + graphics.base_rows * graphics.pitch.down

    def _encode_ahead(self, line: Line | None) -> LineBytes | None:
        """The bytes of the next line; None for one that cannot be printed, which is refused at its own order."""
        try:
            return self._encode(line) if line is not None else None
        except (PassbookError, ValueError):
            return None

    def _discard(self) -> None:
        """Drop the text that waits; its answer shows that this was read."""
        self._talk.tell(self._dialect.discard())
        self._require_media(_INSIDE)
        self._enter(SessionEvent.DISCARD)

    def eject(self) -> None:
        """Give the medium back into the slot; text that waits in the mechanism is dropped first."""
        if self._state is not SessionState.BUFFERED:
            self._check(SessionEvent.EJECT)
        with self._stopping():
            if self._state is SessionState.BUFFERED:
                self._discard()
            self._dialect.eject(self._talk)
            self._require_media(_IN_SLOT_OR_GONE)
        self._was_announced()
        self._enter(SessionEvent.EJECT)

    def wait_taken(self, timeout: float, returned: Callable[[], None] = lambda: None) -> None:
        """Wait until no medium lies in the path, `timeout` seconds; then `media-not-taken`, and may be repeated.

        `returned` is called when one was taken and put in again before the mechanism was asked where it is: that
        insertion announces itself.
        """
        self._check(SessionEvent.TAKEN)
        deadline = self._clock() + timeout
        with self._stopping():
            taken = self._await_taken(deadline, returned)
        if not taken:
            raise MechanismStop(Reason.MEDIA_NOT_TAKEN, "still-there")
        self._enter(SessionEvent.TAKEN)

    def _await_taken(self, deadline: float, returned: Callable[[], None]) -> bool:
        while self._ask(self._times.answer).media is not Media.NOT_PRESENT:
            if self._was_announced():
                returned()
            left = deadline - self._clock()
            if left <= 0:
                return False
            self._talk.listen(min(left, self._times.taken_poll))
        return True

    def _was_announced(self) -> bool:
        """Whether an insertion announced itself since this was called last."""
        announced, self._announced = self._talk.was_unasked() or self._announced, False
        return announced

    def interrupt(self) -> None:
        """Stop the wait for a person, now or when it would begin, with `job-canceled-by-user`; never a step.

        From any thread; `clean_up` forgets it.
        """
        self._talk.interrupt()

    def close(self) -> None:
        """Give the port back.  May be repeated."""
        self._enter(SessionEvent.CLOSE)
        self._talk.close()

    def _look_inside(self, answer: Answer) -> None:
        self._note(answer)
        _judge(answer, _INSIDE)

    def _require_media(self, wanted: frozenset[Media]) -> None:
        _judge(self._ask(self._times.motion), wanted)

    def _ready_media(self, timeout: float) -> Media:
        """Require a mechanism that is ready, and return the place of its medium."""
        return _ready(self._ask(timeout)).media

    def _ask(self, timeout: float) -> Answer:
        answer = self._dialect.ask(self._talk, timeout)
        self._note(answer)
        return answer

    def _note(self, answer: Answer) -> None:
        self._announced |= answer.announced
        self.heard(_status_of(answer))

    def _built(self, build: Callable[[], _Built]) -> _Built:
        try:
            return build()
        except ValueError as error:
            raise MechanismStop(Reason.NOT_ACCEPTED, "out-of-range") from error

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        self._check(SessionEvent.STOP)
        try:
            yield
        except MechanismStop:
            self._enter(SessionEvent.STOP)
            raise

    def _check(self, event: SessionEvent) -> None:
        if (self._state, event) not in TRANSITIONS:
            raise SessionMisuse(f"{event.value} while {self._state.value}")

    def _enter(self, event: SessionEvent) -> None:
        self._check(event)
        self._state = TRANSITIONS[self._state, event]
        self._prepared = None


def _ready(answer: Answer) -> Answer:
    for reason, detail in answer.against:
        raise MechanismStop(reason, detail)
    return answer


def _judge(answer: Answer, wanted: frozenset[Media]) -> None:
    media = _ready(answer).media
    if media is Media.JAMMED:
        raise MechanismStop(Reason.MEDIA_JAM, "medium-jammed")
    if media not in wanted:
        raise MechanismStop(Reason.ATTENTION, f"medium-{media.value}")


def _status_of(answer: Answer) -> MechanismStatus:
    conditions = tuple(sorted({reason.value for reason, _ in answer.against}))
    return MechanismStatus(Device.USER_ERROR if conditions else Device.ONLINE, answer.media, conditions)
