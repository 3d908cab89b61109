"""One area: its folder, its lock, its database, and whether it may be used.

Theory of operation.  An area that was opened is sound, and still holds records of an earlier boot that say "valid"; it
answers questions and prints nothing.  The commit that begins a boot makes it ready: all of those are invalid then (P4).
A disk or a file that fails fences it.  A fenced area acknowledges nothing, and only a new opening ends that, because
after a failed sync the memory of the system may show what the disk does not have.

Example: the log is removed while a job is accepted.  COMMIT returns, the look at the paths finds no log, the area is
fenced, and the terminal hears `outcome-unknown`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import apsw

from passbook.errors import PassbookError
from passbook.job.states import Reason
from storage.area.capacity import Capacity, Division, change_cost, free_bytes, job_need
from storage.area.lock import Lock
from storage.area.paths import PathWatch
from storage.area.reports import Examined
from storage.area.verify import examine
from storage.area.writer import Member, OnOutcome, Writer, nothing
from storage.crypto.keys import ApplianceKey
from storage.tables import schema
from storage.tables.chain import Head
from storage.tables.ledger import Ledger
from storage.tables.peers import Extent, PeerMemory, are_noted, peer_ids
from storage.tables.printed import PrinterFigures, figures_of
from storage.tables.rows import DamagedRowError
from storage.tables.usage import Usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AreaSettings:
    """Where an area lies and how large it may become.

    Attributes:
        name: what people call it; written into the area when it is created.
        path: its folder, on whatever file system.
        quota_bytes: for the database and its log together.
    """

    name: str
    path: Path
    quota_bytes: int


class AreaState(Enum):
    """Whether an area may be used."""

    OPENED = "opened"
    """The file is ours and sound; records of an earlier boot may still be valid in it, so none is touched."""
    READY = "ready"
    """Power-on was committed: what an earlier boot left is invalid (P4)."""
    FENCED = "fenced"
    """The disk or the file failed; nothing is written or acknowledged any more until it was opened again."""
    CLOSED = "closed"
    """Its connections are closed."""


class AreaEvent(Enum):
    """What can happen to an area."""

    POWERED_ON = auto()
    FAILED = auto()
    CLOSE = auto()


_S, _E = AreaState, AreaEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.OPENED, _E.POWERED_ON): _S.READY,
        (_S.OPENED, _E.FAILED): _S.FENCED,
        (_S.OPENED, _E.CLOSE): _S.CLOSED,
        (_S.READY, _E.FAILED): _S.FENCED,
        (_S.READY, _E.CLOSE): _S.CLOSED,
        (_S.FENCED, _E.FAILED): _S.FENCED,
        (_S.FENCED, _E.POWERED_ON): _S.FENCED,
        (_S.FENCED, _E.CLOSE): _S.CLOSED,
        (_S.CLOSED, _E.CLOSE): _S.CLOSED,
        (_S.CLOSED, _E.FAILED): _S.CLOSED,
    }
)
"""(state, event) -> state."""


class Area:
    """An open area.  Its writing side belongs to the writer's thread, its reading side to the holder of `reading()`.

    Attributes:
        area_id: what the file says of itself.
        why: why it is fenced.
        capacity: what quota, disk and log leave it.
        usage: what lies in it after the last commit.
        disk_is_full: other files leave no space on its disk, as of a moment ago.
        adds_up: no row was taken away, replayed or forged while it was closed, or an operator takes it unchanged.
        highest_sequence: the highest number that a job of this area ever had, when it was opened.
        peers: names and ids of the areas that were open beside it before, itself too.
        unsettled: sequence numbers of jobs whose records may not say yet what this boot made of them.
        suspect: it was rolled back, as far as can be told; its records say less than the paper.
        unsure: so it may be, and no operator has looked; a request that it does not know may have been forgotten.
    """

    def __init__(
        self,
        settings: AreaSettings,
        key: ApplianceKey,
        *,
        area_id: str,
        lock: Lock,
        connections: tuple[apsw.Connection, apsw.Connection],
        division: Division,
        report: Callable[[PassbookError], None],
        vfs: str | None,
        keep: Callable[[str, Extent], None],
    ) -> None:
        """Take over the lock and the connections (writing, reading) of a checked area.

        `report` is told, from any thread, of what happens to it later; `keep` notes outside of the area how far it was
        when its files were not in their places.
        """
        self._keep = keep
        self.settings = settings
        self.area_id = area_id
        self.state = AreaState.OPENED
        self.why = ""
        self._lock = lock
        self._key = key
        self._vfs = vfs
        self._report = report
        self._connection, self._reader = connections
        self.usage = Usage()
        self.usage.load(self._connection)
        self._watch = PathWatch(settings.path, lock.files)
        self.ledger = Ledger(self._connection, settings.name, area_id, key, self.usage)
        self._read_ledger = Ledger(self._reader, settings.name, area_id, key)
        # Until the next one begins, records are what the last one made of them.
        self.ledger.boot = self._read_ledger.boot = self.ledger.boots.kept()
        self._read_lock = threading.Lock()
        self._state_lock = threading.Lock()
        self.capacity = Capacity(settings.path, self._connection, division, self.usage)
        self.adds_up = self.ledger.row_sum.load() and not any(self.ledger.boots.findings())
        self._changes = self.ledger.row_sum.changes
        self.ledger.stock.load(adds_up=self.adds_up)
        for finding in self.ledger.books.load():
            report(finding)
        self.highest_sequence = self._read_ledger.highest_sequence()
        self.suspect = self.unsure = self.disk_is_full = False
        self.unsettled = range(0)
        self.peers = peer_ids(self._reader)
        self.writer = Writer(settings.name, self)
        self.writer.start()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.settings.name

    @property
    def connection(self) -> apsw.Connection:
        """The writing connection."""
        return self._connection

    @contextmanager
    def reading(self) -> Generator[Ledger]:
        """The records as they were at one commit; hold it shortly, and never inside another one.

        Raises PassbookError `area-fenced` when the file fails.
        """
        with self.reading_once() as ledger:
            # One moment for all that is read inside: a job that ends meanwhile is neither lost nor half there.
            self._reader.execute("BEGIN")
            try:
                yield ledger
            finally:
                if self._reader.in_transaction:
                    self._reader.execute("ROLLBACK")

    def knows(self, requester: str, request_id: str) -> bool:
        """Whether it has anything of that request.  Raises PassbookError `area-fenced` when the file fails."""
        with self.reading_once() as ledger:
            return ledger.knows(requester, request_id)

    @contextmanager
    def reading_once(self) -> Generator[Ledger]:
        """The same for one statement, or for several that need not tell of one moment."""
        with self._read_lock:
            if self.state is AreaState.CLOSED:
                raise self.fenced_error()
            with self._fencing():
                yield self._read_ledger

    @contextmanager
    def _fencing(self) -> Generator[None]:
        try:
            yield
        except (apsw.Error, UnicodeDecodeError) as error:
            self.fence(f"the disk or the file fails ({type(error).__name__})")
            raise self.fenced_error() from None

    # What the writer needs

    def look(self) -> None:
        """There is no work: see to the files, and to the space that other files leave on the disk."""
        if self.watch():
            self._look_at_disk()

    def _look_at_disk(self) -> None:
        """Learn whether the disk leaves no space for new jobs, although the quota does; tell when that begins."""
        before, self.disk_is_full = self.disk_is_full, self.capacity.is_disk_full()
        if self.disk_is_full and not before:
            self._report(self.disk_full())

    def watch(self) -> bool:
        """Whether every file of it is the one at its path; one that is not fences the area (P1)."""
        if self.refusal() is not None:
            return False
        missing = self._watch.look()
        if missing is None:
            return True
        # Where the log is lost, the file at the next boot is an earlier one and must not pass for this.
        self._keep(self.name, self._extent())
        self.fence(f"{missing.why}{self._save_log() if missing.only_log else ''}")
        return False

    def _extent(self) -> Extent:
        """The extent that it surely had; without its head where the file gives none."""
        try:
            head = self.ledger.history.head()
        except (apsw.Error, PassbookError):
            head = Head()
        return Extent(*head, self._changes)

    def _save_log(self) -> str:
        """Copy a log that has lost its name into the database, which has not; what came of it, in words.

        What was acknowledged before is in this log only, and the next boot would not find it.
        """
        with suppress(apsw.Error):
            frames, copied = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
            if frames == copied:
                return "; what was stored before that is safe in its database"
        return "; what was stored before that may be lost"

    def prepare(self, cost: int) -> None:
        """Empty the log unless a transaction of that cost fits it; a transaction begins."""
        self.ledger.begin()
        self.capacity.begin()
        if not self.fits(cost):
            self._checkpoint()
            self.capacity.begin()

    def fits(self, cost: int) -> bool:
        """Whether the log has space for this transaction when it costs so much."""
        return self.capacity.fits(cost)

    def complete(self) -> None:
        """Write what a transaction writes once, at its end.  Raises apsw.Error."""
        self.ledger.complete()

    def committed(self) -> None:
        """Measure what is used now."""
        self.ledger.committed()
        self._changes = self.ledger.row_sum.changes
        try:
            self.capacity.committed()
            self._look_at_disk()
        except apsw.Error as error:
            self.fence(f"the file fails ({type(error).__name__})")

    def refusal(self) -> PassbookError | None:
        """Why nothing may be written any more."""
        return self.fenced_error() if self.state in {AreaState.FENCED, AreaState.CLOSED} else None

    def disk_full(self) -> PassbookError:
        """The disk below has no space, whatever the quota says; what is needed is that of the smallest new job."""
        free = free_bytes(self.settings.path)
        needed = free + max(0, job_need(0) - self.capacity.free())
        return PassbookError("area-full", area=self.name, free=free, needed=needed)

    def fence(self, why: str) -> None:
        """Take the area out of use until it is opened again."""
        with self._state_lock:
            first = self.state in {AreaState.OPENED, AreaState.READY}
            if first:
                self.why = why
            self._move(AreaEvent.FAILED)
        if first:
            self._report(self.fenced_error())

    def fenced_error(self) -> PassbookError:
        """Why it is out of use."""
        return PassbookError("area-fenced", area=self.name, why=self.why or "it is not ready")

    def damage_error(self, damage: DamagedRowError) -> PassbookError:
        """The error that tells of a row set aside."""
        return PassbookError("record-quarantined", job=damage.job_id, area=self.name)

    def submit(
        self,
        work: Callable[[Ledger], T],
        *,
        cost: Callable[[], int],
        unknown: PassbookError,
        urgent: bool = False,
        settled: OnOutcome = nothing,
    ) -> Future[T]:
        """Do `work` in the next transaction; a row that does not verify is set aside in it."""

        def guarded() -> T | PassbookError:
            mark = self.ledger.mark()
            try:
                return work(self.ledger)
            except DamagedRowError as damage:
                self.ledger.undo(mark)
                self.ledger.quarantine.take(damage)
                return self.damage_error(damage)
            except BaseException:
                self.ledger.undo(mark)
                raise

        def told(error: BaseException | None) -> None:
            settled(error)
            if isinstance(error, PassbookError) and error.code == "record-quarantined":
                self._report(error)

        return self.writer.submit(Member(guarded, cost, unknown, urgent, told))

    def set_aside(self, damage: DamagedRowError) -> Future[None]:
        """Have a row that a reader found damaged set aside; the future raises the error that tells of it."""
        return self.submit(
            lambda ledger: ledger.confirm(damage), cost=lambda: change_cost(0, 0), unknown=self.fenced_error()
        )

    def remember_peers(self, peers: Mapping[str, str]) -> None:
        """Keep which areas are open beside it; known ones that are not stay.  Blocks; a failure fences the area."""
        if are_noted(peers, self.peers):
            return
        work = self.submit(
            lambda ledger: ledger.memories.note_peers(peers),
            cost=lambda: change_cost(0, 0),
            unknown=self.fenced_error(),
        )
        work.exception()

    def memories(self) -> list[PeerMemory]:
        """What it remembers of the others; nothing when its file fails."""
        with suppress(PassbookError), self.reading() as ledger:
            return ledger.memories.all()
        return []

    def examine(self, memories: Sequence[PeerMemory]) -> Examined:
        """Everything that does not fit, on a connection of its own; see verify.examine().

        A trigger that somebody wrote into the file fences the area: it would have a part in all that is written.
        """
        try:
            with closing(schema.connect_reader(self.settings.path, vfs=self._vfs)) as connection:
                found = examine(connection, self.name, self.area_id, self._key, memories)
        except (apsw.Error, UnicodeDecodeError) as error:
            self.fence(f"the disk or the file fails ({type(error).__name__})")
            found = Examined(self.name, ())
        if any(finding.code == "area-altered" for finding in found.findings):
            self.fence("its file is not built as this program builds it")
        # Reading all of it may be what fences it.
        return replace(found, findings=(self.fenced_error(), *found.findings)) if self.why else found

    def figures(self, printer: str) -> PrinterFigures:
        """The figures of a printer, on a connection of its own: it may take long, and other readers do not wait for it.

        Raises PassbookError `area-fenced` when the file fails.
        """
        with self._fencing(), closing(schema.connect_reader(self.settings.path, vfs=self._vfs)) as connection:
            ledger = Ledger(connection, self.name, self.area_id, self._key)
            ledger.boot = self.ledger.boot
            connection.execute("BEGIN")
            try:
                # About 40 microseconds a job.
                return figures_of(ledger.rows_for(printer), ledger.counters, printer)
            finally:
                connection.execute("ROLLBACK")

    def begin(self, reason: Reason, at: str) -> None:
        """Begin a new boot, durable: what an earlier one left is invalid (P4).  Blocks.

        Raises PassbookError, and the area is fenced, when that may be on disk or not.
        """
        work = self.submit(
            lambda ledger: ledger.boots.begin(reason, at), cost=lambda: change_cost(0, 0), unknown=self.fenced_error()
        )
        self.ledger.boot = self._read_ledger.boot = work.result()
        self.usage.begin_boot()
        self.unsettled = range(-schema.LAST_ROW, self.ledger.last_job() + 1)

    def settle(self, *, every: bool = False) -> bool:
        """Have some records say themselves what this boot made of them; whether there may be more.  Blocks.

        Those that do not verify are set aside.  Raises PassbookError when the area fails.
        """
        after = self.unsettled.start - 1
        done = self.submit(
            lambda ledger: ledger.settle(after, every=every),
            cost=lambda: self.ledger.next_to_settle(after)[1],
            unknown=self.fenced_error(),
        ).result()
        for damage in done.damaged:
            self._report(self.damage_error(damage))
        following = self.unsettled.stop if done.last is None else done.last + 1
        self.unsettled = range(min(following, self.unsettled.stop), self.unsettled.stop)
        return bool(self.unsettled)

    def make_ready(self, reason: Reason, at: str) -> int:
        """Make it ready for this boot; how many records were turned invalid."""
        self.begin(Reason.ROLLED_BACK if self.suspect else reason, at)
        # Which boot its records are of cannot be believed: each of them is written before any is used.
        while self.suspect and self.settle(every=True):
            pass
        # What was settled as if it had been of this boot already was counted as a question before.
        self.usage.begin_boot()
        self.powered_on()
        return self.usage.jobs

    def powered_on(self) -> None:
        """Take the area into use; the records of earlier boots are invalid."""
        with self._state_lock:
            self._move(AreaEvent.POWERED_ON)

    def close(self) -> bool:
        """Commit what is queued, then close; a fenced area is left unchanged.  Whether it was ready to the end."""
        if self.state is AreaState.CLOSED:
            return False
        self.writer.close()
        self.watch()
        with self._state_lock:
            fenced, ready = self.state is AreaState.FENCED, self.state is AreaState.READY
            self._move(AreaEvent.CLOSE)
        with self._read_lock:
            self._reader.close()
        if fenced:
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        with suppress(apsw.Error):
            self._connection.close()
        self._lock.close()
        return ready

    def _move(self, event: AreaEvent) -> None:
        self.state = TRANSITIONS[self.state, event]

    def _checkpoint(self) -> None:
        # A reader of now saw less than what is to be copied; a later one sees all of it and blocks nothing.
        with self._read_lock:
            pass
        checkpoint(self._connection, apsw.SQLITE_CHECKPOINT_PASSIVE)
        # All is copied and synced: what is left to do under the lock is to cut off the log.
        with self._read_lock:
            checkpoint(self._connection)
            self._watch.log_was_emptied()


def checkpoint(connection: apsw.Connection, mode: int = apsw.SQLITE_CHECKPOINT_TRUNCATE) -> None:
    """Copy the log into the database, synced, and empty it.  Raises apsw.Error, but not for a reader from outside.

    With SQLITE_CHECKPOINT_PASSIVE it is only copied, and no reader has to wait.
    """
    connection.set_busy_timeout(0)
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=mode)
    connection.set_busy_timeout(schema.BUSY_MS)
