"""A terminal that feeds a printer of the network from its own copy goes on in a new book, over a cut of its power."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from demo.people import Printing
from demo.world import PRINTER, await_fact, ruler_of
from drivers.simulator.control import SimulatorControl
from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Target, When
from passbook.protocol.messages import JobRef, Question
from tests.scenarios.two_books import LAYOUT, LAYOUTS, Account, judge, look
from tests.terminal.agent.agent_world import AgentWorld
from tests.terminal.agent.test_flow import choose

pytestmark = pytest.mark.slow

LONG = pytest.mark.soak
ACCOUNT = Account("own", 6)
LAST = 1_000_000
"""A byte number that stands for the last byte of a line."""


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a"), LAYOUTS) as world:
        world.world.write_config()
        world.put_on_network()
        world.world.start_appliance()
        world.agent.start()
        world.agent.await_log("appliance-reached")
        yield world


def watch(office: AgentWorld) -> Printing:
    """`teller watch`, and a person with both books in hand."""
    command = office.terminal.command("watch")
    ruler = ruler_of(office.world.layout(LAYOUT))
    return office.world.remember(Printing(command, office.world.mechanism, ACCOUNT.book, ruler, at_once=True))


def send(office: AgentWorld) -> str:
    file = ACCOUNT.save(office.world.folder)
    choice = choose("both", "terminal", "ask")
    return office.job_of(office.terminal.run("print", str(file), "--no-wait", "--printer", PRINTER, *choice))


def question_of(office: AgentWorld, job: str) -> Question:
    """The question of the agent about its copy."""
    await_fact(lambda: any(one["job"]["job"] == job for one in office.terminal.run("questions")), office.agent.log)
    [asked] = [one for one in office.terminal.run("questions") if one["job"]["job"] == job]
    return msgspec.convert(asked, Question)


def state(office: AgentWorld, job: str) -> str:
    return str(office.ask_agent("Spooler.GetJob", JobRef(job))["state"])


def go_on(office: AgentWorld, job: str) -> None:
    """A person at the terminal looks into both books, answers, and puts in what the screen asks for."""
    number, again = look(office.world.paper, ACCOUNT, question_of(office, job))
    if office.world.mechanism.state().book is not None:
        office.world.mechanism.take()
    watch(office)
    office.terminal.run("answer", job, "--from-line", str(number), "--person", "Ann")
    await_fact(lambda: state(office, job) == "completed", office.agent.log)
    judge(office.world.paper, ACCOUNT, again)
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(AfterStrike(3), id="after the carried balance", marks=LONG),
        pytest.param(AtLineByte(3, LAST), id="as the full book is given back", marks=LONG),
        pytest.param(AtLineByte(4, 1), id="before the heading", marks=LONG),
        pytest.param(DuringStrike(5, 17), id="in the balance brought forward"),
        pytest.param(AfterStrike(6), id="after the first entry of the new book", marks=LONG),
    ],
)
def test_a_cut_of_terminal_and_printer_at_a_step_of_the_change(office: AgentWorld, when: When) -> None:
    watching = watch(office)
    office.world.mechanism.cut(Target.BOTH, when, office.agent.pid)
    job = send(office)
    office.world.mechanism.wait("cut", 60)
    office.agent.kill()
    watching.kill()
    office.world.mechanism.restore()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    go_on(office, job)


@pytest.mark.soak
def test_a_cut_of_the_terminal_while_the_new_book_is_fetched(office: AgentWorld) -> None:
    hands = SimulatorControl(office.world.folder / "printer")
    pid = office.agent.pid

    def cut(event: dict[str, Any]) -> None:
        prompt = event["payload"]
        if event["event"] == "Spooler.MediaPromptEvent" and prompt["isNewBook"] and prompt["action"] == "insert":
            watching.watch = None
            hands.cut(Target.APPLIANCE, pid=pid)

    watching = watch(office)
    watching.watch = cut
    job = send(office)
    hands.wait("cut", 60)
    office.agent.kill()
    watching.kill()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    go_on(office, job)
