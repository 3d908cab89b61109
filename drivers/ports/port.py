"""Streams of bytes to and from a mechanism over TCP, a serial line or a pseudo terminal."""

from __future__ import annotations

import errno
import os
import select
import socket
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import serial

LARGEST_WRITE: Final = 64
"""Bytes handed over at once: 9600 baud printers ask for silence with 256 bytes left, and adapters react late."""

_SLOWEST: Final = 110
BAUDS: Final = tuple(baud for baud in serial.Serial.BAUDRATES if baud >= _SLOWEST)
"""Speeds that a serial line may have: those that the system has a name for."""
_DIGITS: Final = len(str(max(BAUDS)))
DEFAULT_BAUD: Final = 9600
"""The speed with which passbook printers of the PR2 family leave the factory."""

_BUSY: Final = frozenset({errno.EBUSY, errno.EAGAIN})
_MOST_MILLISECONDS: Final = 3_600_000


class PortTrouble(StrEnum):
    """Why a port does not work."""

    SILENT = "silent"
    """The other side takes no bytes."""
    UNPLUGGED = "unplugged"
    """There is no other side: refused, hung up, pulled out, or closed here."""


class PortError(Exception):
    """A port does not work.

    Attributes:
        trouble: how.
        cause: why, as the system said it: `EBUSY: another program uses it`; empty where it said nothing.
    """

    def __init__(self, trouble: PortTrouble, cause: str = "") -> None:
        self.trouble = trouble
        self.cause = cause
        super().__init__(f"{trouble.value}: {cause}" if cause else trouble.value)

    @classmethod
    def of(cls, error: BaseException) -> PortError:
        """The trouble that an error of the system is; its number is looked for along the causes of `error`."""
        found: BaseException | None = error
        while found is not None:
            if isinstance(found, OSError) and found.errno is not None:
                name = errno.errorcode.get(found.errno, str(found.errno))
                words = "another program uses it" if found.errno in _BUSY else os.strerror(found.errno)
                return cls(PortTrouble.UNPLUGGED, f"{name}: {words}")
            if isinstance(found, termios.error):
                return cls(PortTrouble.UNPLUGGED, "it is no serial device")
            found = found.__cause__ or found.__context__
        return cls(PortTrouble.UNPLUGGED, type(error).__name__)


class Port(Protocol):
    """A two-way stream of bytes; one thread may read while another writes, and any may close."""

    def write(self, data: bytes) -> None:
        """Hand over all of `data` in small pieces.  Raises PortError after the write time-out or at hang-up."""

    def read(self, limit: int, timeout: float) -> bytes:
        """The bytes that have arrived, at most `limit`; b"" when `timeout` seconds brought none.  Raises PortError."""

    def close(self) -> None:
        """Give the port back; a read that waits in another thread ends with PortError.  May be repeated."""


class Flow(StrEnum):
    """The way in which a serial printer says that its buffer is full."""

    RTS = "rts"
    """Its DTR is wired to our CTS; the kernel waits for it."""
    XON = "xon"
    """It sends XOFF and XON."""
    NONE = "none"
    """It does not."""


@dataclass(frozen=True)
class TcpAddress:
    """`tcp://host:port`."""

    host: str
    port: int


@dataclass(frozen=True)
class SerialLine:
    """`serial:///dev/ttyUSB0?baud=9600&flow=rts`, or `pty:///path` for a line without modem signals."""

    path: str
    baud: int
    flow: Flow


def parse_port_url(url: str) -> TcpAddress | SerialLine:
    """Take a port's address apart.  Raises ValueError with one reason for a person."""
    parts = urlsplit(url)
    match parts.scheme:
        case "tcp":
            return _parse_tcp(parts.hostname, parts.port, parts.path + parts.query)
        case "serial":
            return _parse_serial(parts.path, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))))
        case "pty" if parts.path and not parts.query:
            return SerialLine(parts.path, DEFAULT_BAUD, Flow.NONE)
        case _:
            raise ValueError("expected tcp://host:port, serial:///device?baud=9600&flow=rts or pty:///path")


def has_no_handshake(url: str) -> bool:
    """Whether nothing at a serial device can say that the printer's buffer is full, so that bytes may get lost."""
    line = parse_port_url(url)
    return isinstance(line, SerialLine) and line.flow is Flow.NONE and urlsplit(url).scheme == "serial"


def _parse_tcp(host: str | None, port: int | None, rest: str) -> TcpAddress:
    if host is None or port is None or rest:
        raise ValueError("expected tcp://host:port")
    return TcpAddress(host, port)


def _parse_serial(path: str, options: dict[str, str]) -> SerialLine:
    unknown = sorted(options.keys() - {"baud", "flow"})
    if unknown or not path:
        raise ValueError("expected serial:///device with nothing but baud and flow behind it")
    baud = options.get("baud", str(DEFAULT_BAUD))
    if not (baud.isascii() and baud.isdecimal()) or int(baud[:_DIGITS]) not in BAUDS or len(baud) > _DIGITS:
        raise ValueError(f"baud is not one of {', '.join(map(str, BAUDS))}")
    return SerialLine(path, int(baud), Flow(options.get("flow", Flow.RTS)))


def open_port(
    url: str,
    *,
    write_timeout: float = 5.0,
    connect_timeout: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
) -> Port:
    """Open the port at `url`; times in seconds.  Raises ValueError for a bad address, PortError without an answer."""
    match parse_port_url(url):
        case TcpAddress(host, port):
            return _open_tcp(host, port, connect_timeout, write_timeout, clock)
        case SerialLine() as line:
            return _open_serial(line, write_timeout, clock)


def _open_tcp(host: str, port: int, connect_timeout: float, write_timeout: float, clock: Callable[[], float]) -> Port:
    try:
        connection = socket.create_connection((host, port), timeout=connect_timeout)
    except OSError as error:
        raise PortError.of(error) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    return _DescriptorPort(connection.fileno(), connection.close, write_timeout, clock)


def _open_serial(line: SerialLine, write_timeout: float, clock: Callable[[], float]) -> Port:
    try:
        device = serial.Serial(
            line.path,
            line.baud,
            timeout=0,
            write_timeout=0,
            rtscts=line.flow is Flow.RTS,
            xonxoff=line.flow is Flow.XON,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise PortError.of(error) from error

    def release() -> None:
        try:
            # A close waits half a minute for bytes that a held-off printer will not take.
            device.reset_output_buffer()
        except (OSError, termios.error):
            pass  # the device has gone: there is nothing left to drop
        finally:
            device.close()

    return _DescriptorPort(device.fileno(), release, write_timeout, clock)


class _DescriptorPort:
    """A non-blocking descriptor and a pipe that wakes a waiting read."""

    def __init__(
        self, descriptor: int, release: Callable[[], None], write_timeout: float, clock: Callable[[], float]
    ) -> None:
        self._descriptor = descriptor
        self._release = release
        self._write_timeout = write_timeout
        self._clock = clock
        self._closing = threading.Event()
        self._in_use = threading.Lock()
        self._woken, self._waker = os.pipe()

    def write(self, data: bytes) -> None:
        deadline = self._clock() + self._write_timeout
        rest = memoryview(data)
        while rest:
            self._wait(select.POLLOUT, deadline)
            rest = rest[self._write_some(rest[:LARGEST_WRITE]) :]

    def _write_some(self, piece: memoryview) -> int:
        try:
            return os.write(self._descriptor, piece)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise PortError.of(error) from error

    def _wait(self, events: int, deadline: float) -> None:
        poller = select.poll()
        poller.register(self._descriptor, events)
        if self._closing.is_set():
            raise PortError(PortTrouble.UNPLUGGED)
        if not poller.poll(_milliseconds(deadline - self._clock())):
            raise PortError(PortTrouble.SILENT)

    def read(self, limit: int, timeout: float) -> bytes:
        with self._in_use:
            if self._closing.is_set():
                raise PortError(PortTrouble.UNPLUGGED)
            poller = select.poll()
            poller.register(self._descriptor, select.POLLIN)
            poller.register(self._woken, select.POLLIN)
            ready = poller.poll(_milliseconds(timeout))
            if self._closing.is_set():
                raise PortError(PortTrouble.UNPLUGGED)
            return self._read_some(limit) if ready else b""

    def _read_some(self, limit: int) -> bytes:
        try:
            data = os.read(self._descriptor, limit)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortError.of(error) from error
        if not data:
            raise PortError(PortTrouble.UNPLUGGED)
        return data

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        os.write(self._waker, b"x")
        with self._in_use:
            self._release()
            os.close(self._woken)
            os.close(self._waker)


def _milliseconds(seconds: float) -> int:
    return max(0, min(round(seconds * 1000), _MOST_MILLISECONDS))
