"""From the document of a terminal to the steps of a mechanism.

Theory of operation.  A document of a named format (a passbook update as CSV or JSON, or plain text) is read into one
checked value.  A layout has the places of lines and columns on the paper of one kind of book.  Placing joins both into
a plan: lines, page turns and the return of the book, each at an absolute place in units of 1/2160 inch.  All of that
happens before a job is accepted.  So the appliance refuses a document that cannot be printed, and names the place in
it. The plan is pinned, and a line that is printed after a power cut stands in the same place as before.

The text of a book is confidential: these values show nothing of it in a log or an error.

The invariant: each reader takes time in proportion to its input (P14). The attacker is a terminal that sends bytes of
its choice. For example a document of an escape byte and "eject" is refused by its place, "entry 7", because only the
dialect may give commands to a printer.
"""
