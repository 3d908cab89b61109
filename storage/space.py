"""How many bytes a transaction can take, and how a quota is divided; pure arithmetic.

An area's quota is split in two.  The write-ahead log gets what its largest transactions need; the rest is the
database's.  Admission leaves a reserve in the database, so that a full area can still journal, end and delete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from storage.envelope import CHUNK_BYTES
from storage.schema import PAGE_BYTES

_USABLE: Final = PAGE_BYTES - 4
"""Bytes of content in an overflow page."""
FRAME_BYTES: Final = PAGE_BYTES + 24
"""One page in the write-ahead log."""
_ROW_PAGES: Final = 19
"""Pages that one change can touch: row, indexes, history, head, ended, counter and its index, with splits."""
_NEW_PAGES: Final = 8
"""Pages by which row and indexes of a new job can make the database grow."""
_FIXED_PAGES: Final = 64
_EMPTY_PAGES: Final = 32
"""Pages of an area without a job: its tables, their indexes, and the first rows of those that always have one."""
_RECORD_PAGES: Final = 8
"""Reserve for each live record: its growth, its history and what stays of it when it has ended."""
_NOTICE_PAGES: Final = 2
"""Reserve for each end of which nobody took note: the entry that tells who did, and the growth of its row."""
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
        """The least quota that leaves room for one job of that size."""
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
