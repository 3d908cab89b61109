"""Ends that a terminal reports after a time apart are in the appliance's history and counters once (C6, P13)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from passbook.job import changes
from passbook.job.choice import Side
from passbook.job.record import HistoryEntry, HistoryKind, Record, Reported
from passbook.job.states import JobState
from passbook.protocol.history_reply import Grouping, Wanted
from tests.firmware.agency import BOTH, JOB, Agency, refused, told
from tests.firmware.branch import PRINTER, TELLER

AT = "2026-03-02T09:30:00.000+00:00"
APART: dict[str, Any] = {"keep": "both", "feed": "appliance", "ifApart": "terminal"}
"""The terminal has the print right, and prints by itself while the appliance is silent."""
OWN_PRINTER = "tcp://10.1.17.40:9100"
END: dict[str, Any] = {
    "at": "2026-03-02T07:10:00.000+00:00",
    "clockTrusted": True,
    "area": "b",
    "entry": 17,
    "chain": "0c" * 32,
}
FED = {"by": "terminal", "why": "appliance-silent", "printer": OWN_PRINTER}


def printed(steps: int, **facts: Any) -> dict[str, Any]:
    """The report of a job that the terminal printed whole."""
    end = {"state": "completed", "reasons": ["job-completed-successfully"], "confirmed": steps, "begun": True}
    return {**end, "valid": False, "fed": FED, "end": END, **facts}


def entries(agency: Agency, *kinds: HistoryKind) -> list[HistoryEntry]:
    return [one.entry for one in agency.bench.spool.history(JOB) if one.entry.kind in kinds]


def lines_at(agency: Agency, printer: str) -> int:
    return sum(one.printed.lines for one in agency.bench.spool.figures(printer).values())


def lines_of(record: Record) -> int:
    return sum(step.kind.traits.is_line for step in record.outline)


def test_what_a_terminal_printed_apart_is_noted_and_counted_once_however_often_it_is_told(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**APART)
        await agency.report(printed(record.steps))
        await agency.report(printed(record.steps))
        agency.boot()
        await agency.register()
        view = await agency.report(printed(record.steps, end={**END, "clockTrusted": False}))
        assert (view.state, view.reported) == (
            JobState.COMPLETED,
            Reported(END["at"], clock_trusted=True, area="b", entry=17, chain="0c" * 32),
        )
        [entry] = entries(agency, HistoryKind.ENDED, HistoryKind.PRINTED_TOO)
        assert entry.record.fed is not None
        assert (entry.record.fed.by, entry.record.fed.printer) == (Side.TERMINAL, OWN_PRINTER)
        assert entry.at == entry.record.changed_at, "the end has the appliance's own stamp, and beside it the told one"
        assert (lines_at(agency, OWN_PRINTER), lines_at(agency, PRINTER)) == (lines_of(record), 0)
        for grouping, group in (
            (Grouping.TERMINAL, TELLER.name),
            (Grouping.SIDE, "terminal"),
            (Grouping.HOUR, "2026-03-02T07:00"),
        ):
            [counted] = agency.bench.spool.summary(grouping, Wanted())
            assert (counted.group, counted.jobs, counted.completed) == (group, 1, 1)

    told(agency, story)


def test_the_hour_of_a_told_end_is_the_appliances_where_the_clock_of_the_terminal_was_not_trusted(
    agency: Agency,
) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**APART)
        await agency.report(printed(record.steps, end={**END, "clockTrusted": False}))
        [entry] = entries(agency, HistoryKind.ENDED)
        [counted] = agency.bench.spool.summary(Grouping.HOUR, Wanted())
        assert counted.group == f"{entry.at[:13]}:00" != "2026-03-02T07:00"

    told(agency, story)


@pytest.mark.parametrize("is_ended", [False, True])
def test_a_copy_that_two_people_had_printed_at_the_terminal_too_is_noted_beside_the_own_one(
    agency: Agency, is_ended: bool
) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**{**BOTH, "feed": "appliance"})
        await print_here(agency, record.steps if is_ended else 2)
        before = agency.record()
        claimed = {"token": before.right.token + 1, "end": END}
        await agency.report(printed(record.steps, **claimed))
        await agency.report(printed(record.steps, **claimed))
        after = agency.record()
        assert (after.state, after.confirmed, after.fed) == (before.state, before.confirmed, before.fed)
        [too] = entries(agency, HistoryKind.PRINTED_TOO)
        assert too.record.fed is not None
        assert (too.record.fed.printer, too.record.confirmed) == (OWN_PRINTER, record.steps)
        assert len(entries(agency, HistoryKind.ENDED)) == is_ended
        assert lines_at(agency, OWN_PRINTER) == lines_of(record)
        assert await refused(agency.report(printed(record.steps, **{**claimed, "end": {**END, "entry": 18}}))) == (
            "report-not-credible"
        )

    async def print_here(agency: Agency, steps: int) -> None:
        jobs = agency.bench.jobs
        await asyncio.to_thread(lambda: jobs.change(JOB, changes.start(AT, 1)).result())
        for step in range(1, steps + 1):
            await asyncio.to_thread(jobs.journal, JOB, step - 1, step)
        if steps == agency.record().steps:
            await asyncio.to_thread(lambda: jobs.change(JOB, changes.finish_job(AT)).result())

    told(agency, story)


@pytest.mark.parametrize(
    "lie",
    [
        {"at": ""},
        {"at": "tomorrow"},
        {"entry": -1},
        {"entry": 2**60},
        {"chain": "0c"},
        {"area": "", "entry": 3},
        {"area": "x" * 200},
    ],
)
def test_an_end_that_is_none_is_refused_and_changes_nothing(agency: Agency, lie: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**APART)
        known = agency.record()
        assert await refused(agency.report(printed(record.steps, end={**END, **lie}))) == "report-not-credible"
        assert agency.record() == known
        assert await refused(agency.report({"state": "processing", "begun": True, "end": END})) == "report-not-credible"

    told(agency, story)
