"""What went wrong with the store since the start and is not put right.

A problem that is a state ends with it: a full disk when there is room again, a missing printer when its last job ends.
What is evidence stays for the whole start, and what needs an operator's word stays until that is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from passbook.errors import PassbookError

_ENDED_BY_WORD: Final = frozenset(
    {"rows-altered", "memory-altered", "peers-altered", "area-rolled-back", "area-unsure"}
)

_WITH_FIGURES: Final = frozenset({"area-full"})
"""Those whose sentence has figures that change: the last one told of an area counts."""


def _of_area(problem: PassbookError) -> tuple[str, str | int]:
    return problem.code, problem.facts["area"]


class Problems:
    """Errors of the store in the order in which they were told; any thread may add one.

    Attributes:
        is_over: says of a problem whether what it tells is not so any more.
    """

    def __init__(self) -> None:
        self.is_over: Callable[[PassbookError], bool] = lambda _problem: False
        self._lock = threading.Lock()
        self._told: list[PassbookError] = []

    def __iter__(self) -> Iterator[PassbookError]:
        return iter([problem for problem in tuple(self._told) if not self.is_over(problem)])

    def add(self, problem: PassbookError) -> None:
        """One more; one that was told before in the same words has begun again."""
        with self._lock:
            if problem.code in _WITH_FIGURES:
                self._told = [
                    one for one in self._told if one.code not in _WITH_FIGURES or _of_area(one) != _of_area(problem)
                ]
            if str(problem) not in map(str, self._told):
                self._told.append(problem)

    def replace(self, code: str, now: Sequence[PassbookError]) -> list[PassbookError]:
        """Exactly these of this code are so now; those of them that were not told before."""
        with self._lock:
            before = [problem for problem in self._told if problem.code == code]
            self._told = [problem for problem in self._told if problem.code != code] + [*now]
        return [problem for problem in now if str(problem) not in map(str, before)]

    def over(self, problem: PassbookError) -> None:
        """It is put right."""
        with self._lock:
            self._told = [told for told in self._told if str(told) != str(problem)]

    def accepted(self, area: str) -> None:
        """An operator took an area as it is: what asked for that is over."""
        with self._lock:
            over = [p for p in self._told if p.code in _ENDED_BY_WORD and p.facts["area"] == area]
            self._told = [problem for problem in self._told if problem not in over]
