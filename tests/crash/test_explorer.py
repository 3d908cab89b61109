from __future__ import annotations

import random
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from passbook.job.states import JobState
from storage.tables import schema
from tests.crash.coverage import UNWRITTEN, Deed
from tests.crash.day import explore_day, said_too_early
from tests.crash.explorer import Explored
from tests.crash.model import Fault
from tests.crash.stories import tell

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def unsynced() -> Iterator[None]:
    """A store that does not sync its log at a commit."""
    pragmas = tuple(("synchronous", "normal", 1) if one[0] == "synchronous" else one for one in schema.PRAGMAS)
    with patch.object(schema, "PRAGMAS", pragmas):
        yield


@pytest.mark.long
def test_nothing_is_lost_or_printed_twice_whenever_the_power_goes_in_work_of_any_kind(seed: int) -> None:
    """Stories are told until each kind of work was done in them, and enough states were tried."""
    chance, told = random.Random(seed), Explored()
    for _ in range(40):
        told.add(tell(chance.randrange(2**32), count=5, states=30))
        if told.findings or (told.states > 600 and not set(Deed) - told.coverage.done.keys()):
            break
    print(f"seed {seed}: {told}\n{told.coverage.table()}")
    assert told.findings == []
    assert set(Deed) - told.coverage.done.keys() == set()
    assert told.states > 600
    assert told.jobs > 200
    # What is rare may be cut off by no power cut of so few.
    assert len(told.coverage.cut) > len(Deed) / 2
    assert told.coverage.cut.keys() <= told.coverage.done.keys() - UNWRITTEN


@pytest.mark.long
def test_a_day_is_safe_whenever_the_power_goes(seed: int) -> None:
    explored = explore_day(limit=400, seed=seed)
    assert explored.findings == []
    assert explored.images > 100


@pytest.mark.usefixtures("unsynced")
def test_a_store_that_does_not_sync_loses_what_it_acknowledged(seed: int) -> None:
    explored = explore_day(limit=300, seed=seed)
    assert explored.faults[Fault.LOST] > 10
    assert explored.faults[Fault.TWICE] > 0


@pytest.mark.long
@pytest.mark.usefixtures("unsynced")
def test_a_store_that_does_not_sync_loses_nothing_when_only_its_process_dies() -> None:
    explored = explore_day(limit=None, kept_only=True)
    assert explored.findings == []
    assert explored.jobs > 100


@pytest.mark.long
def test_an_acknowledgement_that_comes_too_early_is_a_loss() -> None:
    early = said_too_early(lambda record: record.state is JobState.PENDING)
    explored = explore_day(limit=None, kept_only=True, spoil=early)
    assert explored.faults[Fault.LOST] > 0
    assert explored.faults.keys() == {Fault.LOST}


@pytest.mark.long
def test_a_step_that_is_sent_before_it_is_stored_is_printed_twice() -> None:
    early = said_too_early(lambda record: record.sending > 0)
    explored = explore_day(limit=None, kept_only=True, spoil=early)
    assert explored.faults[Fault.TWICE] > 0
    assert explored.faults.keys() == {Fault.TWICE}
