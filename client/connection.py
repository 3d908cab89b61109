"""One connection to the appliance: its commands, and the events that it sends unasked."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

import msgspec
from websockets.exceptions import ConnectionClosed

from client.remote import RemoteError, closed
from client.transport import Address, TlsTransport, Transport
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.protocol.answer_all import AnswerAll, AnsweredAll
from passbook.protocol.book_words import BookReport, GetBook
from passbook.protocol.completions import Completion
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.environment import Environment, GetEnvironment
from passbook.protocol.events import EVENTS, ToldEvent
from passbook.protocol.history_reply import GetHistory, HistoryReply
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_PIECE,
    AnswerQuestion,
    Envelope,
    ErrorPayload,
    Header,
    JobOrder,
    JobRef,
    JobView,
    MessageType,
    MoveJob,
    Nothing,
    Payload,
    Question,
    Received,
    SetPriority,
    StatusReport,
    SubmitJob,
    UploadPiece,
    decode,
    encode,
    read_payload,
)
from passbook.protocol.notice import AcknowledgeNotice, GetHistoryHeads, HistoryHeads, Notice, NoticePage
from passbook.protocol.pages import JobPage, Page, QuestionPage
from passbook.protocol.terminal_list import TerminalList, TerminalView
from passbook.protocol.two_spools import AgentSettings, GetSealed, GrantPreview, PageAddress, SealedCopy, SetFeed

T = TypeVar("T")

MAX_WAITING: Final = 4096
"""Events that wait to be read; the oldest go first, since all that events tell can be asked again."""


class Event(NamedTuple):
    """Something that the appliance told, by a name of passbook.protocol.events, and what it says."""

    name: str
    what: ToldEvent


class Client:
    """One connection: `async with Client(transport) as client`.

    Every command raises PassbookError: what the appliance reported, or `connection-lost`.  After that nothing is
    known of the outcome; sending the same request over a new connection is always safe.
    """

    def __init__(
        self, transport: Transport, answer_timeout: float = 30.0, *, heard: Callable[[Envelope], None] | None = None
    ) -> None:
        """Connect later; `answer_timeout` is in seconds, for one answer.

        `heard` takes each unsolicited message unread, for a caller that hands them on; then events() has none.
        """
        self._transport = transport
        self._timeout = answer_timeout
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Envelope]] = {}
        self._events: deque[Event] = deque(maxlen=MAX_WAITING)
        self._told = asyncio.Event()
        self._lost: Exception | None = None
        self._heard = heard

    async def __aenter__(self) -> Self:
        """Connect.  Raises PassbookError as the transport does."""
        self._connection = await self._transport.open(self._timeout)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection; commands that still wait end with `connection-lost`."""
        if isinstance(error, asyncio.CancelledError):
            # A person who leaves waits for no appliance that has lost its power.
            self._connection.transport.abort()
        await self._connection.close()
        await self._reader

    async def events(self) -> AsyncIterator[Event]:
        """Give each event in order, from the beginning of the connection; raises PassbookError when that is lost.

        A defect in what takes the messages is raised unchanged.
        """
        while True:
            while self._events:
                yield self._events.popleft()
            if self._lost is not None:
                raise self._lost
            self._told.clear()
            await self._told.wait()

    async def command(self, name: str, payload: Payload, kind: type[T], patience: float = 0.0) -> T:
        """Send one command and wait for its completion, read as `kind`; the appliance may take `patience` seconds."""
        header = Header(name, MessageType.COMMAND, timeout=int(patience * 1000))
        return _result(await self._answered(header, payload), kind)

    async def forward(self, command: Envelope) -> Envelope:
        """Send a command of another connection, and return what ended it; its payload is read on neither way."""
        header = command.header
        sent = Header(header.name, MessageType.COMMAND, timeout=header.timeout)
        return await self._answered(sent, command.payload)

    async def round_trip(self) -> float:
        """Have the other side answer a ping, behind all that is sent before; return the seconds until it did.

        Raises PassbookError when the connection is lost.
        """
        try:
            return await (await self._connection.ping())
        except ConnectionClosed as error:
            raise closed(error) from None

    async def _answered(self, header: Header, payload: Payload | msgspec.Raw) -> Envelope:
        """Send one command; return its completion, or the acknowledgement of one that could not be read."""
        number = next(self._numbers)
        message = _encoded(msgspec.structs.replace(header, request_id=number), payload)
        answer: asyncio.Future[Envelope] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._send(message)
            async with asyncio.timeout(self._timeout + header.timeout / 1000):
                return await answer
        except TimeoutError:
            raise PassbookError("connection-lost") from None
        finally:
            del self._answers[number]
            if answer.done() and not answer.cancelled():
                # Where sending failed first, no other code asks for the reason.
                answer.exception()

    async def _send(self, message: bytes) -> None:
        if self._lost is not None:
            raise self._lost
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            raise closed(error) from None

    async def _read(self) -> None:
        """Hand every message to who waits for it, until the connection or a defect of ours ends that."""
        try:
            while True:
                self._take(decode(await self._connection.recv(decode=False), self._transport.longest))
        except ConnectionClosed as error:
            self._lose(closed(error))
        except Exception as error:  # noqa: BLE001 - who waits must hear of a defect too, and the supervisor by them
            # What follows a message that cannot be read cannot be trusted to belong to anything.
            self._lose(error)
            with suppress(ConnectionClosed):
                await self._connection.close()

    def _lose(self, lost: Exception) -> None:
        self._lost = lost
        self._told.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(lost)

    def _take(self, message: Envelope) -> None:
        header = message.header
        match header.type:
            case MessageType.UNSOLICITED if self._heard is not None:
                self._heard(message)
            case MessageType.UNSOLICITED if header.name in EVENTS:
                self._events.append(Event(header.name, read_payload(message, EVENTS[header.name])))
                self._told.set()
            case MessageType.ACKNOWLEDGE if not header.status:
                pass
            case MessageType.ACKNOWLEDGE | MessageType.COMPLETION:
                for answer in self._meant(header.request_id):
                    if not answer.done():
                        answer.set_result(message)
            case _:
                pass

    def _meant(self, number: int) -> list[asyncio.Future[Envelope]]:
        """The commands that an answer is for; without a number it is for one that could not be read, so for all."""
        if not number:
            return list(self._answers.values())
        return [self._answers[number]] if number in self._answers else []


class TerminalClient(Client):
    """One connection of a terminal: `async with TerminalClient(address, context) as client`."""

    def __init__(self, address: Address, context: ssl.SSLContext, answer_timeout: float = 30.0) -> None:
        """Connect later, with `context` from terminal.terminal_tls; `answer_timeout` is in seconds, for one answer."""
        super().__init__(TlsTransport(address, context), answer_timeout)

    @classmethod
    def at(cls, transport: Transport, answer_timeout: float = 30.0) -> Self:
        """Connect later by another transport: to the terminal's agent, which answers as the appliance does."""
        client = cls.__new__(cls)
        Client.__init__(client, transport, answer_timeout)
        return client

    async def status(self) -> StatusReport:
        """What is known of printers, areas and terminals."""
        return await self.command("Common.Status", Nothing(), StatusReport)

    async def environment(self, printer: str, patience: float) -> Environment:
        """What a printer has printed and is to print, at its next boundary.  Raises `printer-busy` after `patience`.

        The appliance does the commands of a connection one after the other: what else is sent waits for this one.
        """
        wanted = GetEnvironment(printer)
        return await self.command("Spooler.GetEnvironment", wanted, Environment, patience)

    async def submit(self, job: SubmitJob) -> JobView:
        """Have `job` accepted; a large document goes ahead in pieces.

        The same `client_request` with the same content is the same job, however often and over however many
        connections it is sent.
        """
        if len(job.document) > MAX_DOCUMENT:
            raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
        if len(job.document) > MAX_PIECE:
            await self._upload(job.client_request, job.document)
            job = msgspec.structs.replace(job, document=b"", upload=job.client_request)
        return await self.command("Spooler.SubmitJob", job, JobView)

    async def jobs(self) -> tuple[JobView, ...]:
        """Every job that the appliance keeps."""
        return (await self.job_list()).jobs

    async def job_list(self) -> JobPage:
        """Every job that the appliance keeps, on one page, with the age of that list."""
        page = await self.command("Spooler.ListJobs", Page(), JobPage)
        found, age = page.jobs, page.age
        while page.more and page.jobs:
            page = await self.command("Spooler.ListJobs", Page(page.jobs[-1].sequence), JobPage)
            found += page.jobs
        return JobPage(found, age=age)

    async def terminals(self) -> tuple[TerminalView, ...]:
        """Every terminal that the appliance knows.  Raises `not-permitted`."""
        return (await self.command("Spooler.ListTerminals", Nothing(), TerminalList)).terminals

    async def job(self, job: str) -> JobView:
        """One job, also when it has ended.  Raises `unknown-job`."""
        return await self.command("Spooler.GetJob", JobRef(job), JobView)

    async def book(self, secrets: tuple[bytes, ...]) -> BookReport:
        """Where the books of one account stand, by the secrets of its books."""
        return await self.command("Spooler.GetBook", GetBook(secrets), BookReport)

    async def document(self, asked: GetDocument) -> StoredDocument:
        """The document of an unfinished job, by its key.  Raises `wrong-key`, `key-needed` or `no-key-to-show`."""
        return await self.command("Spooler.GetDocument", asked, StoredDocument)

    async def agent_settings(self) -> AgentSettings:
        """The defaults of the agent at the other end, and the figures of its spool."""
        return await self.command("Agent.GetSettings", Nothing(), AgentSettings)

    async def layouts(self) -> LayoutsReply:
        """The printers, layouts and import profiles by which documents are judged."""
        return await self.command("Spooler.GetLayouts", Nothing(), LayoutsReply)

    async def page_address(self) -> PageAddress:
        """An address at which a browser of this machine shows the page, from the agent at the other end."""
        return await self.command("Agent.OpenPage", Nothing(), PageAddress)

    async def set_feed(self, job: str, feed: Side, person: str) -> JobView:
        """Change the copy from which a job shall be printed; `person` decided that."""
        return await self.command("Spooler.SetFeed", SetFeed(job, feed, person), JobView)

    async def set_priority(self, job: str, priority: int, person: str) -> JobView:
        """Give a job that waits another priority; `person` decided that."""
        return await self.command("Spooler.SetPriority", SetPriority(job, priority, person), JobView)

    async def grant_preview(self, job: str, terminal: str, person: str) -> JobView:
        """Let `terminal` have the sealed content of a job; `person` decided that."""
        return await self.command("Spooler.GrantPreview", GrantPreview(job, terminal, person), JobView)

    async def sealed(self, job: str) -> SealedCopy:
        """The sealed content of a job.  Raises `not-permitted` for that of another terminal without a grant."""
        return await self.command("Spooler.GetSealed", GetSealed(job), SealedCopy)

    async def cancel(self, job: str, person: str) -> JobView:
        """End a job; `person` decided that."""
        return await self.command("Spooler.CancelJob", JobOrder(job, person), JobView)

    async def hold(self, job: str, person: str) -> JobView:
        """Hold a job back that does not print; `person` decided that."""
        return await self.command("Spooler.HoldJob", JobOrder(job, person), JobView)

    async def release(self, job: str, person: str) -> JobView:
        """Have people asked again about a held job; `person` decided that."""
        return await self.command("Spooler.ReleaseJob", JobOrder(job, person), JobView)

    async def move(self, job: str, to: str, person: str, from_line: int = 0) -> JobView:
        """Send a job that waits to a substitute; `person` decided that.  Returns the job there.

        `from_line`: the line with which a begun job goes on there.
        """
        return await self.command("Spooler.MoveJob", MoveJob(job, to, person, from_line), JobView)

    async def history(self, asked: GetHistory) -> HistoryReply:
        """What happened to jobs, the newest last, or what their ends add up to."""
        return await self.command("Spooler.GetHistory", asked, HistoryReply)

    async def questions(self) -> tuple[Question, ...]:
        """The open questions that this terminal may answer."""
        page = await self.command("Recovery.ListQuestions", Page(), QuestionPage)
        found = page.questions
        while page.more and page.questions:
            page = await self.command("Recovery.ListQuestions", Page(page.questions[-1].job.sequence), QuestionPage)
            found += page.questions
        return found

    async def answer(self, answer: AnswerQuestion) -> JobView:
        """Answer a question; repeating an answer that won gives its result again."""
        return await self.command("Recovery.AnswerQuestion", answer, JobView)

    async def answer_all(self, answer: AnswerAll) -> AnsweredAll:
        """Answer the next untouched jobs of a requester."""
        return await self.command("Recovery.AnswerAll", answer, AnsweredAll)

    async def notices(self) -> tuple[Notice, ...]:
        """The notices that this terminal may acknowledge and that no person has acknowledged."""
        page = await self.command("Spooler.ListNotices", Page(), NoticePage)
        found = page.notices
        while page.more and page.notices:
            page = await self.command("Spooler.ListNotices", Page(page.notices[-1].job.sequence), NoticePage)
            found += page.notices
        return found

    async def acknowledge(self, job: str) -> Notice:
        """Say that the end of a job was shown to a person, or stored; the first who says it counts."""
        return await self.command("Spooler.AcknowledgeNotice", AcknowledgeNotice(job), Notice)

    async def history_heads(self, entries: dict[str, int]) -> HistoryHeads:
        """How far the appliance's history is now, and what it was after so many `entries` of the areas named there."""
        return await self.command("Spooler.GetHistoryHeads", GetHistoryHeads(entries), HistoryHeads)

    async def _upload(self, name: str, document: bytes) -> None:
        for start in range(0, len(document), MAX_PIECE):
            piece = UploadPiece(name, document[start : start + MAX_PIECE])
            await self.command("Spooler.UploadPiece", piece, Received)


def _encoded(header: Header, payload: Payload | msgspec.Raw) -> bytes:
    try:
        return encode(header, payload)
    except UnicodeEncodeError:
        # A word of a command line can hold bytes that are no text.
        raise PassbookError("invalid-message", why="a field is not text") from None


def _result(message: Envelope, kind: type[T]) -> T:
    """The payload of a completion.  Raises the error that it, or an acknowledgement, tells."""
    header = message.header
    if header.type is MessageType.COMPLETION and header.completion_code is Completion.SUCCESS:
        return read_payload(message, kind)
    try:
        raise RemoteError(read_payload(message, ErrorPayload))
    except PassbookError as error:
        if isinstance(error, RemoteError):
            raise
    raise PassbookError("invalid-message", why=header.status or "an error without its description")
