"""What is done for the areas from time to time: they note how far the others are, and what is old goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import chain
from typing import Final, TypeVar

from passbook.errors import PassbookError
from storage.area.area import Area, AreaState
from storage.area.capacity import change_cost, cut_cost, forget_cost
from storage.area.opening import Opened, RolledBack
from storage.mark import StoreMark
from storage.tables.ledger import Ledger
from storage.tables.peers import Extent, PeerMemory

T = TypeVar("T")

CUT_ENTRIES: Final = 128
"""Entries that one transaction cuts off."""
FORGOTTEN_JOBS: Final = 64
"""Ended jobs that one transaction drops."""


class Maintenance:
    """Works on all areas that are ready; its methods block, and an area that fails has reported itself."""

    def __init__(self, found: Opened, mark: StoreMark) -> None:
        """Share the areas and problems of `found`; both may change later."""
        self._areas = found.areas
        self._rolled_back = found.rolled_back
        self._problems = found.problems
        self._mark = mark
        self._accepted: set[str] = set()

    def note_heads(self) -> None:
        """Have every area remember how far the others are now; a transaction only where that is news."""
        heads: dict[str, Extent] = {}
        for area in self._ready():
            with suppress(PassbookError), area.reading() as ledger:
                heads[area.name] = ledger.extent(area.ledger.row_sum.changes)
        pending = [self._note(area, heads) for area in self._ready()]
        for future in pending:
            if future is not None:
                future.exception()

    def _note(self, area: Area, heads: Mapping[str, Extent]) -> Future[None] | None:
        with suppress(PassbookError), area.reading() as ledger:
            known = {memory.about: memory for memory in ledger.memories.all()}
            # What was altered is evidence until an operator has seen it.
            left = {area.name, *ledger.memories.altered()}
            news = {name: head for name, head in heads.items() if name not in left and _is_news(head, known.get(name))}
            if news:
                return _remember(area, news)
        return None

    def accept_rollback(self, name: str) -> bool:
        """An operator takes area `name` unchanged, though others know it further, or cannot say; whether it is open.

        One that is not open may join then (see is_accepted()), and all its jobs say `storage-rolled-back`.
        Raises PassbookError `nothing-to-accept`, `unknown-area`, `areas-not-asked` when an area is not open that may
        know it further, `mark-not-written`, and what a commit raises.
        """
        rolled_back = self._rolled_back.get(name)
        if rolled_back is not None:
            self._check_all_asked(name)
            for future in [_take(area, name, rolled_back) for area in self._areas]:
                future.result()
            self._mark.accept(name, rolled_back.area_id, rolled_back.extent)
            self._accepted.add(name)
            return False
        area = next((area for area in self._ready() if area.name == name), None)
        if area is None or not (name in self._mark.doubted or _is_altered(area)):
            known = {area.name for area in self._areas} | self._closed()
            raise PassbookError("nothing-to-accept" if name in known else "unknown-area", area=name)
        self._check_all_asked(name)
        self._take_altered(area)
        self._mark.doubted.discard(name)
        self._trust()
        # What it had noted of the others and was altered is gone.
        self.note_heads()
        return True

    def is_accepted(self, name: str) -> bool:
        """Whether an operator took an area that is not open, and it was not tried to open it since."""
        return name in self._accepted

    def tries(self, name: str) -> None:
        """An area that an operator took is being opened."""
        self._accepted.discard(name)

    def _closed(self) -> frozenset[str]:
        return frozenset(settings.name for settings in tuple(self._problems))

    def _check_all_asked(self, name: str) -> None:
        """Raise PassbookError unless every other area is in use.

        One that is not told would refuse this one later, and what this one alone knew of it would be forgotten.
        """
        others = {area.name for area in self._areas if area.state is not AreaState.READY} | self._closed()
        missing = sorted(others - {name})
        if missing:
            raise PassbookError("areas-not-asked", area=name, missing=", ".join(missing))

    def _take_altered(self, area: Area) -> None:
        """Take all that is in an open area, unchanged."""
        memories = [memory for other in self._ready() for memory in other.memories()]
        known = max((memory.extent.changes for memory in memories if memory.about == area.name), default=0)
        peers = {other.name: other.area_id for other in self._areas}

        def work(ledger: Ledger) -> None:
            ledger.memories.forget_altered(peers)
            ledger.boots.write(ledger.boot)
            ledger.row_sum.accept(known)

        _submit(area, work, change_cost(0, 0)).result()
        area.adds_up = True

    def _trust(self) -> None:
        """Once an operator took all of it unchanged, a request that no area knows is new again."""
        unsure = any(not area.adds_up for area in self._areas)
        for area in self._ready():
            with area.reading() as ledger:
                unsure = unsure or bool(ledger.memories.altered())
        for area in self._areas:
            area.unsure = area.unsure and (unsure or area.name in self._mark.doubted)
        self._mark.trust({area.name for area in self._areas if not area.unsure})

    def settle(self) -> None:
        """Have every record say itself what this boot made of it, a few at a time; those that are damaged are found.

        Until then readers see it so, and history does not tell of it.
        """
        for area in self._ready():
            with suppress(PassbookError):
                while area.settle():
                    pass

    def keep_history(self, at: str, before: str, *, kept: int = 0) -> int:
        """Mark where every area's history is at this time, and cut off what a mark of before that time covers.

        Both are ISO times that a trusted clock told (P11, N4).  The last `kept` entries of each area stay.  How many
        were cut off.
        """
        return sum(self._keep_history(area, at, before, kept) for area in self._ready())

    def _keep_history(self, area: Area, at: str, before: str, kept: int) -> int:
        cut = 0
        with suppress(PassbookError):
            _submit(area, lambda ledger: ledger.history.mark(at), change_cost(0, 0)).result()
            while done := _submit(
                area, lambda ledger: ledger.cut_history(at, before, CUT_ENTRIES, kept), cut_cost(CUT_ENTRIES)
            ).result():
                cut += done
        return cut

    def forget_ended(self, before: str, unacknowledged_before: str, now: str, *, kept: int = 0) -> int:
        """Drop what is kept of jobs that ended before these times, the second for notices that were not acknowledged.

        All three are of a trusted clock; an end with a stamp of another one is of `now` from here on (N4).  The last
        `kept` jobs of each requester in each area stay.  How many were dropped.
        """
        dropped = 0
        for area in self._ready():
            with suppress(PassbookError):
                with area.reading() as ledger:
                    old = ledger.ended_jobs.old(before, unacknowledged_before, kept=kept)
                for start in range(0, len(old), FORGOTTEN_JOBS):
                    dropped += _forget(area, old[start : start + FORGOTTEN_JOBS], now)
        return dropped

    def _ready(self) -> list[Area]:
        return [area for area in self._areas if area.state is AreaState.READY]


def _is_news(head: Extent, known: PeerMemory | None) -> bool:
    return known is None or known.accepted or known.extent != head.beside(known.extent)


def _is_altered(area: Area) -> bool:
    with area.reading() as ledger:
        memories = ledger.memories
        rows = ledger.row_sum.findings(), ledger.boots.findings(), memories.altered().values(), memories.odd()
        return any(True for _ in chain(*rows))


def _take(area: Area, name: str, rolled_back: RolledBack) -> Future[None]:
    def work(ledger: Ledger) -> None:
        ledger.memories.note_peers({name: rolled_back.area_id})
        ledger.memories.write({name: rolled_back.extent}, accepted=True)

    return _submit(area, work, change_cost(0, 0))


def _remember(area: Area, heads: Mapping[str, Extent]) -> Future[None]:
    return _submit(area, lambda ledger: ledger.memories.write(heads), change_cost(0, 0))


def _forget(area: Area, sequences: Sequence[int], now: str) -> int:
    """Drop or date these ends in one transaction, and set aside those that do not verify; how many were dropped."""
    work = _submit(area, lambda ledger: ledger.ended_jobs.forget(sequences, now), forget_cost(len(sequences)))
    dropped, damaged = work.result()
    for damage in damaged:
        area.set_aside(damage).exception()
    return dropped


def _submit(area: Area, work: Callable[[Ledger], T], cost: int) -> Future[T]:
    return area.submit(work, cost=lambda: cost, unknown=area.fenced_error())
