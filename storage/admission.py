"""Who may put a job where: claims, reservations, quotas and the order of acceptance; all of it in memory."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from passbook.errors import PassbookError
from passbook.job.record import Record, Wrap
from storage.area.area import Area, AreaState
from storage.area.capacity import job_need
from storage.crypto.envelope import Rng, SealedJob
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


class Child(NamedTuple):
    """One job of a submission, ready to be stored."""

    ticket: Ticket
    record: Record
    sealed: SealedJob | None
    wraps: Sequence[Wrap]

    @property
    def size(self) -> int:
        """Bytes of its sealed content."""
        return 0 if self.sealed is None else self.sealed.size

    @property
    def fits(self) -> bool:
        """Whether record and content are what the ticket was given for."""
        promised = (self.ticket.job_id, self.ticket.sequence, *self.ticket.request)
        found = (self.record.job_id, self.record.sequence, self.record.requester, self.record.request_id)
        return found == promised and self.size <= self.ticket.size


class Claim(NamedTuple):
    """One request that is claimed: its id, the content that makes two requests the same, and its sealed bytes."""

    request_id: str
    content: bytes
    size: int


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
        self, requester: str, claim: Claim, *, first: bool, job_id: str = "", area: str = ""
    ) -> Ticket | Record:
        """See Spool.reserve and Spool.reserve_beside."""
        with self._lock:
            known = self._judge(requester, claim, first=first)
            if isinstance(known, Record):
                return known
            self._must_be_new(job_id)
            self._check_quota(requester, 1, claim.size)
            return self._take(self._choose([claim.size], area), requester, claim, known, job_id)

    def reserve_together(self, requester: str, claims: Sequence[Claim]) -> list[Ticket | Record]:
        """See Spool.reserve_together."""
        with self._lock:
            judged = [self._judge(requester, claim, first=False) for claim in claims]
            sizes = [claim.size for claim, known in zip(claims, judged, strict=True) if isinstance(known, bytes)]
            if not sizes:
                return [known for known in judged if isinstance(known, Record)]
            self._must_fit_once(len(sizes), sum(sizes))
            self._check_quota(requester, len(sizes), sum(sizes))
            area = self._choose(sizes)
            return [
                known if isinstance(known, Record) else self._take(area, requester, claim, known)
                for claim, known in zip(claims, judged, strict=True)
            ]

    def _must_fit_once(self, count: int, size: int) -> None:
        """Refuse for good what one requester can never have at once, even with no other job."""
        largest = min(self._limits.job_bytes, self._limits.bytes_per_requester)
        if size > largest:
            raise PassbookError("document-too-large", limit=largest)
        if count > self._limits.jobs_per_requester:
            raise PassbookError("mail-of-too-many-jobs", count=count, limit=self._limits.jobs_per_requester)

    def _judge(self, requester: str, claim: Claim, *, first: bool) -> Record | bytes:
        """The job that this very request became before, or else the MAC of its content."""
        if (requester, claim.request_id) in self._claims:
            raise PassbookError("request-in-flight", request=claim.request_id)
        if claim.size > self._limits.job_bytes:
            raise PassbookError("document-too-large", limit=self._limits.job_bytes)
        content_mac = self._key.content_mac(requester, claim.request_id, claim.content)
        return self._same((requester, claim.request_id), content_mac, first=first) or content_mac

    def _take(self, area: Area, requester: str, claim: Claim, content_mac: bytes, job_id: str = "") -> Ticket:
        """Claim a request, with its place in the order and its space in an area."""
        self._sequence += 1
        ticket = Ticket(
            area.name,
            job_id or self._rng(16).hex(),
            self._sequence,
            requester,
            claim.request_id,
            claim.size,
            content_mac,
        )
        self._claims[ticket.request] = ticket
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
            raise PassbookError("request-reused", request=request[1], job=known.record.job_id)
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

    def spend(self, tickets: Sequence[Ticket]) -> bool:
        """Whether all tickets are out and none was spent before; now they are, and keep their space until release()."""
        with self._lock:
            ids = {ticket.job_id for ticket in tickets}
            if ids & self._spent or any(self._claims.get(ticket.request) != ticket for ticket in tickets):
                return False
            self._spent |= ids
            return len(ids) == len(tickets)

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

    def _check_quota(self, requester: str, count: int, size: int) -> None:
        jobs, taken = 0, 0
        for area in self._areas:
            held = area.usage.held_by(requester)
            jobs, taken = jobs + held.jobs, taken + held.size
        claims = [ticket for ticket in self._claims.values() if ticket.requester == requester]
        jobs, taken = jobs + len(claims), taken + sum(ticket.size for ticket in claims)
        if jobs + count > self._limits.jobs_per_requester:
            limit, what, used = self._limits.jobs_per_requester, "jobs", jobs
        elif taken + size > self._limits.bytes_per_requester:
            limit, what, used = self._limits.bytes_per_requester, "bytes", taken
        else:
            return
        raise PassbookError("quota-exceeded", requester=requester, used=used, limit=limit, what=what)

    def _choose(self, sizes: Sequence[int], wanted: str = "") -> Area:
        """The area with the most free space, for jobs that lie together (P6), or the one that is wanted."""
        size = sum(sizes)
        ready = [area for area in self._areas if area.state is AreaState.READY and wanted in {"", area.name}]
        if not ready:
            raise self._areas[0].fenced_error() if self._areas else PassbookError("no-area-has-room", size=size)
        free = {area.name: area.capacity.free() - self._reserved(area.name) for area in ready}
        best = max(ready, key=lambda area: free[area.name])
        if free[best.name] < sum(map(job_need, sizes)):
            raise PassbookError("no-area-has-room", size=size)
        return best


def _known_in(area: Area, request: tuple[str, str]) -> KnownRequest | None:
    if not area.knows(*request):
        return None
    with area.reading() as ledger:
        return ledger.find_request(*request)
