"""Reports of the spool that has the print right of a job: what can be true, and what follows for this copy; pure rules.

Steps that were sent once stay sent: a person's answer may order them again, and the report says so in `sent_before`.
So a report that knows of fewer sent steps than an earlier one is of a store that was rolled back, or a lie.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.print_right import PrintRight, RightEvent, RightState, moved
from passbook.job.record import Record, Told
from passbook.job.states import JobEvent, JobState
from passbook.protocol.naming import is_name

ENDS: Final = MappingProxyType(
    {
        JobState.COMPLETED: JobEvent.FINISH_ELSEWHERE,
        JobState.CANCELED: JobEvent.CANCEL,
        JobState.ABORTED: JobEvent.ABORT,
    }
)
"""The end that the other spool reports -> the event of it here."""


def must_be_credible(record: Record, told: Told) -> None:
    """Raise PassbookError `report-not-credible` where the other copy of this job cannot be so."""
    furthest = max(told.confirmed, told.sending, told.sent_before)
    least = min(told.confirmed, told.sending, told.sent_before, told.reprints)
    why = ""
    if furthest > record.steps or least < 0:
        why = f"it has {record.steps} steps, and the report names others"
    elif told.sending not in {0, told.confirmed + 1}:
        why = "the step that is being sent is not the next one"
    elif furthest < record.furthest_sent or (record.begun and not told.begun):
        why = "fewer steps were sent than was reported before"
    elif furthest and not told.begun:
        why = "steps were sent, and it was not begun"
    elif told.state is JobState.COMPLETED and told.confirmed != record.steps:
        why = "it is completed, and steps are not on paper"
    elif told.fed is not None and not is_name(told.fed.printer, least=0):
        why = "the name of the printer is none"
    if why:
        raise PassbookError("report-not-credible", job=record.job_id, why=why)


def may_lose_right(record: Record) -> bool:
    """Whether a copy that has the right loses it to two people at the other spool.

    An appliance believes that of an untouched copy only; a terminal believes its appliance, unless it prints now.
    """
    is_printing = record.valid and record.state is not JobState.PENDING
    return record.untouched or (record.side is Side.TERMINAL and not is_printing)


def right_after(record: Record, told: Told) -> PrintRight:
    """The right of a copy whose other side reports about the job."""
    right = record.right
    match right.state:
        case RightState.OFFERED:
            # A spool that prints has taken what was offered to it.
            return moved(record.job_id, right, RightEvent.LET_GO, right.token)
        case RightState.HERE if told.token <= right.token or not may_lose_right(record):
            state = "in a spool that has its print right"
            raise PassbookError("not-allowed-in-state", job=record.job_id, state=state, event="a report")
        case RightState.HERE:
            return moved(record.job_id, right, RightEvent.LOSE, told.token)
        case RightState.AWAY:
            return right
