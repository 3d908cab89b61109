"""The choice of a person for a job between two spools; the agent fills up the rest of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

import msgspec

from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.screen.arguments import one_of

SIDES: Final = [side.value for side in Side]


class Said(msgspec.Struct, frozen=True):
    """The parts of a choice that a person said; None for each other one."""

    keep: Keep | None = None
    feed: Side | None = None
    if_apart: IfApart | None = None


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options with which a person chooses."""
    parser.add_argument(
        "--keep",
        type=one_of([keep.value for keep in Keep]),
        metavar="SPOOL",
        help="where the document is kept: terminal, appliance or both (default: by the agent, else appliance)",
    )
    parser.add_argument(
        "--feed",
        type=one_of(SIDES),
        metavar="SIDE",
        help="the copy that is printed: terminal or appliance (default: likewise)",
    )
    parser.add_argument(
        "--if-apart",
        type=one_of([one.value for one in IfApart]),
        metavar="WHO",
        help="terminal or appliance prints its own copy when the other is silent; ask asks people (default: likewise)",
    )


def said_in(arguments: argparse.Namespace) -> Said:
    """The choice that a person typed.  Raises PassbookError `choice-not-possible` if its parts cannot be together."""
    keep, feed, if_apart = arguments.keep, arguments.feed, arguments.if_apart
    said = Said(
        None if keep is None else Keep(keep),
        None if feed is None else Side(feed),
        None if if_apart is None else IfApart(if_apart),
    )
    if said.keep is not None:
        _must_be_possible(said)
    return said


def must_have_agent(said: Said, terminal: Callable[[], str]) -> None:
    """Judge a choice where no agent runs, so that the appliance alone keeps a document.

    Raises PassbookError `choice-not-possible`, and `agent-needed` for a copy of the terminal; that is named by
    `terminal`.
    """
    at_terminal = said.feed is Side.TERMINAL or said.if_apart is IfApart.TERMINAL
    if at_terminal or said.keep not in {None, Keep.APPLIANCE}:
        raise PassbookError("agent-needed", requester=terminal())
    _must_be_possible(said)


def _must_be_possible(said: Said) -> None:
    _ = Choice().changed(keep=said.keep, feed=said.feed, if_apart=said.if_apart)
