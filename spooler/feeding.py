"""What a desk asks about a job of two spools before it takes it up: its turn, its plan, and its printer.

Theory of operation.  A job may be fed from a terminal's copy, and its print right may lie with the terminal (P13).  So
a desk asks whether it may begin a job; one that waits for its terminal is passed over, and others do not wait for it.
Where the terminal sent the document for this turn, its plan comes from there and not from the own copy.  A printer that
is to be handed to a terminal has one owner (P15): its desk first leaves the port and says so, begins no other job
there, and keeps off until it is back.  For example the next job
of `window-1` is fed by `counter-1`: the desk passes it over, prints the job behind it, and finds the first one ready
when its document has come.
"""

from __future__ import annotations

from typing import Protocol

from passbook.document.plan import Plan
from passbook.job.print_right import RightState
from passbook.job.record import Record


class Feeding(Protocol):
    """The turns of all jobs of a process; asked by the threads of the desks."""

    def may_begin(self, record: Record) -> bool:
        """Whether the desk takes this valid job up now; else it is passed over, and its terminal is asked."""

    def plan_for(self, record: Record) -> Plan | None:
        """The plan that a terminal sent for this turn; None where the own copy feeds the printer."""

    def over(self, job: str) -> None:
        """The desk has done with a job: what was sent for it is forgotten."""

    def is_lent(self, printer: str) -> bool:
        """Whether a terminal drives this printer now, or is about to: the desk leaves its port."""

    def note_left(self, printer: str) -> None:
        """The desk has left the port of a printer that is lent; told again for as long as it keeps off."""


class OwnCopies:
    """The feeding where each document lies in the own spool: a job prints when its right is here."""

    def may_begin(self, record: Record) -> bool:
        """Whether the job may be printed from the own copy."""
        return record.right.state is RightState.HERE and record.keeps_document

    def plan_for(self, _record: Record) -> Plan | None:
        """None: the own copy feeds the printer."""
        return None

    def over(self, _job: str) -> None:
        """There is nothing to forget."""

    def is_lent(self, _printer: str) -> bool:
        """False: no terminal drives a printer of this process."""
        return False

    def note_left(self, _printer: str) -> None:
        """No terminal waits for it."""
