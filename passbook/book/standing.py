"""Where the end or the stop of a job leaves its book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookPlace
from passbook.document.plan import StepOutline
from passbook.job.record import Record
from passbook.job.states import JobState


class BookHead(NamedTuple):
    """The knowledge of a row of a book about one storage area.

    Attributes:
        area: the id of the area.
        ordinal: that of the newest row there which was known; 0 for none.
        is_there: the area was in use when the row was written.
    """

    area: str
    ordinal: int
    is_there: bool


Heads: TypeAlias = tuple[BookHead, ...]


class BookRow(msgspec.Struct, frozen=True, array_like=True):
    """Where one book stands.

    Attributes:
        ordinal: rises with every row of the book, over all areas; the highest one tells the last update.
        number: the number of the book, counted over those before it since the first row: full ones, and lost ones.
        started: the number of the book into which the first line of `job` went.
        place: behind the last line that may be on paper.
        is_full: no line is left.
        may_be_less: the last lines before `place` may not be on paper.
        digest: that of the content of the last update.
        at: when it was left there.
        job: the job that left it there; one that printed over known lines later has only its digest here.
        began_at: where that job began in the full book before, if it went on in a new one; else None.
        heads: what the row knew of each storage area; empty in a row of an earlier version.
    """

    ordinal: int
    number: int
    started: int
    place: BookPlace
    is_full: bool
    may_be_less: bool
    digest: str
    at: str
    job: str
    began_at: BookPlace | None = None
    heads: Heads = ()


def row_after(before: Record, after: Record, known: BookRow | None, ordinal: int, heads: Heads = ()) -> BookRow | None:
    """The row that a change of a job from `before` to `after` leaves; None where it leaves none.

    `known` is the row of the book so far, `ordinal` the number of the new one.  The new row never stands before the
    known one, unless it is that of a new book.
    """
    claim = after.book
    stops = after.ended or (before.valid and not after.valid)
    if claim is None or not claim.names or not stops:
        return None
    furthest = after.steps if after.state is JobState.COMPLETED else after.furthest_sent
    done = after.outline[:furthest]
    if not any(step.kind.traits.is_line for step in done):
        return None
    begun = _behind_begun_line(after.outline, furthest)
    left = next((n for n, step in enumerate(after.outline) if n >= begun and step.kind.traits.is_line), None)
    place = claim.end if left is None else _place_of(after.outline, left)
    started = _started(after, claim, known)
    number = started + sum(step.kind.traits.opens_book for step in after.outline[:left])
    row = BookRow(
        ordinal=ordinal,
        number=number,
        started=started,
        place=place,
        is_full=left is None and claim.fills,
        may_be_less=begun > furthest or _may_be_less(after, furthest),
        digest=claim.digests[0],
        at=after.changed_at,
        job=after.job_id,
        began_at=claim.first if number > started and not _changes_first(after) else None,
        heads=heads,
    )
    if known is None or reach(row) > reach(known):
        return row
    if not before.valid and known.job != after.job_id:
        # It printed nothing since its stop, and meanwhile another job printed further: its area was away.
        return None
    # An order to print over known lines takes none of them off the paper.
    return row if reach(row) == reach(known) else replace(known, ordinal=ordinal, digest=row.digest, heads=heads)


def reach(row: BookRow) -> tuple[int, BookPlace]:
    """The furthest place to which the books of an account are printed."""
    return row.number, row.place


def _behind_begun_line(outline: Sequence[StepOutline], furthest: int) -> int:
    """The number of steps behind which no line is printed in part: a drawn text is several steps on one line."""
    number = furthest
    while 0 < number < len(outline) and _is_same_line(outline[number - 1], outline[number]):
        number += 1
    return number


def _is_same_line(one: StepOutline, other: StepOutline) -> bool:
    are_lines = one.kind.traits.is_line and other.kind.traits.is_line
    return are_lines and (one.page, one.line) == (other.page, other.line)


def _place_of(outline: Sequence[StepOutline], n: int) -> BookPlace:
    """The place of step `n`, from 0, a line; that of the first line on its page is the begin of the page."""
    is_begin = not outline[n - 1].kind.traits.is_line
    return BookPlace(outline[n].page, 1 if is_begin else outline[n].line)


def _started(record: Record, claim: BookClaim, known: BookRow | None) -> int:
    """The number of the book into which the first line of a job went."""
    if known is not None and known.job == record.job_id:
        return known.started
    # A job that begins with the change to a new book counts that itself.
    changes_first = _changes_first(record)
    if known is None:
        return 1 + (_is_ordered_new(claim, 0) and not changes_first)
    follows_full = known.is_full and claim.first == claim.opens_at
    return known.number + ((follows_full or _is_ordered_new(claim, known.ordinal)) and not changes_first)


def _changes_first(record: Record) -> bool:
    """Whether the book of a job was full before it: its first line stands in a new one."""
    return record.outline[0].kind.traits.opens_book


def _is_ordered_new(claim: BookClaim, ordinal: int) -> bool:
    """Whether people said that the update is for a new book, when the row of the one before had this ordinal."""
    seen = claim.objection
    return seen is not None and seen.is_new_book and seen.ordinal == ordinal


def _may_be_less(record: Record, furthest: int) -> bool:
    """Whether lines that were sent may not be on paper."""
    if record.state is JobState.COMPLETED:
        return False
    lines = [n for n, step in enumerate(record.outline[:furthest], 1) if step.kind.traits.is_line]
    confirmed = [n for n in lines if n <= record.confirmed]
    # A medium that was given back has every line that was confirmed.
    unsure = record.lines_in_doubt > 1 and record.confirmed in confirmed
    return len(confirmed) < len(lines) or unsure
