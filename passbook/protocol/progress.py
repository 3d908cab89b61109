"""The state of a job, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from passbook.job.choice import Side
from passbook.job.decisions import by_words
from passbook.job.record import OPERATOR, OnPaper
from passbook.job.states import TERMINAL, JobState, Reason
from passbook.job.waiting import book_words
from passbook.job.wording import REASON_WORDS, doubt_words, medium_name
from passbook.protocol.book_words import discarded_words
from passbook.protocol.messages import JobView, StepReport
from passbook.protocol.notice import Notice
from passbook.screen.columns import capital, short

MORE_ON_PAPER: Final = (
    "The storage was rolled back or altered: more may be on paper than the appliance knows. Look at the paper."
)


def step_words(report: StepReport) -> str:
    """The last confirmed step as a sentence; empty when none is confirmed."""
    return "" if report.kind is None else report.kind.traits.done.format(done=report.lines_done, lines=report.lines)


OTHERS_MEDIUM: Final = "book or sheet"
"""The word for the medium of an unknown job."""


def medium_of(job: JobView) -> str:
    """The word for the job's medium."""
    return medium_name(job.format)


def state_words(job: JobView) -> str:
    """The state of the job and its reason, as a sentence with the next deed of a person."""
    again = discarded_words(job)
    return f"Job {short(job.job)} {standing_words(job)}." + (f" {again}" if again else "")


def held_lines(job: JobView, release: str, *, by_operator: bool = False) -> list[str]:
    """The state after a hold and the next step; `release` is the command that lifts it, up to the job's id."""
    if is_operators_hold(job) and not by_operator:
        return [state_words(job), "An operator (passbookctl release) or a representative (teller release) releases it."]
    return [state_words(job), "To have people asked about it again:", f"  {release} {short(job.job)} --person NAME"]


def released_lines(job: JobView) -> list[str]:
    """The state after a release: other spoolers go on then; here a person first has to decide how."""
    return [state_words(job), "It prints nothing before that."]


_STANDING: Final = MappingProxyType(
    {
        JobState.PENDING: "waits for its turn",
        JobState.PENDING_HELD: "does not print yet{why}; {waits}",
        JobState.PROCESSING: "is printing",
        JobState.PROCESSING_STOPPED: "has stopped{why}; {waits}",
        JobState.CANCELED: "was canceled{ordered}{why}",
        JobState.ABORTED: "was ended by the appliance{why}",
        JobState.COMPLETED: "is completed. Take the {medium} out of {printer}",
    }
)
"""State -> the predicate of a sentence about a job."""


def standing_words(job: JobView) -> str:
    """The state of the job, its reason and the person who ordered it, as the predicate of a sentence."""
    words = _STANDING[job.state]
    by = decided_words(job)
    if job.state is JobState.PROCESSING_STOPPED and job.valid:
        words = f"waits for {book_words(job.waiting, medium_of(job))}"
    elif job.state is JobState.PENDING and Reason.MEDIA_EMPTY in job.reasons:
        words = "waits: {why_waiting} at {printer}"
    elif Reason.CLOSED_BY_ANSWER in job.reasons:
        words = "is completed: all of it is on paper, said {by}" if by else "is completed{why}"
    told = reason_words(job, but=_ORDERED if by else frozenset())
    return words.format(
        why=f": {told}" if told else "",
        why_waiting=told,
        by=by,
        ordered=f" {by}" if by else "",
        waits=waits_words(job),
        medium=medium_of(job),
        printer=job.printer,
    )


_ORDERED: Final = frozenset({Reason.CANCELED_BY_PERSON, Reason.DISCARDED_BY_ANSWER})
"""Reasons that say no more than the name of the person who decided."""
_AT_TERMINAL: Final[Mapping[str, str]] = MappingProxyType({Reason.RESTART: "the agent of its terminal was restarted"})
"""Reason -> other words for it where they are about the copy of a terminal."""


def reason_words(job: JobView, *, but: frozenset[Reason] = frozenset()) -> str:
    """The reasons of the job's state in words, without some; empty if the state says all of it."""
    words = dict(REASON_WORDS)
    if job.side is Side.TERMINAL:
        words.update(_AT_TERMINAL)
    return " and ".join(words[one] for one in job.reasons if one not in but | {Reason.HELD_BY_PERSON})


def waits_words(job: JobView) -> str:
    """The event for which a stopped job waits."""
    held = held_words(job)
    if not held:
        return "it waits for an answer"
    return f"it is {held}, and waits for its release{'' if is_operators_hold(job) else ' or an answer'}"


def is_operators_hold(job: JobView) -> bool:
    """Whether an operator holds the job back: no answer counts before its release."""
    return job.held_by is not None and job.held_by.terminal == OPERATOR


def lines_words(job: JobView) -> str:
    """The number of the job's lines on paper, of all its lines."""
    return f"{job.lines_done} of {job.lines}" if job.lines else "-"


def held_words(job: JobView) -> str:
    """Who holds the job back; empty while it is not held."""
    return "" if job.held_by is None else f"held {by_words(job.held_by)}"


def decided_words(job: JobView) -> str:
    """The person who ended the job: `by Ann at till-1`; empty for an end that no person ordered, and before the end."""
    ordered = job.state is JobState.CANCELED or Reason.CLOSED_BY_ANSWER in job.reasons
    return by_words(job.answered) if ordered and job.answered is not None else ""


def paper_words(notice: Notice) -> str:
    """The lines on paper of a job that ended before all were, as sentences."""
    job, paper = notice.job, notice.on_paper
    if not job.begun:
        return "Nothing of it is on paper."
    if paper is None:
        return "The appliance does not know how much of it is on paper: look at the paper."
    parts = []
    sure, doubt = paper.confirmed - paper.unsure, doubt_words(paper)
    if sure:
        lines = "Line 1 is" if sure == 1 else f"Lines 1 to {sure} are"
        parts.append(f"{lines} on paper, of {paper.lines}.")
    if doubt:
        parts.append(f"{capital(doubt)}: look at the paper.")
    if paper.again:
        parts.append(f"{_again(paper)} sent before and ordered again: look at the paper.")
    if Reason.ROLLED_BACK in job.reasons:
        parts.append(MORE_ON_PAPER)
    return " ".join(parts) or "The appliance does not know whether any of it is on paper: look at the paper."


def _again(paper: OnPaper) -> str:
    first = max(paper.confirmed, paper.in_doubt) + 1
    return f"Line {first} was" if first == paper.again else f"Lines {first} to {paper.again} were"


def end_words(notice: Notice) -> str:
    """The outcome of a job and its lines on paper, as sentences in one line."""
    job, paper = notice.job, notice.on_paper
    ended = "is completed" if job.state is JobState.COMPLETED else standing_words(job)
    parts = [f"Job {short(job.job)} of {job.requester} for {job.printer} {ended}."]
    if paper is not None:
        doubt = doubt_words(paper)
        lines = f"{paper.confirmed - paper.unsure} of {paper.lines} lines are on paper"
        lines += f", {doubt}" if doubt else ""
        lines += f", lines up to {paper.again} were ordered again and may be on paper" if paper.again else ""
        parts.append(f"{lines}.")
        parts += ["More may be on paper: look at it."] if _may_be_more(job, paper) else []
    return " ".join(parts)


def _may_be_more(job: JobView, paper: OnPaper) -> bool:
    """Whether the job may have been printed without a trace in the record of its paper."""
    traced = paper.confirmed or paper.in_doubt or paper.again
    return Reason.ROLLED_BACK in job.reasons or (job.begun and not traced)


def take_words(before: JobView, notice: Notice) -> list[str]:
    """The next deed with the book of a job that was printing `before`."""
    job, paper = notice.job, notice.on_paper
    if before.state in TERMINAL or paper is None or not paper.confirmed:
        return []
    return [f"Take the {medium_of(job)} out of {job.printer}."]
