from __future__ import annotations

from passbook.job import JobState, Reason
from passbook.messages import StepReport
from passbook.plan import StepKind
from terminal.progress import state_words, step_words
from tests.terminal.samples import view


def test_the_last_confirmed_step_is_told_in_the_documents_words() -> None:
    assert step_words(StepReport("aa11", 0, 1, 22)) == ""
    assert step_words(StepReport("aa11", 7, 8, 22, StepKind.LINE, 7, 20)) == "Line 7 of 20 is on paper."
    assert step_words(StepReport("aa11", 11, 12, 22, StepKind.TURN, 10, 20)) == "The book was given back, to be turned."
    assert step_words(StepReport("aa11", 22, 0, 22, StepKind.EJECT, 20, 20)) == "The book was given back."


def test_a_state_is_told_with_its_reasons() -> None:
    assert state_words(view()) == "Job aa11 is pending."
    assert state_words(view(state=JobState.COMPLETED)) == "Job aa11 is completed. Take the book out of window-1."
    jammed = view(state=JobState.PROCESSING_STOPPED, reasons=(Reason.MEDIA_JAM, Reason.POWER_LOSS))
    assert state_words(jammed) == "Job aa11 is processing-stopped (media-jam, power-loss)."
