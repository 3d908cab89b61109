"""The udev rules, judged by udevadm itself on devices that umockdev makes up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.deploy.room import private
from tests.house import ROOT
from tests.needed import need

RULES = ROOT / "deploy" / "60-passbook.rules"

DEVICES = """
P: /devices/platform/xhci
E: SUBSYSTEM=platform

P: /devices/platform/xhci/usb1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/platform/xhci/usb1/1-2
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/platform/xhci/usb1/1-2/1-2:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface

P: /devices/platform/xhci/usb1/1-2/1-2:1.0/ttyUSB0
E: SUBSYSTEM=usb-serial
A: port_number=1

P: /devices/platform/xhci/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyUSB0
E: MAJOR=188
E: MINOR=0

P: /devices/platform/xhci/usb1/1-2/1-2:1.0/tty/ttyACM0
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyACM0
E: MAJOR=166
E: MINOR=0

P: /devices/pnp0/tty/ttyS0
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyS0
E: MAJOR=4
E: MINOR=64
A: console=Y

P: /devices/pnp0/tty/ttyS1
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyS1
E: MAJOR=4
E: MINOR=65
A: console=N

P: /devices/platform/xhci/usb1/1-3
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DEVNAME=/dev/bus/usb/001/005
E: MAJOR=189
E: MINOR=4
A: idVendor=04b8
A: idProduct=0202
H: descriptors=1201000200000040B804020200010000030109022000010100C0010904000002070102000705010240000007058202400000

P: /devices/platform/xhci/usb1/1-3/1-3:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface

P: /devices/platform/xhci/usb1/1-3/1-3:1.0/usbmisc/lp0
E: SUBSYSTEM=usbmisc
E: DEVNAME=/dev/usb/lp0
E: MAJOR=180
E: MINOR=0

P: /devices/platform/xhci/usb1/1-4
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DEVNAME=/dev/bus/usb/001/006
E: MAJOR=189
E: MINOR=5
A: idVendor=0781
A: idProduct=5581
H: descriptors=1201000200000040B804020200010000030109022000010100C0010904000002080102000705010240000007058202400000

P: /devices/virtual/tty/tty7
E: SUBSYSTEM=tty
E: DEVNAME=/dev/tty7
E: MAJOR=4
E: MINOR=7
"""
USB = "platform-xhci-usb-0_2_1_0"

# $1: a group file, $2: folder of rules, $3: devices, $4: the one to judge.
JUDGE = """
mount --bind "$1" /etc/group
mkdir -p /etc/udev/rules.d
mount -t tmpfs tmpfs /run
mkdir -p /run/udev /run/dev
touch /run/dev/null
mount --bind /dev/null /run/dev/null
mount --rbind /run/dev /dev
mount -t tmpfs tmpfs /usr/lib/udev/rules.d
mount --bind "$2" /etc/udev/rules.d
export TMPDIR=/run
exec umockdev-run --device "$3" -- udevadm test --action=add "$4" 2>&1
"""


@pytest.fixture(autouse=True)
def programs() -> None:
    need("udevadm")
    need("umockdev-run")


@pytest.fixture
def apart() -> Iterator[Path]:
    """A folder that is not below /dev, since the script makes a new one of that."""
    with TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


def judge(folder: Path, device: str, names: str = "") -> str:
    """What udev would do with a device that is plugged in."""
    rules = folder / "rules"
    rules.mkdir()
    (rules / RULES.name).write_text(RULES.read_text("utf-8"))
    (rules / "61-passbook-names.rules").write_text(names)
    (folder / "group").write_text("root:x:0:\npassbook:x:990:\n")
    (folder / "devices").write_text(DEVICES.lstrip())
    place = device if device.startswith("/") else f"/sys/class/tty/{device}"
    return private(JUDGE, folder / "group", rules, folder / "devices", place).stdout


def links(said: str) -> set[str]:
    """The names below /dev/passbook that a device gets."""
    return set(re.findall(r"LINK 'passbook/(.*)'$", said, re.MULTILINE))


@pytest.mark.parametrize(("device", "name"), [("ttyUSB0", f"{USB}-port1"), ("ttyACM0", USB), ("ttyS1", "ttyS1")])
def test_a_port_belongs_to_the_appliance_and_is_named_by_its_socket(apart: Path, device: str, name: str) -> None:
    said = judge(apart, device)
    assert "GROUP 990" in said
    assert "MODE 0660" in said
    assert links(said) == {name}
    assert "ID_MM_DEVICE_IGNORE=1\n" in said
    assert "ID_MM_PORT_IGNORE=1\n" in said


@pytest.mark.parametrize(
    ("device", "names"),
    [
        ("/sys/devices/platform/xhci/usb1/1-3", set()),
        ("/sys/class/usbmisc/lp0", {"usb-printer-platform-xhci-usb-0_3_1_0"}),
    ],
)
def test_a_usb_printer_belongs_to_the_appliance_both_by_usb_and_by_the_kernel(
    apart: Path, device: str, names: set[str]
) -> None:
    said = judge(apart, device)
    assert "GROUP 990" in said
    assert "MODE 0660" in said
    assert links(said) == names


def test_another_device_on_usb_is_left_alone(apart: Path) -> None:
    assert "GROUP" not in judge(apart, "/sys/devices/platform/xhci/usb1/1-4")


@pytest.mark.parametrize("device", ["ttyS0", "tty7"])
def test_the_console_is_no_printer(apart: Path, device: str) -> None:
    said = judge(apart, device)
    assert "GROUP" not in said
    assert links(said) == set()


def test_an_installer_gives_a_name_as_the_rules_show(apart: Path) -> None:
    example = re.search(r"^#   (SUBSYSTEM==.*)$", RULES.read_text("utf-8"), re.MULTILINE)
    assert example is not None
    shown = re.search(r'PASSBOOK_PORT\}=="([^"]*)"', example[1])
    assert shown is not None
    said = judge(apart, "ttyUSB0", example[1].replace(shown[1], f"{USB}-port1"))
    assert links(said) == {f"{USB}-port1", "counter-1"}


@pytest.mark.parametrize("device", ["ttyUSB0", "ttyS0", "/sys/class/usbmisc/lp0"])
def test_udev_finds_nothing_wrong_with_the_rules(apart: Path, device: str) -> None:
    said = judge(apart, device)
    assert f"Reading rules file: /etc/udev/rules.d/{RULES.name}" in said
    assert not re.search(rf"{RULES.name}:[0-9]+.*(nvalid|nknown|ignoring|failed)", said)
