"""Progress in the words of the document: its lines, where it is known which steps they are."""

from __future__ import annotations

from passbook.job import JobState
from passbook.messages import Inquiry, JobView, StepReport
from passbook.plan import StepKind


class Progress:
    """What one job's steps are called; an inquiry says it exactly, and so does the own copy when nothing is turned."""

    def __init__(self, lines: int | None) -> None:
        """Know only how many lines the document has; None when it cannot be read here."""
        self._lines = lines
        self._kinds: tuple[StepKind, ...] = ()

    def learn(self, inquiry: Inquiry) -> None:
        """Take the steps as the question lists them."""
        self._kinds = tuple(step.kind for step in inquiry.outline)

    def words(self, report: StepReport) -> str:
        """The last confirmed step as a sentence; empty when none is confirmed."""
        done = report.confirmed
        if not done:
            return ""
        kinds = self._kinds or self._guessed(report.steps)
        if done > len(kinds):
            return f"Step {done} of {report.steps} is done."
        match kinds[done - 1]:
            case StepKind.LINE:
                return f"Line {kinds[:done].count(StepKind.LINE)} of {kinds.count(StepKind.LINE)} is on paper."
            case StepKind.TURN:
                return "The book was turned."
            case StepKind.EJECT:
                return "The book was given back."

    def _guessed(self, steps: int) -> tuple[StepKind, ...]:
        # The last step gives the book back; with no step besides the lines, nothing is turned.
        if self._lines is None or self._lines + 1 != steps:
            return ()
        return (StepKind.LINE,) * self._lines + (StepKind.EJECT,)


def state_words(job: JobView) -> str:
    """Where the job stands, as a sentence."""
    if job.state is JobState.COMPLETED:
        return f"Job {job.job} is completed. Take the book out of {job.printer}."
    why = f" ({', '.join(job.reasons)})" if job.reasons else ""
    return f"Job {job.job} is {job.state}{why}."
