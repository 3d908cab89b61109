"""What the tests of the appliance's doors and people share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spooler import desk as print_desk
from tests.drivers.workbench import Workbench
from tests.firmware.agency import Agency
from tests.firmware.branch import Bench
from tests.firmware.counter import Counter, OpenCounter
from tests.storage.store import Store
from tests.terminal.conftest import Branch


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    """An appliance whose terminal has an agent."""
    agency = Agency(tmp_path)
    yield agency
    agency.bench.spool.close()


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    """An authority and the terminals that are enrolled with it."""
    return Branch(tmp_path_factory.mktemp("enrolled"))


@pytest.fixture
def open_counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenCounter]:
    """Counters that are closed in order: desk, store, mechanism."""
    monkeypatch.setattr(print_desk, "RETRY", 0.01)
    monkeypatch.setattr(print_desk, "TAKE_LOOK", 0.05)
    with ExitStack() as stack:

        def build(store: Store | None = None, answer: float = 5.0, **facts: object) -> Counter:
            mechanism = Workbench.build(tmp_path / "printer", answer=answer)
            stack.callback(mechanism.close)
            store = store or Store(tmp_path)
            stack.callback(store.close)
            counter = Counter(mechanism, store, **facts)  # type: ignore[arg-type]  # each test names fields
            stack.callback(counter.close)
            return counter

        yield build


@pytest.fixture
def counter(open_counter: OpenCounter) -> Counter:
    """A counter at which nothing is out of the ordinary."""
    return open_counter()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The rooms of the appliance around a real store, closed at the end."""
    one = Bench(tmp_path)
    yield one
    one.spool.close()
