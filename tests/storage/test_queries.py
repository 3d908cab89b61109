"""The history of several areas as one, also after a clock was wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.job import changes
from passbook.protocol.history_reply import Wanted
from storage import queries
from storage.queries import believed
from storage.spool import Spool
from tests.storage.store import Store

RIGHT = [f"2026-03-02T09:{minute:02}:00.000+00:00" for minute in range(60)]
SLOW = "1970-01-01T00:00:07.000+00:00"
FAST = "2099-01-01T00:00:07.000+00:00"


def tell(store: Store, spool: Spool, *stamps: tuple[str, str]) -> None:
    """Jobs that end in an area at a time, in that order."""
    for area, at in stamps:
        while True:
            job = store.accepted(spool).job_id
            if spool._area_of(job).name == area:
                break
        spool.change(job, changes.cancel(at, "t", "Ann")).result(timeout=30)


def woven(spool: Spool) -> list[tuple[str, str]]:
    return [(told.area, told.entry.at) for told in queries.search(spool._areas, Wanted())][::-1]


@pytest.mark.parametrize("wrong", [SLOW, FAST])
@pytest.mark.parametrize("page", [3, 500])
def test_areas_are_woven_by_time_and_a_wrong_clock_moves_only_its_own_entries(
    store: Store, monkeypatch: pytest.MonkeyPatch, wrong: str, page: int
) -> None:
    monkeypatch.setattr(queries, "ENTRIES_AT_ONCE", page)
    spool = store.open()
    right = [("ab"[minute % 2], RIGHT[minute]) for minute in range(12)]
    tell(store, spool, *right[:6], ("a", wrong), ("b", wrong), *right[6:])
    found = woven(spool)
    assert [one for one in found if one[1] != wrong] == right
    for area in "ab":
        assert [at for name, at in found if name == area] == [
            told.entry.at for told in spool.history(last=1000) if told.area == area
        ]
        assert found.index((area, wrong)) > found.index((area, RIGHT[5 if area == "b" else 4]))


def test_entries_of_an_area_come_in_the_order_of_their_numbers(store: Store) -> None:
    spool = store.open()
    tell(store, spool, ("a", RIGHT[5]), ("a", SLOW), ("b", RIGHT[2]), ("a", FAST), ("a", RIGHT[1]), ("b", SLOW))
    found = spool.history()
    for area in "ab":
        numbers = [told.n for told in found if told.area == area]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("stamps", "keys"),
    [
        ("", ""),
        ("abc", "abc"),
        ("bbc", "bbc"),
        ("bcfaag", "bcfffg"),
        ("bczde", "bccde"),
        ("zbc", "bbc"),
        ("bca", "bcc"),
        ("z", "z"),
    ],
)
def test_what_does_not_agree_with_the_rest_counts_as_what_is_before_it(stamps: str, keys: str) -> None:
    assert "".join(believed(stamps)) == keys


@given(st.lists(st.sampled_from("abcdef")))
def test_what_is_woven_by_never_goes_back(stamps: list[str]) -> None:
    keys = believed(stamps)
    assert keys == sorted(keys)
    assert len(keys) == len(stamps)
    assert set(keys) <= set(stamps)
    assert (keys == stamps) is (stamps == sorted(stamps))
