"""When a spool stops taking documents, and when it takes them again: two marks, and rules (C5).

Theory of operation.  A spool that is nearly full stops by itself, so that what it has keeps its space.  With one mark
it would stop and begin with each job; so there are two: it stops at the higher one, and begins again when it is below
the lower one.  Rules keep documents out for a printer, a form or an application, whatever space there is.  For example
with marks 90 and 80 a spool that is 91 percent full stops, and begins again at 79.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from passbook.job.states import Reason
from passbook.protocol.document_rules import DocumentRule
from passbook.protocol.messages import SubmitJob


class SpoolState(StrEnum):
    """Whether a spool takes documents."""

    TAKING = "taking"
    """It takes them."""
    STOPPED = "stopped"
    """It was nearly full, and is not below the lower mark yet."""


class Fill(StrEnum):
    """How full a spool is, as its marks say."""

    BELOW = "below"
    """Below the lower mark."""
    BETWEEN = "between"
    """Between the marks."""
    ABOVE = "above"
    """At the higher mark, or above it."""


_S, _F = SpoolState, Fill
FILL_TRANSITIONS: Final = MappingProxyType(
    {
        (_S.TAKING, _F.BELOW): _S.TAKING,
        (_S.TAKING, _F.BETWEEN): _S.TAKING,
        (_S.TAKING, _F.ABOVE): _S.STOPPED,
        (_S.STOPPED, _F.BELOW): _S.TAKING,
        (_S.STOPPED, _F.BETWEEN): _S.STOPPED,
        (_S.STOPPED, _F.ABOVE): _S.STOPPED,
    }
)
"""(state, fill) -> state."""


class Marks(NamedTuple):
    """The two marks of one measure; for a spool, percent of its bytes."""

    stop_at: int = 90
    start_at: int = 80

    def fill(self, measured: float) -> Fill:
        """The place of a measure between the marks."""
        if measured >= self.stop_at:
            return Fill.ABOVE
        return Fill.BELOW if measured < self.start_at else Fill.BETWEEN


class Gauge:
    """Whether one measure stops something: at the higher mark, until it is below the lower one."""

    def __init__(self, measure: Callable[[], float], marks: Marks) -> None:
        """`measure` tells what is so now, in the unit of the marks."""
        self._measure = measure
        self._marks = marks
        self._state = SpoolState.TAKING
        self.watchers: list[Callable[[bool], None]] = []
        """Called when it is found that it stopped (True), or goes on again."""

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped now; measures."""
        before, self._state = self._state, FILL_TRANSITIONS[self._state, self._marks.fill(self._measure())]
        stopped = self._state is SpoolState.STOPPED
        if self._state is not before:
            for watcher in self.watchers:
                watcher(stopped)
        return stopped


class Fullness(Gauge):
    """Whether one spool takes a document."""

    def __init__(self, percent: Callable[[], float], marks: Marks, rules: Sequence[DocumentRule] = ()) -> None:
        """`percent` tells how full the spool is now, in percent of its bytes."""
        super().__init__(percent, marks)
        self._rules = rules

    def objection(self, request: SubmitJob, form: str) -> Reason | None:
        """Why the spool does not keep the document of this request, which has that form; None where it does."""
        if any(rule.fits(request, form) for rule in self._rules):
            return Reason.BY_RULE
        return Reason.NEARLY_FULL if self.is_stopped else None
