"""The states of many stories tried, by several processes at once, until enough were."""

from __future__ import annotations

import random
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.crash.day import explore_creation, explore_day
from tests.crash.explorer import Explored
from tests.crash.workload import Workload

PROCESSES = 2
STORIES = 6
STATES = 200


def tell(seed: int, count: int = STORIES, states: int = STATES) -> Explored:
    """So many stories that follow from `seed`; about so many states of each of their lives are tried."""

    class Story(Workload):
        explored = Explored()
        limit = states

    # What failed is told by the explored, and by hypothesis in words: the shortest story that fails.
    try:
        run_state_machine_as_test(
            seeded(seed)(Story),
            settings=settings(
                max_examples=count,
                stateful_step_count=20,
                database=None,
                deadline=None,
                print_blob=True,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:
        sys.stderr.write("\n".join([f"seed {seed}: {error}", *getattr(error, "__notes__", ())]) + "\n")
        if not Story.explored.findings:
            raise
    return Story.explored


def day(seed: int, states: int) -> Explored:
    """About so many states, or all, of a day that is always the same."""
    return explore_day(limit=states, seed=seed)


def creation(seed: int, states: int) -> Explored:
    """About so many states, or all, of a first boot."""
    return explore_creation(limit=states, seed=seed)


def explore(states: int, seed: int) -> Explored:
    """Try at least so many states of stories, until every kind of work was cut off, and as many of each fixed one."""
    chance = random.Random(seed)
    total, told, begun = Explored(), Explored(), time.monotonic()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        fixed = {pool.submit(task, seed, states) for task in (day, creation)}
        running: set[Future[Explored]] = set(fixed)
        while running:
            while len(running) < PROCESSES and not total.findings and (told.states < states or told.coverage.missing()):
                running.add(pool.submit(tell, chance.randrange(2**32)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                total.add(future.result())
                if future not in fixed:
                    told.add(future.result())
            pace = total.states / (time.monotonic() - begun)
            sys.stdout.write(f"{total} ({pace:.0f} states a second)\n")
            sys.stdout.flush()
    sys.stdout.write(f"\nOf that in stories: {told}\n\n{told.coverage.table()}\n")
    return total
