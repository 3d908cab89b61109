"""A cable at the pace of a serial line: each byte takes its time, in both directions at once.

Bytes of the host arrive one after the other, whatever the mechanism does, until its buffer is full; then the rest waits
at the host.  Answers leave one after the other while the mechanism goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from drivers.simulator.cables import Cable

_ON_THE_WIRE: Final = 16
"""Bytes that are taken from the host before they arrive, so that the next one follows without a gap."""


class _Byte(NamedTuple):
    """A byte and the time at which it is at the other end."""

    at: float
    value: int


class PacedCable:
    """Wraps a cable; `byte` are the seconds of a byte, `clock` counts seconds and never goes back."""

    def __init__(self, cable: Cable, byte: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.address = cable.address
        self._cable = cable
        self._byte = byte
        self._clock = clock
        self._changed = threading.Condition()
        self._coming: deque[_Byte] = deque()
        self._leaving: deque[_Byte] = deque()
        self._host_gone = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._transmit, name="simulator-answers", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until a byte has arrived or the host has hung up; False when the cable was given up."""
        until = None if timeout is None else self._clock() + timeout
        while not self._stopping.is_set():
            now = self._clock()
            arrives = self._coming[0].at if self._coming else None
            if any(at is not None and at <= now for at in (arrives, until)) or (self._host_gone and not self._coming):
                return True
            pause = min((at - now for at in (arrives, until) if at is not None), default=None)
            if len(self._coming) >= _ON_THE_WIRE:
                self._stopping.wait(pause)
            elif not self._cable.wait(pause):
                return False
            elif not self._host_gone:
                self._take_up()
        return False

    def _take_up(self) -> None:
        """Put bytes of the host on the wire, behind those that are on it."""
        with self._changed:
            data = self._cable.read(_ON_THE_WIRE - len(self._coming))
            self._host_gone |= data is None
            self._put(self._coming, data or b"")

    def _put(self, wire: deque[_Byte], data: bytes) -> None:
        at = max(self._clock(), wire[-1].at if wire else 0.0)
        for value in data:
            at += self._byte
            wire.append(_Byte(at, value))

    def read(self, limit: int) -> bytes | None:
        """The bytes that have arrived; None when the host has hung up and all of its bytes were read."""
        with self._changed:
            now, data = self._clock(), bytearray()
            while self._coming and self._coming[0].at <= now and len(data) < limit:
                data.append(self._coming.popleft().value)
            if self._coming or data or not self._host_gone:
                return bytes(data)
            self._host_gone = False
            return None

    def send(self, data: bytes) -> None:
        """Have bytes leave to the host, each at its time; returns at once."""
        with self._changed:
            self._put(self._leaving, data)
            self._changed.notify_all()

    def _transmit(self) -> None:
        with self._changed:
            while not self._stopping.is_set():
                now, due = self._clock(), bytearray()
                while self._leaving and self._leaving[0].at <= now:
                    due.append(self._leaving.popleft().value)
                if due:
                    self._cable.send(bytes(due))
                self._changed.wait(self._leaving[0].at - now if self._leaving else None)

    def drop(self) -> None:
        """Hang up and forget the bytes on their way to the mechanism; those that it sent arrive."""
        with self._changed:
            self._cable.send(bytes(byte.value for byte in self._leaving))
            self._leaving.clear()
            self._coming.clear()
            self._cable.drop()

    def stop(self) -> None:
        """End the wait."""
        self._stopping.set()
        self._cable.stop()
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Give the cable back."""
        self._thread.join()
        self._cable.close()
