from __future__ import annotations

from typing import Any

import pytest

from passbook.job import JobState, Reason
from passbook.messages import StepReport
from passbook.plan import StepKind
from terminal.progress import paper_words, state_words, step_words, take_words
from tests.terminal.samples import stopped, view


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


def test_a_book_is_taken_out_when_its_job_was_ended_while_it_was_printing() -> None:
    printing = view(state=JobState.PROCESSING, sending=6)
    ended = view(state=JobState.CANCELED, valid=False, lines_done=5, lines=20)
    assert take_words(printing, ended) == ["Take the book out of window-1."]
    assert take_words(printing, view(state=JobState.CANCELED, valid=False, lines_done=0, lines=20)) == []
    assert take_words(printing, view(state=JobState.COMPLETED, valid=False, lines_done=20, lines=20)) == []
    assert take_words(stopped(5), ended) == take_words(view(), ended) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"begun": False}, "Nothing of it is on paper."),
        ({"confirmed": 1, "lines_done": 1}, "Line 1 of 20 is on paper."),
        ({"confirmed": 13, "lines_done": 12}, "Lines 1 to 12 of 20 are on paper."),
        (
            {"confirmed": 5, "lines_done": 5, "sending": 6},
            "Lines 1 to 5 of 20 are on paper. Step 6 was sent and not confirmed: look at the paper.",
        ),
        ({"sending": 1}, "Step 1 was sent and not confirmed: look at the paper."),
        ({}, "What was printed before it was ordered anew is on paper."),
        ({"lines": 0, "confirmed": 5}, "5 of its 22 steps were done; look at the paper."),
    ],
)
def test_of_a_job_that_ended_early_it_is_told_what_is_on_paper(facts: dict[str, Any], words: str) -> None:
    ended = view(**({"state": JobState.CANCELED, "valid": False, "lines": 20} | facts))
    assert paper_words(ended) == words
    assert state_words(ended) == f"Job aa11 is canceled. {words}"
