"""What the tests of power cuts under real processes start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from demo.world import World
from tests.needed import has_fuse_library
from tests.scenarios.office import furnish

# Pytest looks for examples in every module, and this one cannot be imported without the library.
collect_ignore = [] if has_fuse_library() else ["logging_fs.py"]

IMAGES = 40
"""Disks that are tried where nobody says how many."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --images; it is known only where this folder is named on the command line."""
    parser.getgroup("passbook").addoption("--images", type=int, help="how many disks are tried")


@pytest.fixture(scope="session")
def images(pytestconfig: pytest.Config) -> int:
    """How many disks a test tries."""
    asked: int | None = pytestconfig.getoption("--images", None)
    return asked or IMAGES


@pytest.fixture(scope="session")
def furnished() -> Iterator[World]:
    """A branch that is set up and closed; others are made like it."""
    with TemporaryDirectory(prefix="pb-") as folder:
        with World(Path(folder)) as world:
            furnish(world)
        yield world
