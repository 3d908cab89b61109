"""A server of RFC 2217 before a pseudo terminal: the half that pyserial brings, in threads of this process."""

from __future__ import annotations

import os
import socket
import threading
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import serial
from serial import rfc2217


class _Wire:
    """Bytes from the server to its client, in whole pieces."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock, suppress(OSError):
            self._connection.sendall(data)


class _Line(serial.Serial):
    """A pseudo terminal in place of a line: it has no modem signals, and takes no settings but remembers them."""

    def _reconfigure_port(self, force_update: bool = False) -> None:
        if force_update:
            super()._reconfigure_port(force_update=True)  # type: ignore[misc]  # the stub lacks it

    def _update_rts_state(self) -> None:
        return

    def _update_dtr_state(self) -> None:
        return

    cts = dsr = ri = cd = property(lambda _self: True)


class DeviceServer:
    """The server; `line` is the other side of its pseudo terminal, unless `path` names one that is there already."""

    def __init__(self, path: Path | None = None) -> None:
        self.line, slave = os.openpty()
        tty.setraw(slave)
        self.device = _Line(os.ttyname(slave) if path is None else str(path), timeout=0.05)
        os.close(slave)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connection: socket.socket | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                self.connection, _ = self._listener.accept()
            except OSError:
                return
            wire = _Wire(self.connection)
            manager = rfc2217.PortManager(cast("Any", self.device), cast("Any", wire))
            ended = threading.Event()
            back = threading.Thread(target=self._send_back, args=(manager, wire, ended))
            back.start()
            self._take(manager)
            ended.set()
            back.join()
            self.connection.close()

    def _take(self, manager: rfc2217.PortManager) -> None:
        while self.connection is not None:
            # The client or the line may be gone.
            try:
                data = self.connection.recv(1024)
                if not data:
                    return
                self.device.write(b"".join(manager.filter(data)))
            except OSError:
                return

    def _send_back(self, manager: rfc2217.PortManager, wire: _Wire, ended: threading.Event) -> None:
        while not ended.is_set():
            data = self.device.read(self.device.in_waiting or 1)
            if data:
                wire.write(b"".join(manager.escape(data)))

    def send_raw(self, data: bytes) -> None:
        """Send to the client what the protocol does not provide for."""
        if self.connection is not None:
            self.connection.sendall(data)

    def hang_up(self) -> None:
        """End the connection, as a server does that loses its power."""
        if self.connection is not None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the server and its line."""
        self._stopping.set()
        self.hang_up()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10.0)
        self.device.close()
        os.close(self.line)

    def url(self, query: str = "") -> str:
        """The address of the line."""
        return f"rfc2217://127.0.0.1:{self.port}{query}"
