"""The agent's way to the appliance: how soon it is tried again."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from client.transport import TlsTransport
from passbook.errors import PassbookError
from passbook.protocol.events import JOB
from passbook.protocol.messages import Envelope
from passbook.protocol.two_spools import AgentWelcome
from terminal.agent.upstream import BACK_OFF, Upstream
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.samples import view

REGISTER = "Spooler.RegisterAgent"


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


@pytest.mark.parametrize("is_welcome", [True, False])
def test_a_defect_in_what_hears_the_appliance_ends_this_part_and_so_the_process(
    branch: Branch, *, is_welcome: bool
) -> None:
    heard: list[str] = []

    def hear(message: Envelope) -> None:
        heard.append(message.header.name)
        raise LookupError

    async def story() -> None:
        fake = FakeAppliance()
        context = branch.terminal("teller-1").context()
        if is_welcome:
            fake.answers[REGISTER] = lambda _: AgentWelcome("window-server", "b1", 9.0, 9.0, (), ())
        async with running(branch, fake):
            came = asyncio.Event()
            upstream = Upstream(
                lambda: TlsTransport(fake.address, context),
                "spool-1",
                heard=hear,
                came=lambda _: came.set(),
                went=lambda: None,
            )
            part = asyncio.create_task(upstream.run())
            await (came.wait() if is_welcome else fake.until_it_came(REGISTER))
            await fake.tell(JOB, view())
            await asyncio.wait({part}, timeout=20)
            assert part.done()
            assert isinstance(part.exception(), LookupError)

    asyncio.run(story())
    assert heard == [JOB]
