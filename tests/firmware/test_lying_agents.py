"""An agent that lies, never ends, or speaks of what is not its own: each has a named reason, and others do not wait."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from passbook.document.digest import document_digest
from passbook.job.print_right import RightState
from passbook.job.states import JobState, Reason
from passbook.protocol.two_spools import TurnTaken
from tests.firmware.agency import BOTH, JOB, ONLY, Agency, refused, told
from tests.firmware.rooms import NETWORK_PRINTER
from tests.firmware.test_lending import PROGRESS, end_of
from tests.firmware.test_turns import outline_of

OTHER = b"Another document.\n"
SECOND = "e" * 32
ANSWER = {"epoch": 0, "verdict": "print", "step": 1, "inDoubt": 0, "terminal": "teller-1", "person": "Ann"}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sheet_that_the_layout_does_not_have_is_refused(agency: Agency, place: int) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        shape["sheet"][place] += 1
        assert await refused(agency.submit(**ONLY, **shape)) == "document-differs"
        assert [one.job_id for one in agency.bench.spool.records()] == ["f" * 32], "the refused job is not there"

    told(agency, story)


def test_an_outline_that_is_not_that_of_the_document_beside_it_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        del shape["document"]
        shape["outline"][0]["bars"] = [[1, 3]]
        assert await refused(agency.submit(**BOTH, **shape)) == "document-differs"
        record = await agency.submit(**BOTH)
        assert record.steps == len(shape["outline"]), "nothing of the refused request is known"

    told(agency, story)


@pytest.mark.parametrize("digest", ["", "0" * 63, "G" * 64, "0" * 65])
def test_a_digest_that_is_none_is_refused(agency: Agency, digest: str) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        assert await refused(agency.submit(**BOTH, digest=digest)) == "invalid-message"

    told(agency, story)


def test_the_job_id_of_another_terminal_is_refused_and_its_job_stays(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        thief = await agency.other("teller-2")
        assert await refused(agency.submit(connection=thief, **BOTH)) == "job-id-taken"
        assert agency.record() == record
        assert await agency.take(await agency.called(record)) == TurnTaken()

    told(agency, story)


def test_the_document_of_another_job_is_not_printed_and_that_job_is(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        first = await agency.called(await agency.submit(**BOTH))
        theirs: dict[str, Any] = {"digest": document_digest(bytes(32), OTHER), "document": base64_of(OTHER)}
        second = await agency.called(await agency.submit("r-2", SECOND, **BOTH, **theirs))
        part = {"document": base64_of(OTHER), "digestKey": base64_of(bytes(32))}
        assert await refused(agency.take(first, **part)) == "document-differs"
        assert agency.record().reasons == (Reason.DIFFERS,)
        assert await agency.take(second, **part) == TurnTaken()
        assert agency.turns.may_begin(agency.bench.spool.record(SECOND))

    told(agency, story)


def test_data_for_a_job_whose_turn_was_not_called_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        await agency.submit("r-2", SECOND, **BOTH)
        assert await refused(agency.take(event, job=SECOND)) == "turn-over"
        assert await refused(agency.take(event, job="f" * 32)) == "unknown-job"
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


def test_a_document_that_never_ends_closes_the_turn_and_another_job_does_not_wait(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, ifApart="appliance"))
        piece = {"upload": JOB, "data": base64_of(b"x" * 1000)}
        watching = asyncio.create_task(agency.turns.run())
        for _ in range(12):
            await agency.ask("Spooler.UploadPiece", piece)
            agency.bench.clock.seconds += 1.0
        own = await agency.submit("r-2", SECOND, keep="both", feed="appliance")
        assert agency.turns.may_begin(own), "the desk goes on with other jobs"
        agency.turns.note_job(own)
        watching.cancel()
        await agency.silence()
        assert agency.record().fed is not None
        assert agency.turns.may_begin(agency.record()), "the own copy is printed in its place"
        assert await refused(agency.take(event, document="", upload=JOB)) == "turn-over"

    told(agency, story)


def test_a_document_that_was_never_begun_is_refused_and_the_turn_stays_open(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        assert await refused(agency.take(event, document="", upload="nothing")) == "unknown-upload"
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


def test_the_part_at_a_turn_and_the_word_about_the_right_may_come_again(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        first = await agency.take(event, document="", digestKey="")
        assert await agency.take(event, document="", digestKey="") == first
        word = {"job": JOB, "token": first.offered, "right": "taken"}
        await agency.ask("Spooler.ConfirmRight", word)
        known = agency.record()
        await agency.ask("Spooler.ConfirmRight", word)
        await agency.ask("Spooler.ConfirmRight", word | {"right": "refused"})
        assert agency.record() == known
        assert (known.right.state, known.handed) == (RightState.AWAY, True)

    told(agency, story)


@pytest.mark.parametrize("at", ["2026-03-02T14:30:00.000+00:00", "2026-03-02T04:30:00.000+00:00"])
def test_an_end_by_a_clock_that_is_hours_apart_is_an_end(agency: Agency, at: str) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.lent()
        await agency.report(PROGRESS)
        await agency.report(end_of(record.steps, end={"at": at, "clockTrusted": True}))
        ended = agency.record()
        assert ended.reported is not None
        assert (ended.state, ended.reported.at) == (JobState.COMPLETED, at)
        assert ended.changed_at != at, "the record goes by the own clock"
        told_at = [one.entry.at for one in agency.bench.spool.history(JOB)]
        assert told_at == sorted(told_at), "the history goes by the own clock"
        assert at not in told_at

    told(agency, story)


@pytest.mark.parametrize(
    "lie",
    [
        {"end": {"at": "yesterday", "clockTrusted": True}},
        {"end": {"at": "2026-03-02", "clockTrusted": True}},
        {"end": {"at": "2026-03-02T25:00:00.000+00:00", "clockTrusted": True}},
        {"end": {"at": "2026-03-02T10:00:00.000+01:00", "clockTrusted": True}},
        {"end": {"at": "x" * 100_000, "clockTrusted": True}},
        {"reasons": ["job-completed-successfully"] * 1000},
        {"fed": {"by": "terminal", "why": "x" * 100_000}},
        {"answered": ANSWER | {"person": "x" * 100_000}},
        {"answered": ANSWER | {"terminal": "\u0007"}},
        {"answered": ANSWER | {"at": "now"}},
        {"answered": ANSWER | {"secondedBy": {"terminal": "t", "person": "\n"}}},
    ],
)
def test_an_end_in_words_that_no_spool_says_is_refused(agency: Agency, lie: dict[str, Any]) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.lent()
        await agency.report(PROGRESS)
        assert await refused(agency.report(end_of(record.steps, **lie))) == "report-not-credible"
        assert not agency.record().ended
        await agency.report(end_of(record.steps, answered=ANSWER))
        assert agency.record().state is JobState.COMPLETED

    told(agency, story)
