"""What an appliance says while it is locked: no storage area can be used, so nothing can be accepted or shown.

Its doors are open all the same.  A terminal hears one clear sentence instead of a closed port, and an operator can
look, verify and accept at the running appliance: there is one way for each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NoReturn

from passbook.errors import PassbookError

SERVED: Final = frozenset(
    {"status", "areas", "verify", "verify-area", "accept-rollback", "accept-new-store", "revocations", "clock"}
)
"""The operators' commands that need no job."""


async def refuse(*_arguments: object) -> NoReturn:
    """Answer any command.  Raises PassbookError `appliance-locked`."""
    raise PassbookError("appliance-locked")


def locked_terminals(commands: Iterable[str]) -> dict[str, Callable[..., Awaitable[Any]]]:
    """The commands of terminals, all of them refused."""
    return dict.fromkeys(commands, refuse)


def locked_operators(
    handlers: Mapping[str, Callable[..., Awaitable[Any]]],
) -> dict[str, Callable[..., Awaitable[Any]]]:
    """The commands of operators; those that need a job are refused."""
    return {name: handler if name in SERVED else refuse for name, handler in handlers.items()}
