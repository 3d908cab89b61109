"""Jobs that the terminal keeps: durable here first, then at the appliance, however often it takes.

Theory of operation.  A request is judged and placed by the rules that the appliance told.  The own copy is committed
with the print right that the choice gives it, and beside it a small file says that the appliance has not answered yet.
Only that answer takes the file away: accepted, or refused, and then the own copy ends.  So a cut at any point leaves
either nothing, or a copy that is sent again; the request id makes it the same job (P10).  A copy of an earlier boot is
sent again only after a person ordered it printed (P4).  One that was printed here before the appliance heard of it is
announced without its document and with its print right here, so that the appliance can only note its end.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from passbook.document.digest import document_digest
from passbook.document.plan import encode_plan, outline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import IfApart, Keep, Side
from passbook.job.print_right import RightState
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.protocol.messages import MAX_DOCUMENT, JobOrder, JobView, SubmitJob
from passbook.protocol.request_content import request_content
from passbook.protocol.submit_check import check_request
from passbook.protocol.two_spools import at_terminal_only
from spooler.clock import stamp
from spooler.destination import Prepared
from spooler.known_books import claim_of
from spooler.logs import Log
from spooler.new_record import new_record, wrap_for_owner
from storage import Rng, Ticket, envelope, files
from terminal.agent.kept_sides import NO_SPACE, KeptSides
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.upstream import Upstream, is_outage

_LOG: Final = Log("submission")

_DRAWN: Final = frozenset({"not-in-code-page", "needs-substitute"})
"""Codes of text that cannot be printed where it is not drawn."""
SUBMIT: Final = "Spooler.SubmitJob"
MOST_PASSED_ON: Final = 1000
"""Requests that were passed on and are known again."""
LONGEST_OUTLINE: Final = 64 * 1024
"""Bytes of an outline that goes with a document which the appliance places anyway."""


class _Way(NamedTuple):
    """The choice with which a request was passed on; fields as in SubmitJob."""

    keep: Keep | None
    feed: Side | None
    if_apart: IfApart | None
    moved: str


class Submissions:
    """The own copies that the appliance has not answered for yet, and the way to more."""

    def __init__(
        self,
        own: OwnJobs,
        known: KnownAppliance,
        upstream: Upstream,
        sides: KeptSides,
        *,
        terminal: str,
        folder: Path,
        rng: Rng,
    ) -> None:
        """`folder` has a file for each copy that the appliance has not answered for."""
        self._own = own
        self._known = known
        self._upstream = upstream
        self._sides = sides
        self._terminal = terminal
        self._folder = folder
        self._rng = rng
        self._sending: dict[str, asyncio.Lock] = {}
        self._accepting: set[str] = set()
        self._unsent: set[str] = set()
        self._passed_on: dict[str, _Way] = {}
        self._known_as: dict[str, str] = {}
        files.make_folder(folder)
        own.is_waiting = self.is_waiting

    async def submit(self, request: SubmitJob, document: bytes) -> JobView:
        """Accept one job by the choice of its person, of a rule, or by default.

        Raises PassbookError; but for what tells of the connection or of the storage, nothing was changed.
        """
        request = replace(request, content=request_content(request, document))
        before = self._passed_on.get(request.client_request)
        if before is not None:
            return await self._pass_on(replace(request, **before._asdict()), document)
        request = await self._sides.chosen(request, document, self._known.imports())
        if not request.choice.keep.has(Side.TERMINAL):
            return await self._pass_on(self._sides.kept_now(request), document)
        _judge(request, document)
        try:
            prepared = await asyncio.to_thread(self._known.prepare, request, document)
        except PassbookError as error:
            if error.code not in _DRAWN or request.keep is Keep.TERMINAL or not self._known.draws(request.printer):
                raise
            # The appliance has the font.
            return await self._pass_on(self._sides.without_own(request, Reason.BY_RULE), document)
        if prepared.form:
            # The appliance has the forms.
            if request.keep is Keep.TERMINAL:
                raise PassbookError("form-needs-appliance", form=prepared.form)
            return await self._pass_on(self._sides.without_own(request, Reason.BY_RULE), document)
        kept = await self._kept(request, document, prepared)
        return await (self._pass_on(kept, document) if isinstance(kept, SubmitJob) else self._settle(kept, request.key))

    async def _pass_on(self, request: SubmitJob, document: bytes) -> JobView:
        """Have the appliance alone keep a document; the same request goes the same way again (P10)."""
        self._upstream.must_be_reached()
        name = request.client_request
        self._passed_on[name] = _Way(request.keep, request.feed, request.if_apart, request.moved)
        if len(self._passed_on) > MOST_PASSED_ON:
            del self._passed_on[next(iter(self._passed_on))]
        try:
            return await self._upstream.command_with(SUBMIT, request, document, JobView)
        except PassbookError as error:
            if not is_outage(error):
                self._passed_on.pop(name, None)
            raise

    async def _settle(self, record: Record, key: bytes) -> JobView:
        """Have the appliance hear of an own copy, and return the job as far as that is known."""
        if record.ended or not self.is_waiting(record.job_id):
            return await self._known_already(record)
        try:
            return await self._send(record.job_id, key) or self._own.view(record)
        except PassbookError as error:
            if not is_outage(error):
                # The caller hears of the refusal; so that end needs no notice.
                await self._own.acknowledge(record.job_id, self._terminal)
                raise
            _LOG.info("job-kept-here", job=record.job_id, code=error.code)
            return self._own.view(self._own.spool.record(record.job_id))

    async def _known_already(self, record: Record) -> JobView:
        """The same request again: the job as the appliance sees it, or in its state here."""
        try:
            return await self._upstream.job(self._known_as.get(record.job_id, record.job_id))
        except PassbookError:
            return self._own.view(record)

    async def _kept(self, request: SubmitJob, document: bytes, prepared: Prepared) -> Record | SubmitJob:
        """The own copy, durable, or that of an earlier time for the same request.

        Where the own spool does not keep the document, the request that the appliance alone gets.  Raises as submit().
        """
        content = request.content.encode()
        known = self._own.spool.known(self._terminal, request.client_request, content)
        if known is not None:
            return known
        kept = self._sides.kept_now(request)
        if not kept.choice.keep.has(Side.TERMINAL):
            return kept
        if not request.first and kept.if_apart is IfApart.TERMINAL:
            kept = self._unless_known_there(kept)
        try:
            return await self._accepted(replace(kept, layout=prepared.layout), document, prepared, content)
        except PassbookError as error:
            if error.code not in NO_SPACE:
                raise
            return self._sides.without_own(request, Reason.NEARLY_FULL)

    def _unless_known_there(self, request: SubmitJob) -> SubmitJob:
        """A request that was sent before: while the appliance cannot say whether it has it, people are asked (P10)."""
        try:
            self._upstream.must_be_reached()
        except PassbookError:
            return replace(request, if_apart=IfApart.ASK)
        return request

    async def _accepted(self, request: SubmitJob, document: bytes, prepared: Prepared, content: bytes) -> Record:
        """The own copy, durable.  Raises PassbookError with a code of NO_SPACE where it does not fit."""
        bare = _without_secrets(request)
        attributes, plan = msgspec.json.encode(bare), encode_plan(prepared.plan)
        size = envelope.sealed_size(len(attributes), len(plan), len(document))
        reserved = self._own.spool.reserve(
            self._terminal, request.client_request, content, size, first=request.first, job_id=request.job
        )
        if isinstance(reserved, Record):
            return reserved
        try:
            record = self._record(request, reserved, prepared, document)
            key = envelope.new_data_key(self._rng)
            identity = record.identity()
            sealed = envelope.seal(identity, key, attributes=attributes, plan=plan, document=document, rng=self._rng)
            wrap = wrap_for_owner(record, key, request, self._own.store.key, self._rng)
            self._accepting.add(record.job_id)
            self._unsent.add(record.job_id)
            self._note_waiting(record, request, prepared)
        except BaseException:
            self._accepting.discard(reserved.job_id)
            self._own.spool.release(reserved)
            raise
        accepted = self._own.jobs.accept(reserved, record, sealed, (wrap,), key)
        try:
            return await asyncio.shield(asyncio.wrap_future(accepted))
        except PassbookError as error:
            if error.code in NO_SPACE:
                self._answered(record.job_id)
            raise
        finally:
            self._accepting.discard(record.job_id)

    def _record(self, request: SubmitJob, ticket: Ticket, prepared: Prepared, document: bytes) -> Record:
        steps, side, clock = outline(prepared.plan), Side.TERMINAL, self._own.clock
        record = new_record(
            self._terminal,
            request,
            ticket,
            steps,
            prepared.sheet,
            side=side,
            clock=clock,
            book=claim_of(request, prepared),
            substituted=prepared.substituted,
        )
        store = self._own.store
        digest = document_digest(store.digest_key(ticket.job_id), document)
        return replace(record, digest=digest, shared=store.names.sealed(ticket.job_id, request))

    # Until the appliance answered

    def is_waiting(self, job: str) -> bool:
        """Whether the appliance has not answered for this copy yet."""
        return self._file(job).exists()

    def waiting(self) -> list[str]:
        """The copies for which the appliance has not answered."""
        return sorted(file.stem for file in self._folder.glob("*.json"))

    def _note_waiting(self, record: Record, request: SubmitJob, prepared: Prepared) -> None:
        """Note, durably, a copy that the appliance shall hear of, with the request that needs no document."""
        announced = replace(
            _without_secrets(request),
            job=record.job_id,
            name="",
            document_date="",
            book=record.book,
            outline=record.outline,
            sheet=prepared.sheet,
            digest=record.digest,
            # It names the document for anyone who guesses it (P5).
            content=envelope.seal_shared(record.job_id, request.content.encode(), self._own.store.key, self._rng).hex(),
        )
        files.save_file(self._file(record.job_id), msgspec.json.encode(announced), files.PRIVATE)

    def _file(self, job: str) -> Path:
        return self._folder / f"{job}.json"

    def _answered(self, job: str) -> None:
        self._file(job).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    async def resume(self) -> None:
        """Send what the appliance has not answered for.  Raises PassbookError where the connection is lost."""
        for job in self.waiting():
            try:
                await self._send(job)
            except PassbookError as error:
                _LOG.limited(job).warning("job-not-sent", job=job, code=error.code)
                self._upstream.must_be_reached()

    async def _send(self, job: str, key: bytes = b"") -> JobView | None:
        """Have the appliance accept one copy; None where a person must be asked first.

        `key` seals the job there; empty for the one of that name in the key ring.

        Raises the refusal of the appliance, after the own copy ended with it.
        """
        async with self._sending.setdefault(job, asyncio.Lock()):
            if job in self._accepting:
                return None
            # Whatever became of the first time, any other is a repetition: the appliance may have the job (P10).
            is_first = job in self._unsent
            self._unsent.discard(job)
            record = self._own.record(job)
            if record is None and self._own.spool.problems:
                # It may lie in an area that is left out; then the appliance hears of it when that is back.
                return None
            if record is None or not self.is_waiting(job):
                # The cut came before the copy was durable: nothing was accepted.
                self._answered(job)
                return None
            is_here = record.right.state is RightState.HERE
            if record.ended and (record.untouched or not is_here):
                # An end without the right is one that the appliance told.
                self._answered(job)
                return None
            is_claimed = is_here and record.choice.if_apart is not IfApart.TERMINAL
            view: JobView | None
            if record.ended or not record.untouched or is_claimed:
                view = await self._announce(record)
            elif record.valid:
                view = await self._offer(record, key or self._own.ring.keys.get(record.key_ref, b""), is_first=is_first)
            else:
                view = await self._known_there(job)
            if view is None:
                return None
            self._answered(job)
            _LOG.info("job-sent", job=job)
            return view

    async def cancel(self, order: JobOrder, terminal: str) -> JobView:
        """Have the appliance end a job; a copy that never arrived there ends here alone.

        One that is being sent arrives first, or not.
        """
        async with self._sending.setdefault(order.job, asyncio.Lock()):
            try:
                return await self._upstream.command("Spooler.CancelJob", order, JobView)
            except PassbookError as error:
                record = self._own.record(order.job)
                if error.code != "unknown-job" or record is None or not self.is_waiting(order.job):
                    raise
                return self._own.view(await self._own.end_canceled(record, terminal, order.person))

    async def _known_there(self, job: str) -> JobView | None:
        """The job at the appliance, whose answer was lost in a cut of this side; None where it does not know it."""
        try:
            return await self._upstream.job(job)
        except PassbookError as error:
            if error.code != "unknown-job":
                raise
            return None

    async def _announce(self, record: Record) -> JobView:
        """Tell of a job that is printed here."""
        request = msgspec.json.decode(files.read(self._file(record.job_id)), type=SubmitJob)
        shared = self._own.store.names.of(record)
        content = envelope.open_shared(record.job_id, bytes.fromhex(request.content), self._own.store.key).decode()
        apart = replace(request, name=shared.name, document_date=shared.document_date, content=content)
        alone = at_terminal_only(apart, Reason.APPLIANCE_SILENT)
        announced = replace(alone, if_apart=IfApart.TERMINAL, first=False)
        view = await self._upstream.command(SUBMIT, announced, JobView)
        if view.job != record.job_id:
            # Its request went to the appliance past this agent; people must look at both.
            raise PassbookError("request-reused", request=record.request_id, job=view.job)
        return view

    async def _offer(self, record: Record, key: bytes, *, is_first: bool) -> JobView:
        """Have a job accepted whose copy waits here."""
        request, document = await asyncio.to_thread(self._own.content, record)
        shape = {"outline": record.outline, "sheet": record.sheet}
        is_sent = record.choice.keep is not Keep.TERMINAL
        if is_sent and len(msgspec.json.encode(record.outline)) > LONGEST_OUTLINE:
            shape = {}
        book = None if record.book is None else replace(record.book, objection=None)
        first = request.first and is_first
        sent = replace(request, job=record.job_id, digest=record.digest, key=key, book=book, first=first, **shape)
        try:
            view = await self._upstream.command_with(SUBMIT, sent, document if is_sent else b"", JobView)
        except PassbookError as error:
            if not is_outage(error):
                await self._refused(record.job_id, error.code)
            raise
        if view.job != record.job_id:
            # The same request went there past this agent, or this spool does not know its copy any more (P10).
            self._known_as[record.job_id] = view.job
            await self._refused(record.job_id, "request-known")
            await self._own.acknowledge(record.job_id, self._terminal)
        return view

    async def _refused(self, job: str, why: str) -> None:
        """End the copy of a job that the appliance does not take, by the code of its refusal."""
        _LOG.info("job-refused", job=job, code=why)
        await self._own.change(job, changes.refuse(stamp(self._own.clock)))
        self._answered(job)


def _without_secrets(request: SubmitJob) -> SubmitJob:
    """The request in the form that is kept here: without document, key and book secrets."""
    return replace(request, document=b"", upload="", key=b"", book_secrets=())


def _judge(request: SubmitJob, document: bytes) -> None:
    """Everything about the request that the own spool can refuse, beside its document."""
    check_request(request)
    if len(document) > MAX_DOCUMENT:
        raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
