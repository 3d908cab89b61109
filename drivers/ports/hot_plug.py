"""The system's news of devices that are plugged in; loaded only where a port is a device."""

from __future__ import annotations

from typing import Final

import pyudev

_KINDS: Final = ("tty", "usb", "usbmisc")
"""Subsystems of the devices behind ports: serial lines, USB devices, the kernel's USB printers."""


class DeviceNews:
    """News from udev, which come when its rules have given a device its name and its group.

    Raises ImportError or OSError where the machine has no udev.
    """

    def __init__(self) -> None:
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        for kind in _KINDS:
            self._monitor.filter_by(kind)
        self._monitor.start()

    def fileno(self) -> int:
        """The descriptor that can be read when there are news."""
        return int(self._monitor.fileno())

    def has_appeared(self) -> bool:
        """Take all news that have come; whether a device appeared."""
        appeared = False
        while (device := self._monitor.poll(timeout=0)) is not None:
            appeared |= device.action == "add"
        return appeared
