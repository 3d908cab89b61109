"""The settings of a teller's agent: `agent.toml` in the teller's folder; each key has a default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from drivers.dialects.known import DIALECTS
from drivers.ports.doubts import port_warnings
from drivers.ports.place import place_of
from drivers.ports.port_address import parse_port_url
from passbook.document.lengths import LengthError, parse_offset, shown_length
from passbook.errors import PassbookError
from passbook.errors.decoding import full_complaint, toml_text
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.protocol.document_rules import ChoiceRule
from passbook.protocol.naming import NAME_LIMIT, is_name
from passbook.protocol.printer_setup import MOST_OFFSET, MOST_PROFILE, PrinterSetup
from storage import files

Wait = Annotated[float, Meta(gt=0, le=604800)]
Mebibytes = Annotated[int, Meta(ge=32, le=65536)]
MarkPercent = Annotated[int, Meta(ge=1, le=100)]
Load = Annotated[int, Meta(ge=1, le=1_000_000)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Length = Annotated[str, Meta(min_length=1, max_length=20)]


class FallbackPrinter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[fallback]]`: a printer of the terminal that stands in while the appliance is silent; times are seconds.

    Attributes:
        printer: the name that jobs use, of the printer in whose place it stands.
        port: its address; no appliance configures it (P15).
        profile: a profile's file, beside this one; here its text, and empty for the one of its dialect.
        elementary_step: steps to the inch in its own set-up; 0 as its dialect says.
        x_offset: all its ink goes so far to the right, such as "1.5 mm"; with a minus, to the left.
        y_offset: all its ink goes so far down, likewise.
    """

    printer: Text
    port: Text
    dialect: Text = "pr2"
    code_page: Text = "cp858"
    profile: str = ""
    elementary_step: Annotated[int, Meta(ge=0, le=2160)] = 0
    x_offset: Length = "0 mm"
    y_offset: Length = "0 mm"
    insert_timeout: Wait = 120.0
    take_timeout: Wait = 120.0

    @property
    def setup(self) -> PrinterSetup:
        """Its set-up.  Raises LengthError for an offset that is no length, or a long one."""
        x, y = (parse_offset(one, MOST_OFFSET) for one in (self.x_offset, self.y_offset))
        return PrinterSetup(self.profile, self.elementary_step, x, y)

    @property
    def name(self) -> str:
        """The name that jobs use."""
        return self.printer


class SpoolMarks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[spool]`: the marks of the terminal's own spool, in percent of what jobs may take there.

    Attributes:
        stop_at: it takes no new document from here on.
        start_at: below this it takes them again.
    """

    stop_at: MarkPercent = 95
    start_at: MarkPercent = 85


class LoadMarks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The marks of one measure of the network.

    Attributes:
        stop_at: the network is busy from here on.
        start_at: below this it is free again.
    """

    stop_at: Load
    start_at: Load


class NetworkConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`: when the network to the appliance is busy; without a mark it never is.

    Attributes:
        round_trip: marks of the time until the appliance answers a ping, in milliseconds.
        queued: marks of the documents that wait to be sent, in kibibytes.
    """

    round_trip: LoadMarks | None = None
    queued: LoadMarks | None = None


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        keep: the spools that keep a document, where the person does not choose.
        feed: the copy that feeds the printer, likewise.
        if_apart: the order for the time in which the spools cannot reach each other, likewise.
        apart_after: seconds without the appliance until the agent prints by itself, or asks.
        quota_mib: mebibytes of each of the two areas of its spool.
        spool: the marks of its spool.
        network: the marks of the network.
        fallback: printers of the terminal.
        keep_finished: seconds for which the copy of a completed job may still be looked at; 0 for none.
        rules: `[[rule]]`, the choice for documents of a printer, a form or an application; the first that fits counts.
    """

    keep: Keep = Keep.BOTH
    feed: Side = Side.APPLIANCE
    if_apart: IfApart = IfApart.ASK
    apart_after: Wait = 30.0
    quota_mib: Mebibytes = 64
    spool: SpoolMarks = SpoolMarks()
    network: NetworkConfig = NetworkConfig()
    fallback: tuple[FallbackPrinter, ...] = ()
    keep_finished: Annotated[float, Meta(ge=0, le=604800)] = 0.0
    rules: tuple[ChoiceRule, ...] = msgspec.field(name="rule", default=())

    @property
    def choice(self) -> Choice:
        """The choice where a person makes none."""
        return Choice(self.keep, self.feed, self.if_apart)

    @property
    def warnings(self) -> list[PassbookError]:
        """What is doubtful about the ports of its printers."""
        dialects = {one.printer: DIALECTS[one.dialect](one.setup) for one in self.fallback}
        return [
            warning
            for one in self.fallback
            for warning in port_warnings(one.printer, one.port, takes_any_byte=dialects[one.printer].takes_any_byte)
        ]


def load_agent_config(file: Path) -> AgentConfig:
    """The settings of a file, or the defaults where there is none.  Raises PassbookError `file-problem`."""
    if not files.exists(file):
        return AgentConfig()
    try:
        settings = msgspec.toml.decode(toml_text(files.read(file)), type=AgentConfig)
    except (ValueError, RecursionError) as error:
        found = full_complaint(error, AgentConfig)
        raise _problem(file, f"{found.where}: {found.why}") from None
    try:
        settings.choice.must_be_possible()
    except PassbookError as error:
        raise _problem(file, _impossible(error)) from None
    _judge_marks(file, settings)
    for number, rule in enumerate(settings.rules, 1):
        _judge_rule(file, number, rule, settings.choice)
    names = [one.printer for one in settings.fallback]
    if len(set(names)) < len(names):
        raise _problem(file, "two own printers stand in for one printer")
    settings = replace(settings, fallback=tuple(_with_profile(file, one) for one in settings.fallback))
    for one in settings.fallback:
        _judge(file, one)
    places = [place_of(one.port, "") for one in settings.fallback]
    if len(set(places)) < len(places):
        raise _problem(file, "two own printers have one port")
    return settings


def _with_profile(file: Path, fallback: FallbackPrinter) -> FallbackPrinter:
    """The settings of a printer with the text of its profile in place of the file's name."""
    if not fallback.profile:
        return fallback
    content = files.read(file.parent / fallback.profile)
    if len(content) > MOST_PROFILE:
        why = f"profile {fallback.profile} has {len(content)} bytes; expected at most {MOST_PROFILE}"
        raise _problem(file, f"fallback {fallback.printer}: {why}")
    try:
        return replace(fallback, profile=content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _problem(file, f"fallback {fallback.printer}: profile {fallback.profile} is not UTF-8") from None


def _judge(file: Path, fallback: FallbackPrinter) -> None:
    if fallback.dialect not in DIALECTS:
        raise _problem(file, f"fallback {fallback.printer}: dialect is none of {', '.join(DIALECTS)}")
    try:
        dialect = DIALECTS[fallback.dialect](fallback.setup)
    except LengthError:
        why = f'x_offset and y_offset must be lengths such as "1.5 mm", at most {shown_length(MOST_OFFSET)} either way'
        raise _problem(file, f"fallback {fallback.printer}: {why}") from None
    except PassbookError as error:
        why = f"{error.facts['where']}: {error.facts['why']}"
        raise _problem(file, f"fallback {fallback.printer}: {why}") from None
    try:
        dialect.profile.find_code_page(fallback.code_page)
    except (PassbookError, LookupError):
        raise _problem(file, f"fallback {fallback.printer}: its dialect has no code page of that name") from None
    try:
        parse_port_url(fallback.port)
    except ValueError as error:
        raise _problem(file, f"fallback {fallback.printer}: port: {error}") from None


def _judge_marks(file: Path, settings: AgentConfig) -> None:
    network = settings.network
    for name, marks in (
        ("spool", settings.spool),
        ("network, round_trip", network.round_trip),
        ("network, queued", network.queued),
    ):
        if marks is not None and marks.start_at > marks.stop_at:
            raise _problem(file, f"{name}: start_at is above stop_at")


def _judge_rule(file: Path, number: int, rule: ChoiceRule, defaults: Choice) -> None:
    for name in ("printer", "form", "application"):
        if not is_name(getattr(rule, name), least=0):
            raise _problem(file, f"rule {number}: {name} must have at most {NAME_LIMIT} printable characters")
    if rule.is_empty:
        raise _problem(file, f"rule {number}: it has none of keep, feed and if_apart")
    try:
        _ = rule.over(defaults)
    except PassbookError as error:
        raise _problem(file, f"rule {number}: {_impossible(error)}") from None


def _impossible(error: PassbookError) -> str:
    return f"{error.facts['option']} is not possible with keep {error.facts['keep']}"


def _problem(file: Path, why: str) -> PassbookError:
    return PassbookError("file-problem", file=str(file), why=why)
