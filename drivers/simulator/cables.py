"""The cable's far end: a TCP port that takes one host at a time, or a pseudo terminal."""

from __future__ import annotations

import os
import select
import signal
import socket
import tty
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from drivers.simulator.machine import HostLine

_KILL_WAIT: Final = 10_000
"""Milliseconds until a killed process must be gone."""


class Cable(HostLine, Protocol):
    """A HostLine that can also wait, and be given up."""

    address: str

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until bytes may have arrived, at most `timeout` seconds; False when the cable was given up."""

    def stop(self) -> None:
        """End the wait, from any thread."""

    def close(self) -> None:
        """Give the cable back."""


class _Wakeable:
    """A poll that another thread can end."""

    def __init__(self) -> None:
        self._woken, self._waker = os.pipe()

    def wait_for(self, descriptor: int, timeout: float | None) -> bool:
        """Wait for the descriptor, at most `timeout` seconds; False when woken."""
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.register(self._woken, select.POLLIN)
        milliseconds = None if timeout is None else timeout * 1000
        return self._woken not in {ready for ready, _ in poller.poll(milliseconds)}

    def wake(self) -> None:
        os.write(self._waker, b"x")

    def close(self) -> None:
        os.close(self._woken)
        os.close(self._waker)


class TcpCable:
    """A listening port; while the mechanism has no power its owner drops every host at once."""

    def __init__(self, host: str, port: int) -> None:
        self._listener = socket.create_server((host, port))
        self._listener.setblocking(False)
        self._host: socket.socket | None = None
        self._dropped: list[socket.socket] = []
        """A host that hung up; the waiting thread closes it: closed under its poll, its number may be another's."""
        self._wakeable = _Wakeable()
        self.address = f"tcp://{host}:{self._listener.getsockname()[1]}"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a host, or for its bytes."""
        self._close_dropped()
        waited = self._host or self._listener
        if not self._wakeable.wait_for(waited.fileno(), timeout):
            return False
        if waited is self._listener:
            self._accept()
        return True

    def _accept(self) -> None:
        try:
            self._host, _ = self._listener.accept()
        except BlockingIOError:
            return  # the host went away again
        self._host.setblocking(False)
        self._host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, limit: int) -> bytes | None:
        """Bytes of the host; None when it has hung up."""
        if self._host is None:
            return b""
        try:
            data = self._host.recv(limit)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.drop()
            return None
        return data

    def send(self, data: bytes) -> None:
        """Send to the host; a host that does not take an answer's few bytes has gone."""
        if self._host is not None:
            try:
                self._host.sendall(data)
            except OSError:
                self.drop()

    def drop(self) -> None:
        """Hang up."""
        host, self._host = self._host, None
        if host is not None:
            self._dropped.append(host)
            with suppress(OSError):
                host.shutdown(socket.SHUT_RDWR)

    def _close_dropped(self) -> None:
        while self._dropped:
            self._dropped.pop().close()

    def stop(self) -> None:
        """End the wait."""
        self._wakeable.wake()

    def close(self) -> None:
        """Close everything."""
        self.drop()
        self._close_dropped()
        self._listener.close()
        self._wakeable.close()


class PtyCable:
    """A pseudo terminal behind a symbolic link; it stays, silent, when the mechanism has no power."""

    def __init__(self, link: Path) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._link = link
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._slave))
        self._wakeable = _Wakeable()
        self.address = f"pty://{link}"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for bytes."""
        return self._wakeable.wait_for(self._master, timeout)

    def read(self, limit: int) -> bytes | None:
        """Bytes of the host; a pseudo terminal whose other side is kept open never hangs up."""
        try:
            return os.read(self._master, limit)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        """Send to the host; bytes without room are lost when it reads nothing, the same as on a real line."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return

    def drop(self) -> None:
        """Forget the bytes in the cable."""
        while self.read(4096):
            pass

    def stop(self) -> None:
        """End the wait."""
        self._wakeable.wake()

    def close(self) -> None:
        """Close the pseudo terminal and take the link away."""
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._wakeable.close()


def kill_process(pid: int) -> None:
    """Kill a process by SIGKILL and return when it is gone; it may be gone already."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(watched, signal.SIGKILL)
        poller = select.poll()
        poller.register(watched, select.POLLIN)
        if not poller.poll(_KILL_WAIT):
            raise TimeoutError(f"process {pid} did not end")
    except ProcessLookupError:
        pass  # it ended by itself in between
    finally:
        os.close(watched)
