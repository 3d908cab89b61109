from __future__ import annotations

from passbook.job import JobState, Reason
from passbook.messages import StepReport
from terminal.progress import Progress, state_words
from tests.terminal.samples import TWENTY, inquiry, stopped, view


def words(progress: Progress, confirmed: int, steps: int) -> str:
    return progress.words(StepReport("aa11", confirmed, confirmed + 1, steps))


def test_lines_have_their_numbers_when_nothing_is_turned() -> None:
    progress = Progress(20)
    assert words(progress, 0, 21) == ""
    assert words(progress, 7, 21) == "Line 7 of 20 is on paper."
    assert words(progress, 20, 21) == "Line 20 of 20 is on paper."
    assert words(progress, 21, 21) == "The book was given back."


def test_steps_are_counted_where_a_turn_makes_lines_unknown() -> None:
    assert words(Progress(20), 7, 22) == "Step 7 of 22 is done."
    assert words(Progress(None), 7, 22) == "Step 7 of 22 is done."


def test_a_question_tells_which_steps_are_lines() -> None:
    progress = Progress(None)
    progress.learn(inquiry(stopped(11, 12), TWENTY))
    assert words(progress, 12, 22) == "Line 12 of 20 is on paper."
    assert words(progress, 13, 22) == "The book was turned."
    assert words(progress, 14, 22) == "Line 13 of 20 is on paper."
    assert words(progress, 22, 22) == "The book was given back."
    assert words(progress, 23, 23) == "Step 23 of 23 is done."


def test_a_state_is_told_with_its_reasons() -> None:
    assert state_words(view()) == "Job aa11 is pending."
    assert state_words(view(state=JobState.COMPLETED)) == "Job aa11 is completed. Take the book out of window-1."
    jammed = view(state=JobState.PROCESSING_STOPPED, reasons=(Reason.MEDIA_JAM, Reason.POWER_LOSS))
    assert state_words(jammed) == "Job aa11 is processing-stopped (media-jam, power-loss)."
