from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.job.audience import (
    ASKS_REPRESENTATIVES,
    ASKS_REQUESTER,
    TRANSITIONS,
    Audience,
    AudienceEvent,
    next_audience,
)

stories = st.lists(st.sampled_from(AudienceEvent), max_size=12)


def told(story: list[AudienceEvent]) -> list[Audience]:
    """Who is asked after each happening of a question's life."""
    audiences = [Audience.AWAITED]
    for happening in story:
        audiences.append(next_audience(audiences[-1], happening))
    return audiences


def test_every_happening_has_its_row() -> None:
    assert set(TRANSITIONS) == {(audience, happening) for audience in Audience for happening in AudienceEvent}


@given(stories)
def test_representatives_stay_asked(story: list[AudienceEvent]) -> None:
    """F3: they are not asked back because the requester came and went."""
    asked = [audience in ASKS_REPRESENTATIVES for audience in told(story)]
    assert asked == sorted(asked)


@given(stories)
def test_representatives_are_asked_only_when_time_is_over_or_it_takes_two(story: list[AudienceEvent]) -> None:
    asked = told(story)[-1] in ASKS_REPRESENTATIVES
    assert asked == any(one in story for one in (AudienceEvent.TIME_OVER, AudienceEvent.SECOND_NEEDED))


@given(stories)
def test_the_requester_is_asked_exactly_while_it_is_there(story: list[AudienceEvent]) -> None:
    presence = [one for one in story if one in {AudienceEvent.REQUESTER_CAME, AudienceEvent.REQUESTER_LEFT}]
    there = bool(presence) and presence[-1] is AudienceEvent.REQUESTER_CAME
    assert (told(story)[-1] in ASKS_REQUESTER) == there


@given(stories, st.sampled_from(AudienceEvent))
def test_the_same_twice_is_the_same(story: list[AudienceEvent], happening: AudienceEvent) -> None:
    once = reduce(next_audience, [*story, happening], Audience.AWAITED)
    assert next_audience(once, happening) is once


@pytest.mark.parametrize(
    ("story", "audience"),
    [
        ([AudienceEvent.REQUESTER_CAME], Audience.REQUESTER),
        ([AudienceEvent.REQUESTER_LEFT, AudienceEvent.TIME_OVER], Audience.REPRESENTATIVES),
        ([AudienceEvent.REQUESTER_CAME, AudienceEvent.TIME_OVER], Audience.EVERYBODY),
        ([AudienceEvent.REQUESTER_CAME, AudienceEvent.SECOND_NEEDED], Audience.EVERYBODY),
        ([AudienceEvent.TIME_OVER, AudienceEvent.REQUESTER_CAME], Audience.EVERYBODY),
        ([AudienceEvent.REQUESTER_CAME, AudienceEvent.REQUESTER_LEFT], Audience.AWAITED),
    ],
)
def test_a_question_goes_its_way(story: list[AudienceEvent], audience: Audience) -> None:
    assert told(story)[-1] is audience
