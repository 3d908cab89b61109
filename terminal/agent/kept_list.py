"""The list of the appliance's jobs as it was told last, for the time when it is away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from passbook.job.states import TERMINAL
from passbook.protocol.messages import JobView
from passbook.protocol.pages import JobPage
from spooler.clock import Clock
from storage import LEAST_OF_ID

MOST_KEPT: Final = 2000
"""Jobs of the list that are kept; the oldest ones."""


class KeptList:
    """In memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, JobView] = {}
        self._told: float | None = None

    def learn(self, jobs: Iterable[JobView]) -> None:
        """Take a whole list."""
        self._jobs = {view.job: view for view in list(jobs)[:MOST_KEPT]}
        self._told = self._clock.monotonic()

    def note(self, view: JobView) -> None:
        """Take the news of one job."""
        if view.state in TERMINAL:
            self._jobs.pop(view.job, None)
        elif view.job in self._jobs or len(self._jobs) < MOST_KEPT:
            self._jobs[view.job] = view

    def view(self, beginning: str) -> JobView | None:
        """The one job of the list whose id is this or begins so; None where there is none, or are several."""
        found = [view for job, view in self._jobs.items() if job.startswith(beginning)]
        is_one = len(found) == 1 and len(beginning) >= LEAST_OF_ID
        return self._jobs.get(beginning) or (found[0] if is_one else None)

    def page(self, own: Iterable[JobView]) -> JobPage:
        """The list with its age, the own copies in place of what is kept of them, as one page."""
        mine = {view.job: view for view in own}
        known = [mine.pop(view.job, view) for view in self._jobs.values()]
        age = 0 if self._told is None else int(self._clock.monotonic() - self._told)
        return JobPage((*known, *mine.values()), age=age)

    def forget_waiting(self) -> None:
        """While the appliance is away, no reason for which a job waits there is known."""
        self._jobs = {job: replace(view, waiting=None) for job, view in self._jobs.items()}
