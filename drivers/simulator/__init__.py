"""A simulated mechanism of the PR2 family: it keeps its paper in a file, and can lose power at any byte.

Theory of operation.  It is written apart from the drivers that it judges: it reads the host's bytes by the manuals and
shares only the profile of data with them, so one mistake is not made on both sides.  Paper is the witness.  Each
strike is in the paper file before it is answered, with how often it was struck, so a line printed twice is seen.
Faults and power cuts are scripted to the byte.  For example a cut at byte 20 of a line loses the set-up and the print
memory; the book stays where it is, and the bytes behind are still in the cable.

The control socket puts books in, takes them out, and orders faults; it is a second port and no part of the printer's
language. The simulator is a process of its own, because a cut of the appliance's power must not touch the paper. No
room above imports it: the appliance cannot know that it prints on paper that does not exist.
"""
