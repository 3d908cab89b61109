"""F1 with real processes: a terminal's held jobs, ordered when it likes; and a cancel in the middle of a page."""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client.connection import TerminalClient
from demo.world import CommandFailed, Terminal
from drivers.simulator.faults import Now, Target
from passbook.protocol.messages import JobView, Question
from tests.scenarios.books import Statement, judge, seen
from tests.scenarios.clerk import PATIENCE, BookClerk, as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.held_disk import PROGRAM, DiskHold
from tests.scenarios.office import Office, book_of

COUNT = 3


def send(office: Office, number: int) -> str:
    """A job that is accepted, and not followed."""
    file = Statement(number, COUNT).save(office.world.folder)
    view = office.counter.run("print", str(file), "--printer", "window-1", "--no-wait")
    return str(view["payload"]["job"])


def book_of_job(view: JobView) -> str:
    return f"book-of-{view.job}"


def questions(terminal: Terminal) -> tuple[Question, ...]:
    return as_terminal(terminal, TerminalClient.questions)


def answered(who: Terminal, *arguments: str) -> list[str]:
    done = who.run("answer", "--all", *arguments, "--person", f"person at {who.name}")
    return [one["job"] for one in done if one["error"] is None]


async def print_all(client: TerminalClient, jobs: list[str]) -> None:
    """Stay until all of them are completed."""
    left = set(jobs)
    async for event in client.events():
        if isinstance(event.what, JobView) and event.what.state == "completed":
            left.discard(event.what.job)
        if not left:
            return


@pytest.mark.long
def test_a_representative_orders_all_jobs_of_a_terminal_that_a_power_cut_left(office: Office) -> None:
    office.hands.cut(Target.PRINTER, Now())
    jobs = [send(office, number) for number in (910, 911)]
    office.world.kill_appliance()
    office.world.start_appliance()
    assert {one.job.job for one in questions(office.manager)} == set(jobs)

    async def answer_and_wait(client: TerminalClient) -> None:
        office.hands.restore()
        assert answered(office.manager, "--print", "--requester", "counter-1") == jobs
        await print_all(client, jobs)

    with BookClerk(office.manager, office.hands, book_of_job):
        as_terminal(office.manager, answer_and_wait)
    for number, job in zip((910, 911), jobs, strict=True):
        statement = Statement(number, COUNT)
        judge(office.world.paper, f"book-of-{job}", statement.expected(), ())
    assert as_terminal(office.counter, TerminalClient.jobs) == ()


def test_a_terminal_holds_releases_and_discards_its_jobs_when_it_likes(office: Office) -> None:
    office.hands.cut(Target.PRINTER, Now())
    first, second = send(office, 912), send(office, 913)
    person = ("--person", "Ann")
    assert not office.counter.run("hold", first, *person)["valid"]
    office.world.ctl("hold", second, *person)
    held = {one.job.job: one.asked for one in questions(office.counter)}
    assert held == {first: False, second: False}
    office.world.ctl("release", second, *person)
    office.counter.run("release", first, *person)
    assert all(one.asked for one in questions(office.counter))
    assert answered(office.counter, "--hold") == [first, second]
    assert answered(office.counter, "--discard") == [first, second]
    assert questions(office.counter) == ()
    assert office.world.paper.strikes == 0


@pytest.mark.long
def test_what_an_operator_holds_prints_only_after_an_operator_or_a_representative_released_it(office: Office) -> None:
    office.hands.cut(Target.PRINTER, Now())
    first, second = send(office, 915), send(office, 916)
    office.world.ctl("hold", second, "--person", "Otto")
    office.world.kill_appliance()
    office.world.start_appliance()
    held = {one.job.job: one.asked for one in questions(office.counter)}
    assert held == {first: True, second: False}
    assert "Held by Otto, an operator" in office.counter.screen("jobs")
    [row] = [row for row in office.told("jobs") if row["job"] == second]
    assert row["heldBy"] == {"terminal": "@operator", "person": "Otto"}
    for words in (("answer", second, "--print"), ("release", second), ("cancel", second)):
        with pytest.raises(CommandFailed, match="held by Otto, an operator") as caught:
            office.counter.run(*words, "--person", "Ann")
        assert caught.value.code == 4
    with pytest.raises(subprocess.CalledProcessError) as said:
        office.counter.screen("answer", "--all", "--discard", "--person", "Ann")
    assert said.value.returncode == 4
    assert "because an operator holds them: 1 of 2." in said.value.output
    office.manager.run("release", second, "--person", "Rita")
    assert answered(office.counter, "--discard") == [second]
    assert office.world.paper.strikes == 0


@pytest.mark.long
@pytest.mark.parametrize("who", ["teller", "operator"])
def test_a_cancel_in_mid_page_says_what_is_on_paper_and_gives_the_book_back(open_office: OpenOffice, who: str) -> None:
    """The disk is held while a line is under way, so that the order surely comes in the middle."""
    office, statement = open_office(program=PROGRAM, pace="real"), Statement(914, 20)
    with DiskHold(office.world.folder) as disk, ThreadPoolExecutor(1) as beside:
        printing = office.print(statement)
        printing.wait_for_event("Spooler.StepEvent", 3)
        disk.hold()
        disk.await_held()
        screen = beside.submit(cancel, office, who, printing.job)
        await_log(office, "cancel-ordered")
        disk.let_go()
        words = screen.result(PATIENCE)
    assert printing.end() == 1
    office.wait("ejected")
    office.take_book()
    done = sum(bool(seen(office.world.paper, book_of(statement), place)) for place in statement.expected())
    assert 2 <= done < 20
    assert f"Lines 1 to {done} are on paper, of 20." in words
    assert "Take the book out of window-1." in words
    [ended] = [told for told in office.world.ctl("history", "--job", printing.job) if told["entry"]["kind"] == "ended"]
    assert ended["entry"]["record"]["onPaper"] == {
        "lines": 20,
        "confirmed": done,
        "inDoubt": 0,
        "again": 0,
        "unsure": 0,
    }


def cancel(office: Office, who: str, job: str) -> str:
    """What the teller's screen, or the operator's, says when the job has ended."""
    if who == "teller":
        return office.counter.screen("cancel", job, "--person", "Ann")
    return str(office.world.ctl("cancel", job, "--person", "Otto")["says"])


def await_log(office: Office, event: str) -> None:
    """Wait until the appliance has logged it."""
    deadline = time.monotonic() + PATIENCE
    while f'"{event}"' not in office.world.log_file.read_text():
        assert time.monotonic() < deadline, f"{event} was not logged"
        threading.Event().wait(0.01)
