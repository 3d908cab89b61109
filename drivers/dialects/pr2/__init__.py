"""The PR2 family of passbook printers.

Theory of operation.  Commands begin with ESC (`commands`); text is gathered in the printer and struck by a byte of its
own, so a line is on paper only after that byte.  Requests about the state and about the document are answered by frames
between ESC and an end of their kind (`frames`).  The reader turns bytes in any pieces into frames and loses none: bytes
of no frame become Garbage.  Positions go from 1/2160 inch to the family's own steps (`geometry`).  Codes, bytes and
waits that differ between its printers are data (`pr2_profile`).  `pr2_dialect` joins them for the document session.

An answer comes after everything before it was done, and a power dip loses the set-up.  So a line is confirmed by an
answer behind it and by the way to it, taken once more: a printer that lost the line rejects that way.
"""
