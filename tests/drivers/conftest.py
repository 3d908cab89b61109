"""What every test of the drivers starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drivers.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Desks as Desk.build makes them, closed at the end."""
    with ExitStack() as stack:

        def build(kind: str = "tcp", answer: float = 5.0) -> Desk:
            desk = Desk.build(tmp_path, kind, answer)
            stack.callback(desk.close)
            return desk

        yield build


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    return open_desk()
