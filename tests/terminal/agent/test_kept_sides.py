"""Where the documents of a terminal are kept in fact, with real processes: rules, marks, and a busy network (C5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.network import Cable
from demo.world import PRINTER, CommandFailed, await_fact
from passbook.protocol.messages import JobRef, Nothing
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


MARKS = """
quota_mib = 32
[spool]
stop_at = 6
start_at = 4
"""


def refusal(office: AgentWorld, *words: str) -> CommandFailed:
    with pytest.raises(CommandFailed) as refused:
        office.send(*words)
    return refused.value


def ended(office: AgentWorld, job: str) -> None:
    office.terminal.run("cancel", job, "--person", "Ann")


def figures(office: AgentWorld) -> dict[str, Any]:
    return dict(office.terminal.run("spool"))


@pytest.mark.long
def test_a_nearly_full_spool_stops_the_appliance_takes_over_and_all_say_so(office: AgentWorld, tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"Closing time is 16:00.\n" + b"\n" * 900_000)
    office.power_up(config=MARKS)
    assert "It takes documents." in office.terminal.screen("spool")
    office.send("--keep", "appliance")
    kept = []
    while not figures(office)["stopped"]:
        words = ("--no-wait", "--printer", PRINTER, "--keep", "terminal")
        kept.append(office.job_of(office.terminal.run("print", str(large), *words)))
    assert 1 < len(kept) < 12
    stopped = figures(office)
    assert (stopped["stopped"], stopped["startAt"]) == ("spool-nearly-full", 4)
    assert 6 <= stopped["percent"] < 12
    screen = office.terminal.screen("spool")
    assert f"It is {stopped['percent']} percent full." in screen
    assert "it is nearly full. It takes them again below 4 percent." in screen
    status = office.ask_agent("Common.Status", Nothing())
    assert any("The spool of the terminal has taken no new document since" in one for one in status["problems"])
    assert [(one["code"], one["facts"]["side"]) for one in status["terminalFindings"]] == [
        ("spool-nearly-full", "terminal")
    ]
    assert status["findings"] == []

    job = office.send("--request", "r-1", "--feed", "terminal", "--if-apart", "terminal")
    view = office.at_appliance(job)
    # The appliance has the only copy, so it feeds the printer and holds the print right.
    assert (view["choice"], view["moved"]) == ({}, "spool-nearly-full")
    assert view["right"] == "here"
    assert office.ask_agent("Spooler.GetJob", JobRef(job))["moved"] == "spool-nearly-full"
    assert "The appliance alone keeps it: a spool was nearly full." in " ".join(office.terminal.screen("jobs").split())
    assert refusal(office, "--keep", "terminal").error_code == "spool-stopped"
    assert len(office.jobs()) == len(kept) + 2, "nothing was accepted of it"

    for one in kept:
        ended(office, one)
    assert figures(office)["stopped"] == ""
    again = office.send("--request", "r-1", "--feed", "terminal", "--if-apart", "terminal")
    assert again == job, "the same request is the same job"
    assert office.at_appliance(office.send("--feed", "terminal"))["choice"]["keep"] == "both"
    ended(office, job)
    [line] = [one for one in office.terminal.run("history") if one["job"]["job"] == job and one["kind"] == "ended"]
    assert line["job"]["moved"] == "spool-nearly-full"
    assert office.agent.log().count('"spool-takes-again"') == 1


NETWORK = """
[network]
round_trip = { stop_at = 1200, start_at = 600 }
"""


@pytest.mark.long
def test_over_a_busy_network_the_terminal_keeps_the_document_and_all_say_so(office: AgentWorld) -> None:
    host, _, port = office.world.address.rpartition(":")
    settings = office.terminal.home / "terminal.toml"
    with Cable(host, int(port)) as cable:
        settings.write_text(settings.read_text().replace(office.world.address, cable.address))
        office.power_up(config=NETWORK)
        office.send("--keep", "appliance")
        assert figures(office)["busy"] == ""
        cable.delay = 0.8
        office.agent.await_log("network-busy")
        job = office.send()
        view = office.at_appliance(job)
        assert (view["choice"], view["moved"]) == ({"keep": "terminal", "feed": "terminal"}, "network-busy")
        refused = refusal(office, "--keep", "appliance")
        assert refused.error_code == "network-busy"
        assert "an answer takes" in refused.error
        assert "The network is busy: an answer takes" in office.terminal.screen("spool")
        assert "Its terminal alone keeps it: the network was busy." in " ".join(office.terminal.screen("jobs").split())
        cable.delay = 0.0
        office.agent.await_log("network-free")
        await_fact(lambda: figures(office)["busy"] == "", office.agent.log)
        assert office.at_appliance(office.send())["choice"]["keep"] == "both"
        ended(office, job)
        [line] = [one for one in office.terminal.run("history") if one["job"]["job"] == job and one["kind"] == "ended"]
        assert line["job"]["moved"] == "network-busy"
