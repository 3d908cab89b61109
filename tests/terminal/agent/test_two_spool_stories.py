"""Two spools at the ends of a network that is cut, slowed or one way: judged by paper, histories and named reasons.

Real processes: the agent of a terminal, an appliance, simulated printers, and a cable between terminal and appliance.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from demo.agent_process import AgentProcess
from demo.network import Cable
from demo.people import Printing
from demo.story import NOTICE, SECOND, Document
from demo.verdict import read_sent, verdict_row
from demo.world import PRINTER, CommandFailed, Terminal, World, await_fact, ruler_of, shipped_layout
from passbook.job.choice import IfApart, Keep
from passbook.protocol.messages import JobRef, Nothing, SubmitJob
from terminal.home import Home
from terminal.keyring import load_ring
from tests.scenarios.wrong_clock import LIBRARIES
from tests.terminal.agent.agent_world import AgentWorld
from tests.terminal.agent.test_flow import choose, stand_in

pytestmark = pytest.mark.slow

HURRY = "[turns]\nturn_wait = 4.0\n"
PATIENT = "[turns]\nturn_wait = 25.0\n"
LARGE = 300_000
"""Bytes of a document that goes in pieces."""
PIECE_AND_MORE = 150_000
"""Bytes after which the first piece of a large document is through, and the second one is not."""


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a")) as world:
        yield world


@pytest.fixture
def cable(office: AgentWorld) -> Iterator[Cable]:
    with office.cabled() as cable:
        yield cable


# People


def send(office: AgentWorld, document: Document, *choice: str) -> str:
    shown = office.terminal.run("print", str(document.file), "--no-wait", "--printer", PRINTER, *choice)
    return office.job_of(shown)


def follow(office: AgentWorld, command: list[str], document: Document, world: World | None = None) -> Printing:
    """A command that goes on, and a person with the book of a document at a printer."""
    ruler = ruler_of(shipped_layout(document.layout))
    hands = (world or office.world).mechanism
    return office.world.remember(Printing(command, hands, document.book, ruler, at_once=True))


def watch_own_printer(office: AgentWorld, document: Document) -> None:
    follow(office, office.terminal.command("watch"), document, office.own)


def print_to_end(office: AgentWorld, job: str, document: Document) -> None:
    following = follow(office, office.terminal.command("follow", job), document)
    assert following.end() == 0, following.error() + office.agent.log()


def counter_2(office: AgentWorld) -> Terminal:
    """A terminal without a spool."""
    terminal = office.world.enroll("counter-2")
    terminal.run("keys", "new", "bernd-1")
    return terminal


def occupy(office: AgentWorld) -> Printing:
    """A job of another terminal has the appliance's printer until its person puts the sheet in."""
    busy = counter_2(office).print_in_background(NOTICE.file, "sheet-9", NOTICE.layout, at_once=False)
    await_fact(lambda: state(office, busy.job) == "processing-stopped", office.world.log_file.read_text)
    return busy


def leave(busy: Printing) -> None:
    """The other terminal's job is printed: the printer is free for the next one."""
    busy.hands_free.set()
    assert busy.end() == 0, busy.error()


def put_in(office: AgentWorld, job: str, document: Document) -> None:
    """A person at the appliance's printer puts the book in, and takes it when the job is done."""
    await_fact(lambda: state(office, job) == "processing-stopped", office.world.log_file.read_text)
    office.world.put_in(document.book, 1, document.layout)
    await_fact(lambda: state(office, job) == "completed", office.world.log_file.read_text)
    office.world.mechanism.take()


# What is found


def state(office: AgentWorld, job: str) -> str:
    return str(office.at_appliance(job).get("state", ""))


def await_question(office: AgentWorld, job: str, reason: str) -> None:
    """The appliance asks people about a job, and says why."""
    await_fact(lambda: office.at_appliance(job)["reasons"] == [reason], office.world.log_file.read_text)
    assert job in [one["job"]["job"] for one in office.world.ctl("questions")]


def is_on(world: World, document: Document) -> bool:
    """Whether each line of a document stands on a paper once, and no other one; False where none stands there."""
    if document.book not in world.paper.books:
        return False
    layout = shipped_layout(document.layout)
    sent = read_sent(document.title, "", document.book, document.file, document.format, layout)
    row = verdict_row(sent, world.paper, [])
    assert (row.once, row.wrong) == (row.expected, 0), row
    return True


def padded(folder: Path) -> Document:
    """A text with so many empty lines behind it that it goes in pieces."""
    file = folder / "large.txt"
    file.write_bytes(NOTICE.file.read_bytes() + b"\n" * LARGE)
    return NOTICE._replace(file=file)


# The stories


@pytest.mark.long
def test_client_prints_then_returns(office: AgentWorld, cable: Cable) -> None:
    """What other systems do here: the client prints, the server prints, and the client sends the job once more."""
    port, choice = office.own_printer(), choose("both", "appliance", "terminal")
    office.power_up(HURRY, stand_in(port))
    busy = occupy(office)
    job = send(office, SECOND, "--request", "r-1", *choice)
    watch_own_printer(office, SECOND)
    cable.cut()
    office.agent.await_log("appliance-apart")
    await_fact(lambda: office.ask_agent("Spooler.GetJob", JobRef(job))["state"] == "completed", office.agent.log)
    office.agent.kill()
    assert is_on(office.own, SECOND)

    leave(busy)
    await_question(office, job, "terminal-silent")
    assert not is_on(office.world, SECOND), "the print right is with the terminal"

    cable.mend()
    office.agent.start()
    await_fact(lambda: state(office, job) == "completed", office.agent.log)
    assert send(office, SECOND, "--request", "r-1", *choice) == job
    view = office.at_appliance(job)
    assert view["fed"] == {"by": "terminal", "why": "appliance-silent", "printer": port}
    assert (office.world.ctl("questions"), office.terminal.run("questions")) == ([], [])
    assert (is_on(office.own, SECOND), is_on(office.world, SECOND)) == (True, False)
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.long
@pytest.mark.parametrize(("direction", "if_apart"), [("up", "appliance"), ("down", "ask")])
def test_silent_at_its_turn(office: AgentWorld, cable: Cable, direction: str, if_apart: str) -> None:
    office.power_up(HURRY)
    busy = occupy(office)
    job = send(office, SECOND, *choose("both", "terminal", if_apart))
    other = office.world.terminal("counter-2")
    behind = other.print_in_background(NOTICE.file, "sheet-8", NOTICE.layout)
    assert behind.job
    cable.swallow(direction)
    leave(busy)
    assert behind.end() == 0, "a job behind one whose terminal is silent does not wait"
    if if_apart == "appliance":
        put_in(office, job, SECOND)
        fed = {"by": "appliance", "why": "terminal-silent"}
        cable.mend()
    else:
        await_question(office, job, "terminal-silent")
        assert not is_on(office.world, SECOND)
        fed = {"by": "terminal"}
        cable.mend()
        office.terminal.run("answer", job, "--print", "--person", "Ann")
        print_to_end(office, job, SECOND)
    # The terminal's part for the closed turn comes now, and is refused by its number.
    office.agent.await_log("errand-refused")
    assert "turn-over" in office.agent.log()
    assert office.at_appliance(job)["fed"] == fed
    assert is_on(office.world, SECOND)
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("keep", "if_apart", "returns"),
    [("terminal", "ask", False), ("both", "appliance", False), ("terminal", "ask", True)],
)
def test_goes_away_while_sending(  # the fixtures and a row of the table
    office: AgentWorld, cable: Cable, tmp_path: Path, keep: str, if_apart: str, *, returns: bool
) -> None:
    office.power_up(PATIENT if returns else HURRY)
    document = padded(tmp_path)
    busy = occupy(office)
    job = send(office, document, *choose(keep, "terminal", if_apart))
    cable.cut_after("up", PIECE_AND_MORE)
    leave(busy)
    await_fact(lambda: not cable.is_whole, office.agent.log)
    assert not is_on(office.world, document), "half a document prints nothing"
    fed: dict[str, Any] = {"by": "terminal"}
    if returns:
        cable.mend()
        print_to_end(office, job, document)
    elif keep == "both":
        put_in(office, job, document)
        fed = {"by": "appliance", "why": "terminal-silent"}
        cable.mend()
    else:
        await_question(office, job, "terminal-silent")
        assert not is_on(office.world, document)
        cable.mend()
        office.agent.await_log("appliance-reached", 2)
        office.terminal.run("answer", job, "--print", "--person", "Ann")
        print_to_end(office, job, document)
    assert office.at_appliance(job)["fed"] == fed
    assert is_on(office.world, document)
    await_fact(lambda: office.jobs() == [], office.agent.log)
    assert office.ends(job) == ["completed", "completed"]


def test_duplicate_gets_the_answer(office: AgentWorld, cable: Cable) -> None:
    office.power_up(PATIENT)
    busy = occupy(office)
    cable.swallow("down")
    choice = choose("both", "appliance", "terminal")
    ring = load_ring(Home(office.terminal.home).keyring, office.terminal.passphrase.encode())
    request = SubmitJob(
        "r-1",
        PRINTER,
        SECOND.format,
        document=SECOND.file.read_bytes(),
        key=ring.keys["anna-1"],
        key_ref="anna-1",
        keep=Keep.BOTH,
        if_apart=IfApart.TERMINAL,
    )
    with ThreadPoolExecutor(1) as person:
        told = person.submit(office.ask_agent, "Spooler.SubmitJob", request)
        await_fact(lambda: len(office.world.ctl("jobs")) == 2, office.agent.log)
        cable.cut()
        kept = told.result(60.0)
    [job] = [one["job"] for one in office.world.ctl("jobs") if one["requester"] == "counter-1"]
    assert (kept["job"], kept["side"]) == (job, "terminal"), "the terminal keeps a copy, and says so"
    cable.mend()
    office.agent.await_log("job-sent")
    assert send(office, SECOND, "--request", "r-1", *choice) == job
    assert len(office.world.ctl("jobs")) == 2, "the same request is the same job"

    # At the turn the answer of the appliance is lost, which took the print right meanwhile.
    cable.swallow("up")
    leave(busy)
    office.agent.await_log("turn-came")
    cable.swallow("down")
    await_fact(lambda: "turn-taken" in office.world.log_file.read_text(), office.agent.log)
    cable.cut()
    put_in(office, job, SECOND)
    cable.mend()
    await_fact(lambda: office.jobs() == [], office.agent.log)
    assert office.at_appliance(job)["fed"] == {"by": "appliance"}
    assert is_on(office.world, SECOND)
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.long
def test_full_spool_is_told(office: AgentWorld, tmp_path: Path) -> None:
    office.power_up(f"{HURRY}[spool]\nstop_at = 5\nstart_at = 4\n")
    large = tmp_path / "large.txt"
    large.write_bytes(NOTICE.file.read_bytes() + b"\n" * 1_000_000)
    busy = occupy(office)
    other, filling = office.world.terminal("counter-2"), list[str]()

    def is_stopped() -> bool:
        told = office.ask_agent("Common.Status", Nothing())["problems"]
        return any("taken no new document" in problem for problem in told)

    while not is_stopped():
        assert len(filling) < 14
        shown = other.run("print", str(large), "--no-wait", "--printer", PRINTER)
        filling.append(office.job_of(shown))
    with pytest.raises(CommandFailed) as refused:
        send(office, SECOND, *choose("appliance", "appliance"))
    assert refused.value.error_code == "spool-stopped"
    job = send(office, SECOND, *choose("both", "appliance", "ask"))
    view = office.at_appliance(job)
    assert (view["choice"], view["moved"]) == ({"keep": "terminal", "feed": "terminal"}, "spool-nearly-full")
    assert "spool-nearly-full" in [one.get("moved") for one in office.jobs()]
    for one in filling:
        other.run("cancel", one, "--person", "Bernd")
    assert not is_stopped()
    later = send(office, SECOND, *choose("both", "appliance", "ask"))
    assert "moved" not in office.at_appliance(later) or not office.at_appliance(later)["moved"]
    office.terminal.run("cancel", later, "--person", "Ann")
    leave(busy)
    print_to_end(office, job, SECOND)
    assert is_on(office.world, SECOND)
    ended = office.at_appliance(job)
    assert (ended["fed"]["by"], ended["moved"]) == ("terminal", "spool-nearly-full")
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.long
def test_an_order_of_two_people_at_the_appliance_ends_the_copy_of_the_terminal(
    office: AgentWorld, cable: Cable
) -> None:
    port = office.own_printer()
    managers = [office.world.enroll(name, representative=True) for name in ("manager-1", "manager-2")]
    office.power_up(HURRY, stand_in(port).replace("1.0", "600.0"))
    busy = occupy(office)
    job = send(office, SECOND, *choose("both", "terminal", "terminal"))
    cable.cut()
    leave(busy)
    await_question(office, job, "terminal-silent")
    with pytest.raises(CommandFailed) as waits:
        managers[0].run("answer", job, "--print", "--person", "Otto")
    assert waits.value.error_code == "second-person-needed"
    managers[1].run("answer", job, "--print", "--person", "Olga")
    put_in(office, job, SECOND)
    cable.mend()
    await_fact(lambda: office.ask_agent("Agent.GetSettings", Nothing())["jobs"] == 0, office.agent.log)
    assert (is_on(office.world, SECOND), is_on(office.own, SECOND)) == (True, False)
    assert office.ends(job) == ["completed", "completed"]


@pytest.mark.long
def test_a_terminal_that_comes_back_gives_up_a_printer_that_two_people_took_back(office: AgentWorld) -> None:
    managers = [office.world.enroll(name, representative=True) for name in ("manager-1", "manager-2")]
    office.world.write_config(extra="[turns]\nreport_wait = 2.0\n")
    office.put_on_network()
    office.world.start_appliance()
    office.agent.start()
    office.agent.await_log("appliance-reached")
    job = send(office, NOTICE, *choose("both", "terminal", "ask"))
    office.agent.await_log("printer-taken")
    os.kill(office.agent.pid, signal.SIGSTOP)
    await_question(office, job, "terminal-silent")
    order = ("answer", job, "--discard", "--person")
    with pytest.raises(CommandFailed):
        managers[0].run(*order, "Ann")
    managers[1].run(*order, "Ben")
    os.kill(office.agent.pid, signal.SIGCONT)
    office.agent.await_log("printer-given-back")
    behind = counter_2(office).print_in_background(NOTICE.file, "sheet-8", NOTICE.layout)
    assert behind.end() == 0, behind.error()
    await_fact(lambda: office.jobs() == [], office.agent.log)
    assert office.ends(job) == ["canceled", "canceled"]


@pytest.mark.long
def test_a_spool_that_was_rolled_back_prints_nothing_twice(office: AgentWorld, tmp_path: Path) -> None:
    port = office.own_printer()
    office.power_up(HURRY, stand_in(port))
    busy = occupy(office)
    job = send(office, SECOND, *choose("both", "terminal", "terminal"))
    spool = Home(office.terminal.home).spool
    assert office.agent.stop() == 0
    shutil.copytree(spool, tmp_path / "yesterday")
    office.agent.start()
    office.terminal.run("answer", job, "--print", "--person", "Ann")
    office.agent.await_log("appliance-reached", 2)
    leave(busy)
    print_to_end(office, job, SECOND)
    assert office.agent.stop() == 0
    shutil.rmtree(spool)
    shutil.copytree(tmp_path / "yesterday", spool)

    # The whole spool is of yesterday, which no rule finds; so its copy waits for people, until the appliance tells.
    office.world.kill_appliance()
    watching_from = office.agent.log().count('"appliance-apart"')
    office.agent.start()
    office.agent.await_log("appliance-apart", watching_from + 1)
    [question] = office.terminal.run("questions")
    assert (question["job"]["job"], question["job"]["reasons"]) == (job, ["restart"])
    office.world.start_appliance()
    office.agent.await_log("appliance-reached", 3)
    await_fact(lambda: office.ask_agent("Agent.GetSettings", Nothing())["jobs"] == 0, office.agent.log)
    assert (is_on(office.world, SECOND), is_on(office.own, SECOND)) == (True, False)


@pytest.mark.long
def test_a_refusal_by_the_appliance_ends_the_copy_and_is_told(office: AgentWorld) -> None:
    office.power_up(f"{HURRY}[limits]\njobs_per_terminal = 1\n")
    occupy(office)
    first = send(office, SECOND, *choose("both", "appliance"))
    with pytest.raises(CommandFailed) as refused:
        send(office, SECOND, *choose("both", "terminal"))
    assert refused.value.error_code == "quota-exceeded"
    assert office.terminal.run("notices") == [], "the person who sent it heard of it"

    # A job that was taken here while the appliance was off is refused when that is back.
    office.world.stop_appliance()
    office.agent.await_log("appliance-away")
    later = send(office, SECOND, *choose("both", "terminal"))
    assert office.ask_agent("Spooler.GetJob", JobRef(later))["state"] == "pending"
    office.world.start_appliance()
    office.agent.await_log("job-refused", 2)
    await_fact(lambda: len(office.terminal.run("notices")) == 1, office.agent.log)
    [notice] = office.terminal.run("notices")
    assert (notice["job"]["job"], notice["job"]["state"]) == (later, "aborted")
    assert notice["job"]["reasons"] == ["refused-by-appliance"]
    assert office.at_appliance(later) == {}
    assert [one["job"] for one in office.jobs() if one["requester"] == "counter-1"] == [first]


class WithWrongClock(Terminal):
    """A terminal on a machine whose wall clock is hours apart."""

    apart = "+5h"

    @override
    def command(self, *arguments: str) -> list[str]:
        faked = (
            f"LD_PRELOAD={LIBRARIES[0]}",
            f"FAKETIME={self.apart}",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1",
        )
        return ["env", *faked, *super().command(*arguments)]


@pytest.mark.long
@pytest.mark.skipif(not LIBRARIES, reason="the Debian package faketime is missing: there is no library libfaketime")
@pytest.mark.parametrize("apart", ["+5h", "-5h"])
def test_clocks_hours_apart(office: AgentWorld, apart: str) -> None:
    port = office.own_printer()
    terminal = WithWrongClock(office.world, "counter-1")
    terminal.apart = apart
    office.terminal, office.agent = terminal, AgentProcess(terminal)
    (terminal.home / "agent.toml").write_text(stand_in(port))
    office.world.write_config(extra=HURRY)
    office.world.start_appliance()
    office.agent.start()
    office.agent.await_log("appliance-reached")
    job = send(office, SECOND, *choose("both", "terminal", "terminal"))
    print_to_end(office, job, SECOND)
    office.world.kill_appliance()
    office.agent.await_log("appliance-apart")
    watch_own_printer(office, NOTICE)
    later = send(office, NOTICE, *choose("both", "appliance", "terminal"))
    await_fact(lambda: office.ask_agent("Spooler.GetJob", JobRef(later))["state"] == "completed", office.agent.log)
    office.world.start_appliance()
    await_fact(lambda: state(office, later) == "completed", office.agent.log)
    assert (is_on(office.world, SECOND), is_on(office.own, SECOND)) == (True, False)
    assert (is_on(office.world, NOTICE), is_on(office.own, NOTICE)) == (False, True)
    told = [one["entry"]["at"] for one in office.world.ctl("history", "--last", "1000")]
    assert told == sorted(told), "the appliance's history goes by its own clock"


class Elsewhere(Terminal):
    """A terminal on a machine with another id."""

    @override
    def command(self, *arguments: str) -> list[str]:
        whole = super().command(*arguments)
        return [sys.executable, "-m", "tests.terminal.agent.other_machine", str(self.home / "machine-id"), *whole[3:]]


@pytest.mark.long
def test_store_opened_on_another_machine(office: AgentWorld, tmp_path_factory: pytest.TempPathFactory) -> None:
    port = office.own_printer()
    office.power_up(HURRY)
    busy = occupy(office)
    job = send(office, SECOND, *choose("both", "appliance", "terminal"))
    assert office.agent.stop() == 0
    folder = tmp_path_factory.mktemp("b")
    far = World(folder)
    far.start_simulator()
    try:
        (folder / "terminals").mkdir()
        shutil.copytree(office.terminal.home, folder / "terminals" / "counter-1")
        elsewhere = Elsewhere(far, "counter-1")
        (elsewhere.home / "machine-id").write_text("another machine\n")
        (elsewhere.home / "agent.log").unlink()
        (office.terminal.home / "agent.toml").write_text(stand_in(port))
        (elsewhere.home / "agent.toml").write_text(stand_in(far.simulator_url))
        copied = AgentProcess(elsewhere)
        office.agent.start()
        office.agent.await_log("appliance-reached", 2)
        copied.start()
        try:
            judge_copied_store(office, copied, far, job)
        finally:
            copied.kill()
    finally:
        far.close()
    busy.kill()


def judge_copied_store(office: AgentWorld, copied: AgentProcess, far: World, job: str) -> None:
    """Two agents have copies of one spool, on two machines."""
    elsewhere = copied.terminal
    copied.await_log("store-copied")
    copied.await_log("appliance-apart")
    assert '"agent-connected"' in copied.log(), "the appliance lets one of two spools in"
    [question] = elsewhere.run("questions")
    assert question["job"]["reasons"] == ["appliance-silent", "store-copied"]
    with pytest.raises(CommandFailed) as waits:
        elsewhere.run("answer", job, "--print", "--person", "Eve")
    assert waits.value.error_code == "second-person-needed"

    # On its own machine one person orders the job, and it prints there while the appliance is off.
    office.world.kill_appliance()
    office.agent.await_log("appliance-apart")
    watch_own_printer(office, SECOND)
    office.terminal.run("answer", job, "--print", "--person", "Ann")
    await_fact(lambda: office.ask_agent("Spooler.GetJob", JobRef(job))["state"] == "completed", office.agent.log)
    assert is_on(office.own, SECOND)
    assert far.paper.strikes == 0, "the copied spool holds no print right"
    # The first of the two that comes back is let in; here it is the spool on its own machine.
    copied.kill()
    office.world.start_appliance()
    await_fact(lambda: state(office, job) == "completed", office.agent.log)
    assert not is_on(office.world, SECOND)
    # Only now the copied spool is let in, and learns the end.
    assert office.ends(job) == ["completed", "completed"]
    copied.start()
    copied.await_log("appliance-reached")
    await_fact(lambda: elsewhere.run("questions") == [], copied.log)
    assert not is_on(far, SECOND)
