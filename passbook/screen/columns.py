"""Text laid out for a screen: tables and sentences that fit its width, and ids cut to a beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from passbook.screen.screen_cells import cut_to, pad_to, screen_cells, wrapped

SHOWN_ID: Final = 8
"""The number of characters of a job id that people see; every command takes them."""
LEAST_WIDTH: Final = 40
"""The number of cells of the narrowest screen for which text is laid out."""
COMMANDS: Final = ("  teller ", "  passbook")
"""The beginning of a line that is a command to be copied."""
_GAP: Final = "  "
_NOTE: Final = " " * 6
"""The indentation of each line below a row."""


class Row(NamedTuple):
    """One row of a table: its cells, and a sentence that stands below it; empty for none."""

    cells: tuple[str, ...]
    note: str = ""


def short(job: str) -> str:
    """The beginning of a job id, as people see it.

    >>> short("7f3a09c2d1e84b55")
    '7f3a09c2'
    """
    return job[:SHOWN_ID]


def harmless(text: str) -> str:
    """The text without what acts on a screen."""
    return "".join(character if character.isprintable() else " " for character in text)


def capital(sentence: str) -> str:
    """The sentence with a capital at its beginning; names in it stay as they are written.

    >>> capital("held by Otto")
    'Held by Otto'
    """
    return sentence[:1].upper() + sentence[1:]


def table(headings: Sequence[str], rows: Sequence[Row], width: int | None) -> list[str]:
    """The rows below their headings, aligned.

    Args:
        headings: one for each cell, the most important first.
        rows: the rows below the headings.
        width: cells of the screen; the table omits the last columns that do not fit, and a last line names them.
            None for no limit.
    """
    lines = [tuple(headings), *(row.cells for row in rows)]
    widths = [max(screen_cells(line[place]) for line in lines) for place in range(len(headings))]
    shown = len(headings) if width is None else _fitting(widths, width)
    drawn = [_line(headings[:shown], widths, width)]
    for row in rows:
        drawn.append(_line(row.cells[:shown], widths, width))
        drawn += filled([_NOTE + row.note], width) if row.note else ()
    left_out = headings[shown:]
    if left_out:
        drawn += filled([f"Too narrow for {', '.join(left_out)}; a wider screen or --json shows them."], width)
    return drawn


def filled(lines: Sequence[str], width: int | None) -> list[str]:
    """The lines, each long one broken between words except for commands; further parts stand two characters further in.

    >>> filled(["  3  go on with line 3"], 12)
    ['  3  go on', '    with', '    line 3']
    """
    return list(_filled(lines, width))


def _filled(lines: Sequence[str], width: int | None) -> Iterator[str]:
    for line in lines:
        # A command is to be copied whole; the terminal itself wraps it without a break.
        if width is None or screen_cells(line) <= width or line.startswith(COMMANDS):
            yield line
            continue
        indent = " " * (len(line) - len(line.lstrip()))
        yield from wrapped(line, width, f"{indent}  " if indent != _NOTE else indent)


def _fitting(widths: Sequence[int], width: int) -> int:
    """The number of first columns that fit; at least one."""
    used = 0
    for place, column in enumerate(widths):
        used += column + (len(_GAP) if place else 0)
        if used > width:
            return max(1, place)
    return len(widths)


def _line(cells: Sequence[str], widths: Sequence[int], width: int | None) -> str:
    line = _GAP.join(map(pad_to, cells, widths)).rstrip()
    return line if width is None else cut_to(line, width)
