"""The problems of the store since the boot that are not remedied.

A problem that is a state ends with it: a full disk when there is room again, a missing printer when its last job ends.
Evidence stays for the whole boot, and a problem that needs an operator's word stays until the operator gives it.
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
"""Codes whose sentence has changing figures: the last problem of an area counts."""


def _of_area(problem: PassbookError) -> tuple[str, str | int]:
    return problem.code, problem.facts["area"]


class Problems:
    """Errors of the store in the order in which they were told; any thread may add one.

    Attributes:
        is_over: tells whether a problem is over.
    """

    def __init__(self) -> None:
        self.is_over: Callable[[PassbookError], bool] = lambda _problem: False
        self._lock = threading.Lock()
        self._told: list[PassbookError] = []

    def __iter__(self) -> Iterator[PassbookError]:
        return iter([problem for problem in tuple(self._told) if not self.is_over(problem)])

    def add(self, problem: PassbookError) -> None:
        """Add a problem; one in the same words has begun again."""
        with self._lock:
            if problem.code in _WITH_FIGURES:
                self._told = [
                    one for one in self._told if one.code not in _WITH_FIGURES or _of_area(one) != _of_area(problem)
                ]
            if str(problem) not in map(str, self._told):
                self._told.append(problem)

    def replace(self, code: str, now: Sequence[PassbookError]) -> list[PassbookError]:
        """Replace the problems of this code by these; return those that are new."""
        with self._lock:
            before = [problem for problem in self._told if problem.code == code]
            self._told = [problem for problem in self._told if problem.code != code] + [*now]
        return [problem for problem in now if str(problem) not in map(str, before)]

    def over(self, problem: PassbookError) -> None:
        """Remove a remedied problem."""
        with self._lock:
            self._told = [told for told in self._told if str(told) != str(problem)]

    def accepted(self, area: str) -> None:
        """An operator accepted an area: remove the problems that asked for that."""
        with self._lock:
            over = [p for p in self._told if p.code in _ENDED_BY_WORD and p.facts["area"] == area]
            self._told = [problem for problem in self._told if problem not in over]
