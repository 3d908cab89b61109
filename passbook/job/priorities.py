"""Another priority for a job that waits, as a pure rule (F9)."""

from __future__ import annotations

from msgspec.structs import replace

from passbook.job.objections import unfit_now
from passbook.job.record import Change, ChosenAnew, Decider, HistoryKind, Outcome, Record, entry_of
from passbook.job.states import JobState


def set_priority(priority: int, by: Decider, at: str) -> Change:
    """A person gives a job another place among those that wait.  The priority that it has changes nothing.

    Raises PassbookError `not-allowed-in-state` for a job that prints, whose turn is under way, or that has ended.
    """

    def change(record: Record) -> Outcome:
        stands = record.state is JobState.PENDING or not record.valid
        if record.ended or not stands or record.handed:
            raise unfit_now(record, "a change of its priority")
        if record.priority == priority:
            return Outcome(record)
        changed = replace(record, priority=priority)
        chosen = ChosenAnew(by, str(record.priority), str(priority))
        return Outcome(changed, entry_of(HistoryKind.PRIORITY_SET, changed, at, chosen))

    return change
