"""The reason for which a job waits, as a value for terminals and as one sentence for people."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import Record
from passbook.job.states import STATE_WORDS, JobState, Reason
from passbook.job.wording import REASON_WORDS, second_place
from passbook.screen.columns import short

if TYPE_CHECKING:
    # A view of a job has a Waiting in it.
    from passbook.protocol.messages import JobView


class Why(StrEnum):
    """The event for which a job waits."""

    TURN = "turn"
    """Its turn: `ahead` jobs print before it."""
    BOOK_LEFT = "book-left"
    """A book lies in the printer; it must be taken out before the next job begins."""
    TERMINAL_COPY = "terminal-copy"
    """Its terminal shall send its own copy, from which the job is printed."""
    TERMINAL_RIGHT = "terminal-right"
    """Its terminal has the print right, and shall give it for the turn of the job."""
    AT_TERMINAL = "at-terminal"
    """Its terminal prints it: right and printer were handed over."""
    AT_APPLIANCE = "at-appliance"
    """The appliance has the print right; this copy is the terminal's."""
    SAME_BOOK = "same-book"
    """Job `job` of the same book has to end first, or the question about it has to be answered."""
    FORMS = "forms"
    """Its form's stock has too few sheets; it waits until sheets are put in, and other jobs print meanwhile."""
    PRINTER = "printer"
    """The printer is not ready; `reason` says why, if the printer told it."""
    OWN_BOOK = "own-book"
    """A person shall put in its own book, or take out a book that lies in its place."""
    PAGE_TURN = "page-turn"
    """A person shall turn its own book to `page`, and put it in again."""
    NEXT_BOOK = "next-book"
    """Its book is full: a person shall put a new one in, opened at `page`."""
    ANSWER = "answer"
    """A person shall answer the question about the job."""
    SECOND_PERSON = "second-person"
    """A second person shall confirm an order to print lines again."""
    HELD = "held"
    """A person holds the job; the question about it is put to people after a release."""


class Waiting(msgspec.Struct, frozen=True, rename="camel"):
    """The reason for which a job waits.

    Attributes:
        ahead: the number of jobs that print before it at its printer; its place in the queue is one more.
        reason: the cause when the printer is not ready, a keyword of passbook.job.states.Reason; empty if unknown.
        page: the page to which the book must be turned, or at which the new one is opened; 0 if the job waits for
            neither.
        job: the job of the same book for which it waits; empty for none.
    """

    why: Why
    ahead: int = 0
    reason: str = ""
    page: int = 0
    job: str = ""


NEXT: Final = Waiting(Why.TURN)
"""No job is before it, and nothing is in its way."""


class QueuePlace(NamedTuple):
    """The state of the printer of a job that may print.

    Attributes:
        ahead: the number of jobs that print there before it.
        book_left: whether people are asked to take a book out.
        not_ready: the reason for which the printer is not ready, empty for an unknown reason; None when it is ready.
        same_book: the job of the same book that holds it back; empty for none.
    """

    ahead: int = 0
    book_left: bool = False
    not_ready: str | None = None
    same_book: str = ""


NO_PLACE: Final = QueuePlace()
"""The place of a job that cannot print: the reason of its waiting does not lie in a printer."""


def waiting_of(record: Record, place: QueuePlace) -> Waiting | None:
    """The reason for which the job waits; None when it is printing, or has ended."""
    if record.ended:
        return None
    if not record.valid:
        asked = Why.ANSWER if record.proposed is None else Why.SECOND_PERSON
        return Waiting(asked if record.asked else Why.HELD)
    if record.state is JobState.PROCESSING_STOPPED:
        return _waiting_for_book(record)
    return _waiting_for_turn_or_spool(record, place) if record.state is JobState.PENDING else None


def _waiting_for_turn_or_spool(record: Record, place: QueuePlace) -> Waiting:
    """The wait of a job that may print; the other spool is named when no job and no printer is in the way."""
    is_here = record.right.state is RightState.HERE
    if record.side is Side.TERMINAL and not is_here:
        return Waiting(Why.AT_APPLIANCE)
    if record.side is Side.APPLIANCE and record.handed:
        return Waiting(Why.AT_TERMINAL)
    waiting = waiting_for_turn(place)
    if place.same_book:
        waiting = Waiting(Why.SAME_BOOK, job=place.same_book)
    elif Reason.MEDIA_EMPTY in record.reasons:
        waiting = Waiting(Why.FORMS)
    if record.side is Side.APPLIANCE and waiting == NEXT:
        if record.is_fed_by_terminal:
            return Waiting(Why.TERMINAL_COPY)
        if not is_here:
            return Waiting(Why.TERMINAL_RIGHT)
    return waiting


def _waiting_for_book(record: Record) -> Waiting:
    """The wait for the job's own book; after a finished turn, the wait for its return, opened at the next page."""
    done = record.outline[: record.confirmed]
    last = done[-1].kind.traits if done else None
    if last is None or not last.opens_page or (last.ends_medium and not last.opens_book):
        return Waiting(Why.OWN_BOOK)
    return Waiting(Why.NEXT_BOOK if last.opens_book else Why.PAGE_TURN, page=done[-1].page)


def book_words(waiting: Waiting | None, medium: str = "book") -> str:
    """The event for which a job waits that needs a medium; None where the reason is not known."""
    match waiting:
        case Waiting(Why.PAGE_TURN, page=page):
            return f"its {medium} to be turned to page {page}"
        case Waiting(Why.NEXT_BOOK, page=page):
            return f"a new {medium}, opened at page {page}: the one before is full"
        case _:
            return f"its {medium}"


def present_words(state: JobState, waiting: Waiting | None, medium: str) -> str:
    """The state of a job as it stands behind `is`: for one that stands still, the event for which it waits."""
    match waiting:
        case Waiting(Why.OWN_BOOK | Why.PAGE_TURN | Why.NEXT_BOOK):
            return f"waiting for {book_words(waiting, medium)}"
        case Waiting(Why.ANSWER):
            return "waiting for an answer"
        case Waiting(Why.SECOND_PERSON):
            return "waiting for a second person"
        case Waiting(Why.HELD):
            return "held"
        case Waiting(Why.AT_TERMINAL):
            return "being printed by its terminal"
        case _:
            return STATE_WORDS[state]


def waiting_for_turn(place: QueuePlace) -> Waiting:
    """The reason for which a job waits that may print and was not begun since."""
    if place.book_left:
        return Waiting(Why.BOOK_LEFT, place.ahead)
    if place.not_ready is not None:
        return Waiting(Why.PRINTER, place.ahead, place.not_ready)
    return Waiting(Why.TURN, place.ahead)


def waiting_words(view: JobView) -> str:
    """The reason for which the job waits, as one sentence; empty when it does not wait."""
    waiting = view.waiting
    if waiting is None:
        return ""
    reason = f": {REASON_WORDS.get(waiting.reason, waiting.reason)}" if waiting.reason else ""
    facts = {
        "requester": view.requester,
        "reason": reason,
        "before": _before(waiting.ahead),
        "book": book_words(waiting),
        "second": second_place(view.side),
        "other": short(waiting.job),
    }
    return _WORDS[waiting.why].format(printer=view.printer, **facts)


_WORDS: Final = MappingProxyType(
    {
        Why.TURN: "Waits for its turn: {before}.",
        Why.BOOK_LEFT: "Waits: a book or sheet lies in {printer}; it must be taken out first.",
        Why.TERMINAL_COPY: "Waits for the copy of its terminal {requester}.",
        Why.TERMINAL_RIGHT: "Waits for its terminal {requester}, which has its print right.",
        Why.AT_TERMINAL: "Waits: its terminal {requester} prints it at {printer}.",
        Why.AT_APPLIANCE: "Waits: the appliance prints it at {printer}.",
        Why.SAME_BOOK: "Waits: job {other} of the same book has to end, or the question about it to be answered.",
        Why.FORMS: "Waits: too few sheets of its form are known to be left at {printer}.",
        Why.PRINTER: "Waits: {printer} is not ready{reason}.",
        Why.OWN_BOOK: "Waits for {book} at {printer}.",
        Why.PAGE_TURN: "Waits for {book} at {printer}.",
        Why.NEXT_BOOK: "Waits at {printer} for {book}.",
        Why.ANSWER: "Waits for an answer: a person must decide how it goes on.",
        Why.SECOND_PERSON: "Waits for a second person, who must confirm the order{second}.",
        Why.HELD: "Waits: it is held.",
    }
)


def _before(jobs: int) -> str:
    if jobs == 0:
        return "it is the next one"
    return "1 job is before it" if jobs == 1 else f"{jobs} jobs are before it"
