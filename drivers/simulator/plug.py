"""A cable that can be pulled out and plugged in again, as one of USB: the mechanism keeps its power."""

from __future__ import annotations

import threading
from collections.abc import Callable

from drivers.simulator.cables import Cable


class PluggableCable:
    """A cable at an address; while it is pulled out, its device or its port is gone and nothing passes."""

    def __init__(self, make: Callable[[str], Cable], listen: str) -> None:
        """`make` gives the cable at an address; it is asked again, for the same address, when the cable is put in."""
        self._make = make
        self._changed = threading.Condition()
        self._cable: Cable | None = make(listen)
        self.address = self._cable.address
        self._waiting = False
        self._given_up = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until bytes may have arrived, at most `timeout` seconds; False when the cable was given up."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._given_up or self._cable is not None, timeout)
                if self._given_up or self._cable is None:
                    return not self._given_up
                cable, self._waiting = self._cable, True
            arrived = cable.wait(timeout)
            with self._changed:
                self._waiting = False
                self._changed.notify_all()
                if cable is self._cable:
                    return arrived and not self._given_up

    def read(self, limit: int) -> bytes | None:
        """The bytes that have arrived, without waiting; None when the host has hung up."""
        return b"" if self._cable is None else self._cable.read(limit)

    def send(self, data: bytes) -> None:
        """Send to the host, if there is one."""
        if self._cable is not None:
            self._cable.send(data)

    def drop(self) -> None:
        """End the connection and forget the bytes in the cable."""
        if self._cable is not None:
            self._cable.drop()

    def pull(self) -> None:
        """Pull the cable out: the host loses its port before this returns."""
        with self._changed:
            cable, self._cable = self._cable, None
            if cable is None:
                return
            cable.drop()
            if self._waiting:
                cable.stop()
                self._changed.wait_for(lambda: not self._waiting)
            cable.close()

    def plug(self) -> None:
        """Put the cable back in, at the same address."""
        with self._changed:
            if self._cable is None:
                self._cable = self._make(self.address)
                self._changed.notify_all()

    def stop(self) -> None:
        """End the wait, from any thread."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()
            if self._cable is not None:
                self._cable.stop()

    def close(self) -> None:
        """Give the cable back."""
        if self._cable is not None:
            self._cable.close()
