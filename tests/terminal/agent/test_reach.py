"""Whether the appliance can be reached: the agent acts by itself only after the whole time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from terminal.agent.reach import Reach, ReachEvent, ReachState
from tests.firmware.branch import StandingClock


def told(story: Callable[[Reach, StandingClock, list[str]], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        clock, apart = StandingClock(), list[str]()
        await story(Reach(30.0, clock, lambda: apart.append("apart")), clock, apart)

    asyncio.run(run())


def test_it_is_apart_after_the_whole_time_and_once() -> None:
    async def story(reach: Reach, clock: StandingClock, apart: list[str]) -> None:
        clock.seconds += 29.0
        assert reach.look() == 1.0
        clock.seconds += 1.0
        assert reach.look() is None
        clock.seconds += 100.0
        reach.look()
        assert (reach.state, apart, reach.silent_for()) == (ReachState.APART, ["apart"], 130.0)

    told(story)


def test_each_loss_begins_the_time_anew() -> None:
    async def story(reach: Reach, clock: StandingClock, apart: list[str]) -> None:
        clock.seconds += 29.0
        reach.move(ReachEvent.CAME)
        clock.seconds += 100.0
        assert (reach.look(), reach.silent_for()) == (None, 0.0)
        reach.move(ReachEvent.WENT)
        clock.seconds += 29.0
        assert reach.look() == 1.0
        assert not apart
        reach.move(ReachEvent.CAME)
        assert reach.is_reached

    told(story)
