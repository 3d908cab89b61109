"""The agent's way to the appliance: how soon it is tried again."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from passbook.errors import PassbookError
from terminal.agent.upstream import BACK_OFF, Upstream


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (PassbookError("connection-lost"), list(BACK_OFF)),
        (PassbookError("agent-connected", requester="counter-1"), [BACK_OFF[-1]] * len(BACK_OFF)),
    ],
)
def test_two_agents_of_one_terminal_do_not_take_the_connection_from_each_other_all_the_time(
    lost: PassbookError, expected: list[float]
) -> None:
    pauses: list[float] = []

    def connect() -> NoReturn:
        raise lost

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(BACK_OFF):
            raise asyncio.CancelledError

    upstream = Upstream(connect, "spool-1", heard=lambda _: None, came=lambda _: None, went=lambda: None, pause=pause)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(upstream.run())
    assert pauses == expected
