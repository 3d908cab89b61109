"""Tellers who keep an appliance busy, and say into the log of its disk what they asked for and what they were told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.job.states import TERMINAL
from passbook.protocol.messages import JobView, StepReport
from spooler.orderly_end import take_marks
from storage.admission import Limits
from storage.area.area import AreaSettings
from storage.crypto.keys import ApplianceKey
from storage.spool import Spool
from tests.crash.life import AT
from tests.crash.model import Fault, Finding
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, client_of, ring_of
from tests.scenarios.crowd import Fate, Sent, submission
from tests.scenarios.office import Office
from tests.storage.store import seeded

TOGETHER = 4
"""Requests that are under way at a time."""
STATE: Final = "state"
"""The folder of the mark, beside the areas: a power cut hits it together with them."""
Say: TypeAlias = Callable[..., None]
"""Takes what a teller asked for, or was told, as keyword arguments."""


def work(office: Office, say: Say, *, jobs: int, prints: int) -> None:
    """Have so many jobs accepted, and so many of them printed; `say` hears of each."""
    with BookClerk(office.manager, office.hands, lambda view: f"book-{view.client_request.removeprefix('request-')}"):
        asyncio.run(_work(office, say, jobs, prints))


async def _work(office: Office, say: Say, jobs: int, prints: int) -> None:
    ring, numbers = ring_of(office.counter), iter(range(jobs))

    async def teller() -> None:
        async with client_of(office.counter) as client:
            for number in numbers:
                sent = Sent(office.counter, Statement(1000 + number, 2, line=1), Fate.LEAVE, 50)
                say(asked=sent.request)
                view = await client.submit(submission(sent, ring))
                say(accepted=sent.request, job=view.job)

    async with asyncio.timeout(300), client_of(office.manager) as listener:
        listening = asyncio.create_task(_listen(listener, say, prints))
        await asyncio.gather(*(teller() for _ in range(TOGETHER)))
        await listening


async def _listen(client: TerminalClient, say: Say, prints: int) -> None:
    ended = itertools.count(1)
    async for event in client.events():
        match event.what:
            case StepReport(job=job, confirmed=confirmed, sending=sending):
                say(sent=max(confirmed, sending), job=job)
            case JobView(job=job, state=state) if state in TERMINAL:
                say(ended=state.value, job=job)
                if next(ended) == prints:
                    return


@dataclass
class Heard:
    """What the tellers knew at one moment.

    Attributes:
        asked: requests that were ever sent.
        accepted: request -> job.
        ended: job -> state.
        sent: job -> the furthest step that was told to be sent or on paper.
    """

    asked: set[str] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def hear(self, what: dict[str, Any]) -> None:
        """The next thing was said."""
        match what:
            case {"asked": request}:
                self.asked.add(request)
            case {"accepted": request, "job": job}:
                self.accepted[request] = job
            case {"ended": state, "job": job}:
                self.ended[job] = state
            case {"sent": step, "job": job}:
                self.sent[job] = step
            case _:
                pass

    def judge(self, data: Path, key: ApplianceKey) -> Iterator[Finding]:
        """Start on the areas below `data`, and say everything that is wrong."""
        areas = [AreaSettings(name, data / name, 64 << 20) for name in ("a", "b")]
        reported: list[PassbookError] = []
        spool = Spool.open(
            areas,
            key,
            state=data / STATE,
            appliance="demo-appliance",
            limits=Limits(),
            rng=seeded(1),
            report=reported.append,
        )
        try:
            report = spool.power_on(take_marks(area.path for area in areas), AT)
            for problem in [*spool.verify(), *report.failed.values()]:
                yield Finding(Fault.UNREADABLE, str(problem))
            for request, job in self.accepted.items():
                yield from self._judge_job(spool, request, job)
            found = [record.request_id for record in spool.records()]
            if len(found) != len(set(found)) or not set(found) <= self.asked:
                yield Finding(Fault.WRONG, "a request became two jobs, or was never sent")
            if any(record.valid for record in spool.records()):
                yield Finding(Fault.WRONG, "a job is valid after a power cut")
            for problem in reported:
                yield Finding(Fault.UNREADABLE, str(problem))
        finally:
            spool.close()

    def _judge_job(self, spool: Spool, request: str, job: str) -> Iterator[Finding]:
        record = _record(spool, job)
        if record is None or record.request_id != request:
            yield Finding(Fault.LOST, f"{request} was accepted as {job}")
            return
        if not record.ended:
            try:
                spool.sealed(spool.job(job))
            except PassbookError as error:
                yield Finding(Fault.UNREADABLE, str(error))
        if job in self.ended and record.state.value != self.ended[job]:
            yield Finding(Fault.TWICE, f"{request} had ended, and is {record.state.value}")
        if max(record.confirmed, record.sending) < self.sent.get(job, 0):
            yield Finding(Fault.TWICE, f"{request} was at step {self.sent[job]}")


def _record(spool: Spool, job: str) -> Record | None:
    with suppress(PassbookError):
        return spool.record(job)
    return None
