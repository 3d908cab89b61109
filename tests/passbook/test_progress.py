from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.document.plan import StepKind
from passbook.job.choice import Side
from passbook.job.record import Decider, OnPaper
from passbook.job.states import JobState, Reason
from passbook.job.waiting import Waiting, Why
from passbook.job.wording import REASON_WORDS
from passbook.protocol.messages import StepReport
from passbook.protocol.notice import Notice
from passbook.protocol.progress import MORE_ON_PAPER, end_words, lines_words, paper_words, state_words, step_words
from tests.terminal.samples import view

BACK = (Reason.CANCELED_BY_PERSON, Reason.ROLLED_BACK)


def test_the_last_confirmed_step_is_told_in_the_documents_words() -> None:
    assert step_words(StepReport("aa11", 0, 1, 22)) == ""
    assert step_words(StepReport("aa11", 7, 8, 22, StepKind.LINE, 7, 20)) == "Line 7 of 20 is on paper."
    assert step_words(StepReport("aa11", 11, 12, 22, StepKind.TURN, 10, 20)) == "The book was given back, to be turned."
    assert step_words(StepReport("aa11", 22, 0, 22, StepKind.EJECT, 20, 20)) == "The book was given back."


def test_a_state_is_told_with_its_reasons() -> None:
    assert state_words(view()) == "Job aa11 waits for its turn."
    assert state_words(view(state=JobState.COMPLETED)) == "Job aa11 is completed. Take the book out of window-1."
    jammed = view(state=JobState.PROCESSING_STOPPED, reasons=(Reason.MEDIA_JAM, Reason.POWER_LOSS))
    assert state_words(jammed) == "Job aa11 waits for its book."
    assert state_words(replace(jammed, format="pdf")) == "Job aa11 waits for its sheet."
    turning = replace(jammed, waiting=Waiting(Why.PAGE_TURN, page=4))
    assert state_words(turning) == "Job aa11 waits for its book to be turned to page 4."
    changing = replace(jammed, waiting=Waiting(Why.NEXT_BOOK, page=1))
    assert state_words(changing) == "Job aa11 waits for a new book, opened at page 1: the one before is full."
    asked = replace(jammed, valid=False)
    assert state_words(asked) == "Job aa11 has stopped: paper is jammed and the power failed; it waits for an answer."
    by = Decider("till-1", "Ann")
    assert state_words(replace(asked, held_by=by, reasons=(Reason.HELD_BY_PERSON,))) == (
        "Job aa11 has stopped; it is held by Ann at till-1, and waits for its release or an answer."
    )
    closed = view(state=JobState.COMPLETED, reasons=(Reason.CLOSED_BY_ANSWER,))
    assert state_words(closed) == "Job aa11 is completed: a person said that all of it is on paper."
    assert state_words(view(job="7f3a09c2d1e84b55")) == "Job 7f3a09c2 waits for its turn."


def test_a_restart_is_told_as_that_of_the_side_whose_copy_it_is_about() -> None:
    asked = view(state=JobState.PENDING_HELD, reasons=(Reason.RESTART,), valid=False)
    assert "the appliance was restarted" in state_words(asked)
    assert "the agent of its terminal was restarted" in state_words(replace(asked, side=Side.TERMINAL))


def test_every_reason_has_words() -> None:
    assert set(REASON_WORDS) == set(Reason)


def test_of_a_job_people_are_told_lines() -> None:
    assert lines_words(view(lines=20, lines_done=5)) == "5 of 20"
    assert lines_words(view()) == "-"


@pytest.mark.parametrize(
    ("facts", "paper", "words"),
    [
        ({"begun": False}, OnPaper(20, 0), "Nothing of it is on paper."),
        ({}, OnPaper(20, 1), "Line 1 is on paper, of 20."),
        ({}, OnPaper(20, 12), "Lines 1 to 12 are on paper, of 20."),
        ({}, OnPaper(20, 5, 6), "Lines 1 to 5 are on paper, of 20. Line 6 is in doubt: look at the paper."),
        ({}, OnPaper(20, 0, 1), "Line 1 is in doubt: look at the paper."),
        (
            {},
            OnPaper(20, 5, 6, unsure=1),
            "Lines 1 to 4 are on paper, of 20. Lines 5 to 6 are in doubt: look at the paper.",
        ),
        ({}, OnPaper(20, 1, 0, unsure=1), "Line 1 is in doubt: look at the paper."),
        (
            {},
            OnPaper(20, 4, 0, 12),
            "Lines 1 to 4 are on paper, of 20. Lines 5 to 12 were sent before and ordered again: look at the paper.",
        ),
        (
            {},
            OnPaper(20, 0, 1, 2),
            "Line 1 is in doubt: look at the paper. Line 2 was sent before and ordered again: look at the paper.",
        ),
        ({}, OnPaper(20, 0), "The appliance does not know whether any of it is on paper: look at the paper."),
        ({"reasons": BACK}, OnPaper(20, 0), MORE_ON_PAPER),
        ({"reasons": BACK}, OnPaper(20, 1), f"Line 1 is on paper, of 20. {MORE_ON_PAPER}"),
        ({"confirmed": 5}, None, "The appliance does not know how much of it is on paper: look at the paper."),
    ],
)
def test_of_a_job_that_ended_early_it_is_told_what_is_on_paper(
    facts: dict[str, Any], paper: OnPaper | None, words: str
) -> None:
    ended = view(state=JobState.CANCELED, valid=False, **facts)
    assert paper_words(Notice(ended, paper, None, None)) == words


@pytest.mark.parametrize(
    ("facts", "paper", "words"),
    [
        ({"begun": False}, OnPaper(20, 0), "0 of 20 lines are on paper."),
        ({}, OnPaper(20, 0), "0 of 20 lines are on paper. More may be on paper: look at it."),
        ({}, OnPaper(20, 0, 1), "0 of 20 lines are on paper, line 1 is in doubt."),
        ({}, OnPaper(20, 5, 6, unsure=1), "4 of 20 lines are on paper, lines 5 to 6 are in doubt."),
        ({"reasons": BACK}, OnPaper(20, 2), "2 of 20 lines are on paper. More may be on paper: look at it."),
    ],
)
def test_the_line_of_an_end_says_where_more_may_be_on_paper(facts: dict[str, Any], paper: OnPaper, words: str) -> None:
    assert words in end_words(Notice(view(state=JobState.CANCELED, valid=False, **facts), paper, None, None))


def test_the_line_of_an_end_says_what_was_ordered_again() -> None:
    ended = view(state=JobState.CANCELED, valid=False)
    words = end_words(Notice(ended, OnPaper(20, 4, 5, 12), None, None))
    assert (
        "4 of 20 lines are on paper, line 5 is in doubt, lines up to 12 were ordered again and may be on paper."
        in words
    )
