"""Which of two spools keeps the document of a job, and which of them feeds the printer (C1, C2); pure rules.

Theory of operation.  A terminal with an agent has a spool of its own beside that of the appliance.  For each job a
person chooses where its document is kept, from which copy it is printed, and what happens when the two spools cannot
reach each other at its turn.  The print right (P13) begins where the choice says: at the terminal when the terminal
shall print by itself while the appliance is silent, else at the appliance.  A job of a terminal without a spool is
kept by the appliance alone.  For example `both, appliance, ask`: both keep it, the appliance prints its own copy, and
a person is asked when a needed word of the terminal does not come.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from passbook.errors import PassbookError


class Side(StrEnum):
    """One of the two spools."""

    TERMINAL = "terminal"
    """The spool of the agent on the teller's machine."""
    APPLIANCE = "appliance"
    """The spool of the appliance."""


class Keep(StrEnum):
    """The spools that keep the document of a job."""

    TERMINAL = "terminal"
    APPLIANCE = "appliance"
    BOTH = "both"

    def has(self, side: Side) -> bool:
        """Whether the spool of this side keeps it."""
        return self is Keep.BOTH or self.value == side.value


class IfApart(StrEnum):
    """The order for the time in which the two spools cannot reach each other."""

    TERMINAL = "terminal"
    """The terminal holds the print right, and prints its copy by itself."""
    APPLIANCE = "appliance"
    """The appliance holds the print right, and prints its copy by itself."""
    ASK = "ask"
    """The appliance holds the print right, and a person is asked."""


class Choice(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The choice for one job.

    Attributes:
        keep: the spools that keep its document.
        feed: the copy that feeds the printer.
        if_apart: the order for the time in which the spools cannot reach each other.
    """

    keep: Keep = Keep.APPLIANCE
    feed: Side = Side.APPLIANCE
    if_apart: IfApart = IfApart.ASK

    def must_be_possible(self) -> None:
        """Raise PassbookError `choice-not-possible` if a copy shall print that is not kept."""
        if not self.keep.has(self.feed):
            raise PassbookError("choice-not-possible", option=f"feed {self.feed.value}", keep=self.keep.value)
        if not _is_kept_for(self.keep, self.if_apart):
            raise PassbookError("choice-not-possible", option=f"if-apart {self.if_apart.value}", keep=self.keep.value)

    def changed(self, *, keep: Keep | None, feed: Side | None, if_apart: IfApart | None) -> Choice:
        """This choice with what a person said in its place; None where the person said nothing.

        A part that no person chose gives way: with `keep terminal` the terminal's copy feeds the printer.  Raises
        PassbookError `choice-not-possible` if what was said cannot be.
        """
        kept = keep or self.keep
        only = Side.TERMINAL if kept is Keep.TERMINAL else Side.APPLIANCE
        fed_by = feed or (self.feed if kept.has(self.feed) else only)
        apart = if_apart or (self.if_apart if _is_kept_for(kept, self.if_apart) else IfApart.ASK)
        choice = Choice(kept, fed_by, apart)
        choice.must_be_possible()
        return choice

    def right_begins_at(self, side: Side) -> bool:
        """Whether the print right begins in the spool of this side."""
        return (side is Side.TERMINAL) == (self.if_apart is IfApart.TERMINAL)


def _is_kept_for(keep: Keep, if_apart: IfApart) -> bool:
    """Whether the copy that prints while the spools are apart is kept."""
    return if_apart is IfApart.ASK or keep.has(Side(if_apart.value))


class Fed(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The copy that fed the printer.

    Attributes:
        why: why it was not the chosen one, a keyword of passbook.job.states.Reason; empty where it was.
        printer: the printer that stood in for the named one, or empty.
    """

    by: Side
    why: str = ""
    printer: str = ""
