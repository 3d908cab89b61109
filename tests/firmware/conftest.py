"""What the tests of the appliance's doors share."""

from __future__ import annotations

import pytest

from tests.terminal.conftest import Branch


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    """An authority and the terminals that are enrolled with it."""
    return Branch(tmp_path_factory.mktemp("enrolled"))
