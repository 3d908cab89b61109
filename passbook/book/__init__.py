"""The book's memory: where each book stands, and what is asked before an update is printed into it; pure rules.

Theory of operation.  A branch may give its terminals a book key.  A terminal sends with an update a secret that it
derives from that key and the account.  From the secret the appliance derives the name of the book and a keyed digest
of the update, and keeps neither the secret nor the account.  A job carries both as its `BookClaim`.

What the end or the stop of a job leaves in its book is a `BookRow` (`standing`): the place behind the last line that
may be on paper.  The row is written in the transaction of that end or stop, so memory and record never differ.  Of
several rows of one book the furthest place is true, and the one with the highest ordinal tells the last update.

At its turn an untouched job is judged against the row (`judging`).  One that would print over known lines, repeats the
last content, or leaves a gap in a book of a single appliance is not printed: a person is asked.  An order to print it
all the same is about the very row that the person saw; another row since then is asked about again.  A job of the same
book that was begun and has not ended holds the others back (`holding`), since no row is true before that end.

Example: an update of twelve lines ends at page 1, line 12.  The row says page 1, line 13.  The same update again
repeats the content, and another one that names line 5 would print over lines 5 to 12: both are asked about.
"""
