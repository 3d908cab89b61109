"""A slip on an ESC/POS printer: real processes, faults in the middle of it, and the question about two lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.people import Event, Printing
from demo.world import ruler_of, shipped_layout
from drivers.simulator.control import ControlFailure
from drivers.simulator.faults import AtLineByte, FaultKind, Target
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

SLIP = "slip-1"
LINES = ("Filiale am Markt", "Einzahlung", "Betrag 1.250,00 \u20ac", "Müller", "Danke")


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An open office with a slip printer."""
    return open_office(dialect="escpos")


def write_slip(office: Office) -> Path:
    file = office.world.folder / "slip.txt"
    file.write_text("\n".join(LINES), "utf-8")
    return file


def print_slip(office: Office) -> Printing:
    return office.counter.print_in_background(write_slip(office), SLIP, "slip", "--layout", "slip")


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


def go_on(office: Office, printing: Printing, line: int) -> None:
    """A person looks at the slip, answers that it goes on with `line`, and has it printed to its end."""
    question = office.await_question(printing)
    assert question.lines_in_doubt == 2
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.finish(printing)
    assert on_paper(office) == once(1, 2, 3, 4, 5)


@pytest.mark.long
def test_power_is_cut_in_a_line_and_the_question_names_two_lines(office: Office) -> None:
    office.arm_cut(Target.BOTH, AtLineByte(3, 30))
    printing = print_slip(office)
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt) == (2, 3)
    assert "Line 1 is on paper; lines 2 to 3 are in doubt; lines 4 to 5 are left." in office.counter.screen("questions")
    assert on_paper(office) == once(1, 2)
    go_on(office, printing, 3)


@pytest.mark.long
def test_a_confirmed_line_that_the_power_took_from_the_print_memory_is_printed_by_one_answer(office: Office) -> None:
    office.hands.fault(FaultKind.EARLY_REPLIES)
    office.arm_cut(Target.PRINTER, AtLineByte(4, 1))
    printing = print_slip(office)
    office.wait("cut")
    office.hands.restore()
    office.hands.mend()
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt) == (3, 4)
    assert on_paper(office) == once(1, 2)
    go_on(office, printing, 3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.GARBAGE, "printer-garbled"),
        (FaultKind.PULLED_OUT, "needs-attention"),
        pytest.param(FaultKind.JAM, "media-jam", marks=pytest.mark.soak),
        pytest.param(FaultKind.COVER_OPEN, "cover-open", marks=pytest.mark.soak),
        pytest.param(FaultKind.HALF_REPLY, "printer-garbled", marks=pytest.mark.soak),
        pytest.param(FaultKind.SILENT, "printer-silent", marks=pytest.mark.soak),
    ],
)
def test_a_fault_in_a_line_has_a_reason_and_the_printer_goes_on_without_a_restart(
    office: Office, kind: FaultKind, reason: str
) -> None:
    office.hands.fault(kind, 2)
    printing = print_slip(office)
    question = office.await_question(printing)
    assert (question.in_doubt, [one.value for one in question.job.reasons]) == (2, [reason])
    before = on_paper(office)
    office.hands.mend()
    if kind is not FaultKind.JAM and kind is not FaultKind.PULLED_OUT:
        office.wait("taken")
    assert on_paper(office) == before, "what was mended must not print by itself"
    go_on(office, printing, 3 if 2 in before else 2)


@pytest.mark.long
def test_a_slip_that_comes_after_the_printer_gave_up_waiting_gets_no_text_and_is_asked_for_again(
    office: Office,
) -> None:
    def give_up(event: Event) -> None:
        if event["payload"].get("action") == "insert":
            printing.watch = None
            office.hands.fault(FaultKind.INSERTION_TIMEOUT)

    file = write_slip(office)
    printing = office.counter.print_in_background(file, SLIP, "slip", "--layout", "slip", at_once=False)
    printing.watch = give_up
    printing.hands_free.set()
    question = office.await_question(printing)
    assert [one.value for one in question.job.reasons] == ["media-needed"]
    assert on_paper(office) == {}
    office.wait("taken")
    go_on(office, printing, 1)
