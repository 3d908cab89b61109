"""The parts of docs/protocol.md and the JSON Schema that are made from the catalogue of operations."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from firmware.service.operations import OPERATIONS
from passbook.job.actor import Role
from passbook.protocol.completions import Completion, completion_of_code
from passbook.protocol.events import EVENTS
from passbook.protocol.messages import ErrorPayload, Header, MessageType
from passbook.protocol.operation import COMMON_ERRORS, Operation
from tests.house import ROOT

PAGE: Final = ROOT / "docs" / "protocol.md"
_PART: Final = re.compile(r"(<!-- made of the catalogue: ([a-z]+) -->\n).*?(<!-- until here -->)", re.DOTALL)
_REF: Final = "#/$defs/{name}"


def protocol_page() -> str:
    """The page as it was written, with its tables made anew."""
    parts = {"commands": commands_table(), "codes": codes_table(), "reasons": reasons_table()}
    return _PART.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n\n{found[3]}", PAGE.read_text("utf-8"))


def commands_table() -> str:
    """Every command: what it does, who may use it, and the fields that it must have."""
    rows = [
        (f"`{one.name}`", one.says, _words(role.value for role in Role if role in one.roles), _must_have(one))
        for one in OPERATIONS.values()
    ]
    return _table(("command", "what it does", "who may use it", "must have"), rows)


def codes_table() -> str:
    """The codes of errors by the completion code that comes with them."""
    used = {*COMMON_ERRORS, *(code for one in OPERATIONS.values() for code in one.errors)}
    rows = []
    for completion in Completion:
        codes = sorted(code for code in used if completion_of_code(code) is completion)
        if completion is Completion.COMMAND_ERROR:
            rows.append((f"`{completion.value}`", "every other code"))
        elif codes:
            rows.append((f"`{completion.value}`", _words(f"`{code}`" for code in codes)))
    return _table(("`completionCode`", "`errorCode`"), rows)


def reasons_table() -> str:
    """The codes with which each command may be refused, beside those of any command."""
    rows = [(f"`{one.name}`", _words(f"`{code}`" for code in one.errors)) for one in OPERATIONS.values() if one.errors]
    anybody = ("any command", _words(f"`{code}`" for code in COMMON_ERRORS))
    return _table(("command", "may be refused with"), [anybody, *rows])


def schema_page() -> str:
    """The JSON Schema of every message, as text."""
    return json.dumps(_cleaned(message_schema()), indent=1, ensure_ascii=False) + "\n"


def _cleaned(part: Any) -> Any:
    """The same with docstrings without their indentation, which newer compilers leave out by themselves."""
    if isinstance(part, dict):
        cleaned = {key: _cleaned(value) for key, value in part.items()}
        if isinstance(part.get("description"), str):
            cleaned["description"] = inspect.cleandoc(part["description"])
        return cleaned
    return [_cleaned(one) for one in part] if isinstance(part, list) else part


def message_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of every message: commands with their fields, their answers, and events."""
    replies = [one.reply for one in OPERATIONS.values()]
    kinds = dict.fromkeys([Header, ErrorPayload, *(one.payload for one in OPERATIONS.values()), *replies])
    kinds |= dict.fromkeys(EVENTS.values())
    schemas, components = msgspec.json.schema_components(list(kinds), ref_template=_REF)
    of = dict(zip(kinds, schemas, strict=True))
    rows = OPERATIONS.values()
    messages = [
        *(_message(one.name, MessageType.COMMAND, of[one.payload], must=bool(_required(one))) for one in rows),
        *(_message(one.name, MessageType.COMPLETION, of[one.reply], must=True) for one in rows),
        *(_message(name, MessageType.UNSOLICITED, of[kind], must=True) for name, kind in EVENTS.items()),
        _failed(of[ErrorPayload]),
        _acknowledged(),
        _not_read(of[ErrorPayload]),
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages between the passbook appliance and its clients",
        "anyOf": messages,
        "$defs": dict(sorted(components.items())),
    }


def _message(name: str, kind: MessageType, payload: dict[str, Any], *, must: bool) -> dict[str, Any]:
    """A message of this name and type; `must`: its payload may not be left out."""
    header: dict[str, Any] = {"name": {"const": name}, "type": {"const": kind.value}}
    if kind is MessageType.COMPLETION:
        header["completionCode"] = {"const": Completion.SUCCESS.value}
    if kind is MessageType.COMMAND:
        header["requestId"] = {"minimum": 1}
    required = [one for one in ("completionCode", "requestId") if one in header]
    return _whole(f"{kind.value} {name}", header, required, payload, must=must)


def _failed(error: dict[str, Any]) -> dict[str, Any]:
    header = {
        "type": {"const": MessageType.COMPLETION.value},
        "completionCode": {"enum": [one.value for one in Completion if one is not Completion.SUCCESS]},
    }
    return _whole("completion of a command that was refused", header, ["completionCode"], error, must=True)


def _acknowledged() -> dict[str, Any]:
    header = {"type": {"const": MessageType.ACKNOWLEDGE.value}, "status": False}
    return _whole("acknowledge", header, ["requestId"], {"maxProperties": 0}, must=False)


def _not_read(error: dict[str, Any]) -> dict[str, Any]:
    header = {"type": {"const": MessageType.ACKNOWLEDGE.value}}
    return _whole("acknowledge of a message that cannot be read", header, ["status"], error, must=True)


def _whole(
    title: str, header: dict[str, Any], required: Sequence[str], payload: dict[str, Any], *, must: bool
) -> dict[str, Any]:
    head = {"allOf": [{"$ref": "#/$defs/Header"}, {"properties": header, "required": list(required)}]}
    return {
        "title": title,
        "type": "object",
        "properties": {"header": head, "payload": payload},
        "required": ["header", "payload"] if must else ["header"],
    }


def _required(operation: Operation) -> list[str]:
    return [one.encode_name for one in msgspec.structs.fields(operation.payload) if one.required]


def _must_have(operation: Operation) -> str:
    return _words(f"`{name}`" for name in _required(operation)) or "nothing"


def _words(words: Iterable[str]) -> str:
    return ", ".join(words)


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heading)} |", "|---" * len(heading) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
