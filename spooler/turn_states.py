"""One turn of a terminal: its states, what can happen to it, and the one table of transitions."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from passbook.document.plan import Plan
from passbook.job.record import Record
from passbook.protocol.two_spools import YourTurn


class TurnState(StrEnum):
    """How far a turn is."""

    SOUGHT = "sought"
    """The desk of the printer is about to leave its port; the terminal is not told yet."""
    CALLED = "called"
    """The terminal was told, or will be when its agent registers; its answer is awaited."""
    ANSWERED = "answered"
    """The answer of the terminal is being judged and made durable."""
    FED = "fed"
    """All that the printing needs is here; the desk may begin."""
    LENT = "lent"
    """The terminal drives the printer."""
    SILENT = "silent"
    """The terminal has the printer and is not heard, or comes no further.

    The printer waits for it, or for two people (P15).
    """
    ELSEWHERE = "elsewhere"
    """The terminal has the job without this printer: a person is asked there, or another printer prints it."""
    OVER = "over"
    """Nothing is awaited any more."""


class TurnEvent(StrEnum):
    """What can happen to a turn."""

    FREE = "free"
    """The desk left the port of its printer."""
    ANSWER = "answer"
    """The terminal said that it is ready."""
    GIVE = "give"
    """The terminal gave what was wanted."""
    LEND = "lend"
    """The printer was handed to the terminal."""
    LEAVE = "leave"
    """The terminal said that it has the job without this printer."""
    MISS = "miss"
    """The terminal that was handed the printer said nothing in its time."""
    HEAR = "hear"
    """The terminal said that it drives the printer."""
    FAIL = "fail"
    """The answer could not be made durable, or its connection ended: it may come again."""
    END = "end"
    """The job ended, stopped or changed, or the terminal was silent."""


_S, _E = TurnState, TurnEvent
TURN_TRANSITIONS: Final = MappingProxyType(
    {
        (_S.SOUGHT, _E.FREE): _S.CALLED,
        (_S.SOUGHT, _E.LEAVE): _S.ELSEWHERE,
        (_S.SOUGHT, _E.END): _S.OVER,
        (_S.CALLED, _E.ANSWER): _S.ANSWERED,
        (_S.CALLED, _E.LEAVE): _S.ELSEWHERE,
        (_S.CALLED, _E.MISS): _S.SILENT,
        (_S.CALLED, _E.END): _S.OVER,
        (_S.ANSWERED, _E.GIVE): _S.FED,
        (_S.ANSWERED, _E.LEND): _S.LENT,
        (_S.ANSWERED, _E.FAIL): _S.CALLED,
        (_S.ANSWERED, _E.END): _S.OVER,
        (_S.FED, _E.LEAVE): _S.ELSEWHERE,
        (_S.FED, _E.END): _S.OVER,
        (_S.LENT, _E.HEAR): _S.LENT,
        (_S.LENT, _E.LEAVE): _S.ELSEWHERE,
        (_S.LENT, _E.MISS): _S.SILENT,
        (_S.LENT, _E.END): _S.OVER,
        (_S.SILENT, _E.HEAR): _S.LENT,
        (_S.SILENT, _E.LEAVE): _S.ELSEWHERE,
        (_S.SILENT, _E.END): _S.OVER,
        (_S.ELSEWHERE, _E.LEAVE): _S.ELSEWHERE,
        (_S.ELSEWHERE, _E.END): _S.OVER,
    }
)
"""(state, event) -> state; a pair that is not here is refused."""
DRIVEN: Final = frozenset({TurnState.LENT, TurnState.SILENT})
"""States in which the terminal has the printer of the appliance, and may drive it."""
AT_TERMINAL: Final = DRIVEN | {TurnState.ELSEWHERE}
"""States in which the terminal has the job, and must report."""


@dataclass
class OpenTurn:
    """One turn.

    Attributes:
        until: monotonic time until which its terminal must say something.
        is_there: whether its terminal was connected and not silent when it was called.
        stuck_at: monotonic time until which a terminal that drives the printer must have come further.
        furthest: the most steps confirmed, and the one sent then, that its terminal reported at this turn.
        plan: what the terminal sent, placed.
        answering: held while an answer is judged, so that the same one again waits for its result.
    """

    job: str
    requester: str
    printer: str
    event: YourTurn
    until: float
    is_there: bool
    state: TurnState
    stuck_at: float = math.inf
    furthest: tuple[int, int] = (0, 0)
    plan: Plan | None = None
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_timed(self) -> bool:
        """Whether its terminal must say something until a moment."""
        return self.state in {TurnState.CALLED, TurnState.LENT, TurnState.ELSEWHERE}

    @property
    def has_printer(self) -> bool:
        """Whether its desk must keep off the printer: a terminal drives it, or is about to (P15)."""
        return self.event.hands_over and self.state not in {TurnState.ELSEWHERE, TurnState.OVER}

    @property
    def takes_a_place(self) -> bool:
        """Whether it counts among the open turns of its printer."""
        return self.state not in AT_TERMINAL and self.state is not TurnState.OVER

    def is_of(self, record: Record) -> bool:
        """Whether it is the turn of this version of its job."""
        return (self.event.epoch, self.event.turn) == (record.epoch, record.turn + 1)
