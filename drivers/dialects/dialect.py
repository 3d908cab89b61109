"""A printer family as the document session sees it: functions, beside a profile of data.

The session decides what comes next, and a dialect how it is done.  A dialect keeps nothing between two calls.  Its
functions that are given a conversation end only when the mechanism has answered; every failure is a MechanismStop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from drivers.conversation import Conversation
from drivers.frame_reading import AnswerReader
from drivers.profile import Profile
from passbook.document.plan import Band, DotPitch, Line, Plan, Sheet
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import PrinterSetup, ReadBack


@dataclass(frozen=True)
class LineBytes:
    """One line: first the way there, then, once the mechanism has accepted it, text and strike.

    A family that strikes in `confirm` has no `strike`.
    """

    position: bytes
    text: bytes = field(repr=False)
    strike: bytes = b""


class Ahead(Enum):
    """The part of the next line that has gone to the mechanism together with the questions about a line."""

    NOTHING = "nothing"
    WAY = "way"
    """The mechanism lies at its place."""
    TEXT = "text"
    """Its text waits in the mechanism too, and only its strike is left."""


class Answer(NamedTuple):
    """The answer of a mechanism to questions about itself.

    Attributes:
        against: why it is not ready: reasons, each with the exact code; none when it is ready.
        media: the place of the medium.
        announced: whether an insertion announced itself meanwhile.
    """

    against: tuple[tuple[Reason, str], ...]
    media: Media
    announced: bool = False


Look = Callable[[Answer], None]
"""Judges an answer: raises MechanismStop where the mechanism is not ready, or has its medium not inside."""


class Graphics(Protocol):
    """A printer family that prints pictures."""

    @property
    def pitch(self) -> DotPitch:
        """How it prints dots."""

    @property
    def base_rows(self) -> int:
        """Rows of a band above the place to which the medium is moved for it, the base line of a text."""

    def encode_band(self, band: Band, from_y: int | None) -> LineBytes:
        """The bytes of a band at its absolute place.

        `from_y` is the place to which the medium was moved last, None for none.  Raises ValueError for a band that
        the head cannot print, or for a place that the mechanism cannot count to.
        """


class Dialect(Protocol):
    """A printer family."""

    @property
    def profile(self) -> Profile:
        """Its data, with how many lines may be in doubt."""

    @property
    def setup(self) -> PrinterSetup:
        """What is configured of this very printer; its offsets move all ink."""

    @property
    def elementary_step(self) -> int:
        """Steps to the inch in which it counts down the page, as configured; 0 where the family has none to choose."""

    @property
    def graphics(self) -> Graphics | None:
        """How it prints pictures; None where it prints none."""

    @property
    def takes_any_byte(self) -> bool:
        """Whether its commands and pictures have numbers as bytes, so that a line must take no byte for itself."""

    def reader(self) -> AnswerReader:
        """A new reader of its answers."""

    def check_printable(self, sheet: Sheet, plan: Plan, *, layout: str, printer: str) -> None:
        """Refuse a plan that it cannot put on such sheets; `layout` and `printer` are names for people.

        Raises PassbookError `layout-not-printable` that says why.
        """

    def set_up(self, sheet: Sheet, code_page: str) -> bytes:
        """The bytes that must reach the mechanism before a medium does.

        Raises ValueError for a sheet that the mechanism cannot take, PassbookError `profile-malformed` for a code
        page that the profile has not.
        """

    def encode_line(self, sheet: Sheet, code_page: str, line: Line, from_y: int | None) -> LineBytes:
        """The bytes of a line at its absolute place.

        `from_y` is the place to which the medium was moved last, None for none: some mechanisms count from there.
        Raises PassbookError `control-byte`, `not-in-code-page` or `column-overflow` for text that cannot be printed,
        and ValueError for a place that the mechanism cannot count to.
        """

    def discard(self) -> bytes:
        """The bytes that drop text that has gone ahead; none for a family whose text never does."""

    def eject(self, talk: Conversation) -> None:
        """Give the medium back; a question behind it must tell where it is then."""

    def clean_up(self, talk: Conversation) -> None:
        """End what an earlier owner left open and drop the print memory; strike nothing, and move no medium."""

    def read_setup(self, talk: Conversation, code_page: str) -> ReadBack | None:
        """Ask for the printer's own set-up; None where the family cannot be asked.  No medium is inside."""

    def ask(self, talk: Conversation, timeout: float) -> Answer:
        """Ask the mechanism about itself; `timeout` in seconds."""

    def take_hold(self, talk: Conversation) -> None:
        """Require that the mechanism holds the medium that was put in, where it says so before the first line."""

    def take_way(self, talk: Conversation, line: LineBytes, look: Look) -> None:
        """Go to the place of a line; afterwards its text may be sent."""

    def confirm(self, talk: Conversation, line: LineBytes, following: LineBytes | None, look: Look) -> Ahead:
        """Require the mechanism's own word that the line sent was done, and that the medium is still there.

        A line without a `strike` is struck here.  `following` is the next line on the page.  It is not ordered yet, so
        none of it may be struck.  Returns the part of it that has gone ahead.
        """
