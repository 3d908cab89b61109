"""How new jobs come into the store: claimed and reserved, then stored in one transaction, all or none (P1, P10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from passbook.errors import PassbookError
from passbook.job.record import Change, Record, Wrap
from storage.admission import Admission, Child, Claim, Ticket
from storage.area.area import Area
from storage.area.capacity import change_cost
from storage.crypto.envelope import SealedJob
from storage.tables.ledger import Ledger

T = TypeVar("T")


class Intake:
    """The part of a store that takes new jobs in."""

    def __init__(self, areas: list[Area], admission: Admission) -> None:
        self._areas = areas
        self._admission = admission

    def reserve(
        self, requester: str, request_id: str, content: bytes, size: int, *, first: bool = False, job_id: str = ""
    ) -> Ticket | Record:
        """Claim the request and reserve space for it; or the job that this very request became before (P10).

        Two requests are the same if their `content` is, which is kept only as a keyed digest; `size` is the number of
        bytes of the sealed content, by envelope.sealed_size().  `first`: the requester vouches that it never sent the
        request before, so that an area which cannot be asked makes no difference.  `job_id` is the job's id where the
        requester made it: 32 lower-case hexadecimal digits; empty for one that is drawn here.

        Raises PassbookError `request-in-flight`, `request-reused`, `job-id-taken`, `outcome-unknown`,
        `record-quarantined`, `document-too-large`, `quota-exceeded`, `no-area-has-room` or `area-fenced`.
        """
        return self._admission.reserve(requester, Claim(request_id, content, size), first=first, job_id=job_id)

    def reserve_together(self, requester: str, claims: Sequence[Claim]) -> list[Ticket | Record]:
        """Claim the requests of one submission and reserve space for them in one area (P6), in the order of `claims`.

        A request that became a job before gives that job.  Raises PassbookError as reserve() does, then nothing is
        claimed; `document-too-large` also when they are too large together.
        """
        return self._admission.reserve_together(requester, claims)

    def reserve_beside(self, record: Record, request_id: str, content: bytes, size: int) -> Ticket | Record:
        """The same for a job that stands in for another one, in the area of that.  Raises as reserve() and record()."""
        claim = Claim(request_id, content, size)
        area = next((one.name for one in self._areas if record.job_id in one.usage), "")
        return self._admission.reserve(record.requester, claim, first=False, area=area)

    def known(self, requester: str, request_id: str, content: bytes) -> Record | None:
        """The job that this very request became before, as far as the open areas know; it claims nothing.

        Raises PassbookError `request-reused`, `outcome-unknown` or `record-quarantined`.
        """
        return self._admission.known(requester, request_id, content)

    def release(self, ticket: Ticket) -> None:
        """Give a ticket back that will not be accepted."""
        self._admission.release(ticket)

    def accept(self, ticket: Ticket, record: Record, sealed: SealedJob | None, wraps: Sequence[Wrap]) -> Future[Record]:
        """Store a job; the future resolves after COMMIT returned (P1), and the ticket is released before it does.

        A job whose document the other spool keeps has no content here.

        Raises ValueError when record or content are not what the ticket was given for, or it was spent before; the
        ticket is as it was.  The future raises PassbookError: with `outcome-unknown` the request stays blocked in
        every area, with anything else nothing was stored.
        """
        return self._accept([Child(ticket, record, sealed, wraps)], lambda stored: stored[0])

    def accept_together(self, children: Sequence[Child]) -> Future[list[Record]]:
        """Store the jobs of one submission, whose tickets are of one area: all or none.  Otherwise as accept()."""
        return self._accept(children, lambda stored: stored)

    def accept_instead(self, child: Child, job_id: str, change: Change) -> Future[list[Record]]:
        """Store a job and change the one for which it stands in, in one transaction; gives both after it.

        The future raises what the change raises too, and then nothing was stored.  Otherwise as accept().
        """
        return self._accept([child], lambda stored: stored, (job_id, change))

    def _accept(
        self,
        children: Sequence[Child],
        result: Callable[[list[Record]], T],
        instead: tuple[str, Change] | None = None,
    ) -> Future[T]:
        tickets = [child.ticket for child in children]
        fits = len({ticket.area for ticket in tickets}) == 1 and all(child.fits for child in children)
        if not fits or not self._admission.spend(tickets):
            raise ValueError("a record does not fit its ticket")
        area = next(area for area in self._areas if area.name == tickets[0].area)

        def work(ledger: Ledger) -> T:
            stored = [
                ledger.insert(child.record, child.ticket.content_mac, child.sealed, child.wraps) for child in children
            ]
            area.capacity.check(sum(ticket.size for ticket in tickets))
            if instead is not None:
                stored.append(ledger.apply(*instead))
            return result(stored)

        def settled(error: BaseException | None) -> None:
            unknown = isinstance(error, PassbookError) and error.code == "outcome-unknown"
            for ticket in tickets:
                (self._admission.block if unknown else self._admission.release)(ticket)

        def cost() -> int:
            replaced = 0 if instead is None else change_cost(*area.usage.bytes_of(instead[0]))
            return replaced + sum(change_cost(child.size, len(child.record.identity())) for child in children)

        unknown = PassbookError("outcome-unknown", request=tickets[0].request_id)
        return area.submit(work, cost=cost, unknown=unknown, settled=settled)
