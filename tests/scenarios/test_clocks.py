"""F4 and N4 with a real process whose wall clock is wrong, is set, and passes midnight."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from client.connection import TerminalClient
from demo.world import CommandFailed, Terminal, World
from drivers.simulator.faults import AfterStrike, Now, Target
from passbook.protocol.events import QUESTION_CLOSED
from passbook.protocol.messages import JobView, Question
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import an_office
from tests.scenarios.office import Office
from tests.scenarios.wrong_clock import LIBRARIES, WallClock

SETTINGS = 'expiry_grace = 0.2\nday_ends = "{}"\n'
EVENING, NEXT_DAY = "2027-03-02T21:00:00", "2027-03-03T12:00:00"

pytestmark = pytest.mark.skipif(
    not LIBRARIES, reason="the Debian package faketime is missing: there is no library libfaketime"
)

OpenBranch = Callable[..., AbstractContextManager["Branch"]]


class Branch:
    """An office whose appliance has a wall clock of its own, and a mechanism without power, so that jobs stay."""

    def __init__(self, office: Office, clock: WallClock) -> None:
        self.office, self.world, self.clock = office, office.world, clock
        office.hands.cut(Target.PRINTER, Now())

    def send(self, number: int) -> str:
        """A job that is accepted and waits."""
        file = Statement(number, 3).save(self.world.folder)
        arguments = ["--printer", "window-1", "--no-wait"]
        view: dict[str, Any] = self.office.counter.run("print", str(file), *arguments)
        return str(view["payload"]["job"])

    def restart(self) -> None:
        """Power is cut and comes back."""
        self.world.kill_appliance()
        self.world.start_appliance()

    def vouch(self) -> dict[str, Any]:
        """An operator says that the clock is right."""
        told: dict[str, Any] = self.world.ctl("clock", "--right", "--person", "Otto")
        return told

    def questions(self, who: Terminal | None = None) -> tuple[Question, ...]:
        """The list, which puts the questions to who asks for it."""
        return as_terminal(who or self.office.counter, TerminalClient.questions)

    def await_end(self, job: str) -> JobView:
        """The job as it ended, told to its requester; a requester that comes later asks for it."""

        async def until_closed(client: TerminalClient) -> JobView:
            view = await client.job(job)
            if not view.reasons or view.reasons[0] != "expired":
                async for event in client.events():
                    if event.name == QUESTION_CLOSED and isinstance(event.what, JobView) and event.what.job == job:
                        return event.what
            return view

        return as_terminal(self.office.counter, until_closed)

    def ended(self, job: str) -> dict[str, Any]:
        """What the history says of its end."""
        entries = [told["entry"] for told in self.world.ctl("history", "--job", job)]
        [ended] = [entry for entry in entries if entry["kind"] == "ended"]
        found: dict[str, Any] = ended
        return found

    def events(self, *names: str) -> list[str]:
        """The log's events of these names, in order."""
        lines = [json.loads(line) for line in self.world.log_file.read_text().splitlines()]
        return [line["event"] for line in lines if line["event"] in names]


@pytest.fixture
def open_branch(furnished: World) -> OpenBranch:
    """Open a branch at a time, whose business day ends at `day_ends`."""

    @contextmanager
    def opened(when: str, day_ends: str = "00:00") -> Iterator[Branch]:
        with TemporaryDirectory(prefix="pb-") as folder:
            clock = WallClock(Path(folder) / "time")
            clock.set(when)
            with an_office(furnished, SETTINGS.format(day_ends), program=clock.program) as office:
                yield Branch(office, clock)

    return opened


@pytest.mark.long
def test_a_job_left_over_midnight_expires_while_the_appliance_runs(open_branch: OpenBranch) -> None:
    with open_branch(EVENING) as branch:
        branch.vouch()
        job = branch.send(900)
        branch.restart()
        branch.clock.set("2027-03-02T23:59:57")
        assert [one.job.job for one in branch.questions()] == [job]
        branch.vouch()
        assert branch.await_end(job).reasons == ("expired",)
        ended = branch.ended(job)
        assert ended["at"] >= "2027-03-03T00:00:00"
        assert ended["record"]["businessDate"] == "2027-03-02"
        branch.world.await_log("job-expired")
        assert branch.world.paper.strikes == 0


@pytest.mark.long
def test_a_day_that_ends_at_three_is_not_over_at_midnight(open_branch: OpenBranch) -> None:
    with open_branch(EVENING, "03:00") as branch:
        branch.vouch()
        job = branch.send(901)
        branch.restart()
        branch.clock.set("2027-03-03T00:30:00")
        branch.vouch()
        assert [one.job.job for one in branch.questions()] == [job]
        branch.clock.set("2027-03-03T02:59:57")
        branch.vouch()
        assert branch.await_end(job).state == "aborted"
        assert branch.ended(job)["at"] >= "2027-03-03T03:00:00"


@pytest.mark.long
def test_what_is_left_of_yesterday_expires_at_the_start(open_branch: OpenBranch) -> None:
    with open_branch(EVENING) as branch:
        branch.vouch()
        job = branch.send(902)
        branch.world.kill_appliance()
        branch.clock.set(NEXT_DAY)
        branch.world.start_appliance()
        branch.vouch()
        assert branch.await_end(job).reasons == ("expired",)
        assert as_terminal(branch.office.counter, TerminalClient.jobs) == ()


@pytest.mark.long
@pytest.mark.parametrize("when", ["1970-01-01T00:05:00", pytest.param("2099-12-31T23:00:00", marks=pytest.mark.soak)])
def test_under_a_wrong_clock_everybody_comes_in_and_nothing_expires(open_branch: OpenBranch, when: str) -> None:
    """N4: the log's order shows that the job ended after the operator's word and not before."""
    with open_branch(EVENING) as branch:
        branch.vouch()
        job = branch.send(903)
        branch.world.kill_appliance()
        branch.clock.set(when)
        branch.world.start_appliance()
        told = branch.world.ctl("clock")
        assert (told["trusted"], told["wall"][:4]) == (False, when[:4])
        for terminal in (branch.office.counter, branch.office.manager):
            assert [one.job.job for one in branch.questions(terminal)] == [job]
        second = branch.send(904)
        branch.clock.set(NEXT_DAY)
        branch.vouch()
        assert branch.await_end(job).reasons == ("expired",)
        # A requester is told of the end as soon as it is stored; the log's line follows.
        branch.world.await_log("job-expired")
        assert branch.events("clock-vouched", "job-expired") == ["clock-vouched", "clock-vouched", "job-expired"]
        assert as_terminal(branch.office.counter, lambda client: client.job(second)).valid


@pytest.mark.long
def test_what_a_wrong_clock_dated_expires_by_the_day_on_which_the_clock_was_right(open_branch: OpenBranch) -> None:
    with open_branch("1970-01-01T00:05:00") as branch:
        job = branch.send(905)
        branch.restart()
        assert [one.job.job for one in branch.questions()] == [job]
        branch.clock.set(NEXT_DAY)
        branch.vouch()
        assert [one.job.job for one in branch.questions()] == [job]
        branch.clock.set("2027-03-04T09:00:00")
        branch.vouch()
        branch.await_end(job)
        assert branch.ended(job)["record"]["businessDate"] == "2027-03-03"
        assert branch.ended(job)["at"] >= "2027-03-04"


@pytest.mark.long
def test_a_job_with_a_line_on_paper_is_still_asked_about_days_later(open_branch: OpenBranch) -> None:
    with open_branch(EVENING) as branch:
        office, statement = branch.office, Statement(906, 4)
        office.hands.restore()
        branch.vouch()
        office.arm_cut(Target.BOTH, AfterStrike(2))
        printing = office.print(statement)
        office.await_cut(Target.BOTH)
        printing.kill()
        branch.clock.set("2027-03-09T09:00:00")
        branch.world.start_appliance()
        [begun] = branch.questions()
        late = branch.send(907)
        branch.restart()
        branch.questions()
        branch.vouch()
        branch.clock.set("2027-03-10T09:00:00")
        branch.vouch()
        branch.await_end(late)
        assert [one.job.job for one in branch.questions()] == [begun.job.job]


def test_a_word_about_a_clock_that_was_wrong_is_over_when_the_clock_is_set(open_branch: OpenBranch) -> None:
    """Who says that 2099 is right locks everybody out, as certificates have ended then; setting the clock mends it."""
    with open_branch("2099-03-02T12:00:00") as branch:
        assert branch.vouch()["trusted"]
        with pytest.raises(CommandFailed) as refused:
            branch.office.counter.run("jobs")
        assert refused.value.error_code == "certificate-not-accepted"
        branch.clock.set(NEXT_DAY)
        assert not branch.world.ctl("clock")["trusted"]
        assert branch.office.counter.run("jobs") == []
        assert branch.vouch()["trusted"]
        assert branch.office.counter.run("jobs") == []
