"""Plots as SVG: one file of lines over two axes, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Final

from bench.report import Curve, Line, number

WIDTH: Final = 640
HEIGHT: Final = 320
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 32, 44
"""Room around the lines for axes, names and title."""
COLOURS: Final = ("#1f6fb2", "#c2571a", "#2a8a4a", "#8a4aa8", "#7a7a00", "#a83232")
STEPS: Final = 5
"""The approximate number of marks on an axis."""


def svg(curve: Curve) -> str:
    """The picture of a curve.  Raises ValueError for one without a point."""
    points = [point for line in curve.lines for point in line.points]
    if not points:
        raise ValueError(f"nothing to plot in {curve.name}")
    return "\n".join([*_head(curve), *_Axes(curve, points).drawn(), "</svg>", ""])


def _head(curve: Curve) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
    )
    yield f"<title>{escape(curve.title)}</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield _text(LEFT, 18, curve.title, anchor="start", more=' font-weight="bold"')


class _Axes:
    """The place of a point in the picture, and the picture's lines."""

    def __init__(self, curve: Curve, points: list[tuple[float, float]]) -> None:
        self._curve = curve
        self._y_marks = _even(0.0, max(y for _, y in points) or 1.0)
        if curve.logarithmic:
            self._x_marks = _decades(min(x for x, _ in points), max(x for x, _ in points))
        else:
            self._x_marks = _even(min(0.0, *(x for x, _ in points)), max(x for x, _ in points) or 1.0)

    def drawn(self) -> Iterator[str]:
        """Marks, names and lines."""
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for mark in self._y_marks:
            y = self._y(mark)
            yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#dddddd" fill="none"/>'
            yield _text(LEFT - 6, y + 4, number(mark), anchor="end")
        for mark in self._x_marks:
            yield _text(self._x(mark), bottom + 16, _short(mark), anchor="middle")
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#333333" fill="none"/>'
        yield _text((LEFT + right) / 2, HEIGHT - 8, self._curve.across, anchor="middle")
        middle = (TOP + bottom) / 2
        yield _text(14, middle, self._curve.up, anchor="middle", more=f' transform="rotate(-90 14 {middle})"')
        for place, line in enumerate(self._curve.lines):
            yield from self._line(line, COLOURS[place % len(COLOURS)], TOP + 12 + 18 * place)

    def _line(self, line: Line, colour: str, name_y: float) -> Iterator[str]:
        places = [(self._x(x), self._y(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" stroke="{colour}" stroke-width="2" fill="none"/>'
        for x, y in places if len(places) <= 50 else []:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        start = WIDTH - RIGHT + 10
        yield f'<path d="M{start} {name_y - 4}h14" stroke="{colour}" stroke-width="2"/>'
        yield _text(start + 20, name_y, line.name, anchor="start")

    def _x(self, value: float) -> float:
        low, high = self._x_marks[0], self._x_marks[-1]
        if self._curve.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._y_marks[-1] * (HEIGHT - TOP - BOTTOM)


def _even(low: float, high: float) -> list[float]:
    """Round marks from `low` (0 or below) to just above `high`."""
    rough = (high - low) / STEPS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0**n for n in range(first, max(last, first + 1) + 1)]


def _short(value: float) -> str:
    """1000000 as 1M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _text(x: float, y: float, what: str, *, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222222"{more}>{escape(what)}</text>'
