"""Programs that a bare system lacks: a test that needs one skips and names the Debian package that brings it."""

from __future__ import annotations

import ctypes.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

PACKAGES: Final[Mapping[str, str]] = {
    "certutil": "libnss3-tools",
    "chromium": "chromium",
    "cupsd": "cups-daemon",
    "eatmydata": "eatmydata",
    "faketime": "faketime",
    "losetup": "mount",
    "lp": "cups-client",
    "lpadmin": "cups-client",
    "mkfs.ext4": "e2fsprogs",
    "mount": "mount",
    "msmtp": "msmtp",
    "postfix": "postfix",
    "smtp-source": "postfix",
    "ps2pdf": "ghostscript",
    "strace": "strace",
    "swaks": "swaks",
    "systemd-analyze": "systemd",
    "systemd-nspawn": "systemd-container",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "udevadm": "udev",
    "umockdev-run": "umockdev",
    "unshare": "util-linux",
}
"""Program -> the Debian package that brings it."""
FUSE: Final = "libfuse2"
"""The Debian package of the library that the logging file system loads."""

_FONT: Final = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
USB: Final = "libusb-1.0-0"
"""The Debian package of the library that claims USB printers."""


def need(*programs: str) -> None:
    """Skip the test where one of these programs is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"the Debian package {PACKAGES[program]} is missing: there is no program {program}")


def need_fuse() -> None:
    """Skip the test where no file system can be mounted by a program."""
    if os.geteuid() != 0:
        pytest.skip("this machine lets only root mount file systems")
    if not Path("/dev/fuse").exists():
        pytest.skip("this machine has no /dev/fuse")
    if not has_fuse_library():
        pytest.skip(f"the Debian package {FUSE} is missing: there is no library fuse")


def need_usb() -> None:
    """Skip the test where there is no library for devices on USB."""
    if ctypes.util.find_library("usb-1.0") is None:
        pytest.skip(f"the Debian package {USB} is missing: there is no library usb-1.0")


def has_fuse_library() -> bool:
    """Whether mfusepy can be imported, which loads the library at once."""
    return ctypes.util.find_library("fuse") is not None


def need_font() -> bytes:
    """A font with the letters of many scripts; the test is skipped where there is none."""
    if not _FONT.is_file():
        pytest.skip("the Debian package fonts-dejavu-core is missing: there is no font DejaVuSans.ttf")
    return _FONT.read_bytes()
