"""Every error that a person or a program can meet.

Theory of operation.  An error is a row of one catalogue: a stable code, the actor, and one sentence that says what
happened, what was kept and what to do. The program raises `PassbookError` with the code and the words that fill the
sentence in; doors, commands and logs take code and sentence from it. So no text of a book can get into an error,
because no row has a place for it. A program can act on a code for ever, because no code changes its meaning or is used
again. Rows stand in the module of their subject: documents, storage, and all others in `catalogue`.

The invariant: each code that is raised has a row, each row is raised, and each fact of a sentence is given; tests
compare both sides. A peer's own words go through `shown` before they are part of a sentence: a control character could
write over the screen of the person who reads it. For example `unknown-job` says which id was asked for, and its actor
is the teller, so `teller` ends with the exit code 3.
"""

from __future__ import annotations

from passbook.errors.catalogue import CATALOGUE, PassbookError, shown, speakable

__all__ = ["CATALOGUE", "PassbookError", "shown", "speakable"]
