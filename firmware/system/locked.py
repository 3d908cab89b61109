"""The answers of a locked appliance: no storage area can be used, so it can accept and show nothing.

Its doors are open all the same. A terminal gets one clear sentence in place of a closed port, and an operator can look,
verify and accept at the running appliance: there is one way for each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, ParamSpec

from passbook.errors import PassbookError

P = ParamSpec("P")

SERVED: Final = frozenset(
    {"status", "areas", "verify", "verify-area", "accept-rollback", "accept-new-store", "revocations", "clock"}
)
"""The operators' commands that need no job."""


def unless_locked(
    handlers: Mapping[str, Callable[P, Awaitable[Any]]], is_usable: Callable[[], bool], *, served: Collection[str] = ()
) -> dict[str, Callable[P, Awaitable[Any]]]:
    """The handlers, of which all but the `served` ones raise `appliance-locked` until the store is usable."""

    def guarded(handler: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[Any]]:
        async def work(*arguments: P.args, **named: P.kwargs) -> Any:
            if not is_usable():
                raise PassbookError("appliance-locked")
            return await handler(*arguments, **named)

        return work

    return {name: handler if name in served else guarded(handler) for name, handler in handlers.items()}
