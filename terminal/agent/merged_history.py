"""One list of two histories: that of the appliance, and that of the terminal's own spool (C6).

Theory of operation.  Each spool has a chain of its own, with the events of its own copies.  Most events are in one
chain only, whatever the other one has.  The end of a job is in both: the spool that printed it has the entry itself,
and the other one has a copy, whose record says `reported`.  A copy at the appliance names area, number and chain value
of the terminal's entry, so that the pair is known without comparing stamps.  In the merged list the entry itself
stands, and its copy is left out; so are the terminal's notes that the appliance took an end, or another choice of the
feeding copy.  The stamps only weave the
two lists together: neither changes its order, whatever a clock said.

    terminal, entry b/17     ended 07:10, printed at its own printer
    appliance, entry a/52    ended 09:00, reported: 07:10, b/17     left out
    appliance, entry a/53    acknowledged 09:00
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from passbook.job.print_right import RightState
from passbook.job.record import HistoryKind, Reported
from passbook.job.states import Reason
from passbook.protocol.history_reply import HistoryLine, HistoryReply, Wanted
from spooler.clock import Clock

ENTRIES_KEPT: Final = 200
"""Entries of the appliance's history that are kept; the newest ones."""
_ENDS: Final = frozenset({HistoryKind.ENDED, HistoryKind.PRINTED_TOO})


class KeptHistory:
    """The newest entries of the appliance's history, for the time when it is away; in memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: tuple[HistoryLine, ...] = ()
        self._entries: Mapping[str, int] = {}
        self._told = clock.monotonic()

    def news(self, entries: Mapping[str, int]) -> int:
        """How many entries are to be learned where the areas of the appliance have so many; at most ENTRIES_KEPT."""
        is_known = entries.keys() == self._entries.keys() and all(entries[one] >= self._entries[one] for one in entries)
        news = sum(entries.values()) - sum(self._entries.values()) if is_known else ENTRIES_KEPT
        return min(news, ENTRIES_KEPT)

    def learn(self, lines: Sequence[HistoryLine], entries: Mapping[str, int]) -> None:
        """Take the newest entries, of areas that have so many entries now."""
        news = self.news(entries)
        # The areas may have grown between the two answers: an entry that is known already is not kept twice.
        kept = [line for line in self._lines if line not in lines] if news < ENTRIES_KEPT else []
        self._lines = (*kept, *lines)[-ENTRIES_KEPT:]
        self._entries = dict(entries)
        self._told = self._clock.monotonic()

    def wanted(self, wanted: Wanted) -> list[HistoryLine]:
        """The kept entries that are wanted, the newest last."""
        return [line for line in self._lines if wanted.fits_line(line)]

    def age(self) -> int:
        """Seconds since the list was told, or since the agent waits for one; 1 at least."""
        return max(1, int(self._clock.monotonic() - self._told))


def merged(
    theirs: Iterable[HistoryLine], own: Iterable[HistoryLine], is_own: Callable[[Reported], bool], *, is_whole: bool
) -> list[HistoryLine]:
    """The entries of the appliance and of the own spool as one list, the newest last.

    `is_own` tells whether the own spool has the entry that a copy names.  `is_whole`: the appliance has every end that
    it told the terminal; else only what the agent kept of its history is known.
    """
    told = list(theirs)
    ended = {line.job.job for line in told if line.kind is HistoryKind.ENDED}
    mine = [line for line in own if not _is_noted_there(line) and not _is_told(line, ended, is_whole)]
    return list(heapq.merge((line for line in told if not is_copy(line, is_own)), mine, key=lambda line: line.at))


def is_copy(line: HistoryLine, is_own: Callable[[Reported], bool]) -> bool:
    """Whether an entry of the appliance is only the copy of one of the own spool."""
    return line.kind in _ENDS and line.job.reported is not None and is_own(line.job.reported)


def _is_told(line: HistoryLine, ended: set[str], is_whole: bool) -> bool:
    """Whether an own entry is only the copy of an end that the appliance has."""
    is_told = line.kind is HistoryKind.ENDED and line.job.reported is not None
    return is_told and (is_whole or line.job.job in ended)


def _is_noted_there(line: HistoryLine) -> bool:
    """Whether it is the own spool's note about what the appliance tells: an end, or the choice of the feeding copy."""
    if line.kind is HistoryKind.FEED_CHOSEN:
        return True
    job = line.job
    is_there = job.reported is not None or (job.right is RightState.HERE and Reason.REFUSED not in job.reasons)
    return line.kind is HistoryKind.ACKNOWLEDGED and is_there


def reply_of(lines: Sequence[HistoryLine], last: int, age: int) -> HistoryReply:
    """The newest `last` entries of a merged list, with the age of the appliance's part."""
    return HistoryReply(tuple(lines[-last:]), age=age)
