"""What went wrong with the store since the start and is not put right, for whoever asks how the appliance is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from passbook.errors import PassbookError

_ENDED_BY_WORD: Final = frozenset(
    {"rows-altered", "memory-altered", "siblings-altered", "area-rolled-back", "area-unsure"}
)


class Problems:
    """Errors of the store in the order in which they were told; any thread may add one."""

    def __init__(self) -> None:
        self._told: dict[str, PassbookError] = {}

    def __iter__(self) -> Iterator[PassbookError]:
        return iter(tuple(self._told.values()))

    def add(self, problem: PassbookError) -> None:
        """One more; what is told already is told once."""
        self._told.setdefault(str(problem), problem)

    def over(self, problem: PassbookError) -> None:
        """It is put right."""
        self._told.pop(str(problem), None)

    def accepted(self, area: str) -> None:
        """An operator took an area as it is: what asked for that is over."""
        for problem in self:
            if problem.code in _ENDED_BY_WORD and problem.facts["area"] == area:
                self.over(problem)
