"""Commands and events between an appliance and a terminal's agent: two spools with one print right (C1-C7, P13).

Theory of operation.  An agent registers its connection, and is told of the printers and layouts.  It has each job
accepted under an id that it made itself, with the choice of the person.  At the turn of a job whose terminal has
something to give, the appliance posts `Spooler.YourTurnEvent` under a number.  The agent answers with
`Spooler.TakeTurn`: that it is ready, with the durable offer of the print right and the document where these are
wanted, or that it has no copy that may be printed.  Where the printer stands on the network, the completion hands
right and printer to the agent; it takes the right durably, says so (`Spooler.ConfirmRight`), prints and reports
(`Spooler.ReportJob`).  Each command may be repeated: its token or turn number tells what was done already.

    appliance                                agent
    YourTurnEvent 4, wants document    ->
                                       <-    TakeTurn 4, document, its digest key
    completion: taken                  ->
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from passbook.document.drafts import StartLine
from passbook.document.import_profile import ImportProfile
from passbook.document.layout import BookLayout, LayoutKind
from passbook.job.choice import IfApart, Keep, Side
from passbook.job.print_right import RightReply
from passbook.job.record import Told
from passbook.job.states import Reason
from passbook.protocol.finding import Finding
from passbook.protocol.messages import Number, Payload, SheetView, SubmitJob
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup

AGENTS_OWN: Final = frozenset(
    f"Spooler.{name}" for name in ("RegisterAgent", "TakeTurn", "OfferRight", "ConfirmRight", "ReportJob")
)
"""The commands that an agent sends of itself; each of them follows a change of its own spool that is durable."""
AGENTS_FIELDS: Final = ("job", "outline", "sheet", "digest", "content", "moved", "book")
"""The fields of SubmitJob that an agent fills in."""


def sheets_of(layouts: Iterable[BookLayout]) -> tuple[SheetView, ...]:
    """The layouts on which a text is printed, as a status tells of them."""
    texts = [one for one in layouts if one.kind is LayoutKind.TEXT]
    return tuple(SheetView(one.name, one.lines_per_page, one.columns_total) for one in texts)


class RegisterAgent(Payload, frozen=True):
    """`Spooler.RegisterAgent`: this connection is that of the agent with the spool `spool`, an id that it drew once."""

    spool: str


class PrinterFacts(msgspec.Struct, frozen=True, rename="camel"):
    """What a terminal needs to know of a printer to place documents for it, and to drive it when it is handed over.

    Attributes:
        dialect: the name of its dialect, which the same version of this software has.
        port: its address.
        place: what that address reaches, the same for each way to write it (docs/protocol.md).
        is_on_network: whether a terminal may drive it at its turn.
        insert_timeout: seconds of a person to put the book in.
        take_timeout: seconds of a person to take it out.
        setup: its profile, elementary step and offsets.
        draws: the appliance has a font for it, with which it draws text that its code page lacks.
    """

    name: str
    dialect: str
    code_page: str
    port: str
    is_on_network: bool
    insert_timeout: float
    take_timeout: float
    place: str = ""
    setup: PrinterSetup = USUAL_SETUP
    draws: bool = False


class AgentWelcome(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.RegisterAgent`.

    Attributes:
        boot: drawn at each boot of the appliance.
        turn_wait: seconds that the appliance waits for the answer at a turn.
        report_wait: seconds that it waits for the next report of a job that the terminal has.  An agent reports more
            often, also when there is nothing new; without an acknowledgement for so long it keeps off the printer.
    """

    appliance: str
    boot: str
    turn_wait: float
    report_wait: float
    printers: tuple[PrinterFacts, ...]
    layouts: tuple[BookLayout, ...]
    imports: tuple[ImportProfile, ...] = ()


class YourTurn(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.YourTurnEvent`: the turn of a job whose terminal has something to give.

    Attributes:
        turn: the number of this turn; a later one ends it.
        wants_right: the print right is with the terminal, and the appliance prints.
        wants_document: the terminal's copy feeds the printer.
        hands_over: the terminal prints, on the printer of the job.
    """

    job: str
    epoch: int
    turn: int
    wants_right: bool = False
    wants_document: bool = False
    hands_over: bool = False


def at_terminal_only(request: SubmitJob, why: Reason) -> SubmitJob:
    """The request where the terminal alone keeps the document, for a reason that is told; the print right stays."""
    if_apart = IfApart.ASK if request.if_apart is IfApart.APPLIANCE else request.if_apart
    return msgspec.structs.replace(request, keep=Keep.TERMINAL, feed=Side.TERMINAL, if_apart=if_apart, moved=why.value)


def at_appliance_only(request: SubmitJob, why: Reason) -> SubmitJob:
    """The request where the appliance alone keeps the document, for a reason that is told; it has the print right."""
    if_apart = IfApart.ASK if request.if_apart is IfApart.TERMINAL else request.if_apart
    return msgspec.structs.replace(
        request, keep=Keep.APPLIANCE, feed=Side.APPLIANCE, if_apart=if_apart, moved=why.value
    )


class TurnAnswer(StrEnum):
    """What an agent says at a turn."""

    READY = "ready"
    """It does its part."""
    NOT_SPOOLED = "not-spooled"
    """It has no copy that may be printed, or not the right that is wanted."""


class TakeTurn(Payload, frozen=True):
    """`Spooler.TakeTurn`: the agent's part at a turn.

    Attributes:
        offered: the token of its durable offer of the print right; 0 where none is wanted.
        document: the document, where it is wanted, or the bytes uploaded as `upload`.
        digest_key: the key of the digest that was given when the job was accepted.
        start: the place of the first line, as it was in the request.
    """

    job: str
    epoch: Number
    turn: Number
    answer: TurnAnswer
    offered: Number = 0
    document: bytes = b""
    upload: str = ""
    digest_key: bytes = b""
    start: StartLine | None = None


class TurnTaken(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Completion of `Spooler.TakeTurn`.

    Attributes:
        right: what the appliance did, durably, with the offered print right.
        offered: the token of its own offer, where it hands the printer over and had the right.
        printer: the printer that is handed over.
    """

    right: RightReply | None = None
    offered: int = 0
    printer: PrinterFacts | None = None


class OfferRight(Payload, frozen=True):
    """`Spooler.OfferRight`: the agent offers the print right of a job outside of a turn, to have it ended."""

    job: str
    token: Number


class RightAnswer(msgspec.Struct, frozen=True):
    """Completion of `Spooler.OfferRight`; None where a later message tells more."""

    right: RightReply | None = None


class ConfirmRight(Payload, frozen=True):
    """`Spooler.ConfirmRight`: what the agent did, durably, with the right that was offered with a printer."""

    job: str
    token: Number
    right: RightReply


class ReportJob(Payload, frozen=True):
    """`Spooler.ReportJob`: how far the agent is with a job whose print right it has, and its end."""

    job: str
    told: Told


class SetFeed(Payload, frozen=True):
    """`Spooler.SetFeed`: from which copy the job shall be printed; `person` decided that."""

    job: str
    feed: Side
    person: str


class GetSealed(Payload, frozen=True):
    """`Spooler.GetSealed`: the sealed content of a job, to be opened by the key at the terminal."""

    job: str


class SealedCopy(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.GetSealed`: what is sealed of a job, with what binds and opens it.

    Attributes:
        identity: associated data of the content and of the wraps.
        content: the sealed content, as msgpack of storage.SealedJob.
        wraps: the data key sealed for its holders, as msgpack.
        book: the present layout of that name, for rules and fold of a preview; None if there is none any more.
    """

    job: str
    format: str
    layout: str
    height: int
    cpi: int | float
    left: int
    identity: bytes
    content: bytes
    wraps: bytes
    book: BookLayout | None = None


class GrantPreview(Payload, frozen=True):
    """`Spooler.GrantPreview`: `terminal` may have the sealed content of a job; it still needs its key."""

    job: str
    terminal: str
    person: str


class AgentSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Agent.GetSettings`, which an agent answers itself: its defaults, and the figures of its spool.

    Attributes:
        keep: the spools that keep the document of a job, where its person does not choose.
        feed: the copy that feeds the printer, likewise.
        if_apart: the order for the time in which the two spools cannot reach each other, likewise.
        spool: the id of its spool, as in `Spooler.RegisterAgent`.
        jobs: number of jobs of which its spool keeps the document.
        used: bytes of its spool that are used.
        most: bytes that its spool may have.
        silent: seconds since it heard the appliance; 0 while it is connected.
        percent: how full its spool is, of what jobs may take there, reserves included.
        start_at: the percent below which a spool that stopped takes documents again.
        stopped: why its spool takes no document now, a keyword of Reason; empty where it does.
        since: the time since which it was nearly full; empty where its disk has no space.
        round_trip: milliseconds until the appliance answers a ping.
        queued: bytes of documents that wait to be sent to the appliance.
        busy: what of the network is busy, in words; empty while it is not.
        findings: the problems of the agent, as the status tells them.
    """

    keep: Keep
    feed: Side
    if_apart: IfApart
    spool: str = ""
    jobs: int = 0
    used: int = 0
    most: int = 0
    silent: int = 0
    percent: int = 0
    start_at: int = 0
    stopped: str = ""
    since: str = ""
    round_trip: int = 0
    queued: int = 0
    busy: str = ""
    findings: tuple[Finding, ...] = ()


class PageAddress(msgspec.Struct, frozen=True):
    """Completion of `Agent.OpenPage`: the address at which a browser of this machine shows the page, once."""

    address: str
