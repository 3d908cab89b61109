"""A branch of real processes for each test; authority, certificates and key rings are made once for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from client.connection import TerminalClient
from demo.secrets_search import search_files
from demo.world import PRINTER, World
from drivers.simulator.faults import Now, Target
from tests.scenarios.clerk import as_terminal
from tests.scenarios.door import REFUSED, standing
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
def an_office(
    furnished: World,
    extra: str = "",
    quota: str = "64 MiB",
    *,
    own_key_jobs: bool = False,
    printer: str = "",
    **settings: Any,
) -> Iterator[Office]:
    """An open office: `extra`, `quota` and `printer` are for its configuration, all else is for its World."""
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder), **settings) as world:
        world.build_like(furnished)
        office = Office(world)
        office.open(extra, quota, own_key_jobs=own_key_jobs, printer=printer)
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


@pytest.fixture(scope="module")
def open_door(furnished: World) -> Iterator[Office]:
    """One office for all tests of this file; its mechanism has no power, so that nothing prints."""
    with an_office(furnished) as office:
        office.hands.cut(Target.PRINTER, Now())
        yield office


@pytest.fixture
def door(open_door: Office) -> Iterator[Office]:
    """An office that must be as it was, and that goes on serving others, whatever a test did at its door."""
    before = standing(open_door)
    yield open_door
    assert as_terminal(open_door.manager, TerminalClient.status).printers[0].printer == PRINTER
    assert standing(open_door) == before
    assert search_files([open_door.world.data, open_door.world.log_file], {"what was refused": REFUSED}) == []
