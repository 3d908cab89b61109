"""Printers: the questions they answer, and the bytes that make them print.

Theory of operation.  A port moves bytes, never without a time-out.  A dialect says which bytes a printer family takes
for a line at an absolute place, and what its answers mean.  The document session joins both: it draws a book in,
prints a line, confirms it by the printer's own answer, and gives the book back, by one table of states.  What may
have reached paper and was not confirmed is in doubt, and the session says so; it repeats nothing (P3).  Every failure
ends in one exception with a reason for people.
"""
