"""Reports of the spool that has the print right of a job: what can be true, and what follows for this copy; pure rules.

Steps that were sent once stay sent: a person's answer may order them again, and the report says so in `sent_before`.
So a report that knows of fewer sent steps than an earlier one is of a store that was rolled back, or a lie.
"""

from __future__ import annotations

import datetime
import re
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.print_right import PrintRight, RightEvent, RightState, moved
from passbook.job.record import Answered, Decider, HistoryKind, OnPaper, Outcome, Record, Reported, Told, entry_of
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
_LAST_ENTRY: Final = 2**53
_CHAIN: Final = re.compile(r"[0-9a-f]{64}")


def must_be_possible(record: Record, told: Told) -> None:
    """Raise PassbookError `report-not-credible` where no copy of this job can be so."""
    furthest = told.furthest_sent
    least = min(told.confirmed, told.sending, told.sent_before, told.reprints)
    why = ""
    if furthest > record.steps or least < 0:
        why = f"it has {record.steps} steps, and the report names others"
    elif told.sending not in {0, told.confirmed + 1}:
        why = "the step that is being sent is not the next one"
    elif furthest and not told.begun:
        why = "steps were sent, and it was not begun"
    elif told.state is JobState.COMPLETED and told.confirmed != record.steps:
        why = "it is completed, and steps are not on paper"
    elif told.end is not None and (told.state not in ENDS or not _is_end(told.end)):
        why = "its end is none"
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
    return "" if answered is None or not answered.at or _is_stamp(answered.at) else "a time in it is none"


_KNOWN_REASONS: Final = frozenset({"", *Reason})


def _is_stamp(at: str) -> bool:
    """Whether a time is written as every record has it: in UTC, with milliseconds."""
    try:
        moment = datetime.datetime.fromisoformat(at)
    except ValueError:
        return False
    return moment.utcoffset() == datetime.timedelta(0) and moment.isoformat(timespec="milliseconds") == at


def is_driving(told: Told) -> bool:
    """Whether the terminal goes on with the printer that it was handed: no person is asked, and no other one prints."""
    return told.valid and not (told.fed is not None and told.fed.printer)


def must_be_credible(record: Record, told: Told) -> None:
    """Raise PassbookError `report-not-credible` where the other copy of this job cannot be so."""
    must_be_possible(record, told)
    if told.furthest_sent < record.furthest_sent or (record.begun and not told.begun):
        why = "fewer steps were sent than was reported before"
        raise PassbookError("report-not-credible", job=record.job_id, why=why)


def is_beside(record: Record, told: Told) -> bool:
    """Whether the other copy was printed to its end by an order of people there, beside this one.

    Then this copy has the print right, which two people took there too; of the two copies each has its own state.
    """
    is_over = told.state in ENDS and told.begun and told.end is not None
    was_claimed = told.token > record.right.token or _is_claimed(record)
    is_here = record.right.state is RightState.HERE and (not record.untouched or told.token <= record.right.token)
    return is_over and is_here and was_claimed


def _is_claimed(record: Record) -> bool:
    """Whether two people took the print right of this copy."""
    return record.answered is not None and record.answered.seconded_by is not None


def _is_end(end: Reported) -> bool:
    """Whether it has a stamp, and names an entry or none."""
    names_entry = 0 < end.entry <= _LAST_ENTRY and is_name(end.area) and _CHAIN.fullmatch(end.chain)
    return bool(_is_stamp(end.at) and (names_entry or (end.area, end.entry, end.chain) == ("", 0, "")))


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


def note_print(record: Record, told: Told, at: str) -> Outcome:
    """Note once that the other copy was printed although this one has its own state, which stays."""
    if told.end is None or not told.begun:
        return Outcome(record)
    known = record.reported
    if known is not None and not known.is_same(told.end):
        raise PassbookError("report-not-credible", job=record.job_id, why="another end of it was reported before")
    if known is not None:
        return Outcome(record)
    must_be_possible(record, told)
    noted = replace(record, reported=told.end)
    there = replace(noted, fed=told.fed, confirmed=told.confirmed, sending=told.sending, answered=told.answered)
    return Outcome(noted, entry_of(HistoryKind.PRINTED_TOO, replace(there, on_paper=_on_paper(record, told)), at))


def _on_paper(record: Record, told: Told) -> OnPaper | None:
    """What the other copy of an ended job, whose outline is gone, put on paper; a part of it may be there."""
    known = record.on_paper
    if known is None:
        return None
    is_whole = told.confirmed == record.steps
    return OnPaper(known.lines, known.lines if is_whole else 0, again=0 if is_whole else known.lines)
