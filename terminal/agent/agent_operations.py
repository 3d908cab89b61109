"""What a teller's agent does itself: about its own copies, the notices that it stored, and a silent appliance.

The words by which an agent moves its print rights are taken from no program at its machine: they would move the right
at the appliance, and not the one here (P13).  Every other command goes on to the appliance unread, and its completion
comes back unchanged; while the appliance is away it is refused with the code of the lost connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from passbook.document.documents import FORMATS
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, Role
from passbook.job.choice import Side
from passbook.job.counts import JobCounts
from passbook.job.print_right import RightState
from passbook.job.record import Acknowledged, Decider, Record, Verdict, without_outline
from passbook.job.states import JobState
from passbook.protocol.capabilities import Capabilities, capabilities_of
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.document_check import CheckDocument, CheckedDocument
from passbook.protocol.finding import Finding
from passbook.protocol.history_reply import GetHistory, HistoryReply
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import (
    AnswerQuestion,
    Envelope,
    JobOrder,
    JobRef,
    JobView,
    MessageType,
    Nothing,
    PrinterView,
    Received,
    StatusReport,
    SubmitJob,
    UploadPiece,
    read_payload,
)
from passbook.protocol.naming import check_name, check_one_key
from passbook.protocol.notice import AcknowledgeNotice, Notice, NoticePage, notice_of
from passbook.protocol.operation import Call, Operation, catalogue_of, operation
from passbook.protocol.pages import JobPage, Page, QuestionPage
from passbook.protocol.two_spools import (
    AGENTS_FIELDS,
    AGENTS_OWN,
    AgentSettings,
    GetSealed,
    PageAddress,
    SealedCopy,
    SetFeed,
)
from passbook.protocol.uploads import take_piece, whole_document
from spooler.clock import stamp
from spooler.logs import Log
from terminal.agent.both_histories import BothHistories
from terminal.agent.finished_copies import FinishedCopies, opened_copy
from terminal.agent.kept_list import KeptList
from terminal.agent.kept_notices import KeptNotices
from terminal.agent.kept_sides import KeptSides
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.own_holds import OwnHolds
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.own_printers import OwnPrinters
from terminal.agent.reach import Reach
from terminal.agent.submission import Submissions
from terminal.agent.turn_answers import TurnAnswers
from terminal.agent.upstream import Upstream

_LOG: Final = Log("operations")

_AWAY: Final = MechanismStatus(Device.OFFLINE, Media.UNKNOWN)
"""A printer of the appliance while that is away."""
CALLERS: Final = frozenset({Role.REQUESTER, Role.REPRESENTATIVE})
MOST_NOTICES: Final = 100
"""Ends in one answer."""
_PROGRAM: Final = "A program at this machine"
_OTHER: Final = "for another feeding copy with Spooler.SetFeed"


class AgentOperations:
    """The handlers; the performer behind the agent's door."""

    def __init__(
        self,
        *,
        own: OwnJobs,
        upstream: Upstream,
        submissions: Submissions,
        turns: TurnAnswers,
        printers: OwnPrinters,
        notices: KeptNotices,
        known: KnownAppliance,
        kept: KeptList,
        histories: BothHistories,
        holds: OwnHolds,
        finished: FinishedCopies,
        reach: Reach,
        sides: KeptSides,
        page_address: Callable[[Actor], Awaitable[str]],
        seen: Callable[[str], None],
        problems: Callable[[], list[PassbookError]],
    ) -> None:
        """`seen` is told of each end that was acknowledged; `problems` are those of the agent.

        `page_address` gives a program a new address of the page.
        """
        self._own = own
        self._upstream = upstream
        self._submissions = submissions
        self._turns = turns
        self._printers = printers
        self._notices = notices
        self._kept = kept
        self._histories = histories
        self._holds = holds
        self._finished = finished
        self._reach = reach
        self._sides = sides
        self._known = known
        self._page_address = page_address
        self._seen = seen
        self._problems = problems

    async def perform(self, call: Call, command: Envelope) -> Any:
        """Do a command here, or have the appliance do it.  Raises PassbookError."""
        if command.header.type is not MessageType.COMMAND:
            raise PassbookError("invalid-message", why="only commands are taken here")
        name = command.header.name
        if name in AGENTS_OWN:
            raise PassbookError("not-permitted", who=_PROGRAM, deed=f"send {name}, a word of the agent", whom=_OTHER)
        found = AGENT_OPERATIONS.get(name)
        if found is None:
            return await self._upstream.forward(command)
        return await getattr(self, found.handler)(call, read_payload(command, found.payload))

    @operation("Agent.GetSettings", CALLERS)
    async def settings(self, _call: Call, _payload: Nothing) -> AgentSettings:
        """Tell the choice where a person makes none, and the figures of the agent's spool and of the network."""
        return self._sides.figures(self._own.store.name, self._reach.silent_for(), self._problems())

    @operation("Agent.OpenPage", CALLERS)
    async def open_page(self, call: Call, _payload: Nothing) -> PageAddress:
        """Give an address at which a browser of this machine shows the page; it is good once."""
        return PageAddress(await self._page_address(call.actor))

    @operation("Common.Capabilities", CALLERS)
    async def capabilities(self, call: Call, _payload: Nothing) -> Capabilities:
        """Tell who the caller is, and the commands that it may use here now; fewer while the appliance is away."""
        own = tuple(AGENT_OPERATIONS)
        if not self._reach.is_reached:
            return capabilities_of(own, call.actor, "")
        told = await self._upstream.command("Common.Capabilities", Nothing(), Capabilities)
        theirs = [name for one in told.interfaces for name in one.commands if name not in AGENTS_OWN]
        return replace(told, interfaces=capabilities_of((*theirs, *own), call.actor, told.zone).interfaces)

    @operation("Common.Status", CALLERS)
    async def status(self, _call: Call, _payload: Nothing) -> StatusReport:
        """Tell the status of the appliance with the problems of the agent; while it is away, only these."""
        findings = tuple(map(Finding.of, self._problems()))
        mine = tuple(f"This terminal: {one.sentence}" for one in findings)
        if not self._reach.is_reached:
            counts = self._own.spool.counts()
            printers = tuple(
                PrinterView(name, _AWAY, -1, jobs=counts.get(name, JobCounts())) for name in self._known.printers()
            )
            all_jobs = sum(counts.values(), JobCounts())
            sheets = self._known.sheets()
            return StatusReport(printers, problems=mine, jobs=all_jobs, sheets=sheets, terminal_findings=findings)
        told = await self._upstream.command("Common.Status", Nothing(), StatusReport)
        return replace(told, problems=(*told.problems, *mine), terminal_findings=findings)

    @operation("Spooler.GetLayouts", CALLERS)
    async def layouts(self, _call: Call, _payload: Nothing) -> LayoutsReply:
        """Tell how documents are placed, as the appliance told it last."""
        known = self._known.welcome
        if known is None:
            return await self._upstream.command("Spooler.GetLayouts", Nothing(), LayoutsReply)
        return LayoutsReply(known.printers, known.layouts, known.imports, tuple(FORMATS))

    @operation("Spooler.UploadPiece", CALLERS)
    async def upload_piece(self, call: Call, piece: UploadPiece) -> Received:
        """Take the next bytes of a document; they are kept as long as the connection."""
        return take_piece(call.connection.uploads, piece)

    @operation("Spooler.CheckDocument", CALLERS)
    async def check_document(self, call: Call, asked: CheckDocument) -> CheckedDocument:
        """Have the appliance judge a document and tell its pages; while it is away, by what it told last."""
        document = whole_document(call.connection.uploads, asked)
        if not self._reach.is_reached:
            return await asyncio.to_thread(self._known.check, asked, document)
        bare = replace(asked, upload="", document=b"")
        return await self._upstream.command_with("Spooler.CheckDocument", bare, document, CheckedDocument)

    @operation("Spooler.SubmitJob", CALLERS)
    async def submit(self, call: Call, request: SubmitJob) -> JobView:
        """Accept one job by its choice; its completion comes when each spool that is to keep it answered."""
        for field in AGENTS_FIELDS:
            if getattr(request, field):
                raise PassbookError("invalid-message", why=f"payload.{field} is given by the agent alone")
        document = whole_document(call.connection.uploads, request)
        return await self._submissions.submit(replace(request, upload="", document=b""), document)

    @operation("Spooler.ListJobs", CALLERS)
    async def list_jobs(self, _call: Call, page: Page) -> JobPage:
        """List the jobs of the appliance; while it is away the list that the agent has, with its age.

        Own copies that the appliance does not have yet go before its own jobs.
        """
        if self._reach.is_reached:
            told = await self._upstream.command("Spooler.ListJobs", page, JobPage)
            there = {one.job for one in told.jobs}
            unsent = [one for one in self._own.unfinished() if self._submissions.is_waiting(one.job_id)]
            views = [self._own.view(one) for one in unsent if page.after == 0 and one.job_id not in there]
            return replace(told, jobs=(*views, *told.jobs))
        own = map(self._own.view, self._own.unfinished())
        return self._kept.page(own) if page.after == 0 else JobPage(())

    @operation("Spooler.GetJob", CALLERS)
    async def get_job(self, _call: Call, asked: JobRef) -> JobView:
        """Show one job as the appliance sees it; while it is away, or does not know it, the own copy."""
        try:
            return await self._upstream.job(asked.job)
        except PassbookError as error:
            record = self._own.found(asked.job)
            kept = self._kept.view(asked.job)
            if record is not None:
                return self._own.view(record)
            if kept is not None and error.code != "unknown-job":
                return kept
            raise

    @operation("Spooler.CancelJob", CALLERS)
    async def cancel(self, call: Call, order: JobOrder) -> JobView:
        """End a job; where its print right is here, that goes to the appliance first."""
        record = self._own.record(order.job)
        if record is None or record.ended:
            return await self._upstream.command("Spooler.CancelJob", order, JobView)
        name = call.actor.name
        if record.right.state is RightState.HERE:
            if self._printers.cancel(order.job, name, order.person):
                return self._own.view(record)
            if not await self._give(record):
                ended = changes.cancel(stamp(self._own.clock), name, order.person)
                return self._own.view(await self._own.change(order.job, ended))
        return await self._submissions.cancel(order, name)

    @operation("Spooler.HoldJob", CALLERS)
    async def hold(self, _call: Call, order: JobOrder) -> JobView:
        """Hold a job back; where its print right is here, the own copy is held, and the appliance's follows."""
        return await self._holds.hold(order, is_reached=self._reach.is_reached)

    @operation("Spooler.ReleaseJob", CALLERS)
    async def release(self, _call: Call, order: JobOrder) -> JobView:
        """Ask people again about a held job: about the own copy, where that is held with its print right."""
        return await self._holds.release(order, is_reached=self._reach.is_reached)

    @operation("Spooler.GetHistory", CALLERS)
    async def history(self, _call: Call, asked: GetHistory) -> HistoryReply:
        """Tell what happened to jobs, from both histories; while the appliance is away with the age of its part."""
        return await (self._histories.told(asked) if self._reach.is_reached else self._histories.apart(asked))

    async def _give(self, record: Record) -> bool:
        """Whether the appliance took the print right of this job, so that the appliance ends it."""
        may = record.valid and record.untouched and record.state is JobState.PENDING
        may = may and not self._printers.is_handed(record.job_id)
        if not may or not self._reach.is_reached or self._submissions.is_waiting(record.job_id):
            return False
        return await self._turns.give_right(record)

    @operation("Spooler.SetFeed", CALLERS)
    async def set_feed(self, call: Call, order: SetFeed) -> JobView:
        """Choose the copy from which a job is printed, in both spools."""
        view = await self._upstream.command("Spooler.SetFeed", order, JobView)
        record = self._own.record(view.job)
        if record is not None and not record.ended:
            by = Decider(call.actor.name, order.person)
            await self._own.change(view.job, changes.choose_feed(order.feed, by, stamp(self._own.clock)))
        return view

    @operation("Spooler.GetSealed", CALLERS)
    async def get_sealed(self, _call: Call, asked: GetSealed) -> SealedCopy:
        """Give the sealed content of the own copy, also of one that is finished and kept; else the appliance's."""
        record, finished = self._copies(asked.job)
        if finished is not None and record is not None and record.ended:
            return replace(finished, book=self._known.layout(record.layout))
        if record is None or record.ended or record.content_gone:
            return await self._upstream.command("Spooler.GetSealed", asked, SealedCopy)
        return self._own.sealed_copy(record, self._known.layout(record.layout))

    @operation("Spooler.GetDocument", CALLERS)
    async def get_document(self, call: Call, asked: GetDocument) -> StoredDocument:
        """Give the document of a finished copy that is kept; of any other job the appliance's."""
        record, finished = self._copies(asked.job)
        if finished is None or record is None or not record.ended:
            return await self._upstream.command("Spooler.GetDocument", asked, StoredDocument)
        check_name("person", asked.person)
        check_one_key(asked.key, asked.data_key)
        opened = await asyncio.to_thread(opened_copy, record, finished, asked)
        _LOG.info("document-read", job=record.job_id, terminal=call.actor.name, person=asked.person)
        return opened

    def _copies(self, beginning: str) -> tuple[Record | None, SealedCopy | None]:
        """The own copy of the job whose id is this or begins so, and the one that is kept after its end."""
        record = self._own.found(beginning)
        return record, None if record is None else self._finished.find(record.job_id)

    @operation("Recovery.ListQuestions", CALLERS)
    async def list_questions(self, _call: Call, page: Page) -> QuestionPage:
        """List the open questions: those of own copies first, then those of the appliance."""
        own = tuple(self._own.questions()) if page.after == 0 else ()
        if not self._reach.is_reached:
            return QuestionPage(own, count=len(own))
        told = await self._upstream.command("Recovery.ListQuestions", page, QuestionPage)
        # A hold that follows that of an own copy ends with the answer about that one.
        here = {one.job.job for one in own if one.job.right is RightState.HERE}
        theirs = tuple(one for one in told.questions if one.job.held_by is None or one.job.job not in here)
        count = told.count + len(own) - (len(told.questions) - len(theirs))
        return replace(told, questions=(*own, *theirs), count=count)

    @operation("Recovery.AnswerQuestion", CALLERS)
    async def answer_question(self, call: Call, answer: AnswerQuestion) -> JobView:
        """Take a person's answer about an own copy; one about the appliance's copy goes there."""
        if answer.side is not Side.TERMINAL:
            return await self._upstream.command("Recovery.AnswerQuestion", answer, JobView)
        record = self._own.record(answer.job)
        away = record is not None and record.right.state is not RightState.HERE
        if answer.verdict is Verdict.DISCARD and away and self._reach.is_reached:
            return await self.cancel(call, JobOrder(answer.job, answer.person))
        view = await self._own.answer(call.actor.name, answer)
        if view.valid and self._reach.is_reached and self._submissions.is_waiting(answer.job):
            await self._submissions.resume()
        elif view.valid and self._reach.is_reached:
            await self._have_followed(answer.job)
        return view

    async def _have_followed(self, job: str) -> None:
        """The own copy was ordered printed; what the appliance refuses of that is asked there."""
        try:
            await self._holds.follow(self._own.spool.record(job))
        except PassbookError as error:
            _LOG.warning("order-not-told", job=job, code=error.code)

    @operation("Spooler.ListNotices", CALLERS)
    async def list_notices(self, _call: Call, page: Page) -> NoticePage:
        """List the ends that a person at this machine must still see, then those that the appliance still tells."""
        own = tuple(self.own_notices()) if page.after == 0 else ()
        if not self._reach.is_reached:
            return NoticePage(own)
        told = await self._upstream.command("Spooler.ListNotices", page, NoticePage)
        mine = {one.job.job for one in own}
        return replace(told, notices=(*own, *(one for one in told.notices if one.job.job not in mine)))

    def own_notices(self) -> list[Notice]:
        """The ends that the agent tells: those that it stored, and those of own copies."""
        waiting = self._notices.waiting()
        known = {one.job.job for one in waiting}
        for ended in self._own.spool.notices.oldest(limit=MOST_NOTICES):
            job = ended.record.job_id
            if job not in known and not self._notices.is_shown(job):
                waiting.append(notice_of(ended.record, None))
        return waiting

    @operation("Spooler.AcknowledgeNotice", CALLERS)
    async def acknowledge_notice(self, call: Call, asked: AcknowledgeNotice) -> Notice:
        """Note that a person saw the end of a job."""
        stored = self._notices.drop(asked.job) if not self._notices.is_shown(asked.job) else None
        self._seen(asked.job)
        seen = Acknowledged(call.actor.name, stamp(self._own.clock))
        if stored is not None:
            return replace(stored, acknowledged=stored.acknowledged or seen)
        record = self._own.record(asked.job)
        if record is None or not record.ended or record.acknowledged is not None:
            return await self._upstream.command("Spooler.AcknowledgeNotice", asked, Notice)
        notice = replace(notice_of(without_outline(record), None), acknowledged=seen)
        if record.right.state is RightState.HERE:
            # The appliance must still hear of this end, and tells it then.
            self._notices.show(notice)
        else:
            await self._own.acknowledge(asked.job, call.actor.name)
        return notice


AGENT_OPERATIONS: Final[Mapping[str, Operation]] = catalogue_of(AgentOperations)
"""What the agent does itself, by the name that a command has on the wire."""
