"""Which kinds of work the stories were made of, and how often the power went in the middle of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from passbook.job.record import Record


class Deed(StrEnum):
    """One kind of work of a store."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    START = "take up"
    STEP = "print a step"
    FINISH = "finish"
    WAIT = "wait for people"
    PROCEED = "go on after that"
    STOP = "stop"
    PRINT = "answer print"
    RESUME = "answer resume"
    DISCARD = "answer discard"
    KEEP = "answer hold"
    PROPOSE = "order lines again"
    SECOND = "a second person"
    REKEY = "re-key"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    PRIORITY = "set a priority"
    EXPIRE = "expire"
    ACKNOWLEDGE = "acknowledge"
    FORGET = "forget"
    CHECK = "check"
    CHECKPOINT = "checkpoint"
    HEADS = "note heads"
    CUT_HISTORY = "cut history"
    RESTART = "restart"
    RECOVER = "start after a cut"


UNWRITTEN: Final = frozenset({Deed.REFUSE})
"""Nothing is written for it, so no power cut can come in its middle."""


@dataclass(eq=False)
class Doing:
    """Something is under way; said a second time when it is over.

    Attributes:
        deeds: what it was, known when it is over; none when it was refused or changed nothing.
    """

    deeds: set[Deed] = field(default_factory=set)


@dataclass
class Coverage:
    """What was done, and what was cut off.

    Attributes:
        done: how often each was done.
        cut: in how many states the power went while it was under way.
    """

    done: Counter[Deed] = field(default_factory=Counter)
    cut: Counter[Deed] = field(default_factory=Counter)

    def add(self, other: Coverage) -> None:
        self.done += other.done
        self.cut += other.cut

    def missing(self) -> set[Deed]:
        """What was never done, or never cut off although it writes."""
        return {deed for deed in Deed if not self.done[deed] or not (self.cut[deed] or deed in UNWRITTEN)}

    def table(self) -> str:
        rows = [f"{deed.value:<20}{self.done[deed]:>8}{self.cut[deed]:>12}" for deed in Deed]
        return "\n".join([f"{'work':<20}{'done':>8}{'cut off':>12}", *rows, ""])


class UnderWay:
    """What is under way at one moment of a log."""

    def __init__(self) -> None:
        self._doing: list[Doing] = []
        self.done: Counter[Deed] = Counter()

    def hear(self, doing: Doing) -> None:
        """It begins, or it is over."""
        if doing in self._doing:
            self._doing.remove(doing)
            self.done.update(doing.deeds)
        else:
            self._doing.append(doing)

    def deeds(self) -> Iterable[Deed]:
        return {deed for doing in self._doing for deed in doing.deeds}


def deeds_of(deed: Deed, before: Record | None, after: Record) -> set[Deed]:
    """What a change of a job came to."""
    if before is None or after == before:
        return set()
    if after.proposed is not None and after.proposed != before.proposed:
        return {Deed.PROPOSE}
    found = {deed}
    if after.key_ref != before.key_ref:
        found.add(Deed.REKEY)
    if before.proposed is not None and after.answered is not None and after.answered.seconded_by is not None:
        found.add(Deed.SECOND)
    return found
