"""Printers: the questions they answer, and the bytes that make them print.

Theory of operation.  A port moves bytes, never without a time-out.  A dialect says which bytes a printer family takes
for a line at an absolute place, and what its answers mean.  The document session joins both: it draws a book in,
prints a line, confirms it by the printer's own answer, and gives the book back, by one table of states.  What may
have reached paper and was not confirmed is in doubt, and the session says so; it repeats nothing (P3).  Every failure
ends in one exception with a reason for people.

The invariant: the bytes that may strike a line leave only after the desk journaled that line, and `confirm` returns
only after the printer itself answered behind it. The failures to withstand are a printer that loses power within a
line, a cable that is pulled out, and an answer that comes too late. For example a printer that is switched off in line
7 ends `confirm` in MechanismStop. The session then knows nothing of its mechanism, so only a clean-up is possible, and
the desk has a person look at line 7. No file here opens a store or a network connection of a terminal.
"""
