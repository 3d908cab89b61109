"""The place that the address of a port reaches, so that two ways to write one port are known as one (P15).

Theory of operation.  A serial device has many names: links below /dev lead to it, and an adapter on USB gets another
number after each plugging.  So it is known by the maker, model and serial number that USB tells of it, and without
these by the file behind all links, on its machine.  A port on the network is known by host and number; a host of this
machine alone is known together with the machine.  Names of hosts are not looked up: a name and its address are two.
"""

from __future__ import annotations

import os
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from drivers.ports.port import TcpAddress, parse_port_url

SYSFS: Final = Path("/sys/class/tty")
"""What the kernel tells of serial devices: sysfs(5)."""
_LOCAL: Final = "localhost"
_USB: Final = ("idVendor", "idProduct", "serial")


def place_of(url: str, machine: str, sysfs: Path = SYSFS) -> str:
    """The place of the port at `url`, the same for each way to write it, as a machine named `machine` reaches it.

    Raises ValueError for a bad address.
    """
    match parse_port_url(url):
        case TcpAddress(host, port):
            known = _host(host)
            return f"tcp {machine if known == _LOCAL else known} {port}"
        case line:
            device = os.path.realpath(line.path)
            return _usb_device(sysfs / Path(device).name) or f"{machine} {device}"


def _host(host: str) -> str:
    """A host without the differences that mean nothing; `localhost` for each name of the own machine."""
    try:
        address = ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return _LOCAL if name == _LOCAL or name.endswith(f".{_LOCAL}") else name
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    known = mapped or address
    return _LOCAL if known.is_loopback else str(known)


def _usb_device(tty: Path) -> str:
    """Maker, model, serial number and interface of the adapter on USB behind a device; empty where it has none."""
    interface = Path(os.path.realpath(tty / "device"))
    # An adapter that is a driver's port of its own lies one level deeper than a modem's.
    for place in (interface, interface.parent):
        facts = [_told(place.parent / name) for name in _USB]
        if all(facts):
            return f"usb {':'.join(facts)} {_told(place / 'bInterfaceNumber')}"
    return ""


def _told(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
