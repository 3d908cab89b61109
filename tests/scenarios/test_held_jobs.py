"""F1 with real processes: a terminal's held jobs, ordered when it likes; and a cancel in the middle of a page."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from demo.world import Terminal
from drivers.simulator.faults import Now, Target
from passbook.messages import Inquiry, JobView
from terminal.client import TerminalClient
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


def questions(terminal: Terminal) -> tuple[Inquiry, ...]:
    return as_terminal(terminal, TerminalClient.inquiries)


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


def test_a_cancel_in_mid_page_says_what_is_on_paper_and_gives_the_book_back(open_office: OpenOffice) -> None:
    """The disk is held while a line is under way, so that the order surely comes in the middle."""
    office, statement = open_office(program=PROGRAM), Statement(914, 12)
    with DiskHold(office.world.folder) as disk, ThreadPoolExecutor(1) as beside:
        printing = office.print(statement)
        printing.wait_for_event("Spooler.StepEvent", 3)
        disk.hold()
        disk.await_held()
        screen = beside.submit(office.counter.screen, "cancel", printing.job, "--person", "Ann")
        await_log(office, "cancel-ordered")
        disk.let_go()
        words = screen.result(PATIENCE)
    assert printing.end() == 1
    office.wait("ejected")
    office.take_book()
    done = sum(bool(seen(office.world.paper, book_of(statement), place)) for place in statement.expected())
    assert 2 <= done < 12
    assert f"Lines 1 to {done} are on paper, of 12.\nTake the book out of window-1." in words
    [ended] = [told for told in office.world.ctl("history", "--job", printing.job) if told["entry"]["kind"] == "ended"]
    assert ended["entry"]["record"]["onPaper"] == {"lines": 12, "confirmed": done, "inDoubt": 0}


def await_log(office: Office, event: str) -> None:
    """Wait until the appliance has logged it."""
    deadline = time.monotonic() + PATIENCE
    while f'"{event}"' not in office.world.log_file.read_text():
        assert time.monotonic() < deadline, f"{event} was not logged"
        threading.Event().wait(0.01)
