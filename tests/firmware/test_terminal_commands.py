from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from firmware.service.operations import OPERATIONS
from passbook.job import changes
from passbook.job.actor import Role
from passbook.job.figures import NO_FIGURES, Figures
from passbook.job.record import OPERATOR
from passbook.protocol.environment import Environment
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import MAX_DOCUMENT, MAX_PIECE
from passbook.protocol.uploads import UPLOADS_LIMIT
from spooler.desk import PrintDesk
from spooler.logs import Lines
from storage.crypto.envelope import open_document
from tests.firmware.branch import DOCUMENT, KEY, PRINTER
from tests.firmware.door import Connector, Door, Wire, at_the_door, b64, submission
from tests.terminal.conftest import Branch


async def submitted(wire: Wire, **facts: Any) -> dict[str, Any]:
    return dict(await wire.ask("Spooler.SubmitJob", submission(**facts)))


def test_a_job_is_accepted_listed_and_cancelled(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            job = await submitted(wire)
            assert (job["requester"], job["state"], job["valid"]) == ("teller-1", "pending", True)
            assert (await wire.ask("Spooler.ListJobs"))["jobs"] == [job]
            assert await wire.ask("Spooler.GetJob", {"job": job["job"]}) == job
            ended = await wire.ask("Spooler.CancelJob", {"job": job["job"], "person": "Anna"})
            assert ended["state"] == "canceled"
            assert (await wire.ask("Spooler.ListJobs"))["jobs"] == []
            assert (await wire.ask("Spooler.GetJob", {"job": job["job"]}))["state"] == "canceled"

    at_the_door(enrolled, tmp_path, story)


def test_everybody_sees_the_queue_and_only_some_may_decide(enrolled: Branch, tmp_path: Path) -> None:
    """P12: the requester and the representatives."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine, connector("teller-2") as other:
            job = await submitted(mine)
            assert (await other.ask("Spooler.ListJobs"))["jobs"] == [job]
            order = {"job": job["job"], "person": "Bernd"}
            assert await other.refused("Spooler.CancelJob", order) == "not-permitted"
            async with connector("manager", representative=True) as manager:
                assert (await manager.ask("Spooler.CancelJob", order))["state"] == "canceled"

    at_the_door(enrolled, tmp_path, story)


def test_long_lists_come_in_pages(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            jobs = [(await submitted(wire, clientRequest=f"r-{number}"))["job"] for number in range(5)]
            for job in jobs:
                await asyncio.wrap_future(door.bench.jobs.change(job, changes.hold("t", "counter-1", "Ann")))
            for command, field in (("Spooler.ListJobs", "jobs"), ("Recovery.ListQuestions", "questions")):
                found: list[Any] = []
                while True:
                    page = await wire.ask(command, {"after": found[-1]["sequence"] if found else 0, "limit": 2})
                    found += [row.get("job", row) if field == "questions" else row for row in page[field]]
                    assert page.get("more", False) == (len(found) < 5)
                    if not page.get("more"):
                        break
                assert [row["job"] for row in found] == jobs

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize(("name", "more"), [("Spooler.GetJob", {}), ("Spooler.CancelJob", {"person": "Anna"})])
def test_a_job_that_is_not_known_is_said_so(enrolled: Branch, tmp_path: Path, name: str, more: dict[str, str]) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.refused(name, {"job": "ffff"} | more) == "unknown-job"

    at_the_door(enrolled, tmp_path, story)


def test_a_job_is_found_by_the_beginning_of_its_id_and_ordered_by_all_of_it(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            job = await submitted(wire)
            assert await wire.ask("Spooler.GetJob", {"job": job["job"][:4]}) == job
            assert await wire.refused("Spooler.GetJob", {"job": job["job"][:3]}) == "job-id-short"
            assert await wire.refused("Spooler.CancelJob", {"job": job["job"][:8], "person": "Anna"}) == "unknown-job"

    at_the_door(enrolled, tmp_path, story)


def test_who_decided_is_named_to_who_may_decide_only(enrolled: Branch, tmp_path: Path) -> None:
    """P12: others see the terminal."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine, connector("teller-2") as other:
            job = (await submitted(mine))["job"]
            await mine.ask("Spooler.HoldJob", {"job": job, "person": "Anna"})
            released = await mine.ask("Spooler.ReleaseJob", {"job": job, "person": "Anna"})
            assert (released["releasedBy"]["person"], released["waiting"]["why"]) == ("Anna", "answer")
            ended = await mine.ask("Spooler.CancelJob", {"job": job, "person": "Anna"})
            assert (ended["answered"]["person"], ended["waiting"]) == ("Anna", None)
            seen = await other.ask("Spooler.GetJob", {"job": job})
            assert (seen["answered"]["person"], seen["answered"]["terminal"]) == ("", "teller-1")
            assert seen["releasedBy"] == {"terminal": "teller-1", "person": ""}

    at_the_door(enrolled, tmp_path, story)


def test_to_cancel_somebody_must_have_decided(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            job = await submitted(wire)
            assert await wire.refused("Spooler.CancelJob", {"job": job["job"]}) == "invalid-message"

    at_the_door(enrolled, tmp_path, story)


def test_a_question_is_asked_listed_and_answered(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire, connector("teller-2") as other:
            job = (await submitted(wire))["job"]
            held = door.bench.jobs.change(job, changes.hold("t", "counter-1", "Ann"))
            record = await asyncio.wrap_future(held)
            [question] = (await wire.ask("Recovery.ListQuestions"))["questions"]
            assert (await other.ask("Recovery.ListQuestions"))["questions"] == []
            assert (question["job"]["job"], question["inDoubt"], question["readable"]) == (job, 0, True)
            answer = {"job": job, "epoch": record.epoch, "verdict": "print", "person": "Anna", "key": b64(KEY)}
            assert await other.refused("Recovery.AnswerQuestion", answer) == "not-permitted"
            assert (await wire.ask("Recovery.AnswerQuestion", answer))["valid"]
            assert (await wire.ask("Recovery.AnswerQuestion", answer))["valid"]

    at_the_door(enrolled, tmp_path, story)


def test_a_job_is_held_released_and_answered_with_all_others(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire, connector("teller-2") as other:
            jobs = [(await submitted(wire, clientRequest=f"r-{number}"))["job"] for number in range(2)]
            order = {"job": jobs[0], "person": "Anna"}
            for name in ("Spooler.HoldJob", "Spooler.ReleaseJob"):
                assert await other.refused(name, order) == "not-permitted"
                assert await wire.refused(name, {"job": jobs[0]}) == "invalid-message"
                assert not (await wire.ask("Spooler.HoldJob", order))["valid"]
            assert not door.bench.spool.record(jobs[0]).asked
            assert not (await wire.ask("Spooler.ReleaseJob", order))["valid"]
            assert door.bench.spool.record(jobs[0]).asked
            assert (
                await wire.refused("Spooler.ReleaseJob", {"job": jobs[1], "person": "Anna"}) == "not-allowed-in-state"
            )
            done = await wire.ask("Recovery.AnswerAll", {"verdict": "print", "person": "Anna"})
            assert [(one["job"], one["view"]["valid"]) for one in done["answers"]] == [(jobs[0], True)]
            assert (
                await wire.refused("Recovery.AnswerAll", {"verdict": "resume", "person": "Anna"}) == "invalid-message"
            )

    at_the_door(enrolled, tmp_path, story)


def test_what_an_operator_holds_its_requester_cannot_free_and_a_representative_can(
    enrolled: Branch, tmp_path: Path
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire, connector("teller-2") as other:
            job = (await submitted(wire))["job"]
            held = door.bench.jobs.change(job, changes.hold("t", OPERATOR, "Otto"))
            epoch = (await asyncio.wrap_future(held)).epoch
            order = {"job": job, "person": "Anna"}
            answer = {**order, "epoch": epoch, "verdict": "print"}
            for name, payload in (
                ("Spooler.ReleaseJob", order),
                ("Spooler.CancelJob", order),
                ("Recovery.AnswerQuestion", answer),
            ):
                assert await wire.refused(name, payload) == "held-by-operator"
            for who, person in ((wire, "Otto"), (other, "")):
                by = {"terminal": OPERATOR, "person": person}
                assert [one["heldBy"] for one in (await who.ask("Spooler.ListJobs"))["jobs"]] == [by]
                assert (await who.ask("Spooler.GetJob", {"job": job}))["heldBy"] == by
                assert (await who.ask("Spooler.GetHistory"))["entries"][-1]["job"]["heldBy"] == by
            async with connector("manager", representative=True) as manager:
                assert (await manager.ask("Spooler.ReleaseJob", order))["heldBy"] is None
            assert (await wire.ask("Recovery.AnswerQuestion", {**answer, "key": b64(KEY)}))["valid"]

    at_the_door(enrolled, tmp_path, story)


def test_a_list_puts_its_questions(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        put: list[tuple[str, int]] = []
        door.recovery.watchers.append(lambda job, epoch: put.append((job, epoch)))
        async with connector("teller-1") as wire, connector("teller-2") as other:
            job = (await submitted(wire))["job"]
            record = await asyncio.wrap_future(door.bench.jobs.change(job, changes.hold("t", "counter-1", "Ann")))
            await other.ask("Recovery.ListQuestions")
            assert put == []
            await wire.ask("Recovery.ListQuestions")
            assert put == [(job, record.epoch)]

    at_the_door(enrolled, tmp_path, story)


def test_everybody_sees_the_history_and_few_the_names_in_it(enrolled: Branch, tmp_path: Path) -> None:
    """C6, P12."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine, connector("teller-2") as other:
            jobs = [(await submitted(mine, clientRequest=number))["job"] for number in ("r-1", "r-2")]
            for job in jobs:
                await mine.ask("Spooler.CancelJob", {"job": job, "person": "Anna"})
            [line] = (await other.ask("Spooler.GetHistory", {"last": 1}))["entries"]
            assert (line["kind"], line["job"]["job"] in jobs, line["job"]["state"]) == ("ended", True, "canceled")
            assert (line["answered"]["terminal"], line["answered"]["person"]) == ("teller-1", "")
            assert await other.refused("Spooler.GetHistory", {"person": "Anna"}) == "history-not-permitted"
            [line] = (await mine.ask("Spooler.GetHistory", {"job": jobs[0]}))["entries"]
            assert line["answered"]["person"] == "Anna"
            [group] = (await other.ask("Spooler.GetHistory", {"summary": "terminal"}))["summary"]
            assert (group["group"], group["jobs"], group["canceled"]) == ("teller-1", 2, 2)
            async with connector("manager", representative=True) as manager:
                told = (await manager.ask("Spooler.GetHistory", {"person": "anna", "outcome": "canceled"}))["entries"]
                assert [one["answered"]["person"] for one in told] == ["Anna", "Anna"]
            assert await other.ask("Spooler.GetHistory", {"until": "2001"}) == {}

    at_the_door(enrolled, tmp_path, story)


def test_a_document_is_given_back_for_its_key_and_for_nothing_else(enrolled: Branch, tmp_path: Path) -> None:
    """C7, P12: a key in the appliance's memory opens nothing for a person who shows none."""

    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine, connector("teller-2") as other:
            job = (await submitted(mine, name="Greeting"))["job"]
            this = {"job": job, "person": "Anna"}
            data_key = door.bench.keys.get(job)
            assert data_key is not None
            asked = this | {"key": b64(KEY)}
            assert await mine.ask("Spooler.GetDocument", asked) == {
                "job": job,
                "format": "text",
                "document": b64(DOCUMENT),
                "name": "Greeting",
                "documentDate": "",
            }
            for key in ({}, {"key": ""}):
                assert await mine.refused("Spooler.GetDocument", this | key) == "key-needed"
            for name in ("key", "dataKey"):
                assert await mine.refused("Spooler.GetDocument", this | {name: b64(bytes(32))}) == "wrong-key"
            assert await other.refused("Spooler.GetDocument", asked) == "not-permitted"
            async with connector("manager", representative=True) as manager:
                shown = this | {"dataKey": b64(data_key)}
                assert (await manager.ask("Spooler.GetDocument", shown))["document"] == b64(DOCUMENT)
                assert await manager.refused("Spooler.GetDocument", this) == "key-needed"
            both = asked | {"dataKey": b64(data_key)}
            assert await mine.refused("Spooler.GetDocument", both) == "invalid-message"
            assert await mine.refused("Spooler.GetDocument", asked | {"person": ""}) == "invalid-message"
            await mine.ask("Spooler.CancelJob", {"job": job, "person": "Anna"})
            assert await mine.refused("Spooler.GetDocument", asked) == "unknown-job"
            own = (await submitted(mine, clientRequest="own", key="", keyRef=""))["job"]
            assert await mine.refused("Spooler.GetDocument", asked | {"job": own}) == "no-key-to-show"

    at_the_door(enrolled, tmp_path, story)


def test_who_read_a_document_stands_in_the_log_without_a_word_of_it(
    enrolled: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine:
            job = (await submitted(mine, name="Greeting"))["job"]
            caplog.clear()
            refused = {"job": job, "person": "Ben", "key": b64(bytes(32))}
            assert await mine.refused("Spooler.GetDocument", refused) == "wrong-key"
            await mine.ask("Spooler.GetDocument", {"job": job, "person": "Anna", "key": b64(KEY)})
            [line] = [line for line in caplog.records if line.getMessage() == "document-read"]
            told = json.loads(Lines().format(line))
            assert {name: told[name] for name in ("job", "terminal", "person")} == {
                "job": job,
                "terminal": "teller-1",
                "person": "Anna",
            }
            assert DOCUMENT.decode() not in json.dumps(told)
            assert "Greeting" not in json.dumps(told)

    with caplog.at_level(logging.INFO):
        at_the_door(enrolled, tmp_path, story)


def test_a_large_document_comes_in_pieces(enrolled: Branch, tmp_path: Path) -> None:
    document = b"line\n" * 12
    pieces = [document[at : at + 7] for at in range(0, len(document), 7)]

    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            received = 0
            for piece in pieces:
                received += len(piece)
                answer = await wire.ask("Spooler.UploadPiece", {"upload": "u", "data": b64(piece)})
                assert answer == {"received": received}
            job = (await submitted(wire, document="", upload="u"))["job"]
            record = door.bench.spool.record(job)
            key = door.bench.keys.get(job)
            assert key is not None
            row = door.bench.spool.job(job)
            assert open_document(record.identity(), door.bench.spool.sealed(row), key) == document
            again = submission(document="", upload="u")
            assert await wire.refused("Spooler.SubmitJob", again) == "unknown-upload"
            assert await wire.refused("Spooler.SubmitJob", submission(upload="u")) == "invalid-message"

    at_the_door(enrolled, tmp_path, story)


def test_an_upload_belongs_to_its_connection(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire, connector("teller-1") as other:
            await wire.ask("Spooler.UploadPiece", {"upload": "u", "data": b64(DOCUMENT)})
            assert await other.refused("Spooler.SubmitJob", submission(document="", upload="u")) == "unknown-upload"
            assert await submitted(wire, document="", upload="u")

    at_the_door(enrolled, tmp_path, story)


def test_one_connection_has_few_uploads_open(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            for number in range(UPLOADS_LIMIT):
                await wire.ask("Spooler.UploadPiece", {"upload": f"u-{number}", "data": b64(DOCUMENT)})
            more = {"upload": "more", "data": b64(DOCUMENT)}
            assert await wire.refused("Spooler.UploadPiece", more) == "too-many-uploads"
            await wire.ask("Spooler.UploadPiece", {"upload": "u-0", "data": b64(b"last line\n")})
            await submitted(wire, document="", upload="u-0")
            assert await wire.ask("Spooler.UploadPiece", more)

    at_the_door(enrolled, tmp_path, story)


def test_an_upload_that_becomes_too_large_is_never_taken_for_its_rest(enrolled: Branch, tmp_path: Path) -> None:
    piece = {"upload": "u", "data": b64(bytes(MAX_PIECE))}

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            for _ in range(MAX_DOCUMENT // MAX_PIECE):
                await wire.ask("Spooler.UploadPiece", piece)
            assert await wire.refused("Spooler.UploadPiece", piece) == "document-too-large"
            tail = {"upload": "u", "data": b64(b"only the tail")}
            assert await wire.refused("Spooler.UploadPiece", tail) == "document-too-large"
            whole = submission(document="", upload="u")
            assert await wire.refused("Spooler.SubmitJob", whole) == "document-too-large"
            assert await wire.refused("Spooler.SubmitJob", whole) == "unknown-upload"
            large = {"upload": "v", "data": b64(bytes(MAX_PIECE + 1))}
            assert await wire.refused("Spooler.UploadPiece", large) == "invalid-message"

    at_the_door(enrolled, tmp_path, story)


class WaitingDesk:
    """A print desk that comes to no boundary until it is told to."""

    def __init__(self) -> None:
        self.asked: list[Future[Environment]] = []

    def environment(self) -> Future[Environment]:
        self.asked.append(Future())
        return self.asked[-1]


def test_a_request_for_figures_is_acknowledged_waits_and_keeps_only_its_own_connection_waiting(
    enrolled: Branch, tmp_path: Path
) -> None:
    status = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)
    reading = Environment(PRINTER, "t", status, Figures(1, 2, 3), NO_FIGURES, NO_FIGURES, ())

    async def story(door: Door, connector: Connector) -> None:
        desk = WaitingDesk()
        door.desks._desks = {PRINTER: cast("PrintDesk", desk)}
        async with connector("teller-1") as wire, connector("teller-1") as other:
            number = await wire.send("Spooler.GetEnvironment", {"printer": PRINTER})
            assert (await wire.read())["header"]["type"] == "acknowledge"
            assert len(desk.asked) == 1
            assert (await other.ask("Spooler.ListJobs")) == {"jobs": []}
            assert await other.refused("Spooler.GetEnvironment", {"printer": "none"}) == "unknown-printer"
            desk.asked[0].set_result(reading)
            told = await wire.read()
            assert (told["header"]["requestId"], told["payload"]["printed"]["lines"]) == (number, 3)

    at_the_door(enrolled, tmp_path, story)


def test_a_terminal_that_goes_waits_no_more(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        desk = WaitingDesk()
        door.desks._desks = {PRINTER: cast("PrintDesk", desk)}
        async with connector("teller-1") as wire:
            await wire.send("Spooler.GetEnvironment", {"printer": PRINTER})
            assert (await wire.read())["header"]["type"] == "acknowledge"
            wire.socket.transport.abort()
            await door.until(lambda: not door.listeners())
        assert [asked.cancelled() for asked in desk.asked] == [True]

    at_the_door(enrolled, tmp_path, story)


def test_the_time_out_of_a_request_for_figures_stands_in_its_header(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        door.desks._desks = {PRINTER: cast("PrintDesk", WaitingDesk())}
        async with connector("teller-1") as wire:
            header = {"name": "Spooler.GetEnvironment", "type": "command", "requestId": 1, "timeout": 10}
            await wire.socket.send(json.dumps({"header": header, "payload": {"printer": PRINTER}}))
            told = await wire.answer_to(1)
            assert told["header"]["completionCode"] == "timeOut"
            assert (told["payload"]["errorCode"], told["payload"]["errorFacts"]["seconds"]) == ("printer-busy", "0.01")

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("Spooler.SubmitJob", {"clientRequest": "r-1"}),
        ("Spooler.GetEnvironment", {"printer": 5}),
        ("Spooler.SubmitJob", submission(document="not base64!")),
        ("Spooler.SubmitJob", submission(priority="high")),
        ("Spooler.SubmitJob", submission(colour="red")),
        ("Spooler.ListJobs", {"job": "x"}),
        ("Spooler.ListJobs", {"after": 2**63}),
        ("Spooler.ListNotices", {"after": 2**64}),
        ("Recovery.ListQuestions", {"after": 10**30}),
        ("Recovery.AnswerAll", {"verdict": "hold", "person": "A", "after": 2**63}),
        ("Recovery.AnswerQuestion", {"job": "x", "epoch": 2**63, "verdict": "hold", "person": "A"}),
        ("Spooler.GetHistoryHeads", {"entries": {"a": 2**63}}),
        ("Recovery.AnswerQuestion", {"job": "x", "epoch": 1, "verdict": "burn", "person": "A"}),
        ("Spooler.GetHistory", {"last": 0}),
        ("Spooler.GetHistory", {"last": 1001}),
        ("Spooler.GetHistory", {"since": 2026}),
        ("Spooler.GetHistory", {"summary": "person"}),
        ("Spooler.UploadPiece", {"upload": 5, "data": ""}),
    ],
)
def test_a_payload_that_is_not_as_described_is_refused(
    enrolled: Branch, tmp_path: Path, name: str, payload: dict[str, Any]
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.refused(name, payload) == "invalid-message"
            assert door.bench.spool.records() == []

    at_the_door(enrolled, tmp_path, story)


def test_what_it_can_do_is_told_completely(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            told = (await wire.ask("Common.Capabilities"))["interfaces"]
            commands = {name for one in told for name in one["commands"]}
            assert commands == {one.name for one in OPERATIONS.values() if Role.REQUESTER in one.roles}
            [service] = (await wire.ask("ServicePublisher.GetServices"))["services"]
            assert service == {"serviceURI": "wss://here"}

    at_the_door(enrolled, tmp_path, story)
