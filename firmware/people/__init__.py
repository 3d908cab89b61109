"""Questions and notices for people, and the known terminals.

Theory of operation.  A question goes to the requester, and after a time to the representatives too. One table over
connected terminals and passed time decides that (F3). The notice of an ended job is told until a person acknowledges it
(P8). Both come from the records, and memory keeps only deadlines; so nothing is lost with the process. Questions end
with their business day, and only by a clock that is trusted (F4).

The invariant: whom to ask is worked out anew from the records, and no list of questions can disagree with the store
(P7). The failure to withstand is a person who is not there. A terminal that is silent for its time has its
questions put to the representatives too, and none waits in one place for ever. Seeing a document takes a grant of its
requester (`grants`), also for a representative (P12).

For example the power goes with ten jobs of counter-1 under way. At the boot counter-1 is asked ten times; after its
time the representatives are asked as well, and the first valid answer to each question wins.
"""
