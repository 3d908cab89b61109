"""The record of one job, which is kept in clear, and the value of one change of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec

from passbook.book.claim import BookClaim, without_names
from passbook.document.plan import Sheet, StepOutline
from passbook.job.choice import Choice, Fed, Side
from passbook.job.issue import FormIssue
from passbook.job.mailed import Mailed
from passbook.job.print_right import PrintRight, RightState
from passbook.job.states import TERMINAL, JobState, Reason
from passbook.protocol.media import Media


class Encryption(StrEnum):
    """The owner of the key that wraps the data key of a job."""

    REQUESTER = "requester"
    """The requester; after a power cut only a person who has the key can make the job readable."""
    APPLIANCE = "appliance"
    """The appliance; used only if the operator allows it."""


class Verdict(StrEnum):
    """The order of a person in an answer."""

    PRINT = "print"
    """Print from the first step."""
    RESUME = "resume"
    """Print from the step that the answer names; one past the last step says that all is on paper."""
    NEW_BOOK = "new-book"
    """Print from the first step, into a new book: the memory of the one before counts no more."""
    DISCARD = "discard"
    """End the job; nothing more is printed."""
    HOLD = "hold"
    """Keep the job, and do not ask again until it is released or the appliance boots."""

    @property
    def prints(self) -> bool:
        """Whether it orders lines printed, or claims that they are."""
        return self in {Verdict.PRINT, Verdict.RESUME, Verdict.NEW_BOOK}


OPERATOR: Final = "@operator"
"""The name in place of a terminal for an order from the operators' socket; no certificate can have this name."""


class Decider(msgspec.Struct, frozen=True, rename="camel"):
    """A person at a terminal: the certificate name of the terminal, and the name that the person gave."""

    terminal: str
    person: str


class Answered(msgspec.Struct, frozen=True, rename="camel"):
    """The answer that won at `epoch`: repeating it gives this result (P7).

    Attributes:
        step: the first step that it orders; 0 if the verdict orders none.
        in_doubt: the step that the person saw in doubt; 0 for none.
        terminal: certificate name of the terminal that gave it.
        person: who decided, as that person said.
        seconded_by: who gave the same order, where it took two to have lines on paper printed again.
        at: when it was taken, ISO 8601 in UTC; empty before it is.
        line: the document's line with which it goes on, one past the last for none; 0 where the verdict orders none.
    """

    epoch: int
    verdict: Verdict
    step: int
    in_doubt: int
    terminal: str
    person: str
    seconded_by: Decider | None = None
    at: str = ""
    line: int = 0


class Acknowledged(msgspec.Struct, frozen=True, rename="camel"):
    """The first acknowledgement that the end was shown to a person or stored (P8), with its time: ISO 8601 in UTC."""

    terminal: str
    at: str


class OnPaper(msgspec.Struct, frozen=True, rename="camel"):
    """The part of a job that is on paper, counted in lines of its document.

    Attributes:
        confirmed: lines 1..confirmed are on paper, but perhaps for the last ones, as `unsure` says.
        in_doubt: the line that was sent and not confirmed; 0 for none.
        again: lines up to this one were sent before and ordered again, so they may be on paper; 0 for none.
        unsure: the number of last confirmed lines that a printer of this dialect may have lost (P3).
    """

    lines: int
    confirmed: int
    in_doubt: int = 0
    again: int = 0
    unsure: int = 0


class Reported(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The end of a job as the other spool noted it; its entry there and the one here are of the same event.

    Attributes:
        at: when it ended, ISO 8601 in UTC by the clock of that spool.
        clock_trusted: whether that clock was trusted.
        area: the area of that spool with the entry; empty where it names none.
        entry: the number of the entry in the history of that area.
        chain: the chain value of that entry, in hexadecimal digits.
    """

    at: str
    clock_trusted: bool = False
    area: str = ""
    entry: int = 0
    chain: str = ""

    def is_same(self, other: Reported) -> bool:
        """Whether both name one entry."""
        return (self.area, self.entry, self.chain) == (other.area, other.entry, other.chain)


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One job, in clear: no document, no name, no account (P5).

    The first group never changes and, but for the place in the order, is bound to every sealed byte; the second
    changes, one version at a time.

    Attributes:
        job_id: ours, unique over all areas and boots; lower-case hexadecimal.
        requester: certificate name of the terminal that sent it.
        request_id: the requester's own id for the request.
        sequence: place in the order of acceptance of one appliance, never the clock (F9).
        accepted_at: wall time, ISO 8601 in UTC, for people only.
        key_ref: the requester's name for the key; empty for Encryption.APPLIANCE.
        recovery_ref: the branch recovery key under which the data key is wrapped too; empty for none.
        layout: name of the book layout or sheet on which the document was placed.
        sheet: page and pitch of that layout; a layout that changes later moves nothing.
        steps: number of steps of the plan; they are counted from 1.
        size: bytes that its sealed content takes.

        valid: may be printed without asking a person, in the boot `boot`.
        boot: number of the boot of its area in which it was changed last; 0 before it is stored.
        epoch: rises at every invalidation and every stop in doubt; with job_id it names a question.
        asked: whether the open question is put to people; False after the answer `hold`.
        business_date: ISO date of the business day of acceptance, of the last answer, or of its re-dating.
        clock_trusted: whether the clock was, when business_date was written.
        held_by: who holds it back; None while nothing does.
        released_by: who lifted its last hold; None while another one stands.
        begun: whether a step of it was ever sent, also before it was ordered anew.
        confirmed: steps 1..confirmed are on paper, by the printer's confirmation or a person's word.
        sending: the step that was sent and not confirmed; 0 for none.
        sent_before: the furthest step that was sent before an answer ordered steps again; 0 for none.
        lines_in_doubt: the number of last lines that this mechanism's dialect may leave unconfirmed (P3).
        media: the place of the medium, as known when the job stopped.
        proposed: an order that takes two people, until the second one gives it too.
        reprints: how many lines on paper were ordered again, over all answers.
        changed_at: since when it is in its state, or its question stands.
        acknowledged: who took note of its end; None while that is to be told (P8).
        on_paper: told instead of the outline, where that is left out.
        content_gone: document, plan and wraps were destroyed, as no answer came in time (F4); it can only be closed.
        right: whether this spool has the right to print it; always, where there is one spool only (P13).
        side: the spool in which this copy of the record lies.
        choice: which spools keep its document, and which copy feeds the printer (C1, C2).
        moved: why the document is not kept where the person chose, a keyword of Reason; empty where it is.
        digest: keyed digest of the document, which the terminal's copy must give at its turn; empty where it has none.
        application: the program that made the document, as its terminal says; empty where it does not.
        shared: its name and document date, sealed under the key of this store, where its owner shares them (C6).
        turn: the number of its last turn that is over; a word about that one or an earlier one is not taken.
        handed: its printer was given to the terminal together with the right, and is not back (P15).
        fed: the copy that feeds the printer, once that is known.
        reported: the end of the other copy, where the other spool told it; None where it told none.
        mail: the mail that brought it; None for a job of a terminal.
        stands_for: the job for which it stands in, at a substitute; empty for none.
        moved_to: the destination and the job that stand in for it, as `window-2 1f0c...`; empty for none.
        issue: the form of which it takes sheets from stock, and those that it has drawn; None where it takes none.
        book: the book for which it is; None for another document, and where its terminal has no book key.
        import_name: the import profile that a person named for its document; empty for none.
        substituted: how many characters were replaced as its layout declares.
    """

    job_id: str
    requester: str
    request_id: str
    sequence: int
    accepted_at: str
    format: str
    printer: str
    encryption: Encryption
    steps: int
    outline: tuple[StepOutline, ...]
    size: int
    layout: str = ""
    sheet: Sheet = Sheet(0)

    key_ref: str = ""
    recovery_ref: str = ""
    priority: int = 50
    valid: bool = True
    boot: int = 0
    state: JobState = JobState.PENDING
    reasons: tuple[Reason, ...] = ()
    epoch: int = 0
    asked: bool = True
    held_by: Decider | None = None
    released_by: Decider | None = None
    business_date: str = ""
    clock_trusted: bool = False
    begun: bool = False
    confirmed: int = 0
    sending: int = 0
    sent_before: int = 0
    lines_in_doubt: int = 1
    media: Media = Media.UNKNOWN
    answered: Answered | None = None
    proposed: Answered | None = None
    reprints: int = 0
    changed_at: str = ""
    acknowledged: Acknowledged | None = None
    on_paper: OnPaper | None = None
    content_gone: bool = False
    right: PrintRight = PrintRight()
    side: Side = Side.APPLIANCE
    choice: Choice = Choice()
    moved: str = ""
    digest: str = ""
    application: str = ""
    shared: bytes = b""
    turn: int = 0
    handed: bool = False
    fed: Fed | None = None
    reported: Reported | None = None
    mail: Mailed | None = None
    stands_for: str = ""
    moved_to: str = ""
    issue: FormIssue | None = None
    book: BookClaim | None = None
    import_name: str = ""
    substituted: int = 0

    @property
    def ended(self) -> bool:
        """Whether the job is in a terminal state: then its content is gone."""
        return self.state in TERMINAL

    @property
    def untouched(self) -> bool:
        """Whether no step of the job was ever sent to a mechanism."""
        return not self.begun and self.confirmed == 0 and self.sending == 0

    @property
    def furthest_sent(self) -> int:
        """The furthest step that was ever sent, also before an answer ordered steps again; 0 for none."""
        return _furthest(self)

    @property
    def is_open(self) -> bool:
        """Whether the job is an open question: invalid, and not ended."""
        return not self.valid and not self.ended

    @property
    def reasons_to_ask(self) -> tuple[Reason, ...]:
        """The reasons of its question, without that of a hold."""
        return tuple(reason for reason in self.reasons if reason is not Reason.HELD_BY_PERSON)

    @property
    def keeps_document(self) -> bool:
        """Whether the document lies in the same spool as this record."""
        return self.choice.keep.has(self.side)

    @property
    def is_fed_by_terminal(self) -> bool:
        """Whether the terminal's copy feeds the printer: so chosen, and no reason against it was found since."""
        return (self.choice.feed if self.fed is None else self.fed.by) is Side.TERMINAL

    @property
    def right_may_move(self) -> bool:
        """Whether its print right may move: only while nothing of it was sent to a mechanism."""
        return self.untouched and self.state is JobState.PENDING

    @property
    def is_printer_lent(self) -> bool:
        """Whether its printer was handed to the terminal, which has not given it back and may drive it (P15)."""
        return self.handed and self.right.state is not RightState.HERE

    @property
    def held_by_operator(self) -> bool:
        """Whether an operator's hold stands: no answer counts before the release."""
        return self.is_open and self.held_by is not None and self.held_by.terminal == OPERATOR

    def identity(self) -> bytes:
        """The values that never change wherever the job lies, as canonical bytes: associated data of its seals."""
        return msgspec.json.encode(_IMMUTABLE_OF(self))


IMMUTABLE: Final = (
    "job_id",
    "requester",
    "request_id",
    "accepted_at",
    "format",
    "printer",
    "encryption",
    "steps",
    "outline",
    "size",
    "layout",
    "sheet",
)
"""Names of the fields of Record that are bound to sealed bytes."""
_IMMUTABLE_OF: Final = attrgetter(*IMMUTABLE)


class Holder(StrEnum):
    """The owner of the key that opens a wrap."""

    REQUESTER = "requester"
    RECOVERY = "recovery"
    APPLIANCE = "appliance"


class Wrap(msgspec.Struct, frozen=True, rename="camel"):
    """The data key of a job, sealed for one holder."""

    holder: Holder
    key_ref: str
    blob: bytes


class Told(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A report of the spool that has the print right of a job, for the other one.

    Attributes:
        valid: whether it goes on without an answer of a person; False too after its end, and where its spool gives a
            printer back that was handed over.
        token: that of its print right; a higher one than is known here was claimed by two people.
        end: when the job ended there, and its entry in the history of that spool; None before.
        Others: as in Record.
    """

    state: JobState
    reasons: tuple[Reason, ...] = ()
    confirmed: int = 0
    sending: int = 0
    sent_before: int = 0
    begun: bool = False
    media: Media = Media.UNKNOWN
    reprints: int = 0
    fed: Fed | None = None
    answered: Answered | None = None
    valid: bool = True
    token: int = 0
    end: Reported | None = None

    @property
    def furthest_sent(self) -> int:
        """As in Record."""
        return _furthest(self)


def _furthest(copy: Record | Told) -> int:
    return max(copy.confirmed, copy.sending, copy.sent_before)


def told_of(record: Record, end: Reported | None = None) -> Told:
    """What one spool reports of its copy; `end` is the entry of its end, where it ended."""
    return Told(
        state=record.state,
        reasons=record.reasons,
        confirmed=record.confirmed,
        sending=record.sending,
        sent_before=record.sent_before,
        begun=record.begun,
        media=record.media,
        reprints=record.reprints,
        fed=record.fed,
        answered=record.answered,
        valid=record.valid,
        token=record.right.token,
        end=end,
    )


class HistoryKind(StrEnum):
    """The event of a history entry."""

    INVALIDATED = "invalidated"
    STOPPED = "stopped"
    TURN_CLOSED = "turn-closed"
    """The terminal did not do its part at the turn of the job."""
    RELEASED = "released"
    """A person lifted a hold."""
    PRIORITY_SET = "priority-set"
    """A person gave the job another priority."""
    FEED_CHOSEN = "feed-chosen"
    """A person chose the copy that feeds the printer."""
    ANSWERED = "answered"
    PROPOSED = "proposed"
    """A person gave an order that takes two; a second person has to give that order too."""
    CONTENT_DESTROYED = "content-destroyed"
    """No answer came in time: document, plan and wraps are gone, and the question stays (F4)."""
    RELAYED_AGAIN = "relayed-again"
    """By rule: the next hop drops doubles, so after a boot the message goes there again (P4)."""
    ENDED = "ended"
    PRINTED_TOO = "printed-too"
    """The other copy was printed too, as its spool reported; the entry tells how far, and on which printer."""
    ACKNOWLEDGED = "acknowledged"
    """A terminal acknowledged the end."""


class ChosenAnew(msgspec.Struct, frozen=True, rename="camel"):
    """A choice of a person that took the place of an earlier one.

    Attributes:
        by: the person who chose.
        before: the earlier choice: a priority, or the side whose copy fed the printer.
        now: the choice that stands.
    """

    by: Decider
    before: str
    now: str


class HistoryEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One entry of the history, without the number and the chain value that its area adds.

    Attributes:
        at: wall time, ISO 8601 in UTC, as the appliance believed it.
        record: the job after the reported event, without its outline.
        chosen: of `priority-set` and `feed-chosen`, the choice; else None.
    """

    kind: HistoryKind
    at: str
    record: Record
    chosen: ChosenAnew | None = None


class Outcome(msgspec.Struct, frozen=True):
    """The result of one change: the new record, its history entries, and new wraps when it was re-keyed."""

    record: Record
    entry: HistoryEntry | None = None
    wraps: tuple[Wrap, ...] | None = None


Change: TypeAlias = Callable[[Record], Outcome]
"""A pure rule, applied by the store inside its transaction; it raises PassbookError to change nothing."""


def entry_of(kind: HistoryKind, record: Record, at: str, chosen: ChosenAnew | None = None) -> HistoryEntry:
    """A history entry about the present `record`."""
    return HistoryEntry(kind, at, without_outline(record), chosen)


def without_outline(record: Record) -> Record:
    """The record in the form that is kept for long: without its steps and the names of its book."""
    if record.book is not None:
        record = msgspec.structs.replace(record, book=without_names(record.book))
    return msgspec.structs.replace(record, outline=(), on_paper=on_paper_of(record)) if record.outline else record


def on_paper_of(record: Record) -> OnPaper | None:
    """The part of a job that is on paper; None if neither its outline nor that was kept."""
    if not record.outline:
        return record.on_paper
    lines = [number for number, step in enumerate(record.outline, 1) if step.kind.traits.is_line]
    confirmed = bisect_right(lines, record.confirmed)
    in_doubt = confirmed + 1 if record.sending in lines else 0
    before = bisect_right(lines, record.sent_before)
    again = before if before > max(confirmed, in_doubt) else 0
    # A medium that was given back has every line that was confirmed.
    unsure = min(confirmed, record.lines_in_doubt - 1) if record.confirmed in lines else 0
    return OnPaper(len(lines), confirmed, in_doubt, again, unsure)


def fed_now(record: Record, printer: str) -> Fed:
    """The copy from which a job is printed now; on a printer that stands in, since the appliance is silent."""
    fed = record.fed or Fed(record.choice.feed if record.side is Side.APPLIANCE else Side.TERMINAL)
    why = Reason.APPLIANCE_SILENT.value if printer and record.choice.feed is not fed.by else ""
    return msgspec.structs.replace(fed, why=fed.why or why, printer=printer)


def rekeyed(record: Record, wraps: Sequence[Wrap] | None) -> Record:
    """The record with the names of the keys of these wraps; unchanged for None."""
    if wraps is None:
        return record
    refs = {wrap.holder.value: wrap.key_ref for wrap in wraps}
    return msgspec.structs.replace(record, key_ref=refs.get("requester", ""), recovery_ref=refs.get("recovery", ""))
