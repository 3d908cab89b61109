"""The step machine of printing: the next act for one job at one mechanism, as a pure function of events.

Between two acts nothing is under way.  A step is journaled before it may be done; what a destination prepares of it
earlier cannot be on paper.  From then on it is in doubt until the printer confirmed it.  Nothing is ever repeated here:
a failure ends the work, and a person's answer starts new work from the record (P3).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from passbook.document.plan import Line, Plan, Step
from passbook.job.record import Record


class Phase(StrEnum):
    """The phase of the work."""

    READY = "ready"
    """Every step before `step` is confirmed; none is in doubt."""
    JOURNALED = "journaled"
    """`step` is durable as being sent; it may be done: it is in doubt."""
    ENDED = "ended"
    """Every step is confirmed."""
    STOPPED = "stopped"
    """An act failed; only a person's answer leads on."""


class Happening(StrEnum):
    """The outcome of an act."""

    MEDIUM_IN = "medium-in"
    JOURNALED = "journaled"
    CONFIRMED = "confirmed"
    ALL_DONE = "all-done"
    FAILED = "failed"


TRANSITIONS: Final = MappingProxyType(
    {
        (Phase.READY, Happening.MEDIUM_IN): Phase.READY,
        (Phase.READY, Happening.JOURNALED): Phase.JOURNALED,
        (Phase.READY, Happening.ALL_DONE): Phase.ENDED,
        (Phase.READY, Happening.FAILED): Phase.STOPPED,
        (Phase.JOURNALED, Happening.CONFIRMED): Phase.READY,
        (Phase.JOURNALED, Happening.FAILED): Phase.STOPPED,
    }
)
"""(phase, happening) -> phase; a pair that is not here is a defect of the caller (KeyError)."""


class Work(msgspec.Struct, frozen=True):
    """The position of one job at one mechanism.

    Attributes:
        step: the next step, or the step in doubt, from 1; one past the last when all are done.
        page: the page that lies under the head; 0 while no medium of this job is in the mechanism.
    """

    phase: Phase
    step: int
    page: int = 0


class AskForMedium(msgspec.Struct, frozen=True):
    """Prompt a person for the book, opened at `page`, and wait until it is in.

    People take their time, so before the prompt it is durable that steps 1..confirmed are on paper and none is under
    way.
    """

    page: int
    confirmed: int


class JournalStep(msgspec.Struct, frozen=True):
    """Make durable that steps 1..confirmed are on paper and that `sending` is about to be sent."""

    confirmed: int
    sending: int


class DoStep(msgspec.Struct, frozen=True):
    """Do one step and wait for the destination's own confirmation.

    Attributes:
        medium_in: the book of this job is in.
        following: behind a line the next line on its page: it may be prepared meanwhile, and not be struck.
    """

    step: Step
    medium_in: bool
    following: Line | None = None


class Finish(msgspec.Struct, frozen=True):
    """End the job: every step is confirmed."""


Act: TypeAlias = AskForMedium | JournalStep | DoStep | Finish


def begin_work(record: Record) -> Work:
    """The work that a valid record calls for: it goes on after the last confirmed step."""
    return Work(Phase.READY, record.confirmed + 1)


def next_act(plan: Plan, work: Work) -> Act | None:
    """The next act; None when the work has ended or stopped."""
    match work.phase:
        case Phase.READY:
            return _next_when_ready(plan, work)
        case Phase.JOURNALED:
            return DoStep(plan[work.step - 1], medium_in=work.page != 0, following=_following(plan, work.step))
        case Phase.ENDED | Phase.STOPPED:
            return None


def _following(plan: Plan, step: int) -> Line | None:
    """The line behind a line, where it stands on the same page."""
    match plan[step - 1 : step + 1]:
        case (Line() as line, Line() as following) if line.page == following.page:
            return following
        case _:
            return None


def _next_when_ready(plan: Plan, work: Work) -> Act:
    if work.step > len(plan):
        return Finish()
    step = plan[work.step - 1]
    if step.kind.traits.needs_medium and work.page != step.page:
        return AskForMedium(step.page, work.step - 1)
    return JournalStep(work.step - 1, work.step)


def after(plan: Plan, work: Work, act: Act | None, happening: Happening) -> Work:
    """The work after `act` brought about `happening`; the one place that assigns a phase.

    Raises KeyError for a happening that cannot come in this phase.
    """
    phase = TRANSITIONS[work.phase, happening]
    if happening is Happening.MEDIUM_IN and isinstance(act, AskForMedium):
        return replace(work, phase=phase, page=act.page)
    if happening is Happening.CONFIRMED:
        is_out = plan[work.step - 1].kind.traits.ends_page
        return replace(work, phase=phase, step=work.step + 1, page=0 if is_out else work.page)
    return replace(work, phase=phase)
