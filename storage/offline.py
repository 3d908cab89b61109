"""Checking areas that no daemon has open, on private copies."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

from passbook.errors import PassbookError
from storage import schema
from storage.area import AreaSettings
from storage.keys import ApplianceKey
from storage.ledger import Ledger
from storage.opening import Owner, as_fenced, identify, lock_folder
from storage.siblings import Memory
from storage.verify import findings_of


def verify_folders(
    areas: Sequence[AreaSettings], key: ApplianceKey, appliance: str, scratch: Path | None = None
) -> list[PassbookError]:
    """Findings about areas that no daemon has open, or about copies of their folders; nothing in them is changed.

    Works on private copies below `scratch` (the system's temporary folder when None).  Given together, areas are
    held against what they remember of each other.
    """
    with ExitStack() as stack:
        found: list[PassbookError] = []
        copies: list[_Copy] = []
        for settings in areas:
            try:
                copies.append(stack.enter_context(_copied(settings, Owner(appliance, key, 0), scratch)))
            except PassbookError as error:
                found.append(error)
        memories = [memory for copy in copies for memory in copy.memories]
        for copy in copies:
            try:
                with as_fenced(copy.name):
                    found += findings_of(copy.connection, copy.name, copy.area_id, key, memories)
            except PassbookError as error:
                found.append(error)
        return found


class _Copy(NamedTuple):
    """The private copy of one area."""

    name: str
    area_id: str
    connection: apsw.Connection
    memories: list[Memory]


@contextmanager
def _copied(settings: AreaSettings, owner: Owner, scratch: Path | None) -> Generator[_Copy]:
    """Open a copy.  Raises PassbookError `area-in-use`, `area-absent`, `area-fenced`, and what identify() raises."""
    source = settings.path / schema.DATABASE
    with ExitStack() as stack:
        with as_fenced(settings.name):
            if not source.exists():
                raise PassbookError("area-absent", area=settings.name)
            if (settings.path / schema.LOCK).exists():
                stack.callback(os.close, lock_folder(settings))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
            for suffix in ("", "-wal"):
                found = source.with_name(source.name + suffix)
                if found.exists():
                    shutil.copyfile(found, folder / found.name)
            connection = stack.enter_context(closing(schema.connect(folder, vfs=None)))
            area_id = identify(connection, settings.name, owner)
            ledger = Ledger(connection, settings.name, area_id, owner.key)
            schema.upgrade(connection, ledger.balance.begin)
            memories = ledger.memories.all()
        yield _Copy(settings.name, area_id, connection, memories)
