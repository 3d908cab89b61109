"""What two spools take of the network and of their stores is counted, so a test may hold it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench import hand_over
from bench.two_spools import CHOICES, CROSSINGS, Office, crossings, previews, running
from passbook.job.choice import Side


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    # The path of a Unix socket must be short.
    with TemporaryDirectory(prefix="pb-") as folder, running(Path(folder) / "w") as office:
        yield office


@pytest.mark.long
def test_a_document_crosses_the_network_no_more_often_than_its_choice_needs(office: Office) -> None:
    found = crossings(office)
    assert found.keys() == CHOICES.keys()
    for (name, crossing), needed in zip(found.items(), CROSSINGS, strict=True):
        assert crossing.times == pytest.approx(needed, abs=0.1), name
        assert crossing.total > 0


@pytest.mark.long
def test_a_preview_of_the_own_copy_asks_nothing_of_the_appliance(office: Office) -> None:
    found = previews(office)
    assert found[Side.TERMINAL] == 0
    assert found[Side.APPLIANCE] > 0, "the bytes of a preview are seen at all"


def test_a_hand_over_takes_two_commits_on_either_side_at_most(tmp_path: Path) -> None:
    found = hand_over.counted(tmp_path)
    assert found.keys() == hand_over.CHOICES.keys()
    for name, commits in found.items():
        assert commits.keys() == set(Side)
        for side, count in commits.items():
            assert 1 <= count <= hand_over.MOST, f"{name}: {side.value}"
