from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.recovery import (
    ASKS_REPRESENTATIVES,
    ASKS_REQUESTER,
    TRANSITIONS,
    Audience,
    Happening,
    next_audience,
)

stories = st.lists(st.sampled_from(Happening), max_size=12)


def told(story: list[Happening]) -> list[Audience]:
    """Who is asked after each happening of a question's life."""
    audiences = [Audience.AWAITED]
    for happening in story:
        audiences.append(next_audience(audiences[-1], happening))
    return audiences


def test_every_happening_has_its_row() -> None:
    assert set(TRANSITIONS) == {(audience, happening) for audience in Audience for happening in Happening}


@given(stories)
def test_representatives_stay_asked(story: list[Happening]) -> None:
    """F3: they are not asked back because the requester came and went."""
    asked = [audience in ASKS_REPRESENTATIVES for audience in told(story)]
    assert asked == sorted(asked)


@given(stories)
def test_representatives_are_asked_only_when_time_is_over_or_it_takes_two(story: list[Happening]) -> None:
    asked = told(story)[-1] in ASKS_REPRESENTATIVES
    assert asked == any(one in story for one in (Happening.TIME_OVER, Happening.SECOND_NEEDED))


@given(stories)
def test_the_requester_is_asked_exactly_while_it_is_there(story: list[Happening]) -> None:
    presence = [one for one in story if one in {Happening.REQUESTER_CAME, Happening.REQUESTER_LEFT}]
    there = bool(presence) and presence[-1] is Happening.REQUESTER_CAME
    assert (told(story)[-1] in ASKS_REQUESTER) == there


@given(stories, st.sampled_from(Happening))
def test_the_same_twice_is_the_same(story: list[Happening], happening: Happening) -> None:
    once = reduce(next_audience, [*story, happening], Audience.AWAITED)
    assert next_audience(once, happening) is once


@pytest.mark.parametrize(
    ("story", "audience"),
    [
        ([Happening.REQUESTER_CAME], Audience.REQUESTER),
        ([Happening.REQUESTER_LEFT, Happening.TIME_OVER], Audience.REPRESENTATIVES),
        ([Happening.REQUESTER_CAME, Happening.TIME_OVER], Audience.EVERYBODY),
        ([Happening.REQUESTER_CAME, Happening.SECOND_NEEDED], Audience.EVERYBODY),
        ([Happening.TIME_OVER, Happening.REQUESTER_CAME], Audience.EVERYBODY),
        ([Happening.REQUESTER_CAME, Happening.REQUESTER_LEFT], Audience.AWAITED),
    ],
)
def test_a_question_goes_its_way(story: list[Happening], audience: Audience) -> None:
    assert told(story)[-1] is audience
