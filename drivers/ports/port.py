"""Streams of bytes to and from a mechanism over TCP, a serial line, a pseudo terminal or the kernel's USB printers."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import stat
import termios
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import serial

from drivers.ports.port_address import (
    Flow,
    LineSettings,
    Parity,
    PrinterDevice,
    RemoteLine,
    SerialLine,
    TcpAddress,
    UsbPrinter,
    parse_port_url,
)

LARGEST_WRITE: Final = 64
"""Bytes handed over at once: 9600 baud printers ask for silence with 256 bytes left, and adapters react late."""

_WORDS: Final = {
    errno.EBUSY: "another program uses it",
    errno.EAGAIN: "another program uses it",
    errno.ENOTTY: "it is no serial device",
    errno.EINVAL: "it does not take these settings of the line",
}
"""Errors of ports whose words by the system say less."""
_HOST_TROUBLES: Final = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
_USB_MAJOR: Final = 180
"""The major number of the kernel's driver for USB printers (devices.txt)."""
_MOST_LEFTOVERS: Final = 65_536
"""Bytes of an earlier session that are thrown away at most; a device that sends without end is not waited for."""
_MOST_MILLISECONDS: Final = 3_600_000
_PAUSE: Final = 0.01
"""Seconds before a device is offered again what it did not take."""
LARGEST_READ: Final = 4096
"""Bytes of one read where all that has come is wanted."""
PARITIES: Final = {Parity.NONE: serial.PARITY_NONE, Parity.EVEN: serial.PARITY_EVEN, Parity.ODD: serial.PARITY_ODD}
"""Parity -> the letter of the library."""
_PARITY_FLAGS: Final = {Parity.NONE: (False, False), Parity.EVEN: (True, False), Parity.ODD: (True, True)}
"""Parity -> whether the line has one, and whether it is odd."""


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
        cause: why, as the system names and says it: `EBUSY: another program uses it`; empty where it said nothing.
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
            if isinstance(found, termios.error):
                return cls(PortTrouble.UNPLUGGED, _said(OSError(), found.args[0]))
            number = found.errno if isinstance(found, OSError) else None
            if isinstance(found, TimeoutError) or number == errno.ETIMEDOUT:
                return cls(PortTrouble.SILENT, "ETIMEDOUT: no answer came in time")
            if isinstance(found, OSError) and found.errno is not None:
                return cls(PortTrouble.UNPLUGGED, _said(found, found.errno))
            found = found.__cause__ or found.__context__
        return cls(PortTrouble.UNPLUGGED, type(error).__name__)


def _said(error: OSError, number: int) -> str:
    """The name of an error of the system, and its words."""
    if isinstance(error, socket.gaierror):
        return f"{_HOST_TROUBLES.get(number, number)}: {error.strerror}"
    return f"{errno.errorcode.get(number, number)}: {_WORDS.get(number) or os.strerror(number)}"


class Port(Protocol):
    """A two-way stream of bytes; one thread may read while another writes, and any may close."""

    def write(self, data: bytes) -> None:
        """Hand over all of `data` in small pieces.  Raises PortError after the write time-out or at hang-up."""

    def read(self, limit: int, timeout: float) -> bytes:
        """The bytes that have arrived, at most `limit`; b"" when `timeout` seconds brought none.  Raises PortError."""

    def close(self) -> None:
        """Give the port back; a read that waits in another thread ends with PortError.  May be repeated."""


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
        case PrinterDevice(path):
            return _open_device(path, write_timeout, clock)
        case RemoteLine() as remote:
            # Its library and that of USB are loaded only where such a port is configured.
            from drivers.ports.device_server import open_remote  # noqa: PLC0415

            return open_remote(remote, clock)
        case UsbPrinter() as printer:
            from drivers.ports.usb_printer import open_usb  # noqa: PLC0415

            return open_usb(printer, write_timeout, clock)


def _open_tcp(host: str, port: int, connect_timeout: float, write_timeout: float, clock: Callable[[], float]) -> Port:
    try:
        connection = socket.create_connection((host, port), timeout=connect_timeout)
    except OSError as error:
        raise PortError.of(error) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    return _DescriptorPort(connection.fileno(), connection.close, write_timeout, clock)


def _open_serial(line: SerialLine, write_timeout: float, clock: Callable[[], float]) -> Port:
    """A serial line of this machine, opened for this program alone and without the bytes of an earlier session."""
    settings = line.settings
    try:
        device = serial.Serial(
            line.path,
            settings.baud,
            bytesize=settings.data,
            parity=PARITIES[settings.parity],
            stopbits=settings.stop,
            timeout=0,
            write_timeout=0,
            rtscts=settings.flow is Flow.RTS,
            xonxoff=settings.flow is Flow.XON,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise PortError.of(error) from error

    def release() -> None:
        try:
            # A close waits half a minute for bytes that a held-off printer will not take.
            device.reset_output_buffer()
            fcntl.ioctl(device.fileno(), termios.TIOCNXCL)
        except (OSError, termios.error):
            pass  # the device has gone: there is nothing left to drop
        finally:
            device.close()

    try:
        if not line.is_pseudo:
            # The lock of the library holds off only programs that ask for it.  A pseudo terminal whose other side stays
            # open would keep the claim of a program that lost its power.
            fcntl.ioctl(device.fileno(), termios.TIOCEXCL)
        _must_have(device.fileno(), settings)
        # An earlier session may have ended behind an XOFF; the system lets go on only a line that it was told to halt.
        termios.tcflow(device.fileno(), termios.TCOOFF)
        termios.tcflow(device.fileno(), termios.TCOON)
    except (OSError, termios.error) as error:
        release()
        raise PortError.of(error) from error
    except PortError:
        release()
        raise
    return _DescriptorPort(device.fileno(), release, write_timeout, clock)


def _must_have(descriptor: int, settings: LineSettings) -> None:
    """Require that a line has the settings that were asked for: the system passes over those that a device lacks."""
    _, _, flags, _, _, speed, _ = termios.tcgetattr(descriptor)
    has = {
        "baud": speed == getattr(termios, f"B{settings.baud}"),
        "data": flags & termios.CSIZE == {7: termios.CS7, 8: termios.CS8}[settings.data],
        "parity": (bool(flags & termios.PARENB), bool(flags & termios.PARODD)) == _PARITY_FLAGS[settings.parity],
        "stop": bool(flags & termios.CSTOPB) == (settings.stop == 2),  # noqa: PLR2004  # stop bits
        "flow": bool(flags & termios.CRTSCTS) == (settings.flow is Flow.RTS),
    }
    missing = [name for name, is_so in has.items() if not is_so]
    if missing:
        name = missing[0]
        raise PortError(PortTrouble.UNPLUGGED, f"EINVAL: the device does not take {name}={getattr(settings, name)}")


def _open_device(path: str, write_timeout: float, clock: Callable[[], float]) -> Port:
    """A USB printer behind the kernel's driver, which lets one program in, without an earlier session's bytes."""
    try:
        facts = Path(path).stat()
        is_printer = stat.S_ISCHR(facts.st_mode) and os.major(facts.st_rdev) == _USB_MAJOR
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC) if is_printer else -1
    except OSError as error:
        raise PortError.of(error) from error
    if descriptor < 0:
        raise PortError(PortTrouble.UNPLUGGED, "ENODEV: it is no USB printer of the kernel's driver usblp")
    port = _DescriptorPort(descriptor, lambda: os.close(descriptor), write_timeout, clock)
    drain(port)
    return port


def drain(port: Port) -> None:
    """Throw away the bytes of an earlier session that have arrived.  Raises PortError, and closes the port then."""
    try:
        left = _MOST_LEFTOVERS
        while left > 0 and (data := port.read(LARGEST_READ, 0.0)):
            left -= len(data)
    except PortError:
        port.close()
        raise


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
            taken = self._write_some(rest[:LARGEST_WRITE])
            rest = rest[taken:]
            if taken:
                deadline = self._clock() + self._write_timeout
            elif self._clock() >= deadline:
                raise self._took_nothing()
            else:
                # A USB printer without paper says that it is ready, and takes nothing.
                self._closing.wait(_PAUSE)

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
            raise self._took_nothing()

    def _took_nothing(self) -> PortError:
        return PortError(PortTrouble.SILENT, f"ETIMEDOUT: it took no bytes for {self._write_timeout:g} s")

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
