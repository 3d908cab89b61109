"""Where the documents of a terminal are kept in fact, with real processes: rules, marks, and a busy network (C5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.world import PRINTER
from tests.terminal.agent.agent_world import NOTICE, AgentWorld

pytestmark = pytest.mark.slow


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a")) as world:
        yield world


RULES = """
[[rule]]
form = "savings-24"
application = "ledger 3"
keep = "terminal"

[[rule]]
application = "ledger 3"
feed = "terminal"
"""


def test_a_rule_by_form_and_application_chooses_and_list_and_history_say_so(office: AgentWorld) -> None:
    office.power_up(config=RULES)
    office.send("--keep", "appliance")
    words = ("--application", "ledger 3")
    by_rule = office.send(*words)
    chosen = office.send(*words, "--keep", "both", "--feed", "appliance")
    sheet = office.job_of(office.terminal.run("print", str(NOTICE), "--no-wait", "--printer", PRINTER, *words))
    rows = {row["job"]: row for row in office.jobs()}
    said = [(rows[job]["choice"], rows[job].get("moved", "")) for job in (by_rule, chosen, sheet)]
    assert said == [
        ({"keep": "terminal", "feed": "terminal"}, "spool-rule"),
        ({"keep": "both"}, ""),
        ({"keep": "both", "feed": "terminal"}, "spool-rule"),
    ]
    assert [rows[job]["application"] for job in (by_rule, chosen, sheet)] == ["ledger 3"] * 3
    listed = " ".join(office.terminal.screen("jobs").split())
    assert "Its terminal alone keeps it: a rule of this printer, form or application." in listed
    assert "Both spools keep it, and its terminal's copy is printed: a rule of this printer" in listed
    for job in (by_rule, sheet):
        office.terminal.run("cancel", job, "--person", "Ann")
    told = {line["job"]["job"] for line in office.terminal.run("history") if line["job"].get("moved") == "spool-rule"}
    assert told == {by_rule, sheet}
