"""Dialects as data: one TOML file for each.

Theory of operation. Printers of one family differ in figures and not in bytes: widths, pitches, the time for an
answer, the lines that one answer confirms. A dialect has the bytes in code, and a profile has the figures in a file.
Another model of the family needs other figures only. A profile is read strictly: a key that is not known is refused
by its name. The simulator reads the same file, and nothing else of the drivers.
"""
