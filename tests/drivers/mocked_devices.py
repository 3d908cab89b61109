"""A program that umockdev runs: devices come and go, and it prints as JSON what the ports make of them."""

from __future__ import annotations

import ctypes
import json
import select
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Final

from drivers.ports.hot_plug import DeviceNews
from drivers.ports.place import place_of
from drivers.ports.port import PortError, open_port

PRINTER: Final = "/sys/devices/usb1/1-3"
KERNEL_PRINTER: Final = f"{PRINTER}/1-3:1.0/usbmisc/lp0"
DEVICES: Final = r"""P: /devices/usb1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DEVNAME=/dev/bus/usb/001/001
N: bus/usb/001/001
A: busnum=1\n
A: devnum=1\n
A: bConfigurationValue=1\n
A: speed=480\n
H: descriptors=12010002090000406B1D02000005030201010902190001010000E0000904000001090000000705810304000C

P: /devices/usb1/1-3
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DEVNAME=/dev/bus/usb/001/005
A: dev=189:4\n
N: bus/usb/001/005
A: busnum=1\n
A: devnum=5\n
A: bConfigurationValue=1\n
A: speed=480\n
A: idVendor=04b8\n
A: idProduct=0202\n
A: serial=A1\n
H: descriptors=1201000200000040B804020200010000030109022000010100C0010904000002070102000705010240000007058202400000

P: /devices/usb1/1-3/1-3:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface
A: bInterfaceNumber=00\n

P: /devices/usb1/1-3/1-3:1.0/usbmisc/lp0
E: SUBSYSTEM=usbmisc
E: DEVNAME=/dev/usb/lp0
A: dev=180:0\n
N: usb/lp0
L: device=../../../1-3:1.0
"""
"""A USB printer 04b8:0202 with serial number A1, its interface, and the kernel's device for it."""
WAIT: Final = 10.0


class Bed:
    """The devices of a machine that umockdev makes up."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libumockdev.so.0")
        self._library.umockdev_testbed_new.restype = ctypes.c_void_p
        self._bed = ctypes.c_void_p(self._library.umockdev_testbed_new())

    def add(self, devices: str) -> None:
        """Plug devices in."""
        if not self._library.umockdev_testbed_add_from_string(self._bed, devices.encode(), None):
            raise ValueError("umockdev does not take these devices")

    def tell(self, device: str, action: str) -> None:
        """Have udev tell of a device."""
        self._library.umockdev_testbed_uevent(self._bed, device.encode(), action.encode())


def cause_of(url: str) -> str:
    """Why a port cannot be opened; empty where it can, and takes bytes."""
    try:
        with closing(open_port(url, write_timeout=1.0)) as port:
            port.write(b"bytes")
            port.read(1, 0.0)
    except PortError as error:
        return error.cause
    return ""


def main() -> None:
    """Print what the ports make of the devices."""
    bed, news = Bed(), DeviceNews()

    def heard(cause: Callable[[], None]) -> bool:
        cause()
        if not select.select([news.fileno()], [], [], WAIT)[0]:
            raise TimeoutError("udev tells nothing")
        return news.has_appeared()

    before = {url: cause_of(url) for url in ("usb://04b8:0202/A1", "usblp:///dev/usb/lp0")}
    told = {
        "before": before,
        "plugged": heard(lambda: bed.add(DEVICES)),
        "changed": heard(lambda: bed.tell(PRINTER, "change")),
        "removed": heard(lambda: bed.tell(KERNEL_PRINTER, "remove")),
        "again": heard(lambda: bed.tell(KERNEL_PRINTER, "add")),
        "places": [place_of(url, "here") for url in before],
        "after": {url: cause_of(url) for url in (*before, "usb://04b8:0203/A1")},
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
