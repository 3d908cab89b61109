"""Checking an area that no daemon has open, on a private copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import apsw

from passbook.errors import PassbookError
from storage import schema
from storage.area import AreaSettings
from storage.keys import ApplianceKey
from storage.opening import Owner, identify, lock_folder
from storage.verify import findings_of


def verify_folder(
    settings: AreaSettings, key: ApplianceKey, appliance: str, scratch: Path | None = None
) -> list[PassbookError]:
    """Findings about an area that no daemon has open, or about a copy of its folder; nothing in it is changed.

    Works on a private copy below `scratch` (the system's temporary folder when None).
    Raises PassbookError `area-in-use`, `area-absent`, and what identify() raises; OSError.
    """
    source = settings.path / schema.DATABASE
    if not source.exists():
        raise PassbookError("area-absent", area=settings.name)
    with ExitStack() as stack:
        if (settings.path / schema.LOCK).exists():
            stack.callback(os.close, lock_folder(settings))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        for suffix in ("", "-wal"):
            found = source.with_name(source.name + suffix)
            if found.exists():
                shutil.copyfile(found, folder / found.name)
        try:
            connection = stack.enter_context(closing(schema.connect(folder, vfs=None)))
            area_id = identify(connection, settings.name, Owner(appliance, key, 0))
            schema.upgrade(connection)
            return findings_of(connection, settings.name, area_id, key)
        except (apsw.Error, UnicodeDecodeError) as error:
            why = f"it cannot be read ({type(error).__name__})"
            return [PassbookError("area-fenced", area=settings.name, why=why)]
