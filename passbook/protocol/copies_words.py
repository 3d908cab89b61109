"""The two copies of a job in words: where it is kept, which one feeds the printer, and why that is not as chosen."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from passbook.job.choice import Choice, Keep, Side
from passbook.job.print_right import RightState
from passbook.job.states import APART
from passbook.job.wording import REASON_WORDS
from passbook.protocol.messages import JobView, Question
from passbook.screen.columns import capital


def feeding_side(job: JobView) -> Side:
    """The spool whose copy feeds the printer, or fed it."""
    return job.choice.feed if job.fed is None else job.fed.by


def has_two_copies(job: JobView) -> bool:
    """Whether anything about two spools is to be told of a job."""
    return job.choice != Choice() or job.fed is not None or bool(job.moved)


_COPY: Final = MappingProxyType({Side.TERMINAL: "its terminal's copy", Side.APPLIANCE: "the appliance's copy"})
_KEPT: Final = MappingProxyType(
    {
        Keep.TERMINAL: "its terminal alone keeps it",
        Keep.APPLIANCE: "the appliance alone keeps it",
        Keep.BOTH: "both spools keep it",
    }
)


def fed_words(job: JobView) -> str:
    """The copy that feeds the printer, as a sentence."""
    return f"{capital(_COPY[feeding_side(job)])} feeds the printer."


def moved_words(job: JobView) -> str:
    """The difference between the choice for a job and its copies, with the cause, as sentences; empty for none."""
    parts = []
    if job.moved:
        # Where both keep it, a rule chose the copy that feeds the printer.
        feeds = f", and {_COPY[job.choice.feed]} is printed" if job.choice.keep is Keep.BOTH else ""
        parts.append(f"{capital(_KEPT[job.choice.keep])}{feeds}: {REASON_WORDS.get(job.moved, job.moved)}.")
    fed = job.fed
    if fed is not None and fed.why:
        chosen = "" if fed.by is job.choice.feed else f", not {_COPY[job.choice.feed]} as chosen"
        parts.append(f"{capital(_COPY[fed.by])} feeds the printer{chosen}: {REASON_WORDS.get(fed.why, fed.why)}.")
    if fed is not None and fed.printer:
        parts.append(f"Printer {fed.printer} stands in for {job.printer}.")
    return " ".join(parts)


def reported_words(job: JobView, when: str) -> str:
    """The end that the terminal told of its copy, at `when` by its clock, as a sentence; empty where it told none."""
    told = job.reported
    if told is None or job.side is not Side.APPLIANCE:
        return ""
    clock = "by its clock" if told.clock_trusted else "by its clock, which may be wrong"
    return f"Its terminal told that its copy ended at {when}, {clock}."


def shared_words(job: JobView) -> str:
    """Name and date of a document whose owner shares them, as a sentence; empty where nothing is shared."""
    parts = [f'"{job.name}"'] if job.name else []
    parts += [f"dated {job.document_date}"] if job.document_date else []
    return f"{capital(', '.join(parts))}." if parts else ""


def takes_claim(question: Question) -> bool:
    """Whether an order to print takes the print right from the other spool, and so takes two people (P13)."""
    return question.job.right is not RightState.HERE and not APART.isdisjoint(question.job.reasons)


def elsewhere_words(question: Question) -> str:
    """The warning for a person who decides about a copy without the print right; empty where the right is here."""
    job = question.job
    if job.right is RightState.HERE:
        return ""
    is_appliances = job.side is Side.APPLIANCE
    where = ", at two terminals" if is_appliances else ""
    other = f"terminal {job.requester}" if is_appliances else "the appliance"
    if not takes_claim(question):
        return f"{capital(other)} has its print right: after an order to print, the job waits for it."
    return (
        f"It may already be printed by {other}, which has its print right: look at the paper. "
        f"An order to print it here is a reprint: two people must give it{where}.{_lent_words(job)}"
    )


def _lent_words(job: JobView) -> str:
    """The sentence about a printer that the terminal may still drive; empty for another one."""
    if not job.lent:
        return ""
    return (
        f" Printer {job.printer} waits: only that terminal, or two people who looked at the printer, end its use. "
        "To discard the job, or to say that every line is on paper, takes two people too."
    )
