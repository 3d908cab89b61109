"""Who may put a job where: claims, reservations, quotas and the order of acceptance; all of it in memory."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass, field

from passbook.errors import PassbookError
from passbook.job.record import Record
from storage.area.area import Area, AreaState
from storage.area.capacity import job_need
from storage.crypto.envelope import Rng
from storage.crypto.keys import ApplianceKey
from storage.tables.ledger import KnownRequest
from storage.tables.rows import DamagedRowError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job and one requester may take.

    Attributes:
        job_bytes: sealed bytes of one job.
        jobs_per_requester: jobs that have not ended.
        bytes_per_requester: their sealed bytes together.
    """

    job_bytes: int = 4 * 1024 * 1024
    jobs_per_requester: int = 200
    bytes_per_requester: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to accept one job: its place in the order, its area and the space in it.

    Attributes:
        area: name of the area it will lie in.
        job_id: for its record; 32 lower-case hexadecimal digits.
        sequence: for its record.
        size: sealed bytes that were reserved.
    """

    area: str
    job_id: str
    sequence: int
    requester: str
    request_id: str
    size: int
    content_mac: bytes = field(repr=False)

    @property
    def request(self) -> tuple[str, str]:
        """What it claims."""
        return self.requester, self.request_id


class Admission:
    """The claims and reservations of all areas."""

    def __init__(
        self, areas: Sequence[Area], *, absent: Sized, key: ApplianceKey, limits: Limits, rng: Rng, sequence: int
    ) -> None:
        """`absent`: the configured areas that are not open now; `sequence`: the highest number ever given away."""
        self._areas = areas
        self._absent = absent
        self._key = key
        self._limits = limits
        self._rng = rng
        self._sequence = sequence
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], Ticket] = {}
        self._spent: set[str] = set()
        self._blocked: set[tuple[str, str]] = set()

    def reserve(
        self, requester: str, request_id: str, content: bytes, size: int, *, first: bool, job_id: str = ""
    ) -> Ticket | Record:
        """See Spool.reserve."""
        request = (requester, request_id)
        with self._lock:
            if request in self._claims:
                raise PassbookError("request-in-flight", request=request_id)
            if size > self._limits.job_bytes:
                raise PassbookError("document-too-large", limit=self._limits.job_bytes)
            content_mac = self._key.content_mac(requester, request_id, content)
            known = self._same(request, content_mac, first=first)
            if known is not None:
                return known
            self._must_be_new(job_id)
            self._check_quota(requester, size)
            area = self._choose(size)
            self._sequence += 1
            ticket = Ticket(area.name, job_id or self._rng(16).hex(), self._sequence, *request, size, content_mac)
            self._claims[request] = ticket
            return ticket

    def _must_be_new(self, job_id: str) -> None:
        """Raise `job-id-taken` if an area that can be asked has a job of this id, or one is about to be accepted."""
        if not job_id:
            return
        taken = any(ticket.job_id == job_id for ticket in self._claims.values())
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                taken = taken or ledger.holds(job_id)
        if taken:
            raise PassbookError("job-id-taken", job=job_id)

    def known(self, requester: str, request_id: str, content: bytes) -> Record | None:
        """See Spool.known."""
        content_mac = self._key.content_mac(requester, request_id, content)
        with self._lock:
            return self._same((requester, request_id), content_mac, first=True)

    def _same(self, request: tuple[str, str], content_mac: bytes, *, first: bool) -> Record | None:
        known = self._find(request, first=first)
        if known is None:
            return None
        if not hmac.compare_digest(known.content_mac, content_mac):
            raise PassbookError("request-reused", request=request[1])
        return known.record

    def number_after(self, sequence: int) -> None:
        """Areas came into use: no number up to this one is given away again."""
        with self._lock:
            self._sequence = max(self._sequence, sequence)

    def release(self, ticket: Ticket) -> None:
        """Give claim and space back; a ticket that is not out any more changes nothing."""
        with self._lock:
            self._drop(ticket)

    def block(self, ticket: Ticket) -> None:
        """It is not known whether this job was stored: its request is refused until the areas are opened again."""
        with self._lock:
            self._blocked.add(ticket.request)
            self._drop(ticket)

    def spend(self, ticket: Ticket) -> bool:
        """Whether the ticket is out and was not spent before; now it is, and keeps its space until release()."""
        with self._lock:
            if self._claims.get(ticket.request) != ticket or ticket.job_id in self._spent:
                return False
            self._spent.add(ticket.job_id)
            return True

    def reserved(self, area: str) -> int:
        """Bytes that open tickets keep in an area."""
        with self._lock:
            return self._reserved(area)

    def _drop(self, ticket: Ticket) -> None:
        if self._claims.get(ticket.request) == ticket:
            del self._claims[ticket.request]
        self._spent.discard(ticket.job_id)

    def _reserved(self, area: str) -> int:
        return sum(job_need(ticket.size) for ticket in self._claims.values() if ticket.area == area)

    def _find(self, request: tuple[str, str], *, first: bool) -> KnownRequest | None:
        unknown = PassbookError("outcome-unknown", request=request[1])
        if request in self._blocked:
            raise unknown
        for area in self._areas:
            try:
                known = _known_in(area, request)
            except DamagedRowError as damage:
                area.set_aside(damage)
                raise area.damage_error(damage) from None
            except PassbookError as error:
                if error.code != "area-fenced":
                    raise
                if first:
                    continue
                raise unknown from None
            if known is not None:
                if area.state is not AreaState.READY:
                    raise unknown
                return known
        if not first and (len(self._absent) or any(area.unsure for area in self._areas)):
            raise unknown
        return None

    def _check_quota(self, requester: str, size: int) -> None:
        jobs, taken = 0, 0
        for area in self._areas:
            held = area.usage.held_by(requester)
            jobs, taken = jobs + held.jobs, taken + held.size
        claims = [ticket for ticket in self._claims.values() if ticket.requester == requester]
        jobs, taken = jobs + len(claims), taken + sum(ticket.size for ticket in claims)
        if jobs + 1 > self._limits.jobs_per_requester:
            limit, what, used = self._limits.jobs_per_requester, "jobs", jobs
        elif taken + size > self._limits.bytes_per_requester:
            limit, what, used = self._limits.bytes_per_requester, "bytes", taken
        else:
            return
        raise PassbookError("quota-exceeded", requester=requester, used=used, limit=limit, what=what)

    def _choose(self, size: int) -> Area:
        ready = [area for area in self._areas if area.state is AreaState.READY]
        if not ready:
            raise self._areas[0].fenced_error() if self._areas else PassbookError("no-area-has-room", size=size)
        free = {area.name: area.capacity.free() - self._reserved(area.name) for area in ready}
        best = max(ready, key=lambda area: free[area.name])
        if free[best.name] < job_need(size):
            raise PassbookError("no-area-has-room", size=size)
        return best


def _known_in(area: Area, request: tuple[str, str]) -> KnownRequest | None:
    if not area.knows(*request):
        return None
    with area.reading() as ledger:
        return ledger.find_request(*request)
