"""The memory of books between a terminal with an agent and its appliance: one row for each book, whoever printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.network import Cable
from demo.story import SECOND
from demo.world import CommandFailed, await_fact
from passbook.protocol.messages import JobRef
from terminal.own_copy import account_of
from tests.terminal.agent.agent_world import AgentWorld
from tests.terminal.agent.test_flow import choose, stand_in
from tests.terminal.agent.test_two_spool_stories import (
    HURRY,
    await_question,
    is_on,
    print_to_end,
    send,
    watch_own_printer,
)

pytestmark = pytest.mark.slow

ACCOUNT = account_of(SECOND.format, SECOND.file.read_bytes())


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a")) as world:
        world.terminal.run("keys", "book-new")
        yield world


@pytest.fixture
def cable(office: AgentWorld) -> Iterator[Cable]:
    with office.cabled() as cable:
        yield cable


def books(office: AgentWorld) -> list[dict[str, Any]]:
    """What the appliance tells of the books of the account."""
    return list(office.terminal.run("book", ACCOUNT)["books"])


@pytest.mark.long
@pytest.mark.parametrize("keep", ["terminal", "both"])
def test_an_update_that_the_terminal_feeds_is_remembered_and_asked_about_at_once(office: AgentWorld, keep: str) -> None:
    office.power_up(HURRY)
    job = send(office, SECOND, *choose(keep, "terminal", "ask"))
    print_to_end(office, job, SECOND)
    [book] = books(office)
    assert (book["kind"], book["job"], book["mayBeLess"]) == ("savings-24", job, False)
    again = send(office, SECOND, *choose(keep, "terminal", "ask"))
    await_question(office, again, "book-content-repeated")
    assert office.at_appliance(again)["book"]["place"] == book["place"]
    office.terminal.run("answer", again, "--discard", "--person", "Ann")
    await_fact(lambda: office.at_appliance(again)["state"] == "canceled", office.agent.log)
    assert is_on(office.world, SECOND)


@pytest.mark.long
def test_what_a_terminal_printed_alone_is_remembered_by_both_sides(office: AgentWorld, cable: Cable) -> None:
    port, choice = office.own_printer(), choose("both", "terminal", "terminal")
    office.power_up(HURRY, stand_in(port))
    assert books(office) == []
    watch_own_printer(office, SECOND)
    cable.cut()
    office.agent.await_log("appliance-apart")
    job = send(office, SECOND, *choice)

    def own(one: str) -> dict[str, Any]:
        return dict(office.ask_agent("Spooler.GetJob", JobRef(one)))

    await_fact(lambda: own(job)["state"] == "completed", office.agent.log)
    assert is_on(office.own, SECOND)
    # The appliance is away, so the agent judges by its own memory.
    again = send(office, SECOND, *choice)
    await_fact(lambda: own(again)["reasons"] == ["book-content-repeated"], office.agent.log)
    office.terminal.run("answer", again, "--discard", "--person", "Ann")
    cable.mend()
    await_fact(lambda: office.at_appliance(job).get("state") == "completed", office.agent.log)
    [book] = books(office)
    assert book["job"] == job
    third = send(office, SECOND, *choose("appliance", "appliance", "ask"))
    await_question(office, third, "book-content-repeated")
    office.terminal.run("answer", third, "--discard", "--person", "Ann")
    assert is_on(office.own, SECOND)
    assert not is_on(office.world, SECOND)


def test_in_the_spool_of_a_terminal_two_names_say_that_a_book_is_a_new_one(office: AgentWorld, cable: Cable) -> None:
    port, choice = office.own_printer(), choose("both", "terminal", "terminal")
    office.power_up(HURRY, stand_in(port))
    watch_own_printer(office, SECOND)
    cable.cut()
    office.agent.await_log("appliance-apart")

    def own(one: str) -> dict[str, Any]:
        return dict(office.ask_agent("Spooler.GetJob", JobRef(one)))

    first = send(office, SECOND, *choice)
    await_fact(lambda: own(first)["state"] == "completed", office.agent.log)
    lost = send(office, SECOND, *choice)
    await_fact(lambda: own(lost)["reasons"] == ["book-content-repeated"], office.agent.log)
    with pytest.raises(CommandFailed) as one_person:
        office.terminal.run("answer", lost, "--new-book", "--person", "Ann")
    assert one_person.value.error_code == "second-person-needed"
    office.terminal.run("answer", lost, "--new-book", "--person", "Bob")
    await_fact(lambda: own(lost)["state"] == "completed", office.agent.log)
    cable.mend()
    await_fact(lambda: office.at_appliance(lost).get("state") == "completed", office.agent.log)
    assert office.at_appliance(lost)["answered"]["verdict"] == "new-book"
