"""Ports at devices that umockdev makes up: udev's news, libusb's list from raw descriptors, the kernel's printer."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.house import ROOT
from tests.needed import need, need_usb


@pytest.fixture(scope="module")
def told() -> Any:
    need("umockdev-run")
    need_usb()
    command = ["umockdev-wrapper", sys.executable, "-m", "tests.drivers.mocked_devices"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_only_a_device_that_is_plugged_in_is_news(told: Any) -> None:
    assert [told[deed] for deed in ("plugged", "changed", "removed", "again")] == [True, False, False, True]


def test_a_printer_that_is_not_plugged_in_is_no_device(told: Any) -> None:
    assert told["before"] == {
        "usb://04b8:0202/A1": "ENODEV: no device 04b8:0202/A1 is plugged in",
        "usblp:///dev/usb/lp0": "ENOENT: No such file or directory",
    }


def test_the_kernels_printer_takes_bytes(told: Any) -> None:
    assert told["after"]["usblp:///dev/usb/lp0"] == ""


def test_libusb_lists_the_printer_by_its_descriptors(told: Any) -> None:
    """Umockdev answers no question for strings, so the serial number cannot be asked; another product is not there."""
    assert told["after"]["usb://04b8:0202/A1"] == "EIO: Input/output error"
    assert told["after"]["usb://04b8:0203/A1"] == "ENODEV: no device 04b8:0203/A1 is plugged in"


def test_a_printer_is_one_place_by_usb_and_by_the_kernel(told: Any) -> None:
    """P15: an appliance that has it by one address and an agent by the other are two owners of one printer."""
    assert told["places"] == ["usb 04b8:0202:A1 printer"] * 2
