"""A request for figures at a branch of real processes, judged by the paper (F6, P9)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from demo.people import Event, Printing
from demo.world import PRINTER, Terminal, run_command
from drivers.simulator.faults import AfterStrike, AtLineByte, Now, Target, When
from passbook.errors import PassbookError
from passbook.protocol.media import Device, Media
from passbook.protocol.messages import Question
from tests.scenarios.books import Statement
from tests.scenarios.clerk import PATIENCE, as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import command, raw
from tests.scenarios.office import LAYOUT, Office, book_of, next_line

FIRST = Statement(900, 4)
OVER_THE_PAGE = Statement(910, 3, line=23)
"""Two lines on page 3, one on page 4."""
NONE = {"books": 0, "pages": 0, "lines": 0}
GET = "Spooler.GetEnvironment"
EVERYTHING = 1_000_000
"""A byte number that stands for the last byte of a line."""

BOOK = "a book lies in it and must be taken out"


def figures(books: int, pages: int, lines: int) -> dict[str, int]:
    return {"books": books, "pages": pages, "lines": lines}


def book(statement: Statement) -> dict[str, int]:
    """A whole statement: what must be on paper when it was printed."""
    places = statement.expected()
    return figures(1, len({page for page, _ in places}), len(places))


class Asker:
    """Somebody who asks over a connection of their own; `registered` when the appliance has taken the question."""

    def __init__(self, terminal: Terminal, answered: Callable[[], None]) -> None:
        self.registered = threading.Event()
        self.answer: dict[str, Any] = {}
        self._terminal = terminal
        self._answered = answered
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask()))
        self._thread.start()
        assert self.registered.wait(PATIENCE)

    async def _ask(self) -> None:
        async with asyncio.timeout(PATIENCE), raw(self._terminal) as connection:
            await connection.send(command(GET, {"printer": PRINTER}))
            while not self.answer:
                message = json.loads(await connection.recv())
                kind = message["header"]["type"]
                if kind == "acknowledge":
                    self.registered.set()
                elif kind == "completion":
                    self._answered()
                    self.answer = message["payload"]

    def end(self) -> dict[str, Any]:
        self._thread.join(PATIENCE)
        return self.answer


def read(office: Office) -> dict[str, Any]:
    """A reading of an idle printer, as `teller environment` prints it."""
    found: dict[str, Any] = office.counter.run("environment")
    return found


def held_back(office: Office, statement: Statement) -> Printing:
    """`teller print`, and a person who does not touch the book before their `hands_free`."""
    file = statement.save(office.world.folder)
    return office.counter.print_in_background(file, book_of(statement), LAYOUT, at_once=False)


@pytest.mark.long
def test_a_request_sent_while_a_job_prints_is_answered_before_the_next_with_exact_figures(office: Office) -> None:
    first = held_back(office, OVER_THE_PAGE)
    office.wait("document-wanted")
    second = office.print(FIRST)
    assert second.job
    seen: list[tuple[bool, bool]] = []

    def answered() -> None:
        paper = office.world.paper
        seen.append((book_of(OVER_THE_PAGE) in paper.books, len(paper.lines(book_of(OVER_THE_PAGE))) == 3))

    askers = [Asker(terminal, answered) for terminal in (office.counter, office.manager)]
    # A page is turned in between: the book leaves the mechanism, and is not finished.
    first.hands_free.set()
    one, other = (asker.end() for asker in askers)
    assert one == other, "all that wait share one reading"
    assert seen == [(True, True)] * 2
    assert (one["printed"], one["pending"], one["held"]) == (book(OVER_THE_PAGE), book(FIRST), NONE)
    assert one["status"] == {"device": "online", "media": "notPresent", "conditions": [], "cause": ""}
    for printing, statement in ((first, OVER_THE_PAGE), (second, FIRST)):
        office.finish(printing)
        office.judge(statement)
    after = read(office)
    assert after["printed"]["lines"] == office.world.paper.strikes == 7
    assert (after["printed"], after["pending"]) == (figures(2, 3, 7), NONE)
    assert [(area["name"], area["state"], area["counted"]) for area in after["areas"]] == [
        ("a", "ready", True),
        ("b", "ready", True),
    ]


def refused(office: Office, seconds: float) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        as_terminal(office.manager, lambda client: client.environment(PRINTER, seconds))
    return caught.value


@pytest.mark.long
def test_while_a_book_lies_in_the_mechanism_it_is_busy_and_nothing_is_disturbed(office: Office) -> None:
    printing = held_back(office, FIRST)
    office.wait("document-wanted")
    assert refused(office, 0.2).code == "printer-busy"
    status = as_terminal(office.manager, lambda client: client.status()).printers[0]
    assert (status.status.device, status.job) == (Device.BUSY, printing.job), "the status comes at once all the same"

    def leave_the_book(event: Event) -> None:
        """Whichever is told first: that the job has ended, or that the book is to be taken."""
        if event["payload"].get("state") == "completed" or event["payload"].get("action") == "take":
            printing.hands_free.clear()

    printing.watch = leave_the_book
    printing.hands_free.set()
    printing.wait_for_event("Spooler.StepEvent")
    office.wait("ejected")
    assert office.hands.state().media is Media.ENTERING
    # Behind the ejection the desk notes the end and asks for the book.
    error = refused(office, 2.0)
    assert (error.code, error.facts) == ("printer-busy", {"printer": PRINTER, "seconds": "2", "why": BOOK})
    printing.watch = None
    printing.hands_free.set()
    office.finish(printing)
    office.judge(FIRST)
    assert read(office)["printed"] == book(FIRST)


@pytest.mark.long
@pytest.mark.parametrize(
    ("target", "when"),
    [
        pytest.param(Target.APPLIANCE, AtLineByte(2, 1), marks=pytest.mark.soak),
        pytest.param(Target.APPLIANCE, AtLineByte(2, EVERYTHING), marks=pytest.mark.soak),
        (Target.BOTH, AfterStrike(3)),
        pytest.param(Target.PRINTER, AtLineByte(4, EVERYTHING), marks=pytest.mark.soak),
    ],
    ids=["before a step", "behind a step", "behind a strike", "behind the last line"],
)
def test_after_a_power_cut_the_counters_are_what_the_record_says(office: Office, target: Target, when: When) -> None:
    printing, question = office.print_until_cut(FIRST, target, when)
    reading = read(office)
    assert reading["printed"] == done(question)
    assert {name: reading["held"][name] + reading["printed"][name] for name in NONE} == book(FIRST)
    assert reading["pending"] == NONE
    line, again = next_line(office, FIRST, question)
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.finish(printing)
    office.judge(FIRST, *again)
    # Each line is counted once, by the printer or by the person who saw it on paper.
    assert read(office)["printed"] == book(FIRST)


def done(question: Question) -> dict[str, int]:
    """What the record says is on paper; every page of FIRST is page 3."""
    confirmed = question.job.confirmed
    return figures(int(confirmed > FIRST.count), int(confirmed > 0), min(confirmed, FIRST.count))


@pytest.mark.long
def test_a_printer_without_power_is_offline_and_with_a_book_inside_it_is_no_boundary(office: Office) -> None:
    office.finish(office.print(FIRST))
    office.hands.cut(Target.PRINTER, Now())
    reading = read(office)
    assert (reading["status"]["device"], reading["printed"]) == ("offline", book(FIRST))
    office.hands.restore()
    office.arm_cut(Target.PRINTER, AtLineByte(2, 9))
    printing = office.print(OVER_THE_PAGE)
    office.wait("cut")
    office.wait("cut")
    question = office.await_question(printing)
    assert refused(office, 1.5).code == "printer-busy"
    office.hands.restore()
    found = as_terminal(office.manager, lambda client: client.environment("", PATIENCE))
    assert found.status.device is Device.ONLINE
    assert found.printed.lines == FIRST.count + question.job.confirmed


def test_who_waits_when_the_appliance_is_stopped_is_told_so(office: Office) -> None:
    held_back(office, FIRST)
    office.wait("document-wanted")
    asker = Asker(office.manager, lambda: None)
    assert office.world.stop_appliance() == 0
    assert asker.end()["errorCode"] == "appliance-stopping"


@pytest.mark.long
def test_operators_see_the_figures_and_every_printer(open_office: OpenOffice) -> None:
    office = open_office()
    office.finish(office.print(FIRST))
    reading = office.world.ctl("environment", "--printer", PRINTER)
    assert (reading["printed"], reading["pending"]) == (book(FIRST), NONE)
    text = subprocess.run(
        [sys.executable, "-m", "firmware.ctl", "--control", str(office.world.folder / "control"), "status"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert max(map(len, text.splitlines())) <= 80
    heading, row, _, queue = [line for line in text.splitlines() if PRINTER in line or "PRINTER" in line]
    assert queue.split() == [PRINTER, "0", "0", "0", "0"]
    names = ("PRINTER", "DEVICE", "MEDIUM", "AGE/s")
    *shown, heard = [row[heading.index(name) :].split("  ")[0].strip() for name in names]
    assert shown == [PRINTER, "online", "notPresent"]
    assert int(heard) >= 0
    assert run_command(office.counter.command("environment"))["printed"] == book(FIRST)
    assert "printed" in office.counter.screen("environment")
