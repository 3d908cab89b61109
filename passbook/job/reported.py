"""Reports of the spool that has the print right of a job: what can be true, and what follows for this copy; pure rules.

Steps that were sent once stay sent: a person's answer may order them again, and the report says so in `sent_before`.
So a report that knows of fewer sent steps than an earlier one is of a store that was rolled back, or a lie.
"""

from __future__ import annotations

import datetime
from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from passbook.job.print_right import PrintRight, RightEvent, RightState, moved
from passbook.job.record import Answered, Decider, Record, Told
from passbook.job.states import JobEvent, JobState, Reason
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
    else:
        why = _not_said_so(told)
    if why:
        raise PassbookError("report-not-credible", job=record.job_id, why=why)


def _not_said_so(told: Told) -> str:
    """Why no spool says this so, as words behind a colon; empty where one may.  It goes into record and history."""
    fed, answered = told.fed, told.answered
    if fed is not None and not is_name(fed.printer, least=0):
        return "the name of the printer is none"
    if len(set(told.reasons)) < len(told.reasons) or (fed is not None and fed.why not in _KNOWN_REASONS):
        return "a reason comes twice, or is none"
    people: list[Answered | Decider] = [] if answered is None else [answered]
    if answered is not None and answered.seconded_by is not None:
        people.append(answered.seconded_by)
    if not all(is_name(one.terminal, least=0) and is_name(one.person, least=0) for one in people):
        return "the name of a person or terminal is none"
    times = (told.at, "" if answered is None else answered.at)
    return "" if all(not at or _is_stamp(at) for at in times) else "a time in it is none"


_KNOWN_REASONS: Final = frozenset({"", *Reason})


def _is_stamp(at: str) -> bool:
    """Whether a time is written as every record has it: in UTC, with milliseconds."""
    try:
        moment = datetime.datetime.fromisoformat(at)
    except ValueError:
        return False
    return moment.utcoffset() == datetime.timedelta(0) and moment.isoformat(timespec="milliseconds") == at


def right_after(record: Record, told: Told) -> PrintRight:
    """The right of a copy whose other side reports about the job."""
    right = record.right
    match right.state:
        case RightState.OFFERED:
            # A spool that prints has taken what was offered to it.
            return moved(record.job_id, right, RightEvent.LET_GO, right.token)
        case RightState.HERE if told.token <= right.token or not record.untouched:
            state = "in a spool that has its print right"
            raise PassbookError("not-allowed-in-state", job=record.job_id, state=state, event="a report")
        case RightState.HERE:
            return moved(record.job_id, right, RightEvent.LOSE, told.token)
        case RightState.AWAY:
            return right
