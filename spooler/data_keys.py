"""The data keys of unfinished jobs: in memory only, and only until their job ends (N2)."""

from __future__ import annotations

import threading


class DataKeys:
    """Job id -> data key; used from the doors, the desks and the writers of the store."""

    def __init__(self) -> None:
        self._keys: dict[str, bytearray] = {}
        self._lock = threading.Lock()

    def put(self, job: str, key: bytes) -> None:
        """Keep the key of `job`."""
        with self._lock:
            self._erase(job)
            self._keys[job] = bytearray(key)

    def get(self, job: str) -> bytes | None:
        """The key of `job`, or None when no terminal has given it since the boot."""
        with self._lock:
            key = self._keys.get(job)
            return None if key is None else bytes(key)

    def drop(self, job: str) -> None:
        """Forget the key of `job`; its bytes are overwritten."""
        with self._lock:
            self._erase(job)

    def _erase(self, job: str) -> None:
        key = self._keys.pop(job, None)
        if key is not None:
            key[:] = bytes(len(key))

    def __contains__(self, job: str) -> bool:
        with self._lock:
            return job in self._keys
