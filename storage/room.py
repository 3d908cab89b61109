"""What quota, disk and log leave an area; the writer's thread measures it around each transaction."""

from __future__ import annotations

from pathlib import Path

import apsw

from passbook.errors import PassbookError
from storage.disk import log_bytes, reachable
from storage.schema import PAGE_BYTES
from storage.space import FRAME_BYTES, Division
from storage.tally import Tally


class Room:
    """The room in the files of one area."""

    def __init__(self, folder: Path, connection: apsw.Connection, division: Division, tally: Tally) -> None:
        """`connection` is the writing one.  Raises apsw.Error."""
        self._folder = folder
        self._connection = connection
        self._division = division
        self._tally = tally
        self._pages = self._measure()
        self._reachable = reachable(folder)
        self._log = log_bytes(folder)
        self._cost = 0

    def used(self) -> int:
        """Bytes in use in the database after the last commit."""
        return self._pages * PAGE_BYTES

    def free(self) -> int:
        """Bytes that new jobs may still take by the quota and on the disk, reservations not counted."""
        return self._free(self._pages, self._tally.jobs, self._tally.notices, reachable(self._folder))

    def is_disk_full(self) -> bool:
        """Whether the disk leaves nothing for new jobs, although the quota does."""
        return self.free() <= 0 < self._free(self._pages, self._tally.jobs, self._tally.notices, None)

    # Around a transaction

    def begin(self) -> None:
        """One is about to begin, and the log may just have been emptied."""
        self._reachable = reachable(self._folder)
        self._log = log_bytes(self._folder)

    def fits(self, cost: int) -> bool:
        """Whether the log has room for this transaction when it costs so much."""
        self._cost = cost
        return self._log + cost <= self._division.log

    def check(self, size: int) -> None:
        """Whether what was written leaves the reserve whole.  Raises PassbookError `no-area-has-room`."""
        expected = self._tally.expected()
        # What the transaction costs at most is known, and that is mostly enough to say that there is room.
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
        pages = self._connection.execute("PRAGMA page_count").get
        return int(pages) - int(self._connection.execute("PRAGMA freelist_count").get)
