"""Two histories as one list: each event once, in the order of its own chain, whatever the clocks said (C6)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import HistoryKind, Reported
from passbook.job.states import JobState, Reason
from passbook.protocol.history_reply import GetHistory, HistoryLine, HistoryReply, Wanted
from passbook.protocol.notice import HistoryHead, HistoryHeads
from terminal.agent.both_histories import BothHistories
from terminal.agent.merged_history import ENTRIES_KEPT, KeptHistory, merged
from tests.firmware.branch import StandingClock
from tests.terminal.samples import view

START = datetime.datetime.fromisoformat("2026-03-02T09:00:00.000+00:00")
CHAIN = "0c" * 32
ENDED, ACKNOWLEDGED, STOPPED = HistoryKind.ENDED, HistoryKind.ACKNOWLEDGED, HistoryKind.STOPPED
TOO = HistoryKind.PRINTED_TOO


def stamp(seconds: int) -> str:
    return (START + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def line(kind: HistoryKind, at: int, job: str = "aa11", side: Side = Side.APPLIANCE, **facts: Any) -> HistoryLine:
    return HistoryLine(stamp(at), kind, view(job=job, side=side, **facts), None, None, 0)


def copy_of(entry: int, at: int) -> Reported:
    return Reported(stamp(at), area="b", entry=entry, chain=CHAIN)


def is_own(told: Reported) -> bool:
    return (told.area, told.chain) == ("b", CHAIN)


def kinds(lines: Sequence[HistoryLine]) -> list[tuple[str, str]]:
    return [(one.kind.value, one.job.side.value) for one in lines]


class Event(NamedTuple):
    """The way of one job: which side has its end, and whether the other one knows it."""

    is_own: bool
    is_told: bool
    at: int
    later: int


EVENTS = st.lists(st.builds(Event, st.booleans(), st.booleans(), st.integers(0, 9000), st.integers(0, 9000)))


@given(events=EVENTS, offset=st.integers(-7200, 7200))
def test_each_event_is_told_once_and_no_chain_changes_its_order(events: list[Event], offset: int) -> None:
    """The terminal's clock is `offset` seconds wrong."""
    theirs: list[HistoryLine] = []
    own: list[HistoryLine] = []
    expected: list[tuple[str, HistoryKind]] = []
    for number, event in enumerate(events, 1):
        job = f"{number:04x}"
        own.append(line(STOPPED, event.at + offset, job, Side.TERMINAL))
        expected += [(job, STOPPED), (job, ENDED)]
        if event.is_own:
            own.append(line(ENDED, event.at + offset, job, Side.TERMINAL, state=JobState.COMPLETED))
            if event.is_told:
                told = copy_of(number, event.at + offset)
                theirs.append(line(ENDED, event.at + event.later, job, reported=told))
                theirs.append(line(ACKNOWLEDGED, event.at + event.later, job, reported=told))
                own.append(line(ACKNOWLEDGED, event.at + event.later + offset, job, Side.TERMINAL))
                expected.append((job, ACKNOWLEDGED))
        else:
            theirs.append(line(ENDED, event.at, job))
            if event.is_told:
                told = Reported(stamp(event.at))
                away = {"right": RightState.AWAY, "reported": told}
                own.append(line(ENDED, event.at + event.later + offset, job, Side.TERMINAL, **away))
                own.append(line(ACKNOWLEDGED, event.at + event.later + offset, job, Side.TERMINAL, **away))
    for is_whole in (True, False):
        found = merged(theirs, own, is_own, is_whole=is_whole)
        assert sorted((one.job.job, one.kind) for one in found) == sorted(expected)
        for side, chain in ((Side.APPLIANCE, theirs), (Side.TERMINAL, own)):
            assert [one for one in found if one.job.side is side] == [one for one in chain if one in found]


def test_a_copy_whose_entry_the_own_spool_has_no_more_stays() -> None:
    told = line(ENDED, 5, reported=copy_of(3, 1))
    assert merged([told], [], lambda _: False, is_whole=True) == [told]


def test_a_print_beside_the_appliances_own_one_stands_as_the_own_end_and_theirs() -> None:
    theirs = [line(ENDED, 1), line(TOO, 9, reported=copy_of(3, 2)), line(ACKNOWLEDGED, 9, reported=copy_of(3, 2))]
    own = [line(ENDED, 2, side=Side.TERMINAL), line(ACKNOWLEDGED, 9, side=Side.TERMINAL)]
    found = merged(theirs, own, is_own, is_whole=True)
    assert kinds(found) == [("ended", "appliance"), ("ended", "terminal"), ("acknowledged", "appliance")]


def test_another_choice_of_the_feeding_copy_that_both_spools_note_is_told_once() -> None:
    theirs = [line(HistoryKind.FEED_CHOSEN, 1)]
    own = [line(HistoryKind.FEED_CHOSEN, 2, side=Side.TERMINAL)]
    assert merged(theirs, own, is_own, is_whole=True) == theirs


def test_an_end_that_the_appliance_never_knew_keeps_its_note_of_a_person() -> None:
    refused: dict[str, Any] = {"side": Side.TERMINAL, "state": JobState.ABORTED, "reasons": (Reason.REFUSED,)}
    own = [line(ENDED, 1, **refused), line(ACKNOWLEDGED, 2, **refused)]
    assert merged([], own, is_own, is_whole=True) == own


def test_an_end_that_the_appliance_told_long_ago_is_shown_apart_from_the_own_copy() -> None:
    own = [line(ENDED, 5, side=Side.TERMINAL, right=RightState.AWAY, reported=Reported(stamp(1)))]
    assert merged([], own, is_own, is_whole=False) == own
    assert merged([], own, is_own, is_whole=True) == []
    theirs = [line(ENDED, 1)]
    assert merged(theirs, own, is_own, is_whole=False) == theirs


# What is kept for the time apart


def lines(first: int, last: int) -> list[HistoryLine]:
    return [line(STOPPED, at) for at in range(first, last + 1)]


def test_only_what_is_new_is_asked_for_and_an_entry_that_came_twice_is_kept_once() -> None:
    kept = KeptHistory(StandingClock())
    assert kept.news({"a": 3}) == ENTRIES_KEPT
    kept.learn(lines(1, 3), {"a": 3})
    assert (kept.news({"a": 3}), kept.news({"a": 5})) == (0, 2)
    kept.learn(lines(3, 5), {"a": 5})
    assert kept.wanted(Wanted()) == lines(1, 5)
    kept.learn([], {"a": 5})
    assert kept.wanted(Wanted(since=stamp(4))) == lines(4, 5)


@pytest.mark.parametrize("areas", [{"a": 2}, {"a": 9, "b": 1}, {"b": 9}])
def test_a_history_that_is_another_one_is_learned_anew(areas: Mapping[str, int]) -> None:
    kept = KeptHistory(StandingClock())
    kept.learn(lines(1, 3), {"a": 3})
    assert kept.news(areas) == ENTRIES_KEPT
    kept.learn(lines(7, 8), areas)
    assert kept.wanted(Wanted()) == lines(7, 8)


def test_the_newest_entries_are_kept_and_their_age_counts_from_the_last_word() -> None:
    clock = StandingClock()
    kept = KeptHistory(clock)
    kept.learn(lines(1, ENTRIES_KEPT), {"a": ENTRIES_KEPT})
    clock.seconds += 40
    kept.learn(lines(ENTRIES_KEPT + 1, ENTRIES_KEPT + 2), {"a": ENTRIES_KEPT + 2})
    assert kept.wanted(Wanted()) == lines(3, ENTRIES_KEPT + 2)
    assert kept.age() == 1
    clock.seconds += 40
    assert kept.age() == 40


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(job="aa"), 2),
        (Wanted(job="bb"), 0),
        (Wanted(requester="teller-2"), 0),
        (Wanted(outcome="completed"), 1),
        (Wanted(outcome="canceled"), 0),
        (Wanted(since=stamp(2)), 1),
        (Wanted(until=stamp(1)), 1),
    ],
)
def test_the_kept_entries_are_searched_as_the_appliance_does(wanted: Wanted, count: int) -> None:
    kept = KeptHistory(StandingClock())
    kept.learn([line(STOPPED, 1), line(ENDED, 2, state=JobState.COMPLETED)], {"a": 2})
    assert len(kept.wanted(wanted)) == count


# Asking the appliance


class OwnEntry(NamedTuple):
    entry: HistoryLine


class Appliance:
    """An appliance that tells this history; also the spool of the terminal, which has these own entries."""

    def __init__(self, theirs: list[HistoryLine], own: list[HistoryLine]) -> None:
        self.theirs = theirs
        self.own = own
        self.asked: list[int] = []
        self.notices = self
        self.spool = self
        self.clock = StandingClock()

    async def command(self, _name: str, payload: Any, kind: type[Any]) -> Any:
        if kind is HistoryHeads:
            return HistoryHeads((HistoryHead("a", len(self.theirs), b""),), ())
        self.asked.append(payload.last)
        return HistoryReply(tuple(self.theirs[-payload.last :]))

    def heads_at(self, _entries: Mapping[str, int]) -> list[Any]:
        class Head:
            chain = bytes.fromhex(CHAIN)

        return [Head()]

    @staticmethod
    def line(entry: HistoryLine) -> HistoryLine:
        return entry

    def history(self, _job: str, last: int, _wanted: Wanted) -> list[OwnEntry]:
        return [OwnEntry(one) for one in self.own[-last:]]


def both(theirs: list[HistoryLine], own: list[HistoryLine]) -> tuple[Appliance, BothHistories]:
    appliance = Appliance(theirs, own)
    return appliance, BothHistories(cast("Any", appliance), cast("Any", appliance), "teller-1")


def test_so_many_entries_are_asked_for_that_copies_hide_none() -> None:
    others = [line(STOPPED, 100 + at, "bb") for at in range(30)]
    copies = [line(ENDED, 500 + at, "cc", reported=copy_of(at + 1, at)) for at in range(30)]
    own = [line(ENDED, at, "cc", Side.TERMINAL) for at in range(30)]
    appliance, histories = both(others + copies, own)
    reply = asyncio.run(histories.told(GetHistory(last=10)))
    assert list(reply.entries) == others[-10:], "the newest ten events are those of the others"
    assert appliance.asked == [10, 20, 40]
    assert reply.age == 0


def test_apart_the_kept_entries_and_the_own_ones_are_told_with_the_age() -> None:
    appliance, histories = both([line(STOPPED, 1)], [line(ENDED, 2, side=Side.TERMINAL)])
    asyncio.run(histories.learn())
    asyncio.run(histories.learn())
    assert appliance.asked == [ENTRIES_KEPT], "nothing is asked for where nothing is new"
    appliance.clock.seconds += 90
    reply = asyncio.run(histories.apart(GetHistory()))
    assert (kinds(reply.entries), reply.age) == ([("stopped", "appliance"), ("ended", "terminal")], 90)
