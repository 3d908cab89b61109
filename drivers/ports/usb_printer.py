"""A device of the USB printer class by maker, model and serial number, claimed for this program alone."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import usb.core
import usb.util
from usb.backend import libusb1

from drivers.ports.port import LARGEST_READ, LARGEST_WRITE, Port, PortError, PortTrouble, drain
from drivers.ports.port_address import UsbPrinter

SYSFS_USB: Final = Path("/sys/bus/usb/devices")
DEV: Final = Path("/dev")
_PRINTER_CLASS: Final = 7
_TWO_WAYS: Final = 2
"""The protocol of an interface that takes bytes and answers (USB printer class 1.1, 4.1)."""
_LOOK: Final = 0.25
"""Seconds of one read; in between it is seen whether the port was closed."""
_SHORTEST: Final = 0.02
"""Seconds of a read that shall not wait, and between two empty answers of a printer that has nothing to say."""
_LIBRARY: Final = "libusb-1.0.so.0"


def open_usb(
    printer: UsbPrinter,
    write_timeout: float,
    clock: Callable[[], float],
    *,
    backend: Any = None,
    sysfs: Path = SYSFS_USB,
    dev: Path = DEV,
) -> Port:
    """Claim the printer's interface, without a reset and without the bytes of an earlier session.

    The kernel's driver lets it go unless a program uses the printer by it.  `backend` is the library's way to USB.
    Raises PortError.
    """
    # Named as it is: to look for it the library would start another program.
    used = backend or libusb1.get_backend(find_library=lambda _name: _LIBRARY)
    if used is None:
        raise PortError(PortTrouble.UNPLUGGED, f"ENOENT: the library {_LIBRARY} is not installed")
    try:
        device = _find(printer, used)
        try:
            interface = _interface(device)
            _must_be_free(device, interface, sysfs, dev)
            _claim(device, interface)
        except (usb.core.USBError, PortError):
            usb.util.dispose_resources(device)
            raise
    except usb.core.USBError as error:
        raise PortError.of(error) from error
    port = _UsbPort(device, interface, write_timeout, clock)
    drain(port)
    return port


def _find(printer: UsbPrinter, backend: Any) -> Any:
    alike = usb.core.find(find_all=True, backend=backend, idVendor=printer.vendor, idProduct=printer.product)
    refused: usb.core.USBError | None = None
    found: list[Any] = []
    for device in alike:
        try:
            if _serial_of(device) == printer.serial:
                found.append(device)
                continue
        except usb.core.USBError as error:
            refused = error
        usb.util.dispose_resources(device)
    if len(found) > 1:
        raise PortError(PortTrouble.UNPLUGGED, f"ENOTUNIQ: {len(found)} devices call themselves {printer.name}")
    if found:
        return found[0]
    if refused is not None:
        raise refused
    raise PortError(PortTrouble.UNPLUGGED, f"ENODEV: no device {printer.name} is plugged in")


def _serial_of(device: Any) -> str:
    """The serial number that a device tells of itself; empty where it has none, or none that can be read."""
    if not device.iSerialNumber:
        return ""
    languages = usb.util.get_langids(device)
    try:
        return str(usb.util.get_string(device, device.iSerialNumber, languages[0])) if languages else ""
    except UnicodeDecodeError:
        # Half a character: devices that were never given a number send such.
        return ""


def _interface(device: Any) -> Any:
    """The printer interface that takes bytes and answers."""
    try:
        configuration = device.get_active_configuration()
    except usb.core.USBError:
        # It was never set up: only then, for some printers lose their settings by it.
        device.set_configuration()
        configuration = device.get_active_configuration()
    for interface in configuration:
        is_printer = interface.bInterfaceClass == _PRINTER_CLASS and interface.bInterfaceProtocol == _TWO_WAYS
        if is_printer and _endpoint(interface, usb.util.ENDPOINT_IN) and _endpoint(interface, usb.util.ENDPOINT_OUT):
            return interface
    raise PortError(PortTrouble.UNPLUGGED, "ENODEV: the device has no printer interface that answers")


def _endpoint(interface: Any, direction: int) -> Any:
    def is_wanted(endpoint: Any) -> bool:
        kind = usb.util.endpoint_type(endpoint.bmAttributes)
        towards = usb.util.endpoint_direction(endpoint.bEndpointAddress)
        return bool(kind == usb.util.ENDPOINT_TYPE_BULK and towards == direction)

    return usb.util.find_descriptor(interface, custom_match=is_wanted)


def _must_be_free(device: Any, interface: Any, sysfs: Path, dev: Path) -> None:
    """Require that no program has the printer open by the kernel's driver, which would be taken from it (P15)."""
    ports = ".".join(map(str, device.port_numbers or ()))
    configuration = device.get_active_configuration().bConfigurationValue
    place = sysfs / f"{device.bus}-{ports}:{configuration}.{interface.bInterfaceNumber}" / "usbmisc"
    for known in place.glob("lp*"):
        try:
            os.close(os.open(dev / "usb" / known.name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise PortError.of(error) from error


def _claim(device: Any, interface: Any) -> None:
    number = interface.bInterfaceNumber
    # The kernel's driver gets it back at the next plugging: given back at once, it would appear anew with each try.
    if device.is_kernel_driver_active(number):
        device.detach_kernel_driver(number)
    usb.util.claim_interface(device, number)
    if interface.bAlternateSetting:
        device.set_interface_altsetting(number, interface.bAlternateSetting)


class _UsbPort:
    """A claimed printer interface; a packet that has more bytes than a read wanted is kept for the next."""

    def __init__(self, device: Any, interface: Any, write_timeout: float, clock: Callable[[], float]) -> None:
        self._device = device
        self._out = _endpoint(interface, usb.util.ENDPOINT_OUT)
        self._in = _endpoint(interface, usb.util.ENDPOINT_IN)
        self._write_timeout = write_timeout
        self._clock = clock
        self._closing = threading.Event()
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._kept = b""

    def write(self, data: bytes) -> None:
        with self._writing:
            rest = data
            while rest:
                self._must_be_open()
                try:
                    taken = self._out.write(rest[:LARGEST_WRITE], _milliseconds(self._write_timeout))
                except usb.core.USBError as error:
                    raise self._trouble(error, self._out) from error
                rest = rest[taken:]

    def read(self, limit: int, timeout: float) -> bytes:
        deadline = self._clock() + timeout
        with self._reading:
            while not self._kept:
                self._must_be_open()
                left = deadline - self._clock()
                packet = self._read_packet(max(_SHORTEST, min(left, _LOOK)))
                if not packet and left <= 0:
                    break
                if packet is not None and not packet:
                    # Some printers answer at once that they have nothing to say.
                    self._closing.wait(_SHORTEST)
                self._kept = packet or b""
            data, self._kept = self._kept[:limit], self._kept[limit:]
            return data

    def _read_packet(self, timeout: float) -> bytes | None:
        """The bytes that the printer had to say; None when it answered nothing in that time."""
        try:
            return bytes(self._in.read(max(LARGEST_READ, self._in.wMaxPacketSize), _milliseconds(timeout)))
        except usb.core.USBError as error:
            if error.errno == errno.ETIMEDOUT:
                return None
            raise self._trouble(error, self._in) from error

    def _trouble(self, error: usb.core.USBError, endpoint: Any) -> PortError:
        if error.errno == errno.EPIPE:
            # It stays halted, for the next session too, until it is told to go on.
            _quietly(lambda: self._device.clear_halt(endpoint))
        return PortError.of(error)

    def _must_be_open(self) -> None:
        if self._closing.is_set():
            raise PortError(PortTrouble.UNPLUGGED)

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        with self._reading, self._writing:
            _quietly(lambda: usb.util.dispose_resources(self._device))


def _quietly(deed: Callable[[], object]) -> None:
    """Do what a device that has gone cannot be asked any more."""
    try:
        deed()
    except usb.core.USBError:
        return


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
