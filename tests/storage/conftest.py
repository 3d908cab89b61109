"""What every test of the store starts from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.disk import Disk
from tests.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two areas in a folder of the test's own."""
    one = Store(tmp_path)
    yield one
    one.close()


@pytest.fixture
def disk(store: Store) -> Iterator[Disk]:
    """The disk below `store`."""
    watched = Disk(f"disk {store.folder}")
    store.vfs = watched.name
    yield watched
    store.close()
    watched.unregister()
