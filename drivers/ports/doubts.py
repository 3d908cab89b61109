"""What is doubtful about a port, as far as it can be judged without opening it."""

from __future__ import annotations

import stat
from pathlib import Path

from drivers.ports.port_address import (
    SEVEN_BITS,
    Flow,
    PrinterDevice,
    RemoteLine,
    SerialLine,
    has_no_handshake,
    parse_port_url,
)
from passbook.errors import PassbookError


def port_warnings(printer: str, url: str, *, takes_any_byte: bool) -> list[PassbookError]:
    """The warnings about the port of a printer, whose commands may have any byte or not.  Raises ValueError."""
    found = [PassbookError("port-without-handshake", printer=printer, port=url)] if has_no_handshake(url) else []
    doubts = _doubts(url, takes_any_byte=takes_any_byte)
    return [*found, *(PassbookError("port-doubtful", printer=printer, port=url, why=why) for why in doubts)]


def _doubts(url: str, *, takes_any_byte: bool) -> list[str]:
    """The doubts about a port, each as the part of a sentence."""
    address = parse_port_url(url)
    found: list[str] = []
    if isinstance(address, SerialLine | RemoteLine) and address.settings.data == SEVEN_BITS:
        found.append("data=7 cuts every character above 7F hex, such as an umlaut or the sign of the euro")
    if isinstance(address, SerialLine | RemoteLine) and takes_any_byte and address.settings.flow is Flow.XON:
        found.append(
            "flow=xon takes the bytes 11 and 13 hex for itself, and commands and pictures may have them; use flow=rts"
        )
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
