"""Rules: requests, and the same ones again."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from drivers.simulator.faults import AfterStrike, Target
from passbook.protocol.messages import SubmitJob
from tests.firmware.branch import PRINTER
from tests.model.jobs import Job
from tests.model.judge import stored
from tests.model.machine import KEYS, MOST_JOBS, BranchMachine, names, picks
from tests.scenarios.books import Statement


class Request(NamedTuple):
    """Who sends how many lines from which line on, and how many prompts are done as they say behind it."""

    terminal: str
    entries: int
    line: int
    priority: int
    prompts: int


requests = st.builds(
    Request, names, st.integers(1, 4), st.sampled_from([5, 22, 24]), st.integers(1, 80), st.integers(0, 5)
)


class Requests(BranchMachine):
    """What terminals send."""

    @initialize(first=requests, second=requests, cut=st.integers(0, 3))
    def begin_the_day(self, first: Request, second: Request, cut: int) -> None:
        """Without jobs and questions there is little to judge, and each day tries only some of the rules.

        `cut`: the line behind which power goes; 0 for none.
        """
        if cut:
            self.office.cut(Target.APPLIANCE, AfterStrike(cut))
        self.submit(first)
        self.submit(second)

    @rule(request=requests)
    def submit_one(self, request: Request) -> None:
        self.submit(request)

    def submit(self, request: Request) -> None:
        """P1, P6: taken, refused because no area can take it, or unknown because one has just failed."""
        terminal, count, line, priority, prompts = request
        if len(self.jobs) >= MOST_JOBS or not self.requester_is_there(terminal):
            return
        number = next(self.numbers)
        job = Job(terminal, f"r-{number}", Statement(number, count, 3, line), priority, KEYS[terminal])
        job.ordered(1, {}, surely=True)
        fenced = self.fenced
        free = {area.name: area.free for area in self.office.appliance._spool.areas() if area.state == "ready"}
        self.jobs.append(job)
        (reply,) = self.office.ask((terminal, "Spooler.SubmitJob", request_of(job, first=True)))
        if reply.payload is not None:
            job.job = reply.payload["job"]
            (area,) = [name for name, folder in self.areas.items() if job.job in dict(stored(folder))]
            assert free[area] == max(free.values()), "P6: not the area with the most free space"
            if not self.office.dead:
                self.look_at_mechanism()
        elif reply.code == "outcome-unknown":
            assert self.fenced > fenced, "P1: no area failed, and nobody knows"
        elif reply.code:
            assert self.fenced == set(self.areas), f"an area could take it: {reply.code}"
            self.jobs.remove(job)
        self.work(prompts)
        self.after()

    @precondition(lambda self: any(job.job for job in self.jobs))
    @rule(pick=picks, same=st.booleans())
    def submit_again(self, pick: int, same: bool) -> None:
        """P10: the same request is the same job, whatever became of it; other content is refused."""
        known = [job for job in self.jobs if job.job]
        job = known[pick % len(known)]
        if not self.requester_is_there(job.terminal):
            return
        other = Statement(900 + job.statement.number, 1)
        sent = request_of(job) if same else request_of(job, other)
        (reply,) = self.office.ask((job.terminal, "Spooler.SubmitJob", sent))
        if reply.done:
            assert reply.payload is not None
            assert (same, reply.payload["job"]) == (True, job.job), "P10"
        elif reply.code and not self.fenced:
            assert (same, reply.code) == (False, "request-reused"), "P10"
        self.after()


def request_of(job: Job, statement: Statement | None = None, *, first: bool = False) -> SubmitJob:
    """`first`: that it was never sent before is vouched for, so that an area which is out of use does not matter."""
    return SubmitJob(
        client_request=job.request,
        printer=PRINTER,
        format="passbook-update+csv",
        document=(statement or job.statement).csv().encode(),
        priority=job.priority,
        first=first,
        key=job.key,
        key_ref="key-1",
    )
