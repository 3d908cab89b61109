"""The settings of a teller's agent: `agent.toml` in the teller's folder; each key has a default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from drivers.dialects.known import DIALECTS
from passbook.errors import PassbookError
from passbook.errors.decoding import full_complaint, toml_text
from passbook.job.choice import Choice, IfApart, Keep, Side
from storage import files

Wait = Annotated[float, Meta(gt=0, le=604800)]
Mebibytes = Annotated[int, Meta(ge=32, le=65536)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class FallbackPrinter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[fallback]]`: a printer of the terminal that stands in while the appliance is silent; times are seconds.

    Attributes:
        printer: the name that jobs use, of the printer in whose place it stands.
        port: its address; no appliance configures it (P15).
    """

    printer: Text
    port: Text
    dialect: Text = "pr2"
    code_page: Text = "cp858"
    insert_timeout: Wait = 120.0
    take_timeout: Wait = 120.0

    @property
    def name(self) -> str:
        """The name that jobs use."""
        return self.printer


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        keep: the spools that keep a document, where the person does not choose.
        feed: the copy that feeds the printer, likewise.
        if_apart: the order for the time in which the spools cannot reach each other, likewise.
        apart_after: seconds without the appliance until the agent prints by itself, or asks.
        quota_mib: mebibytes of each of the two areas of its spool.
        fallback: printers of the terminal.
        keep_finished: seconds for which the copy of a completed job may still be looked at; 0 for none.
    """

    keep: Keep = Keep.BOTH
    feed: Side = Side.APPLIANCE
    if_apart: IfApart = IfApart.ASK
    apart_after: Wait = 30.0
    quota_mib: Mebibytes = 64
    fallback: tuple[FallbackPrinter, ...] = ()
    keep_finished: Annotated[float, Meta(ge=0, le=604800)] = 0.0

    @property
    def choice(self) -> Choice:
        """The choice where a person makes none."""
        return Choice(self.keep, self.feed, self.if_apart)


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
        raise _problem(file, f"{error.facts['option']} is not possible with keep {error.facts['keep']}") from None
    names = [one.printer for one in settings.fallback]
    if len(set(names)) < len(names):
        raise _problem(file, "two own printers stand in for one printer")
    for one in settings.fallback:
        _judge(file, one)
    return settings


def _judge(file: Path, fallback: FallbackPrinter) -> None:
    if fallback.dialect not in DIALECTS:
        raise _problem(file, f"fallback {fallback.printer}: dialect is none of {', '.join(DIALECTS)}")
    try:
        DIALECTS[fallback.dialect]().profile.find_code_page(fallback.code_page)
    except (PassbookError, LookupError):
        raise _problem(file, f"fallback {fallback.printer}: its dialect has no code page of that name") from None


def _problem(file: Path, why: str) -> PassbookError:
    return PassbookError("file-problem", file=str(file), why=why)
