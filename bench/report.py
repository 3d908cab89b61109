"""The results of a part of `make bench`, and their text.

A part is a module with `measure(folder, *, quick) -> Results`: `folder` is empty and its own, on the file system that
is measured; with `quick` it does the least that gives every figure. A long measurement tells its progress through
`say`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never


class Bound(Enum):
    """The side of its limit on which a figure must lie."""

    LEAST = "at least"
    MOST = "at most"


@dataclass(frozen=True, slots=True)
class Reach:
    """The goal of a figure: of its ratio if it has one, otherwise of its value."""

    bound: Bound
    limit: float

    def reached_by(self, number: float) -> bool:
        """Whether a number is on the right side of the limit."""
        match self.bound:
            case Bound.LEAST:
                return number >= self.limit
            case Bound.MOST:
                return number <= self.limit
            case never:
                assert_never(never)

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return f"{self.bound.value} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        what: a short phrase that is unique in its part.
        value: in `unit`.
        reference: its reference in the same run; empty without one.
        ratio: value / the reference's value, None without a reference.
        reach: its goal, None without one.
    """

    what: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    reach: Reach | None = None

    @property
    def reached(self) -> bool | None:
        """Whether it reaches its goal; None without one."""
        if self.reach is None:
            return None
        return self.reach.reached_by(self.value if self.ratio is None else self.ratio)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: its name and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """One plot.

    Attributes:
        name: of its file, without an ending; lower-case words with hyphens, unique in the whole run.
        across: the quantity of the x axis, with its unit.
        up: the quantity of the y axis, with its unit; the axis begins at 0.
        logarithmic: whether the x axis is logarithmic; then no x may be 0.
    """

    name: str
    title: str
    across: str
    up: str
    lines: tuple[Line, ...]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one part.

    Attributes:
        title: its heading.
        notes: the method and the omissions, one paragraph each.
    """

    title: str
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...] = ()
    notes: tuple[str, ...] = ()


PICTURES: Final = "pictures"
"""Folder of the plots, beside the page."""
_HEADINGS: Final = ("measured", "value", "compared with", "ratio", "to reach", "")


def say(what: str) -> None:
    """Tell the progress on standard error."""
    print(what, file=sys.stderr, flush=True)


def table(results: Results) -> str:
    """The figures for a terminal."""
    rows = [_HEADINGS, *(_cells(figure) for figure in results.figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([results.title, "=" * len(results.title), *lines, *results.notes])


def markdown(results: Results) -> Iterator[str]:
    """The lines of its section in docs/performance.md."""
    yield from (f"### {results.title}", "")
    yield "| " + " | ".join(_HEADINGS) + " |"
    yield "|---" * len(_HEADINGS) + "|"
    for figure in results.figures:
        yield "| " + " | ".join(_cells(figure)) + " |"
    yield ""
    for note in results.notes:
        yield from (note, "")
    for curve in results.curves:
        yield from (f"![{curve.title}]({PICTURES}/{curve.name}.svg)", "")


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {None: "", True: "reached", False: "**not reached**"}[figure.reached]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    reach = "" if figure.reach is None else str(figure.reach)
    return figure.what, f"{number(figure.value)} {figure.unit}".strip(), figure.reference, ratio, reach, verdict


def number(value: float) -> str:
    """A number with about three significant digits."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
