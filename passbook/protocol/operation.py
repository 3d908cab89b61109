"""What an operation is: a name, what it takes and gives, who may call it, and how it may fail.

Theory of operation.  An operation is a method under the decorator `operation`, of a class of handlers: an appliance has
one (`firmware.service.operations`), and a teller's agent has one.  The decorator holds what no signature says: the name
on the wire, the roles that may call it, and the codes with which it may be refused.  Payload and reply are read from
the method's annotations, and the sentence for people from its docstring.  So one place says everything about an
operation, and the tables of docs/protocol.md, the JSON Schema and the doors are all made from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeVar, get_type_hints

from passbook.job.actor import Actor, Role

T = TypeVar("T")
H = TypeVar("H", bound=Callable[..., Awaitable[Any]])

_MARK: Final = "_operation"


class Connection(Protocol):
    """What an operation may use of the connection on which it was called."""

    actor: Actor
    uploads: dict[str, bytearray | None]
    """Documents that were begun on this connection, by name; None for one that became too large."""

    def post(self, name: str, payload: Any) -> None:
        """Queue an unsolicited message."""

    def close(self, code: str) -> None:
        """End the connection, giving the stable code of the reason."""

    async def while_connected(self, work: Awaitable[T]) -> T:
        """The result of work that may take long; raises `connection-lost` when the caller goes."""


class Call(NamedTuple):
    """One call of an operation: who calls, on which connection, and how many milliseconds the caller waits."""

    actor: Actor
    connection: Connection
    timeout: int = 0


class Operation(NamedTuple):
    """One row of the catalogue.

    Attributes:
        name: what the header of a command has.
        payload: what it takes, as a structure that knows each of its fields.
        reply: what its completion carries.
        roles: who may call it; all others are refused.
        errors: codes with which it may be refused, beside those that any operation may meet (COMMON_ERRORS).
        is_served_locked: whether it is served at the operators' socket while no area can be used.
        says: one sentence for people.
        handler: name of the method.
    """

    name: str
    payload: type[Any]
    reply: type[Any]
    roles: frozenset[Role]
    errors: tuple[str, ...]
    is_served_locked: bool
    says: str
    handler: str


class _Mark(NamedTuple):
    name: str
    roles: frozenset[Role]
    errors: tuple[str, ...]
    is_served_locked: bool


COMMON_ERRORS: Final = (
    *("invalid-message", "message-too-large", "unknown-command", "not-permitted"),
    *("appliance-locked", "internal-error"),
)
"""Codes with which any operation may be refused."""


def operation(name: str, roles: frozenset[Role], *errors: str, is_served_locked: bool = False) -> Callable[[H], H]:
    """Make a method the handler of an operation; see Operation."""

    def mark(handler: H) -> H:
        setattr(handler, _MARK, _Mark(name, roles, errors, is_served_locked))
        return handler

    return mark


def catalogue_of(handlers: type[Any]) -> Mapping[str, Operation]:
    """Every operation of a class, by its name and in the order of its methods."""
    found: dict[str, Operation] = {}
    for handler, method in vars(handlers).items():
        mark: _Mark | None = getattr(method, _MARK, None)
        if mark is None:
            continue
        hints = get_type_hints(method)
        _self, _call, payload = inspect.signature(method).parameters
        found[mark.name] = Operation(
            mark.name,
            hints[payload],
            hints["return"],
            mark.roles,
            mark.errors,
            mark.is_served_locked,
            " ".join((inspect.getdoc(method) or "").partition("\n\n")[0].split()),
            handler,
        )
    return MappingProxyType(found)
