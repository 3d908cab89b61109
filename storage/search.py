"""Reading the history of several areas as one, page by page, so that no reader holds up a writer for long."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from passbook.errors import PassbookError
from passbook.history import Wanted
from storage.area import Area
from storage.history import Told

PAGE: Final = 500
"""Entries that are read at a time; of twice as many the stamps are held against each other."""


def search(areas: Sequence[Area], wanted: Wanted) -> Iterator[Told]:
    """What is wanted, the newest first; an area that fails meanwhile ends there, and has reported itself.

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


def _newest_first(area: Area) -> Iterator[tuple[str, Told]]:
    """Each entry with the time to weave it by; the page after it tells what its own stamps are worth."""
    pages = _pages(area)
    page = next(pages, [])
    while page:
        older = next(pages, [])
        keys = believed([told.entry.at for told in reversed([*page, *older])])
        yield from zip(reversed(keys[len(older) :]), page, strict=True)
        page = older


def _pages(area: Area) -> Iterator[list[Told]]:
    below: int | None = None
    while below != 0:
        page: list[Told] = []
        below_next = 0
        with suppress(PassbookError), area.reading() as ledger:
            page, below_next = ledger.history.page(below, PAGE)
        if page:
            yield page
        below = below_next
