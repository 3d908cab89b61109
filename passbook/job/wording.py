"""The reasons of a job's state, and its steps as the lines and pages that people know, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from passbook.document.plan import StepOutline
from passbook.job.choice import Side
from passbook.job.record import OnPaper
from passbook.job.states import Reason

REASON_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Reason.POWER_LOSS: "the power failed",
        Reason.RESTART: "the appliance was restarted",
        Reason.ROLLED_BACK: "its storage was rolled back or altered",
        Reason.MEDIA_NEEDED: "its book or sheet was not put in",
        Reason.MEDIA_EMPTY: "too few sheets of its form are known to be left",
        Reason.MEDIA_JAM: "paper is jammed",
        Reason.MEDIA_NOT_TAKEN: "a book was not taken out",
        Reason.PAUSED: "an operator paused it",
        Reason.COVER_OPEN: "a cover of the printer is open",
        Reason.RIBBON_OUT: "the ribbon is used up",
        Reason.NOT_ACCEPTED: "the printer did not accept a command",
        Reason.ATTENTION: "the printer needs attention",
        Reason.SILENT: "the printer does not answer",
        Reason.GARBLED: "the printer's answers cannot be read",
        Reason.UNPLUGGED: "the printer cannot be reached",
        Reason.SETUP_DIFFERS: "the printer is set up otherwise than it is configured",
        Reason.HELD_BY_PERSON: "it is held",
        Reason.CANCELED_BY_PERSON: "a person canceled it",
        Reason.DISCARDED_BY_ANSWER: "a person discarded it",
        Reason.CLOSED_BY_ANSWER: "a person said that all of it is on paper",
        Reason.COMPLETED: "every line is on paper",
        Reason.UNREADABLE: "its stored content cannot be read",
        Reason.TERMINAL_SILENT: "its terminal does not answer",
        Reason.APPLIANCE_SILENT: "the appliance does not answer",
        Reason.NOT_SPOOLED: "its terminal has no copy that may be printed",
        Reason.DIFFERS: "its terminal sent another document at its turn",
        Reason.STORE_COPIED: "its storage was moved to another machine",
        Reason.NEARLY_FULL: "a spool was nearly full",
        Reason.SPOOL_FENCED: "the storage of a spool is out of use",
        Reason.NETWORK_BUSY: "the network was busy",
        Reason.SUBSTITUTE_READY: "its printer cannot work, and a substitute could take it",
        Reason.MOVED: "another job at a substitute stands in for it",
        Reason.SENDER_UNPROVEN: "it came by mail from a sender that proved no identity",
        Reason.HOP_UNREACHABLE: "the next hop cannot be reached",
        Reason.HOP_BUSY: "the next hop takes the message later",
        Reason.HOP_REFUSED: "the next hop refused the message",
        Reason.HOP_IN_DOUBT: "the next hop did not say whether it took the message",
        Reason.GIVEN_UP: "the next hop did not take the message in time",
        Reason.BY_RULE: "a rule of this printer, form or application",
        Reason.REFUSED: "the appliance did not accept it",
        Reason.ORDERED_AGAIN: "its lines were ordered again on another sheet",
        Reason.BOOK_OVER_LINES: "it would print over lines that its book has",
        Reason.BOOK_REPEATED: "it repeats the last update of its book",
        Reason.BOOK_GAP: "it would leave lines of its book free",
        Reason.BOOK_NOT_KNOWN: "it is not known where its book stands, since a storage area is out of use",
        Reason.EXPIRED: "its day is over and its question was not answered",
    }
)
"""Reason -> that reason in words for people, fit to stand behind a colon."""


def medium_name(document_format: str) -> str:
    """The word for the medium of a document of this format."""
    return "sheet" if document_format in {"text", "form", "pdf"} else "book"


def doubt_words(paper: OnPaper) -> str:
    """The lines in doubt as a clause, as `lines 4 to 5 are in doubt`; empty for none."""
    first, last = paper.confirmed - paper.unsure + 1, paper.in_doubt or paper.confirmed
    if first > last:
        return ""
    return f"line {first} is in doubt" if first == last else f"lines {first} to {last} are in doubt"


def second_place(side: Side) -> str:
    """The place or name with which the second of two people confirms an order, behind `confirm`.

    In the spool of a terminal another name is enough: no other terminal reaches it.
    """
    return " at another terminal" if side is Side.APPLIANCE else " with another name"


def go_on_words(outline: Sequence[StepOutline], step: int) -> str:
    """An order to go on with `step`, in words: the next line, or that every line is on paper."""
    before = lines_in(outline[: step - 1])
    if before == lines_in(outline):
        return "every line is on paper"
    turn = outline[step - 1]
    after = f", after {step_name(outline, step)}" if turn.kind.traits.opens_page else ""
    return f"go on with line {before + 1}{after}"


def from_line_words(outline: Sequence[StepOutline], step: int) -> str:
    """The part that an order to go on with `step` prints, as `it from line 11 on`."""
    return f"it from line {lines_in(outline[: step - 1]) + 1} on"


def possible_words(outline: Sequence[StepOutline], furthest: int) -> str:
    """The possible orders to go on when `furthest` is the last step that can come next."""
    done = lines_in(outline[: furthest - 1])
    all_done = done == lines_in(outline)
    # When a turn comes next, the job reaches the line behind it by that turn.
    last = done if all_done else done + 1
    which = "line 1" if last == 1 else f"one of the lines 1 to {last}"
    return f"it can go on with {which}{', or every line is on paper' if all_done else ''}"


def step_name(outline: Sequence[StepOutline], step: int) -> str:
    """A step, counted from 1, as a noun: `line 7`, `the turn to page 4`, `the giving back of the book`.

    The step after the last one is `the end of the job`; where no outline is kept, a step is `the rest of it`.
    """
    if not outline or step < 1:
        return "the rest of it"
    if step > len(outline):
        return "the end of the job"
    named = outline[step - 1]
    return named.kind.traits.noun.format(line=next_line(outline, step), page=named.page)


def next_line(outline: Sequence[StepOutline], step: int) -> int:
    """The number of the first line that is printed when a job goes on with `step`; one past the last for none.

    It is 0 where no outline is kept.
    """
    return 1 + lines_in(outline[: max(0, step - 1)]) if outline else 0


def lines_in(outline: Sequence[StepOutline]) -> int:
    """How many of these steps are lines."""
    return [step.kind.traits.is_line for step in outline].count(True)
