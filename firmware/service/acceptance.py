"""Admission: who, what, where to, under which key, and whether there is space; decided before anything is stored (P1).

The destination that is named prepares the whole job before it is accepted, so that what does not fit, cannot be
encoded or contains control characters is refused while nothing has changed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, ParamSpec, TypeVar

import msgspec
from msgspec.structs import replace

from firmware.config.configuration import KeysConfig, LimitsConfig
from passbook.book.claim import BookClaim
from passbook.document.documents import FORMATS, StartLine
from passbook.document.plan import Plan, Sheet, StepOutline, encode_plan, is_outline, outline
from passbook.errors import PassbookError, shown
from passbook.job import changes
from passbook.job.actor import Actor, MailSender
from passbook.job.choice import Keep, Side
from passbook.job.issue import FormIssue
from passbook.job.mailed import Mailed
from passbook.job.moving import move_away, stand_in
from passbook.job.record import Record, Wrap
from passbook.job.states import Reason
from passbook.job.wording import REASON_WORDS
from passbook.mail.message_reading import LONGEST_MESSAGE
from passbook.protocol.document_check import CheckDocument
from passbook.protocol.messages import MAX_DOCUMENT, REQUESTER_KEY_BYTES, USUAL_PRIORITY, SubmitJob
from passbook.protocol.request_content import content_of
from passbook.protocol.submit_check import check_request
from passbook.protocol.two_spools import at_terminal_only
from spooler.clock import Clock, stamp
from spooler.destination import Destination
from spooler.fullness import Fullness
from spooler.jobs import Jobs
from spooler.known_books import claim_of
from spooler.new_record import new_record, wrap_for_owner
from spooler.next_hop import MAIL_FORMAT
from spooler.page_renderer import Drawings
from spooler.shared_names import SharedNames
from storage import ApplianceKey, Child, Claim, Rng, SealedJob, Ticket, envelope

SMALL: Final = 16 * 1024
"""Bytes of a document up to which no other thread reads it: handing it over takes longer."""
_JOB_ID: Final = re.compile(r"[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
MOVED_BY_TERMINAL: Final = frozenset(
    {
        *("", Reason.NEARLY_FULL, Reason.SPOOL_FENCED),
        *(Reason.NETWORK_BUSY, Reason.BY_RULE, Reason.APPLIANCE_SILENT),
    }
)
"""Why an agent may say that its spool or the appliance's does not keep a document."""
P = ParamSpec("P")
T = TypeVar("T")


class Attributes(msgspec.Struct, frozen=True, omit_defaults=True):
    """Name and date that are sealed with a document, as its sender gave them."""

    name: str
    document_date: str = ""


class Posted(NamedTuple):
    """One job of a mail.

    Attributes:
        content: what makes two of its requests the same; headers and encodings of a mail change on its way.
        held: it waits for a representative.
    """

    request: SubmitJob
    document: bytes
    mail: Mailed | None
    content: bytes
    held: bool = False


class Shape(NamedTuple):
    """The steps of a job as far as they are known; the plan is empty where the terminal alone keeps the document."""

    plan: Plan
    outline: tuple[StepOutline, ...]
    layout: str
    sheet: Sheet
    form: str = ""
    book: BookClaim | None = None
    substituted: int = 0
    account: str = ""


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
        names: SharedNames,
        fullness: Fullness,
        clock: Clock,
        rng: Rng,
    ) -> None:
        self._jobs = jobs
        self._destinations = destinations
        self._keys = keys
        self._limits = limits
        self._appliance_key = appliance_key
        self._recovery_public = recovery_public
        self._names = names
        self._fullness = fullness
        self._clock = clock
        self._rng = rng
        self._drawing = Drawings()

    async def submit(self, actor: Actor, request: SubmitJob, document: bytes) -> Record:
        """Accept one job; returns after its commit.  The same request again gives the same job (P10).

        Raises PassbookError; but for `outcome-unknown` nothing was changed.
        """
        content = content_of(request, document).encode()
        if request.format == MAIL_FORMAT:
            # A whole message comes by mail alone: no envelope of it would be known here.
            raise PassbookError("unknown-format", format=MAIL_FORMAT, known=", ".join(FORMATS))
        try:
            prepared = await self._shape(actor.name, request, document)
            request = self._with_keep(request, prepared.layout)
        except PassbookError:
            # What was accepted once stays that job, although today's configuration would refuse it.
            known = self._jobs.spool.known(actor.name, request.client_request, content)
            if known is None:
                raise
            return known
        attributes = self._attributes(request)
        encoded = encode_plan(prepared.plan)

        def reserved_for(wanted: SubmitJob) -> Ticket | Record:
            is_kept = wanted.choice.keep.has(Side.APPLIANCE)
            size = envelope.sealed_size(len(attributes), len(encoded), len(document)) if is_kept else 0
            spool, name = self._jobs.spool, wanted.client_request
            return spool.reserve(actor.name, name, content, size, first=wanted.first, job_id=wanted.job)

        try:
            reserved = reserved_for(request)
        except PassbookError as error:
            if error.code != "no-area-has-room" or request.keep is not Keep.BOTH or not request.outline:
                raise
            request = at_terminal_only(request, Reason.NEARLY_FULL)
            reserved = reserved_for(request)
        if isinstance(reserved, Record):
            return reserved
        try:
            record = self._record(actor, request, reserved, prepared)
            key = envelope.new_data_key(self._rng)
            sealed: SealedJob | None = None
            wraps: tuple[Wrap, ...] = ()
            if request.choice.keep.has(Side.APPLIANCE):
                sealed = await _done(document, self._sealed, record, key, attributes, encoded, document)
                wraps = self._wraps(record, key, request)
        except BaseException:
            self._jobs.spool.release(reserved)
            raise
        # From here the store decides; a terminal that goes away does not undo an acceptance.
        return await asyncio.shield(asyncio.wrap_future(self._jobs.accept(reserved, record, sealed, wraps, key)))

    async def check(self, actor: Actor, asked: CheckDocument, document: bytes) -> Shape:
        """Judge a document as `submit` would, and keep nothing of it.  Raises PassbookError."""
        # Nothing is sealed, so any key will do.
        request = replace(asked.request, key=bytes(REQUESTER_KEY_BYTES))
        if request.format == MAIL_FORMAT:
            raise PassbookError("unknown-format", format=MAIL_FORMAT, known=", ".join(FORMATS))
        return await self._shape(actor.name, request, document)

    async def submit_together(self, actor: Actor, posted: Sequence[Posted]) -> list[Record]:
        """Accept all jobs of one mail, or none; returns after their one commit, in the order of `posted`.

        The same requests again give the same jobs (P10).  Raises PassbookError; but for `outcome-unknown` nothing was
        changed.
        """
        contents = [
            msgspec.msgpack.encode((one.request.printer, one.request.format, one.request.layout, one.content))
            for one in posted
        ]
        try:
            shapes = await self._judged(actor.name, posted)
        except PassbookError:
            known = [
                self._jobs.spool.known(actor.name, one.request.client_request, content)
                for one, content in zip(posted, contents, strict=True)
            ]
            found = [record for record in known if record is not None]
            if len(found) < len(posted):
                raise
            return found
        claims = []
        for one, content, shape in zip(posted, contents, shapes, strict=True):
            attributes, plan = self._attributes(one.request), encode_plan(shape.plan)
            size = envelope.sealed_size(len(attributes), len(plan), len(one.document))
            claims.append(Claim(one.request.client_request, content, size))
        reserved = self._jobs.spool.reserve_together(actor.name, claims)
        new = [
            (ticket, one, shape)
            for ticket, one, shape in zip(reserved, posted, shapes, strict=True)
            if isinstance(ticket, Ticket)
        ]
        try:
            sealed = [await _done(one.document, self._child, actor, ticket, one, shape) for ticket, one, shape in new]
        except BaseException:
            for ticket, _, _ in new:
                self._jobs.spool.release(ticket)
            raise
        accepted: list[Record] = []
        if sealed:
            children, keys = zip(*sealed, strict=True)
            stored = asyncio.wrap_future(self._jobs.accept_together(children, keys))
            # From here the store decides; a peer that goes away does not undo an acceptance.
            accepted = await asyncio.shield(stored)
        by_request = {record.request_id: record for record in accepted}
        return [by_request[one.request_id] if isinstance(one, Ticket) else one for one in reserved]

    async def move(self, record: Record, posted: Posted) -> Record:
        """Accept a job that stands in for another one at a substitute, which ends with it; returns the new one.

        Raises PassbookError; but for `outcome-unknown` nothing was changed.
        """
        request = posted.request
        shape = await self._shape(record.requester, request, posted.document)
        attributes, plan = self._attributes(request), encode_plan(shape.plan)
        size = envelope.sealed_size(len(attributes), len(plan), len(posted.document))
        ticket = self._jobs.spool.reserve_beside(record, request.client_request, posted.content, size)
        if isinstance(ticket, Record):
            return ticket
        actor = Actor(record.requester, frozenset(), MailSender(""))
        try:
            child, key = await _done(posted.document, self._child, actor, ticket, posted, shape)
            child = child._replace(record=stand_in(child.record, record))
        except BaseException:
            self._jobs.spool.release(ticket)
            raise
        leaves = move_away(record, request.printer, ticket.job_id, stamp(self._clock))
        stored = self._jobs.accept_instead(child, key, record.job_id, leaves)
        new, _ = await asyncio.shield(asyncio.wrap_future(stored))
        return new

    async def start_of(self, record: Record, request: SubmitJob, document: bytes) -> StartLine | None:
        """The place of the first line that a person gave with a job; None where the document is placed without one.

        Raises PassbookError `cannot-move` where neither gives the places that were accepted.
        """
        home = replace(request, printer=record.printer, format=record.format, layout=record.layout)
        first = next(step for step in record.outline if step.kind.traits.is_line)
        for start in (None, StartLine(first.page, first.line)):
            try:
                shape = await self._shape(record.requester, replace(home, start=start), document)
            except PassbookError as error:
                if error.code not in {"start-not-given", "past-last-line"}:
                    raise
            else:
                if (shape.outline, shape.sheet) == (record.outline, record.sheet):
                    return start
        raise PassbookError("cannot-move", job=record.job_id, why="today's layouts give its lines other places")

    @property
    def usual_priority(self) -> int:
        """The priority of a job for which no terminal asked for one; never above the ceiling."""
        return min(USUAL_PRIORITY, self._limits.priority_ceiling)

    def content_name(self, space: str, content: bytes) -> str:
        """A name for a content that came without one: a keyed digest, which tells nothing to the owner of the disk."""
        return self._appliance_key.content_mac(space, "", content).hex()

    def _child(self, actor: Actor, ticket: Ticket, posted: Posted, shape: Shape) -> tuple[Child, bytes]:
        """One job of a mail, sealed, with its data key."""
        record = replace(self._record(actor, posted.request, ticket, shape), mail=posted.mail)
        if posted.held:
            record, _ = changes.put_question(record, Reason.SENDER_UNPROVEN, record.accepted_at)
        key = envelope.new_data_key(self._rng)
        attributes, plan = self._attributes(posted.request), encode_plan(shape.plan)
        sealed = self._sealed(record, key, attributes, plan, posted.document)
        return Child(ticket, record, sealed, self._wraps(record, key, posted.request)), key

    async def _judged(self, requester: str, posted: Sequence[Posted]) -> list[Shape]:
        """The shape of each job of a mail, which the appliance alone keeps.  Raises as submit() does.

        A document for many recipients is read and placed once for each printer.
        """
        shapes: dict[tuple[str, str, str, bytes], Shape] = {}
        for request, document, *_ in posted:
            goal = (request.printer, request.format, request.layout, document)
            if goal not in shapes:
                shapes[goal] = await self._shape(requester, request, document)
                _ = self._with_keep(request, shapes[goal].layout)
        return [shapes[one.request.printer, one.request.format, one.request.layout, one.document] for one in posted]

    def _with_keep(self, request: SubmitJob, form: str) -> SubmitJob:
        """The request with the spools that keep its document, whose layout is `form`, in fact.

        Raises `choice-not-possible`, and `spool-stopped` where the appliance's spool alone is wanted and takes none.
        """
        reason = self._fullness.objection(request, form) if request.choice.keep.has(Side.APPLIANCE) else None
        if reason is None:
            return request
        if request.keep is Keep.BOTH and request.outline:
            return at_terminal_only(request, reason)
        raise PassbookError("spool-stopped", side="appliance", why=REASON_WORDS[reason])

    async def _shape(self, requester: str, request: SubmitJob, document: bytes) -> Shape:
        """Everything about the request that can be wrong, judged where no other work waits for it."""
        destination = self._destinations.get(request.printer)
        if destination is not None and destination.draws(request, document):
            return await self._drawing.run(requester, self._prepared, request, document)
        return await _done(document, self._prepared, request, document)

    def judge_priority(self, priority: int) -> None:
        """Refuse a priority above the operator's ceiling, or below 1.  Raises PassbookError `priority-not-allowed`."""
        if not 1 <= priority <= self._limits.priority_ceiling:
            raise PassbookError("priority-not-allowed", most=self._limits.priority_ceiling)

    def judge_kind(self, printer: str, format: str, layout: str) -> None:  # noqa: A002  # the word of the protocol
        """Refuse a format, or a named layout, that a printer does not print.  Raises PassbookError."""
        self._destinations[printer].judge_kind(format, layout)

    def _prepared(self, request: SubmitJob, document: bytes) -> Shape:
        """Everything about the request that can be wrong, judged."""
        destination = self._judge(request, document)
        _judge_copy(request)
        if not request.choice.keep.has(Side.APPLIANCE) and not document:
            return self._announced(request, destination)
        prepared = destination.prepare(request, document)
        if prepared.form and request.choice.keep is not Keep.APPLIANCE:
            raise PassbookError("form-needs-appliance", form=prepared.form)
        steps, book = outline(prepared.plan), claim_of(request, prepared)
        placed = (prepared.plan, steps, prepared.layout, prepared.sheet, prepared.form)
        shape = Shape(*placed, book, prepared.substituted, prepared.account)
        if request.outline and (request.outline, request.sheet) != (shape.outline, shape.sheet):
            raise PassbookError("document-differs", job=request.job, why="its outline")
        return shape

    @staticmethod
    def _announced(request: SubmitJob, destination: Destination) -> Shape:
        """The shape of a document that the terminal alone keeps, as it says; at its turn the document must have it."""
        if request.sheet is None or not request.layout or not is_outline(request.outline):
            raise PassbookError("invalid-message", why="layout, sheet and outline do not tell of a whole document")
        destination.judge_announced(request)
        return Shape((), request.outline, request.layout, request.sheet, book=request.book)

    def _judge(self, request: SubmitJob, document: bytes) -> Destination:
        check_request(request)
        self.judge_priority(request.priority)
        # A message has its documents in base64, and its own limit.
        most = LONGEST_MESSAGE if request.format == MAIL_FORMAT else MAX_DOCUMENT
        if len(document) > most:
            raise PassbookError("document-too-large", limit=most)
        if not request.key and not self._keys.own_key_jobs and request.choice.keep.has(Side.APPLIANCE):
            raise PassbookError("key-missing")
        if request.printer not in self._destinations:
            raise PassbookError("unknown-printer", printer=shown(request.printer), known=", ".join(self._destinations))
        return self._destinations[request.printer]

    def _attributes(self, request: SubmitJob) -> bytes:
        return msgspec.json.encode(Attributes(request.name, request.document_date))

    def _record(self, actor: Actor, request: SubmitJob, ticket: Ticket, shape: Shape) -> Record:
        placed = replace(request, layout=shape.layout)
        side, clock = Side.APPLIANCE, self._clock
        accepted = new_record(
            actor.name,
            placed,
            ticket,
            shape.outline,
            shape.sheet,
            side=side,
            clock=clock,
            book=shape.book,
            substituted=shape.substituted,
        )
        recovers = self._recovery_public is not None and request.choice.keep.has(Side.APPLIANCE)
        shared = self._names.sealed(ticket.job_id, request)
        issue = FormIssue(shape.form) if shape.form else None
        return replace(accepted, recovery_ref="branch-recovery" if recovers else "", shared=shared, issue=issue)

    def _sealed(self, record: Record, key: bytes, attributes: bytes, plan: bytes, document: bytes) -> SealedJob:
        return envelope.seal(record.identity(), key, attributes=attributes, plan=plan, document=document, rng=self._rng)

    def _wraps(self, record: Record, key: bytes, request: SubmitJob) -> tuple[Wrap, ...]:
        first = wrap_for_owner(record, key, request, self._appliance_key, self._rng)
        if self._recovery_public is None:
            return (first,)
        recovery = envelope.wrap_for_recovery(record.identity(), key, self._recovery_public, record.recovery_ref)
        return (first, recovery)


async def _done(document: bytes, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work that grows with the document, in another thread for a large one, and return its result."""
    if len(document) <= SMALL:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def _judge_copy(request: SubmitJob) -> None:
    """Judge what a request says of its terminal's copy.  Raises PassbookError `invalid-message`."""
    if request.job and not _JOB_ID.fullmatch(request.job):
        raise PassbookError("invalid-message", why="job is not 32 lower-case hexadecimal digits")
    # Another digest than a keyed one would tell the owner of the disk what the document says (P5).
    if (request.digest or request.choice.keep.has(Side.TERMINAL)) and not _DIGEST.fullmatch(request.digest):
        raise PassbookError("invalid-message", why="digest is not 64 lower-case hexadecimal digits")
    if request.moved not in MOVED_BY_TERMINAL:
        words = ", ".join(sorted(MOVED_BY_TERMINAL - {""}))
        raise PassbookError("invalid-message", why=f"moved must be one of {words}, or empty")
