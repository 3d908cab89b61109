"""How busy the network of an agent is: pings that are late or not answered, and documents under way (C5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from client.transport import TlsTransport
from passbook.errors import PassbookError
from passbook.protocol.messages import MAX_PIECE, JobView, SubmitJob
from passbook.protocol.two_spools import AgentWelcome
from spooler.clock import SystemClock
from terminal.agent.agent_settings import LoadMarks, NetworkConfig
from terminal.agent.network_load import NetworkLoad
from terminal.agent.upstream import Upstream
from terminal.home import Home
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.running_teller import Teller, enroll
from tests.terminal.samples import view

SUBMIT = "Spooler.SubmitJob"


class Line(Upstream):
    """A connection whose ping is answered when a test says so."""

    def __init__(self) -> None:
        self.unsent = 0
        self.pinged = asyncio.Event()
        self.answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def round_trip(self) -> float:  # type: ignore[explicit-override]  # override is of Python 3.12
        self.pinged.set()
        return await self.answer


class Watch(SystemClock):
    """A clock that a test moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 100.0

    def monotonic(self) -> float:  # type: ignore[explicit-override]  # override is of Python 3.12
        return self.seconds


def measured(story: Callable[[Line, Watch, NetworkLoad], Awaitable[None]]) -> None:
    """Tell a story while the measuring goes on; the network is busy from 400 ms on, until it is below 200 ms."""

    async def run() -> None:
        line, watch = Line(), Watch()
        load = NetworkLoad(line, NetworkConfig(round_trip=LoadMarks(400, 200)), watch)
        measuring = asyncio.create_task(load.run())
        await line.pinged.wait()
        try:
            await story(line, watch, load)
        finally:
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring

    asyncio.run(run())


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_ping_without_an_answer_counts_with_its_age() -> None:
    async def story(_line: Line, watch: Watch, load: NetworkLoad) -> None:
        watch.seconds += 0.25
        assert load.round_trip() == pytest.approx(250)
        assert not load.why_busy()
        watch.seconds += 0.25
        assert load.why_busy() == "an answer takes 500 ms"

    measured(story)


@pytest.mark.parametrize(("seconds", "busy"), [(0.399, ""), (0.4, "an answer takes 400 ms")])
def test_the_last_answer_counts_until_the_next_ping(seconds: float, busy: str) -> None:
    async def story(line: Line, watch: Watch, load: NetworkLoad) -> None:
        line.answer.set_result(seconds)
        await settled()
        watch.seconds += 3600
        assert load.why_busy() == busy

    measured(story)


def test_a_network_that_is_gone_is_not_busy() -> None:
    async def story(line: Line, watch: Watch, load: NetworkLoad) -> None:
        watch.seconds += 30
        assert load.why_busy()
        line.answer.set_exception(PassbookError("connection-lost"))
        await settled()
        assert (load.round_trip(), load.why_busy()) == (0.0, "")

    measured(story)


def test_documents_under_way_are_counted_until_the_appliance_answered_or_is_lost(
    branch: Branch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teller = Teller(tmp_path / "home", capsys)
    enroll(branch, teller, "till-9")
    home = Home(teller.folder)

    async def story() -> None:
        fake, let_go, came = FakeAppliance(), asyncio.Event(), asyncio.Event()

        async def taken(_: Any) -> dict[str, int]:
            await let_go.wait()
            return {"received": 1}

        fake.answers["Spooler.RegisterAgent"] = lambda _: AgentWelcome("branch", "boot-1", 1.0, 1.0, (), ())
        fake.answers["Spooler.UploadPiece"] = taken
        fake.answers[SUBMIT] = lambda _: view()
        async with running(branch, fake):
            upstream = Upstream(
                lambda: TlsTransport(fake.address, home.context()),
                "spool-1",
                heard=lambda _: None,
                came=lambda _: came.set(),
                went=lambda: None,
            )
            connected = asyncio.create_task(upstream.run())
            await came.wait()
            assert 0 <= await upstream.round_trip() < 30
            document = bytes(MAX_PIECE + 5)
            sending = asyncio.create_task(
                upstream.command_with(SUBMIT, SubmitJob("r-1", "front", "text"), document, JobView)
            )
            await fake.until_it_came("Spooler.UploadPiece")
            assert upstream.unsent == len(document)
            let_go.set()
            await sending
            assert upstream.unsent == 0
            let_go.clear()
            sending = asyncio.create_task(
                upstream.command_with(SUBMIT, SubmitJob("r-2", "front", "text"), document, JobView)
            )
            await fake.until_it_came("Spooler.UploadPiece")
            fake.cut()
            with pytest.raises(PassbookError):
                await sending
            assert upstream.unsent == 0
            let_go.set()
            connected.cancel()
            with suppress(asyncio.CancelledError):
                await connected

    asyncio.run(story())
