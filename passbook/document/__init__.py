"""From what a terminal sends to the steps that a mechanism does.

Theory of operation.  A document of a named format (a passbook update as CSV or JSON, or plain text) is read into one
checked value.  A layout says where on the paper the lines and columns of one kind of book are.  Placing joins both
into a plan: lines, page turns and the return of the book, each at an absolute place in units of 1/2160 inch.  All of
that happens before a job is accepted.  So a document that cannot be printed is refused with a place in it, the plan
is pinned, and what is printed after a power cut stands where it would have stood before.

What a book says is confidential: these values show nothing of it in a log or an error.
"""
