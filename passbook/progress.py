"""Where a job stands, in words for people."""

from __future__ import annotations

from typing import Final

from passbook.decisions import by_words
from passbook.job import TERMINAL, JobState, Reason
from passbook.messages import JobView, StepReport
from passbook.notices import Notice
from passbook.plan import StepKind
from passbook.record import OnPaper

MORE_ON_PAPER: Final = (
    "The storage was put back to an earlier state, or altered: more may be on paper than the appliance knows. "
    "Look at the paper."
)


def step_words(report: StepReport) -> str:
    """The last confirmed step as a sentence; empty when none is confirmed."""
    match report.kind:
        case None:
            return ""
        case StepKind.LINE:
            return f"Line {report.lines_done} of {report.lines} is on paper."
        case StepKind.TURN:
            return "The book was given back, to be turned."
        case StepKind.EJECT:
            return "The book was given back."


def medium_of(job: JobView) -> str:
    """What people call that which it is printed on."""
    return "sheet" if job.format == "text" else "book"


def state_words(job: JobView) -> str:
    """Where the job stands, as a sentence."""
    if job.state is JobState.COMPLETED:
        return f"Job {job.job} is completed. Take the {medium_of(job)} out of {job.printer}."
    why = f" ({', '.join(job.reasons)})" if job.reasons else ""
    held = f", {words}" if (words := held_words(job)) else ""
    decided = f" {words}" if (words := decided_words(job)) else ""
    return f"Job {job.job} is {job.state}{why}{held}{decided}."


def held_words(job: JobView) -> str:
    """Who holds the job back; empty when nobody does, or no version noted it."""
    return "" if job.held_by is None else f"held {by_words(job.held_by)}"


def decided_words(job: JobView) -> str:
    """Who ended the job: `by Ann at till-1`; empty for an end that no person ordered, and before the end."""
    ordered = job.state is JobState.CANCELED or Reason.CLOSED_BY_ANSWER in job.reasons
    return by_words(job.answered) if ordered and job.answered is not None else ""


def paper_words(notice: Notice) -> str:
    """What is on paper of a job that ended before all of it was, as sentences."""
    job, paper = notice.job, notice.on_paper
    if not job.begun:
        return "Nothing of it is on paper."
    if paper is None:
        return f"{job.confirmed} of its {job.steps} steps were done; look at the paper."
    parts = []
    if paper.confirmed:
        lines = "Line 1 is" if paper.confirmed == 1 else f"Lines 1 to {paper.confirmed} are"
        parts.append(f"{lines} on paper, of {paper.lines}.")
    if paper.in_doubt:
        parts.append(f"Line {paper.in_doubt} is in doubt: look at the paper.")
    if paper.again:
        parts.append(f"{_again(paper)} sent before and ordered again: look at the paper.")
    if Reason.ROLLED_BACK in job.reasons:
        parts.append(MORE_ON_PAPER)
    return " ".join(parts) or "Whether any of it is on paper is not known: look at the paper."


def _again(paper: OnPaper) -> str:
    first = max(paper.confirmed, paper.in_doubt) + 1
    return f"Line {first} was" if first == paper.again else f"Lines {first} to {paper.again} were"


def end_words(notice: Notice) -> str:
    """How a job ended, and what of it is on paper, in one line."""
    job, paper = notice.job, notice.on_paper
    why = f" ({', '.join(job.reasons)})" if job.reasons else ""
    lines = ""
    if paper is not None:
        lines = f", {paper.confirmed} of {paper.lines} lines on paper"
        lines += f", line {paper.in_doubt} in doubt" if paper.in_doubt else ""
        lines += f", up to line {paper.again} maybe on paper, ordered again" if paper.again else ""
        lines += ", maybe more: look at the paper" if _may_be_more(job, paper) else ""
    return f"{job.job}  {job.requester}  {job.printer}  {job.state}{why}{lines}, ended {job.changed_at}"


def _may_be_more(job: JobView, paper: OnPaper) -> bool:
    """Whether it may have been printed without a trace in what is known of its paper."""
    traced = paper.confirmed or paper.in_doubt or paper.again
    return Reason.ROLLED_BACK in job.reasons or (job.begun and not traced)


def take_words(before: JobView, notice: Notice) -> list[str]:
    """What there is to do with the book of a job that was printing `before`."""
    job, paper = notice.job, notice.on_paper
    if before.state in TERMINAL or paper is None or not paper.confirmed:
        return []
    return [f"Take the {medium_of(job)} out of {job.printer}."]
