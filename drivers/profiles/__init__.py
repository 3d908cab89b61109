"""Dialects as data: one TOML file for each.

Theory of operation. Printers of one family differ in figures and not in bytes: widths, pitches, the time for an
answer, the lines that one answer confirms. A dialect has the bytes in code, and a profile has the figures in a file.
Another model of the family needs other figures only. A profile is read strictly: a key that is not known is refused
by its name. The simulator reads the same file, and nothing else of the drivers.

The invariant: a profile promises nothing that its printers do not do. A promise rests on `lines_in_doubt`: a profile
that says 1 for a printer that confirms only each second line would hide a line from the person who looks at the paper
(P3). For example a model with another width of character has its own `cpi` and `columns` here, and the same code prints
on it.
"""
