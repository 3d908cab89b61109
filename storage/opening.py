"""Opening an area: lock, identity, structure; and creating one where there never was one."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

import apsw

from passbook.errors import PassbookError
from storage import schema
from storage.area import Area, AreaSettings, checkpoint
from storage.envelope import Rng
from storage.files import sync_folder
from storage.keys import ApplianceKey, is_same, mac
from storage.ledger import Ledger
from storage.lock import Lock
from storage.siblings import Extent, Memory, contradictions, other_ids
from storage.space import Division
from storage.verify import build, journal

Report: TypeAlias = Callable[[PassbookError], None]


class Owner(NamedTuple):
    """Whose areas these are, and how many sealed bytes one job may have."""

    appliance: str
    key: ApplianceKey
    job_bytes: int


class PutBack(NamedTuple):
    """What an area is that an operator may take as it is."""

    area_id: str
    extent: Extent


class Opened(NamedTuple):
    """What came of opening areas.

    Attributes:
        areas: those that may be used, in the order of their settings.
        problems: why the others may not.
        put_back: those of them that others know further, or of which others know another one; by name.
        sequence: the highest number that a job of any area ever had, as far as the open ones know.
    """

    areas: list[Area]
    problems: dict[AreaSettings, PassbookError]
    put_back: dict[str, PutBack]
    sequence: int


def open_all(settings: Sequence[AreaSettings], owner: Owner, *, rng: Rng, vfs: str | None, report: Report) -> Opened:
    """Open what can be opened and create what never was."""
    opened: list[Area] = []
    missing: list[AreaSettings] = []
    problems: dict[AreaSettings, PassbookError] = {}
    # All at once: each reads the whole of its file, and they may lie on different disks.
    with ThreadPoolExecutor(max(1, len(settings))) as pool:
        opening = {one: pool.submit(open_area, one, owner, vfs=vfs, report=report) for one in settings}
    for one, future in opening.items():
        try:
            area = future.result()
        except PassbookError as error:
            problems[one] = error
        else:
            opened.append(area) if area else missing.append(one)
    known = {name: area_id for area in opened for name, area_id in area.siblings.items()}
    for one in missing:
        try:
            opened.append(_create_and_open(one, owner, known, rng=rng, vfs=vfs, report=report))
        except PassbookError as error:
            problems[one] = error
    memories = [memory for area in opened for memory in area.memories()]
    put_back = _close_put_back(opened, memories, problems)
    _suspect(opened, memories, report)
    for area in opened:
        # An id is under the MAC of a memory: written anew, it would make an altered one fit again, and forgotten.
        left = _altered(area)
        area.remember_siblings({other.name: other.area_id for other in opened if other.name not in left})
    known_sequences = [*(area.highest_sequence for area in opened), *(memory.extent.sequence for memory in memories)]
    order = list(settings)
    opened.sort(key=lambda area: order.index(area.settings))
    return Opened(opened, problems, put_back, max(known_sequences, default=0))


def _close_put_back(
    opened: list[Area], memories: Sequence[Memory], problems: dict[AreaSettings, PassbookError]
) -> dict[str, PutBack]:
    """Close every area that another one knows further: what it says of its jobs is older than their paper."""
    put_back: dict[str, PutBack] = {}
    noted: dict[str, dict[str, str]] = {}
    for area in opened:
        with suppress(PassbookError), area.reading() as ledger:
            noted[area.name] = ledger.memories.ids()
    for area in opened:
        with suppress(PassbookError), area.reading() as ledger:
            extent = ledger.extent(area.ledger.balance.changes)
            further = contradictions(area.name, extent, ledger.history, memories)
            contradiction = next(chain(other_ids(area.name, area.area_id, noted), further), None)
            if contradiction is None:
                continue
            put_back[area.name] = PutBack(area.area_id, extent)
            problems[area.settings] = contradiction
    for area in [area for area in opened if area.name in put_back]:
        area.close()
        opened.remove(area)
    return put_back


def _altered(area: Area) -> frozenset[str]:
    """The areas of which what this one remembers was altered."""
    with suppress(PassbookError), area.reading() as ledger:
        return frozenset(ledger.memories.altered())
    return frozenset()


def _suspect(opened: Sequence[Area], memories: Sequence[Memory], report: Report) -> None:
    """Mark areas that an operator took although they were put back, or of which nobody can say whether they were."""
    accepted = {memory.about for memory in memories if memory.accepted}
    unsure: set[str] = set()
    for area in opened:
        with suppress(PassbookError), area.reading() as ledger:
            altered = ledger.memories.altered()
            unbalanced = [] if area.adds_up else [PassbookError("rows-altered", area=area.name)]
            for finding in (*altered.values(), *unbalanced, *ledger.memories.odd()):
                report(finding)
            # Where rows do not add up, what it knows of the others may be from an earlier day.
            unsure |= {*altered, *(other.name for other in opened if unbalanced)}
    for area in opened:
        area.unsure = area.name in unsure
        area.suspect = area.unsure or area.name in accepted


def _create_and_open(
    settings: AreaSettings, owner: Owner, known: Mapping[str, str], *, rng: Rng, vfs: str | None, report: Report
) -> Area:
    # An empty folder of an area that the others know is a disk that was not mounted.
    if settings.name not in known:
        create_area(settings, owner, rng=rng, vfs=vfs)
        area = open_area(settings, owner, vfs=vfs, report=report)
        if area is not None:
            return area
    with as_fenced(settings.name):
        why = what_lies_there(settings.path)
    raise PassbookError("area-absent", area=settings.name, why=why)


def open_area(settings: AreaSettings, owner: Owner, *, vfs: str | None, report: Report) -> Area | None:
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
        )
        undo.pop_all()
        return area


def open_known(
    settings: AreaSettings, owner: Owner, stack: ExitStack, *, vfs: str | None
) -> tuple[apsw.Connection, Ledger] | None:
    """The writing connection of a locked area that is ours, sound and of this format; None where no store is.

    `stack` closes it.  Raises as open_area() does, and what SQLite raises.
    """
    # Before SQLite reads anything: it would play the journal back, and take it away.
    for finding in journal(settings.path / schema.DATABASE, settings.name):
        raise finding
    if probe(settings, owner, vfs) is None:
        return None
    connection = stack.enter_context(closing(schema.connect(settings.path, vfs=vfs)))
    # After a failed sync the log may be in memory only: copying it makes it durable whatever happened before.
    checkpoint(connection)
    _check_structure(settings.name, connection)
    # Who it is by what SQLite makes of file and log now, and not by what was looked at before it began to write.
    ledger = Ledger(connection, settings.name, _recognize(connection, settings.name, owner), owner.key)
    upgrade(connection, ledger, owner)
    _check_build(settings.name, connection)
    return connection, ledger


def create_area(settings: AreaSettings, owner: Owner, *, rng: Rng, vfs: str | None) -> None:
    """An empty area in its folder, durable; its file has its name only when it is whole.

    Raises PassbookError `area-in-use` or `area-fenced`.
    """
    with as_fenced(settings.name), ExitStack() as stack:
        settings.path.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _fill(settings: AreaSettings, owner: Owner, *, rng: Rng, vfs: str | None) -> None:
    """Write the database of an area without a job, without a log."""
    with closing(schema.connect(settings.path, vfs=vfs, name=schema.UNFINISHED)) as connection:
        area_id = rng(16).hex()
        said = (area_id, owner.appliance, settings.name)
        with connection:
            schema.create_tables(connection)
            connection.execute("INSERT INTO area VALUES (?, ?, ?, ?)", (*said, _area_mac(owner, said, schema.FORMAT)))
            ledger = Ledger(connection, settings.name, area_id, owner.key)
            ledger.history.begin()
            ledger.balance.accept()
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
    """What a folder has in place of an area, in words.  Raises OSError."""
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


def probe(settings: AreaSettings, owner: Owner, vfs: str | None) -> str | None:
    """The area's id, read without changing anything; None when its creation was cut off."""
    with closing(schema.connect_probe(settings.path, vfs=vfs)) as connection:
        return None if schema.is_empty(connection) else _recognize(connection, settings.name, owner)


def _recognize(connection: apsw.Connection, name: str, owner: Owner) -> str:
    area_id = identify(connection, name, owner)
    # Before anything is written: a trigger would have its part in that.
    _check_build(name, connection)
    return area_id


def identify(connection: apsw.Connection, name: str, owner: Owner) -> str:
    """The area's id.

    Raises PassbookError `area-foreign`, `area-format`, `appliance-key-wrong`, or `area-altered` when it lacks a table.
    """
    application, found = schema.header(connection)
    if application != schema.APPLICATION_ID:
        raise PassbookError("area-foreign", area=name)
    if found != schema.FORMAT and found not in schema.UPGRADES:
        raise PassbookError("area-format", area=name, found=found, known=schema.FORMAT)
    if schema.differences(connection).lacking:
        _check_build(name, connection)
    rows = schema.fetch(connection, "SELECT area_id, appliance, name, mac FROM area")
    if len(rows) != 1 or rows[0][1:3] != (owner.appliance, name):
        raise PassbookError("area-foreign", area=name)
    *said, authentic = rows[0]
    if is_same(authentic, _area_mac(owner, said, found)):
        return str(said[0])
    if any(is_same(authentic, _area_mac(owner, said, other)) for other in (*schema.UPGRADES, schema.FORMAT)):
        raise PassbookError("area-altered", area=name, why="it says that it is of another format than it is")
    raise PassbookError("appliance-key-wrong", area=name)


def _area_mac(owner: Owner, said: Sequence[object], number: int) -> bytes:
    """Over what an area says of itself, and its format: the rows of one of an earlier format are taken for right."""
    return mac(owner.key.area, *said) if number == 1 else mac(owner.key.area, *said, number)


def upgrade(connection: apsw.Connection, ledger: Ledger, owner: Owner) -> None:
    """Bring an area of an earlier format to this one, whole or not at all; its rows are taken for right."""

    def complete() -> None:
        [said] = schema.fetch(connection, "SELECT area_id, appliance, name FROM area")
        connection.execute("UPDATE area SET mac = ?", (_area_mac(owner, said, schema.FORMAT),))
        ledger.balance.accept()
        ledger.complete()

    schema.upgrade(connection, complete)


def _check_build(name: str, connection: apsw.Connection) -> None:
    for finding in build(connection, name):
        raise finding


def _check_structure(name: str, connection: apsw.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").get != "ok":
        raise PassbookError("area-fenced", area=name, why="its file is damaged")
