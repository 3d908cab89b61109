"""P15: a port is known by what it reaches, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.ports.place import place_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tcp://printer-7.branch:9100", "tcp://PRINTER-7.Branch.:9100"),
        ("tcp://192.0.2.7:9100", "tcp://[::ffff:192.0.2.7]:9100"),
        ("tcp://[2001:db8::7]:9100", "tcp://[2001:0DB8:0:0::7]:9100"),
        ("tcp://127.0.0.1:9100", "tcp://localhost:9100"),
        ("tcp://127.0.0.1:9100", "tcp://[::1]:9100"),
        ("tcp://192.0.2.7:2001", "rfc2217://192.0.2.7:2001?baud=19200"),
        ("rfc2217://127.0.0.1:2001", "rfc2217://localhost:2001?flow=none"),
        ("usb://04b8:e015/A1", "usb://04B8:E015/%41%31"),
        ("usblp:///dev/usb/lp9", "usblp:///dev/../dev/usb/lp9"),
        ("serial:///dev/ttyS9?baud=9600", "serial:///dev/../dev/ttyS9?baud=19200&flow=none"),
    ],
)
def test_two_ways_to_write_a_port_are_one_place(one: str, other: str) -> None:
    assert place_of(one, "here") == place_of(other, "here")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tcp://192.0.2.7:9100", "tcp://192.0.2.7:9101"),
        ("tcp://192.0.2.7:9100", "tcp://192.0.2.8:9100"),
        ("serial:///dev/ttyS8", "serial:///dev/ttyS9"),
        ("usb://04b8:0202/A1", "usb://04b8:0202/A2"),
        ("usb://04b8:0202/A1", "usb://04b8:0203/A1"),
        ("usblp:///dev/usb/lp8", "usblp:///dev/usb/lp9"),
    ],
)
def test_two_ports_are_two_places(one: str, other: str) -> None:
    assert place_of(one, "here") != place_of(other, "here")


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:9100", "serial:///dev/ttyS9", "pty:///dev/pts/900"])
def test_a_port_that_each_machine_has_is_another_place_on_each(url: str) -> None:
    assert place_of(url, "here") != place_of(url, "there")


def test_a_port_on_the_network_is_the_same_from_everywhere() -> None:
    assert place_of("tcp://192.0.2.7:9100", "here") == place_of("tcp://192.0.2.7:9100", "there")


def adapter(folder: Path, name: str, serial: str, *, deeper: bool) -> None:
    """What sysfs tells of an adapter on USB."""
    interface = folder / "usb" / name / f"{name}:1.0"
    port = interface / "port" if deeper else interface
    port.mkdir(parents=True)
    (interface / "bInterfaceNumber").write_text("00\n")
    for fact, value in {"idVendor": "067b", "idProduct": "2303", "serial": serial}.items():
        if value:
            (interface.parent / fact).write_text(f"{value}\n")
    (folder / "tty" / name).mkdir(parents=True)
    (folder / "tty" / name / "device").symlink_to(port)


@pytest.mark.parametrize("deeper", [True, False])
def test_an_adapter_on_usb_is_known_by_its_serial_number(tmp_path: Path, deeper: bool) -> None:
    adapter(tmp_path, "ttyUSB0", "A1B2", deeper=deeper)
    adapter(tmp_path, "ttyUSB1", "", deeper=deeper)
    link = tmp_path / "by-id"
    link.symlink_to("/dev/ttyUSB0")
    sysfs = tmp_path
    known = place_of("serial:///dev/ttyUSB0", "here", sysfs)
    assert known == place_of(f"serial://{link}", "there", sysfs) == "usb 067b:2303:A1B2 00"
    assert place_of("serial:///dev/ttyUSB1", "here", sysfs) == "here /dev/ttyUSB1"


@pytest.mark.parametrize(("number", "place"), [("A1B2", "usb 067b:2303:A1B2 printer"), ("", "here /dev/usb/lp0")])
def test_a_usb_printer_is_one_place_by_its_serial_number_and_by_the_kernel(
    tmp_path: Path, number: str, place: str
) -> None:
    adapter(tmp_path, "lp0", number, deeper=False)
    (tmp_path / "usbmisc").symlink_to(tmp_path / "tty")
    assert place_of("usblp:///dev/usb/lp0", "here", tmp_path) == place
    assert (place_of("usb://067b:2303/A1B2", "there", tmp_path) == place) is bool(number)
