"""Addresses of ports: what an engineer writes, taken apart and judged without touching a device."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import serial

_SLOWEST: Final = 110
BAUDS: Final = tuple(baud for baud in serial.Serial.BAUDRATES if baud >= _SLOWEST)
"""Speeds that a serial line may have: those that the system has a name for."""
DEFAULT_BAUD: Final = 9600
"""The speed with which passbook printers of the PR2 family leave the factory."""
SEVEN_BITS: Final = 7
"""Data bits that carry no character above 7F hex."""

_LAST_PORT: Final = 65535
_SCHEMES: Final = (
    "serial:///dev/NAME, usb://VENDOR:PRODUCT/SERIAL, usblp:///dev/NAME, tcp://HOST:PORT, rfc2217://HOST:PORT "
    "or pty:///PATH"
)


class Flow(StrEnum):
    """The way in which a serial printer says that its buffer is full."""

    RTS = "rts"
    """Its DTR is wired to our CTS; the kernel waits for it."""
    XON = "xon"
    """It sends XOFF and XON.  Unsafe for ESC/POS, dot graphics and magnetic stripes: bytes may be 11 and 13 hex."""
    NONE = "none"
    """It does not."""


class Parity(StrEnum):
    """The check bit behind each character of a serial line."""

    NONE = "none"
    """There is none."""
    EVEN = "even"
    """It makes the number of ones even."""
    ODD = "odd"
    """It makes the number of ones odd."""


@dataclass(frozen=True)
class LineSettings:
    """The settings of a serial line: speed, bits of a character, handshake."""

    baud: int = DEFAULT_BAUD
    data: int = 8
    parity: Parity = Parity.NONE
    stop: int = 1
    flow: Flow = Flow.RTS


_SETTINGS: Final = tuple(field.name for field in fields(LineSettings))


@dataclass(frozen=True)
class TcpAddress:
    """`tcp://host:port`."""

    host: str
    port: int


@dataclass(frozen=True)
class RemoteLine:
    """`rfc2217://host:port?baud=9600`: a serial line of a device server, whose settings the network carries."""

    host: str
    port: int
    settings: LineSettings


@dataclass(frozen=True)
class SerialLine:
    """`serial:///dev/ttyUSB0?baud=9600&flow=rts`, or `pty:///path`, a pseudo terminal without modem signals."""

    path: str
    settings: LineSettings
    is_pseudo: bool = False


@dataclass(frozen=True)
class UsbPrinter:
    """`usb://04b8:0202/SERIAL`: a device of the USB printer class by maker, model and serial number."""

    vendor: int
    product: int
    serial: str

    @property
    def name(self) -> str:
        """The device as the address writes it."""
        return f"{self.vendor:04x}:{self.product:04x}/{self.serial}"


@dataclass(frozen=True)
class PrinterDevice:
    """`usblp:///dev/usb/lp0`: a USB printer behind the driver of the kernel."""

    path: str


PortAddress: TypeAlias = TcpAddress | RemoteLine | SerialLine | UsbPrinter | PrinterDevice


def parse_port_url(url: str) -> PortAddress:
    """Take a port's address apart.  Raises ValueError with one reason for a person."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("expected printable characters of ASCII without spaces; write others as %20")
    scheme, _, rest = url.partition(":")
    if not rest.startswith("//") or scheme not in _READERS:
        raise ValueError(f"expected {_SCHEMES}")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("expected a host, or an IPv6 address in brackets") from None
    if "#" in url or "@" in parts.netloc:
        raise ValueError("expected no # and no user name")
    if parts.query and scheme not in {"serial", "rfc2217"}:
        raise ValueError(f"expected nothing behind ? for {scheme}://")
    return _READERS[scheme](parts)


def has_no_handshake(url: str) -> bool:
    """Whether nothing at a serial line can say that the printer's buffer is full, so that bytes may get lost."""
    match parse_port_url(url):
        case SerialLine(is_pseudo=False, settings=settings) | RemoteLine(settings=settings):
            return settings.flow is Flow.NONE
        case _:
            return False


def can_be_plugged(url: str) -> bool:
    """Whether the other side of a port is a device of this machine, which may come and go."""
    match parse_port_url(url):
        case SerialLine(is_pseudo=False) | UsbPrinter() | PrinterDevice():
            return True
        case _:
            return False


def _tcp(parts: SplitResult) -> TcpAddress:
    return TcpAddress(*_host_and_port(parts))


def _remote(parts: SplitResult) -> RemoteLine:
    return RemoteLine(*_host_and_port(parts), _settings(parts.query))


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.path:
        raise ValueError(f"expected {parts.scheme}://HOST:PORT with a port from 1 to {_LAST_PORT}")
    try:
        # The system's search for a host writes it so, and raises no error of a port where it cannot.
        host.encode("idna")
    except UnicodeError:
        raise ValueError("expected a host name whose parts have 1 to 63 letters") from None
    return host, port


def _serial(parts: SplitResult) -> SerialLine:
    return SerialLine(_device(parts), _settings(parts.query))


def _pty(parts: SplitResult) -> SerialLine:
    return SerialLine(_device(parts), LineSettings(flow=Flow.NONE), is_pseudo=True)


def _usblp(parts: SplitResult) -> PrinterDevice:
    return PrinterDevice(_device(parts))


def _device(parts: SplitResult) -> str:
    path = unquote(parts.path, errors="replace")
    if parts.netloc or path in {"", "/"} or not path.isprintable():
        raise ValueError(f"expected {parts.scheme}:/// and the path of a device")
    return path


def _usb(parts: SplitResult) -> UsbPrinter:
    numbers = re.fullmatch(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})", parts.netloc)
    number = unquote(parts.path[1:], errors="replace")
    if numbers is None or not number:
        raise ValueError(
            "expected usb://VENDOR:PRODUCT/SERIAL with two numbers of four hexadecimal digits, as in lsusb"
        )
    return UsbPrinter(int(numbers[1], 16), int(numbers[2], 16), number)


_READERS: Final[Mapping[str, Callable[[SplitResult], PortAddress]]] = MappingProxyType(
    {"tcp": _tcp, "rfc2217": _remote, "serial": _serial, "pty": _pty, "usb": _usb, "usblp": _usblp}
)
"""Scheme -> the function that reads what stands behind it."""


def _settings(query: str) -> LineSettings:
    given: dict[str, str] = {}
    for name, value in _pairs(query):
        if name in given:
            raise ValueError(f"{name} stands there twice")
        if name not in _SETTINGS:
            raise ValueError(f"expected no settings but {', '.join(_SETTINGS)} behind ?")
        given[name] = value
    return LineSettings(
        baud=int(_one_of("baud", given.get("baud", str(DEFAULT_BAUD)), map(str, BAUDS))),
        data=int(_one_of("data", given.get("data", "8"), ("7", "8"))),
        parity=Parity(_one_of("parity", given.get("parity", Parity.NONE), Parity)),
        stop=int(_one_of("stop", given.get("stop", "1"), ("1", "2"))),
        flow=Flow(_one_of("flow", given.get("flow", Flow.RTS), Flow)),
    )


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("expected settings such as baud=9600&flow=rts behind ?") from None


def _one_of(name: str, value: str, allowed: Iterable[str]) -> str:
    known = list(allowed)
    if value not in known:
        raise ValueError(f"{name} is not one of {', '.join(known)}")
    return value
