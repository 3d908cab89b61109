from __future__ import annotations

import asyncio
import base64
import datetime as dt
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from client.connection import MAX_WAITING, Client, Event, TerminalClient
from client.transport import Address, TlsTransport
from passbook.errors import PassbookError
from passbook.errors.kinds import Mender
from passbook.job.states import JobState
from passbook.protocol.completions import Completion
from passbook.protocol.events import JOB, PROMPT, QUESTION, QUESTION_CLOSED, STEP
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_MESSAGE,
    MAX_PIECE,
    Envelope,
    Header,
    JobView,
    MessageType,
    Nothing,
    Prompt,
    StepReport,
    SubmitJob,
    encode,
)
from passbook.protocol.notice import NoticePage
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.samples import TWENTY, notice, question, stopped, view


def within(story: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(limited())


def client_of(branch: Branch, fake: FakeAppliance, name: str = "teller-1", **options: Any) -> TerminalClient:
    return TerminalClient(fake.address, branch.terminal(name).context(), **options)


def refuse(error: PassbookError) -> Any:
    def answer(_payload: dict[str, Any]) -> None:
        raise error

    return answer


def test_each_helper_sends_its_command_and_reads_its_completion(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers = {
            "Spooler.ListJobs": lambda _: {"jobs": [view(), view(job="bb22")]},
            "Spooler.GetJob": lambda payload: view(job=payload["job"]),
            "Spooler.CancelJob": lambda payload: view(job=payload["job"], state=JobState.CANCELED),
            "Recovery.ListQuestions": lambda _: {"questions": [question(stopped(11, 12), TWENTY)]},
            "Common.Status": lambda _: {"printers": []},
        }
        async with running(branch, fake), client_of(branch, fake) as client:
            assert [job.job for job in await client.jobs()] == ["aa11", "bb22"]
            assert (await client.job("cc33")).job == "cc33"
            assert (await client.cancel("aa11", "Ann")).state is JobState.CANCELED
            assert (await client.questions())[0].in_doubt == 12
            assert (await client.status()).printers == ()
        assert ("Spooler.CancelJob", {"job": "aa11", "person": "Ann"}) in fake.received

    within(story())


def test_notices_come_in_pages_and_are_acknowledged_one_by_one(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        ends = [notice(view(job=f"{number:04}", sequence=number)) for number in (3, 5, 8)]

        def page(asked: dict[str, Any]) -> NoticePage:
            behind = [one for one in ends if one.job.sequence > asked.get("after", 0)]
            return NoticePage(tuple(behind[:2]), more=len(behind) > 2)

        fake.answers["Spooler.ListNotices"] = page
        async with running(branch, fake), client_of(branch, fake) as client:
            assert await client.notices() == tuple(ends)
            assert (await client.acknowledge("0003")).job.job == "0003"
            assert (await client.history_heads({"a": 7})).now == ()
        assert fake.received == [("Spooler.ListNotices", {}), ("Spooler.ListNotices", {"after": 5})]
        assert fake.unasked == [
            ("Spooler.AcknowledgeNotice", {"job": "0003"}),
            ("Spooler.GetHistoryHeads", {"entries": {"a": 7}}),
        ]

    within(story())


def test_a_list_may_be_longer_than_any_command(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view()] * 2000}
        async with running(branch, fake), client_of(branch, fake) as client:
            assert len(await client.jobs()) == 2000

    within(story())


def test_a_list_in_pages_is_given_whole(branch: Branch) -> None:
    jobs = [view(job=f"j{number}", sequence=number) for number in range(1, 8)]

    def behind(payload: dict[str, Any]) -> tuple[list[JobView], bool]:
        rest = [job for job in jobs if job.sequence > payload.get("after", 0)]
        return rest[:3], len(rest) > 3

    def list_jobs(payload: dict[str, Any]) -> dict[str, Any]:
        page, more = behind(payload)
        return {"jobs": page, "more": more}

    def list_questions(payload: dict[str, Any]) -> dict[str, Any]:
        page, more = behind(payload)
        return {"questions": [question(job, TWENTY) for job in page], "more": more}

    async def story() -> None:
        fake = FakeAppliance()
        fake.answers = {"Spooler.ListJobs": list_jobs, "Recovery.ListQuestions": list_questions}
        async with running(branch, fake), client_of(branch, fake) as client:
            assert list(await client.jobs()) == jobs
            assert [one.job for one in await client.questions()] == jobs
        asked = [payload for _, payload in fake.received]
        assert asked == [{}, {"after": 3}, {"after": 6}] * 2

    within(story())


def test_an_appliance_that_promises_more_and_gives_none_is_not_asked_for_ever(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers = {
            "Spooler.ListJobs": lambda _: {"jobs": [], "more": True},
            "Recovery.ListQuestions": lambda _: {"questions": [], "more": True},
        }
        async with running(branch, fake), client_of(branch, fake) as client:
            assert await client.jobs() == ()
            assert await client.questions() == ()

    within(story())


def test_what_is_no_text_is_not_sent(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": []}
        async with running(branch, fake), client_of(branch, fake) as client:
            with pytest.raises(PassbookError) as caught:
                await client.cancel("aa11", "Ann \udcff")
            assert await client.jobs() == ()
        assert caught.value.code == "invalid-message"

    within(story())


def test_answers_find_their_commands_in_any_order(branch: Branch) -> None:
    async def story() -> None:
        first_may_end = asyncio.Event()

        def listed(_payload: dict[str, Any]) -> Any:
            async def late() -> Any:
                await first_may_end.wait()
                return {"jobs": []}

            return late()

        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            slow = asyncio.create_task(client.jobs())
            quick = asyncio.create_task(client.job("cc33"))
            while len(fake.received) < 2:
                await fake.arrived.get()
            connection = fake.connections[0]
            for name, number, payload in (
                ("Spooler.GetJob", 2, view(job="cc33")),
                ("Spooler.ListJobs", 1, {"jobs": []}),
            ):
                await _complete(connection, name, number, payload)
            assert (await quick).job == "cc33"
            assert await slow == ()

    within(story())


async def _complete(connection: ServerConnection, name: str, number: int, payload: Any) -> None:
    await connection.send(encode(Header(name, MessageType.ACKNOWLEDGE, number)), text=True)
    header = Header(name, MessageType.COMPLETION, number, completion_code=Completion.SUCCESS)
    await connection.send(encode(header, payload), text=True)


@pytest.mark.parametrize("size", [1, MAX_PIECE, MAX_PIECE + 1, 3 * MAX_PIECE, MAX_DOCUMENT])
def test_a_document_arrives_whole_whatever_its_size(branch: Branch, size: int) -> None:
    async def story() -> None:
        uploads: dict[str, bytes] = {}

        def upload(payload: dict[str, Any]) -> Any:
            uploads[payload["upload"]] = uploads.get(payload["upload"], b"") + base64.b64decode(payload["data"])
            return {"received": len(uploads[payload["upload"]])}

        fake = FakeAppliance()
        fake.answers = {"Spooler.UploadPiece": upload, "Spooler.SubmitJob": lambda _: view()}
        document = bytes(range(256)) * (size // 256 + 1)
        async with running(branch, fake), client_of(branch, fake) as client:
            await client.submit(SubmitJob("r1", "window-1", "text", document=document[:size]))
        name, payload = fake.received[-1]
        assert name == "Spooler.SubmitJob"
        inline = base64.b64decode(payload.get("document", ""))
        assert (inline or uploads[payload["upload"]]) == document[:size]

    within(story())


def test_a_document_that_is_too_large_is_refused_here(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            with pytest.raises(PassbookError) as caught:
                await client.submit(SubmitJob("r1", "window-1", "text", document=bytes(MAX_DOCUMENT + 1)))
        assert caught.value.code == "document-too-large"
        assert fake.received == []

    within(story())


def test_an_error_keeps_code_facts_and_sentence_of_the_appliance(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers = {"Spooler.GetJob": refuse(PassbookError("unknown-job", job="aa11"))}
        async with running(branch, fake), client_of(branch, fake) as client:
            with pytest.raises(PassbookError) as caught:
                await client.job("aa11")
        assert caught.value.code == "unknown-job"
        assert caught.value.facts == {"job": "aa11"}
        assert str(caught.value) == str(PassbookError("unknown-job", job="aa11"))
        assert caught.value.exit_code == 3

    within(story())


def test_an_unknown_code_still_has_its_sentence_and_cannot_write_on_the_screen(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            header = '{"header":{"name":"Spooler.ListJobs","type":"completion","requestId":1,'
            code = '"completionCode":"commandErrorCode"},"payload":'
            body = '{"errorCode":"moon-full","errorDescription":"The moon\\u001b[2J is full.","errorFacts":{"n":1}}}'
            await fake.connections[0].send(header + code + body)
            with pytest.raises(PassbookError) as caught:
                await asked
        assert caught.value.code == "moon-full"
        assert str(caught.value) == "The moon [2J is full."
        assert caught.value.mender is Mender.OPERATOR

    within(story())


@pytest.mark.parametrize("number", [0, 1])
def test_a_refused_command_ends_with_what_the_acknowledgement_says(branch: Branch, number: int) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            header = Header("Common.Unknown", MessageType.ACKNOWLEDGE, number, status="invalidMessage")
            why = {"errorCode": "message-too-large", "errorDescription": "It is too large."}
            await fake.connections[0].send(encode(header, why), text=True)
            with pytest.raises(PassbookError) as caught:
                await asked
        assert (caught.value.code, str(caught.value)) == ("message-too-large", "It is too large.")

    within(story())


def test_a_refusal_without_description_is_an_error_all_the_same(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            header = Header("Spooler.ListJobs", MessageType.ACKNOWLEDGE, 1, status="tooManyRequests")
            await fake.connections[0].send(encode(header), text=True)
            with pytest.raises(PassbookError, match="tooManyRequests") as caught:
                await asked
        assert caught.value.code == "invalid-message"

    within(story())


def test_events_come_in_order_and_unknown_ones_are_passed_over(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        asked = question(stopped(11, 12), TWENTY)
        prompt = Prompt("aa11", "window-1", "insert", 3)
        fake.greet = [(QUESTION, asked), ("Spooler.MoonEvent", {"phase": "full"}), (PROMPT, prompt)]
        async with running(branch, fake), client_of(branch, fake) as client:
            events = client.events()
            assert await anext(events) == Event(QUESTION, asked)
            assert await anext(events) == Event(PROMPT, prompt)
            await fake.tell(STEP, StepReport("aa11", 1, 2, 22))
            await fake.tell(JOB, view())
            await fake.tell(QUESTION_CLOSED, view())
            assert await anext(events) == Event(STEP, StepReport("aa11", 1, 2, 22))
            assert [(await anext(events)).name, (await anext(events)).name] == [JOB, QUESTION_CLOSED]

    within(story())


def test_of_too_many_waiting_events_the_newest_are_kept(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        fake.answers = {"Spooler.ListJobs": lambda _: {"jobs": []}}
        fake.greet = [(STEP, StepReport("aa11", n, 0, 22)) for n in range(MAX_WAITING + 2)]
        async with running(branch, fake), client_of(branch, fake) as client:
            await client.jobs()
            first = await anext(client.events())
            assert first.what == StepReport("aa11", 2, 0, 22)

    within(story())


@pytest.mark.parametrize("abrupt", [True, False])
def test_a_lost_connection_ends_commands_and_events(branch: Branch, abrupt: bool) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            if abrupt:
                fake.cut()
            else:
                await fake.drop()
            for awaited in (asked, anext(client.events()), client.jobs()):
                with pytest.raises(PassbookError) as caught:
                    await awaited
                assert caught.value.code == "connection-lost"

    within(story())


@pytest.mark.slow
def test_no_answer_in_time_is_a_lost_connection(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake, answer_timeout=1.0) as client:
            with pytest.raises(PassbookError) as caught:
                await client.jobs()
        assert caught.value.code == "connection-lost"

    within(story())


def test_being_dropped_tells_why(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            await fake.drop(1008, "certificate-revoked")
            with pytest.raises(PassbookError) as caught:
                await asked
        assert caught.value.code == "certificate-revoked"
        assert caught.value.exit_code == 5

    within(story())


@pytest.mark.parametrize("garbage", ["", "{", "[]", '{"header":{"name":1}}', "\x00", "x" * MAX_MESSAGE])
def test_a_message_that_cannot_be_read_ends_the_connection_with_an_error(branch: Branch, garbage: str) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            asked = asyncio.create_task(client.jobs())
            await fake.arrived.get()
            await fake.connections[0].send(garbage)
            with pytest.raises(PassbookError) as caught:
                await asked
        assert caught.value.code in {"invalid-message", "connection-lost"}

    within(story())


def test_an_event_that_is_not_as_described_ends_the_connection(branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake), client_of(branch, fake) as client:
            events = client.events()
            asked = asyncio.create_task(client.command("Common.Status", Nothing(), dict))
            await fake.arrived.get()
            await fake.tell(STEP, {"job": 7})
            for awaited in (asked, anext(events)):
                with pytest.raises(PassbookError) as caught:
                    await awaited
                assert caught.value.code == "invalid-message"

    within(story())


def test_a_defect_in_what_hears_the_events_reaches_all_who_wait(branch: Branch) -> None:
    def hear(_message: Envelope) -> None:
        raise LookupError

    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake):
            transport = TlsTransport(fake.address, branch.terminal("teller-1").context())
            async with Client(transport, heard=hear) as client:
                asked = asyncio.create_task(client.command("Common.Status", Nothing(), dict))
                told = asyncio.ensure_future(anext(client.events()))
                await fake.arrived.get()
                await fake.tell(STEP, {})
                for awaited in (asked, told, client.command("Common.Status", Nothing(), dict)):
                    with pytest.raises(LookupError):
                        await awaited

    within(story())


def _refused(branch: Branch, address: Address, name: str = "teller-1") -> PassbookError:
    async def story() -> PassbookError:
        with pytest.raises(PassbookError) as caught:
            async with asyncio.timeout(20), TerminalClient(address, branch.terminal(name).context()) as client:
                await client.jobs()
        return caught.value

    return asyncio.run(story())


def test_nobody_at_the_address(branch: Branch) -> None:
    error = _refused(branch, Address("127.0.0.1", 1, branch.appliance))
    assert error.code == "appliance-unreachable"
    assert "127.0.0.1:1" in str(error)


def test_somebody_who_does_not_speak_tls(branch: Branch) -> None:
    async def story() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"220 mail.example ESMTP\r\n")
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            address = Address("127.0.0.1", server.sockets[0].getsockname()[1], branch.appliance)
            with pytest.raises(PassbookError) as caught:
                async with TerminalClient(address, branch.terminal("teller-1").context()):
                    pass
        assert caught.value.code == "appliance-unreachable"

    within(story())


def test_an_appliance_of_another_name_or_branch_is_not_believed(branch: Branch, other_branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        async with running(branch, fake):
            wrong_name = Address(fake.address.host, fake.address.port, "another-server")
            for address, believer in ((wrong_name, branch), (fake.address, other_branch)):
                with pytest.raises(PassbookError) as caught:
                    async with TerminalClient(address, believer.terminal("teller-1").context()):
                        pass
                assert caught.value.code == "appliance-not-trusted"
        assert fake.received == []

    within(story())


@pytest.mark.parametrize(("made", "why"), [(1990, "has expired"), (2090, "is not valid yet")])
def test_a_terminal_whose_clock_is_wrong_is_told_to_look_at_its_clock(
    branch: Branch, tmp_path: Path, made: int, why: str
) -> None:
    """N4: from here a clock that is wrong and a certificate that is look the same; the sentence names both."""
    server = Branch(tmp_path, made=dt.datetime(made, 1, 1, tzinfo=dt.UTC))

    async def story() -> None:
        fake = FakeAppliance()
        context = branch.terminal("teller-1").context()
        context.load_verify_locations(server.config / "ca.pem")
        async with running(server, fake):
            with pytest.raises(PassbookError) as caught:
                async with TerminalClient(fake.address, context):
                    pass
        assert caught.value.code == "certificate-not-in-time"
        assert f"the appliance's certificate {why}" in str(caught.value)
        assert str(dt.datetime.now(dt.UTC).astimezone().year) in str(caught.value)

    within(story())


def test_a_terminal_of_another_branch_is_told_that_it_is_not_accepted(branch: Branch, other_branch: Branch) -> None:
    async def story() -> None:
        fake = FakeAppliance()
        foreign = other_branch.terminal("teller-1")
        context = foreign.context()
        context.load_verify_locations(branch.config / "ca.pem")
        async with running(branch, fake):
            with pytest.raises(PassbookError) as caught:
                async with TerminalClient(fake.address, context) as client:
                    await client.jobs()
        assert caught.value.code == "certificate-not-accepted"
        assert fake.received == []

    within(story())
