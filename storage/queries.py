"""Reading what all areas together have: jobs, history, and notices that were not acknowledged.

Theory of operation.  Lists are read in pages, each in a short transaction of its own, so no list is whole in memory and
no reader holds up a writer or the checkpoint of a log.  An area that fails while it is read is fenced by that and left
out; `areas()` says so, and the others are shown.  Rows that do not verify are set aside and never shown.
"""

from __future__ import annotations

import functools
import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.protocol.history_reply import Wanted
from storage.area.area import Area
from storage.tables.chain import ToldEntry
from storage.tables.ledger import Ledger
from storage.tables.rows import DamagedRowError, EndedRow, JobRow

ROWS_AT_ONCE: Final = 100
"""Rows that are read at a time."""

Rows: TypeAlias = Iterable[JobRow | DamagedRowError]
Pages: TypeAlias = Callable[[Area, int], Iterator[JobRow]]
"""The jobs of an area behind a sequence number."""


def all_rows(area: Area, after: int) -> Iterator[JobRow]:
    """The unfinished jobs behind a sequence number, in the order of acceptance."""

    def read(ledger: Ledger, behind: int) -> Rows:
        return ledger.rows(behind, ROWS_AT_ONCE)

    return _paged(area, read, after)


def questions(area: Area, after: int) -> Iterator[JobRow]:
    """The open questions behind a sequence number, in the order of acceptance."""

    def read(ledger: Ledger, behind: int) -> Rows:
        return ledger.questions(behind, ROWS_AT_ONCE, area.unsettled)

    return _paged(area, read, after)


def read_rows(area: Area, read: Callable[[Ledger], Rows]) -> list[JobRow]:
    """These rows; those that do not verify are set aside."""
    return list(_sound(area, _rows(area, read)))


def _paged(area: Area, read: Callable[..., Rows], after: int) -> Iterator[JobRow]:
    more = True
    while more:
        rows = _rows(area, functools.partial(read, behind=after))
        more = len(rows) == ROWS_AT_ONCE
        after = _sequence(rows[-1]) if more else after
        yield from _sound(area, rows)


def _rows(area: Area, read: Callable[[Ledger], Rows]) -> list[JobRow | DamagedRowError]:
    # An area whose file fails is fenced by that, and areas() says so; the others are shown.
    with suppress(PassbookError), area.reading() as ledger:
        return list(read(ledger))
    return []


def _sound(area: Area, rows: Rows) -> Iterator[JobRow]:
    for row in rows:
        if isinstance(row, JobRow):
            yield row
        else:
            area.set_aside(row)


def _sequence(row: JobRow | DamagedRowError) -> int:
    return row.sequence if isinstance(row, DamagedRowError) else row.record.sequence


ENTRIES_AT_ONCE: Final = 500
"""Entries that are read at a time; of twice as many the stamps are held against each other."""


def search(areas: Sequence[Area], wanted: Wanted) -> Iterator[ToldEntry]:
    """The wanted entries, the newest first; those of an area that fails meanwhile end there, and it reports itself.

    Entries of one area come in the order of their numbers, whatever a clock said.  The stamps only weave the areas
    together: one that a wrong clock made, and that does not agree with those around it, counts as that before it.
    """
    every = heapq.merge(*map(_newest_first, areas), key=lambda keyed: keyed[0], reverse=True)
    return (told for _, told in every if wanted.fits(told.entry))


def believed(stamps: Sequence[str]) -> list[str]:
    """For stamps in the order of the chain those to weave by, which never go back.

    The longest part of them that never goes back is believed, whether the clock was slow or fast for the others.
    """
    ends: list[int] = []
    before: list[int] = []
    for place, stamp in enumerate(stamps):
        length = bisect_right(ends, stamp, key=lambda end: stamps[end])
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [place]
    keys = [""] * len(stamps)
    place = ends[-1] if ends else -1
    while place >= 0:
        keys[place] = stamps[place]
        place = before[place]
    # What is older than all that is believed has nothing before it to count as.
    latest = next(filter(None, keys), "")
    for place, key in enumerate(keys):
        keys[place] = latest = key or latest
    return keys


def _newest_first(area: Area) -> Iterator[tuple[str, ToldEntry]]:
    """Each entry with the time to weave it by; the page after it tells what its own stamps are worth."""
    pages = _pages(area)
    page = next(pages, [])
    while page:
        older = next(pages, [])
        keys = believed([told.entry.at for told in reversed([*page, *older])])
        yield from zip(reversed(keys[len(older) :]), page, strict=True)
        page = older


def _pages(area: Area) -> Iterator[list[ToldEntry]]:
    below: int | None = None
    while below != 0:
        page: list[ToldEntry] = []
        below_next = 0
        with suppress(PassbookError), area.reading() as ledger:
            page, below_next = ledger.history.page(below, ENTRIES_AT_ONCE)
        if page:
            yield page
        below = below_next


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
    """The notices of all areas together; any thread may ask.  An area that fails is fenced by that, and left out."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = areas

    def oldest(self, requester: str | None = None, *, after: int = 0, limit: int) -> list[Ended]:
        """Notices that were not acknowledged, of one requester or of all, in order, from above sequence `after` on."""
        found = self._read(lambda ledger: ledger.ended_jobs.notices(requester, after=after, limit=limit))
        return found[:limit]

    def newest(self, limit: int) -> list[Ended]:
        """The notices of the jobs that were accepted last, in order."""
        return self._read(lambda ledger: ledger.ended_jobs.last_notices(limit))[-limit:]

    def one(self, job_id: str) -> Ended | None:
        """The job, when it has ended, and whether or not somebody took note."""

        def read(ledger: Ledger) -> list[EndedRow | DamagedRowError]:
            row = ledger.ended_jobs.job(job_id)
            return [] if row is None else [row]

        return next(iter(self._read(read)), None)

    def count_old(self, before: str, *, among: int) -> int:
        """How many notices from before an ISO time were not acknowledged, among so many of each area."""
        total = 0
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                total += ledger.ended_jobs.count_old_notices(before, among=among)
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

    def end_of(self, job_id: str) -> HeadAt | None:
        """The history of its area with the end of this job; None where no area knows one."""
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                found = ledger.history.end_of(job_id)
                if found is not None:
                    return HeadAt(area.name, found.entries, found.chain)
        return None

    def _read(self, read: Callable[[Ledger], Sequence[EndedRow | DamagedRowError]]) -> list[Ended]:
        """The rows of every area in the order of acceptance; those that do not verify are set aside."""
        found: list[Ended] = []
        for area in self._areas:
            rows: Sequence[EndedRow | DamagedRowError] = ()
            head: HeadAt | None = None
            with suppress(PassbookError), area.reading() as ledger:
                rows = _ended_rows(ledger, read)
                head = _head_of(area, ledger)
            for row in rows:
                if isinstance(row, DamagedRowError):
                    area.set_aside(row)
                else:
                    found.append(Ended(row.record, head))
        return sorted(found, key=lambda one: one.record.sequence)


def _ended_rows(
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
