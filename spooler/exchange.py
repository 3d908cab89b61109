"""Commands and their answers, the same at every door of an appliance and of an agent (docs/protocol.md).

Theory of operation.  A command is acknowledged when the door has read it, and completed when it is done.  Each
command gets exactly one completion: its reply, or a stable code with a sentence.  A defect of ours becomes
`internal-error` with a reference; its place stands in the log and never in the message.
"""

from __future__ import annotations

import secrets
from collections.abc import Container
from typing import Any, Final, Protocol, TypedDict

from passbook.errors import PassbookError
from passbook.job.actor import Actor, UnixCaller
from passbook.protocol.completions import Completion, completion_for
from passbook.protocol.messages import MAX_MESSAGE, Envelope, ErrorPayload, Header, MessageType, decode, encode
from passbook.protocol.operation import Call
from spooler.door_session import DoorSession
from spooler.logs import Log

HARD_LIMIT: Final = 4 * MAX_MESSAGE
"""Bytes of a message at which the connection is ended; a smaller one that is too large gets a sentence instead."""


UNKNOWN: Final = "unknown"
"""What the log has for a command that does not exist."""


class Asker(TypedDict, total=False):
    """The caller, as the log names it."""

    terminal: str
    uid: int
    pid: int


class Performer(Protocol):
    """The service behind a door: that of an appliance, or of an agent."""

    async def perform(self, call: Call, command: Envelope) -> Any:
        """Do what a command asks, and return the payload of its completion.  Raises PassbookError."""


class Exchange:
    """Answers the commands of one door; every failure becomes a completion with a code."""

    def __init__(self, performer: Performer, log: Log, names: Container[str]) -> None:
        """`names` are those of all commands: of one that does not exist nothing is told, as it may be anything."""
        self._performer = performer
        self._log = log
        self._names = names

    async def answer(self, session: DoorSession, message: bytes) -> None:
        """Acknowledge one command, do it, and queue its completion."""
        try:
            command = _understood(message)
        except PassbookError as error:
            self._note_refusal(session.actor, "", error)
            status = Header("Common.Unknown", MessageType.ACKNOWLEDGE, status="invalidMessage")
            session.queue(encode(status, _error_payload(error)))
            return
        name, number = command.header.name, command.header.request_id
        session.queue(encode(Header(name, MessageType.ACKNOWLEDGE, number)))
        if not session.actor.is_terminal:
            # Each order of an operator is told; what auditors read may be much.
            log = self._log if session.actor.is_operator else self._log.limited(session.actor.name)
            log.info("operator-command", command=self._shown(name), **facts_of(session.actor))
        try:
            session.queue(await self._complete(session, command))
        except PassbookError as error:
            self._note_refusal(session.actor, name, error)
            header = Header(name, MessageType.COMPLETION, number, completion_code=completion_for(error))
            session.queue(encode(header, _error_payload(error)))

    async def _complete(self, session: DoorSession, command: Envelope) -> bytes:
        """Do a command and return its completion as bytes.  Raises PassbookError."""
        header = command.header
        try:
            call = Call(session.actor, session, header.timeout)
            reply = await self._performer.perform(call, command)
            done = Header(header.name, MessageType.COMPLETION, header.request_id, completion_code=Completion.SUCCESS)
            return encode(done, reply)
        except PassbookError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of ours: the caller gets a code, the log its place
            reference = secrets.token_hex(4)
            facts = facts_of(session.actor)
            self._log.limited(session.actor.name).failure("command-failed", error, reference=reference, **facts)
            raise PassbookError("internal-error", reference=reference) from None

    def _shown(self, name: str) -> str:
        return name if name in self._names else UNKNOWN

    def _note_refusal(self, actor: Actor, command: str, error: PassbookError) -> None:
        facts = facts_of(actor)
        self._log.limited(actor.name).info("command-refused", code=error.code, command=self._shown(command), **facts)


def facts_of(actor: Actor) -> Asker:
    """Return who asked: a terminal by its name, a caller at this machine by user and process."""
    if isinstance(actor.proof, UnixCaller):
        return {"uid": actor.proof.uid, "pid": actor.proof.pid}
    return {"terminal": actor.name}


def _understood(message: bytes) -> Envelope:
    """Read a message that can be answered.  Raises PassbookError `invalid-message` or `message-too-large`."""
    command = decode(message)
    if command.header.request_id < 1:
        raise PassbookError("invalid-message", why="requestId is not a number above 0")
    return command


def _error_payload(error: PassbookError) -> ErrorPayload:
    return ErrorPayload(error.code, str(error), error.facts)
