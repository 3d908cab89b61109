"""Reading the history of several areas as one, page by page, so that no reader holds up a writer for long."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from passbook.errors import PassbookError
from passbook.history import Wanted
from storage.area import Area
from storage.history import Told

PAGE: Final = 500
"""Entries that are read at a time."""


def search(areas: Sequence[Area], wanted: Wanted) -> Iterator[Told]:
    """What is wanted, the newest first; an area that fails meanwhile ends there, and has reported itself."""
    # Within an area the numbers are the order, whatever a clock said; the stamps only weave the areas together.
    every = heapq.merge(*map(_newest_first, areas), key=lambda told: told.entry.at, reverse=True)
    return (told for told in every if wanted.fits(told.entry))


def _newest_first(area: Area) -> Iterator[Told]:
    below: int | None = None
    while below != 0:
        page: list[Told] = []
        below_next = 0
        with suppress(PassbookError), area.reading() as ledger:
            page, below_next = ledger.history.page(below, PAGE)
        yield from page
        below = below_next
