"""USB printers by serial number, on a bus that is made up behind pyusb's own seam for ways to USB."""

from __future__ import annotations

import errno
import os
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import usb.core
from usb.backend import IBackend, libusb1

from drivers.ports.port import Port, PortError, PortTrouble, open_port
from drivers.ports.port_address import UsbPrinter
from drivers.ports.usb_printer import open_usb

WANTED: Final = UsbPrinter(0x04B8, 0x0202, "A1")
OUT: Final = 0x01
IN: Final = 0x82
STRINGS_OF_A_DEVICE: Final = 0x0300
LANGUAGE: Final = 0x0409


@dataclass
class Device:
    """A device on the bus; `deeds` are those that change it."""

    serial: str = "A1"
    interface_class: int = 7
    protocol: int = 2
    configured: bool = True
    has_kernel_driver: bool = False
    refuses: dict[str, int] = field(default_factory=dict)
    """Deed -> the number of the error that the system gives for it."""
    deeds: list[str] = field(default_factory=list)
    taken: bytearray = field(default_factory=bytearray)
    answers: deque[bytes] = field(default_factory=deque)
    takes_bytes: bool = True
    string: bytes | None = None
    """The descriptor of its serial number, where it is a broken one."""

    def do(self, deed: str) -> None:
        if deed in self.refuses:
            raise usb.core.USBError(deed, -1, self.refuses[deed])
        self.deeds.append(deed)


class Bus(IBackend):  # type: ignore[misc]  # the library is untyped
    """Devices that are plugged in: what pyusb asks of libusb."""

    def __init__(self, *devices: Device) -> None:
        super().__init__()
        self.devices = list(devices)

    def enumerate_devices(self) -> Iterator[Device]:
        return iter(self.devices)

    def get_device_descriptor(self, dev: Device) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=WANTED.vendor, idProduct=WANTED.product, bcdDevice=0x100, iManufacturer=0,
            iProduct=0, iSerialNumber=3 if dev.serial else 0, bNumConfigurations=1, address=5, bus=1, port_number=2,
            port_numbers=(2, 1), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, _dev: Device, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xC0, bMaxPower=1, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Device, intf: int, alt: int, _config: int) -> Any:
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=dev.interface_class, bInterfaceSubClass=1, bInterfaceProtocol=dev.protocol, iInterface=0,
            extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, _dev: Device, ep: int, _intf: int, _alt: int, _config: int) -> Any:
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(OUT, IN)[ep], bmAttributes=2, wMaxPacketSize=64,
            bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: Device) -> Device:
        dev.do("open")
        return dev

    def close_device(self, handle: Device) -> None:
        handle.do("close")

    def get_configuration(self, handle: Device) -> int:
        return 1 if handle.configured else 0

    def set_configuration(self, handle: Device, _value: int) -> None:
        handle.do("configure")
        handle.configured = True

    def claim_interface(self, handle: Device, _intf: int) -> None:
        handle.do("claim")

    def release_interface(self, handle: Device, _intf: int) -> None:
        handle.do("release")

    def is_kernel_driver_active(self, handle: Device, _intf: int) -> bool:
        return handle.has_kernel_driver

    def detach_kernel_driver(self, handle: Device, _intf: int) -> None:
        handle.do("detach")
        handle.has_kernel_driver = False

    def clear_halt(self, handle: Device, _endpoint: int) -> None:
        handle.do("clear-halt")

    def ctrl_transfer(
        self, handle: Device, _kind: int, _request: int, value: int, _index: int, data: Any, _timeout: int
    ) -> int:
        handle.do("ask-string")
        is_list = value == STRINGS_OF_A_DEVICE
        told = LANGUAGE.to_bytes(2, "little") if is_list else handle.serial.encode("utf-16-le")
        reply = bytes([len(told) + 2, 3]) + told
        if handle.string is not None and not is_list:
            reply = handle.string
        data[: len(reply)] = array("B", reply)
        return len(reply)

    def bulk_write(self, handle: Device, _endpoint: int, _intf: int, data: Any, _timeout: int) -> int:
        handle.do("write")
        if not handle.takes_bytes:
            raise usb.core.USBTimeoutError("write", -7, errno.ETIMEDOUT)
        taken = bytes(data)[:40]
        handle.taken += taken
        return len(taken)

    def bulk_read(self, handle: Device, _endpoint: int, _intf: int, buffer: Any, _timeout: int) -> int:
        if "read" in handle.refuses:
            handle.do("read")
        if not handle.answers:
            raise usb.core.USBTimeoutError("read", -7, errno.ETIMEDOUT)
        answer = handle.answers.popleft()
        buffer[: len(answer)] = array("B", answer)
        return len(answer)


def opened(*devices: Device, sysfs: Path = Path("/nowhere"), dev: Path = Path("/nowhere")) -> Port:
    return open_usb(WANTED, 0.2, time.monotonic, backend=Bus(*devices), sysfs=sysfs, dev=dev)


def trouble_of(operation: Callable[[], object]) -> PortError:
    with pytest.raises(PortError) as caught:
        operation()
    return caught.value


def test_bytes_go_both_ways_in_small_pieces() -> None:
    device = Device()
    with closing(opened(Device(serial="other"), device)) as port:
        port.write(bytes(range(256)))
        assert device.taken == bytes(range(256))
        device.answers.extend([b"\x1br0", b"\x1bB2"])
        assert [port.read(2, 5.0) for _ in range(4)] == [b"\x1br", b"0", b"\x1bB", b"2"]
        assert port.read(2, 0.0) == b""


def test_the_printer_is_claimed_and_neither_reset_nor_set_up_anew() -> None:
    device = Device(has_kernel_driver=True)
    opened(device).close()
    assert [deed for deed in device.deeds if deed not in {"open", "close", "ask-string"}] == [
        "detach",
        "claim",
        "release",
    ]


def test_a_printer_that_was_never_set_up_is_set_up_once() -> None:
    device = Device(configured=False)
    opened(device).close()
    opened(device).close()
    assert device.deeds.count("configure") == 1


def test_bytes_of_an_earlier_session_are_thrown_away() -> None:
    device = Device(answers=deque([b"late", b"answers"]))
    with closing(opened(device)) as port:
        device.answers.append(b"new")
        assert port.read(16, 5.0) == b"new"


def test_a_printer_that_sends_without_end_is_opened_all_the_same() -> None:
    opened(Device(answers=deque([bytes(64)] * 100_000))).close()


@pytest.mark.parametrize(
    ("device", "cause"),
    [
        (Device(serial="B2"), "ENODEV: no device 04b8:0202/A1 is plugged in"),
        (Device(serial=""), "ENODEV: no device 04b8:0202/A1 is plugged in"),
        (Device(interface_class=8), "ENODEV: the device has no printer interface that answers"),
        (Device(protocol=1), "ENODEV: the device has no printer interface that answers"),
        (Device(refuses={"open": errno.EACCES}), "EACCES: Permission denied"),
        (Device(refuses={"ask-string": errno.EIO}), "EIO: Input/output error"),
        (Device(refuses={"claim": errno.EBUSY}), "EBUSY: another program uses it"),
        (Device(refuses={"detach": errno.EPERM}, has_kernel_driver=True), "EPERM: Operation not permitted"),
        (Device(refuses={"read": errno.ENODEV}), "ENODEV: No such device"),
    ],
)
def test_a_printer_that_cannot_be_opened_says_why_and_is_let_go(device: Device, cause: str) -> None:
    error = trouble_of(lambda: opened(device))
    assert (error.trouble, error.cause) == (PortTrouble.UNPLUGGED, cause)
    assert device.deeds.count("open") == device.deeds.count("close")


def test_two_devices_of_one_serial_number_are_not_chosen_from() -> None:
    assert trouble_of(lambda: opened(Device(), Device())).cause == "ENOTUNIQ: 2 devices call themselves 04b8:0202/A1"


def test_a_device_that_may_not_be_asked_hides_no_other() -> None:
    closed = Device(serial="B2", refuses={"open": errno.EACCES})
    opened(closed, Device()).close()


@pytest.mark.parametrize("string", ["04 03 00 D8", "05 03 41 00 31", "02 03", "FF 03 41 00"])
def test_a_device_with_a_broken_number_has_none_and_hides_no_other(string: str) -> None:
    broken = Device(string=bytes.fromhex(string))
    opened(broken, Device()).close()
    assert trouble_of(lambda: opened(broken)).cause == "ENODEV: no device 04b8:0202/A1 is plugged in"
    assert broken.deeds.count("open") == broken.deeds.count("close")


def test_a_printer_that_a_program_has_open_by_the_kernel_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P15: to claim it would take it from that program in the middle of a line."""
    (tmp_path / "1-2.1:1.0" / "usbmisc" / "lp3").mkdir(parents=True)
    node = tmp_path / "usb" / "lp3"
    node.parent.mkdir()
    node.touch()
    device = Device(has_kernel_driver=True)
    opened(device, sysfs=tmp_path, dev=tmp_path).close()
    known, real = [], os.open

    def busy(path: Any, *arguments: Any) -> int:
        if path == node:
            known.append(path)
            raise OSError(errno.EBUSY, "busy")
        return real(path, *arguments)

    device = Device(has_kernel_driver=True)
    monkeypatch.setattr(os, "open", busy)
    error = trouble_of(lambda: opened(device, sysfs=tmp_path, dev=tmp_path))
    assert error.cause == "EBUSY: another program uses it"
    assert known == [node]
    assert not {"detach", "claim"} & set(device.deeds)


def test_a_printer_that_takes_no_bytes_is_silent() -> None:
    device = Device(takes_bytes=False)
    with closing(opened(device)) as port:
        assert trouble_of(lambda: port.write(b"x")).trouble is PortTrouble.SILENT


def test_a_printer_that_is_pulled_out_is_unplugged_both_ways_and_works_again() -> None:
    device = Device()
    with closing(opened(device)) as port:
        device.refuses.update(write=errno.ENODEV, read=errno.ENODEV, release=errno.ENODEV)
        assert trouble_of(lambda: port.write(b"x")).cause == "ENODEV: No such device"
        assert trouble_of(lambda: port.read(1, 60.0)).cause == "ENODEV: No such device"
    assert device.deeds.count("open") == device.deeds.count("close")
    device.refuses.clear()
    with closing(opened(device)) as port:
        port.write(b"again")
        assert device.taken == b"again"


def test_an_endpoint_that_halted_is_told_to_go_on() -> None:
    device = Device()
    with closing(opened(device)) as port:
        device.refuses["write"] = errno.EPIPE
        assert trouble_of(lambda: port.write(b"x")).cause == "EPIPE: Broken pipe"
        assert device.deeds[-1] == "clear-halt"


def test_a_close_ends_a_read_that_waits() -> None:
    port = opened(Device())
    troubles: list[PortTrouble] = []
    thread = threading.Thread(target=lambda: troubles.append(trouble_of(lambda: port.read(1, 600.0)).trouble))
    thread.start()
    port.close()
    port.close()
    thread.join(10.0)
    assert troubles == [PortTrouble.UNPLUGGED]
    assert trouble_of(lambda: port.write(b"x")).trouble is PortTrouble.UNPLUGGED


def test_a_machine_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libusb1, "get_backend", lambda **_: None)
    assert trouble_of(lambda: open_port("usb://04b8:0202/A1")).cause == (
        "ENOENT: the library libusb-1.0.so.0 is not installed"
    )
