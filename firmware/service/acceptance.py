"""Admission: who, what, where to, under which key, and whether there is space; decided before anything is stored (P1).

The destination that is named prepares the whole job before it is accepted, so that what does not fit, cannot be
encoded or contains control characters is refused while nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, ParamSpec, TypeVar

import msgspec

from firmware.config.configuration import KeysConfig, LimitsConfig
from passbook.document.plan import encode_plan, outline
from passbook.errors import PassbookError, shown
from passbook.job.actor import Actor
from passbook.job.record import Encryption, Record, Wrap
from passbook.protocol.messages import MAX_DOCUMENT, REQUESTER_KEY_BYTES, SubmitJob
from passbook.protocol.naming import check_name
from spooler.clock import Clock, stamp
from spooler.destination import Destination, Prepared
from spooler.jobs import Jobs
from storage import ApplianceKey, Rng, SealedJob, Ticket, envelope

SMALL: Final = 16 * 1024
"""Bytes of a document up to which no other thread reads it: handing it over takes longer."""
P = ParamSpec("P")
T = TypeVar("T")


class Attributes(msgspec.Struct, frozen=True):
    """Names and dates that are sealed with a document: what its sender called it."""

    name: str


class Acceptance:
    """Turns a request into an accepted record, or a refusal that changed nothing."""

    def __init__(
        self,
        jobs: Jobs,
        destinations: Mapping[str, Destination],
        keys: KeysConfig,
        limits: LimitsConfig,
        *,
        appliance_key: ApplianceKey,
        recovery_public: bytes | None,
        clock: Clock,
        rng: Rng,
    ) -> None:
        self._jobs = jobs
        self._destinations = destinations
        self._keys = keys
        self._limits = limits
        self._appliance_key = appliance_key
        self._recovery_public = recovery_public
        self._clock = clock
        self._rng = rng

    async def submit(self, actor: Actor, request: SubmitJob, document: bytes) -> Record:
        """Accept one job; returns after its commit.  The same request again gives the same job (P10).

        Raises PassbookError; but for `outcome-unknown` nothing was changed.
        """
        content = _content(request, document)
        try:
            prepared = await _done(document, self._prepared, request, document)
        except PassbookError:
            # What was accepted once stays that job, although today's configuration would refuse it.
            known = self._jobs.spool.known(actor.name, request.client_request, content)
            if known is None:
                raise
            return known
        attributes = self._attributes(request)
        encoded = encode_plan(prepared.plan)
        size = envelope.sealed_size(len(attributes), len(encoded), len(document))
        reserved = self._jobs.spool.reserve(actor.name, request.client_request, content, size, first=request.first)
        if isinstance(reserved, Record):
            return reserved
        try:
            record = self._record(actor, request, reserved, prepared, size)
            key = envelope.new_data_key(self._rng)
            sealed = await _done(document, self._sealed, record, key, attributes, encoded, document)
            wraps = self._wraps(record, key, request)
        except BaseException:
            self._jobs.spool.release(reserved)
            raise
        # From here the store decides; a terminal that goes away does not undo an acceptance.
        return await asyncio.shield(asyncio.wrap_future(self._jobs.accept(reserved, record, sealed, wraps, key)))

    def _prepared(self, request: SubmitJob, document: bytes) -> Prepared:
        """Everything about the request that can be wrong, judged."""
        return self._judge(request, document).prepare(request, document)

    def _judge(self, request: SubmitJob, document: bytes) -> Destination:
        check_name("clientRequest", request.client_request)
        check_name("keyRef", request.key_ref, least=0)
        check_name("name", request.name, least=0)
        if not 1 <= request.priority <= self._limits.priority_ceiling:
            raise PassbookError("priority-not-allowed", most=self._limits.priority_ceiling)
        if len(document) > MAX_DOCUMENT:
            raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
        if not request.key and not self._keys.own_key_jobs:
            raise PassbookError("key-missing")
        if request.key and len(request.key) != REQUESTER_KEY_BYTES:
            raise PassbookError("key-malformed", expected=f"{REQUESTER_KEY_BYTES} bytes")
        if request.printer not in self._destinations:
            raise PassbookError("unknown-printer", printer=shown(request.printer), known=", ".join(self._destinations))
        return self._destinations[request.printer]

    def _attributes(self, request: SubmitJob) -> bytes:
        return msgspec.json.encode(Attributes(request.name))

    def _record(self, actor: Actor, request: SubmitJob, ticket: Ticket, prepared: Prepared, size: int) -> Record:
        at = stamp(self._clock)
        return Record(
            job_id=ticket.job_id,
            requester=actor.name,
            request_id=request.client_request,
            sequence=ticket.sequence,
            accepted_at=at,
            format=request.format,
            printer=request.printer,
            encryption=Encryption.REQUESTER if request.key else Encryption.APPLIANCE,
            steps=len(prepared.plan),
            outline=outline(prepared.plan),
            size=size,
            layout=prepared.layout,
            sheet=prepared.sheet,
            key_ref=request.key_ref,
            recovery_ref="branch-recovery" if self._recovery_public else "",
            priority=request.priority,
            business_date=self._clock.business_date(),
            clock_trusted=self._clock.trusted(),
            begun=False,
            changed_at=at,
        )

    def _sealed(self, record: Record, key: bytes, attributes: bytes, plan: bytes, document: bytes) -> SealedJob:
        return envelope.seal(record.identity(), key, attributes=attributes, plan=plan, document=document, rng=self._rng)

    def _wraps(self, record: Record, key: bytes, request: SubmitJob) -> tuple[Wrap, ...]:
        identity = record.identity()
        if record.encryption is Encryption.REQUESTER:
            first = envelope.wrap_for_requester(identity, key, request.key, request.key_ref, self._rng)
        else:
            first = envelope.wrap_for_appliance(identity, key, self._appliance_key, self._rng)
        if self._recovery_public is None:
            return (first,)
        recovery = envelope.wrap_for_recovery(identity, key, self._recovery_public, record.recovery_ref)
        return (first, recovery)


async def _done(document: bytes, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work that grows with the document, in another thread for a large one, and return its result."""
    if len(document) <= SMALL:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def _content(request: SubmitJob, document: bytes) -> bytes:
    """Return the content that makes two requests the same (P10): the sent bytes, not their place in today's layouts."""
    return msgspec.msgpack.encode((request.printer, request.format, request.layout, request.start, document))
