"""A job goes to a substitute, since its destination cannot do it (R4): which one may go, and the change that ends it.

A job goes only as another job that stands in for it: sealed bytes are bound to their own job.  An untouched text goes
by itself.  A passbook update goes when a person says so, since the book is at one window and not at the other.

A job with a step on paper or in doubt goes in two orders of people.  The answer to its question says with which line it
goes on, so nothing is in doubt any more, and what is on paper is ordered again by two people only (P3).  Then the order
to move names that line again.  Another printer here goes on with it, on the same page.  A next hop prints a document
whole, so it takes such a job only from the first line.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.changes import move_on
from passbook.job.objections import unfit_now
from passbook.job.print_right import RightState
from passbook.job.record import Change, HistoryKind, Outcome, Record, entry_of
from passbook.job.relaying import is_relay
from passbook.job.states import JobEvent, JobState, Reason
from passbook.job.wording import next_line

BOUND_TO_BOOK: Final = "passbook-update"
"""How the formats begin whose documents are for one book."""


def may_move(record: Record) -> bool:
    """Whether a job can go to a substitute: it waits, nothing of it is in doubt, and its document and right are here.

    It waits for its turn, or for the word of a person about a substitute.
    """
    is_asked = record.is_open and record.held_by is None and Reason.SUBSTITUTE_READY in record.reasons
    waits = is_asked or (record.valid and record.state is JobState.PENDING)
    return waits and _is_settled(record) and record.keeps_document and record.right.state is RightState.HERE


def _is_settled(record: Record) -> bool:
    """Whether the job is untouched, or a person's answer said in this boot with which line it goes on.

    A relay in doubt goes to the same hop only, since no other one drops the double.
    """
    answered = record.sending == 0 and (record.valid or record.reasons == (Reason.SUBSTITUTE_READY,))
    return record.untouched or (answered and not is_relay(record))


def moves_by_itself(record: Record) -> bool:
    """Whether no person is asked before it goes."""
    goes = may_move(record) and record.valid and record.untouched
    return goes and (is_relay(record) or not record.format.startswith(BOUND_TO_BOOK))


def line_there(record: Record) -> int:
    """The line with which a substitute goes on with a job that may move: a person who moves a begun one names it."""
    return next_line(record.outline, record.confirmed + 1)


def stand_in(new: Record, record: Record) -> Record:
    """The `new` job as one that stands in for `record`: one that prints goes on where a person's answer said.

    Raises PassbookError `cannot-move` for a begun job whose lines have other places there, or are on half a form.
    """
    if record.untouched or is_relay(new):
        return replace(new, stands_for=record.job_id, book=record.book)
    if (new.outline, new.sheet) != (record.outline, record.sheet):
        raise PassbookError("cannot-move", job=record.job_id, why=f"its lines have other places at {new.printer}")
    if record.issue is not None and _is_in_page(record):
        raise PassbookError("cannot-move", job=record.job_id, why="lines of its next form are on a sheet already")
    return replace(
        new,
        stands_for=record.job_id,
        book=record.book,
        begun=True,
        confirmed=record.confirmed,
        # It draws forms of its own, on which nothing is yet.
        sent_before=record.furthest_sent if record.issue is None else record.confirmed,
        reprints=record.reprints,
    )


def _is_in_page(record: Record) -> bool:
    """Whether the next line of a job stands on a page that has a confirmed line."""
    lines = [(step.page, n > record.confirmed) for n, step in enumerate(record.outline, 1) if step.kind.traits.is_line]
    page = next((page for page, is_left in lines if is_left), 0)
    return (page, False) in lines


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
            raise unfit_now(record, JobEvent.POSTPONE.value)
        return Outcome(move_on(record, JobEvent.POSTPONE, at=at))

    return change


def move_away(seen: Record, to: str, job: str, at: str) -> Change:
    """End a job for which `job` stands in at the destination `to`, in the same transaction in which that is stored.

    `seen` is the record from which the other job was made.  Raises PassbookError `cannot-move` when it may not go any
    more, or goes on with another line now.
    """

    def change(record: Record) -> Outcome:
        is_same = (record.untouched, record.confirmed) == (seen.untouched, seen.confirmed)
        if not (may_move(record) and is_same):
            raise PassbookError("cannot-move", job=record.job_id, why="it changed meanwhile, or its turn has come")
        ended = replace(move_on(record, JobEvent.ABORT, Reason.MOVED, at=at), moved_to=f"{to} {job}")
        return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))

    return change
