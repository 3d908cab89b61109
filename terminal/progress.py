"""Where a job stands, in words for the person at the terminal."""

from __future__ import annotations

from passbook.job import TERMINAL, JobState
from passbook.messages import JobView, StepReport
from passbook.plan import StepKind


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
    paper = f" {paper_words(job)}" if job.state in TERMINAL else ""
    return f"Job {job.job} is {job.state}{why}.{paper}"


def take_words(before: JobView, job: JobView) -> list[str]:
    """What there is to do with the book when a person has ended a job that was printing `before`."""
    printing = before.valid and before.state in {JobState.PROCESSING, JobState.PROCESSING_STOPPED}
    if not printing or job.state is not JobState.CANCELED or not job.lines_done:
        return []
    return [f"Take the {medium_of(job)} out of {job.printer}."]


def paper_words(job: JobView) -> str:
    """What is on paper of a job that ended before all of it was."""
    if not job.begun:
        return "Nothing of it is on paper."
    if not job.lines:
        return f"{job.confirmed} of its {job.steps} steps were done; look at the paper."
    parts = []
    if job.lines_done:
        lines = "Line 1" if job.lines_done == 1 else f"Lines 1 to {job.lines_done}"
        parts.append(f"{lines} of {job.lines} {'is' if job.lines_done == 1 else 'are'} on paper.")
    if job.sending:
        parts.append(f"Step {job.sending} was sent and not confirmed: look at the paper.")
    return " ".join(parts) or "What was printed before it was ordered anew is on paper."
