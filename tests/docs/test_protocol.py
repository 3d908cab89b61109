"""The page of the protocol: every example is a message of the codec and of the schema, and nothing is left out."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import msgspec
import pytest

from firmware.service.operations import OPERATIONS
from passbook.errors import PassbookError
from passbook.job.actor import Role
from passbook.protocol.completions import Completion, completion_for
from passbook.protocol.environment import LONGEST_WAIT, USUAL_WAIT
from passbook.protocol.events import EVENTS
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_MESSAGE,
    MAX_PIECE,
    MAX_REPLY,
    PORT,
    PUBLISHER_PATH,
    SERVICE_PATH,
    Envelope,
    ErrorPayload,
    Header,
    MessageType,
    Nothing,
    decode,
    encode,
    read_payload,
)
from terminal.agent.agent_operations import AGENT_OPERATIONS
from tests.docs.protocol import PAGE, message_schema
from tests.firmware.branch import DOCUMENT, TELLER, Bench, request
from tests.firmware.rooms import ACTORS, Keeper, Rooms, sample

TEXT: Final = PAGE.read_text("utf-8")
EXAMPLES: Final = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
KINDS: Final = {
    (kind.value, name): of
    for kind, names in (
        (MessageType.COMMAND, {name: one.payload for name, one in OPERATIONS.items()}),
        (MessageType.COMPLETION, {name: one.reply for name, one in OPERATIONS.items()}),
        (MessageType.UNSOLICITED, EVENTS),
    )
    for name, of in names.items()
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A store of its own."""
    made = Bench(tmp_path)
    yield made
    made.spool.close()


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(message_schema())


def fits(message: str | bytes) -> bool:
    """Whether the schema takes a message."""
    return bool(validator().is_valid(json.loads(message)))


def kind_of(envelope: Envelope) -> Any:
    """What the payload of an example must be."""
    header = envelope.header
    if header.type is MessageType.ACKNOWLEDGE:
        return ErrorPayload if header.status else Nothing
    if header.type is MessageType.COMPLETION and header.completion_code is not Completion.SUCCESS:
        return ErrorPayload
    return KINDS[header.type.value, header.name]


@pytest.mark.slow
def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(message_schema())


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_fits_the_schema_and_the_codec(example: str) -> None:
    assert fits(example), [error.message for error in validator().iter_errors(json.loads(example))]
    envelope = decode(example.encode())
    payload = read_payload(envelope, kind_of(envelope))
    # Nothing stands there that the codec passes over, and nothing is left out that it would write.
    written, shown = json.loads(encode(envelope.header, payload)), json.loads(example)
    for part in (written, shown):
        part["header"].pop("version", None)
        part["header"].pop("timeout", None)
    assert written == {"payload": {}, **shown}


def test_the_page_has_an_example_of_every_command_and_event() -> None:
    named = {(header.type.value, header.name) for header in (decode(text.encode()).header for text in EXAMPLES)}
    assert {pair for pair in KINDS if pair[0] != MessageType.COMPLETION.value} - named == set()


def test_every_field_stands_on_the_page() -> None:
    missing = {
        f"{kind.__name__}.{field.encode_name}"
        for (sort, _), kind in KINDS.items()
        if sort != MessageType.COMPLETION.value
        for field in msgspec.structs.fields(kind)
        if f"`{field.encode_name}`" not in TEXT
    }
    assert missing == set()


def test_the_page_tells_the_limits_and_the_addresses() -> None:
    for size in (MAX_MESSAGE, MAX_PIECE, MAX_DOCUMENT):
        assert f"{size // 1024} KiB" in TEXT
    assert f"{MAX_REPLY // 1024**2} MiB" in TEXT
    for seconds in (USUAL_WAIT, LONGEST_WAIT):
        assert f"{seconds:g} seconds" in TEXT
    for place in (f":{PORT}", SERVICE_PATH, PUBLISHER_PATH):
        assert place in TEXT


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_appliance_says_fits_the_schema(bench: Bench, name: str) -> None:
    """The conversation about each operation: a command, and the answer that really came."""
    operation = OPERATIONS[name]
    actor = next(actor for actor, role in ACTORS.items() if role in operation.roles)
    job = asyncio.run(bench.admission().submit(TELLER, request("r-1"), DOCUMENT)).job_id
    payload = sample(operation)
    payload |= {"job": job} if "job" in payload else {}
    assert fits(encode(Header(name, MessageType.COMMAND, 1), payload))
    try:
        reply = asyncio.run(Rooms(bench, Keeper()).ask(actor, name, payload))
    except PassbookError as error:
        header = Header(name, MessageType.COMPLETION, 1, completion_code=completion_for(error))
        reply = ErrorPayload(error.code, str(error), error.facts)
    else:
        header = Header(name, MessageType.COMPLETION, 1, completion_code=Completion.SUCCESS)
    message = encode(header, reply)
    assert fits(message), [error.message for error in validator().iter_errors(json.loads(message))]


@pytest.mark.parametrize(
    "message",
    [
        {"header": {"name": "Spooler.Nonsense", "type": "command", "requestId": 1}},
        {"header": {"name": "Spooler.GetJob", "type": "command", "requestId": 1}},
        {"header": {"name": "Spooler.GetJob", "type": "command"}, "payload": {"job": "a"}},
        {"header": {"name": "Spooler.GetJob", "type": "command", "requestId": 0}, "payload": {"job": "a"}},
        {"header": {"name": "Spooler.GetJob", "type": "command", "requestId": 1}, "payload": {"job": 7}},
        {"header": {"name": "Spooler.GetJob", "type": "command", "requestId": 1}, "payload": {"job": "a", "moon": 1}},
        {"header": {"name": "Spooler.GetJob", "type": "completion", "requestId": 1}, "payload": {}},
        {"payload": {}},
    ],
)
def test_the_schema_refuses_what_is_no_message(message: dict[str, Any]) -> None:
    assert not fits(json.dumps(message))


def test_the_page_tells_who_may_use_what_and_the_fields_that_it_must_have() -> None:
    for name, operation in OPERATIONS.items():
        [row] = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` | {operation.says} |")]
        _, _, roles, fields = row.strip("| ").split(" | ")
        assert roles.split(", ") == [role.value for role in Role if role in operation.roles]
        needed = [one.encode_name for one in msgspec.structs.fields(operation.payload) if one.required]
        assert re.findall(r"`(\w+)`", fields) == needed


def test_the_page_says_of_each_command_that_an_agent_does_itself_what_it_does() -> None:
    _, _, door = TEXT.partition("### The agent's own door")
    rows = re.findall(r"^\| (`[A-Z].*?) \|", door.partition("### Spooler.GetSealed")[0], re.MULTILINE)
    assert sorted(re.findall(r"`([\w.]+)`", " ".join(rows))) == sorted(AGENT_OPERATIONS)
