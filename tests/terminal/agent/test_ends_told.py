"""An end that the appliance tells ends the own copy too, with the print right or without it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from passbook.job import changes
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from spooler.clock import SystemClock
from spooler.data_keys import DataKeys
from spooler.jobs import Jobs
from terminal.agent.own_jobs import OwnJobs
from terminal.keyring import KeyRing
from tests.terminal.agent.test_own_store import AT, PLAN, Office, accept
from tests.terminal.samples import view


@pytest.mark.parametrize(
    ("begun", "state", "right"),
    [
        (False, JobState.COMPLETED, PrintRight(RightState.AWAY, 1)),
        # The agent reports the end of what it prints itself.
        (True, JobState.PROCESSING, PrintRight(RightState.HERE, 0)),
    ],
)
def test_a_copy_with_the_right_ends_where_nothing_of_it_was_sent(
    tmp_path: Path, state: JobState, right: PrintRight, *, begun: bool
) -> None:
    async def told(own: OwnJobs, job: str) -> Record:
        if begun:
            await own.change(job, changes.start(AT, 1))
            await own.change(job, changes.journal(0, 1))
        ended = view(
            job=job,
            state=JobState.COMPLETED,
            reasons=(Reason.COMPLETED,),
            steps=len(PLAN),
            confirmed=len(PLAN),
            valid=False,
            changed_at=AT,
        )
        await own.end_as_told(ended, "counter-1")
        return own.spool.record(job)

    store = Office(tmp_path / "machine").open()
    jobs = Jobs(store.spool, DataKeys(), lambda _news: None)
    own = OwnJobs(store, jobs, KeyRing(), SystemClock(), is_apart=lambda: False)
    try:
        record = asyncio.run(told(own, accept(store)))
    finally:
        store.close()
    assert (record.state, record.right) == (state, right)
