"""A slip on an ESC/POS printer: real processes, faults in the middle of it, and the question about two lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.people import Printing
from demo.world import ruler_of, shipped_layout
from drivers.simulator.control import ControlFailure
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

SLIP = "slip-1"
LINES = ("Filiale am Markt", "Einzahlung", "Betrag 1.250,00 \u20ac", "Müller", "Danke")


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An open office with a slip printer."""
    return open_office(dialect="escpos")


def print_slip(office: Office) -> Printing:
    file = Path(office.world.folder / "slip.txt")
    file.write_text("\n".join(LINES), "utf-8")
    return office.counter.print_in_background(file, SLIP, "slip", "--layout", "slip")


def on_paper(office: Office) -> dict[int | None, list[tuple[str, int]]]:
    """Line -> its texts, each with how often it was struck; nothing may be on the roll."""
    with pytest.raises(ControlFailure):
        office.world.mechanism.wait("printed-on-roll", 0)
    return {line: struck for (_, line), struck in office.world.paper.lines(SLIP).items()}


def once(*numbers: int) -> dict[int | None, list[tuple[str, int]]]:
    return {number: [(LINES[number - 1], 1)] for number in numbers}


def test_a_slip_is_printed_and_given_back(office: Office) -> None:
    office.finish(print_slip(office))
    assert on_paper(office) == once(1, 2, 3, 4, 5)
    assert office.world.paper.books[SLIP].ruler == ruler_of(shipped_layout("slip"))
