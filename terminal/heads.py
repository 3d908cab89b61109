"""The heads of its appliance's history that a terminal remembers, so that it finds a rollback of a disk (P11).

A rollback may take all disks of the appliance together; the memory of a terminal is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.protocol.notice import HistoryHead, HistoryHeads
from storage import files


class _Known(msgspec.Struct, frozen=True):
    entries: int
    chain: bytes


_Areas = dict[str, _Known]
_FILE = msgspec.json.Decoder(dict[str, _Areas])


class RememberedHeads:
    """The longest history of each area that the appliance ever told this terminal, durable in `file`."""

    def __init__(self, file: Path, appliance: str) -> None:
        """Remember the appliance with this name in its certificate; one file may remember several."""
        self._file = file
        self._appliance = appliance
        self._doubted: set[str] = set()

    async def compare(self, client: TerminalClient) -> list[PassbookError]:
        """Ask for the present and the earlier heads; return `history-rolled-back` for each area that differs.

        The memory of an area that differs stays unchanged, so that later commands find it too. Raises PassbookError,
        `file-problem` when the memory cannot be read or written.
        """
        # Read before the question: another command of this terminal may remember more meanwhile.
        known = self._all().get(self._appliance, {})
        heads = await client.history_heads({area: one.entries for area, one in known.items()})
        self._doubted = _differing(known, heads)
        self.remember(heads.now)
        return [
            PassbookError("history-rolled-back", area=area, appliance=self._appliance, entries=known[area].entries)
            for area in sorted(self._doubted)
        ]

    def remember(self, heads: Iterable[HistoryHead]) -> None:
        """Keep the heads that are further than the known ones. Raises PassbookError `file-problem`."""
        new = {one.area: _Known(one.entries, one.chain) for one in heads if one.area not in self._doubted}
        with files.alone(self._file.parent):
            known = self._all().get(self._appliance, {})
            further = {area: one for area, one in new.items() if area not in known or known[area].entries < one.entries}
            if further:
                self._save({**known, **further})

    async def accept(self, client: TerminalClient) -> HistoryHeads:
        """Remember the present history of the appliance in place of the known one. Raises PassbookError."""
        heads = await client.history_heads({})
        areas = {one.area: _Known(one.entries, one.chain) for one in heads.now}
        with files.alone(self._file.parent):
            try:
                self._save(areas)
            except PassbookError:
                self._write({self._appliance: areas})
        return heads

    def _all(self) -> dict[str, _Areas]:
        if not files.exists(self._file):
            return {}
        try:
            return _FILE.decode(files.read(self._file))
        except (msgspec.DecodeError, UnicodeDecodeError):
            why = "it does not have the form of such a file; teller accept-rollback makes it anew"
            raise PassbookError("file-problem", file=str(self._file), why=why) from None

    def _save(self, areas: _Areas) -> None:
        self._write({**self._all(), self._appliance: areas})

    def _write(self, every: dict[str, _Areas]) -> None:
        files.save_file(self._file, msgspec.json.encode(every), files.PUBLIC)


def _differing(known: _Areas, heads: HistoryHeads) -> set[str]:
    """The areas whose history is shorter than the remembered one, or another one."""
    then = {one.area: one.chain for one in heads.then}
    return {
        one.area
        for one in heads.now
        if one.area in known
        and (
            one.entries < known[one.area].entries or then.get(one.area, known[one.area].chain) != known[one.area].chain
        )
    }
