"""A job goes to a substitute, since its destination cannot do it (R4): which one may go, and the change that ends it.

Only an untouched job goes, and only as another job that stands in for it: sealed bytes are bound to their own job.  A
text goes by itself.  A passbook update goes when a person says so, since the book is at one window and not at the
other.  A job with a step on paper or in doubt does not go: its question is answered at its own printer.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.changes import move_on
from passbook.job.print_right import RightState
from passbook.job.record import Change, HistoryKind, Outcome, Record, entry_of
from passbook.job.relaying import is_relay
from passbook.job.states import JobEvent, JobState, Reason

BOUND_TO_BOOK: Final = "passbook-update"
"""How the formats begin whose documents are for one book."""


def may_move(record: Record) -> bool:
    """Whether a job can go to a substitute: it waits untouched, with its document and its right here.

    It waits for its turn, or for the word of a person about a substitute.
    """
    is_asked = record.is_open and record.held_by is None and Reason.SUBSTITUTE_READY in record.reasons
    waits = is_asked or (record.valid and record.state is JobState.PENDING)
    return waits and record.untouched and record.keeps_document and record.right.state is RightState.HERE


def moves_by_itself(record: Record) -> bool:
    """Whether no person is asked before it goes."""
    return may_move(record) and record.valid and (is_relay(record) or not record.format.startswith(BOUND_TO_BOOK))


def ask_for_substitute(at: str) -> Change:
    """Ask people whether a job goes to a substitute that could take it; one that does not wait any more stays."""

    def change(record: Record) -> Outcome:
        if not (may_move(record) and record.valid):
            return Outcome(record)
        moved = move_on(record, JobEvent.STOP, Reason.SUBSTITUTE_READY, at=at)
        asked = replace(moved, valid=False, epoch=record.epoch + 1, asked=True)
        return Outcome(asked, entry_of(HistoryKind.STOPPED, asked, at))

    return change


def wait_again(at: str) -> Change:
    """The printer failed before anything of the job was sent: it waits for its turn again, and may go meanwhile.

    Raises PassbookError `not-allowed-in-state` for a job with a step on paper or in doubt: about that a person decides.
    """

    def change(record: Record) -> Outcome:
        if not (record.valid and record.untouched):
            state = f"{record.state.value} and begun" if record.valid else f"{record.state.value} and invalid"
            event = JobEvent.POSTPONE.value
            raise PassbookError("not-allowed-in-state", job=record.job_id, state=state, event=event)
        return Outcome(move_on(record, JobEvent.POSTPONE, at=at))

    return change


def move_away(to: str, job: str, at: str) -> Change:
    """End a job for which `job` stands in at the destination `to`, in the same transaction in which that is stored.

    Raises PassbookError `cannot-move` when it may not go any more.
    """

    def change(record: Record) -> Outcome:
        if not may_move(record):
            raise PassbookError("cannot-move", job=record.job_id, why="it does not wait untouched any more")
        ended = replace(move_on(record, JobEvent.ABORT, Reason.MOVED, at=at), moved_to=f"{to} {job}")
        return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))

    return change
