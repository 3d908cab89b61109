"""Copies of completed jobs, kept for a configured time to look at; erased then, and never printed.

Theory of operation.  A job that ends loses its content in the spool, in the same transaction.  So the copy for a later
look lies beside the spool from the first news of the job on: one file for each job, with the sealed content and the
data key sealed for its holders, as in the spool.  No desk reads these files, and no answer or order leads to them: to
print such a document again, a person sends it as a new job.  A job that does not complete takes its file away.  The
time runs from the end of the job: by the clock where that is trusted, and at the latest by the time since this program
saw the end.  A file is overwritten before it is removed.  It is worth nothing without the key ring in any case.

Example with keep_finished = 3600:
    09:00 accepted    the file is written
    09:02 completed   `teller preview JOB` still shows its pages
    10:02             the file is erased, also where the machine was off meanwhile
"""

from __future__ import annotations

import asyncio
import datetime
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from passbook.errors import PassbookError
from passbook.job.expiry import is_end_undated
from passbook.job.record import Holder, Record, Wrap
from passbook.job.states import JobState
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.messages import SubmitJob
from passbook.protocol.two_spools import SealedCopy
from spooler.clock import Clock
from spooler.logs import Log
from spooler.sealed_copies import sealed_copy
from spooler.supervisor import guarded
from storage import SealedJob, Spool, envelope, files

_LOG: Final = Log("finished")

LONGEST_LOOK: Final = 600.0
"""Seconds until the next look at the latest, since a clock may be set."""
_JOB: Final = re.compile(r"[0-9a-f]{1,64}")


class FinishedCopies:
    """The files; one thread of its own writes and erases them."""

    def __init__(self, folder: Path, spool: Spool, clock: Clock, *, keep: float, most: int) -> None:
        """`keep` is the time in seconds, 0 for none; `most` bytes are kept altogether."""
        self._folder = folder
        self._spool = spool
        self._clock = clock
        self._keep = keep
        self._most = most
        self._seen: dict[str, float] = {}
        self._laid: set[str] = set()
        self._files = ThreadPoolExecutor(1, thread_name_prefix="finished")
        self._news = asyncio.Event()
        self._is_closed = False

    def _lay_aside(self, job: str) -> None:
        """Write the file of an unfinished job, unless it is there."""
        try:
            if (self._folder / job).exists():
                return
            row = self._spool.job(job)
            data = msgspec.msgpack.encode(sealed_copy(row.record, self._spool.sealed(row), row.wraps))
            if sum(file.stat().st_size for file in self._found()) + len(data) > self._most:
                _LOG.warning("copy-not-kept", job=job)
                return
            files.save_file(self._folder / job, data, files.PRIVATE)
        except (PassbookError, OSError):
            _LOG.warning("copy-not-kept", job=job)

    def find(self, job: str) -> SealedCopy | None:
        """The copy of a completed job; None where none is kept, or where it cannot be read."""
        file = self._folder / job
        if not self._keep or not _JOB.fullmatch(job) or not file.exists():
            return None
        try:
            return msgspec.msgpack.decode(files.read(file), type=SealedCopy)
        except (PassbookError, ValueError, RecursionError):
            _LOG.error("copy-unreadable", job=job)
            return None

    def note(self, record: Record) -> None:
        """An own copy changed: a new one is laid aside, and one that ended begins its time, or takes its file away."""
        if self._is_closed:
            return
        if record.ended:
            self._laid.discard(record.job_id)
            self._news.set()
        elif self._keep and record.job_id not in self._laid:
            self._laid.add(record.job_id)
            self._files.submit(self._lay_aside, record.job_id).add_done_callback(guarded(Future.result))

    def look(self) -> float:
        """Erase what is over, once; seconds until the next look.  Blocks."""
        return self._files.submit(self._look).result()

    async def run(self) -> None:
        """Erase what is over, for ever."""
        while True:
            self._news.clear()
            left = await asyncio.to_thread(self.look)
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                continue

    def close(self) -> None:
        """Finish what is being written."""
        self._is_closed = True
        self._files.shutdown()

    def _look(self) -> float:
        """Erase what is over; seconds until the next look."""
        left = LONGEST_LOOK
        for file in self._found():
            try:
                rest = self._left(file.name)
                if rest <= 0:
                    files.erase_file(file)
                    self._seen.pop(file.name, None)
                    _LOG.info("copy-erased", job=file.name)
            except PassbookError as error:
                _LOG.error("copy-not-erased", path=str(file), code=error.code)
                continue
            left = min(left, rest) if rest > 0 else left
        return left

    def _found(self) -> list[Path]:
        return sorted(self._folder.iterdir()) if self._folder.exists() else []

    def _left(self, job: str) -> float:
        """Seconds for which the file of a job stays: 0 for one that no completed or unfinished job has."""
        if not self._keep or not _JOB.fullmatch(job):
            return 0.0
        try:
            record = self._spool.record(job)
        except PassbookError as error:
            if error.code != "unknown-job":
                raise
            # An area that is left out may know it, and is back after a start.
            return LONGEST_LOOK if self._spool.problems else 0.0
        if not record.ended:
            return LONGEST_LOOK
        if record.state is not JobState.COMPLETED:
            return 0.0
        now = self._clock.monotonic()
        left = self._keep - (now - self._seen.setdefault(job, now))
        if self._clock.trusted() and not is_end_undated(record):
            ended = datetime.datetime.fromisoformat(record.changed_at)
            left = min(left, self._keep - (self._clock.now() - ended).total_seconds())
        return left


def opened_copy(record: Record, copy: SealedCopy, asked: GetDocument) -> StoredDocument:
    """The document of a copy, opened by the key that the person shows.

    Raises PassbookError `no-key-to-show`, `key-needed`, `wrong-key`, and `sealed-damaged` for one that was altered.
    """
    job = record.job_id
    try:
        sealed = msgspec.msgpack.decode(copy.content, type=SealedJob)
        wraps = msgspec.msgpack.decode(copy.wraps, type=tuple[Wrap, ...])
    except (ValueError, RecursionError):
        raise PassbookError("sealed-damaged", job=job) from None
    shown = [wrap for wrap in wraps if wrap.holder is Holder.REQUESTER]
    if not shown:
        raise PassbookError("no-key-to-show", job=job)
    if not asked.key and not asked.data_key:
        raise PassbookError("key-needed", job=job, key_ref=record.key_ref)
    identity = copy.identity
    key = asked.data_key or envelope.unwrap_for_requester(identity, shown[0], asked.key)
    request = msgspec.json.decode(envelope.open_attributes(identity, sealed, key), type=SubmitJob)
    document = envelope.open_document(identity, sealed, key)
    return StoredDocument(job, copy.format, document, request.name, request.document_date)
