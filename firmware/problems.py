"""What went wrong with the store since the start and is not put right.

A problem that is a state ends with it: a full disk when there is room again, a missing printer when its last job ends.
What is evidence stays for the whole start, and what needs an operator's word stays until that is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from passbook.errors import PassbookError

FROM_NEXT_START: Final = "accepted, and used from the next start"
"""What is told of an area that was put back and is not open, once an operator took it as it is."""
_ENDED_BY_WORD: Final = frozenset({"rows-altered", "memory-altered", "siblings-altered", "area-rolled-back"})


class Problems:
    """Errors of the store in the order in which they were told; any thread may add one.

    Attributes:
        is_over: says of a problem whether what it tells is not so any more.
    """

    def __init__(self) -> None:
        self.is_over: Callable[[PassbookError], bool] = lambda _problem: False
        self._lock = threading.Lock()
        self._told: list[PassbookError] = []
        self._from_next_start: set[str] = set()

    def __iter__(self) -> Iterator[PassbookError]:
        return iter([problem for problem in tuple(self._told) if not self.is_over(problem)])

    def add(self, problem: PassbookError) -> None:
        """One more; one that was told before in the same words has begun again."""
        with self._lock:
            if str(problem) not in map(str, self._told):
                self._told.append(problem)

    def replace(self, code: str, now: Sequence[PassbookError]) -> list[PassbookError]:
        """Exactly these of this code are so now; those of them that were not told before."""
        with self._lock:
            before = [problem for problem in self._told if problem.code == code]
            self._told = [problem for problem in self._told if problem.code != code] + [*now]
        return [problem for problem in now if str(problem) not in map(str, before)]

    def is_used_from_next_start(self, area: str) -> bool:
        """Whether an operator took it as it is while it is not open."""
        return area in self._from_next_start

    def accepted(self, area: str, *, is_open: bool) -> None:
        """An operator took an area as it is: what asked for that is over."""
        if not is_open:
            self._from_next_start.add(area)
        with self._lock:
            over = [p for p in self._told if p.code in _ENDED_BY_WORD and p.facts["area"] == area]
            self._told = [problem for problem in self._told if problem not in over]
