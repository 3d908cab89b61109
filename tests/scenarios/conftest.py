"""A branch of real processes for each test; authority, certificates and key rings are made once for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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


@contextmanager
def an_office(furnished: World, extra: str = "", quota: str = "64 MiB", **settings: Any) -> Iterator[Office]:
    """An open office: `extra` and `quota` are for its configuration, all else is for its World."""
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder), **settings) as world:
        world.build_like(furnished)
        office = Office(world)
        office.open(extra, quota)
        try:
            yield office
        finally:
            _show_log(world)


@pytest.fixture
def open_office(furnished: World) -> Iterator[OpenOffice]:
    """Open an office with settings as those of `an_office`."""
    with ExitStack() as offices:
        yield lambda *arguments, **settings: offices.enter_context(an_office(furnished, *arguments, **settings))


def _show_log(world: World) -> None:
    """Pytest shows it with a test that fails."""
    if world.log_file.exists():
        sys.stdout.write(world.log_file.read_text())


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An open office."""
    return open_office()
