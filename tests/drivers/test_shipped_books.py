"""The books of the product on a simulated PR2: what is planned stands on paper at its place, in its pitch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drivers.dialects.escpos.escpos_dialect import make_escpos
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.paper import Paper
from passbook.document.pitches import exact_pitch
from passbook.document.placing import place
from passbook.document.plan import Line, Plan
from passbook.document.sample_document import sample_document
from passbook.errors import PassbookError
from tests.drivers.workbench import WAIT, Workbench
from tests.passbook.strategies import shipped

PR2 = builtin_pr2()
BOOKS = ["savings-24", "landp-23", "japan-24", "india-36", "thai-24"]


def plan_of(name: str) -> Plan:
    return place(sample_document(shipped(name), "EUR"), shipped(name), codec="cp437", code_page="cp437")


@pytest.mark.parametrize("step", [216, 240])
@pytest.mark.parametrize("name", [*BOOKS, "cover-page", "certificate", "sheet"])
def test_a_printer_of_either_step_can_print_each_layout(name: str, step: int) -> None:
    pr2 = Pr2(replace(PR2, vertical_unit=step))
    pr2.check_printable(shipped(name).sheet, plan_of(name), layout=name, printer="front")


def test_a_printer_without_the_pitch_of_a_book_names_those_that_it_has() -> None:
    sheet, first = replace(shipped("india-36").sheet, fold=0), plan_of("india-36")[:1]
    with pytest.raises(PassbookError, match=r"there is no pitch of 16\.7 characters to the inch, only 10\.") as caught:
        make_escpos().check_printable(sheet, first, layout="india-36", printer="slip")
    assert caught.value.code == "layout-not-printable"


@pytest.mark.parametrize("name", BOOKS)
def test_each_line_stands_on_paper_where_the_layout_has_it(workbench: Workbench, name: str) -> None:
    layout = shipped(name)
    lines = [step for step in plan_of(name) if isinstance(step, Line) and step.page == layout.pages[0]]
    session = workbench.session()
    session.clean_up()
    workbench.insert(session, 3, layout.sheet)
    for line in lines[:8]:
        session.print_line(line)
        session.confirm()
    session.eject()
    workbench.machine.take()
    session.wait_taken(WAIT)
    found = Paper.load(workbench.paper_file).books["B1"].pages[3].runs
    planned = {(line.y, run.column, run.text) for line in lines[:8] for run in line.runs}
    assert {(run.y, run.column, run.text) for run in found} == planned
    assert {(run.cpi, run.times) for run in found} == {(exact_pitch(layout.cpi), 1)}
