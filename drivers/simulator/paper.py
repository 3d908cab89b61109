"""The paper: every strike with its place, in a file that survives every process (docs/paper-format.md)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from passbook.document.plan import UNITS_PER_INCH
from passbook.errors import PassbookError

PAPER_FORMAT: Final = "passbook-paper/1"
WIDE_END: Final = "\0"
"""Stands for the second cell of a wide letter while runs are put together."""
TOLERANCE: Final = UNITS_PER_INCH // 120
"""The distance from its rule at which a line still counts as that line."""


class Ruler(msgspec.Struct, frozen=True, rename="camel"):
    """The printed rules of a page, in 1/2160 inch from its top edge; `fold_gap` is added after line `fold_after`."""

    first_y: int
    pitch: int
    lines: int
    fold_after: int | None = None
    fold_gap: int = 0

    def y(self, line: int) -> int:
        """The place of rule `line` (from 1)."""
        folded = self.fold_after is not None and line > self.fold_after
        return self.first_y + self.pitch * (line - 1) + (self.fold_gap if folded else 0)

    def line_at(self, y: int) -> int | None:
        """The rule that `y` stands on, within TOLERANCE; None is off the rules."""
        nearest = min(range(1, self.lines + 1), key=lambda line: abs(self.y(line) - y), default=None)
        return nearest if nearest is not None and abs(self.y(nearest) - y) <= TOLERANCE else None


class DotColumns(NamedTuple):
    """A part of a picture: columns of dots from the left.

    Attributes:
        x: its left edge, in 1/2160 inch.
        columns: a byte of 8 dots for each column, the highest bit above.
        across: the distance of two columns, in 1/2160 inch.
        down: the distance of two dots of a column, in 1/2160 inch.
        above: the dots of a column above the `y` of the strike.
    """

    x: int
    columns: bytes
    across: int
    down: int
    above: int


class Strike(NamedTuple):
    """The text that a mechanism puts on paper in one go.

    Attributes:
        y: the distance from the top of the page, in 1/2160 inch.
        runs: column from 1, and text.
        cpi: columns to the inch.
        left: the beginning of column 1, in 1/2160 inch from the left edge.
        dots: the parts of a picture.
        wide: the columns of the runs whose letters take two cells each.
    """

    y: int
    runs: tuple[tuple[int, str], ...]
    cpi: float = 10.0
    left: int = 0
    dots: tuple[DotColumns, ...] = ()
    wide: frozenset[int] = frozenset()


class StruckDots(msgspec.Struct):
    """Dots that one strike put on paper.

    Attributes:
        y: their top edge, in 1/2160 inch from that of the page.
        columns: a byte of 8 dots for each column from the left, the highest bit above.
        strike: the number of the strike.
    """

    y: int
    x: int
    columns: bytes
    across: int
    down: int
    strike: int


class StruckRun(msgspec.Struct):
    """Text at a place, with the numbers of the strikes that put it there; `times` is their count.

    Each letter of a `wide` one takes two cells.
    """

    line: int | None
    y: int
    column: int
    text: str
    times: int
    strikes: list[int]
    cpi: float = 10.0
    left: int = 0
    wide: bool = False


class PaperPage(msgspec.Struct):
    """One page, runs in the order of their first strike."""

    runs: list[StruckRun] = []
    dots: list[StruckDots] = []


class PaperBook(msgspec.Struct):
    """One book."""

    ruler: Ruler
    pages: dict[int, PaperPage] = {}


class _File(msgspec.Struct):
    format: str = PAPER_FORMAT
    strikes: int = 0
    books: dict[str, PaperBook] = {}


def line_text(runs: Iterable[tuple[int, str]]) -> str:
    """Runs (column from 1, text) as one line of text from column 1, without blanks at its end.

    >>> line_text([(5, "b"), (1, "aa")])
    'aa  b'
    """
    line = ""
    for column, text in sorted(runs):
        line = line[: column - 1].ljust(column - 1) + text + line[column - 1 + len(text) :]
    return line.rstrip()


def _place(run: StruckRun) -> tuple[object, ...]:
    return (run.y, run.column, run.text, run.cpi, run.left, run.wide)


class Paper:
    """All books that ever lay in the mechanism."""

    def __init__(self, path: Path) -> None:
        """Blank paper, which `save` will put at `path`."""
        self.path = path
        self._file = _File()

    @classmethod
    def load(cls, path: Path) -> Paper:
        """The paper at `path`.  Raises PassbookError `file-problem` when it is missing or not such a file."""
        paper = cls(path)
        try:
            paper._file = msgspec.json.decode(path.read_bytes(), type=_File)
        except OSError as error:
            raise PassbookError("file-problem", file=str(path), why=error.strerror or "unreadable") from None
        except (ValueError, RecursionError) as error:
            raise PassbookError("file-problem", file=str(path), why=str(error)) from None
        runs = [run for _, _, run in paper.runs()]
        if paper._file.format != PAPER_FORMAT or any(run.times != len(run.strikes) for run in runs):
            raise PassbookError("file-problem", file=str(path), why=f"not {PAPER_FORMAT}, or damaged")
        return paper

    @property
    def strikes(self) -> int:
        """The number of strikes."""
        return self._file.strikes

    @property
    def books(self) -> dict[str, PaperBook]:
        """Book id -> book."""
        return self._file.books

    def runs(self, book: str | None = None) -> list[tuple[str, int, StruckRun]]:
        """All (book, page, run), or those of one book."""
        chosen = {book: self.books[book]} if book in self.books else {}
        return [
            (name, number, run)
            for name, each in (self.books if book is None else chosen).items()
            for number, page in each.pages.items()
            for run in page.runs
        ]

    def lines(self, book: str) -> dict[tuple[int, int | None], list[tuple[str, int]]]:
        """(page, line) -> the strikes there: each different text with its count.

        A sound line has one text with count 1. Line None is for text off the rules.
        """
        struck: dict[tuple[int, int | None, int], list[tuple[int, str]]] = {}
        for _, page, run in self.runs(book):
            for strike in run.strikes:
                text = WIDE_END.join(run.text) + WIDE_END if run.wide else run.text
                struck.setdefault((page, run.line, strike), []).append((run.column, text))
        found: dict[tuple[int, int | None], dict[str, int]] = {}
        for (page, line, _), runs in sorted(struck.items(), key=lambda item: item[0][2]):
            texts = found.setdefault((page, line), {})
            text = line_text(runs).replace(WIDE_END, "")
            texts[text] = texts.get(text, 0) + 1
        return {place: list(texts.items()) for place, texts in found.items()}

    def times(self, book: str, page: int, line: int | None) -> int:
        """The number of strikes on a line, of any text."""
        return sum(times for _, times in self.lines(book).get((page, line), []))

    def ink(self, book: str, page: int) -> Counter[tuple[int, int]]:
        """The dots of a page: left and top edge of each, in 1/2160 inch, and how often it was struck."""
        return Counter(
            (part.x + column * part.across, part.y + row * part.down)
            for part in self.books[book].pages[page].dots
            for column, bits in enumerate(part.columns)
            for row in range(8)
            if bits >> (7 - row) & 1
        )

    def lay(self, book: str, page: int, ruler: Ruler | None) -> None:
        """Have a book and a page; a known book keeps its ruler.  Raises ValueError for a new book without one."""
        if book not in self.books:
            if ruler is None:
                raise ValueError("a new book needs a ruler")
            self.books[book] = PaperBook(ruler, {})
        self.books[book].pages.setdefault(page, PaperPage([]))

    def strike(
        self,
        book: str,
        page: int,
        y: int,
        runs: Iterable[tuple[int, str]],
        cpi: float = 10.0,
        left: int = 0,
        dots: Iterable[DotColumns] = (),
        wide: Collection[int] = (),
    ) -> int:
        """Put the text of a Strike on a page that was laid; return the number of this strike."""
        self._file.strikes += 1
        line = self.books[book].ruler.line_at(y)
        for column, text in runs:
            if text.strip():
                run = self._run(book, page, StruckRun(line, y, column, text, 0, [], cpi, left, column in wide))
                run.times += 1
                run.strikes.append(self.strikes)
        for part in dots:
            struck = StruckDots(y - part.above * part.down, part.x, part.columns, part.across, part.down, self.strikes)
            self.books[book].pages[page].dots.append(struck)
        return self.strikes

    def _run(self, book: str, page: int, new: StruckRun) -> StruckRun:
        runs = self.books[book].pages[page].runs
        for run in runs:
            if _place(run) == _place(new):
                return run
        runs.append(new)
        return new

    def save(self) -> None:
        """Put the paper into its file so that no power cut can take it back."""
        data = msgspec.json.format(msgspec.json.encode(self._file), indent=1)
        fresh = self.path.with_name(self.path.name + ".new")
        with fresh.open("wb") as file:
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
