"""A ruler to measure where a printer puts its ink: its lines, and the offset that follows from where they stand."""

from __future__ import annotations

from typing import Final

TENS: Final = 10
FIVES: Final = 5


def ruler_text(lines: int, columns: int) -> str:
    """A bar in column 1, the number of the line behind it, and a mark at each fifth column: `|01 :    1    :    2`.

    A mark at a tenth column is the last digit of its tens.
    """
    marks = "".join(_mark(column) for column in range(1, columns + 1))
    return "".join(f"{_numbered(marks, line)}\n" for line in range(1, lines + 1))


def _mark(column: int) -> str:
    if column % TENS == 0:
        return str(column // TENS % TENS)
    return ":" if column % FIVES == 0 else " "


def _numbered(marks: str, line: int) -> str:
    head = f"|{line:02d}"
    return (head + marks[len(head) :])[: len(marks)].rstrip()


def offset_by(configured: int, expected: int, measured: int) -> int:
    """The offset that puts ink at `expected` which stands at `measured` with the offset `configured`.

    >>> offset_by(0, 2160, 2200), offset_by(-40, 2160, 2160)
    (-40, -40)
    """
    return configured + expected - measured
