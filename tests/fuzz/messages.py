"""Messages between terminals and the appliance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

import firmware.service.operations  # noqa: F401  # whose operations bring their payloads
from passbook.errors import PassbookError
from passbook.protocol.messages import (
    ErrorPayload,
    JobLeft,
    JobView,
    Payload,
    Prompt,
    Question,
    StatusReport,
    StepReport,
    decode,
    encode,
    read_payload,
)

SECRET: Final = "Okafor"  # noqa: S105  # what the seeds say where a message carries content


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


KINDS: Final[tuple[type[Any], ...]] = (
    *_below(Payload),
    JobView,
    Question,
    Prompt,
    StepReport,
    StatusReport,
    ErrorPayload,
    JobLeft,
)


def check(data: bytes) -> None:
    """Any bytes are a message that survives its own encoding, or a refusal with a code that repeats no value."""
    try:
        envelope = decode(data)
    except PassbookError as error:
        _judge(error)
        return
    assert decode(encode(envelope.header, envelope.payload)).header == envelope.header
    for kind in KINDS:
        try:
            payload = read_payload(envelope, kind)
        except PassbookError as error:
            _judge(error)
        else:
            assert msgspec.json.decode(msgspec.json.encode(payload), type=kind) == payload


def _judge(error: PassbookError) -> None:
    assert error.code in {"invalid-message", "message-too-large"}
    # The name of an unknown field is told, and an edited seed may have the word there.
    assert SECRET not in str(error) or "is no field that is known here" in str(error)
