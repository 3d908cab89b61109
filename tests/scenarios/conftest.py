"""A branch of real processes for each test; authority, certificates and key rings are made once for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from demo.world import World
from tests.scenarios.office import Office, furnish

OpenOffice = Callable[..., Office]


@pytest.fixture(scope="session")
def furnished() -> Iterator[World]:
    """A branch that is set up and closed; others are made like it."""
    with TemporaryDirectory(prefix="pb-") as folder:
        with World(Path(folder)) as world:
            furnish(world)
        yield world


@pytest.fixture
def open_office(furnished: World) -> Iterator[OpenOffice]:
    """Open an office: `extra` is TOML for its appliance, all else is for its World."""
    with ExitStack() as offices:

        def open_one(extra: str = "", **settings: Any) -> Office:
            folder = offices.enter_context(TemporaryDirectory(prefix="pb-"))
            world = offices.enter_context(World(Path(folder), **settings))
            offices.callback(_show_log, world)
            world.build_like(furnished)
            office = Office(world)
            office.open(extra)
            return office

        yield open_one


def _show_log(world: World) -> None:
    """Pytest shows it with a test that fails."""
    if world.log_file.exists():
        sys.stdout.write(world.log_file.read_text())


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An open office."""
    return open_office()
