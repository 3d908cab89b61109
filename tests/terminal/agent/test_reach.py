"""Whether the appliance can be reached: the agent acts by itself only after the whole time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

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


@pytest.mark.parametrize(("wait", "limit"), [(300.0, 30.0), (70.0, 30.0), (60.0, 20.0), (4.0, 1.0)])
def test_it_is_apart_before_the_appliance_asks_people_about_it(wait: float, limit: float) -> None:
    """P15: else it goes on at a printer that it was handed while people answer that it does not."""

    async def story(reach: Reach, clock: StandingClock, apart: list[str]) -> None:
        reach.learn(wait)
        assert reach.look() == limit
        clock.seconds += limit
        assert reach.look() is None
        assert apart == ["apart"]
        said = [str(problem) for problem in reach.problems()]
        assert bool(said) == (limit < 30.0)
        assert all(f"after {limit:g} seconds without the appliance, and not after 30" in one for one in said)

    told(story)


def test_a_longer_wait_of_the_appliance_takes_the_limit_away() -> None:
    async def story(reach: Reach, _clock: StandingClock, _apart: list[str]) -> None:
        reach.learn(60.0)
        reach.learn(300.0)
        assert (reach.look(), reach.problems()) == (30.0, [])

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
