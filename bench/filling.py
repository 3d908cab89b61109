"""Many pending jobs in a store, accepted by its own code; their content is sealed once, as no measurement opens it."""

from __future__ import annotations

import itertools
import secrets
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.record import Encryption, Record, Wrap
from storage import ApplianceKey, AreaSettings, Limits, SealedJob, Spool, Ticket, envelope

AT: Final = "2026-03-02T09:30:00.000+00:00"
PRINTER: Final = "pr-1"
DOCUMENT_BYTES: Final = 4096
JOBS_OF_ONE: Final = 100
"""Jobs of each requester, so that a larger store has more requesters and not fuller ones."""
LINES: Final = 20
AHEAD: Final = 256
"""Jobs handed to the store before the program awaits the first of them."""
LIMITS: Final = Limits(job_bytes=64 * 1024, jobs_per_requester=10 * JOBS_OF_ONE)

_OUTLINE: Final = (
    *(StepOutline(StepKind.LINE, 1, line, (Bar(1, 8), Bar(12, 20), Bar(40, 12))) for line in range(1, LINES + 1)),
    StepOutline(StepKind.EJECT, 1),
)
DATA_KEY: Final = bytes(32)
_NUMBERS: Final = itertools.count(1)


def open_store(
    folder: Path,
    *,
    quota: int,
    vfs: str | None = None,
    names: tuple[str, ...] = ("a", "b"),
    appliance: str = "bench",
    key: bytes = bytes(32),
    state: Path | None = None,
) -> Spool:
    """A store of areas in `folder`, not powered on; `state` is its state folder, by default beside the areas.

    Raises PassbookError of the first area that cannot be used.
    """

    def report(problem: PassbookError) -> None:
        raise problem

    settings = [AreaSettings(name, folder / name, quota) for name in names]
    rng = secrets.token_bytes
    spool = Spool.open(
        settings,
        ApplianceKey.from_file(key),
        state=state or folder / "state",
        appliance=appliance,
        limits=LIMITS,
        rng=rng,
        report=report,
        vfs=vfs,
    )
    for problem in spool.problems:
        raise problem
    return spool


def fill(spool: Spool, jobs: int, *, document_bytes: int = DOCUMENT_BYTES, first: int = 0) -> None:
    """Accept `jobs` jobs more; the existing ones have requesters up to the job `first`."""
    sealed = _sealed(document_bytes)
    waiting: list[Future[Record]] = []
    for number in range(jobs):
        waiting.append(accept(spool, f"teller-{(first + number) // JOBS_OF_ONE}", sealed))
        if len(waiting) == AHEAD:
            _await(waiting)
    _await(waiting)


def accept(spool: Spool, requester: str, sealed: SealedJob | None = None) -> Future[Record]:
    """Reserve and accept one job with a request id of its own."""
    content = sealed or _sealed(DOCUMENT_BYTES)
    ticket = spool.reserve(requester, f"request-{next(_NUMBERS)}", b"", content.size)
    if not isinstance(ticket, Ticket):
        raise TypeError("the request was known")
    record = _record(ticket)
    wrap = envelope.wrap_for_requester(b"", DATA_KEY, DATA_KEY, "key-1", secrets.token_bytes)
    return spool.accept(ticket, record, content, [wrap])


def prepared(spool: Spool, requester: str, job: str = "") -> tuple[Ticket, Record, SealedJob, list[Wrap]]:
    """All that one job is accepted with, sealed for it; DATA_KEY is its data key, and its requester's key.

    `job` is its id; empty for one that is drawn.
    """
    size = envelope.sealed_size(len(b"name"), DOCUMENT_BYTES, DOCUMENT_BYTES)
    ticket = spool.reserve(requester, f"request-{next(_NUMBERS)}", b"", size, job_id=job)
    if not isinstance(ticket, Ticket):
        raise TypeError("the request was known")
    record = _record(ticket)
    identity, document, rng = record.identity(), bytes(DOCUMENT_BYTES), secrets.token_bytes
    sealed = envelope.seal(identity, DATA_KEY, attributes=b"name", plan=document, document=document, rng=rng)
    return ticket, record, sealed, [envelope.wrap_for_requester(identity, DATA_KEY, DATA_KEY, "key-1", rng)]


def _record(ticket: Ticket) -> Record:
    return Record(
        job_id=ticket.job_id,
        requester=ticket.requester,
        request_id=ticket.request_id,
        sequence=ticket.sequence,
        accepted_at=AT,
        format="text",
        printer=PRINTER,
        encryption=Encryption.REQUESTER,
        steps=len(_OUTLINE),
        outline=_OUTLINE,
        size=ticket.size,
        key_ref="key-1",
        business_date=AT[:10],
        clock_trusted=True,
        begun=False,
        changed_at=AT,
    )


def _sealed(document_bytes: int) -> SealedJob:
    rng = secrets.token_bytes
    document = bytes(document_bytes)
    return envelope.seal(b"", DATA_KEY, attributes=b"name", plan=document, document=document, rng=rng)


def _await(waiting: list[Future[Record]]) -> None:
    for one in waiting:
        one.result()
    waiting.clear()
