"""The PR2 family of passbook printers.

Theory of operation.  Commands begin with ESC; text is gathered in the printer and struck by a byte of its own, so a
line is on paper only after that byte.  Requests about the state and about the document are answered by frames between
ESC and an end of their kind.  The reader turns bytes in any pieces into frames and loses none: what is no frame
becomes Garbage, byte for byte.  Positions go from 1/2160 inch to what the family counts in.
"""
