"""`teller environment`: the printed and the remaining work of a printer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from passbook.job.figures import Figures
from passbook.job.wording import REASON_WORDS
from passbook.protocol.environment import LONGEST_WAIT, USUAL_WAIT, AreaFigures, Environment
from passbook.protocol.media import Device, Media
from passbook.protocol.stock_orders import StockLevel, StockView
from passbook.screen.arguments import seconds, short_text_or_none
from terminal.commands import AddCommand
from terminal.tables_of_jobs import local_time
from terminal.workplace import Workplace

_WIDTH = 10
"""The characters of a column of figures."""
_MIB = 1024 * 1024
DEVICES: Final = {
    Device.ONLINE: "is ready",
    Device.OFFLINE: "cannot be reached",
    Device.POWER_OFF: "is switched off",
    Device.HARDWARE_ERROR: "is broken",
    Device.USER_ERROR: "needs a person",
    Device.BUSY: "is at work",
}
"""State of a printer -> the predicate of a sentence about it."""
MEDIA: Final = {
    Media.PRESENT: "A book lies in it",
    Media.NOT_PRESENT: "No book lies in it",
    Media.ENTERING: "A book lies in its slot",
    Media.JAMMED: "A book is stuck in it",
    Media.RETRACTED: "It has pulled a book in",
    Media.UNKNOWN: "Whether a book lies in it is not known",
}
"""Place of a medium -> a sentence about it."""


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("environment", help="the counts of a printer, printed and still to print, taken between two jobs")
    parser.add_argument(
        "--printer", type=short_text_or_none, default="", metavar="NAME", help="may be omitted if there is only one"
    )
    parser.add_argument(
        "--timeout",
        type=seconds(LONGEST_WAIT),
        default=USUAL_WAIT,
        metavar="SECONDS",
        help=f"how long to wait, at most {LONGEST_WAIT:g} ({USUAL_WAIT:g})",
    )
    parser.set_defaults(run=run)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Wait for the reading and show it."""
    if workplace.console.width is not None:
        text = f"Waiting for the boundary between two jobs, at most {arguments.timeout:g} s ..."
        workplace.console.show({}, [text])
    async with workplace.client() as client:
        reading = await client.environment(arguments.printer, arguments.timeout)
    workplace.console.show(reading, list(_lines(reading)))
    return 0


def _lines(reading: Environment) -> Iterator[str]:
    status = reading.status
    why = " and ".join(REASON_WORDS.get(one, one) for one in status.conditions)
    device = DEVICES[status.device] + (f": {why}" if why else "")
    yield f"Printer {reading.printer} {device}. {MEDIA[status.media]}. Read at {local_time(reading.at)}."
    yield _row("", "books", "pages", "lines")
    for name, figures in (("printed", reading.printed), ("to print", reading.pending), ("held", reading.held)):
        yield _figures(name, figures)
    yield from map(_area, reading.areas)
    if reading.stock is None:
        yield "How many forms are left is not known."
    yield from map(_cassette, reading.stock or ())
    for need in reading.needed:
        yield f"Jobs still need {need.form}: {need.pending} to print, {need.held} held"


def _cassette(view: StockView) -> str:
    following = f", the next is number {view.next}" if view.next else ""
    level = "" if view.level is StockLevel.ENOUGH else f" ({view.level.value})"
    return f"Form {view.form} in cassette {view.cassette}: {view.left} left{level}{following}"


def _figures(name: str, figures: Figures) -> str:
    return _row(name, *map(str, (figures.books, figures.pages, figures.lines)))


def _row(name: str, *cells: str) -> str:
    return f"{name:8}" + "".join(cell.rjust(_WIDTH) for cell in cells)


def _area(area: AreaFigures) -> str:
    missing = "" if area.counted else f"; the figures lack it: {area.why}"
    room = f"{area.free // _MIB} of {area.quota // _MIB} MiB free"
    return f"Area {area.name}: {area.state}, {area.jobs} jobs, {room}{missing}"
