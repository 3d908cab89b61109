"""The right to print a job, where two spools keep a copy of it (P13); pure rules.

Theory of operation.  A terminal and its appliance may both keep a copy of one job, and each could print it.  So each
copy carries the value below: whether the right is here, offered, or away.  Of the two at most one says "here".

The right moves in four steps, each durable before its message leaves.  The giver offers it under a new token, and
cannot print from then on.  The taker takes it, and says so; or it refuses, durably, and says that.  Then the giver lets
go, or has the right again.  Nothing else withdraws an offer: silence does not, for the taker may have taken it.  A
message that was lost is sent again under its token.  One that comes twice or late finds a token that is not lower: it
changes nothing, and gets the answer that it got.

What breaks it: a power cut between a step and its message only loses the message.  A copy that was rolled back to
yesterday may say "here" again.  So the right is no permission by itself: a copy must be valid too, and no boot leaves
one valid.  An invalid copy neither offers nor takes nor refuses, since it may have forgotten what it did.  A person
answers its question; where its store finds the rollback, or where the right is not here, that takes two people, as any
reprint does.

    giver                                   taker
    here 0     offer -> offered 1           away 0
                         -- offer 1 -->     take  -> here 1
    let go  -> away 1    <-- taken 1 --
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from passbook.errors import PassbookError


class RightState(StrEnum):
    """Where the right to print a job is, as far as one of its copies knows."""

    HERE = "here"
    """This spool may print the job, while its record is valid."""
    OFFERED = "offered"
    """This spool gave it up, and does not know yet whether the other one took it."""
    AWAY = "away"
    """The other spool has it, or may have it."""


class RightEvent(StrEnum):
    """What can happen to the right to print."""

    OFFER = "offer"
    """This spool gives it to the other one, under a new token."""
    TAKE = "take"
    """This spool takes what the other one offers."""
    REFUSE = "refuse"
    """This spool will never take what the other one offers."""
    LET_GO = "let-go"
    """The other spool said that it took it."""
    WITHDRAW = "withdraw"
    """The other spool said that it refused it."""
    CLAIM = "claim"
    """Two people ordered this spool to print, wherever the right is."""
    LOSE = "lose"
    """The other spool said that two people ordered it to print."""


_S, _E = RightState, RightEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.HERE, _E.OFFER): _S.OFFERED,
        (_S.OFFERED, _E.LET_GO): _S.AWAY,
        (_S.OFFERED, _E.WITHDRAW): _S.HERE,
        # The other side took it, and offers it back before its word of that has come.
        (_S.OFFERED, _E.TAKE): _S.HERE,
        (_S.OFFERED, _E.REFUSE): _S.AWAY,
        (_S.OFFERED, _E.CLAIM): _S.HERE,
        (_S.HERE, _E.LOSE): _S.AWAY,
        (_S.AWAY, _E.TAKE): _S.HERE,
        (_S.AWAY, _E.REFUSE): _S.AWAY,
        (_S.AWAY, _E.CLAIM): _S.HERE,
    }
)
"""(state, event) -> state; a pair that is not here is refused."""


class PrintRight(msgspec.Struct, frozen=True):
    """The right to print one job, in one of its copies.

    Attributes:
        token: rises at each move; the same number names a move on both sides.
    """

    state: RightState = RightState.HERE
    token: int = 0


class RightReply(StrEnum):
    """What a spool says of an offer."""

    TAKEN = "taken"
    REFUSED = "refused"


def moved(job: str, right: PrintRight, event: RightEvent, token: int) -> PrintRight:
    """The right after `event`, under `token`.  Raises PassbookError `not-allowed-in-state`."""
    try:
        return PrintRight(TRANSITIONS[right.state, event], token)
    except KeyError:
        state = f"in a spool where its print right is {right.state.value}"
        raise PassbookError("not-allowed-in-state", job=job, state=state, event=event.value) from None


def reply_to_offer(right: PrintRight, token: int) -> RightReply | None:
    """The reply to the offer `token`, once a spool decided about it; None where another message tells more."""
    if right.token != token:
        return None
    return {RightState.HERE: RightReply.TAKEN, RightState.AWAY: RightReply.REFUSED}.get(right.state)
