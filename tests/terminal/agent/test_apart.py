"""A terminal that is apart from its appliance: orders go on there, and after it one history tells each event once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import pytest
from typing_extensions import override

from client.connection import TerminalClient
from demo.network import Cable
from demo.world import CommandFailed, await_fact
from passbook.errors import PassbookError
from passbook.protocol.history_reply import GetHistory
from passbook.protocol.messages import JobRef, Payload
from terminal.home import Home
from tests.terminal.agent.agent_world import BOOK, LAYOUT, STATEMENT, AgentWorld
from tests.terminal.agent.test_flow import choose, is_once, stand_in

pytestmark = pytest.mark.slow

AT = "2026-03-02T09:30:00.000+00:00"
MINE = choose("both", "appliance", "terminal")
"""The terminal has the print right."""
THEIRS = choose("both", "appliance", "ask")
"""The appliance has the print right."""
ALONE = choose("appliance", "appliance")
"""The terminal keeps nothing."""


class Apart(AgentWorld):
    """A branch whose terminal can be cut off."""

    def plug(self, config: str = "") -> None:
        """Start all of it, with a cable between the terminal and the appliance."""
        host, _, port = self.world.address.rpartition(":")
        self.cable = Cable(host, int(port)).__enter__()
        settings = self.terminal.home / "terminal.toml"
        settings.write_text(settings.read_text().replace(self.world.address, self.cable.address))
        self.power_up(config=config)

    @override
    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        self.cable.__exit__()

    def cut(self, state: str = "away") -> None:
        self.cable.cut()
        self.agent.await_log(f"appliance-{state}")

    def mend(self) -> None:
        self.cable.mend()
        self.agent.await_log("appliance-reached", 2)

    def refused(self, *command: str) -> str:
        with pytest.raises(CommandFailed) as refused:
            self.terminal.run(*command)
        return str(refused.value.error_code)

    def history(self, **asked: Any) -> list[dict[str, Any]]:
        """What the agent tells."""
        return list(self.ask_agent("Spooler.GetHistory", GetHistory(**asked)).get("entries", []))

    def told_ends(self, job: str) -> list[dict[str, Any]]:
        return [one for one in self.history(job=job, last=1000) if one["kind"] in {"ended", "printed-too"}]

    def past_the_agent(self, name: str, payload: Payload) -> dict[str, Any]:
        """The reply of the appliance."""

        async def ask() -> dict[str, Any]:
            home = Home(self.terminal.home)
            async with TerminalClient(home.address(), home.context()) as client:
                return await client.command(name, payload, dict[str, Any])

        return asyncio.run(ask())

    def own_findings(self) -> list[PassbookError]:
        """What does not fit in the spool of the agent, its chain included; the agent is stopped for it."""
        reports: list[PassbookError] = []
        with self.own_store(reports) as store:
            return [*reports, *store.spool.verify()]


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with Apart(tmp_path_factory.mktemp("a")) as world:
        yield world


@pytest.mark.long
def test_a_job_is_held_and_released_where_its_right_is_and_the_appliance_follows(office: Apart) -> None:
    office.plug()
    first, mine, theirs = office.send(*ALONE), office.send(*MINE), office.send(*THEIRS)
    office.cut()
    held = office.terminal.run("hold", mine, "--person", "Ann")
    assert (held["side"], held["valid"], held["heldBy"]["person"]) == ("terminal", False, "Ann")
    assert [one["heldBy"] is not None for one in office.jobs() if one["job"] == mine] == [True]
    assert office.refused("hold", mine, "--person", "Ann") == "not-allowed-in-state"
    assert office.refused("hold", theirs, "--person", "Ann") == "right-not-here"
    assert office.refused("release", theirs, "--person", "Ann") == "right-not-here"
    assert office.refused("hold", first, "--person", "Ann") in {"appliance-unreachable", "connection-lost"}
    office.mend()
    await_fact(lambda: office.at_appliance(mine).get("heldBy") is not None, office.agent.log)
    there = office.at_appliance(mine)
    assert (there["valid"], there["heldBy"]["person"]) == (False, "Ann")
    office.terminal.run("cancel", first, "--person", "Ann")
    office.terminal.run("cancel", theirs, "--person", "Ann")
    released = office.terminal.run("release", mine, "--person", "Bob")
    assert released["side"] == "terminal"
    [question] = office.terminal.run("questions")
    assert (question["job"]["job"], question["job"]["side"]) == (mine, "terminal")
    office.terminal.run("answer", mine, "--print", "--person", "Bob")
    following = office.follow(mine)
    assert following.end() == 0, following.error() + office.agent.log()
    assert is_once(office.struck())
    assert [one["kind"] for one in office.history(job=mine)].count("ended") == 1


def test_a_hold_while_the_appliance_answers_keeps_the_job_from_both_printers(office: Apart) -> None:
    port = office.own_printer()
    office.plug(stand_in(port))
    office.send(*ALONE)
    mine = office.send(*MINE)
    held = office.terminal.run("hold", mine, "--person", "Ann")
    assert (held["side"], held["heldBy"]["person"]) == ("appliance", "Ann")
    office.cut("apart")
    assert office.ask_agent("Spooler.GetJob", JobRef(mine))["heldBy"]["person"] == "Ann"
    assert "mechanism-stopped" not in office.agent.log()
    assert office.struck(office.own) == []


@pytest.mark.long
def test_what_was_printed_apart_is_in_one_history_once_over_boots_of_both_sides(office: Apart) -> None:
    port = office.own_printer()
    office.plug(stand_in(port))
    before = office.terminal.print_in_background(STATEMENT, BOOK, LAYOUT, *THEIRS)
    assert before.end() == 0, before.error()
    office.cut("apart")
    printing = office.print_here(*MINE)
    assert printing.end() == 0, printing.error() + office.agent.log()
    reply = office.ask_agent("Spooler.GetHistory", GetHistory())
    assert reply["age"] >= 1
    assert [len(office.told_ends(job)) for job in (before.job, printing.job)] == [1, 1]
    assert [one["group"] for one in office.terminal.run("history", "--summary", "side")] == ["appliance", "terminal"]
    office.mend()
    await_fact(lambda: office.at_appliance(printing.job).get("reported") is not None, office.agent.log)
    office.agent.kill()
    office.world.stop_appliance()
    office.world.start_appliance()
    office.agent.start()
    office.agent.await_log("appliance-reached", 3)
    [own] = office.told_ends(printing.job)
    [theirs] = office.told_ends(before.job)
    assert (own["job"]["side"], theirs["job"]["side"]) == ("terminal", "appliance")
    entries = office.past_the_agent("Spooler.GetHistory", GetHistory(job=printing.job))["entries"]
    [told] = [one for one in entries if one["kind"] == "ended"]
    assert told["job"]["fed"] == {"by": "terminal", "why": "appliance-silent", "printer": port}
    assert (told["job"]["reported"]["at"], told["job"]["side"]) == (own["at"], "appliance")
    assert told["job"]["reported"]["entry"] > 0
    told_before = office.history(last=1000)
    assert office.history(last=3) == told_before[-3:]
    assert "age" not in office.ask_agent("Spooler.GetHistory", GetHistory())
    sides = {one["group"]: one["jobs"] for one in office.terminal.run("history", "--summary", "side")}
    assert sides == {"appliance": 1, "terminal": 1}
    assert office.own_findings() == []


@pytest.mark.long
def test_a_finished_copy_is_shown_for_its_time_and_never_printed(office: Apart) -> None:
    office.plug("keep_finished = 3600\n")
    printing = office.terminal.print_in_background(STATEMENT, BOOK, LAYOUT, "--request", "r-1", *THEIRS)
    assert printing.end() == 0, printing.error()
    job = printing.job
    short = job[:8]
    assert office.terminal.run("preview", short, "--text")
    shown = office.terminal.run("document", short, "--person", "Ann")
    assert base64.b64decode(shown["document"]) == STATEMENT.read_bytes()
    office.cut()
    assert office.terminal.run("preview", short, "--text"), "also while the appliance is away"
    assert office.refused("answer", job, "--print", "--person", "Ann")
    assert office.send("--request", "r-1", *THEIRS) == job
    assert office.jobs() == []
    office.agent.stop()
    (office.terminal.home / "agent.toml").write_text("")
    office.agent.start()
    await_fact(lambda: not any((office.terminal.home / "agent" / "finished").iterdir()), office.agent.log)
    assert office.refused("preview", job, "--text")
