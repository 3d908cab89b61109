"""Who is asked and who is told: questions, notices, and the terminals that are there.

Theory of operation.  A question goes to the requester, and after a time to the representatives too, by one table over
who is there and what time has passed (F3).  A notice of an ended job is told until somebody took note of it (P8).
Both are read from the records, and memory keeps only deadlines; so nothing is lost with the process.  Questions end
with their business day, and only by a clock that is trusted (F4).
"""
