"""The terminal protocol: the XFS4IoT envelope (CWA 17852) and the payloads of `Spooler.*` and `Recovery.*`.

A message is a header and a payload.  The completion code stands in the header (framework 2.4.0 and later); an
error's stable code and sentence stand in the payload as `errorCode`, `errorDescription` and `errorFacts`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from passbook.book.claim import BookClaim, BookObjection
from passbook.document.drafts import StartLine
from passbook.document.plan import Sheet, StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.errors.decoding import field_complaint
from passbook.job.choice import Choice, Fed, IfApart, Keep, Side
from passbook.job.counts import JobCounts
from passbook.job.mailed import MailView, mail_view
from passbook.job.print_right import RightState
from passbook.job.record import Answered, Decider, Encryption, OnPaper, Record, Reported, Verdict, Wrap, on_paper_of
from passbook.job.states import JobState, Reason
from passbook.job.waiting import NO_PLACE, Waiting, waiting_of
from passbook.job.wording import lines_in
from passbook.protocol.completions import Completion
from passbook.protocol.finding import Finding
from passbook.protocol.media import MechanismStatus, Media

PROTOCOL_VERSION: Final = "2.0"
PUBLISHER_PATH: Final = "/xfs4iot/v1.0"
SERVICE_PATH: Final = "/xfs4iot/v1.0/Spooler"
PORT: Final = 5846
"""The first of the high ports that XFS4IoT reserves (CWA 17852; XFSConstants of the open framework)."""

MAX_MESSAGE: Final = 256 * 1024
"""Bytes of one message to the appliance; larger documents come in pieces."""
MAX_REPLY: Final = 64 * 1024 * 1024
"""Bytes of one message to a terminal: a page of a list of jobs or questions is the longest."""
MAX_PIECE: Final = 128 * 1024
"""Bytes of document in one piece, before base64."""
MAX_DOCUMENT: Final = 1024 * 1024
"""Bytes of a whole document."""
USUAL_PRIORITY: Final = 50
"""The priority of a job for which none is asked."""

REQUESTER_KEY_BYTES: Final = 32
"""Bytes of the key that comes with a job and seals it."""
POLICY_VIOLATION: Final = 1008
"""Close code of a WebSocket (RFC 6455 section 7.4.1) whose reason is a code of the catalogue."""

LARGEST_NUMBER: Final = 2**53
"""The highest number that a peer may send: every program that reads JSON has it exactly, and a row can hold it."""
Number = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]
"""A count, or the number of something, that a client sends."""


class MessageType(StrEnum):
    """The type of a message (CWA 17852, message header)."""

    COMMAND = "command"
    ACKNOWLEDGE = "acknowledge"
    EVENT = "event"
    COMPLETION = "completion"
    UNSOLICITED = "unsolicited"


class Header(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The header of every message; `request_id` pairs a command with its answers, 0 for unsolicited ones."""

    name: str
    type: MessageType
    request_id: Annotated[int, Meta(le=LARGEST_NUMBER)] = 0
    version: str = PROTOCOL_VERSION
    timeout: Number = 0
    status: str = ""
    completion_code: Completion | None = None


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message of the wire, its payload not yet read; it has no other member."""

    header: Header
    payload: msgspec.Raw = msgspec.Raw(b"{}")


class Payload(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Base of every payload: camel-case names; an unknown field is an error."""


class UploadPiece(Payload, frozen=True):
    """`Spooler.UploadPiece`: the next bytes of a document; `upload` is chosen by the terminal, per connection."""

    upload: str
    data: bytes


class Received(msgspec.Struct, frozen=True):
    """Completion of `Spooler.UploadPiece`: bytes of the document that have arrived so far."""

    received: int


class SubmitJob(Payload, frozen=True):
    """`Spooler.SubmitJob`: accept one job; its document is `document`, or the bytes uploaded as `upload`.

    Attributes:
        start: the place of the first line, if a person at the terminal decides it.
        layout: a layout in place of the one that the document names.
        import_name: an import profile by which a CSV document is read, in place of the one that it or its layout names.
        first: the terminal never sent this request before; so it can be accepted although an area cannot be asked.
        key: 32 bytes that wrap the data key; absent only if the appliance takes jobs without one.
        key_ref: the requester's own name for the key.
        job: the id that the terminal's agent made for the job: 32 lower-case hexadecimal digits; empty for one of ours.
        keep: the spools that keep the document; None where no person says: then the agent's rules and defaults do.
        feed: the copy that feeds the printer, likewise.
        if_apart: the order for the time in which the two spools cannot reach each other, likewise.
        outline: the steps, where the terminal alone keeps the document; at its turn the document must give the same.
        sheet: the page and pitch, likewise.
        digest: keyed digest of the terminal's copy, as document_digest() makes it; empty where it has none.
        content: with a digest, the content of the request as its person made it, as request_content() makes it.
        moved: why `keep` is not what the person chose, a keyword of Reason; empty where it is.
        application: the program that made the document.
        document_date: the ISO date of the document.
        shares_name: every terminal may see name and date.
        book_secrets: those of the account's books, 32 bytes each, by today's book key and by the earlier one, if any.
        book: what a terminal's agent made of them, which it gives in their place.
    """

    client_request: str
    printer: str
    format: str
    name: str = ""
    document: bytes = b""
    upload: str = ""
    priority: int = USUAL_PRIORITY
    start: StartLine | None = None
    layout: str = ""
    first: bool = False
    key: bytes = b""
    key_ref: str = ""
    job: str = ""
    keep: Keep | None = None
    feed: Side | None = None
    if_apart: IfApart | None = None
    outline: tuple[StepOutline, ...] = ()
    sheet: Sheet | None = None
    digest: str = ""
    content: str = ""
    moved: str = ""
    application: str = ""
    document_date: str = ""
    shares_name: bool = False
    book_secrets: tuple[bytes, ...] = ()
    book: BookClaim | None = None
    import_name: str = ""

    @property
    def choice(self) -> Choice:
        """The choice of the person; the appliance alone keeps a document without one.  Raises as choice_over() does."""
        return self.choice_over(Choice())

    def choice_over(self, defaults: Choice) -> Choice:
        """These defaults with what the person said in their place.  Raises PassbookError `choice-not-possible`."""
        return defaults.changed(keep=self.keep, feed=self.feed, if_apart=self.if_apart)


class JobRef(Payload, frozen=True):
    """`Spooler.GetJob`: which job."""

    job: str


class JobOrder(Payload, frozen=True):
    """`Spooler.CancelJob`, `Spooler.HoldJob`, `Spooler.ReleaseJob`, `Appliance.CancelJob`: what `person` decided."""

    job: str
    person: str


class MoveJob(Payload, frozen=True):
    """`Spooler.MoveJob`: `person` sends a job that waits to a substitute, the printer or next hop `to`.

    Attributes:
        from_line: the line of the document with which a begun job goes on there; 0 for an untouched one.
    """

    job: str
    to: str
    person: str
    from_line: int = 0


class SetPriority(Payload, frozen=True):
    """`Spooler.SetPriority`: `person` gives another priority to a job that does not print now."""

    job: str
    priority: int
    person: str


class Nothing(Payload, frozen=True):
    """The empty payload."""


class JobView(msgspec.Struct, frozen=True, rename="camel"):
    """The columns of a job that every terminal may see (P12).

    Attributes:
        begun: whether a step of it was ever sent, also before it was ordered anew.
        held_by: who holds it back.  People are named only to a terminal that may decide about the job.
        released_by: who lifted its last hold; None while another one stands.
        answered: the last decision about it: of an answer, or of a cancel.
        lines: how many lines its document has.
        lines_done: how many of them are confirmed on paper.
        waiting: why it waits; None when it is printing or has ended, and in the history.
        content_gone: its content was destroyed, because no answer came in time; its question can only be closed.
        side: the spool whose copy this is.
        choice: which spools keep the document, and which copy feeds the printer.
        moved: why it is not kept where the person chose, a keyword of Reason; empty where it is.
        fed: the copy that fed the printer, once one did, and why it was not the chosen one.
        right: whether that spool has the print right.
        lent: its printer was handed to its terminal, and is not back (P15).
        application: the program that made the document; empty where its terminal does not say.
        name: its name, where its owner shares it; else empty.
        document_date: its ISO date, likewise.
        reported: the end of the other copy, where the other spool told it, by the clock of that spool.
        mail: the mail that brought it, with how far it is for each recipient; None for a job of a terminal.
        moved_to: the destination and the job that stand in for it, as `window-2 1f0c...`; empty for none.
        book: why it was not printed into its book without a question, and where that stands; None where it fits.
        substituted: how many characters were replaced as its layout declares.
    """

    job: str
    requester: str
    client_request: str
    sequence: int
    accepted_at: str
    format: str
    layout: str
    printer: str
    priority: int
    state: JobState
    reasons: tuple[Reason, ...]
    valid: bool
    epoch: int
    steps: int
    confirmed: int
    sending: int
    key_ref: str
    changed_at: str
    begun: bool = True
    held_by: Decider | None = None
    lines: int = 0
    lines_done: int = 0
    released_by: Decider | None = None
    answered: Answered | None = None
    waiting: Waiting | None = None
    content_gone: bool = False
    side: Side = Side.APPLIANCE
    choice: Choice = Choice()
    moved: str = ""
    fed: Fed | None = None
    right: RightState = RightState.HERE
    lent: bool = False
    application: str = ""
    name: str = ""
    document_date: str = ""
    reported: Reported | None = None
    mail: MailView | None = None
    moved_to: str = ""
    book: BookObjection | None = None
    substituted: int = 0


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """The question about one job at one epoch (N1, P7).

    Attributes:
        confirmed: steps 1..confirmed are on paper.
        in_doubt: the step that was sent and not confirmed; 0 for none.
        lines_in_doubt: number of last lines that this dialect may leave unconfirmed.
        outline: place and width of every step.
        wraps: the data key sealed for its holders, so that a key ring can open it without sending its own key.
        readable: whether `print` and `resume` need no key: the data key is in memory, or the document is not kept here.
        identity: associated data of the wraps.
        proposed: an order to print lines on paper again, which another person must give too; None for none.
        sent_before: steps up to this one were sent before an answer ordered them again; they may be on paper.
    """

    job: JobView
    media: Media
    in_doubt: int
    lines_in_doubt: int
    outline: tuple[StepOutline, ...]
    encryption: Encryption
    recovery_ref: str
    wraps: tuple[Wrap, ...]
    readable: bool
    asked: bool
    identity: bytes
    answered: Answered | None
    proposed: Answered | None = None
    sent_before: int = 0

    @property
    def furthest_sent(self) -> int:
        """The furthest step that was ever sent, also before an answer ordered steps again; 0 for none."""
        return max(self.in_doubt, self.job.confirmed, self.sent_before)


class AnswerQuestion(Payload, frozen=True):
    """`Recovery.AnswerQuestion`: the order of a person (P7).

    Attributes:
        in_doubt: the step that the person saw in doubt; 0 for none.
        key: the requester's key (32 bytes), when its holder gives it.
        data_key: the data key of this one job, opened by a representative's key ring.
        new_key: a new requester's key, which seals the job from now on (F7).
        side: the spool whose question it is; an agent asks about its own copies.
    """

    job: str
    epoch: Number
    verdict: Verdict
    person: str
    step: Number = 0
    in_doubt: Number = 0
    key: bytes = b""
    data_key: bytes = b""
    new_key: bytes = b""
    new_key_ref: str = ""
    side: Side = Side.APPLIANCE


def first_step(answer: AnswerQuestion) -> int:
    """The first step that an answer orders; 0 where it orders none."""
    if answer.verdict is Verdict.RESUME:
        return answer.step
    return 1 if answer.verdict.prints else 0


class Prompt(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.MediaPromptEvent`: ask a person to handle a book; it names job and book.

    Attributes:
        job: empty when the book of an earlier job lies in the mechanism.
        action: `insert`, `turn` (insert again, opened at `page`), or `take`.
        layout: the book type.
        form: the kind of form of the sheet that is asked for; empty for none from stock.
        cassette: where that sheet lies.
        number: the number of that sheet; 0 for none.
        book: the number of the book in a job that goes on in a new one, from 1; 0 for a job of one book.
        books: the number of its books; 0 for a job of one book.
        is_new_book: a new book is asked for, on which nothing of the job is; with `take`, it is asked for next.
    """

    job: str
    printer: str
    action: str
    page: int
    layout: str = ""
    form: str = ""
    cassette: str = ""
    number: int = 0
    book: int = 0
    books: int = 0
    is_new_book: bool = False


class StepReport(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.StepEvent`: progress, step by step, to the requester.

    Attributes:
        kind: the kind of the last confirmed step; None while none is.
        lines_done: number of lines of the document that are on paper, of `lines`.
    """

    job: str
    confirmed: int
    sending: int
    steps: int
    kind: StepKind | None = None
    lines_done: int = 0
    lines: int = 0


class PrinterView(msgspec.Struct, frozen=True, rename="camel"):
    """One mechanism: its last words, the seconds since (-1: it never spoke), and the number of its jobs."""

    printer: str
    status: MechanismStatus
    age: int
    job: str = ""
    jobs: JobCounts = JobCounts()


class SheetView(msgspec.Struct, frozen=True, rename="camel"):
    """A sheet on which text is printed: the name of its layout, and its lines and characters of a line."""

    name: str
    lines: int
    columns: int


class StatusReport(msgspec.Struct, frozen=True, rename="camel"):
    """`Common.Status`: the last known state, with its age.

    Attributes:
        problems: the present problems, as sentences; each goes when it is remedied.
        jobs: counts of the jobs of all printers, also of printers that are not configured any more.
        notices: number of ends of jobs without an acknowledgement.
        sheets: the layouts of sheets, for a terminal that fills whole ones.
        books: whether books are remembered, as a sentence; empty where that is not known.
        findings: the problems again, each with its code and facts, but for those of an agent.
        terminal_findings: likewise those of the agent through which this came.
        area_states: the state of each storage area by its name.
    """

    printers: tuple[PrinterView, ...]
    terminals: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    jobs: JobCounts = JobCounts()
    notices: int = 0
    sheets: tuple[SheetView, ...] = ()
    books: str = ""
    findings: tuple[Finding, ...] = ()
    terminal_findings: tuple[Finding, ...] = ()
    area_states: dict[str, str] = {}


class ErrorPayload(msgspec.Struct, frozen=True, rename="camel"):
    """A failure: the stable code, the sentence for the person, and the facts in it."""

    error_code: str
    error_description: str
    error_facts: dict[str, str | int] = {}


class JobLeft(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.JobLeftEvent`: the storage of a job failed while it was printing; people must look at its paper.

    Nothing more of it prints. The appliance asks about its paper at the next boot, when its storage is back.
    """

    job: str
    error: ErrorPayload


T = TypeVar("T")


def view_of(record: Record, waiting: Waiting | None = None) -> JobView:
    """The columns of a record that every terminal may see, with the reason for which the job waits."""
    paper = on_paper_of(record) or OnPaper(0, 0)
    return JobView(
        job=record.job_id,
        requester=record.requester,
        client_request=record.request_id,
        sequence=record.sequence,
        accepted_at=record.accepted_at,
        format=record.format,
        layout=record.layout,
        printer=record.printer,
        priority=record.priority,
        state=record.state,
        reasons=record.reasons,
        valid=record.valid,
        epoch=record.epoch,
        steps=record.steps,
        confirmed=record.confirmed,
        sending=record.sending,
        key_ref=record.key_ref,
        changed_at=record.changed_at,
        begun=not record.untouched,
        held_by=record.held_by,
        lines=paper.lines,
        lines_done=paper.confirmed,
        released_by=record.released_by,
        answered=record.answered,
        waiting=waiting,
        content_gone=record.content_gone,
        side=record.side,
        choice=record.choice,
        moved=record.moved,
        fed=record.fed,
        right=record.right.state,
        lent=record.is_printer_lent and not record.ended,
        application=record.application,
        reported=record.reported,
        mail=None if record.mail is None else mail_view(record.mail),
        moved_to=record.moved_to,
        book=None if record.book is None else record.book.objection,
        substituted=record.substituted,
    )


def without_people(view: JobView) -> JobView:
    """A view for a terminal that may not decide about the job: it names no person (P12)."""
    return msgspec.structs.replace(
        view,
        held_by=_unnamed(view.held_by),
        released_by=_unnamed(view.released_by),
        answered=decision_without_people(view.answered),
        mail=None,
    )


def on_a_wall(view: JobView) -> JobView:
    """A view for a screen that everybody in the room sees: it names no person, sender, key or request."""
    # No terminal's name has a colon; behind that of a mail stands a person's address.
    requester = view.requester.partition(":")[0]
    return msgspec.structs.replace(without_people(view), requester=requester, client_request="", key_ref="")


def status_on_a_wall(status: StatusReport) -> StatusReport:
    """A status for such a screen, without the problems: the sentence about a paused printer names a person."""
    return msgspec.structs.replace(status, problems=(), findings=())


def decision_without_people(decision: Answered | None) -> Answered | None:
    """A decision that names no person."""
    if decision is None:
        return None
    return msgspec.structs.replace(decision, person="", seconded_by=_unnamed(decision.seconded_by))


def _unnamed(who: Decider | None) -> Decider | None:
    return None if who is None else Decider(who.terminal, "")


def report_of(record: Record) -> StepReport:
    """How far a job is, in steps and in lines."""
    done = record.outline[: record.confirmed]
    return StepReport(
        job=record.job_id,
        confirmed=record.confirmed,
        sending=record.sending,
        steps=record.steps,
        kind=done[-1].kind if done else None,
        lines_done=lines_in(done),
        lines=lines_in(record.outline),
    )


def question_of(record: Record, wraps: tuple[Wrap, ...], *, readable: bool) -> Question:
    """The question of an invalid record; the record itself is its only store."""
    return Question(
        job=view_of(record, waiting_of(record, NO_PLACE)),
        media=record.media,
        in_doubt=record.sending,
        lines_in_doubt=record.lines_in_doubt,
        outline=record.outline,
        encryption=record.encryption,
        recovery_ref=record.recovery_ref,
        wraps=wraps,
        readable=readable,
        asked=record.asked,
        identity=record.identity(),
        answered=record.answered,
        proposed=record.proposed,
        sent_before=record.sent_before,
    )


def encode(header: Header, payload: Any = None) -> bytes:
    """One message as UTF-8 JSON; bytes fields are base64."""
    body: dict[str, Any] = {"header": header}
    body["payload"] = {} if payload is None else payload
    return msgspec.json.encode(body)


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)


def decode(data: bytes, limit: int | None = MAX_MESSAGE) -> Envelope:
    """The inverse of encode, payload unread.

    Raises PassbookError `invalid-message`, and `message-too-large` for more than `limit` bytes; None is no limit.
    """
    if limit is not None and len(data) > limit:
        raise PassbookError("message-too-large", limit=limit)
    try:
        return _ENVELOPE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PassbookError("invalid-message", why=field_complaint(error, Envelope, "the message")) from None


def read_payload(envelope: Envelope, kind: type[T]) -> T:
    """The payload as `kind`.

    Raises PassbookError `invalid-message`, which names the field and the expected value, never the given one.
    """
    try:
        return msgspec.json.decode(envelope.payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PassbookError("invalid-message", why=field_complaint(error, kind, "the payload")) from None
