"""Bytes that are no message get one sentence and a stable code, and nothing is disturbed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from passbook.errors import CATALOGUE, PassbookError
from passbook.protocol.messages import MAX_MESSAGE
from tests.scenarios.clerk import client_of, converse
from tests.scenarios.door import REFUSED, command, completions, raw, refusals
from tests.scenarios.office import Office

BAD_MESSAGES: Final[dict[str, str | bytes]] = {
    "no JSON": "hello " + REFUSED,
    "empty": "",
    "a list": "[]",
    "no header": '{"payload": {}}',
    "header of another kind": '{"header": 7}',
    "no such type": '{"header": {"name": "Common.Status", "type": "' + REFUSED + '"}}',
    "half": command("Common.Status", {})[:-10],
    "deep": "[" * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "oversized": json.dumps({"header": {"name": "x", "type": "command"}, "payload": {"a": "x" * MAX_MESSAGE}}),
}


@pytest.mark.parametrize("kind", BAD_MESSAGES)
def test_a_message_that_is_none_is_answered_and_the_connection_goes_on(door: Office, kind: str) -> None:
    async def talk() -> tuple[dict[str, Any], dict[str, Any]]:
        async with raw(door.counter) as connection:
            await connection.send(BAD_MESSAGES[kind])
            refused = await next_answer(connection)
            await connection.send(command("Common.Status", {}, 2))
            await next_answer(connection)
            return refused, await next_answer(connection)

    before = refusals(door)
    refused, status = converse(talk())
    assert refused["header"]["status"] == "invalidMessage"
    code = refused["payload"]["errorCode"]
    assert refusals(door) == [*before, code]
    assert code == ("message-too-large" if kind == "oversized" else "invalid-message")
    assert refused["payload"]["errorDescription"] == str(PassbookError(code, **refused["payload"]["errorFacts"]))
    assert REFUSED not in json.dumps(refused)
    assert status["header"]["completionCode"] == "success"


async def next_answer(connection: ClientConnection) -> dict[str, Any]:
    """The next message that answers something."""
    while True:
        answer: dict[str, Any] = json.loads(await connection.recv())
        if answer["header"]["type"] != "unsolicited":
            return answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (command("Spooler.NoSuch", {}), "unknown-command"),
        (command(f"{REFUSED}\x1b[2J", {}), "unknown-command"),
        (command("Common.Status", {"extra": REFUSED}), "invalid-message"),
        (command("Common.Status", []), "invalid-message"),
        (command("Spooler.SubmitJob", {"clientRequest": 7}), "invalid-message"),
        (command("Spooler.SubmitJob", {}), "invalid-message"),
        (command("Spooler.GetJob", {"job": "no-such"}), "unknown-job"),
        (command("Spooler.CancelJob", {"job": "no-such", "person": "x"}), "unknown-job"),
        (
            command("Recovery.AnswerQuestion", {"job": "x", "epoch": 1, "verdict": REFUSED, "person": "x"}),
            "invalid-message",
        ),
        (command("Common.Status", {}).replace('"command"', '"event"'), "invalid-message"),
    ],
)
def test_a_command_that_is_none_is_completed_with_its_reason(door: Office, message: str, code: str) -> None:
    before = refusals(door)
    (answer,) = completions(door, [message])
    assert refusals(door) == [*before, code]
    assert answer["payload"]["errorCode"] == code
    assert CATALOGUE[code].sentence.split("{", maxsplit=1)[0] in answer["payload"]["errorDescription"]
    if code != "unknown-command":
        assert REFUSED not in json.dumps(answer)
    assert "\x1b" not in answer["payload"]["errorDescription"]


def test_a_message_beyond_all_bounds_ends_its_connection_only(door: Office) -> None:
    async def talk() -> int:
        async with raw(door.counter) as connection:
            with suppress(ConnectionClosed):
                await connection.send("x" * (8 * MAX_MESSAGE))
            await connection.wait_closed()
            assert connection.close_code is not None
            return connection.close_code

    # 1009: a message too big (RFC 6455 section 7.4.1).
    assert converse(talk()) == 1009


def test_a_half_message_keeps_nobody_waiting(door: Office) -> None:
    async def talk() -> None:
        async with raw(door.counter) as connection, client_of(door.manager) as other:
            message = command("Spooler.SubmitJob", {"clientRequest": "half"})
            frame = bytes([0x81, 0x80 | len(message)]) + bytes(4) + message.encode()
            connection.transport.write(frame[: len(frame) // 2])
            assert (await other.status()).terminals == ("counter-1", "manager")
            connection.transport.abort()

    converse(talk())


def test_half_an_upload_leaves_nothing(door: Office) -> None:
    (taken,) = completions(door, [command("Spooler.UploadPiece", {"upload": "u", "data": "QUJD" * 1000})])
    assert taken["payload"] == {"received": 3000}
