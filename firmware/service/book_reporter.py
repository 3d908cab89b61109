"""Where books stand, for a terminal that shows the book secrets of an account."""

from __future__ import annotations

from collections.abc import Iterable

from passbook.document.layout import BookLayout, LayoutKind
from passbook.protocol.book_words import BookReport, BookView, GetBook, book_view, check_secrets
from storage import Spool, book_secrets


class BookReporter:
    """Asks the memory of books; reads no disk."""

    def __init__(self, spool: Spool, layouts: Iterable[BookLayout]) -> None:
        """`layouts` are those of the appliance: they name the kinds of books."""
        self._spool = spool
        books = (one for one in layouts if one.kind is LayoutKind.PASSBOOK)
        self._kinds = sorted({one.book or one.name for one in books})

    def report(self, asked: GetBook) -> BookReport:
        """Where each book of the account stands that is known.  Raises PassbookError `invalid-message`."""
        check_secrets(asked.secrets, "secrets")
        found: list[BookView] = []
        is_whole = True
        for kind in self._kinds:
            names = [book_secrets.book_name(secret, kind) for secret in asked.secrets]
            known, unfinished = self._spool.books.known(names), self._spool.books.waiting(names)
            is_whole = is_whole and self._spool.books.is_whole(names)
            if known is not None or unfinished:
                found.append(book_view(kind, None if known is None else known.row, tuple(unfinished)))
        return BookReport(tuple(found), is_whole)

    def status(self) -> str:
        """Whether books are remembered, as a sentence."""
        count = self._spool.books.count()
        if self._spool.books.is_used():
            return f"Books are remembered: where {count} of them stand is known."
        return "Books are not remembered: no update came with a book secret (teller keys book-new)."
