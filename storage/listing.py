"""Reading the jobs of an area page by page: no list is in memory whole, and nobody waits for one that is read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final, TypeAlias

from passbook.errors import PassbookError
from passbook.record import Record
from storage.area import Area
from storage.ledger import Ledger
from storage.rows import DamagedRowError, LiveRow

PAGE: Final = 100
"""Rows that are read at a time."""

Rows: TypeAlias = Iterable[LiveRow | DamagedRowError]
Pages: TypeAlias = Callable[[Area, int], Iterator[Record]]
"""The jobs of an area behind a sequence number."""


def all_rows(area: Area, after: int) -> Iterator[Record]:
    """The live jobs behind a sequence number, in the order of acceptance."""

    def read(ledger: Ledger, behind: int) -> Rows:
        return ledger.rows(behind, PAGE)

    return _paged(area, read, after)


def questions(area: Area, after: int) -> Iterator[Record]:
    """The open questions behind a sequence number, in the order of acceptance."""

    def read(ledger: Ledger, behind: int) -> Rows:
        return ledger.questions(behind, PAGE, area.unsettled)

    return _paged(area, read, after)


def read_rows(area: Area, read: Callable[[Ledger], Rows]) -> list[Record]:
    """The jobs of these rows; those that do not verify are set aside."""
    return [row.record for row in _sound(area, _rows(area, read))]


def _paged(area: Area, read: Callable[..., Rows], after: int) -> Iterator[Record]:
    more = True
    while more:
        rows = _rows(area, functools.partial(read, behind=after))
        more = len(rows) == PAGE
        after = _sequence(rows[-1]) if more else after
        for row in _sound(area, rows):
            yield row.record


def _rows(area: Area, read: Callable[[Ledger], Rows]) -> list[LiveRow | DamagedRowError]:
    # An area whose file fails is fenced by that, and areas() says so; the others are shown.
    with suppress(PassbookError), area.reading() as ledger:
        return list(read(ledger))
    return []


def _sound(area: Area, rows: Rows) -> Iterator[LiveRow]:
    for row in rows:
        if isinstance(row, LiveRow):
            yield row
        else:
            area.set_aside(row)


def _sequence(row: LiveRow | DamagedRowError) -> int:
    return row.sequence if isinstance(row, DamagedRowError) else row.record.sequence
