"""The sheets of form stock that one job has drawn, as values of its record."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec


class IssueState(StrEnum):
    """The state of one drawn sheet."""

    DRAWN = "drawn"
    """It is debited for its job, and nothing was sent for it."""
    BEGUN = "begun"
    """A line of it was sent: it can be used for no other job."""
    PRINTED = "printed"
    """All its lines are on paper."""
    SET_ASIDE = "set-aside"
    """Its lines are ordered again: its job draws another sheet, unless an answer goes on with this one before."""
    VOIDED = "voided"
    """Nothing was sent for it, and its job ended: it lies in its cassette again."""
    SPOILED = "spoiled"
    """A line of it was sent, and the sheet is no good."""


class IssueEvent(StrEnum):
    """An event that changes a drawn sheet."""

    BEGIN = "begin"
    """A line of it is being sent."""
    CONFIRM = "confirm"
    """Its last line is on paper."""
    ORDER_AGAIN = "order-again"
    """An answer orders all its lines again."""
    GO_ON = "go-on"
    """An answer goes on behind its first line."""
    VOID = "void"
    """Its job ended before anything was sent for it."""
    SPOIL = "spoil"
    """Its job ended in the middle of it, or drew another sheet for its lines."""


_S, _E = IssueState, IssueEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.DRAWN, _E.BEGIN): _S.BEGUN,
        (_S.DRAWN, _E.VOID): _S.VOIDED,
        (_S.BEGUN, _E.CONFIRM): _S.PRINTED,
        (_S.BEGUN, _E.ORDER_AGAIN): _S.SET_ASIDE,
        (_S.BEGUN, _E.SPOIL): _S.SPOILED,
        (_S.PRINTED, _E.ORDER_AGAIN): _S.SET_ASIDE,
        (_S.PRINTED, _E.SPOIL): _S.SPOILED,
        (_S.SET_ASIDE, _E.GO_ON): _S.BEGUN,
        (_S.SET_ASIDE, _E.SPOIL): _S.SPOILED,
    }
)
"""(state, event) -> state; a pair that is not here is a defect of the caller (KeyError)."""
IN_USE: Final = frozenset({IssueState.DRAWN, IssueState.BEGUN, IssueState.PRINTED})
"""States of a sheet that stands for a page of its job."""


class IssuedSheet(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One sheet that was drawn for a page of a job.

    Attributes:
        cassette: where it lay.
        number: that of the sheet; 0 where its stock has no numbers.
        reason: why it was spoiled, a keyword of passbook.job.states.Reason; empty while it was not.
    """

    page: int
    cassette: str
    number: int = 0
    state: IssueState = IssueState.DRAWN
    reason: str = ""


class FormIssue(msgspec.Struct, frozen=True, rename="camel"):
    """The kind of form of which a job takes a sheet for each page, and the sheets that it has drawn, in their order."""

    form: str
    sheets: tuple[IssuedSheet, ...] = ()

    def in_use(self) -> dict[int, IssuedSheet]:
        """The sheet that stands for each page, by page."""
        return {sheet.page: sheet for sheet in self.sheets if sheet.state in IN_USE}
