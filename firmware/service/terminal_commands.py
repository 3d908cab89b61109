"""The commands of terminals: what each asks for and what it gets (docs/protocol.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from firmware.doors.terminal_session import TerminalSession
from firmware.people.notice_desk import NoticeDesk
from firmware.people.recovery_desk import RecoveryDesk
from firmware.people.roll import Roll
from firmware.service.acceptance import Acceptance
from firmware.service.answering import Answering
from firmware.service.history_command import HistoryCommand
from passbook.errors import PassbookError, shown
from passbook.job.record import Record
from passbook.protocol.answer_all import AnswerAll
from passbook.protocol.environment import GetEnvironment, patience
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_PIECE,
    AnswerQuestion,
    Envelope,
    JobRef,
    JobView,
    Nothing,
    StatusReport,
    SubmitJob,
    UploadPiece,
    read_payload,
    without_people,
)
from passbook.protocol.naming import check_name
from passbook.protocol.notice import AcknowledgeNotice, GetHistoryHeads
from passbook.protocol.pages import JobPage, Page, QuestionPage, page_of
from passbook.protocol.terminal_list import TerminalList
from spooler.desks import Desks
from spooler.jobs import Jobs

UPLOADS_LIMIT: Final = 1
"""Uploads that one connection may have open: each may take 1 MiB of memory, and a terminal sends one at a time."""

TerminalHandler = Callable[[TerminalSession, Envelope], Awaitable[Any]]


class TerminalCommands:
    """The commands by name; each raises PassbookError and then has changed nothing."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        admission: Acceptance,
        recovery: RecoveryDesk,
        notices: NoticeDesk,
        desks: Desks,
        roll: Roll,
        status: Callable[[], StatusReport],
        uri: str,
    ) -> None:
        self._jobs = jobs
        self._admission = admission
        self._recovery = recovery
        self._answering = Answering(jobs, recovery)
        self._notices = notices
        self._desks = desks
        self._roll = roll
        self._status = status
        self._uri = uri

    def handlers(self) -> dict[str, TerminalHandler]:
        """Command name -> handler."""
        return {
            "ServicePublisher.GetServices": self._services,
            "Common.Status": self._report_status,
            "Common.Capabilities": self._capabilities,
            "Spooler.UploadPiece": self._upload,
            "Spooler.SubmitJob": self._submit,
            "Spooler.ListJobs": self._list_jobs,
            "Spooler.GetJob": self._get_job,
            "Spooler.CancelJob": self._cancel,
            "Spooler.HoldJob": self._hold,
            "Spooler.ReleaseJob": self._release,
            "Spooler.GetHistory": HistoryCommand(self._jobs.spool),
            "Spooler.GetEnvironment": self._environment,
            "Spooler.ListNotices": self._list_notices,
            "Spooler.AcknowledgeNotice": self._acknowledge_notice,
            "Spooler.GetHistoryHeads": self._history_heads,
            "Spooler.ListTerminals": self._list_terminals,
            "Recovery.ListQuestions": self._questions,
            "Recovery.AnswerQuestion": self._answer_question,
            "Recovery.AnswerAll": self._answer_all,
        }

    async def _services(self, _session: TerminalSession, command: Envelope) -> Any:
        read_payload(command, Nothing)
        return {"vendorName": "passbook-appliance", "services": [{"serviceURI": self._uri}]}

    async def _report_status(self, _session: TerminalSession, command: Envelope) -> Any:
        read_payload(command, Nothing)
        return self._status()

    async def _capabilities(self, _session: TerminalSession, command: Envelope) -> Any:
        read_payload(command, Nothing)
        interfaces: dict[str, list[str]] = {}
        for name in self.handlers():
            interfaces.setdefault(name.partition(".")[0], []).append(name)
        return {"interfaces": [{"name": name, "commands": commands} for name, commands in interfaces.items()]}

    async def _upload(self, session: TerminalSession, command: Envelope) -> Any:
        piece = read_payload(command, UploadPiece)
        if piece.upload not in session.uploads and len(session.uploads) >= UPLOADS_LIMIT:
            raise PassbookError("too-many-uploads", limit=UPLOADS_LIMIT)
        if len(piece.data) > MAX_PIECE:
            raise PassbookError("invalid-message", why=f"a piece has at most {MAX_PIECE} bytes")
        buffer = session.uploads.setdefault(piece.upload, bytearray())
        if buffer is None or len(buffer) + len(piece.data) > MAX_DOCUMENT:
            session.uploads[piece.upload] = None
            raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
        buffer += piece.data
        return {"received": len(buffer)}

    async def _submit(self, session: TerminalSession, command: Envelope) -> Any:
        request = read_payload(command, SubmitJob)
        document = request.document
        if request.upload:
            document = _uploaded(session, request)
        record = await self._admission.submit(session.actor, request, document)
        return self._desks.queues.view(record)

    def _view(self, session: TerminalSession, record: Record) -> JobView:
        """A job as this terminal may see it (P12)."""
        view = self._desks.queues.view(record)
        return view if session.actor.may_decide(record.requester) else without_people(view)

    async def _list_jobs(self, session: TerminalSession, command: Envelope) -> Any:
        page = read_payload(command, Page)
        records = await asyncio.to_thread(self._jobs.spool.records, page.after, page.read)
        return JobPage(*page_of((self._view(session, record) for record in records), page.limit))

    async def _get_job(self, session: TerminalSession, command: Envelope) -> Any:
        return self._view(session, self._jobs.spool.find(_named(read_payload(command, JobRef)).job))

    async def _cancel(self, session: TerminalSession, command: Envelope) -> Any:
        record, person = self._ordered(session, command)
        senior = session.actor.is_representative
        return self._view(session, await self._desks.cancel(record, session.actor.name, person, senior=senior))

    async def _hold(self, session: TerminalSession, command: Envelope) -> Any:
        record, person = self._ordered(session, command)
        return self._view(session, await self._desks.hold(record.job_id, session.actor.name, person))

    async def _release(self, session: TerminalSession, command: Envelope) -> Any:
        record, person = self._ordered(session, command)
        senior = session.actor.is_representative
        return self._view(session, await self._desks.release(record.job_id, session.actor.name, person, senior=senior))

    def _ordered(self, session: TerminalSession, command: Envelope) -> tuple[Record, str]:
        """The job that an order is about, and who decided; only for who may decide about it (P12)."""
        reference = _named(read_payload(command, JobRef))
        record = self._jobs.spool.record(reference.job)
        if not session.actor.may_decide(record.requester):
            raise PassbookError("not-permitted", who=session.actor.name, job=reference.job)
        return record, reference.person

    async def _environment(self, session: TerminalSession, command: Envelope) -> Any:
        wanted = read_payload(command, GetEnvironment)
        waiting = self._desks.environment(wanted.printer, patience(command.header.timeout))
        return await session.while_connected(waiting)

    async def _list_notices(self, session: TerminalSession, command: Envelope) -> Any:
        return await self._notices.notices(session.actor, read_payload(command, Page))

    async def _acknowledge_notice(self, session: TerminalSession, command: Envelope) -> Any:
        return await self._notices.acknowledge(session.actor, _named(read_payload(command, AcknowledgeNotice)).job)

    async def _history_heads(self, _session: TerminalSession, command: Envelope) -> Any:
        return self._notices.heads(read_payload(command, GetHistoryHeads).entries)

    async def _list_terminals(self, session: TerminalSession, command: Envelope) -> Any:
        read_payload(command, Nothing)
        if not session.actor.is_representative:
            raise PassbookError("representatives-only", who=session.actor.name)
        return TerminalList(self._roll.terminals())

    async def _questions(self, session: TerminalSession, command: Envelope) -> Any:
        page = read_payload(command, Page)
        behind = self._recovery.questions(session.actor, page.after)
        rows, more = await asyncio.to_thread(page_of, behind, page.limit)
        told = QuestionPage(rows, more, self._recovery.count(session.actor))
        self._recovery.note_put(told.questions)
        return told

    async def _answer_question(self, session: TerminalSession, command: Envelope) -> Any:
        return await self._recovery.answer(session.actor, _named(read_payload(command, AnswerQuestion)))

    async def _answer_all(self, session: TerminalSession, command: Envelope) -> Any:
        return await self._answering.answer_all(session.actor, read_payload(command, AnswerAll))


def _uploaded(session: TerminalSession, request: SubmitJob) -> bytes:
    """The document that came in pieces.  Raises PassbookError when it did not, or not whole."""
    if request.document:
        raise PassbookError("invalid-message", why="document and upload are both given")
    if request.upload not in session.uploads:
        raise PassbookError("unknown-upload", upload=shown(request.upload))
    pieces = session.uploads.pop(request.upload)
    if pieces is None:
        raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
    return bytes(pieces)


R = TypeVar("R", JobRef, AnswerQuestion, AcknowledgeNotice)


def _named(payload: R) -> R:
    """The payload, when its job has a name that may stand in a sentence.  Raises `invalid-message`."""
    check_name("job", payload.job)
    return payload
