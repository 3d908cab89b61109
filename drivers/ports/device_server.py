"""A serial line of a device server on the network, by RFC 2217: pyserial's client, with waits that end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Final

import serial
from serial import rfc2217

from drivers.ports.port import LARGEST_WRITE, PARITIES, Port, PortError, PortTrouble
from drivers.ports.port_address import Flow, RemoteLine
from passbook.protocol.host_port import host_port

_LOOK: Final = 0.25
"""Seconds of one read; in between it is seen whether the port was closed."""
_NO_SUCH_PROTOCOL: Final = "Remote does not seem to support"


class _Device(rfc2217.Serial):
    """The library's client, which leaves a socket open that the server ended, and whose thread may fall over it."""

    broken: PortError | None = None
    """Why the thread fell: what the server sent, or did not take."""

    def _telnet_read_loop(self) -> None:
        try:
            super()._telnet_read_loop()  # type: ignore[misc]  # the stub lacks it
        except OSError as error:
            self.broken = PortError.of(error)
        except Exception:  # noqa: BLE001 - the library knows no rule for what comes, and a thread that raises ends all
            self.broken = PortError(PortTrouble.UNPLUGGED, "EPROTO: it breaks the rules of RFC 2217")

    def close(self) -> None:  # type: ignore[explicit-override]
        """Give the line back, and the socket."""
        connection: socket.socket | None = getattr(self, "_socket", None)
        super().close()
        if connection is not None:
            connection.close()


def open_remote(line: RemoteLine, clock: Callable[[], float]) -> Port:
    """Open a serial line of a device server, which is told the settings and throws away what it holds.

    Raises PortError: no host answers in five seconds, or what is asked of the line has no answer in three.
    """
    settings = line.settings
    try:
        device = _Device(
            f"rfc2217://{host_port(line.host, line.port)}",
            settings.baud,
            bytesize=settings.data,
            parity=PARITIES[settings.parity],
            stopbits=settings.stop,
            timeout=_LOOK,
            rtscts=settings.flow is Flow.RTS,
            xonxoff=settings.flow is Flow.XON,
        )
    except (OSError, ValueError) as error:
        raise _trouble(error) from error
    return _RemotePort(device, clock)


def _trouble(error: BaseException) -> PortError:
    """The trouble that an error of the library is; it has no number for what a server refuses."""
    known = PortError.of(error)
    if known.cause != type(error).__name__:
        return known
    if str(error).startswith(_NO_SUCH_PROTOCOL):
        return PortError(PortTrouble.UNPLUGGED, "EPROTO: it does not speak RFC 2217")
    return PortError(PortTrouble.UNPLUGGED, "EPROTO: it does not take these settings of the line")


class _RemotePort:
    """An open line of a device server; the library's own thread reads what comes."""

    def __init__(self, device: _Device, clock: Callable[[], float]) -> None:
        self._device = device
        self._clock = clock
        self._closing = threading.Event()
        self._in_use = threading.Lock()

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), LARGEST_WRITE):
            self._must_be_open()
            try:
                # It ends after five seconds in which the connection takes nothing.
                self._device.write(data[start : start + LARGEST_WRITE])
            except serial.SerialException as error:
                raise self._lost(error) from error

    def read(self, limit: int, timeout: float) -> bytes:
        deadline = self._clock() + timeout
        with self._in_use:
            while True:
                self._must_be_open()
                data = self._read_some(limit, wait=deadline > self._clock())
                if data or self._clock() >= deadline:
                    return data

    def _read_some(self, limit: int, *, wait: bool) -> bytes:
        try:
            if not wait and not self._device.in_waiting:
                return b""
            first: bytes = self._device.read(1)
            more = min(limit - len(first), self._device.in_waiting) if first else 0
            return first + (self._device.read(more) if more else b"")
        except serial.SerialException as error:
            raise self._lost(error) from error

    def _lost(self, error: serial.SerialException) -> PortError:
        """The end of the connection; of a hang-up the library says nothing but that its thread has ended."""
        known = self._device.broken or PortError.of(error)
        return PortError(known.trouble) if known.cause == type(error).__name__ else known

    def _must_be_open(self) -> None:
        if self._closing.is_set():
            raise PortError(PortTrouble.UNPLUGGED)

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        with self._in_use:
            self._device.close()
