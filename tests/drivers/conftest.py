"""What every test of the drivers starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drivers.workbench import Workbench

OpenWorkbench = Callable[..., Workbench]


@pytest.fixture
def open_workbench(tmp_path: Path) -> Iterator[OpenWorkbench]:
    """Workbenches as Workbench.build makes them, closed at the end."""
    with ExitStack() as stack:

        def build(kind: str = "tcp", answer: float = 5.0) -> Workbench:
            workbench = Workbench.build(tmp_path, kind, answer)
            stack.callback(workbench.close)
            return workbench

        yield build


@pytest.fixture
def workbench(open_workbench: OpenWorkbench) -> Workbench:
    return open_workbench()
