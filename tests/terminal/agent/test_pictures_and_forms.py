"""PDF pages and forms through the agent: both spools keep pictures, and the appliance alone keeps a form."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from demo.world import PRINTER, CommandFailed
from tests import pdfs
from tests.scenarios.test_pdf_slips import FRAME, FRAME_DOTS
from tests.terminal.agent.agent_world import AgentWorld
from tests.terminal.agent.test_flow import choose

pytestmark = pytest.mark.slow

FORMS = 'kind = "certificate"\nnumbered = true\n'


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, dialect: str) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a"), dialect=dialect) as world:
        yield world


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["escpos"])
@pytest.mark.parametrize(
    "choice",
    [choose("both", "appliance"), choose("both", "terminal"), choose("terminal", "terminal", "terminal")],
    ids=" ".join,
)
def test_the_pages_of_a_pdf_are_printed_whoever_keeps_it(office: AgentWorld, choice: tuple[str, ...]) -> None:
    office.power_up()
    file = office.world.folder / "page.pdf"
    file.write_bytes(pdfs.pdf(FRAME))
    printing = office.terminal.print_in_background(file, "slip-1", "slip", "--layout", "slip", *choice)
    assert printing.end() == 0, printing.error() + office.agent.log()
    assert dict(office.world.paper.ink("slip-1", 1)) == FRAME_DOTS
    assert office.at_appliance(printing.job)["state"] == "completed"


@pytest.mark.parametrize("dialect", ["pr2"])
def test_a_form_is_left_to_the_appliance_which_has_the_stock(office: AgentWorld) -> None:
    office.power_up(f"[[printer.form]]\n{FORMS}")
    fields = {"holder": "Ada", "account": "4711", "amount": "1,250.00", "until": "2027-11-29", "note": ""}
    file = office.world.folder / "ada.form"
    file.write_text(json.dumps({"form": "certificate", "fields": fields}))
    with pytest.raises(CommandFailed) as refused:
        office.terminal.run("print", str(file), "--no-wait", "--printer", PRINTER, *choose("terminal", "terminal"))
    assert refused.value.error_code == "form-needs-appliance"
    shown = office.terminal.run("print", str(file), "--no-wait", "--printer", PRINTER)
    view = office.at_appliance(office.job_of(shown))
    # Keep and feed of the appliance are what nothing needs to say.
    assert (view["choice"], view["waiting"]["why"]) == ({}, "forms")
