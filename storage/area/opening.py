"""Opening an area: lock, identity, structure; and creating one where there never was one."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import apsw

from passbook.errors import PassbookError
from storage.area.area import Area, AreaSettings, checkpoint
from storage.area.capacity import Division, change_cost, free_bytes
from storage.area.lock import Lock
from storage.area.verify import build, journal_findings
from storage.crypto.envelope import Rng
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.files import make_folder, sync_folder
from storage.mark import KnownArea, StoreMark, Witness
from storage.tables import schema
from storage.tables.ledger import Ledger
from storage.tables.peers import Extent, PeerMemory, contradictions, other_ids

OPENING_BYTES: Final = 64 * 1024 + change_cost(0, 0)
"""What opening an area and beginning a boot in it writes: SQLite's index of the log, the log, and one transaction."""

Report: TypeAlias = Callable[[PassbookError], None]


class StoreOwner(NamedTuple):
    """Whose areas these are, and how many sealed bytes one job may have."""

    appliance: str
    key: ApplianceKey
    job_bytes: int


class Means(NamedTuple):
    """The tools with which areas are opened.

    Attributes:
        mark: what is known of them outside of them.
        rng: draws the ids of new ones.
        vfs: names an apsw VFS; None for the usual one.
        report: told, from any thread, of what happens to them later.
    """

    owner: StoreOwner
    mark: StoreMark
    rng: Rng
    vfs: str | None
    report: Report

    def open(self, settings: AreaSettings) -> Area | None:
        """Open an area by open_area(); raise `area-full` where the disk has no space for it."""
        with telling_of_full_disk(settings):
            return open_area(settings, self.owner, vfs=self.vfs, report=self.report, keep=self._keep)

    def _keep(self, area: str, extent: Extent) -> None:
        """Note how far an area was whose files are not in their places; from the thread of its writer."""
        try:
            self.mark.witness(area, extent)
        except PassbookError as error:
            self.report(error)


def full_disk(settings: AreaSettings) -> PassbookError | None:
    """The error for an area whose disk has no space to open it and begin a boot in it; None where there is some."""
    free = free_bytes(settings.path)
    if free >= OPENING_BYTES or not settings.path.is_dir():
        return None
    return PassbookError("area-full", area=settings.name, free=free, needed=OPENING_BYTES)


@contextmanager
def telling_of_full_disk(settings: AreaSettings) -> Generator[None]:
    """Raise the error of a full disk in place of what the disk refused, if it has no space."""
    try:
        yield
    except PassbookError as error:
        if error.code not in {"area-fenced", "area-full"}:
            raise
        raise full_disk(settings) or error from None


class RolledBack(NamedTuple):
    """The id and extent of an area that others know further; an operator may accept it unchanged.

    Attributes:
        witnesses: what it does not bear out.
        expected_id: the id that an area of its name has for the others.
    """

    area_id: str
    extent: Extent
    witnesses: tuple[PeerMemory, ...] = ()
    expected_id: str = ""


class Opened(NamedTuple):
    """The result of opening all areas.

    Attributes:
        areas: those that may be used, in the order of their settings.
        problems: why the others may not.
        rolled_back: those of them that others know further, or of which others know another one; by name.
        sequence: the highest number that a job of any area ever had, as far as the open ones know.
    """

    areas: list[Area]
    problems: dict[AreaSettings, PassbookError]
    rolled_back: dict[str, RolledBack]
    sequence: int


def open_all(settings: Sequence[AreaSettings], means: Means) -> Opened:
    """Open what can be opened and create what never was."""
    opened: list[Area] = []
    missing: list[AreaSettings] = []
    problems: dict[AreaSettings, PassbookError] = {}
    # All at once: each reads the whole of its file, and they may lie on different disks.
    with ThreadPoolExecutor(max(1, len(settings))) as pool:
        opening = {one: pool.submit(means.open, one) for one in settings}
    for one, future in opening.items():
        try:
            area = future.result()
        except PassbookError as error:
            problems[one] = error
        else:
            opened.append(area) if area else missing.append(one)
    if (opened or problems) and not means.mark.is_there and means.mark.trouble is None:
        means.report(means.mark.missing())
    known = {name for area in opened for name in area.peers} | means.mark.names
    rolled_back = close_rolled_back(opened, opened, means.mark, problems)
    _make(missing, known, means, opened, problems)
    memories = [*means.mark.memories, *(memory for area in opened for memory in area.memories())]
    doubts = suspect(opened, opened, memories, means, are_all=not problems)
    note_mark(means, opened, problems, rolled_back, doubts)
    acquaint(opened)
    known_sequences = [*(area.highest_sequence for area in opened), *(memory.extent.sequence for memory in memories)]
    order = list(settings)
    opened.sort(key=lambda area: order.index(area.settings))
    return Opened(opened, problems, rolled_back, max(known_sequences, default=0))


def open_late(settings: AreaSettings, means: Means, opened: Sequence[Area], rolled_back: dict[str, RolledBack]) -> Area:
    """Open an area while others are in use; it is judged by them and by the mark as at a boot.

    Where they know it further, what it is comes into `rolled_back`.

    Raises PassbookError as open_area() does, `area-absent`, `area-full` or `area-rolled-back`.
    """
    area = means.open(settings)
    if area is None:
        raise _absent(settings)
    beside = [*opened, area]
    problems: dict[AreaSettings, PassbookError] = {}
    refused = close_rolled_back([area], beside, means.mark, problems)
    if refused:
        rolled_back |= refused
        note_mark(means, beside, problems, refused, {other.name: means.mark.doubt(other.name) for other in beside})
        raise problems[settings]
    memories = [*means.mark.memories, *(memory for other in beside for memory in other.memories())]
    doubts = suspect([area], beside, memories, means, are_all=False)
    try:
        means.mark.open(area.name, area.area_id, doubts.get(area.name, frozenset()))
    except PassbookError as error:
        means.report(error)
    acquaint(beside)
    return area


def close_rolled_back(
    candidates: Sequence[Area], opened: list[Area], mark: StoreMark, problems: dict[AreaSettings, PassbookError]
) -> dict[str, RolledBack]:
    """Close every candidate that another one knows further: what it says of its jobs is older than their paper."""
    rolled_back: dict[str, RolledBack] = {}
    # One of another id than the mark has noted is not the area of its name, and its word counts for nothing.
    heard = [area for area in opened if mark.ids.get(area.name, area.area_id) == area.area_id]
    memories = [*mark.memories, *(memory for area in heard for memory in area.memories())]
    noted: dict[str, dict[str, str]] = {"": mark.ids}
    for area in heard:
        with suppress(PassbookError), area.reading() as ledger:
            noted[area.name] = ledger.memories.ids()
    for area in candidates:
        with suppress(PassbookError), area.reading() as ledger:
            extent = ledger.extent(area.ledger.row_sum.changes)
            against = {one: list(contradictions(area.name, extent, ledger.history, [one])) for one in memories}
            found = [*other_ids(area.name, area.area_id, noted), *chain.from_iterable(against.values())]
            if not found:
                continue
            ids = [ids[area.name] for ids in noted.values() if ids.get(area.name, area.area_id) != area.area_id]
            witnesses = tuple(memory for memory, why in against.items() if why)
            rolled_back[area.name] = RolledBack(area.area_id, extent, witnesses, ids[0] if ids else area.area_id)
            problems[area.settings] = found[0]
    for area in [area for area in candidates if area.name in rolled_back]:
        area.close()
        opened.remove(area)
    return rolled_back


def suspect(
    candidates: Sequence[Area], opened: Sequence[Area], memories: Sequence[PeerMemory], means: Means, *, are_all: bool
) -> dict[str, frozenset[str]]:
    """Mark candidates that an operator took despite a rollback, or that may have been rolled back.

    For each of the latter the areas whose word about it cannot be believed; "" is the mark itself.  `are_all`: every
    configured area is open, so that nothing is known by a mark alone.
    """
    accepted = {memory.about for memory in memories if memory.accepted}
    unsure: dict[str, set[str]] = {area.name: set() for area in opened}
    for area in opened:
        with suppress(PassbookError), area.reading() as ledger:
            altered = ledger.memories.altered()
            wrong_sum = [] if area.adds_up else [PassbookError("rows-altered", area=area.name)]
            for finding in (*altered.values(), *wrong_sum, *ledger.memories.odd()) if area in candidates else ():
                means.report(finding)
            # Where rows do not add up, what it knows of the others may be from an earlier day.
            for name in {*altered, *(unsure if wrong_sum else ())} & unsure.keys():
                unsure[name].add(area.name)
    mark = means.mark
    # A mark that is missing, or cannot be believed, knows no area; a doubt or a refusal may have stood there.
    unread = {area.name: {""} if area.name not in mark.known and not are_all else set() for area in candidates}
    remembered = {name: frozenset(mark.doubt(name)) - unsure.keys() | unknown for name, unknown in unread.items()}
    doubts = {name: found | unsure[name] for name, found in remembered.items() if found | unsure[name]}
    for area in candidates:
        if remembered[area.name] and not unsure[area.name]:
            mark.doubted.add(area.name)
            means.report(PassbookError("area-unsure", area=area.name))
        area.unsure = area.name in doubts
        area.suspect = area.unsure or area.name in accepted
    return doubts


def note_mark(
    means: Means,
    opened: Sequence[Area],
    problems: Mapping[AreaSettings, PassbookError],
    rolled_back: Mapping[str, RolledBack],
    doubts: Mapping[str, Collection[str]],
) -> None:
    """Note outside of the areas which there are, what refused those that are `rolled_back`, and who is doubted."""
    mark = means.mark
    if mark.trouble is not None:
        means.report(mark.trouble)
        # It may have told of a refusal: until all areas can be used it stays, as evidence.
        if problems:
            return
    known = {name: KnownArea(area_id) for area in opened for name, area_id in area.peers.items()} | mark.known
    for one, problem in problems.items():
        back = rolled_back.get(one.name)
        if back is not None:
            known[one.name] = KnownArea(back.expected_id, witnesses=tuple(map(Witness.of, back.witnesses)))
        elif problem.code not in {"area-absent", "area-not-made", "area-foreign", "mark-not-written"}:
            known.setdefault(one.name, KnownArea())
    for area in opened:
        known[area.name] = known.get(area.name, KnownArea()).opened(area.area_id, doubts.get(area.name, ()))
    try:
        mark.write(known)
    except PassbookError as error:
        means.report(error)


def acquaint(opened: Sequence[Area]) -> None:
    """Have every area note the others."""
    for area in opened:
        # An id is under the MAC of a memory: written anew, it would make an altered one fit again, and forgotten.
        left = _altered(area)
        area.remember_peers({other.name: other.area_id for other in opened if other.name not in left})


def _altered(area: Area) -> frozenset[str]:
    """The areas of which what this one remembers was altered."""
    with suppress(PassbookError), area.reading() as ledger:
        return frozenset(ledger.memories.altered())
    return frozenset()


def _make(
    missing: Sequence[AreaSettings],
    known: Collection[str],
    means: Means,
    opened: list[Area],
    problems: dict[AreaSettings, PassbookError],
) -> None:
    """Make and open the areas that are not `known`: all of them where there was no store, else beside an open one."""
    mark = means.mark
    was_store = mark.names or mark.trouble is not None or problems
    may_be_made = bool(opened) or not was_store
    for one in missing:
        # An empty folder of an area that is known is a disk that was not mounted.
        if one.name in known:
            problems[one] = _absent(one)
            continue
        if not may_be_made:
            problems[one] = PassbookError("area-not-made", area=one.name)
            continue
        try:
            opened.append(_made(one, means))
        except PassbookError as error:
            problems[one] = error


def _absent(settings: AreaSettings) -> PassbookError:
    """The error for an area whose folder has no store, with what lies there instead."""
    try:
        with as_fenced(settings.name):
            return PassbookError("area-absent", area=settings.name, why=what_lies_there(settings.path))
    except PassbookError as error:
        return error


def _made(settings: AreaSettings, means: Means) -> Area:
    # Noted before it is made: a boot that is cut off here must not find an area that nothing tells of.
    means.mark.change(settings.name, KnownArea(made=False))
    with telling_of_full_disk(settings):
        create_area(settings, means.owner, rng=means.rng, vfs=means.vfs)
    area = means.open(settings)
    if area is None:
        raise _absent(settings)
    return area


def open_area(
    settings: AreaSettings,
    owner: StoreOwner,
    *,
    vfs: str | None,
    report: Report,
    keep: Callable[[str, Extent], None],
) -> Area | None:
    """The area, locked and checked; None where no store is.

    Raises PassbookError `area-in-use`, `area-foreign`, `area-format`, `appliance-key-wrong`, `area-too-small`,
    `area-altered`, `history-broken` or `area-fenced`, with everything left as it was found.
    """
    with as_fenced(settings.name):
        if not is_there(settings.path / schema.DATABASE):
            return None
    least = Division.least_quota(owner.job_bytes)
    if settings.quota_bytes < least:
        raise PassbookError("area-too-small", area=settings.name, quota=settings.quota_bytes, least=least)
    with as_fenced(settings.name), ExitStack() as undo:
        lock = undo.enter_context(closing(Lock(settings.name, settings.path)))
        known = open_known(settings, owner, undo, vfs=vfs)
        if known is None:
            return None
        writer, ledger = known
        ledger.history.head()
        reader = undo.enter_context(closing(schema.connect_reader(settings.path, vfs=vfs)))
        division = Division.of(settings.quota_bytes, owner.job_bytes)
        area = Area(
            settings,
            owner.key,
            area_id=ledger.area_id,
            lock=lock,
            connections=(writer, reader),
            division=division,
            report=report,
            vfs=vfs,
            keep=keep,
        )
        undo.pop_all()
        return area


def open_known(
    settings: AreaSettings, owner: StoreOwner, stack: ExitStack, *, vfs: str | None
) -> tuple[apsw.Connection, Ledger] | None:
    """The writing connection of a locked area that is ours, sound and of this format; None where no store is.

    `stack` closes it.  Raises as open_area() does, and what SQLite raises.
    """
    # Before SQLite reads anything: it would play the journal back, and take it away.
    for finding in journal_findings(settings.path / schema.DATABASE, settings.name):
        raise finding
    if probe(settings, owner, vfs) is None:
        return None
    connection = stack.enter_context(closing(schema.open_database(settings.path, vfs=vfs)))
    # After a failed sync the log may be in memory only: copying it makes it durable whatever happened before.
    checkpoint(connection)
    _check_structure(settings.name, connection)
    # Who it is by what SQLite makes of file and log now, and not by what was looked at before it began to write.
    ledger = Ledger(connection, settings.name, _recognize(connection, settings.name, owner), owner.key)
    return connection, ledger


def create_area(settings: AreaSettings, owner: StoreOwner, *, rng: Rng, vfs: str | None) -> None:
    """An empty area in its folder, durable; its file has its name only when it is whole.

    Raises PassbookError `area-in-use` or `area-fenced`.
    """
    with as_fenced(settings.name), ExitStack() as stack:
        make_folder(settings.path)
        stack.enter_context(closing(Lock(settings.name, settings.path)))
        part, path = settings.path / schema.UNFINISHED, settings.path / schema.DATABASE
        # A creation that was cut off leaves any part of what it wrote, and no log of it may meet the new file.
        for left in (*settings.path.glob(f"{part.name}*"), *settings.path.glob(f"{path.name}-*")):
            left.unlink()
        # SQLite gives its other files the rights of this one.
        os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        sync_folder(settings.path)
        _fill(settings, owner, rng=rng, vfs=vfs)
        part.replace(path)
        for folder in (settings.path, settings.path.parent):
            sync_folder(folder)


def _fill(settings: AreaSettings, owner: StoreOwner, *, rng: Rng, vfs: str | None) -> None:
    """Write the database of an area without a job, without a log."""
    with closing(schema.open_database(settings.path, vfs=vfs, name=schema.UNFINISHED)) as connection:
        area_id = rng(16).hex()
        said = (area_id, owner.appliance, settings.name)
        with connection:
            schema.create_tables(connection)
            connection.execute("INSERT INTO area VALUES (?, ?, ?, ?)", (*said, _area_mac(owner, said)))
            ledger = Ledger(connection, settings.name, area_id, owner.key)
            ledger.history.begin()
            ledger.row_sum.accept()
            ledger.complete()
        checkpoint(connection)


def is_there(path: Path) -> bool:
    """Whether there is something at `path`.  Raises OSError when that cannot be told: then it may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def what_lies_there(folder: Path) -> str:
    """The content of a folder that should hold an area, in words.  Raises OSError."""
    try:
        names = set(os.listdir(folder))  # noqa: PTH208 - names are wanted
    except FileNotFoundError:
        return "its folder is missing"
    except NotADirectoryError:
        return "there is no folder at its path"
    if schema.DATABASE in names:
        return f"its file {schema.DATABASE} holds nothing"
    return f"its folder holds no {schema.DATABASE}" if names else "its folder is empty"


@contextmanager
def as_fenced(name: str) -> Generator[None]:
    """A file that cannot be read, or a disk that fails, is PassbookError `area-fenced` of that area."""
    try:
        yield
    except (apsw.Error, OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else None
        why = f"it cannot be opened ({cause or type(error).__name__})"
        raise PassbookError("area-fenced", area=name, why=why) from error


def probe(settings: AreaSettings, owner: StoreOwner, vfs: str | None) -> str | None:
    """The area's id, read without changing anything; None when its creation was cut off."""
    with closing(schema.connect_probe(settings.path, vfs=vfs)) as connection:
        return None if schema.is_empty(connection) else _recognize(connection, settings.name, owner)


def _recognize(connection: apsw.Connection, name: str, owner: StoreOwner) -> str:
    area_id = identify(connection, name, owner)
    # Before anything is written: a trigger would have its part in that.
    _check_build(name, connection)
    return area_id


def identify(connection: apsw.Connection, name: str, owner: StoreOwner) -> str:
    """The area's id.

    Raises PassbookError `area-foreign`, `area-format`, `appliance-key-wrong`, or `area-altered` when it lacks a table.
    """
    application, found = schema.header(connection)
    if application != schema.APPLICATION_ID:
        raise PassbookError("area-foreign", area=name)
    if found != schema.STORE_FORMAT:
        raise PassbookError("area-format", area=name, found=found, known=schema.STORE_FORMAT)
    if schema.differences(connection).lacking:
        _check_build(name, connection)
    rows = schema.fetch(connection, "SELECT area_id, appliance, name, mac FROM area")
    if len(rows) != 1 or rows[0][1:3] != (owner.appliance, name):
        raise PassbookError("area-foreign", area=name)
    *said, authentic = rows[0]
    if not is_same(authentic, _area_mac(owner, said)):
        raise PassbookError("appliance-key-wrong", area=name)
    return str(said[0])


def _area_mac(owner: StoreOwner, said: Sequence[object]) -> bytes:
    """Over what an area says of itself, and its format."""
    return mac(owner.key.area, *said, schema.STORE_FORMAT)


def _check_build(name: str, connection: apsw.Connection) -> None:
    for finding in build(connection, name):
        raise finding


def _check_structure(name: str, connection: apsw.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").get != "ok":
        raise PassbookError("area-fenced", area=name, why="its file is damaged")
