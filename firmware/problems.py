"""What went wrong with the store since the start and is not put right, for whoever asks how the appliance is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from passbook.errors import PassbookError

FROM_NEXT_START: Final = "accepted, and used from the next start"
"""What is told of an area that was put back and is not open, once an operator took it as it is."""
_ENDED_BY_WORD: Final = frozenset({"rows-altered", "memory-altered", "siblings-altered", "area-rolled-back"})


class Problems:
    """Errors of the store in the order in which they were told; any thread may add one."""

    def __init__(self) -> None:
        self._told: list[PassbookError] = []
        self._from_next_start: set[str] = set()

    def __iter__(self) -> Iterator[PassbookError]:
        return iter(tuple(self._told))

    def add(self, problem: PassbookError) -> None:
        """One more."""
        self._told.append(problem)

    def is_used_from_next_start(self, area: str) -> bool:
        """Whether an operator took it as it is while it is not open."""
        return area in self._from_next_start

    def accepted(self, area: str, *, is_open: bool) -> None:
        """An operator took an area as it is: what asked for that is over."""
        if not is_open:
            self._from_next_start.add(area)
        for problem in self:
            if problem.code in _ENDED_BY_WORD and problem.facts["area"] == area:
                self._told.remove(problem)
