"""A report that the appliance refuses for what it has not is told again; one that it refuses for itself is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.protocol.two_spools import ReportJob
from spooler.clock import SystemClock
from spooler.data_keys import DataKeys
from spooler.jobs import Jobs
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.reporting import Reporting
from terminal.keyring import KeyRing
from tests.terminal.agent.test_own_store import AT, PLAN, Office, accept

FACTS = ("job", "why", "area", "state", "event", "who", "deed", "whom")
Story = Callable[["Printed"], Awaitable[None]]


class Printed:
    """The spool of a terminal with two jobs that it printed, and an appliance that refuses reports by a script."""

    def __init__(self, folder: Path) -> None:
        self.store = Office(folder / "machine").open()
        jobs = Jobs(self.store.spool, DataKeys(), lambda _news: None)
        self.own = OwnJobs(self.store, jobs, KeyRing(), SystemClock(), is_apart=lambda: False)
        self.refusals: dict[str, str] = {}
        self.told: list[str] = []
        self._heard = asyncio.Condition()
        self.reporting = Reporting(self.own, cast("Any", self), cast("Any", self), "counter-1")

    def is_waiting(self, _job: str) -> bool:
        return False

    async def command(self, _name: str, asked: ReportJob, _kind: Any) -> None:
        async with self._heard:
            self.told.append(asked.job)
            self._heard.notify_all()
        if asked.job in self.refusals:
            raise PassbookError(self.refusals[asked.job], **dict.fromkeys(FACTS, "it"))

    async def printed(self, request: str) -> str:
        job = accept(self.store, request)
        await self.own.change(job, changes.start(AT, 1))
        for step in range(1, len(PLAN) + 1):
            await self.own.change(job, changes.journal(step - 1, step))
        await self.own.change(job, changes.finish_job(AT))
        return job

    async def hears(self, job: str, times: int = 1) -> None:
        async with self._heard:
            await self._heard.wait_for(lambda: self.told.count(job) == times)

    def note(self, job: str) -> None:
        self.reporting.note(self.own.spool.record(job))

    def is_told(self, job: str) -> bool:
        return self.own.spool.record(job).acknowledged is not None


def played(folder: Path, story: Story) -> None:
    async def play() -> None:
        printed = Printed(folder)
        reports = asyncio.create_task(printed.reporting.run())
        try:
            async with asyncio.timeout(10):
                await story(printed)
        finally:
            reports.cancel()
            printed.store.close()

    asyncio.run(play())


@pytest.mark.parametrize("code", ["unknown-job", "change-unknown", "record-quarantined"])
def test_an_end_that_the_appliance_has_no_place_for_is_told_again_when_it_may_have_one(
    tmp_path: Path, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(printed: Printed) -> None:
        lost, other = await printed.printed("r-1"), await printed.printed("r-2")
        printed.refusals[lost] = code
        printed.note(lost)
        await printed.hears(lost)
        printed.note(other)
        await printed.hears(other)
        assert printed.told == [lost, other], "no news of another job has it told again"
        assert not printed.is_told(lost)
        printed.reporting.resume()
        await printed.hears(lost, 2)
        del printed.refusals[lost]
        printed.reporting.resume()
        await printed.hears(lost, 3)
        printed.note(other)
        await printed.hears(other, printed.told.count(other) + 1)
        assert printed.is_told(lost)

    played(tmp_path, story)
    assert [record.message for record in caplog.records].count("report-refused") == 1


@pytest.mark.parametrize("code", ["report-not-credible", "not-allowed-in-state", "not-permitted"])
def test_an_end_that_the_appliance_will_never_take_is_told_once(tmp_path: Path, code: str) -> None:
    async def story(printed: Printed) -> None:
        never, other = await printed.printed("r-1"), await printed.printed("r-2")
        printed.refusals[never] = code
        printed.note(never)
        printed.note(other)
        await printed.hears(other)
        assert printed.is_told(never)
        printed.reporting.resume()
        last = await printed.printed("r-3")
        printed.note(last)
        await printed.hears(last)
        assert printed.told.count(never) == 1

    played(tmp_path, story)
