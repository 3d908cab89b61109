"""Printers that an operator paused: such a printer finishes the job that it prints, and starts no other.

A pause is durable, so that a boot in the middle of a repair starts no printer; only an operator ends it.  The desks'
threads ask whether a printer is paused; all else lives in the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.errors import PassbookError, shown
from passbook.job.states import Reason
from passbook.protocol.media import Device, MechanismStatus
from spooler.logs import Log
from storage import files

_LOG: Final = Log("pauses")


class Pause(msgspec.Struct, frozen=True):
    """One pause: the person who ordered it, the time in ISO 8601 and UTC, and the reason in words; empty for none."""

    person: str
    at: str
    reason: str = ""


class Pauses:
    """The paused printers of an appliance."""

    def __init__(self, printers: Iterable[str] = (), file: Path | None = None) -> None:
        """`printers` are those that can be paused; `file` keeps the pauses, and is read now.

        A file that cannot be read pauses no printer; the log says so.
        """
        self._printers = tuple(printers)
        self._file = file
        self._paused = MappingProxyType(self._read())

    def _read(self) -> dict[str, Pause]:
        try:
            if self._file is None or not self._file.exists():
                return {}
            kept = msgspec.json.decode(files.read(self._file), type=dict[str, Pause])
        except (PassbookError, OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _LOG.failure("pauses-not-read", error, path=str(self._file))
            return {}
        paused = {name: pause for name, pause in kept.items() if name in self._printers}
        for name, pause in paused.items():
            _LOG.warning("printer-still-paused", printer=name, person=pause.person)
        return paused

    def is_paused(self, printer: str) -> bool:
        """Whether a printer starts no job; from any thread."""
        return printer in self._paused

    def shown(self, printer: str, status: MechanismStatus) -> MechanismStatus:
        """The status of a printer for people; the pause stands before what it says of itself."""
        if printer not in self._paused:
            return status
        device = Device.USER_ERROR if status.device is Device.ONLINE else status.device
        return replace(status, device=device, conditions=(Reason.PAUSED.value, *status.conditions))

    def problem(self, printer: str) -> PassbookError | None:
        """The pause of a printer as a problem for operators; None where it is not paused."""
        pause = self._paused.get(printer)
        if pause is None:
            return None
        why = f": {pause.reason}" if pause.reason else ""
        return PassbookError("printer-paused", printer=printer, person=pause.person, since=pause.at, why=why)

    def pause(self, printer: str, pause: Pause) -> None:
        """Pause a printer, durably; another pause takes the place of the one before.  Blocks.

        Raises PassbookError `unknown-printer` and `file-problem`; nothing has changed then.
        """
        self._keep({**self._paused, self._known(printer): pause})

    def resume(self, printer: str) -> None:
        """End the pause of a printer, durably; one that is not paused stays so.  Blocks.

        Raises PassbookError `unknown-printer` and `file-problem`; nothing has changed then.
        """
        name = self._known(printer)
        if name in self._paused:
            self._keep({one: pause for one, pause in self._paused.items() if one != name})

    def _known(self, printer: str) -> str:
        if printer not in self._printers:
            raise PassbookError("unknown-printer", printer=shown(printer), known=", ".join(self._printers))
        return printer

    def _keep(self, paused: dict[str, Pause]) -> None:
        if self._file is not None:
            files.save_file(self._file, msgspec.json.encode(paused), files.PRIVATE)
        self._paused = MappingProxyType(paused)
