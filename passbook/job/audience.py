"""The audience of an open question: a table over the terminals that are connected and the time that has passed (F3).

The question itself is the record; this machine only says which terminals are asked now. The caller brings the time.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Audience(StrEnum):
    """The terminals that have been asked."""

    AWAITED = "awaited"
    """No terminal: the requester is not connected and its grace is not over."""
    REQUESTER = "requester"
    """The requester; its time to answer is running."""
    REPRESENTATIVES = "representatives"
    """The representatives, because the requester is not connected."""
    EVERYBODY = "everybody"
    """The requester and the representatives; the first answer counts."""


class AudienceEvent(StrEnum):
    """An event that changes the audience."""

    REQUESTER_CAME = "requester-came"
    REQUESTER_LEFT = "requester-left"
    TIME_OVER = "time-over"
    """The grace of an absent requester, or the answer time of a requester that was asked, is over."""
    SECOND_NEEDED = "second-needed"
    """A person ordered lines on paper again, and a person at another terminal must do so too."""


_A, _H = Audience, AudienceEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_A.AWAITED, _H.REQUESTER_CAME): _A.REQUESTER,
        (_A.AWAITED, _H.REQUESTER_LEFT): _A.AWAITED,
        (_A.AWAITED, _H.TIME_OVER): _A.REPRESENTATIVES,
        (_A.AWAITED, _H.SECOND_NEEDED): _A.REPRESENTATIVES,
        (_A.REQUESTER, _H.REQUESTER_CAME): _A.REQUESTER,
        (_A.REQUESTER, _H.REQUESTER_LEFT): _A.AWAITED,
        (_A.REQUESTER, _H.TIME_OVER): _A.EVERYBODY,
        (_A.REQUESTER, _H.SECOND_NEEDED): _A.EVERYBODY,
        (_A.REPRESENTATIVES, _H.REQUESTER_CAME): _A.EVERYBODY,
        (_A.REPRESENTATIVES, _H.REQUESTER_LEFT): _A.REPRESENTATIVES,
        (_A.REPRESENTATIVES, _H.TIME_OVER): _A.REPRESENTATIVES,
        (_A.REPRESENTATIVES, _H.SECOND_NEEDED): _A.REPRESENTATIVES,
        (_A.EVERYBODY, _H.REQUESTER_CAME): _A.EVERYBODY,
        (_A.EVERYBODY, _H.REQUESTER_LEFT): _A.REPRESENTATIVES,
        (_A.EVERYBODY, _H.TIME_OVER): _A.EVERYBODY,
        (_A.EVERYBODY, _H.SECOND_NEEDED): _A.EVERYBODY,
    }
)
"""(audience, happening) -> audience; complete: every pair has its row."""

ASKS_REQUESTER: Final = frozenset({Audience.REQUESTER, Audience.EVERYBODY})
ASKS_REPRESENTATIVES: Final = frozenset({Audience.REPRESENTATIVES, Audience.EVERYBODY})


def next_audience(audience: Audience, happening: AudienceEvent) -> Audience:
    """The audience after `happening`."""
    return TRANSITIONS[audience, happening]
