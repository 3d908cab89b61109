"""The operations on documents, jobs, questions, notices and the history: who may call each, and how it is refused.

A handler takes a call (who asks, on which connection) and its payload, which was read and judged; it gives the reply,
or raises PassbookError and then, but for `outcome-unknown` and `change-unknown`, has changed nothing.  Work that takes
long goes to a thread.  An operator orders and never answers: only requesters and representatives answer questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

import msgspec

from firmware.people.grants import Grants
from firmware.people.notice_board import NoticeBoard
from firmware.people.questions import Questions
from firmware.people.roll import Roll
from firmware.service.acceptance import Acceptance
from firmware.service.answering import Answering
from firmware.service.book_reporter import BookReporter
from firmware.service.document_reader import DocumentReader
from firmware.service.mail_orders import MailOrders
from firmware.service.printer_report import PrinterReporter
from firmware.service.refusals import (
    ACCEPTED,
    ANSWERED,
    BEGINNING,
    DOCUMENT,
    FOUND,
    OPENED,
    ORDERED,
    SEARCHES,
    STORED,
    TURNED,
)
from firmware.service.replies import EntryList, ListedEntry
from firmware.service.roles import ALL, ALL_BUT_AUDITORS, AT_APPLIANCE, AT_TERMINALS, OPERATORS, RULING, WALLS
from firmware.service.upkeep_operations import UpkeepOperations
from passbook.document.documents import FORMATS
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, may_not_decide
from passbook.job.choice import Keep
from passbook.job.priorities import set_priority
from passbook.job.record import Decider, HistoryEntry, Record, without_outline
from passbook.job.states import JobState
from passbook.protocol.answer_all import AnswerAll, AnsweredAll
from passbook.protocol.book_words import BookReport, GetBook
from passbook.protocol.capabilities import Capabilities, ServiceAddress, Services, capabilities_of
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.document_check import CheckDocument, CheckedDocument
from passbook.protocol.environment import Environment, GetEnvironment, patience
from passbook.protocol.history_reply import GetHistory, HistoryLine, HistoryReply, line_of
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.messages import (
    AnswerQuestion,
    JobOrder,
    JobRef,
    JobView,
    MoveJob,
    Nothing,
    Received,
    SetPriority,
    StatusReport,
    SubmitJob,
    UploadPiece,
    on_a_wall,
    status_on_a_wall,
    view_of,
    without_people,
)
from passbook.protocol.naming import check_name
from passbook.protocol.notice import (
    AcknowledgeNotice,
    Canceled,
    GetHistoryHeads,
    HistoryHeads,
    Notice,
    NoticePage,
    notice_of,
)
from passbook.protocol.operation import Call, Operation, catalogue_of, operation
from passbook.protocol.operators import (
    ListHistory,
)
from passbook.protocol.outlines import GetOutline, JobOutline
from passbook.protocol.pages import JobPage, Page, QuestionPage, page_of
from passbook.protocol.printer_setup import PrintRuler
from passbook.protocol.progress import paper_words, state_words, take_words
from passbook.protocol.terminal_list import TerminalList
from passbook.protocol.two_spools import (
    AgentWelcome,
    ConfirmRight,
    GetSealed,
    GrantPreview,
    OfferRight,
    RegisterAgent,
    ReportJob,
    RightAnswer,
    SealedCopy,
    SetFeed,
    TakeTurn,
    TurnTaken,
)
from passbook.protocol.uploads import take_piece, whole_document
from spooler.agents import Agents
from spooler.clock import Clock, stamp
from spooler.desks import Desks
from spooler.jobs import Jobs
from spooler.logs import Log
from spooler.shared_names import SharedNames
from spooler.turns import Turns

_LOG: Final = Log("operations")

CANCEL_WAIT: Final = 45.0
"""Seconds for the line under way to be finished and the book to be given back; passbookctl waits a little longer."""


class Operations:
    """The handlers of the operations."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        admission: Acceptance,
        recovery: Questions,
        notices: NoticeBoard,
        desks: Desks,
        roll: Roll,
        now: Clock,
        turns: Turns,
        agents: Agents,
        names: SharedNames,
        grants: Grants,
        mailing: MailOrders,
        books: BookReporter,
        welcome: AgentWelcome,
        printers: PrinterReporter,
        status: Callable[[], StatusReport],
        uri: str,
        zone: str,
    ) -> None:
        """`welcome` is told to agents, `status` is known at once; the service is at `uri`, and its clock in `zone`."""
        self._now = now
        self._turns = turns
        self._agents = agents
        self._names = names
        self._mailing, self._books = mailing, books
        self._welcome = welcome
        self._printers = printers
        self._jobs, self._spool = jobs, jobs.spool
        self._admission = admission
        self._recovery = recovery
        self._answering = Answering(jobs, recovery)
        self._documents = DocumentReader(jobs, grants, welcome.layouts)
        self._notices = notices
        self._desks = desks
        self._roll = roll
        self._status, self._uri, self._zone = status, uri, zone

    @operation("ServicePublisher.GetServices", ALL)
    async def services(self, _call: Call, _payload: Nothing) -> Services:
        """Tell where the service is."""
        return Services("passbook-appliance", (ServiceAddress(self._uri),))

    @operation("Common.Status", ALL, is_served_locked=True)
    async def status(self, call: Call, _payload: Nothing) -> StatusReport:
        """Tell what is known now of printers, areas and terminals, without waiting for anything."""
        return status_on_a_wall(self._status()) if call.actor.is_wall else self._status()

    @operation("Common.Capabilities", ALL, is_served_locked=True)
    async def capabilities(self, call: Call, _payload: Nothing) -> Capabilities:
        """Tell who the caller is, and list the commands that it may use."""
        roles = call.actor.roles
        commands = tuple(one.name for one in OPERATIONS.values() if one.roles & roles)
        return capabilities_of(commands, call.actor, self._zone)

    @operation("Spooler.UploadPiece", AT_TERMINALS, "too-many-uploads", "document-too-large")
    async def upload_piece(self, call: Call, piece: UploadPiece) -> Received:
        """Take the next bytes of a document; they are kept as long as the connection."""
        return take_piece(call.connection.uploads, piece)

    @operation("Spooler.CheckDocument", AT_TERMINALS, *DOCUMENT, "unknown-upload")
    async def check_document(self, call: Call, asked: CheckDocument) -> CheckedDocument:
        """Judge a document as an acceptance would, and show its pages; nothing of it is kept."""
        document = whole_document(call.connection.uploads, asked)
        return self._documents.drawn(await self._admission.check(call.actor, asked, document))

    @operation("Spooler.SubmitJob", AT_TERMINALS, *ACCEPTED, *DOCUMENT)
    async def submit(self, call: Call, request: SubmitJob) -> JobView:
        """Accept one job; its completion comes when the job is on disk."""
        if request.job or request.digest or request.book is not None or request.choice.keep is not Keep.APPLIANCE:
            self._agents.must_be(call.connection)
        document = whole_document(call.connection.uploads, request)
        return self._view(call.actor, await self._admission.submit(call.actor, request, document))

    @operation("Spooler.GetLayouts", ALL_BUT_AUDITORS)
    async def layouts(self, _call: Call, _payload: Nothing) -> LayoutsReply:
        """Tell how documents are placed, so that a terminal can judge one, or draw its pages, without sending it."""
        return LayoutsReply(self._welcome.printers, self._welcome.layouts, self._welcome.imports, tuple(FORMATS))

    @operation("Spooler.RegisterAgent", AT_TERMINALS, "agent-connected")
    async def register_agent(self, call: Call, asked: RegisterAgent) -> AgentWelcome:
        """Take this connection for that of the terminal's agent; it is told the turns of its jobs."""
        check_name("spool", asked.spool)
        self._agents.register(call.connection, asked.spool)
        return self._welcome

    @operation("Spooler.TakeTurn", AT_TERMINALS, *TURNED, *DOCUMENT, "turn-over", "document-differs", "unknown-upload")
    async def take_turn(self, call: Call, asked: TakeTurn) -> TurnTaken:
        """Take the agent's part at the turn of a job: its right, its document, or that it has none."""
        self._agents.must_be(call.connection)
        document = whole_document(call.connection.uploads, asked)
        return await self._turns.take(call.actor.name, _named(asked), document)

    @operation("Spooler.OfferRight", AT_TERMINALS, *TURNED)
    async def offer_right(self, call: Call, asked: OfferRight) -> RightAnswer:
        """Take the print right of a job that its agent offers, so that the job can be ended here."""
        self._agents.must_be(call.connection)
        return await self._turns.offer(call.actor.name, _named(asked))

    @operation("Spooler.ConfirmRight", AT_TERMINALS, *TURNED)
    async def confirm_right(self, call: Call, asked: ConfirmRight) -> JobView:
        """Note what the agent did with the print right that was offered with a printer."""
        self._agents.must_be(call.connection)
        return self._view(call.actor, await self._turns.confirm(call.actor.name, _named(asked)))

    @operation("Spooler.ReportJob", AT_TERMINALS, *TURNED, "report-not-credible")
    async def report_job(self, call: Call, asked: ReportJob) -> JobView:
        """Note how far the agent is with a job that it prints, and the job's end."""
        self._agents.must_be(call.connection)
        return self._view(call.actor, await self._turns.report(call.actor.name, _named(asked).job, asked.told))

    @operation("Spooler.SetFeed", AT_TERMINALS, "unknown-job", *STORED, "not-allowed-in-state", "choice-not-possible")
    async def set_feed(self, call: Call, order: SetFeed) -> JobView:
        """Choose the copy from which a job is printed, until its turn."""
        record = self._decided(call.actor, JobOrder(order.job, order.person))
        by = Decider(call.actor.name, order.person)
        choosing = changes.choose_feed(order.feed, by, stamp(self._now))
        chosen = await asyncio.wrap_future(self._jobs.change(record.job_id, choosing))
        _LOG.info("feed-chosen", job=record.job_id, terminal=call.actor.name, person=order.person)
        return self._view(call.actor, chosen)

    @operation(
        "Spooler.SetPriority", AT_TERMINALS, "unknown-job", *STORED, "not-allowed-in-state", "priority-not-allowed"
    )
    async def set_priority(self, call: Call, order: SetPriority) -> JobView:
        """Give a job another priority, until it prints."""
        record = self._decided(call.actor, JobOrder(order.job, order.person))
        self._admission.judge_priority(order.priority)
        setting = set_priority(order.priority, Decider(call.actor.name, order.person), stamp(self._now))
        changed = await asyncio.wrap_future(self._jobs.change(record.job_id, setting))
        _LOG.info("priority-set", job=record.job_id, terminal=call.actor.name, person=order.person)
        return self._view(call.actor, changed)

    @operation("Spooler.GetOutline", ALL_BUT_AUDITORS, *FOUND)
    async def get_outline(self, _call: Call, asked: GetOutline) -> JobOutline:
        """Give the steps of an unfinished job without their text."""
        return JobOutline(asked.job, self._spool.job(_named(asked).job).record.outline)

    @operation("Spooler.ListJobs", ALL_BUT_AUDITORS | WALLS)
    async def list_jobs(self, call: Call, page: Page) -> JobPage:
        """List the jobs that have not ended, in the order of acceptance."""
        records = await asyncio.to_thread(self._spool.records, page.after, page.read)
        return JobPage(*page_of((self._view(call.actor, record) for record in records), page.limit))

    @operation("Spooler.GetJob", ALL_BUT_AUDITORS, *FOUND, *BEGINNING)
    async def get_job(self, call: Call, asked: JobRef) -> JobView:
        """Show one job, by its id or the beginning of it; also one that has ended."""
        return self._view(call.actor, self._spool.find(_named(asked).job))

    @operation("Spooler.GetBook", AT_TERMINALS)
    async def get_book(self, _call: Call, asked: GetBook) -> BookReport:
        """Tell where the books of one account stand to a terminal that shows the secrets of its books."""
        return self._books.report(asked)

    @operation("Spooler.GetDocument", AT_TERMINALS, *FOUND, *OPENED)
    async def get_document(self, call: Call, asked: GetDocument) -> StoredDocument:
        """Give the document of an unfinished job to a person who shows the job's key."""
        return await self._documents.read(call.actor, _named(asked))

    @operation(
        "Spooler.GetSealed", AT_TERMINALS, *FOUND, *BEGINNING, "content-gone", "document-not-kept", "no-key-to-show"
    )
    async def get_sealed(self, call: Call, asked: GetSealed) -> SealedCopy:
        """Give the sealed content of an unfinished job to its requester, or to a terminal with a grant."""
        return await self._documents.sealed(call.actor, _named(asked).job)

    @operation("Spooler.GrantPreview", AT_TERMINALS, *FOUND, "document-not-kept")
    async def grant_preview(self, call: Call, order: GrantPreview) -> JobView:
        """Let another terminal have the sealed content of the caller's job, until the job ends or the next boot."""
        return self._view(call.actor, self._documents.grant(call.actor, _named(order)))

    @operation("Spooler.CancelJob", AT_TERMINALS, *ORDERED)
    async def cancel(self, call: Call, order: JobOrder) -> JobView:
        """End a job; one that prints ends before its next step."""
        actor, record = call.actor, self._ordered(call.actor, order)
        ended = await self._desks.cancel(record, actor.name, order.person, senior=actor.is_representative)
        return self._view(actor, ended)

    @operation("Spooler.HoldJob", ALL_BUT_AUDITORS, *ORDERED)
    async def hold(self, call: Call, order: JobOrder) -> JobView:
        """Keep a job from printing, and ask no person about it."""
        record = self._ordered(call.actor, order)
        return self._view(call.actor, await self._desks.hold(record.job_id, call.actor.name, order.person))

    @operation("Spooler.ReleaseJob", ALL_BUT_AUDITORS, *ORDERED)
    async def release(self, call: Call, order: JobOrder) -> JobView:
        """Ask people again about a held job."""
        actor, record = call.actor, self._ordered(call.actor, order)
        senior = actor.is_representative or actor.is_operator
        return self._view(actor, await self._desks.release(record.job_id, actor.name, order.person, senior=senior))

    @operation("Spooler.MoveJob", AT_TERMINALS, *ORDERED, "cannot-move", "no-way-there", "unknown-printer")
    async def move(self, call: Call, order: MoveJob) -> JobView:
        """Send a job that waits to a substitute; the reply is the job that stands in for it there."""
        record = self._ordered(call.actor, JobOrder(order.job, order.person))
        return self._view(call.actor, await self._mailing.move(record, order))

    @operation(
        "Spooler.GetEnvironment",
        ALL_BUT_AUDITORS,
        "unknown-printer",
        "printer-busy",
        "appliance-stopping",
        "connection-lost",
    )
    async def environment(self, call: Call, wanted: GetEnvironment) -> Environment:
        """Count what a printer has printed and is to print, exactly, at its next boundary."""
        waiting = self._desks.environment(wanted.printer, patience(call.timeout))
        return await call.connection.while_connected(waiting)

    @operation("Spooler.GetHistory", AT_TERMINALS, "history-not-permitted", *SEARCHES)
    async def history(self, call: Call, asked: GetHistory) -> HistoryReply:
        """Tell what happened to jobs, with the names of people to those who may decide about the job."""
        actor = call.actor
        if asked.person and not actor.is_representative:
            raise PassbookError("history-not-permitted", who=actor.name)
        if asked.summary is not None:
            groups = await asyncio.to_thread(self._spool.summary, asked.summary, asked.wanted)
            return HistoryReply(summary=tuple(groups))
        told = await asyncio.to_thread(self._spool.history, "", asked.last, asked.wanted)
        return HistoryReply(tuple(self._line(actor, one.entry) for one in told))

    @operation("Spooler.GetHistoryHeads", ALL)
    async def history_heads(self, _call: Call, asked: GetHistoryHeads) -> HistoryHeads:
        """Tell how far each area's history is, and its chain value after entries that the caller names."""
        return self._notices.heads(asked.entries)

    @operation("Spooler.ListNotices", ALL_BUT_AUDITORS)
    async def list_notices(self, call: Call, page: Page) -> NoticePage:
        """List the notices that no person has acknowledged, of jobs that the caller may decide about."""
        return await self._notices.notices(call.actor, page)

    @operation("Spooler.AcknowledgeNotice", ALL_BUT_AUDITORS, "unknown-job", *STORED, "not-allowed-in-state")
    async def acknowledge_notice(self, call: Call, asked: AcknowledgeNotice) -> Notice:
        """Acknowledge the notice of a job's end; an operator that of a ruler, the one job that it sends."""
        return await self._notices.acknowledge(call.actor, _named(asked).job)

    @operation("Spooler.ListTerminals", RULING)
    async def list_terminals(self, _call: Call, _payload: Nothing) -> TerminalList:
        """List the terminals: when each was last heard, and how many open jobs and questions it has."""
        return TerminalList(self._roll.terminals())

    @operation("Recovery.ListQuestions", ALL_BUT_AUDITORS)
    async def list_questions(self, call: Call, page: Page) -> QuestionPage:
        """List the open questions that a terminal may answer; an operator sees all of them, without the wraps."""
        if call.actor.is_operator:
            rows, more = await asyncio.to_thread(page_of, self._recovery.all_questions(page.after), page.limit)
            sealed = tuple(msgspec.structs.replace(question, wraps=()) for question in rows)
            return QuestionPage(sealed, more, self._recovery.count(call.actor))
        behind = self._recovery.questions(call.actor, page.after)
        rows, more = await asyncio.to_thread(page_of, behind, page.limit)
        told = QuestionPage(rows, more, self._recovery.count(call.actor))
        self._recovery.note_put(told.questions)
        return told

    @operation("Recovery.AnswerQuestion", AT_TERMINALS, *ANSWERED)
    async def answer_question(self, call: Call, answer: AnswerQuestion) -> JobView:
        """Take a person's answer to a question; the first valid one counts."""
        return await self._recovery.answer(call.actor, _named(answer))

    @operation("Recovery.AnswerAll", AT_TERMINALS)
    async def answer_all(self, call: Call, order: AnswerAll) -> AnsweredAll:
        """Give one answer for every untouched job of a requester."""
        return await self._answering.answer_all(call.actor, order)

    @operation("Appliance.CancelJob", OPERATORS, *ORDERED, "stop-not-stored")
    async def cancel_and_wait(self, call: Call, order: JobOrder) -> Canceled:
        """End a job, wait for its last line, and say what of it is on paper.

        Apart from Spooler.CancelJob, because an operator gets no events that would tell the end.
        """
        record = self._ordered(call.actor, order)
        ordered = await self._desks.cancel(record, call.actor.name, order.person, senior=True)
        return _canceled(ordered, await self._desks.settled(ordered, CANCEL_WAIT))

    @operation("Appliance.ListHistory", AT_APPLIANCE, *SEARCHES)
    async def list_history(self, _call: Call, asked: ListHistory) -> EntryList:
        """List entries of the history unchanged, with names that owners share, or what their ends add up to.

        Apart from Spooler.GetHistory, because an auditor needs whole entries, and a terminal may not see all of them.
        """
        if asked.summary is not None:
            groups = await asyncio.to_thread(self._spool.summary, asked.summary, asked.wanted)
            return EntryList(summary=tuple(groups))
        told = await asyncio.to_thread(self._spool.history, "", asked.last, asked.wanted)
        return EntryList(tuple(ListedEntry.of(one, self._names.of(one.entry.record)) for one in told))

    @operation("Appliance.PrintRuler", OPERATORS, *ACCEPTED, *DOCUMENT)
    async def print_ruler(self, call: Call, order: PrintRuler) -> JobView:
        """Accept a job that prints a ruler on a sheet or slip, to measure where the printer puts its ink.

        It is the one job that an operator sends: its text is the appliance's own, and questions about it are for
        representatives.
        """
        check_name("person", order.person)
        request, text = self._printers.ruler(order, self._admission.usual_priority)
        record = await self._admission.submit(call.actor, request, text)
        _LOG.info("ruler-ordered", job=record.job_id, printer=record.printer, person=order.person)
        return self._view(call.actor, record)

    def _view(self, actor: Actor, record: Record) -> JobView:
        """A job as this actor may see it (P12)."""
        if actor.is_wall:
            return on_a_wall(self._desks.queues.view(record))
        view = self._names.shown(self._desks.queues.view(record), record)
        return view if actor.may_order(record.requester) else without_people(view)

    def _line(self, actor: Actor, entry: HistoryEntry) -> HistoryLine:
        """An entry of the history as this actor may see it (P12)."""
        line = line_of(entry, with_people=actor.may_decide(entry.record.requester))
        return msgspec.structs.replace(line, job=self._names.shown(line.job, entry.record))

    def _decided(self, actor: Actor, order: JobOrder) -> Record:
        """The job about which a person decides.  Raises `not-permitted` for an actor that may not (P12)."""
        check_name("person", order.person)
        record = self._spool.record(_named(order).job)
        if not actor.may_decide(record.requester):
            raise may_not_decide(actor.name, order.job)
        return record

    def _ordered(self, actor: Actor, order: JobOrder) -> Record:
        """The job of an order.  Raises `not-permitted` for an actor that may give none about it (P12)."""
        record = self._spool.record(_named(order).job)
        if not actor.may_order(record.requester):
            raise may_not_decide(actor.name, order.job)
        return record


class _OfAJob(Protocol):
    """A payload that names a job."""

    @property
    def job(self) -> str: ...


R = TypeVar("R", bound=_OfAJob)


def _named(payload: R) -> R:
    """The payload, when its job has a name that may stand in a sentence.  Raises `invalid-message`."""
    check_name("job", payload.job)
    return payload


def _canceled(ordered: Record, record: Record) -> Canceled:
    """The result of an ordered end: the job was as `ordered` then, and is `record` now."""
    notice = notice_of(without_outline(record) if record.ended else record, None)
    words = [state_words(notice.job)]
    if record.valid:
        words.append("It ends before its next step; the one under way has not been finished yet.")
    elif not record.ended:
        words.append("It is not ended: look at the paper. Who is asked about it decides.")
    elif record.state is not JobState.COMPLETED:
        words += [paper_words(notice), *take_words(view_of(ordered), notice)]
    return Canceled(" ".join(words), notice.job, notice.on_paper)


OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {**catalogue_of(Operations), **catalogue_of(UpkeepOperations)}
)
"""Every operation of the appliance, by the name that a command has on the wire."""
