"""The spool of this terminal and its network, as sentences for a person's screen."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from passbook.job.choice import IfApart, Keep, Side
from passbook.job.states import Reason
from passbook.job.wording import REASON_WORDS
from passbook.protocol.two_spools import AgentSettings
from terminal.console import for_people
from terminal.tables_of_jobs import local_time, span

_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_KEPT: Final = MappingProxyType(
    {
        Keep.TERMINAL: "this terminal alone keeps a document",
        Keep.APPLIANCE: "the appliance alone keeps a document",
        Keep.BOTH: "both spools keep a document",
    }
)
_FED: Final = MappingProxyType({Side.TERMINAL: "this terminal's copy", Side.APPLIANCE: "the appliance's copy"})
_APART: Final = MappingProxyType(
    {
        IfApart.TERMINAL: "this terminal prints by itself",
        IfApart.APPLIANCE: "the appliance prints by itself",
        IfApart.ASK: "people are asked",
    }
)


def spool_lines(figures: AgentSettings) -> list[str]:
    """The sentences about these figures of the agent."""
    return list(_lines(figures))


def _lines(figures: AgentSettings) -> Iterator[str]:
    used, most = figures.used // _MIB, figures.most // _MIB
    yield (
        f"The spool of this terminal keeps {figures.jobs} jobs in {used} of {most} MiB. "
        f"It is {figures.percent} percent full."
    )
    yield _takes(figures)
    yield f"Where no person or rule chooses, {_KEPT[figures.keep]}, and {_FED[figures.feed]} is printed."
    yield f"While the other side is silent, {_APART[figures.if_apart]}."
    if figures.silent:
        yield f"The appliance has not answered for {span(figures.silent)}."
    else:
        load = f"busy: {figures.busy}" if figures.busy else "not busy"
        queued = figures.queued // _KIB
        yield f"The appliance answers within {figures.round_trip} ms; {queued} KiB of documents wait to be sent."
        yield f"The network is {load}."
    yield from (f"Problem: {for_people(finding.sentence)}" for finding in figures.findings)


def _takes(figures: AgentSettings) -> str:
    if not figures.stopped:
        return "It takes documents."
    if figures.stopped == Reason.NEARLY_FULL and not figures.since:
        return "It takes no document: its disk has no space for one."
    if figures.stopped == Reason.NEARLY_FULL:
        again = f"It takes them again below {figures.start_at} percent."
        return f"It has taken no document since {local_time(figures.since)}: it is nearly full. {again}"
    return f"It takes no document: {REASON_WORDS.get(figures.stopped, figures.stopped)}."
