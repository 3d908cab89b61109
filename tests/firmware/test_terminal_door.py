from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from firmware.config.configuration import LimitsConfig
from passbook.protocol.messages import MAX_MESSAGE, PUBLISHER_PATH, SERVICE_PATH
from spooler.door_session import OUTGOING_LIMIT
from spooler.exchange import HARD_LIMIT
from tests.firmware.door import Connector, Door, at_the_door, submission
from tests.terminal.conftest import Branch

SECRET_WORD = "Okafor"  # noqa: S105 - a word of a book, which no answer may repeat


def test_a_command_is_acknowledged_and_then_completed(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            number = await wire.send("Common.Status")
            first, second = await wire.read(), await wire.read()
            assert (first["header"]["type"], first["header"]["requestId"]) == ("acknowledge", number)
            assert second["header"]["requestId"] == number
            assert (second["header"]["type"], second["header"]["completionCode"]) == ("completion", "success")
            assert second["payload"]["terminals"] == ["teller-1"]

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize("path", [SERVICE_PATH, PUBLISHER_PATH, SERVICE_PATH + "/"])
def test_the_service_is_where_the_protocol_says(enrolled: Branch, tmp_path: Path, path: str) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1", path=path) as wire:
            assert await wire.ask("ServicePublisher.GetServices")

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize("path", ["/xfs4iot", "/xfs4iot/v1.0/Printer", SERVICE_PATH + "?x=1"])
def test_elsewhere_is_nothing(enrolled: Branch, tmp_path: Path, path: str) -> None:
    async def story(door: Door, connector: Connector) -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with connector("teller-1", path=path):
                raise AssertionError("it was let in")
        assert caught.value.response.status_code == 404
        assert door.listeners() == []

    at_the_door(enrolled, tmp_path, story)


MALFORMED: dict[str, str | bytes] = {
    "not JSON": f"hello {SECRET_WORD}",
    "half a message": '{"header": {"name": "Common.Status", "type": "comm',
    "no header": json.dumps({"payload": {"name": SECRET_WORD}}),
    "an unknown type": json.dumps({"header": {"name": SECRET_WORD, "type": SECRET_WORD}}),
    "a number for a name": '{"header": {"name": 5, "type": "command"}}',
    "deep nesting": "[" * 100_000,
    "bytes that are not UTF-8": b"\xff\xfe\x00",
    "empty": "",
    "no number": json.dumps({"header": {"name": "Common.Status", "type": "command"}}),
    "a number below 1": json.dumps({"header": {"name": "Common.Status", "type": "command", "requestId": -3}}),
    "a number that cannot be told back": '{"header": {"name": "Common.Status", "type": "command", "requestId": 1%s}}'
    % ("0" * 400),
    "a time-out beyond all time": json.dumps(
        {"header": {"name": "Common.Status", "type": "command", "requestId": 1, "timeout": 10**400}}
    ),
    "an array": "[1, 2]",
    "too large": '"' + SECRET_WORD * (MAX_MESSAGE // 6 + 1) + '"',
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_a_message_gets_a_sentence_and_the_connection_goes_on(
    enrolled: Branch, tmp_path: Path, message: str | bytes
) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            await wire.socket.send(message)
            answer = await wire.read()
            assert (answer["header"]["type"], answer["header"]["status"]) == ("acknowledge", "invalidMessage")
            assert answer["payload"]["errorCode"] in {"invalid-message", "message-too-large"}
            assert SECRET_WORD not in json.dumps(answer)
            assert await wire.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)


def test_unknown_fields_are_passed_over_in_a_header_and_refused_in_a_payload(enrolled: Branch, tmp_path: Path) -> None:
    """As docs/protocol.md says; nor is the version in a header looked at."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            header = {"name": "Spooler.ListJobs", "type": "command", "version": "77.0", "colour": {"red": 1}}
            await wire.socket.send(json.dumps({"header": {**header, "requestId": 1}, "payload": {}}))
            told = await wire.answer_to(1)
            assert (told["header"]["completionCode"], told["payload"]) == ("success", {"jobs": []})
            await wire.socket.send(json.dumps({"header": {**header, "requestId": 2}, "payload": {"colour": "red"}}))
            told = await wire.answer_to(2)
            assert (told["header"]["completionCode"], told["payload"]["errorCode"]) == (
                "invalidData",
                "invalid-message",
            )
            assert told["payload"]["errorFacts"] == {"why": "colour is no field that is known here"}

    at_the_door(enrolled, tmp_path, story)


def test_a_number_that_is_used_again_is_answered_again(enrolled: Branch, tmp_path: Path) -> None:
    """It pairs answers with commands, for the terminal alone: the appliance decides nothing by it."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            for name, code in (("Common.Status", "success"), ("Spooler.No", "invalidCommand")):
                for _ in range(2):
                    message = await wire.answer_to(await wire.send(name, number=7))
                    assert message["header"]["completionCode"] == code

    at_the_door(enrolled, tmp_path, story)


def test_a_message_in_parts_without_end_ends_its_connection_and_no_other(enrolled: Branch, tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[str]:
        nonlocal sent
        while True:
            sent += 10_000
            yield "x" * 10_000

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-2") as other, connector("teller-1") as wire:
            with pytest.raises(ConnectionClosed):
                await wire.socket.send(endless())
            await wire.socket.wait_closed()
            assert wire.socket.close_code == 1009
            assert await other.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)
    assert sent > HARD_LIMIT


def test_a_message_beyond_all_measure_ends_the_connection_and_no_other(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-2") as other:
            async with connector("teller-1") as wire:
                with contextlib.suppress(ConnectionClosed):
                    await wire.socket.send("x" * (HARD_LIMIT + 1))
                await wire.socket.wait_closed()
                assert wire.socket.close_code == 1009
            await door.until(lambda: len(door.listeners()) == 1)
            assert await other.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)


def test_a_connection_that_breaks_off_within_a_message_is_forgotten(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:

            async def half() -> Any:
                yield '{"header": '
                wire.socket.transport.abort()

            with contextlib.suppress(ConnectionClosed):
                await wire.socket.send(half())
            await door.until(lambda: not door.listeners())
        async with connector("teller-1") as wire:
            assert await wire.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize("name", ["Spooler.Nothing", "Common.status", SECRET_WORD * 50])
def test_a_command_that_is_not_known_is_said_so(enrolled: Branch, tmp_path: Path, name: str) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.refused(name) == "unknown-command"

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize("kind", ["acknowledge", "event", "completion", "unsolicited"])
def test_only_commands_are_taken(enrolled: Branch, tmp_path: Path, kind: str) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            number = await wire.send("Common.Status", kind=kind)
            assert (await wire.answer_to(number))["payload"]["errorCode"] == "invalid-message"

    at_the_door(enrolled, tmp_path, story)


def test_a_defect_of_ours_is_a_reference_and_no_text(enrolled: Branch, tmp_path: Path) -> None:
    async def breaks() -> Any:
        raise ValueError(SECRET_WORD)

    async def story(door: Door, connector: Connector) -> None:
        door.rooms.service.instead["Common.Status"] = breaks
        async with connector("teller-1") as wire:
            message = await wire.answer_to(await wire.send("Common.Status"))
            assert message["payload"]["errorCode"] == "internal-error"
            assert SECRET_WORD not in json.dumps(message)
            assert await wire.ask("ServicePublisher.GetServices")

    at_the_door(enrolled, tmp_path, story)


def test_more_connections_than_the_limit_are_turned_away(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as first:
            async with connector("teller-2") as second:
                assert await second.ask("Common.Status")
                async with connector("teller-1") as third:
                    with pytest.raises(ConnectionClosed):
                        await third.read()
                    assert third.socket.close_reason == "too-many-connections"
                assert await first.ask("Common.Status")
            await door.until(lambda: len(door.listeners()) == 1)
            async with connector("teller-2") as again:
                assert await again.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(connections=2))


def test_one_terminal_cannot_take_the_connections_of_all(enrolled: Branch, tmp_path: Path) -> None:
    """A quarter of 12 is 3; another terminal comes in all the same, and a place is free again when one goes."""

    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as first, connector("teller-1") as second:
            async with connector("teller-1") as third:
                for wire in (first, second, third):
                    assert await wire.ask("Common.Status")
                async with connector("teller-1") as fourth:
                    with pytest.raises(ConnectionClosed):
                        await fourth.read()
                    assert fourth.socket.close_reason == "too-many-connections"
                async with connector("teller-2") as other:
                    assert await other.ask("Common.Status")
            await door.until(lambda: len(door.listeners()) == 2)
            async with connector("teller-1") as again:
                assert await again.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(connections=12))


def test_a_terminal_that_never_reads_is_let_go_and_blocks_nobody(enrolled: Branch, tmp_path: Path) -> None:
    """Its queue fills, it is disconnected; whoever tells it something never waits."""

    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-2") as reader, connector("teller-1") as deaf:
            assert await deaf.ask("Common.Status")
            deaf.socket.transport.pause_reading()
            [listener] = [one for one in door.listeners() if one.actor.name == "teller-1"]
            news = "x" * 4000
            # More than the sockets' buffers and the queue hold together.
            for _ in range(20 * OUTGOING_LIMIT):
                listener.post("Spooler.JobEvent", news)
                await asyncio.sleep(0)
            assert await reader.ask("Common.Status")
            deaf.socket.transport.abort()
            await door.until(lambda: [one.actor.name for one in door.listeners()] == ["teller-2"])
            assert await reader.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)


def test_a_full_queue_closes_the_connection(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.ask("Common.Status")
            [listener] = door.listeners()
            for _ in range(OUTGOING_LIMIT + 1):
                listener.post("Spooler.JobEvent", {})
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await wire.read()
            assert (wire.socket.close_code, wire.socket.close_reason) == (1008, "connection-lost")

    at_the_door(enrolled, tmp_path, story)


def test_who_sends_faster_is_read_more_slowly_and_still_answered(
    enrolled: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The clock stands: the third and every later command of two connections together waits longer."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as first, connector("teller-1") as second, connector("teller-2") as other:
            for wire in (first, second, first, second, first, second):
                assert await wire.ask("Common.Status")
            assert await other.ask("Common.Status")

    caplog.set_level("INFO", logger="passbook")
    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(commands_per_second=2), pause=pause)
    assert pauses == [0.5, 1.0, 1.5, 2.0]
    # A flood is one line of the log for each of its connections, however many commands it has.
    assert [record.msg for record in caplog.records].count("terminal-slowed") == 2


def test_one_that_waits_keeps_nobody_else_waiting(enrolled: Branch, tmp_path: Path) -> None:
    released = asyncio.Event()

    async def pause(_seconds: float) -> None:
        await released.wait()

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as hasty, connector("teller-2") as other:
            for _ in range(2):
                assert await hasty.ask("Common.Status")
            number = await hasty.send("Common.Status")
            assert await other.ask("Common.Status")
            released.set()
            assert (await hasty.answer_to(number))["header"]["completionCode"] == "success"

    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(commands_per_second=1), pause=pause)


def test_a_revoked_terminal_is_told_why_and_hears_nothing(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.ask("Common.Status")
            [listener] = door.listeners()
            listener.close("certificate-revoked")
            with pytest.raises(ConnectionClosed):
                await wire.read()
            assert wire.socket.close_reason == "certificate-revoked"

    at_the_door(enrolled, tmp_path, story)


def test_a_revoked_terminal_that_will_not_go_is_cut_off_and_nothing_it_sends_is_done(
    enrolled: Branch, tmp_path: Path
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as wire:
            assert await wire.ask("Common.Status")
            [listener] = door.listeners()
            # It takes no notice of the farewell and goes on sending.
            wire.socket.transport.pause_reading()
            door.bench.hub.expel(listener, "certificate-revoked")
            assert door.listeners() == []
            await wire.send("Spooler.SubmitJob", submission())
            wire.socket.transport.resume_reading()
            with pytest.raises(ConnectionClosed):
                await wire.read()
        assert door.bench.spool.records() == []

    at_the_door(enrolled, tmp_path, story)


def test_the_hub_knows_who_is_there(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("manager", representative=True) as wire:
            assert await wire.ask("Common.Status")
            [listener] = door.listeners()
            assert (listener.actor.name, listener.actor.is_representative) == ("manager", True)
        await door.until(lambda: not door.listeners())

    at_the_door(enrolled, tmp_path, story)
