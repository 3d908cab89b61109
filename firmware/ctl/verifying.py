"""Areas that `passbookctl` looks at: those of the running appliance, or folders that none has open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from client.control import ask
from firmware.ctl.tables import printable
from firmware.service.replies import LookedAt
from passbook.protocol.messages import Nothing
from passbook.protocol.operators import AreaRef
from storage import ApplianceKey, AreaSettings, offline

LONG_PATIENCE: Final = 3600.0
"""Seconds for what reads an area whole, or all of the history."""
Looked = dict[str, Any]
"""What is told of one area: the fields of firmware.service.replies.LookedAt."""


def of_appliance(control: Path) -> Iterator[Looked]:
    """What the appliance at this socket finds, area by area.  Raises PassbookError."""
    names = [str(area["name"]) for area in ask(control, "Appliance.ListAreas", Nothing())["areas"]]
    for name in _told(names):
        yield ask(control, "Appliance.VerifyArea", AreaRef(name), LONG_PATIENCE)


def of_folders(areas: Sequence[str], key: ApplianceKey, appliance: str) -> Iterator[Looked]:
    """The same of folders, each given as folder() takes it."""
    settings = folders(areas)
    examined = offline.examine_folders(settings, key, appliance)
    for _ in _told([one.name for one in settings]):
        yield msgspec.to_builtins(LookedAt.of(next(examined)))


def folders(areas: Sequence[str]) -> list[AreaSettings]:
    """Each folder once, under its first name, however often and in whatever spelling it was given."""
    found: dict[str, AreaSettings] = {}
    for one in map(folder, areas):
        found.setdefault(os.path.realpath(one.path), one)
    return list(found.values())


def folder(area: str) -> AreaSettings:
    """An area that is given as NAME=FOLDER, or as a folder called like its area."""
    name, named, path = area.partition("=")
    there = Path(path if named else area)
    return AreaSettings(name if named else there.absolute().name, there, 0)


def findings(looked: Sequence[Looked]) -> list[Any]:
    """All findings of these areas."""
    return [finding for one in looked for finding in one["findings"]]


def sentence(looked: Sequence[Looked]) -> str:
    """One sentence about everything that was looked at, shown where nothing was found."""
    unfinished, ended, entries = (sum(int(one[name]) for one in looked) for name in ("unfinished", "ended", "entries"))
    areas = ", ".join(str(one["area"]) for one in looked) or "none"
    return (
        f"All fits together. Looked at: areas: {areas}; jobs that have not ended: {unfinished}; "
        f"jobs that have: {ended}; entries of history: {entries}."
    )


def _told(names: Sequence[str]) -> Iterator[str]:
    """Give each name; before its turn tell a person at the terminal, since an area may take minutes."""
    for number, name in enumerate(names, 1):
        if sys.stderr.isatty():
            sys.stderr.write(f"passbookctl: looking at area {printable(name)}, {number} of {len(names)}\n")
            sys.stderr.flush()
        yield name
