"""Why an order about a job is refused: its state, a hold, or a print right or printer that its terminal has."""

from __future__ import annotations

from passbook.errors import PassbookError
from passbook.job.print_right import RightState
from passbook.job.record import Record
from passbook.job.reprinting import claims_right
from passbook.job.states import JobState
from passbook.job.waiting import NO_PLACE, present_words, waiting_of
from passbook.job.wording import medium_name


def unfit_now(record: Record, event: str) -> PassbookError:
    """The error `not-allowed-in-state` for an order that does not fit the present state of the job."""
    state = present_words(record.state, waiting_of(record, NO_PLACE), medium_name(record.format))
    if record.state is JobState.PENDING and not record.untouched:
        state = f"{state} after it was begun"
    return PassbookError("not-allowed-in-state", job=record.job_id, state=state, event=event)


def must_not_be_held(record: Record) -> None:
    """Raise `held-by-operator` if an operator's hold stands, until an operator or a representative releases it."""
    if record.held_by is not None and record.held_by_operator:
        raise PassbookError("held-by-operator", job=record.job_id, person=record.held_by.person)


def must_not_be_lent(record: Record) -> None:
    """Raise `job-at-terminal` while the terminal has the printer of the job, and may print (P15)."""
    if record.is_printer_lent:
        raise PassbookError("job-at-terminal", job=record.job_id, requester=record.requester, printer=record.printer)


def must_not_be_printing_there(record: Record) -> None:
    """Raise `job-at-terminal` while the terminal prints the job as far as is known, here or on a printer of its own."""
    own = record.fed.printer if record.fed is not None and record.right.state is not RightState.HERE else ""
    if (record.is_printer_lent or own) and not claims_right(record):
        printer = own or record.printer
        raise PassbookError("job-at-terminal", job=record.job_id, requester=record.requester, printer=printer)


def must_have_right(record: Record) -> None:
    """Raise `right-elsewhere` if the other spool may print the job, since then no end here keeps it from paper."""
    if record.right.state is not RightState.HERE and not claims_right(record):
        raise PassbookError("right-elsewhere", job=record.job_id, requester=record.requester)
