"""A spool that is nearly full stops and starts again at two marks (C5)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.job.states import Reason
from passbook.protocol.document_rules import DocumentRule
from passbook.protocol.messages import SubmitJob
from spooler.fullness import Fullness, Marks

PERCENTS = st.lists(st.floats(0, 120), max_size=30)
MARKS = st.tuples(st.integers(1, 100), st.integers(1, 100)).map(lambda two: Marks(max(two), min(two)))


class Spool:
    """A spool that is as full as a test says."""

    def __init__(self, marks: Marks, *rules: DocumentRule) -> None:
        self.percent = 0.0
        self.fullness = Fullness(lambda: self.percent, marks, rules)
        self.heard: list[bool] = []
        self.fullness.watchers.append(self.heard.append)

    def stopped_at(self, percent: float) -> bool:
        self.percent = percent
        return self.fullness.is_stopped


def request(**facts: Any) -> SubmitJob:
    return SubmitJob("r-1", **({"printer": "front", "format": "text"} | facts))


def test_it_stops_at_the_higher_mark_and_starts_again_below_the_lower_one() -> None:
    spool = Spool(Marks(90, 80))
    steps = [(89.9, False), (90.0, True), (85.0, True), (80.0, True), (79.9, False), (85.0, False)]
    assert [(percent, spool.stopped_at(percent)) for percent, _ in steps] == steps
    assert spool.heard == [True, False]


@given(MARKS, PERCENTS)
def test_it_never_changes_between_the_marks(marks: Marks, percents: list[float]) -> None:
    spool = Spool(marks)
    before = False
    for percent in percents:
        now = spool.stopped_at(percent)
        if marks.start_at <= percent < marks.stop_at:
            assert now == before
        else:
            assert now == (percent >= marks.stop_at)
        before = now


@given(MARKS, PERCENTS, st.floats(0, 50))
def test_a_fuller_spool_is_never_the_one_that_takes_more(marks: Marks, percents: list[float], more: float) -> None:
    one, fuller = Spool(marks), Spool(marks)
    for percent in percents:
        assert fuller.stopped_at(percent + more) >= one.stopped_at(percent)


@given(MARKS, PERCENTS)
def test_each_change_is_told_once(marks: Marks, percents: list[float]) -> None:
    spool = Spool(marks)
    states = [False, *(spool.stopped_at(percent) for percent in percents)]
    assert spool.heard == [now for before, now in pairwise(states) if before != now]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (DocumentRule(), True),
        (DocumentRule(printer="front"), True),
        (DocumentRule(printer="back"), False),
        (DocumentRule(form="sheet"), True),
        (DocumentRule(form="savings-24"), False),
        (DocumentRule(application="desk"), True),
        (DocumentRule(application="mail"), False),
        (DocumentRule("front", "sheet", "desk"), True),
        (DocumentRule("front", "sheet", "mail"), False),
    ],
)
def test_a_rule_speaks_of_the_requests_that_fit_all_its_words(rule: DocumentRule, fits: bool) -> None:
    spool = Spool(Marks(), DocumentRule(printer="no such printer"), rule)
    expected = Reason.BY_RULE if fits else None
    assert spool.fullness.objection(request(application="desk"), "sheet") is expected


def test_a_full_spool_objects_and_says_why() -> None:
    spool = Spool(Marks(90, 80))
    assert spool.fullness.objection(request(), "sheet") is None
    spool.percent = 95.0
    assert spool.fullness.objection(request(), "sheet") is Reason.NEARLY_FULL
