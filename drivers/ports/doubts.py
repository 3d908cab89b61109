"""What is doubtful about a port, as far as it can be judged without opening it."""

from __future__ import annotations

import stat
from pathlib import Path

from drivers.ports.port_address import SEVEN_BITS, PrinterDevice, RemoteLine, SerialLine, parse_port_url


def doubts(url: str) -> list[str]:
    """The doubts about the port at `url`, each as the part of a sentence.  Raises ValueError for a bad address."""
    address = parse_port_url(url)
    found: list[str] = []
    if isinstance(address, SerialLine | RemoteLine) and address.settings.data == SEVEN_BITS:
        found.append("data=7 cuts every character above 7F hex, such as an umlaut or the sign of the euro")
    if isinstance(address, SerialLine | PrinterDevice) and (kind := _other_kind(Path(address.path))):
        found.append(f"{address.path} is {kind} and no device")
    return found


def _other_kind(path: Path) -> str:
    """The kind of a file that is no device; empty for a device, and for what is not there now or cannot be seen."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if stat.S_ISCHR(mode):
        return ""
    return "a folder" if stat.S_ISDIR(mode) else "a file of another kind"
