"""The pace of a terminal's commands: a terminal that sends faster is read more slowly, and is never refused."""

from __future__ import annotations


class Pace:
    """Tokens that come back steadily; each command takes one, and a debt is a pause.  Times are monotonic seconds."""

    def __init__(self, per_second: int, now: float) -> None:
        """`per_second` commands a second, and as many at once after a second of silence."""
        self._per_second = per_second
        self._tokens = float(per_second)
        self._at = now

    def take(self, now: float) -> float:
        """Count one command; returns the seconds to wait before the next one is read."""
        gained = (now - self._at) * self._per_second
        self._tokens = min(self._per_second, self._tokens + gained) - 1
        self._at = now
        return max(0.0, -self._tokens / self._per_second)
