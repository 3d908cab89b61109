"""The PR2 family of passbook printers.

Theory of operation.  Commands begin with ESC (`commands`); text is gathered in the printer and struck by a byte of its
own, so a line is on paper only after that byte.  Requests about the state and about the document are answered by frames
between ESC and an end of their kind (`frames`).  The reader turns bytes in any pieces into frames and loses none: bytes
of no frame become Garbage.  Positions go from 1/2160 inch to the family's own steps (`geometry`).  Codes, bytes and
waits that differ between its printers are data (`pr2_profile`).  `pr2_dialect` joins them for the document session.

An answer comes after everything before it was done, and a power dip loses the set-up.  So a line is confirmed by an
answer behind its strike and by ways behind that: a printer that lost the line rejects a way.  The ways are those to the
next line on the page, and to the same line again where none follows.  All of this leaves together with the strike and
is read while the head moves.  A dip may swallow bytes for a while, and what comes behind it may look well.  Three rules
hold against that.  Every answer that was asked for must come, so a dip that swallowed a question is missed by number.
A way is taken twice with a question between, so a dip that swallowed the one way left the other to be rejected.  The
second way, a text and an ejection drop the print memory first, for half a way may have been read as text.  The first
way behind a strike does not: a line that still waits there is struck by it, at its own place.

Text goes ahead of its order only where a profile says, verified, that nothing but the strike byte prints it and that
it can be dropped again.  For example the power dips while the ways to line 8 are read: line 7 is struck, the second way
is rejected, and people look at line 7.
"""
