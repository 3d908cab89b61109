"""Makers of areas, jobs and failing disks for the tests of the store."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.record import Encryption, Record, Wrap
from passbook.job.states import Reason
from storage.admission import Limits, Ticket
from storage.area.area import AreaSettings
from storage.crypto.envelope import Rng, SealedJob, new_data_key, seal, sealed_size, wrap_for_requester
from storage.crypto.keys import ApplianceKey
from storage.offline import examine_folders
from storage.spool import Spool

AT = "2026-03-02T09:30:00Z"
APPLIANCE = "branch-17"
SECRET = bytes(range(32))
REQUESTER_KEY = bytes(range(100, 132))
PLAN_TEXT = b"Withdrawal in cash 1,250.00 Ms Okafor"
DOCUMENT_TEXT = b"statement;Okafor;1250.00;"
LIMITS = Limits(job_bytes=64 * 1024, jobs_per_requester=500, bytes_per_requester=1 << 30)
QUOTA = 8 * 1024 * 1024
OUTLINE = (StepOutline(StepKind.LINE, 1, 5, (Bar(3, 12),)), StepOutline(StepKind.EJECT, 1))


def seeded(seed: int) -> Rng:
    """Random bytes that a failing test can see again."""
    return random.Random(seed).randbytes


def settings(folder: Path, *names: str, quota: int = QUOTA) -> list[AreaSettings]:
    return [AreaSettings(name, folder / name, quota) for name in names]


@dataclass
class Store:
    """A spool over areas in one folder, and what was reported of it."""

    folder: Path
    names: tuple[str, ...] = ("a", "b")
    quota: int = QUOTA
    limits: Limits = LIMITS
    secret: bytes = SECRET
    appliance: str = APPLIANCE
    vfs: str | None = None
    rng: Rng = field(default_factory=lambda: seeded(1))
    reported: list[PassbookError] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _open: list[Spool] = field(default_factory=list)

    def open(self, *, power_on: bool = True, settings_: Sequence[AreaSettings] | None = None) -> Spool:
        """A new start: what is open is closed first."""
        self.close()
        spool = Spool.open(
            settings_ or settings(self.folder, *self.names, quota=self.quota),
            ApplianceKey(self.secret),
            state=self.folder / "state",
            appliance=self.appliance,
            limits=self.limits,
            rng=self.rng,
            report=self.reported.append,
            vfs=self.vfs,
        )
        self._open.append(spool)
        if power_on:
            spool.power_on(Reason.POWER_LOSS, AT)
            spool.upkeep.settle()
        return spool

    def close(self) -> None:
        while self._open:
            self._open.pop().close()

    def submit(self, spool: Spool, **facts: Any) -> Future[Record]:
        """Reserve and accept a job whose request id is new."""
        ticket, record, sealed, wraps = self.prepare(spool, **facts)
        return spool.accept(ticket, record, sealed, wraps)

    def accepted(self, spool: Spool, **facts: Any) -> Record:
        return self.submit(spool, **facts).result(timeout=30)

    def prepare(
        self,
        spool: Spool,
        *,
        size: int = 200,
        request_id: str = "",
        requester: str = "teller-1",
        first: bool = False,
        **facts: object,
    ) -> tuple[Ticket, Record, SealedJob, list[Wrap]]:
        """Everything that accept() takes; `size` is the document's."""
        document = make_document(size)
        request_id = request_id or f"request-{next(self.numbers)}"
        total = sealed_size(10, len(PLAN_TEXT), len(document))
        ticket = spool.reserve(requester, request_id, document, total, first=first)
        assert isinstance(ticket, Ticket)
        record = make_record(ticket, **facts)
        data_key = new_data_key(self.rng)
        sealed = seal(
            record.identity(), data_key, attributes=b"attributes", plan=PLAN_TEXT, document=document, rng=self.rng
        )
        wraps = [wrap_for_requester(record.identity(), data_key, REQUESTER_KEY, "key-1", self.rng)]
        return ticket, record, sealed, wraps


def found_offline(
    areas: Sequence[AreaSettings], *, secret: bytes = SECRET, appliance: str = APPLIANCE
) -> list[PassbookError]:
    """What a check without the daemon finds in all of these areas."""
    return [error for one in examine_folders(areas, ApplianceKey(secret), appliance) for error in one.findings]


def make_document(size: int) -> bytes:
    return (DOCUMENT_TEXT * (size // len(DOCUMENT_TEXT) + 1))[:size]


def code_of(future: Future[Any]) -> str:
    """The code of the error that a future ends with."""
    error = future.exception(timeout=30)
    assert isinstance(error, PassbookError), error
    return error.code


def raised_by(work: Callable[[], object]) -> str:
    """The code of the error that `work` raises."""
    with pytest.raises(PassbookError) as caught:
        work()
    return caught.value.code


def make_record(ticket: Ticket, **facts: object) -> Record:
    known: dict[str, object] = {
        "job_id": ticket.job_id,
        "requester": ticket.requester,
        "request_id": ticket.request_id,
        "sequence": ticket.sequence,
        "accepted_at": AT,
        "format": "text",
        "printer": "pr-1",
        "encryption": Encryption.REQUESTER,
        "steps": 2,
        "outline": OUTLINE,
        "size": ticket.size,
        "key_ref": "key-1",
        "business_date": AT[:10],
        "clock_trusted": True,
    }
    return Record(**(known | facts))  # type: ignore[arg-type]  # each test names fields of Record
