"""Where books stand: the question about one account's books, its answer, and both in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from passbook.book.claim import BookObjection, BookPlace
from passbook.book.standing import BookRow
from passbook.document.plan import FURTHEST
from passbook.errors import PassbookError
from passbook.job.states import JobState, Reason
from passbook.protocol.messages import JobView, Payload, SubmitJob
from passbook.screen.columns import short

SECRET_BYTES: Final = 32
"""Bytes of a book secret."""
MOST_SECRETS: Final = 2
"""The secrets of one book: that under today's book key, and that under the earlier one."""
_ID: Final = re.compile(r"[0-9a-f]{64}")


class GetBook(Payload, frozen=True):
    """`Spooler.GetBook`: where the books of one account stand; `secrets` are those of the account, today's first."""

    secrets: tuple[bytes, ...]


class BookView(msgspec.Struct, frozen=True, rename="camel"):
    """Where one book stands.

    Attributes:
        kind: the kind of book, that of its layouts.
        place: behind the last line that may be on paper.
        is_full: no line is left.
        may_be_less: the last lines before `place` may not be on paper.
        at: when `job` left it there.
        unfinished: jobs of this book that have not ended, in the order of acceptance.
    """

    kind: str
    place: BookPlace | None = None
    is_full: bool = False
    may_be_less: bool = False
    at: str = ""
    job: str = ""
    unfinished: tuple[str, ...] = ()


class BookReport(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.GetBook`.

    Attributes:
        is_whole: no storage area is out of use that may know more.
    """

    books: tuple[BookView, ...] = ()
    is_whole: bool = True


def check_secrets(secrets: Sequence[bytes], field: str) -> None:
    """Raise PassbookError `invalid-message` unless there are at most two secrets, each of 32 bytes."""
    if len(secrets) > MOST_SECRETS or any(len(secret) != SECRET_BYTES for secret in secrets):
        raise PassbookError(
            "invalid-message", why=f"{field} has more than {MOST_SECRETS}, or one not of {SECRET_BYTES} bytes"
        )


def check_book(request: SubmitJob) -> None:
    """Judge what a request says of its book.  Raises PassbookError `invalid-message`."""
    check_secrets(request.book_secrets, "bookSecrets")
    claim = request.book
    if claim is None:
        return
    ids = (*claim.names, *claim.digests)
    fits = 1 <= len(claim.names) == len(claim.digests) <= MOST_SECRETS and all(map(_ID.fullmatch, ids))
    places = [number for one in (claim.opens_at, claim.first, claim.end) for number in (one.page, one.line)]
    if not fits or claim.objection is not None or not all(1 <= number <= FURTHEST + 1 for number in places):
        raise PassbookError("invalid-message", why="book does not tell of the book of an update")


def book_view(kind: str, row: BookRow | None, unfinished: tuple[str, ...]) -> BookView:
    """The view of one book."""
    if row is None:
        return BookView(kind, unfinished=unfinished)
    return BookView(kind, row.place, row.is_full, row.may_be_less, row.at, row.job, unfinished)


def stands_words(place: BookPlace, *, is_full: bool, may_be_less: bool, may_be_more: bool) -> str:
    """Where a book stands, as the predicate of a sentence."""
    if is_full:
        return "is full, unless a new one was begun" if may_be_more else "is full"
    less = ", and the last line before that may not be on paper" if may_be_less else ""
    more = "at least " if may_be_more else ""
    return f"stands {more}at page {place.page}, line {place.line}{less}"


def book_lines(report: BookReport, when: dict[str, str]) -> list[str]:
    """The answer for people, a sentence a line; `when` has the time of each stamp in words."""
    lines = []
    for one in report.books:
        if one.place is not None:
            facts = {"is_full": one.is_full, "may_be_less": one.may_be_less, "may_be_more": not report.is_whole}
            stands = stands_words(one.place, **facts)
            lines.append(f"Book {one.kind} {stands}: job {short(one.job)} left it there at {when.get(one.at, one.at)}.")
        lines += [f"Job {short(job)} for book {one.kind} has not ended." for job in one.unfinished]
    if not lines:
        lines.append("Nothing is known of a book of that account.")
    if not report.is_whole:
        lines.append("A storage area is out of use, and may know more.")
    return lines


def asked_book_words(objection: BookObjection) -> str:
    """What is known of the book of a job that is asked about, as sentences for the person who decides."""
    stands = _known_words(objection)
    if objection.reason is Reason.BOOK_NOT_KNOWN:
        known = f"; by the others its book {stands}" if stands else ", so it is not known where its book stands"
        return f"A storage area is out of use{known}. Look at the book before it is printed."
    away = ", and a storage area is out of use that may know more" if objection.may_be_more else ""
    return (
        f"Its book {stands}{away}. An order to print it all the same, or into a new book, takes two people; "
        f"to have it where the book stands, discard it and {_send_again_words(objection)}."
    )


def _known_words(objection: BookObjection) -> str:
    """Where the book stands and by which job, as a predicate; empty where that is not known."""
    stands = _place_words(objection)
    return f"{stands}, as job {short(objection.job)} left it" if objection.job else stands


def _place_words(objection: BookObjection) -> str:
    """Where the book stands, as a predicate; empty where that is not known."""
    if objection.place is None:
        return ""
    facts = {"is_full": objection.is_full, "may_be_less": objection.may_be_less, "may_be_more": objection.may_be_more}
    return stands_words(objection.place, **facts)


def _send_again_words(objection: BookObjection) -> str:
    """How the update comes to its place in the book, as an order."""
    unless = " unless the book has it already" if objection.reason is Reason.BOOK_REPEATED else ""
    if objection.may_be_more:
        return f"send it again behind the last line on its paper{unless}"
    place = objection.place
    where = "" if place is None else f" at page {place.page}, line {place.line}"
    where = " for a new book" if objection.is_full else where
    return f"send it again{where}{unless}"


def discarded_words(job: JobView) -> str:
    """After an update was discarded that did not fit to its book: where to send it again; empty for another job."""
    objection = job.book
    if objection is None or job.state is not JobState.CANCELED or objection.is_overruled or objection.place is None:
        return ""
    return f"Its book {_place_words(objection)}: {_send_again_words(objection)}."
