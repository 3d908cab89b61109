"""A placed document: the steps of a mechanism, each at an absolute place, pinned when the job is accepted.

Lengths are integers in units of 1/2160 inch: the least unit in which 1/180, 1/216, 1/240 and 1/360 inch (the vertical
steps of the dialects in use) are whole numbers.

None of these values can refer to itself, so the collector of cycles passes them over (`gc=False`): a job has hundreds
of them, and the collector took 7 % of the processor time of an acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import ClassVar, Final, NamedTuple, Self, TypeAlias

import msgspec
from msgspec.structs import replace

from passbook.protocol.confidential import Confidential

UNITS_PER_INCH: Final = 2160
MM_PER_UNIT: Final = 25.4 / UNITS_PER_INCH
MOST_STEPS: Final = 20_000
"""Steps of a document of the longest kind that is taken: a line has at least one byte of it, and a page some lines."""
FURTHEST: Final = 32_767
"""The highest page, line, column or width of an outline that a terminal announces."""
_LOWEST: Final = 65_535
"""The greatest distance from the top edge of a page in an outline, in 1/2160 inch."""


class Sheet(msgspec.Struct, frozen=True, array_like=True):
    """The measures of a page that a mechanism needs before it comes in: lengths in 1/2160 inch, characters per inch.

    Attributes:
        cpi: the name of the pitch (passbook.document.pitches).
        fold: the distance of its fold from the top, for people; 0 for a page without one.
    """

    height: int
    cpi: int | float = 10
    left: int = 0
    fold: int = 0


class Run(Confidential, frozen=True, array_like=True, gc=False):
    """Text struck without a gap, from `column` (1-based) to the right; no control characters.

    Attributes:
        wide: each character takes two cells, as kanji and full-width kana do.
    """

    column: int
    text: str
    wide: bool = False

    @property
    def cells(self) -> int:
        """The number of cells that it takes."""
        return 2 * len(self.text) if self.wide else len(self.text)


NUMBER_MARK: Final = "\ufffc"
"""Stands in a run for a digit of the number of a sheet, which is known when its form is drawn; no code page has it."""


class StepTraits(NamedTuple):
    """What a kind of step asks for, and what people call it.

    Attributes:
        is_line: it puts a line of the document on paper.
        needs_medium: the medium must lie in the mechanism, opened at its page.
        ends_page: the medium lies outside afterwards.
        opens_page: people must turn the medium afterwards and put it in again, opened at its page, or the next sheet.
        ends_medium: the medium is finished afterwards.
        noun: it as a noun; may name its `page` and its `line`, counted over the document.
        done: it is confirmed, as a sentence; may name the lines that are `done`, of all `lines`.
        doubt: it is in doubt, as a clause; may name its `page`.  Empty for a line: pictures show its place.
        opens_book: a new book comes in afterwards; pages and lines are counted anew in it.
    """

    is_line: bool
    needs_medium: bool
    ends_page: bool
    opens_page: bool
    ends_medium: bool
    noun: str
    done: str
    doubt: str
    opens_book: bool = False


class StepKind(StrEnum):
    """What a step does to the paper; a new kind is a row here, a class of step below and its act at a destination."""

    traits: StepTraits

    def __new__(cls, value: str, traits: StepTraits) -> Self:
        """A kind is its value; what it asks for is read without a call: records are asked for each of their steps."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.traits = traits
        return kind

    LINE = (
        "line",
        StepTraits(
            is_line=True,
            needs_medium=True,
            ends_page=False,
            opens_page=False,
            ends_medium=False,
            noun="line {line}",
            done="Line {done} of {lines} is on paper.",
            doubt="",
        ),
    )
    BAND = (
        "band",
        StepTraits(
            is_line=True,
            needs_medium=True,
            ends_page=False,
            opens_page=False,
            ends_medium=False,
            noun="line {line}",
            done="Line {done} of {lines} is on paper.",
            doubt="",
        ),
    )
    TURN = (
        "turn",
        StepTraits(
            is_line=False,
            needs_medium=False,
            ends_page=True,
            opens_page=True,
            ends_medium=False,
            noun="the turn to page {page}",
            done="The book was given back, to be turned.",
            doubt="the turn to page {page} is in doubt",
        ),
    )
    EJECT = (
        "eject",
        StepTraits(
            is_line=False,
            needs_medium=False,
            ends_page=True,
            opens_page=False,
            ends_medium=True,
            noun="the giving back of the book",
            done="The book was given back.",
            doubt="whether the book was given back is in doubt",
        ),
    )
    NEXT_SHEET = (
        "next-sheet",
        StepTraits(
            is_line=False,
            needs_medium=False,
            ends_page=True,
            opens_page=True,
            ends_medium=True,
            noun="the change to sheet {page}",
            done="The sheet was given back, for the next one.",
            doubt="the change to sheet {page} is in doubt",
        ),
    )
    NEXT_BOOK = (
        "next-book",
        StepTraits(
            is_line=False,
            needs_medium=False,
            ends_page=True,
            opens_page=True,
            ends_medium=True,
            noun="the change to a new book",
            done="The full book was given back, for a new one.",
            doubt="whether the full book was given back, for a new one, is in doubt",
            opens_book=True,
        ),
    )
    RELAY = (
        "relay",
        StepTraits(
            is_line=False,
            needs_medium=False,
            ends_page=False,
            opens_page=False,
            ends_medium=False,
            noun="the handing on of the message",
            done="The next hop took the message.",
            doubt="whether the next hop took the message is in doubt",
        ),
    )


class Line(msgspec.Struct, frozen=True, array_like=True, tag="line", gc=False):
    """Print one line: `y` is the distance of its base line from the top edge of the page, in 1/2160 inch."""

    kind: ClassVar[StepKind] = StepKind.LINE

    page: int
    line: int
    y: int
    runs: tuple[Run, ...]


class Band(Confidential, frozen=True, array_like=True, tag="band", gc=False):
    """Print one line of dots: a part of a picture that the head prints in one go.

    Attributes:
        line: its number on the page, from 1, bands without ink counted too.
        y: the distance of its top edge from the top edge of the page, in 1/2160 inch.
        x: the distance of its left edge from the left edge of the page, in 1/2160 inch.
        width: dots of a row.
        height: rows.
        across: the distance of two dots of a row, in 1/2160 inch.
        down: the distance of two rows, in 1/2160 inch.
        dots: rows from the top, each in whole bytes, from the left with the highest bit first; 1 is ink.
    """

    kind: ClassVar[StepKind] = StepKind.BAND

    page: int
    line: int
    y: int
    x: int
    width: int
    height: int
    across: int
    down: int
    dots: bytes


class DotPitch(NamedTuple):
    """How a printer prints dots.

    Attributes:
        across: the distance of two dots of a row, in 1/2160 inch.
        down: the distance of two rows, in 1/2160 inch.
        rows: rows that the head prints in one go.
    """

    across: int
    down: int
    rows: int


class Turn(msgspec.Struct, frozen=True, array_like=True, tag="turn", gc=False):
    """Turn the book so that `page` can be printed."""

    kind: ClassVar[StepKind] = StepKind.TURN

    page: int


class NextSheet(msgspec.Struct, frozen=True, array_like=True, tag="next-sheet", gc=False):
    """Give the finished sheet back, so that the one for `page` can come in."""

    kind: ClassVar[StepKind] = StepKind.NEXT_SHEET

    page: int


class NextBook(msgspec.Struct, frozen=True, array_like=True, tag="next-book", gc=False):
    """Give the full book back, so that a new one can come in, opened at `page`."""

    kind: ClassVar[StepKind] = StepKind.NEXT_BOOK

    page: int


class Eject(msgspec.Struct, frozen=True, array_like=True, tag="eject", gc=False):
    """Give the medium back; the last step of every plan."""

    kind: ClassVar[StepKind] = StepKind.EJECT

    page: int


class Relay(msgspec.Struct, frozen=True, array_like=True, tag="relay", gc=False):
    """Hand the document, which is a message, on to a next hop; the one step of its plan, on no page."""

    kind: ClassVar[StepKind] = StepKind.RELAY

    page: int = 0


Step: TypeAlias = Line | Band | Turn | NextSheet | NextBook | Eject | Relay
Plan: TypeAlias = tuple[Step, ...]
"""A placed document; steps are counted from 1: step k is plan[k - 1]."""


BAR_UNITS: Final = UNITS_PER_INCH // 10
"""The width of a column of a band's bar, in 1/2160 inch."""


def with_numbers(plan: Plan, numbers: Mapping[int, int]) -> Plan:
    """The plan with the number of each page's sheet where it is to be printed; a page without one keeps its marks.

    No code page has the marks, so a sheet whose number was not given is never printed.
    """
    return tuple([_with_number(step, numbers[step.page]) if step.page in numbers else step for step in plan])


def _with_number(step: Step, number: int) -> Step:
    if not isinstance(step, Line) or not any(run.text.startswith(NUMBER_MARK) for run in step.runs):
        return step
    runs = [
        Run(run.column, str(number).zfill(len(run.text))) if run.text.startswith(NUMBER_MARK) else run
        for run in step.runs
    ]
    return replace(step, runs=tuple(runs))


class Bar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The place of a run, without its text: first column (1-based) and number of cells."""

    column: int
    width: int


class StepOutline(msgspec.Struct, frozen=True, gc=False):
    """The part of a step that every terminal may see: place and size, never its content.

    Attributes:
        line: 0 except for lines and bands.
        bars: of a band one bar, in columns of 1/10 inch.
        band: of a band the distance of its top edge from the top edge of the page, and its height, in 1/2160 inch.
    """

    kind: StepKind
    page: int
    line: int = 0
    bars: tuple[Bar, ...] = ()
    band: tuple[int, int] | None = None


def outline(plan: Plan) -> tuple[StepOutline, ...]:
    """The plan without its text."""
    return tuple([_outline_step(step) for step in plan])


def is_outline(steps: Sequence[StepOutline]) -> bool:
    """Whether these can be the steps of a whole document: in each book pages in order, at the end the medium is out."""
    if not steps or len(steps) > MOST_STEPS or steps[-1].kind is not StepKind.EJECT:
        return False
    is_in_order = all(one.page <= later.page or later.kind.traits.opens_book for one, later in pairwise(steps))
    return is_in_order and all(1 <= step.page <= FURTHEST and _is_step(step) for step in steps)


class BookNumber(NamedTuple):
    """A book of a job that goes on in a new one: its number from 1, and the number of all; 0 and 0 for a job of one."""

    book: int = 0
    books: int = 0


def books_of(steps: Sequence[Step | StepOutline]) -> list[int]:
    """For each step the number of the book that it belongs to, from 1; a change belongs to the full one."""
    before = accumulate((step.kind.traits.opens_book for step in steps), initial=0)
    return [1 + changes for changes, _ in zip(before, steps, strict=False)]


def book_number(steps: Sequence[StepOutline], confirmed: int) -> BookNumber:
    """The book that is needed behind the steps 1..confirmed."""
    changes = [step.kind.traits.opens_book for step in steps]
    return BookNumber(1 + sum(changes[:confirmed]), 1 + sum(changes)) if any(changes) else BookNumber()


def _is_step(step: StepOutline) -> bool:
    """Whether a step can be one of a document: a line has a place, and other steps have none."""
    places = [place for bar in step.bars for place in (bar.column, bar.width)]
    is_line = step.kind.traits.is_line
    if (step.line > 0) != is_line or (step.band is not None) != (step.kind is StepKind.BAND):
        return False
    is_on_page = step.band is None or all(0 <= length <= _LOWEST for length in step.band)
    return is_on_page and all(1 <= place <= FURTHEST for place in places) and 0 <= step.line <= FURTHEST


def _outline_step(step: Step) -> StepOutline:
    if isinstance(step, Line):
        bars = tuple([Bar(run.column, run.cells) for run in step.runs])
        return StepOutline(step.kind, step.page, step.line, bars)
    if isinstance(step, Band):
        left, width = step.x // BAR_UNITS, -(-step.width * step.across // BAR_UNITS)
        size = (step.y, step.height * step.down)
        return StepOutline(step.kind, step.page, step.line, (Bar(left + 1, width),), size)
    return StepOutline(step.kind, step.page)


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Plan)


def encode_plan(plan: Plan) -> bytes:
    """The plan as msgpack, for sealing."""
    return _ENCODER.encode(plan)


def decode_plan(data: bytes) -> Plan:
    """The inverse of encode_plan.  Raises ValueError or RecursionError on anything else."""
    return _DECODER.decode(data)
