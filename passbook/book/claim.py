"""What an update says of its book: the names that the book may have in the memory, and where the update lies in it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from passbook.job.states import Reason


class BookPlace(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A page of a book and a line of that page, both counted from 1."""

    page: int
    line: int


class BookShape(NamedTuple):
    """An update as it lies in its book, before the book has a name.

    Attributes:
        kind: the kind of book; an account may have one book of each kind.
        content: the entries; two updates with the same ones are the same update.
        opens_at: the first place of a book of this kind.
        first: the place of the first line.
        end: the place behind the last line, in the book in which that stands.
        fills: no line of that book is left behind the last one.
        is_single: one appliance alone prints into such books, so that no line of them is unknown here.
    """

    kind: str
    content: bytes
    opens_at: BookPlace
    first: BookPlace
    end: BookPlace
    fills: bool
    is_single: bool


class BookObjection(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why an update was not printed without a question, and where its book stands as far as that is known.

    Attributes:
        ordinal: that of the row against which it was judged; 0 where there was none.
        place: where the book stands; None where that is not known.
        is_full: the book has no line left.
        may_be_less: the last lines before `place` may not be on paper.
        may_be_more: a storage area is out of use that may know of more lines, or of a new book.
        job: the job that left the book there, at the time `at`; both empty where no row is known.
        is_overruled: a person ordered the update printed all the same.
        is_new_book: two people said that it is for a new book, so the memory begins anew with it.
    """

    reason: Reason
    ordinal: int = 0
    place: BookPlace | None = None
    is_full: bool = False
    may_be_less: bool = False
    job: str = ""
    at: str = ""
    is_overruled: bool = False
    may_be_more: bool = False
    is_new_book: bool = False


class BookClaim(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """The book of a job, in the record: neither account nor secret, and nothing that tells them.

    Attributes:
        names: the name under today's book key, and that under the earlier one; none where the job has ended.
        digests: for each name the digest of the content under the same key.
        opens_at: as in BookShape, and so are `first`, `end`, `fills` and `is_single`.
        objection: what was asked about it last; None where nothing was.
    """

    names: tuple[str, ...]
    digests: tuple[str, ...]
    opens_at: BookPlace
    first: BookPlace
    end: BookPlace
    fills: bool = False
    is_single: bool = False
    objection: BookObjection | None = None


def without_names(claim: BookClaim | None) -> BookClaim | None:
    """The claim in the form that is kept for long: nothing in it ties two jobs of one book together."""
    return None if claim is None else msgspec.structs.replace(claim, names=(), digests=())


def overruled(claim: BookClaim | None, reasons: Collection[Reason]) -> BookClaim | None:
    """The claim after an order to print that answers a question with these reasons.

    An objection among them counts no more, for as long as the book stands there.
    """
    if claim is None or claim.objection is None or claim.objection.reason not in reasons:
        return claim
    return msgspec.structs.replace(claim, objection=msgspec.structs.replace(claim.objection, is_overruled=True))


def lapsed(claim: BookClaim | None) -> BookClaim | None:
    """The claim without the order that was given about its book; the objection stays."""
    if claim is None or claim.objection is None:
        return claim
    # Another storage area may be out of use now than was then.  What is left of the memory may then look as it did in
    # the question, though lines came into the book meanwhile.
    objection = msgspec.structs.replace(claim.objection, is_overruled=False, is_new_book=False)
    return msgspec.structs.replace(claim, objection=objection)
