"""Every error that a person or a program can meet.

Theory of operation.  An error is a row of one catalogue: a stable code, who must act, and one sentence that says what
happened, what was kept and what to do.  Code raises `PassbookError` with the code and the words that fill the sentence
in; doors, commands and logs take code and sentence from it.  So nothing that a book says can get into an error, because
no row has a place for it, and a program can act on a code for ever, because none changes its meaning or is used again.
Rows are written where their subject is: documents, storage, and all others in `catalogue`.
"""

from __future__ import annotations

from passbook.errors.catalogue import CATALOGUE, PassbookError, shown, speakable

__all__ = ["CATALOGUE", "PassbookError", "shown", "speakable"]
