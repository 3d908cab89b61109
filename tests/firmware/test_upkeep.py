from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from firmware.system import upkeep
from firmware.system.upkeep import DAY_SECONDS, NOTE_SECONDS, Upkeep
from passbook.job import changes
from tests.firmware.branch import DOCUMENT, TELLER, WAIT, Bench, request

RETENTION = 400


class Watched:
    """The upkeep of a store, and how often ends were forgotten."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.forgot = 0
        self.pauses: list[float] = []
        self.upkeep = Upkeep(
            bench.spool, bench.clock, retention_days=RETENTION, forget_ended=self._forget, pause=self._pause
        )

    def _forget(self) -> None:
        self.forgot += 1

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 3:
            raise asyncio.CancelledError

    def end_a_job(self, number: str) -> None:
        job = asyncio.run(self.bench.admission().submit(TELLER, request(number), DOCUMENT)).job_id
        self.bench.jobs.change(job, changes.cancel(self.bench.clock.now().isoformat(), "t", "Anna")).result(WAIT)

    def days_pass(self, days: float) -> None:
        self.bench.clock.seconds += days * DAY_SECONDS

    def entries(self) -> int:
        return len(self.bench.spool.history())


@pytest.fixture
def watched(bench: Bench) -> Watched:
    return Watched(bench)


def test_what_is_older_than_the_retention_goes_by_and_by(watched: Watched) -> None:
    watched.end_a_job("r-1")
    watched.upkeep.look()
    watched.days_pass(RETENTION - 1)
    watched.end_a_job("r-2")
    watched.upkeep.look()
    assert watched.entries() == 2
    watched.days_pass(1.5)
    watched.upkeep.look()
    assert watched.entries() == 1
    assert watched.bench.spool.verify() == []
    watched.days_pass(RETENTION)
    watched.upkeep.look()
    assert watched.entries() == 0


def test_old_things_are_looked_for_once_a_day(watched: Watched) -> None:
    for minutes in range(3):
        watched.days_pass(minutes / 1440)
        watched.upkeep.look()
    assert watched.forgot == 1
    watched.days_pass(1)
    watched.upkeep.look()
    assert watched.forgot == 2


def test_a_clock_that_cannot_be_trusted_cuts_and_forgets_nothing(watched: Watched) -> None:
    """N4: and what was not done is done as soon as it can be trusted."""
    watched.end_a_job("r-1")
    watched.upkeep.look()
    watched.bench.clock.trust = False
    watched.days_pass(40 * 365)
    watched.upkeep.look()
    assert (watched.entries(), watched.forgot) == (1, 1)
    watched.bench.clock.trust = True
    watched.upkeep.look()
    assert (watched.entries(), watched.forgot) == (0, 2)


def test_by_an_operators_word_the_last_entries_stay_whatever_the_year(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P11, N4: who vouches for a clock of 2099 takes what lies far back, and not the proof of yesterday."""
    monkeypatch.setattr(upkeep, "ENTRIES_KEPT_BY_WORD", 1)
    for number in range(5):
        watched.end_a_job(f"r-{number}")
    watched.upkeep.look()
    watched.bench.clock.vouched = True
    watched.days_pass(73 * 365)
    watched.upkeep.look()
    assert [told.n for told in watched.bench.spool.history()] == [2, 3], "the last one of each area"
    assert watched.bench.spool.verify() == []
    watched.bench.clock.vouched = False
    watched.days_pass(1)
    watched.upkeep.look()
    assert (watched.entries(), watched.bench.spool.verify()) == (0, [])


def test_areas_learn_of_each_other_while_it_runs(watched: Watched) -> None:
    watched.end_a_job("r-1")
    watched.upkeep.look()
    known = {memory.about: memory.extent for area in watched.bench.spool._areas for memory in area.memories()}
    heads = {}
    for area in watched.bench.spool._areas:
        with area.reading() as ledger:
            heads[area.name] = ledger.extent(area.ledger.row_sum.changes)
    assert known == heads
    assert max(head.entries for head in heads.values()) == 1


def test_it_looks_once_a_minute(watched: Watched) -> None:
    async def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            await watched.upkeep.run()

    asyncio.run(run())
    assert watched.pauses == [NOTE_SECONDS] * 3
    assert dt.timedelta(seconds=NOTE_SECONDS) <= dt.timedelta(minutes=1)
