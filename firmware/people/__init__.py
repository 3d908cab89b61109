"""Questions and notices for people, and the known terminals.

Theory of operation.  A question goes to the requester, and after a time to the representatives too. One table over
connected terminals and passed time decides that (F3). The notice of an ended job is told until a person acknowledges it
(P8). Both come from the records, and memory keeps only deadlines; so nothing is lost with the process. Questions end
with their business day, and only by a clock that is trusted (F4).
"""
