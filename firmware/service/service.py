"""The service: looks an operation up, judges who calls it, reads its payload, and calls its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from firmware.service.operations import OPERATIONS, Operations
from firmware.service.upkeep_operations import UpkeepOperations
from passbook.errors import PassbookError, shown
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.protocol.messages import Envelope, MessageType, read_payload
from passbook.protocol.operation import Call, Operation, catalogue_of

_WORDS: Final = {
    Role.REQUESTER: "a terminal",
    Role.REPRESENTATIVE: "a representative",
    Role.OPERATOR: "an operator",
    Role.AUDITOR: "an auditor",
    Role.WALL: "a wall screen",
}


class Service:
    """What may be asked of the appliance, whatever door the question came through."""

    def __init__(self, operations: Operations, upkeep: UpkeepOperations, is_usable: Callable[[], bool]) -> None:
        """`is_usable`: whether any storage area can be used; while none can, the appliance is locked."""
        self._handlers: dict[str, Callable[..., Awaitable[Any]]] = {
            one.name: getattr(handlers, one.handler)
            for handlers in (operations, upkeep)
            for one in catalogue_of(type(handlers)).values()
        }
        self._is_usable = is_usable

    async def perform(self, call: Call, command: Envelope) -> Any:
        """Do what a command asks, and return the payload of its completion.

        Raises PassbookError and then, but for `outcome-unknown` and `change-unknown`, nothing was changed.
        """
        if command.header.type is not MessageType.COMMAND:
            raise PassbookError("invalid-message", why="only commands are taken here")
        operation = find_operation(command.header.name, call.actor)
        if not self._is_usable() and not (operation.is_served_locked and _is_at_socket(call.actor)):
            raise PassbookError("appliance-locked")
        payload = read_payload(command, operation.payload)
        return await self._handlers[operation.name](call, payload)


def find_operation(name: str, actor: Actor) -> Operation:
    """Return the operation.

    Raises PassbookError `unknown-command`, `invalid-message` for no name, or `not-permitted` for other roles.
    """
    operation = OPERATIONS.get(name)
    if not name:
        raise PassbookError("invalid-message", why="name is empty")
    if operation is None:
        raise PassbookError("unknown-command", command=shown(name))
    if operation.roles.isdisjoint(actor.roles):
        whom = " or ".join(_WORDS[role] for role in Role if role in operation.roles)
        raise PassbookError("not-permitted", who=actor.name, deed=f"use {name}", whom=whom)
    return operation


def _is_at_socket(actor: Actor) -> bool:
    """Whether it calls at the operators' socket, which is served while the appliance is locked."""
    return isinstance(actor.proof, UnixCaller)
