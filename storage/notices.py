"""Ended jobs that nobody took note of (P8), and the heads of the history that terminals are told with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from passbook.errors import PassbookError
from passbook.record import Record
from storage.area import Area
from storage.ledger import Ledger
from storage.rows import DamagedRowError, EndedRow


class HeadAt(NamedTuple):
    """The history of one area at some moment: how many entries it had, and the chain value of the last one."""

    area: str
    entries: int
    chain: bytes


class Ended(NamedTuple):
    """An ended job, and the history of its area at the moment when it was read; None when that cannot be read."""

    record: Record
    head: HeadAt | None


class Notices:
    """What all areas together have; any thread may ask.  An area that fails is fenced by that, and left out."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = areas

    def oldest(self, requester: str | None = None, *, after: int = 0, limit: int) -> list[Ended]:
        """Ends of which nobody took note, of one requester or of all, in order, from above sequence `after` on."""
        found = self._read(lambda ledger: ledger.ends.notices(requester, after=after, limit=limit))
        return found[:limit]

    def newest(self, limit: int) -> list[Ended]:
        """Those of the jobs that were accepted last, in order."""
        return self._read(lambda ledger: ledger.ends.last_notices(limit))[-limit:]

    def one(self, job_id: str) -> Ended | None:
        """The job, when it has ended, and whether or not somebody took note."""

        def read(ledger: Ledger) -> list[EndedRow | DamagedRowError]:
            row = ledger.ends.job(job_id)
            return [] if row is None else [row]

        return next(iter(self._read(read)), None)

    def count_old(self, before: str, *, among: int) -> int:
        """How many ends before an ISO time nobody took note of, among so many of each area."""
        total = 0
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                total += ledger.ends.count_old_notices(before, among=among)
        return total

    def heads(self) -> list[HeadAt]:
        """How far the history of each area is."""
        found: list[HeadAt] = []
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                found.append(_head_of(area, ledger))
        return found

    def heads_at(self, entries: Mapping[str, int]) -> list[HeadAt]:
        """What the history of these areas was after so many entries; areas that cannot say it are left out."""
        found: list[HeadAt] = []
        for area in [area for area in self._areas if area.name in entries]:
            with suppress(PassbookError), area.reading() as ledger:
                chain = ledger.history.chain_at(entries[area.name])
                if chain is not None:
                    found.append(HeadAt(area.name, entries[area.name], chain))
        return found

    def _read(self, read: Callable[[Ledger], Sequence[EndedRow | DamagedRowError]]) -> list[Ended]:
        """What every area gives, in the order of acceptance; rows that do not verify are set aside."""
        found: list[Ended] = []
        for area in self._areas:
            rows: Sequence[EndedRow | DamagedRowError] = ()
            head: HeadAt | None = None
            with suppress(PassbookError), area.reading() as ledger:
                rows = _rows(ledger, read)
                head = _head_of(area, ledger)
            for row in rows:
                if isinstance(row, DamagedRowError):
                    area.set_aside(row)
                else:
                    found.append(Ended(row.record, head))
        return sorted(found, key=lambda one: one.record.sequence)


def _rows(
    ledger: Ledger, read: Callable[[Ledger], Sequence[EndedRow | DamagedRowError]]
) -> Sequence[EndedRow | DamagedRowError]:
    try:
        return read(ledger)
    except DamagedRowError as damage:
        return [damage]


def _head_of(area: Area, ledger: Ledger) -> HeadAt:
    """Raises PassbookError `history-broken`, which verify() tells of."""
    head = ledger.history.head()
    return HeadAt(area.name, head.entries, head.chain)
