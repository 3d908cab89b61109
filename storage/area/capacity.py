"""What quota, disk and log leave an area; the writer's thread measures it around each transaction.

Theory of operation.  An area's quota is split in two.  The write-ahead log gets what its largest transactions need; the
rest is the database's.  Admission leaves a reserve in the database, so that a full area can still journal, end and
delete.  A disk may be smaller than the quota, so what the files can still grow to on their disk bounds both parts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from passbook.errors import PassbookError
from storage.crypto.envelope import CHUNK_BYTES
from storage.tables import schema
from storage.tables.schema import PAGE_BYTES
from storage.tables.usage import Usage


class Capacity:
    """The capacity of the files of one area."""

    def __init__(self, folder: Path, connection: apsw.Connection, division: Division, usage: Usage) -> None:
        """`connection` is the writing one.  Raises apsw.Error."""
        self._files = str(folder / schema.DATABASE), str(folder / f"{schema.DATABASE}-wal")
        self._connection = connection
        self._division = division
        self._usage = usage
        self._pages = self._measure()
        self._reachable = reachable(*self._files)
        self._log = log_bytes(self._files[1])
        self._cost = 0

    def used(self) -> int:
        """Bytes in use in the database after the last commit."""
        return self._pages * PAGE_BYTES

    def free(self) -> int:
        """Bytes that new jobs may still take by the quota and on the disk, reservations not counted."""
        return self._free(self._pages, self._usage.jobs, self._usage.notices, reachable(*self._files))

    def taken(self) -> tuple[int, int]:
        """Bytes that are taken of those which jobs may take by the quota, reservations not counted, and all of these.

        What each job keeps in reserve is taken too.  The space on the disk is not looked at.
        """
        room = self._division.free(_EMPTY_PAGES, 0, 0)
        return room - self._free(self._pages, self._usage.jobs, self._usage.notices, None), room

    def is_disk_full(self) -> bool:
        """Whether the disk leaves nothing for new jobs, although the quota does."""
        return self.free() <= 0 < self._free(self._pages, self._usage.jobs, self._usage.notices, None)

    # Around a transaction

    def begin(self) -> None:
        """One is about to begin, and the log may just have been emptied."""
        self._reachable = reachable(*self._files)
        self._log = log_bytes(self._files[1])

    def fits(self, cost: int) -> bool:
        """Whether the log has space for this transaction when it costs so much."""
        self._cost = cost
        return self._log + cost <= self._division.log

    def check(self, size: int) -> None:
        """Whether what was written leaves the reserve whole.  Raises PassbookError `no-area-has-room`."""
        expected = self._usage.expected()
        # What the transaction costs at most is known, and that is mostly enough to say that there is space.
        most = self._pages + self._cost // FRAME_BYTES
        if self._free(most, *expected, self._reachable) >= 0:
            return
        if self._free(self._measure(), *expected, self._reachable) < 0:
            raise PassbookError("no-area-has-room", size=size)

    def committed(self) -> None:
        """A commit returned: measure what is used now.  Raises apsw.Error."""
        self._pages = self._measure()

    def _free(self, pages: int, jobs: int, notices: int, disk: int | None) -> int:
        return self._division.free(pages, jobs, notices, disk)

    def _measure(self) -> int:
        return int(self._connection.execute(_LIVE_PAGES).get)


_LIVE_PAGES: Final = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
_USABLE: Final = PAGE_BYTES - 4
"""Bytes of content in an overflow page."""
FRAME_BYTES: Final = PAGE_BYTES + 24
"""One page in the write-ahead log."""
_ROW_PAGES: Final = 22
"""Pages that one change can touch: row, indexes, history, head, ended, counter and its index, book, with splits."""
_NEW_PAGES: Final = 8
"""Pages by which row and indexes of a new job can make the database grow."""
_FIXED_PAGES: Final = 64
_EMPTY_PAGES: Final = 32
"""Pages of an area without a job: its tables, their indexes, and the first rows of those that always have one."""
_RECORD_PAGES: Final = 8
"""Reserve for each unfinished job's record: its growth, its history and what stays of it when it has ended."""
_NOTICE_PAGES: Final = 2
"""Reserve for each notice: the entry that tells who acknowledged it, and the growth of its row."""
_LOG_FIXED_PAGES: Final = 1024
"""So that a batch of small changes is not cut short: a full one of BATCH_MEMBERS takes about as much."""


def content_pages(size: int) -> int:
    """Upper bound of the pages that sealed content of `size` bytes takes; each chunk has overflow pages of its own."""
    chunks = size // CHUNK_BYTES + 3
    return -(-size // _USABLE) + 2 * chunks


def change_cost(size: int, row: int) -> int:
    """Upper bound in bytes of the log of one change of a job with `size` content and a `row` of that many bytes.

    Ending a job deletes its content, and secure_delete writes every freed page once more.
    """
    return (_ROW_PAGES + content_pages(size) + 2 * (-(-row // _USABLE))) * FRAME_BYTES


def cut_cost(entries: int) -> int:
    """Upper bound in bytes of the log of cutting so many entries off a history; each takes a page or two."""
    return (2 * entries + _ROW_PAGES) * FRAME_BYTES


def forget_cost(jobs: int) -> int:
    """Upper bound in bytes of the log of forgetting, or dating anew, so many ended jobs: pages of rows and indexes."""
    return (8 * jobs + _ROW_PAGES) * FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Division:
    """How the quota of an area is used.

    Attributes:
        database: bytes that the database file may reach.
        log: bytes that the write-ahead log may reach.
    """

    database: int
    log: int

    @classmethod
    def of(cls, quota: int, job_bytes: int) -> Division:
        """For an area with this quota whose largest job has `job_bytes`."""
        log = 2 * change_cost(job_bytes, job_bytes // 2) + _LOG_FIXED_PAGES * FRAME_BYTES
        return cls(quota - log, log)

    @classmethod
    def least_quota(cls, job_bytes: int) -> int:
        """The least quota that leaves space for one job of that size."""
        return cls.of(0, job_bytes).log + job_need(job_bytes) + (_FIXED_PAGES + _EMPTY_PAGES) * PAGE_BYTES

    def free(self, live_pages: int, records: int, notices: int, reachable: int | None = None) -> int:
        """Bytes that new jobs may still take, negative when the reserve is being used.

        `reachable`: what the disk lets database and log become together, where that is known; it may be less than the
        quota.
        """
        kept = _FIXED_PAGES + records * _RECORD_PAGES + notices * _NOTICE_PAGES
        database = self.database if reachable is None else min(self.database, reachable - self.log)
        return database - (live_pages + kept) * PAGE_BYTES


def job_need(size: int) -> int:
    """Upper bound in bytes by which a new job of `size` makes the database grow, its own reserve included."""
    return (content_pages(size) + _NEW_PAGES + _RECORD_PAGES) * PAGE_BYTES


_BLOCK_BYTES: Final = 512
"""What st_blocks counts (stat(2))."""


def free_bytes(folder: Path) -> int:
    """Bytes that the disk of an area gives out yet; 0 for a disk that cannot say."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize


def log_bytes(log: str) -> int:
    """The length of the log of an area; 0 while it has none."""
    try:
        return os.stat(log).st_size  # noqa: PTH116 - asked around each commit
    except FileNotFoundError:
        return 0


def reachable(database: str, log: str) -> int:
    """Bytes that database and log could take together before their disk is full; 0 for a disk that cannot say."""
    try:
        disk = os.statvfs(database)
        blocks = os.stat(database).st_blocks + _log_blocks(log)  # noqa: PTH116 - asked around each commit
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize + blocks * _BLOCK_BYTES


def _log_blocks(log: str) -> int:
    try:
        return os.stat(log).st_blocks  # noqa: PTH116 - asked around each commit
    except FileNotFoundError:
        return 0
