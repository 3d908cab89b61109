"""The store of one appliance: several areas, one order, one claim per request.

Every method may be called from any thread.  Futures are resolved by the writer threads of the areas.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from passbook.errors import PassbookError
from passbook.job.counts import JobCounts
from passbook.job.record import Change, Holder, Record
from passbook.job.states import Reason
from passbook.protocol.history_reply import Grouping, Summary, Wanted, summarize
from storage.admission import Admission, Limits
from storage.area.area import Area, AreaSettings, AreaState
from storage.area.capacity import change_cost
from storage.area.opening import Means, Opened, Report, StoreOwner, full_disk, open_all, open_late
from storage.area.reports import AreaStatus, Examined, Joined, PowerOnReport
from storage.area.writer import Progress
from storage.book_memory import BookMemory
from storage.crypto import envelope
from storage.crypto.envelope import Rng, SealedJob
from storage.crypto.keys import ApplianceKey
from storage.intake import Intake
from storage.maintenance import Maintenance
from storage.mark import StoreMark
from storage.offline import accept_closed
from storage.queries import Notices, Pages, all_rows, questions, read_rows, search
from storage.stock_book import StockBook
from storage.tables.chain import ToldEntry
from storage.tables.ledger import FIRST, Ledger
from storage.tables.printed import PrinterFigures
from storage.tables.rows import DamagedRowError, EndedRow, JobRow
from storage.tables.usage import HeldUsage

T = TypeVar("T")

LEAST_OF_ID: Final = 4
"""Characters of a job's id by which it may be asked for."""
MATCHES: Final = 10
"""Jobs of each area that are counted where an id begins like several."""


class Spool(Intake):
    """All areas of one appliance.

    Attributes:
        upkeep: what is done for the areas from time to time.
    """

    def __init__(self, found: Opened, means: Means, admission: Admission) -> None:
        """Use open()."""
        # Both are shared with all that looks after the areas: one may come into use later.
        super().__init__(found.areas, admission)
        self._problems = found.problems
        self._rolled_back = found.rolled_back
        self._means = means
        self.is_closed = False
        self.upkeep = Maintenance(found, means.mark)
        self.notices = Notices(self._areas)
        """The notices that were not acknowledged."""
        self.stock = StockBook(self._areas, self._problems)
        """The form stock of all areas."""
        self.books = BookMemory(self._areas, self._problems)
        """The memory of books of all areas."""
        self.books.adopt()

    @classmethod
    def open(
        cls,
        areas: Sequence[AreaSettings],
        key: ApplianceKey,
        *,
        state: Path,
        appliance: str,
        limits: Limits,
        rng: Rng,
        report: Report,
        vfs: str | None = None,
    ) -> Spool:
        """Open what can be opened, and create areas that never were; what could not be is in `problems`.

        `state` is the folder of what is known outside of the areas.  `report` is told, from any thread, of areas fenced
        and records set aside later; it must not call the store.  `vfs` names an apsw VFS.
        """
        owner = StoreOwner(appliance, key, limits.job_bytes)
        means = Means(owner, StoreMark(state, key, appliance), rng, vfs, report)
        found = open_all(areas, means)
        admission = Admission(
            found.areas, absent=found.problems, key=key, limits=limits, rng=rng, sequence=found.sequence
        )
        return cls(found, means, admission)

    @property
    def problems(self) -> tuple[PassbookError, ...]:
        """Why configured areas could not be opened."""
        return tuple(problem for _, problem in self._left_out())

    def is_over(self, problem: PassbookError) -> bool:
        """Whether what was told of an area is not so any more: its disk was full, and is not.  Reads no disk."""
        found = [area for area in self._areas if problem.code == "area-full" and area.name == problem.facts["area"]]
        return any(not area.disk_is_full for area in found)

    def power_on(self, reason: Reason, at: str) -> PowerOnReport:
        """Turn every record of an earlier boot invalid (P4), one transaction per area; then the areas are ready."""
        result = PowerOnReport({}, {})
        for area in [area for area in self._areas if area.state is AreaState.OPENED]:
            try:
                result.invalidated[area.name] = area.make_ready(reason, at)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other areas are made ready
                unexpected = PassbookError("internal-error", reference=f"power-on of {area.name}")
                known = error if isinstance(error, PassbookError) else unexpected
                if known.code == "area-full":
                    self._leave_out(area)
                    known = self._problems[area.settings]
                result.failed[area.name] = known if area.state is AreaState.CLOSED else area.refusal() or known
                continue
        self._in_use()
        return result

    def is_usable(self) -> bool:
        """Whether any area is in use; the appliance is locked while none is."""
        return any(area.state is AreaState.READY for area in self._areas)

    def reopen(self, reason: Reason, at: str) -> PowerOnReport:
        """While no area is in use: open again all that are left out, as a boot does, and make them ready.  Blocks."""
        left = [settings for settings, _ in self._left_out()]
        found = open_all(left, self._means)
        self._admission.number_after(found.sequence)
        self._rolled_back |= found.rolled_back
        for settings in left:
            if settings not in found.problems:
                del self._problems[settings]
        self._problems.update(found.problems)
        self._areas.extend(found.areas)
        self.books.adopt()
        return self.power_on(reason, at)

    def join(self, reason: Reason, at: str) -> list[Joined]:
        """Open areas that were left out and may be used now, while the others are in use; what was done.

        Those are areas whose disk has space again, and those that an operator took as they are.  What an earlier boot
        left in one is invalid before it is used at all (P4).  Blocks; to be called by one thread at a time.
        """
        return [self._join(settings, reason, at) for settings in self.joinable()]

    def joinable(self) -> list[AreaSettings]:
        """The areas that are left out and may be used now; little is looked at for it."""
        return [
            settings
            for settings, problem in self._left_out()
            if self.upkeep.is_accepted(settings.name) or (problem.code == "area-full" and full_disk(settings) is None)
        ]

    def _join(self, settings: AreaSettings, reason: Reason, at: str) -> Joined:
        over = self._problems[settings]
        self.upkeep.tries(settings.name)
        try:
            area = open_late(settings, self._means, self._areas, self._rolled_back)
            try:
                count = area.make_ready(reason, at)
            except BaseException:
                area.close()
                raise
        except PassbookError as error:
            full = full_disk(settings) if error.code == "area-full" else None
            self._problems[settings] = full or error
            return Joined(settings.name, over, self._problems[settings], 0)
        self._admission.number_after(area.highest_sequence)
        self._areas.append(area)
        self.books.adopt()
        del self._problems[settings]
        self._in_use()
        return Joined(settings.name, over, None, count)

    def _left_out(self) -> tuple[tuple[AreaSettings, PassbookError], ...]:
        """The areas that are not open, as they are at one moment: another thread may have one join."""
        return tuple(self._problems.items())

    def _leave_out(self, area: Area) -> None:
        """Take an area out that cannot begin a boot, for lack of space."""
        area.close()
        self._areas.remove(area)
        why = "its disk refuses what it has space for"
        refused = PassbookError("area-fenced", area=area.name, why=why)
        self._problems[area.settings] = full_disk(area.settings) or refused

    def _in_use(self) -> None:
        """The areas that are ready note how far the others are; then no word about one needs to be kept elsewhere."""
        self.upkeep.note_heads()
        try:
            self._means.mark.used([area.name for area in self._areas if area.state is AreaState.READY])
        except PassbookError as error:
            self._means.report(error)

    def accept_closed(self, name: str) -> None:
        """An operator takes an area while none can be used; opening the store anew uses it.

        Raises PassbookError as upkeep.accept_rollback() does.
        """
        fenced = ", ".join(area.name for area in self._areas)
        if fenced:
            raise PassbookError("areas-not-asked", area=name, missing=fenced)
        accept_closed(name, [settings for settings, _ in self._left_out()], self._means.owner, self._means.mark)

    def accept_new_store(self) -> None:
        """An operator says that what all areas held is lost; opening the store anew makes new ones.

        Raises PassbookError `not-a-new-store` while any area is there, and `mark-not-written`.
        """
        there = [f"storage area {area.name} is {area.state.value}" for area in self._areas]
        for settings, problem in self._left_out():
            if problem.code not in {"area-absent", "area-not-made"}:
                there.append(f"storage area {settings.name} is not missing ({problem.code})")
        if there:
            raise PassbookError("not-a-new-store", why=there[0])
        self._means.mark.write({})

    # Changing

    def change(self, job_id: str, change: Change, *, urgent: bool = False) -> Future[Record]:
        """Apply a rule to the job when its turn to be written comes; the future gives the record after it.

        The future raises what the rule raises, `unknown-job`, `record-quarantined`, `area-fenced`, `area-full`
        or `change-unknown`.
        """
        try:
            area = self._area_of(job_id)
            if area.state is not AreaState.READY:
                raise area.fenced_error()
        except PassbookError as error:
            failed: Future[Record] = Future()
            failed.set_exception(error)
            return failed

        def cost() -> int:
            return change_cost(*area.usage.bytes_of(job_id))

        unknown = PassbookError("change-unknown", job=job_id, area=area.name)
        return area.submit(lambda ledger: ledger.apply(job_id, change), cost=cost, unknown=unknown, urgent=urgent)

    @contextmanager
    def together(self) -> Generator[None]:
        """Commit the changes that this thread makes in the block in few transactions; wait for none of them inside."""
        with ExitStack() as stack:
            for area in tuple(self._areas):
                stack.enter_context(area.writer.gathering())
            yield

    # Reading

    def progress(self) -> dict[str, Progress]:
        """How far the writer of each open area is, by area name; waits for no disk."""
        return {area.name: area.writer.progress() for area in self._areas}

    def next_valid(self, printer: str, passed: Record | None = None) -> Record | None:
        """The next job for a printer: highest priority, then lowest sequence, over all ready areas (F9).

        `passed` is a job that waits for its terminal; it and those before it are passed over.
        """
        ready = [area for area in self._areas if area.state is AreaState.READY]
        found = [row.record for area in ready if (row := self._next_in(area, printer, passed)) is not None]
        return min(found, key=lambda record: (-record.priority, record.sequence), default=None)

    def _next_in(self, area: Area, printer: str, passed: Record | None) -> JobRow | None:
        while area.state is AreaState.READY:
            try:
                with area.reading_once() as ledger:
                    return ledger.next_valid(printer, passed)
            except DamagedRowError as damage:
                # The next one is found only when this one is out of the way.
                area.set_aside(damage).exception()
            except PassbookError:
                return None
        return None

    def record(self, job_id: str) -> Record:
        """The job, unfinished or ended.  Raises PassbookError `unknown-job`, `record-quarantined` or `area-fenced`."""
        return self.row(job_id).record

    def row(self, job_id: str) -> JobRow | EndedRow:
        """The job with what is kept beside its record, read and verified once.  Raises as record()."""
        return self._quick(job_id) or self._find(job_id, lambda _area, ledger: _row_of(ledger, job_id))

    def find(self, beginning: str) -> Record:
        """The one job, unfinished or ended, whose id is this or begins so.

        Raises PassbookError `job-id-short`, `ambiguous-job`, and as record() does.
        """
        found: set[str] = set()
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                found.update(ledger.beginning(beginning, MATCHES))
        if beginning in found:
            return self.record(beginning)
        if len(beginning) < LEAST_OF_ID:
            raise PassbookError("job-id-short", job=beginning, least=LEAST_OF_ID)
        if len(found) > 1:
            count = str(len(found)) if len(found) < MATCHES else f"{MATCHES} or more"
            raise PassbookError("ambiguous-job", job=beginning, count=count)
        # What no area that can be read knows may lie in one that failed.
        return self.record(next(iter(found), beginning))

    def job(self, job_id: str) -> JobRow:
        """An unfinished job with its wraps, read and verified once.  Raises as record()."""
        row = self.row(job_id)
        if isinstance(row, EndedRow):
            raise PassbookError("unknown-job", job=job_id)
        return row

    def sealed(self, row: JobRow) -> SealedJob:
        """The sealed content of an unfinished job.  Raises as record(), `content-gone` and `document-not-kept`."""
        area = self._area_of(row.record.job_id)
        with self._setting_aside(area), area.reading_once() as ledger:
            return ledger.sealed(row)

    def shown_key(self, row: JobRow, *, key: bytes, data_key: bytes) -> bytes | None:
        """The data key of a job by what a person shows: that key itself, or its requester's; None for neither.

        Raises PassbookError `wrong-key`, and as sealed() does.
        """
        record, identity = row.record, row.record.identity()
        if data_key:
            if not envelope.opens(identity, self.sealed(row), data_key):
                raise PassbookError("wrong-key", job=record.job_id, key_ref=record.recovery_ref or record.key_ref)
            return data_key
        wraps = [wrap for wrap in row.wraps if wrap.holder is Holder.REQUESTER]
        return envelope.unwrap_for_requester(identity, wraps[0], key) if key and wraps else None

    def records(self, after: int = FIRST, limit: int | None = None) -> list[Record]:
        """The unfinished jobs behind a sequence number, in the order of acceptance."""
        return [row.record for row in islice(self._woven(all_rows, after), limit)]

    def newest_records(self, most: int) -> list[Record]:
        """The unfinished jobs that were accepted last, the newest first."""
        found = [row for area in self._areas for row in read_rows(area, lambda ledger: ledger.last_rows(most))]
        return [row.record for row in sorted(found, key=_by_sequence, reverse=True)[:most]]

    def records_of(self, requester: str) -> list[Record]:
        """The unfinished jobs of a requester, in the order of acceptance; so many as its quota lets it have."""
        return [row.record for row in self.rows_of(requester)]

    def rows_of(self, requester: str) -> list[JobRow]:
        """The same with their wraps."""
        found = [row for area in self._areas for row in read_rows(area, lambda ledger: ledger.rows_of(requester))]
        return sorted(found, key=_by_sequence)

    def questions(self, after: int = FIRST) -> Iterator[Record]:
        """The open questions behind a sequence number: jobs that are invalid and have not ended, in that order.

        They are read a few at a time, for they may be very many.
        """
        return (row.record for row in self.asked_rows(after))

    def asked_rows(self, after: int = FIRST) -> Iterator[JobRow]:
        """The same with their wraps."""
        return self._woven(questions, after)

    def held(self) -> dict[str, HeldUsage]:
        """What each requester has in all areas; reads no disk."""
        found: dict[str, HeldUsage] = {}
        for area in self._areas:
            for name, held in area.usage.held().items():
                found[name] = found.get(name, HeldUsage()).plus(held)
        return found

    def counts(self) -> dict[str, JobCounts]:
        """How many jobs each printer has in all areas; reads no disk."""
        found: dict[str, JobCounts] = {}
        for area in self._areas:
            for printer, counts in area.usage.counts().items():
                found[printer] = found.get(printer, JobCounts()) + counts
        return found

    def count_notices(self) -> int:
        """How many notices were not acknowledged; reads no disk."""
        return sum(area.usage.notices for area in self._areas)

    def printers(self) -> dict[str, str]:
        """The printers that unfinished jobs are for, each with one of these jobs."""
        found: dict[str, str] = {}
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                rows = {name: next(ledger.rows(sequence - 1, 1), None) for name, sequence in ledger.printers().items()}
                found |= {name: row.record.job_id for name, row in rows.items() if isinstance(row, JobRow)}
        return found

    def history(self, job_id: str = "", last: int = 100, wanted: Wanted | None = None) -> list[ToldEntry]:
        """The last entries over all areas, of one job or of those that are `wanted`, newest last."""
        found = search(self._areas, wanted or Wanted(job=job_id))
        return list(islice(found, last))[::-1]

    def summary(self, by: Grouping, wanted: Wanted) -> list[Summary]:
        """The sums of the wanted ends; goes through the whole history."""
        return summarize((told.entry for told in search(self._areas, wanted)), by)

    def figures(self, printer: str) -> dict[str, PrinterFigures]:
        """The figures of a printer in each area that is in use, one moment of each.  Blocks the caller only."""
        found: dict[str, PrinterFigures] = {}
        for area in self._areas:
            if area.state is AreaState.READY:
                with suppress(PassbookError):
                    found[area.name] = area.figures(printer)
                    for damage in found[area.name].damaged:
                        area.set_aside(damage)
        return found

    def states(self) -> dict[str, str]:
        """The state of every configured area by name, at once: nothing is read for it."""
        absent = {settings.name: "absent" for settings, _ in self._left_out()}
        return {area.name: area.state.value for area in self._areas} | absent

    def areas(self) -> list[AreaStatus]:
        """Every configured area, open or not."""
        absent = [
            AreaStatus(settings.name, "absent", settings.quota_bytes, why=str(why))
            for settings, why in self._left_out()
        ]
        return [self._status(area) for area in self._areas] + absent

    def percent_used(self) -> float:
        """How full the areas are that are in use, in percent of what jobs may take there; reads no disk.

        Open tickets and what each job keeps in reserve count; so at 100 percent no area has space for another job.
        """
        areas = [area for area in self._areas if area.state is AreaState.READY]
        parts = [area.capacity.taken() for area in areas]
        taken = sum(part for part, _ in parts) + sum(self._admission.reserved(area.name) for area in areas)
        room = sum(room for _, room in parts)
        return 100.0 * max(0, taken) / room if room else 0.0

    def verify(self) -> list[PassbookError]:
        """Everything that does not fit in the configured areas; reads all of them while work goes on."""
        names = [*(settings.name for settings, _ in self._left_out()), *(area.name for area in self._areas)]
        return [finding for name in names for finding in self.examine(name).findings]

    def examine(self, name: str) -> Examined:
        """The same of one configured area, and how much was looked at.  Raises PassbookError `unknown-area`."""
        problems = [problem for settings, problem in self._left_out() if settings.name == name]
        if problems:
            return Examined(name, tuple(problems))
        memories = [memory for area in self._areas for memory in area.memories()]
        for area in self._areas:
            if area.name == name:
                return area.examine(memories)
        raise PassbookError("unknown-area", area=name)

    def close(self) -> bool:
        """Commit what is queued, what the areas know of each other last, and close all.

        Whether every configured area was in use to the end.
        """
        self.is_closed = True
        self.upkeep.note_heads()
        ready = [area.close() for area in self._areas]
        return all(ready) and not self._problems

    def _status(self, area: Area) -> AreaStatus:
        reserved = self._admission.reserved(area.name)
        return AreaStatus(
            name=area.name,
            state=area.state.value,
            quota=area.settings.quota_bytes,
            free=max(0, area.capacity.free() - reserved),
            used=area.capacity.used(),
            reserved=reserved,
            records=area.usage.jobs,
            quarantined=area.usage.aside,
            why=area.why,
        )

    def _woven(self, pages: Pages, after: int) -> Iterator[JobRow]:
        return heapq.merge(*(pages(area, after) for area in self._areas), key=_by_sequence)

    def _place(self, job_id: str) -> Area | None:
        """Where an unfinished job lies, as far as memory knows; it tells of the last commits."""
        return next((area for area in self._areas if job_id in area.usage), None)

    def _area_of(self, job_id: str) -> Area:
        return self._place(job_id) or self._find(job_id, lambda area, _ledger: area)

    def _quick(self, job_id: str) -> JobRow | None:
        """The row of an unfinished job by one statement; None where it is not that simple."""
        area = self._place(job_id)
        if area is None:
            return None
        try:
            with self._setting_aside(area), area.reading_once() as ledger:
                return ledger.job(job_id)
        except PassbookError as error:
            if error.code != "area-fenced":
                raise
        return None

    @staticmethod
    @contextmanager
    def _setting_aside(area: Area) -> Generator[None]:
        """A row that does not verify is set aside, and the error tells of it."""
        try:
            yield
        except DamagedRowError as damage:
            area.set_aside(damage)
            raise area.damage_error(damage) from None

    def _find(self, job_id: str, read: Callable[[Area, Ledger], T]) -> T:
        missing = PassbookError("unknown-job", job=job_id)
        for area in self._areas:
            try:
                with self._setting_aside(area), area.reading() as ledger:
                    if ledger.holds(job_id):
                        return read(area, ledger)
            except PassbookError as error:
                # It may lie in an area that is not broken.
                missing = error
        raise missing


def _by_sequence(row: JobRow) -> int:
    return row.record.sequence


def _row_of(ledger: Ledger, job_id: str) -> JobRow | EndedRow:
    row = ledger.job(job_id) or ledger.ended_jobs.job(job_id)
    if row is None:
        raise PassbookError("unknown-job", job=job_id)
    return row
