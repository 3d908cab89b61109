"""The set-up of one printer beside the data of its family, and what the printer tells of its own set-up.

Theory of operation.  A layout says where ink belongs on a page, for every printer alike; a set-up says what is true of
this very printer.  So its offsets move ink when bytes are made, and never a plan that was accepted: a printer that
was put right prints the next line of an old job at the right place too.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.document.layout import BookLayout
from passbook.document.plan import Band, Line, Plan, Sheet, Step
from passbook.protocol.messages import Payload

MOST_OFFSET: Final = 4252
"""The longest offset, 50 mm in 1/2160 inch; more is a wrong layout, and no printer that stands a little off."""

RULER_LAYOUTS: Final = ("sheet", "slip")
"""The layouts on which a ruler is printed: the first one that the printer can print."""


class PrinterSetup(msgspec.Struct, frozen=True, rename="camel"):
    """What is configured of one printer beside its dialect and code page.

    Attributes:
        profile: the text of its own profile; empty for the one that comes with its dialect.
        elementary_step: steps to the inch in which it counts down the page; 0 as its profile says.
        x_offset: all ink goes so far to the right, in 1/2160 inch; negative to the left.
        y_offset: all ink goes so far down, likewise; negative up.
    """

    profile: str = ""
    elementary_step: int = 0
    x_offset: int = 0
    y_offset: int = 0

    def moved_sheet(self, sheet: Sheet) -> Sheet:
        """The sheet as this printer must be told of it.  Raises ValueError where ink would begin left of the sheet."""
        if not self.x_offset:
            return sheet
        left = sheet.left + self.x_offset
        if left < 0:
            raise ValueError("the first column is left of the left edge")
        return replace(sheet, left=left)

    def moved_line(self, line: Line) -> Line:
        """The line at the place where this printer must be told to put it."""
        return replace(line, y=line.y + self.y_offset) if self.y_offset else line

    def moved_band(self, band: Band) -> Band:
        """The band at the place where this printer must be told to put it."""
        if not (self.x_offset or self.y_offset):
            return band
        return replace(band, x=band.x + self.x_offset, y=band.y + self.y_offset)

    def moved_plan(self, plan: Plan) -> Plan:
        """The plan with all ink moved."""
        if not (self.x_offset or self.y_offset):
            return plan
        return tuple([self._moved(step) for step in plan])

    def _moved(self, step: Step) -> Step:
        match step:
            case Line():
                return self.moved_line(step)
            case Band():
                return self.moved_band(step)
            case _:
                return step


USUAL_SETUP: Final = PrinterSetup()
"""The set-up of a printer of which nothing is configured."""


class ReadValue(msgspec.Struct, frozen=True, rename="camel"):
    """One value that a printer told of its own set-up.

    Attributes:
        key: its key in the configuration.
        prints_wrong: where the two differ, ink would come to wrong places.
    """

    key: str
    configured: str
    found: str
    prints_wrong: bool = False

    @property
    def differs(self) -> bool:
        """Whether the printer says another value than the configuration."""
        return self.configured != self.found


class ReadBack(msgspec.Struct, frozen=True, rename="camel"):
    """What a printer told of its own set-up.

    Attributes:
        answer: its bytes, as hexadecimal digits; empty where none came.
        unexplained: why its profile cannot explain them; empty where it does.
    """

    answer: str = ""
    values: tuple[ReadValue, ...] = ()
    unexplained: str = ""


class Assumed(msgspec.Struct, frozen=True):
    """A value of a profile that no manual at hand gives: its key and what is assumed."""

    key: str
    value: str


class PrinterRef(Payload, frozen=True):
    """`Appliance.GetPrinter`: the name of a printer."""

    printer: str


class RulerPlace(msgspec.Struct, frozen=True, rename="camel"):
    """Where a ruler's marks belong on its sheet, in 1/2160 inch from the top and left edges.

    Attributes:
        layout: the sheet on which it is printed.
        first_line: the foot of line 1.
        bar: the middle of the bars in column 1.
    """

    layout: str
    first_line: int
    bar: int

    @classmethod
    def on(cls, layout: BookLayout) -> RulerPlace:
        """The places of a ruler on a sheet of this layout."""
        return cls(layout.name, layout.first_y, layout.left_units + round(layout.cell_units / 2))


class PrinterDetails(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Appliance.GetPrinter`: how a printer is set up, and what is only assumed of it.

    Attributes:
        profile: the name that its profile gives itself.
        elementary_step: steps to the inch; 0 where its dialect has none to choose.
        read_back: what it told of its own set-up when it was connected last; None where it was not asked.
        ruler: where the marks of `Appliance.PrintRuler` belong; None where it can print none of its layouts.
    """

    printer: str
    dialect: str
    profile: str
    port: str
    code_page: str
    elementary_step: int
    x_offset: int
    y_offset: int
    read_back: ReadBack | None
    problems: tuple[str, ...]
    assumed: tuple[Assumed, ...]
    ruler: RulerPlace | None


class PrintRuler(Payload, frozen=True, rename="camel"):
    """`Appliance.PrintRuler`: `person` has a ruler printed, under a key that is made for it and thrown away.

    Attributes:
        client_request: the name of the request; the same one again is the same job.
        key: 32 random bytes.
    """

    printer: str
    client_request: str
    key: bytes
    person: str
