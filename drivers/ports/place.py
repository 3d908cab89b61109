"""The place that the address of a port reaches, so that two ways to write one port are known as one (P15).

Theory of operation.  A device has many names: links below /dev lead to it, and one on USB gets another number after
each plugging.  So it is known by the maker, model and serial number that USB tells of it, and without these by the file
behind all links, on its machine.  A printer on USB is one, whether its address names these three or the kernel's file;
while it is not plugged in, two such addresses are two, and the claim of the one that opens it first keeps the other
out.  A port on the network is known by host and number, whatever is spoken there; a host of this machine alone is known
together with the machine.  Names of hosts are not looked up: a name and its address are two.
"""

from __future__ import annotations

import os
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from drivers.ports.port_address import PrinterDevice, RemoteLine, SerialLine, TcpAddress, UsbPrinter, parse_port_url

SYSFS: Final = Path("/sys/class")
"""What the kernel tells of devices: sysfs(5)."""
_LOCAL: Final = "localhost"
_USB: Final = ("idVendor", "idProduct", "serial")


def place_of(url: str, machine: str, sysfs: Path = SYSFS) -> str:
    """The place of the port at `url`, the same for each way to write it, as a machine named `machine` reaches it.

    Raises ValueError for a bad address.
    """
    match parse_port_url(url):
        case TcpAddress(host, port) | RemoteLine(host, port):
            known = _host(host)
            return f"tcp {machine if known == _LOCAL else known} {port}"
        case UsbPrinter(vendor, product, serial):
            return f"usb {vendor:04x}:{product:04x}:{serial} printer"
        case PrinterDevice(path):
            device = os.path.realpath(path)
            facts, _ = _usb_device(sysfs / "usbmisc" / Path(device).name)
            return f"usb {facts} printer" if facts else f"{machine} {device}"
        case SerialLine(path):
            device = os.path.realpath(path)
            facts, interface = _usb_device(sysfs / "tty" / Path(device).name)
            return f"usb {facts} {interface}" if facts else f"{machine} {device}"


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


def _usb_device(device: Path) -> tuple[str, str]:
    """Maker, model and serial number of the device on USB behind one of the kernel's, and its interface, or nothing."""
    interface = Path(os.path.realpath(device / "device"))
    # An adapter that is a driver's port of its own lies one level deeper than a modem's.
    for place in (interface, interface.parent):
        facts = [_told(place.parent / name) for name in _USB]
        if all(facts):
            return ":".join(facts), _told(place / "bInterfaceNumber")
    return "", ""


def _told(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
