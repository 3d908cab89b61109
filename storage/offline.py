"""Checking areas that no daemon has open, on private copies; and taking one that was rolled back while none is open."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import apsw

from passbook.errors import PassbookError, shown
from storage.area.area import AreaSettings
from storage.area.lock import Lock
from storage.area.opening import StoreOwner, as_fenced, identify, is_there, open_known, what_lies_there
from storage.area.reports import Examined
from storage.area.verify import examine, journal_findings
from storage.crypto.keys import ApplianceKey
from storage.mark import StoreMark
from storage.tables import schema
from storage.tables.ledger import Ledger
from storage.tables.peers import PeerMemory, contradictions, other_ids, peer_ids


def examine_folders(
    areas: Sequence[AreaSettings], key: ApplianceKey, appliance: str, scratch: Path | None = None
) -> Iterator[Examined]:
    """Check areas that no daemon has open, or copies of their folders, one by one; nothing in them is changed.

    Works on private copies below `scratch` (the system's temporary folder when None).  Given together, areas are
    held against what they remember of each other.
    """
    with ExitStack() as stack:
        copies: list[_Copy | PassbookError] = []
        for settings in areas:
            try:
                copies.append(stack.enter_context(_copied(settings, StoreOwner(appliance, key, 0), scratch)))
            except PassbookError as error:
                copies.append(error)
        whole = [copy for copy in copies if isinstance(copy, _Copy)]
        for settings, copy in zip(areas, copies, strict=True):
            if isinstance(copy, PassbookError):
                yield Examined(settings.name, (copy,))
            else:
                yield _examined(copy, whole, key)


class _Copy(NamedTuple):
    """The private copy of one area."""

    name: str
    area_id: str
    connection: apsw.Connection
    memories: list[PeerMemory]
    ids: dict[str, str]


def _examined(copy: _Copy, copies: Sequence[_Copy], key: ApplianceKey) -> Examined:
    memories = [memory for other in copies for memory in other.memories]
    try:
        with as_fenced(copy.name):
            noted = {other.name: other.ids for other in copies}
            found = examine(copy.connection, copy.name, copy.area_id, key, memories)
    except PassbookError as error:
        return Examined(copy.name, (error,))
    return replace(found, findings=(*other_ids(copy.name, copy.area_id, noted), *found.findings))


@contextmanager
def _copied(settings: AreaSettings, owner: StoreOwner, scratch: Path | None) -> Generator[_Copy]:
    """Open a copy.

    Raises PassbookError `area-in-use`, `area-absent`, `no-area-there`, `area-fenced`, and what identify() raises.
    """
    source = settings.path / schema.DATABASE
    with ExitStack() as stack:
        with as_fenced(settings.name):
            _must_be_there(settings)
            # A copy would be without it, and nothing that is read of the file beside it is what it says.
            for finding in journal_findings(source, settings.name):
                raise finding
            stack.enter_context(closing(Lock(settings.name, settings.path, create=False)))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
            for suffix in ("", "-wal"):
                found = source.with_name(source.name + suffix)
                if is_there(found):
                    shutil.copyfile(found, folder / found.name)
            connection = stack.enter_context(closing(schema.open_database(folder, vfs=None)))
            area_id = identify(connection, settings.name, owner)
            ledger = Ledger(connection, settings.name, area_id, owner.key)
            copy = _Copy(settings.name, area_id, connection, ledger.memories.all(), ledger.memories.ids())
        yield copy


def _must_be_there(settings: AreaSettings) -> None:
    """Raise PassbookError unless a database lies in the folder; where only its lock does, it was taken away."""
    folder = settings.path
    if not is_there(folder) or not folder.is_dir():
        why = "is not a folder" if is_there(folder) else "is not there"
        raise PassbookError("no-area-there", folder=str(folder), why=why)
    if not is_there(folder / schema.DATABASE):
        if is_there(folder / schema.LOCK):
            raise PassbookError("area-absent", area=settings.name, why=what_lies_there(folder))
        raise _no_area(settings)
    # What SQLite has not copied yet lies in the log beside an empty file.
    written = [folder / f"{schema.DATABASE}{suffix}" for suffix in ("", "-wal")]
    if not any(is_there(one) and one.stat().st_size for one in written):
        raise PassbookError("no-area-there", folder=str(folder), why=f"has an empty file {schema.DATABASE}")


def _no_area(settings: AreaSettings) -> PassbookError:
    return PassbookError("no-area-there", folder=str(settings.path), why="has no storage area in it")


def accept_closed(name: str, areas: Sequence[AreaSettings], owner: StoreOwner, mark: StoreMark) -> None:
    """Take area `name` unchanged though others or the mark know it further, while no area is open.

    `areas` are all that are configured.  What they know is written in one transaction each, then the mark.  Raises
    PassbookError `nothing-to-accept`, `unknown-area`, `areas-not-asked` when another one cannot be opened that may know
    it, `mark-not-written`, and what opening an area raises.
    """
    with ExitStack() as stack:
        ledgers: dict[str, tuple[apsw.Connection, Ledger]] = {}
        missing: set[str] = set()
        for settings in areas:
            try:
                ledgers[settings.name] = _entered(settings, owner, stack)
            except PassbookError:
                if settings.name == name:
                    raise
                missing.add(settings.name)
        if name not in ledgers:
            raise PassbookError("unknown-area", area=name)
        beside = {other for connection, _ in ledgers.values() for other in peer_ids(connection)} | mark.names
        if mark.trouble is None:
            missing &= beside
        if missing:
            raise PassbookError("areas-not-asked", area=name, missing=", ".join(sorted(map(shown, missing))))
        noted = {"": mark.ids} | {other: ledger.memories.ids() for other, (_, ledger) in ledgers.items()}
        _, accepted = ledgers.pop(name)
        with as_fenced(name):
            memories = [*mark.memories, *(memory for _, ledger in ledgers.values() for memory in ledger.memories.all())]
            accepted.row_sum.load()
            extent = accepted.extent(accepted.row_sum.changes)
            further = contradictions(name, extent, accepted.history, memories)
            if not any(chain(other_ids(name, accepted.area_id, noted), further)):
                raise PassbookError("nothing-to-accept", area=name)
        for other, (connection, ledger) in ledgers.items():
            with as_fenced(other), connection:
                ledger.row_sum.load()
                ledger.memories.note_peers({name: accepted.area_id})
                ledger.memories.write({name: extent}, accepted=True)
                ledger.complete()
        mark.accept(name, accepted.area_id, extent)


def _entered(settings: AreaSettings, owner: StoreOwner, stack: ExitStack) -> tuple[apsw.Connection, Ledger]:
    """The connection and ledger of an area, which `stack` closes and gives back.  Raises PassbookError."""
    with as_fenced(settings.name):
        _must_be_there(settings)
        stack.enter_context(closing(Lock(settings.name, settings.path)))
        known = open_known(settings, owner, stack, vfs=None)
    if known is None:
        raise _no_area(settings)
    return known
