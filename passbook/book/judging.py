"""Whether an update may be printed into its book without a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookObjection
from passbook.book.standing import BookRow, reach
from passbook.job.states import Reason


class KnownBook(NamedTuple):
    """The newest row of a book, the place of its name among those of a claim, and the id of its area."""

    row: BookRow
    name: int
    area: str = ""


def united(found: Iterable[KnownBook]) -> KnownBook | None:
    """The knowledge about a book, united from its rows of several areas; None for no row.

    The ordinal and the digest are those of the newest row, the place is the furthest one.  A row that was written
    while another area was away may stand before the one that lies there.
    """
    known: KnownBook | None = None
    passed: list[KnownBook] = []
    for newer in sorted(found, key=lambda one: one.row.ordinal):
        if known is None:
            known = newer
        else:
            are_apart = any(_are_apart(one, newer) for one in passed)
            known = newer._replace(row=_followed(known.row, newer.row, are_apart=are_apart))
        passed.append(newer)
    return known


def _are_apart(one: KnownBook, other: KnownBook) -> bool:
    """Whether each row was written while the area of the other one was away: their ordinals tell no order then."""
    if not one.row.heads or not other.row.heads:
        return False
    was_there = any(head.area == other.area and head.is_there for head in one.row.heads)
    is_known = any(head.area == one.area and head.ordinal >= one.row.ordinal for head in other.row.heads)
    return not was_there and not is_known


def _followed(older: BookRow, newer: BookRow, *, are_apart: bool) -> BookRow:
    """The row of a book after two that perhaps did not know of each other."""
    if newer.number > older.number:
        # The lines of the one may have come into the book of the other.
        return replace(newer, place=max(newer.place, older.place)) if are_apart else newer
    if newer.number < older.number:
        # A person saw room in the book, so it was no full one; of another the update tells how far it is at least.
        number = older.number + older.is_full
        newer = replace(newer, number=number, started=number)
    if reach(newer) >= reach(older):
        return newer
    return replace(older, ordinal=newer.ordinal, digest=newer.digest)


def objection_to(claim: BookClaim, known: KnownBook | None, *, is_whole: bool, asks_gaps: bool) -> BookObjection | None:
    """Why a person must be asked before the update is printed; None where it may be printed.

    `is_whole`: no area is out of use that may hold a newer row.  `asks_gaps`: every update of a book of a single
    appliance comes to this memory.
    """
    reason = _reason(claim, known, is_whole=is_whole, asks_gaps=asks_gaps)
    if reason is None:
        return None
    ordinal, place = (0, None) if known is None else (known.row.ordinal, known.row.place)
    seen = claim.objection
    if seen is not None and seen.is_overruled and (seen.reason, seen.ordinal, seen.place) == (reason, ordinal, place):
        return None
    if known is None:
        return BookObjection(reason, may_be_more=not is_whole)
    row = known.row
    return BookObjection(
        reason, ordinal, row.place, row.is_full, row.may_be_less, row.job, row.at, may_be_more=not is_whole
    )


def standing_now(claim: BookClaim, known: KnownBook) -> BookClaim:
    """The claim whose objection, if any, says where its book stands by what is known now."""
    if claim.objection is None:
        return claim
    row = known.row
    there = {"place": row.place, "is_full": row.is_full, "may_be_less": row.may_be_less, "job": row.job, "at": row.at}
    return replace(claim, objection=replace(claim.objection, **there))


def _reason(claim: BookClaim, known: KnownBook | None, *, is_whole: bool, asks_gaps: bool) -> Reason | None:
    missing = None if is_whole else Reason.BOOK_NOT_KNOWN
    if known is None:
        return missing
    row = known.row
    if claim.digests[known.name] == row.digest:
        return Reason.BOOK_REPEATED
    if row.is_full and claim.first == claim.opens_at:
        return missing
    # The last update may have filled lines of the full book before; one that names them was made before it.
    if claim.first < row.place or (row.began_at is not None and claim.first >= row.began_at):
        # An area that is away takes no known line off the paper, and a new book behind a full one is not known here.
        return Reason.BOOK_OVER_LINES
    if claim.first > row.place and claim.is_single and asks_gaps:
        return missing or Reason.BOOK_GAP
    return missing


TAKES_TWO: Final = frozenset({Reason.BOOK_OVER_LINES, Reason.BOOK_REPEATED, Reason.BOOK_GAP})
"""Reasons of a question after which an order to print takes two people: the memory says that the paper has more."""
