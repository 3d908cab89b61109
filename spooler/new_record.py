"""The record of a job that is being accepted, the same in the spool of an appliance and in that of a terminal.

Each of the two adds its own values: a shared name, a recovery key, a digest.
"""

from __future__ import annotations

from passbook.book.claim import BookClaim
from passbook.document.plan import Sheet, StepOutline
from passbook.job.choice import Side
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Encryption, Record, Wrap
from passbook.protocol.messages import SubmitJob
from spooler.clock import Clock, stamp
from storage import ApplianceKey, Rng, Ticket, envelope


def new_record(
    requester: str,
    request: SubmitJob,
    ticket: Ticket,
    outline: tuple[StepOutline, ...],
    sheet: Sheet,
    *,
    side: Side,
    clock: Clock,
    book: BookClaim | None = None,
    substituted: int = 0,
) -> Record:
    """The record of a job of `requester` in the spool `side`; `book` is the book for which it is.

    `request` names the layout by which the document was placed, with this outline, on this sheet.
    `substituted` characters were replaced as that layout declares.
    """
    at = stamp(clock)
    is_here = request.choice.right_begins_at(side)
    return Record(
        job_id=ticket.job_id,
        requester=requester,
        request_id=request.client_request,
        sequence=ticket.sequence,
        accepted_at=at,
        format=request.format,
        printer=request.printer,
        encryption=Encryption.REQUESTER if request.key else Encryption.APPLIANCE,
        steps=len(outline),
        outline=outline,
        size=ticket.size,
        layout=request.layout,
        sheet=sheet,
        key_ref=request.key_ref,
        priority=request.priority,
        business_date=clock.business_date(),
        clock_trusted=clock.trusted(),
        begun=False,
        changed_at=at,
        right=PrintRight(RightState.HERE if is_here else RightState.AWAY),
        side=side,
        choice=request.choice,
        moved=request.moved,
        digest=request.digest,
        application=request.application,
        book=book,
        import_name=request.import_name,
        substituted=substituted,
    )


def wrap_for_owner(record: Record, key: bytes, request: SubmitJob, own: ApplianceKey, rng: Rng) -> Wrap:
    """The data key `key` of a job, sealed under the key of its request, or where that has none under `own`."""
    identity = record.identity()
    if record.encryption is Encryption.REQUESTER:
        return envelope.wrap_for_requester(identity, key, request.key, request.key_ref, rng)
    return envelope.wrap_for_appliance(identity, key, own, rng)
