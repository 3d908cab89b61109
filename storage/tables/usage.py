"""What lies in an area, counted once at its opening and then kept in memory: no commit counts rows.

The writer's thread changes it, inside its transactions; other threads see what was committed.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import apsw
import msgspec

from passbook.job.counts import JobCounts, counts_of
from passbook.job.record import OPERATOR, Decider, Record
from passbook.job.states import STANDING
from storage.tables.schema import fetch, stream

_JOBS: Final = "SELECT CAST(requester AS BLOB), count(*), sum(CAST(size AS INTEGER)) FROM job GROUP BY requester"
ISSUE_BYTES: Final = 16 * 1024
"""Bytes of the entries about stock that one change of a job can write: one for each sheet, and a checkpoint."""
_BYTES: Final = (
    "SELECT CAST(job_id AS BLOB), coalesce(CAST(size AS INTEGER), 0), coalesce(length(record) + length(wraps), 0) "
    "+ ? * (instr(CAST(record AS BLOB), CAST('\"issue\":{' AS BLOB)) > 0) FROM job"
)
_PRINTERS: Final = "SELECT CAST(printer AS BLOB), count(*) FROM job GROUP BY printer"
_MAYBE_HELD: Final = (
    "SELECT CAST(printer AS BLOB), CAST(record AS BLOB) FROM job WHERE instr(CAST(record AS BLOB), ?) > 0"
)
_NOTICES: Final = "SELECT count(*) FROM ended WHERE acknowledged = 0"
_ASIDE: Final = "SELECT count(*) FROM quarantine"


class _Holder(msgspec.Struct, frozen=True, rename="camel"):
    """The part of a record that names the person who holds it back."""

    held_by: Decider | None = None


_HOLDER: Final = msgspec.json.Decoder(_Holder)


NO_JOBS: Final = JobCounts()


@dataclass(frozen=True, slots=True)
class HeldUsage:
    """The jobs and bytes of one requester.

    Attributes:
        jobs: that have not ended.
        size: their sealed bytes.
        questions: those that are not valid.
        standing: those that stand still: held, or stopped.
    """

    jobs: int = 0
    size: int = 0
    questions: int = 0
    standing: int = 0

    def plus(self, other: HeldUsage | Delta) -> HeldUsage:
        """Both together."""
        jobs, size = self.jobs + other.jobs, self.size + other.size
        return HeldUsage(jobs, size, self.questions + other.questions, self.standing + other.standing)


@dataclass(frozen=True, slots=True)
class Delta:
    """The change of the numbers by one change of a row.

    Attributes:
        job: the unfinished job that comes or goes; empty for none.
        row: bytes of its row.
    """

    requester: str = ""
    jobs: int = 0
    size: int = 0
    questions: int = 0
    standing: int = 0
    notices: int = 0
    aside: int = 0
    printer: str = ""
    counts: JobCounts = NO_JOBS
    job: str = ""
    row: int = 0


def delta_of(record: Record, sign: int, *, row: int = 0) -> Delta:
    """The change of the numbers by an unfinished job that comes (1), with a `row` of so many bytes, or goes (-1)."""
    standing = sign * (record.state in STANDING)
    questions = sign * (not record.valid)
    where = (record.printer, counts_of(record, sign))
    return Delta(record.requester, sign, sign * record.size, questions, standing, 0, 0, *where, record.job_id, row)


class Usage:
    """The numbers of one area.

    Attributes:
        jobs: jobs that have not ended.
        notices: ended jobs whose notice was not acknowledged.
        aside: rows that were set aside.
    """

    def __init__(self) -> None:
        self.jobs = 0
        self.notices = 0
        self.aside = 0
        self._held: dict[str, HeldUsage] = {}
        self._bytes: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, JobCounts] = {}
        self._kept_held: Counter[str] = Counter()
        self._deltas: list[Delta] = []

    def load(self, connection: apsw.Connection) -> None:
        """Count the rows that are there now."""
        for requester, jobs, size in fetch(connection, _JOBS):
            self._held[requester.decode(errors="replace")] = HeldUsage(jobs, size)
        for job, size, row in stream(connection, _BYTES, ISSUE_BYTES):
            self._bytes[job.decode(errors="replace")] = (size, row)
        self.jobs = sum(held.jobs for held in self._held.values())
        self._kept_held = _held_by_operators(connection)
        for printer, jobs in fetch(connection, _PRINTERS):
            self._counts[printer.decode(errors="replace")] = JobCounts(questions=jobs)
        [(self.notices,)] = fetch(connection, _NOTICES)
        [(self.aside,)] = fetch(connection, _ASIDE)

    def __contains__(self, job_id: str) -> bool:
        """Whether an unfinished job lies here, as of the last commit."""
        return job_id in self._bytes

    def bytes_of(self, job_id: str) -> tuple[int, int]:
        """Bytes of an unfinished job's content and of its row; nothing for a job that is not here."""
        return self._bytes.get(job_id, (0, 0))

    def held_by(self, requester: str) -> HeldUsage:
        """What a requester has here."""
        return self._held.get(requester, HeldUsage())

    def held(self) -> dict[str, HeldUsage]:
        """What each requester has here."""
        return dict(self._held)

    def counts(self) -> dict[str, JobCounts]:
        """How many jobs each printer has here."""
        return dict(self._counts)

    def begin_boot(self) -> None:
        """Every job that is there became a question, and stands still (P4); an operator's hold stands too."""
        for printer, counts in self._counts.items():
            held = min(self._kept_held[printer], counts.jobs)
            self._counts[printer] = JobCounts(questions=counts.jobs - held, held=held)
        self._held = {name: HeldUsage(held.jobs, held.size, held.jobs, held.jobs) for name, held in self._held.items()}

    # Inside a transaction

    def begin(self) -> None:
        """A transaction begins; whatever the one before it has not committed never was."""
        self._deltas.clear()

    def note(self, delta: Delta) -> None:
        """A row was changed."""
        self._deltas.append(delta)

    def mark(self) -> int:
        """How far this transaction is, to go back to."""
        return len(self._deltas)

    def undo(self, mark: int) -> None:
        """Go back to the mark."""
        del self._deltas[mark:]

    def expected(self) -> tuple[int, int]:
        """Jobs and notices as they will be when this transaction is committed."""
        jobs = self.jobs + sum(delta.jobs for delta in self._deltas)
        return jobs, self.notices + sum(delta.notices for delta in self._deltas)

    def commit(self) -> None:
        """The transaction is on disk."""
        gone: set[str] = set()
        for delta in self._deltas:
            if delta.jobs < 0:
                gone.add(delta.job)
            elif delta.jobs > 0:
                # A row that is replaced goes and comes: its job is here all the time.
                gone.discard(delta.job)
                self._bytes[delta.job] = (delta.size, delta.row)
            self.jobs += delta.jobs
            self.notices += delta.notices
            self.aside += delta.aside
            if delta.printer:
                self._counts[delta.printer] = counts = self._counts.get(delta.printer, NO_JOBS) + delta.counts
                if counts.jobs <= 0:
                    del self._counts[delta.printer]
            if delta.requester:
                self._held[delta.requester] = held = self.held_by(delta.requester).plus(delta)
                if held.jobs <= 0:
                    del self._held[delta.requester]
        for job in gone:
            self._bytes.pop(job, None)
        self._deltas.clear()


def _held_by_operators(connection: apsw.Connection) -> Counter[str]:
    """By printer, how many jobs an operator holds; a record that is not one counts as not held."""
    found: Counter[str] = Counter()
    for printer, record in fetch(connection, _MAYBE_HELD, OPERATOR.encode()):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            by = _HOLDER.decode(record).held_by
            found[printer.decode(errors="replace")] += by is not None and by.terminal == OPERATOR
    return found
