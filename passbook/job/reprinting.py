"""Orders that take two people: lines on paper again, a right or a printer that a terminal has; pure rules.

The line in doubt does not count as on paper: one person who looked at it may order it again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from msgspec.structs import replace

from passbook.book.claim import BookClaim, lapsed
from passbook.book.judging import TAKES_TWO
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import Answered, Decider, Record, Verdict
from passbook.job.states import APART, Reason
from passbook.job.wording import second_place


def lines_again(record: Record, given: Answered) -> tuple[int, ...]:
    """The steps that put a line on paper and would be done once more by this answer."""
    if not given.verdict.prints:
        return ()
    steps = enumerate(record.outline[: record.confirmed], 1)
    lines = [number for number, step in steps if step.kind.traits.is_line]
    # A dialect that cannot confirm each line leaves the last ones in doubt too (P3).
    certain = lines[: max(0, len(lines) - (record.lines_in_doubt - 1))]
    return tuple(number for number in certain if number >= given.step)


def takes_two(record: Record, given: Answered) -> bool:
    """Whether a second person must order it.

    So it is for lines on paper, a record or a book that may have more on paper, a new book, with which the memory
    begins anew, a right that is elsewhere (P13), and the end of a job whose printer a terminal may still drive, since
    that end takes the printer back (P15).
    """
    ends = given.verdict is Verdict.DISCARD or given.step > record.steps
    if record.is_printer_lent and ends:
        return True
    # A new book makes the memory forget the lines of the one before.
    if given.verdict is Verdict.NEW_BOOK:
        return True
    has_more = Reason.ROLLED_BACK in record.reasons or not TAKES_TWO.isdisjoint(record.reasons)
    unsure = (claims_right(record) or has_more) and given.step <= record.steps
    return given.verdict.prints and (unsure or bool(lines_again(record, given)))


def claims_right(record: Record) -> bool:
    """Whether an order to print takes the print right from the other spool, which may have printed the job (P13).

    That is asked only after the other spool fell silent.  Otherwise an order lets the job wait for its turn, at which
    the right is asked for, and prints nothing without it.
    """
    return record.right.state is not RightState.HERE and not APART.isdisjoint(record.reasons)


def claim_on_new_book(record: Record) -> BookClaim:
    """The claim of an untouched update after an order to print it into a new book.

    The order counts for as long as the memory of the book before stands as it stood in the question.  Raises
    PassbookError `answer-not-possible` where no question was asked about its book, or a step of it was sent.
    """
    claim = record.book
    if claim is None or claim.objection is None or not record.untouched:
        why = "a new book is an answer only to a question about the book of an update of which nothing was sent"
        raise PassbookError("answer-not-possible", job=record.job_id, step=1, why=why)
    return replace(claim, objection=replace(claim.objection, is_overruled=True, is_new_book=True))


def of_earlier_boot(record: Record) -> Record:
    """The record at a power-on: no order about the book of an untouched update counts any more (P4)."""
    return replace(record, book=lapsed(record.book)) if record.untouched else record


def is_same_order(proposed: Answered | None, given: Answered) -> bool:
    """Whether both give the same order, perhaps by different people."""
    if proposed is None:
        return False
    return is_one_of(given, (replace(voices(proposed)[0], terminal=given.terminal, person=given.person),))


def is_one_of(given: Answered, answers: Sequence[Answered]) -> bool:
    """Whether a person gave one of these answers, in whichever of its two forms: both print from the first step."""
    return _plain(given) in map(_plain, answers)


def _plain(given: Answered) -> Answered:
    """The answer in the form in which two of them are compared."""
    is_whole = given.verdict is Verdict.RESUME and given.step == 1
    return replace(given, verdict=Verdict.PRINT) if is_whole else given


def seconded(record: Record, given: Answered) -> Answered:
    """The proposed order, confirmed by `given`, the same order.

    Raises PassbookError `second-person-needed` unless another person gives it at another terminal.  In the spool of a
    terminal another person is enough: no other terminal reaches it.
    """
    first = record.proposed or given
    is_same_place = record.side is Side.APPLIANCE and first.terminal == given.terminal
    if is_same_place or _folded(first.person) == _folded(given.person):
        where = second_place(record.side)
        facts = {"person": first.person, "terminal": first.terminal, "job": record.job_id}
        raise PassbookError("second-person-needed", where=where, **facts)
    return replace(first, seconded_by=Decider(given.terminal, given.person))


def _folded(person: str) -> str:
    """A person's name without case, width, and blanks around or between its words: these distinguish no people."""
    return " ".join(unicodedata.normalize("NFKC", person).casefold().split())


def as_given(answered: Answered) -> Answered:
    """The answer without the notes that the appliance adds to it."""
    return replace(answered, at="", line=0)


def voices(won: Answered) -> tuple[Answered, ...]:
    """The one or two answers that gave an order; each of them, repeated, gives its result again."""
    first = as_given(replace(won, seconded_by=None))
    if won.seconded_by is None:
        return (first,)
    return first, replace(first, terminal=won.seconded_by.terminal, person=won.seconded_by.person)
