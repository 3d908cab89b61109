"""R2: one submission prints on several appliances; whoever takes it in hands it on first, once for each next hop."""

from __future__ import annotations

import random
import smtplib
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import NamedTuple

import pytest

from demo.mail_servers import free_address
from demo.world import CommandFailed, World, await_fact
from drivers.simulator.faults import Now, Target
from passbook.protocol.messages import JobView
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import (
    SENDER,
    WINDOW,
    await_printer,
    connect,
    ends_of,
    jobs_of,
    mail_settings,
    text_mail,
    update_mail,
)
from tests.scenarios.office import Office, book_of

OTHER: str = "other.example"
KILLS: int = 20


class Pair(NamedTuple):
    """Two appliances, the first of which hands mail for the other one on."""

    first: Office
    other: Office
    address: str


@pytest.fixture
def pair(furnished: World) -> Iterator[Pair]:
    """Both are open; mail goes in at the first one."""
    with ExitStack() as offices:
        far, near = free_address(), free_address()
        other = offices.enter_context(
            an_office(furnished, mail_settings(far, domain=OTHER, also=[WINDOW]), own_key_jobs=True)
        )
        hop = f'[[hop]]\nname = "other"\naddress = "{far}"\ntls = "none"\nappliance = true\n'
        route = f'[[route]]\nto = ["@{OTHER}"]\nhop = "other"\nnetworks = ["127.0.0.0/8"]\n'
        settings = mail_settings(near, more="grace_offline = 0.2\n", substitutes=["other"]) + hop + route
        first = offices.enter_context(an_office(furnished, settings, own_key_jobs=True))
        yield Pair(first, other, near)


@pytest.mark.long
def test_a_text_goes_by_itself_to_a_substitute_and_an_update_when_a_person_says_so(pair: Pair) -> None:
    pair.first.hands.cut(Target.PRINTER, Now())
    statement = Statement(711, 3)

    def book(view: JobView) -> str:
        return "a sheet" if view.format == "text" else book_of(statement)

    with BookClerk(pair.other.manager, pair.other.hands, book):
        with connect(pair.address) as client:
            client.send_message(text_mail("A text that goes elsewhere."), SENDER, [WINDOW])
            client.send_message(update_mail(statement), SENDER, [WINDOW])
        await_fact(lambda: len(ends_of(pair.other)) == 1, lambda: jobs_of(pair.first))
        [left] = jobs_of(pair.first)
        assert left["format"] == "passbook-update+csv"
        await_fact(lambda: bool(pair.first.manager.run("questions")), lambda: jobs_of(pair.first))
        shown = pair.first.manager.screen("questions")
        assert "a substitute could take it" in shown
        assert f" move {str(left['job'])[:8]} TO" in shown
        there = pair.first.manager.run("move", str(left["job"]), "other", "--person", "Ms Okafor")
        assert there["printer"] == "other"
        await_fact(lambda: len(ends_of(pair.other)) == 2, lambda: jobs_of(pair.first))
    assert pair.first.world.paper.strikes == 0
    judge(pair.other.world.paper, book_of(statement), statement.expected())
    assert jobs_of(pair.first) == []


def test_the_first_appliance_hands_a_broadcast_on_and_prints_its_own_copy(pair: Pair) -> None:
    statement = Statement(710, 3)
    there = [f"window-1@{OTHER}", f"WINDOW-1@{OTHER}"]
    with ExitStack() as clerks:
        for office in (pair.first, pair.other):
            clerks.enter_context(BookClerk(office.manager, office.hands, lambda _view: book_of(statement)))
        await_printer(pair.first)
        with connect(pair.address) as client:
            assert client.send_message(update_mail(statement), SENDER, [WINDOW, *there]) == {}
        await_fact(lambda: len(ends_of(pair.first)) == 2, lambda: ends_of(pair.first))
        await_fact(lambda: len(ends_of(pair.other)) == 1, lambda: ends_of(pair.other))
    for office in (pair.first, pair.other):
        judge(office.world.paper, book_of(statement), statement.expected())


@pytest.mark.long
def test_a_route_is_tested_in_words(pair: Pair) -> None:
    world = pair.first.world
    told = world.ctl("route", "test", WINDOW, "--at", "127.0.0.1", "--from", SENDER)
    assert told["taken"]
    text = " ".join(told["steps"])
    for words in ("leads to window-1", "in a network that this route names", "Substitute 1 is other", SENDER):
        assert words in text
    with pytest.raises(CommandFailed) as refused:
        world.ctl("route", "test", WINDOW, "--at", "10.9.9.9")
    assert "550 5.7.1" in refused.value.output
    with pytest.raises(CommandFailed) as foreign:
        world.ctl("route", "test", WINDOW, "--at", "127.0.0.1", "--from", WINDOW)
    assert "refused with 553 5.7.1" in foreign.value.output
    with pytest.raises(CommandFailed) as unknown:
        world.ctl("route", "test", "window-9@elsewhere.example")
    assert "No route names window-9@elsewhere.example" in unknown.value.output
    with pytest.raises(CommandFailed) as misspelled:
        world.ctl("route", "test", WINDOW, "--at", "127.0.0.1", "--from", "bad@@x")
    assert "refused with 553 5.1.3" in misspelled.value.output


class KilledBroadcast:
    """One mail for both appliances, one of which is killed meanwhile; people look at each paper before they answer."""

    def __init__(self, pair: Pair, number: int) -> None:
        self.pair = pair
        self.statement = Statement(number, 3)
        self.message_id = f"<{number}@bank.example>"

    def run(self, victim: Office, delay: float) -> None:
        """Kill an appliance after so many seconds, and have all of the mail printed."""
        kill = threading.Timer(delay, victim.world.kill_appliance)
        kill.start()
        self.is_sent()
        kill.join()
        victim.world.start_appliance()
        await_fact(self.is_sent, lambda: "the mail is not taken")
        await_fact(self._is_over, self._left)
        assert self.is_sent(), "the same mail again is the same jobs"
        for office in (self.pair.first, self.pair.other):
            judge(office.world.paper, book_of(self.statement), self.statement.expected())

    def is_sent(self) -> bool:
        """Send the mail; whether 250 was heard."""
        try:
            with connect(self.pair.address) as client:
                mail = update_mail(self.statement, self.message_id)
                return client.send_message(mail, SENDER, [WINDOW, f"window-1@{OTHER}"]) == {}
        except (OSError, smtplib.SMTPServerDisconnected):
            return False

    def _is_over(self) -> bool:
        for office in (self.pair.first, self.pair.other):
            for question in office.questions():
                self._answer(office, str(question["job"]["job"]))
        return [self._ends(self.pair.first), self._ends(self.pair.other)] == [["other", "window-1"], ["window-1"]]

    def _answer(self, office: Office, job: str) -> None:
        struck = office.world.paper.lines(book_of(self.statement))
        done = sum(place in struck for place in self.statement.expected())
        # Another prompt or stop may have come first; then the person looks again.
        with suppress(CommandFailed):
            office.answer(office.manager, job, "--from-line", str(done + 1))

    def _ends(self, office: Office) -> list[str]:
        mine = [one for one in ends_of(office) if one["mail"]["messageId"] == self.message_id]
        return sorted(one["printer"] for one in mine if one["state"] == "completed")

    def _left(self) -> object:
        return [(jobs_of(one), ends_of(one)) for one in (self.pair.first, self.pair.other)]


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_broadcast_is_on_both_papers_once_whichever_appliance_is_killed(pair: Pair, seed: int) -> None:
    chance = random.Random(seed)
    now: list[KilledBroadcast] = []
    with ExitStack() as clerks:
        for office in (pair.first, pair.other):
            clerks.enter_context(BookClerk(office.manager, office.hands, lambda _view: book_of(now[-1].statement)))
        for number in range(720, 720 + KILLS):
            now.append(KilledBroadcast(pair, number))
            now[-1].run(chance.choice([pair.first, pair.other]), chance.uniform(0.0, 2.0))
    for office in (pair.first, pair.other):
        assert set(office.world.paper.books) == {book_of(one.statement) for one in now}
        assert office.world.ctl("verify") == []
