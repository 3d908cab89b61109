"""Who decided, and what, is told in words that people use: names, lines and pages."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.decisions import by_words, order_words
from passbook.job.record import OPERATOR, Answered, Decider, Record, Verdict, without_outline
from passbook.job.states import JobState, Reason
from passbook.job.wording import next_line, step_name
from passbook.protocol.messages import view_of, without_people
from passbook.protocol.progress import decided_words, state_words
from tests.passbook.test_changes_promises import AT
from tests.passbook.test_reprinting import OUTLINE, given, orders, stopped

ANN, BERND = Decider("till-1", "Ann"), Decider("counter-2", "Bernd")
STEPS = len(OUTLINE)


def test_a_step_is_named_by_the_line_or_page_that_people_know() -> None:
    """Two lines, a turn, a line and the eject."""
    names = [step_name(OUTLINE, step) for step in range(1, STEPS + 2)]
    assert names[:4] == ["line 1", "line 2", "the turn to page 4", "line 3"]
    assert names[4:] == ["the giving back of the book", "the end of the job"]
    assert [next_line(OUTLINE, step) for step in range(1, STEPS + 2)] == [1, 2, 3, 3, 4, 4]


def test_where_no_outline_is_kept_no_line_is_made_up() -> None:
    assert (step_name((), 3), next_line((), 3), step_name(OUTLINE, 0)) == ("the rest of it", 0, "the rest of it")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (ANN, "by Ann at till-1"),
        (Decider("till-1", ""), "at till-1"),
        (Decider(OPERATOR, "Bernd"), "by Bernd, an operator"),
        (Decider(OPERATOR, ""), "by an operator"),
    ],
)
def test_who_decided(who: Decider, words: str) -> None:
    assert by_words(who) == words


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (orders(ANN, 1, Verdict.PRINT), "print all of it"),
        (orders(ANN, 4), "go on with line 3"),
        (orders(ANN, 5), "give the book back"),
        (orders(ANN, 0, Verdict.DISCARD), "discard it"),
        (orders(ANN, 0, Verdict.HOLD), "hold it"),
    ],
)
def test_what_was_ordered_is_told_in_lines_to_the_slower_answerer(order: Answered, words: str) -> None:
    decided = given(order, second_operator=False)(stopped()).record
    assert decided.answered is not None
    assert order_words(decided.answered, decided.steps) == words
    assert decided.answered.at == AT
    if order.verdict is not Verdict.HOLD:
        with pytest.raises(PassbookError) as caught:
            given(orders(BERND, 5 if order.step == 4 else 4))(decided)
        assert (caught.value.code, caught.value.facts["order"]) == ("already-answered", words)
        assert f"by Ann at till-1 ({AT}): {words}." in str(caught.value)


def test_the_end_of_all_lines_is_told_as_such() -> None:
    last = replace(stopped(), confirmed=4, sending=5)
    closed = given(orders(ANN, 6, in_doubt=5))(last).record
    assert closed.answered is not None
    assert order_words(closed.answered, closed.steps) == "all of it is on paper"
    assert decided_words(view_of(closed)) == "by Ann at till-1"


def test_the_line_is_told_after_the_outline_went_with_the_end() -> None:
    decided = without_outline(given(orders(ANN, 4))(stopped()).record)
    assert (decided.outline, decided.answered and decided.answered.line) == ((), 3)
    earlier = replace(orders(ANN, 4), at="", line=0)
    assert order_words(earlier, STEPS) == "go on with it"


REFUSED = {
    "too far": (stopped(), given(orders(ANN, 6))),
    "too early": (stopped(), given(orders(ANN, 0))),
    "not the next": (replace(stopped(), valid=True, state=JobState.PROCESSING), changes.journal(1, 2)),
    "not the last": (replace(stopped(), valid=True, state=JobState.PROCESSING), changes.finish_job(AT)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_sentence_speaks_of_steps(case: str) -> None:
    record, change = REFUSED[case]
    with pytest.raises(PassbookError) as caught:
        change(record)
    assert caught.value.code == "answer-not-possible"
    assert not re.search(r"\bsteps?\b", str(caught.value))


def canceled() -> Record:
    return changes.cancel(AT, BERND.terminal, BERND.person)(stopped()).record


def test_an_end_that_a_person_ordered_says_by_whom() -> None:
    view = view_of(canceled())
    assert state_words(view).endswith("was canceled by Bernd at counter-2.")
    assert decided_words(without_people(view)) == "at counter-2"
    assert decided_words(view_of(replace(canceled(), reasons=(Reason.DISCARDED_BY_ANSWER,)))) == "by Bernd at counter-2"


def test_an_end_that_nobody_ordered_names_nobody() -> None:
    answered = given(orders(ANN, 4))(stopped()).record
    assert decided_words(view_of(answered)) == ""
    assert decided_words(view_of(changes.expire(1, "2027-01-01", AT)(stopped()).record)) == ""


def test_a_hold_and_a_release_are_told_with_their_people_to_who_may_know_them() -> None:
    held = changes.hold(AT, BERND.terminal, BERND.person)(stopped()).record
    released = changes.release(AT, ANN.terminal, ANN.person)(held).record
    assert (view_of(held).held_by, view_of(released).released_by) == (BERND, ANN)
    assert without_people(view_of(released)).released_by == Decider(ANN.terminal, "")
    seconded = given(orders(BERND, 1))(given(orders(ANN, 1))(stopped()).record).record
    hidden = without_people(view_of(seconded)).answered
    assert hidden is not None
    assert (hidden.person, hidden.seconded_by) == ("", Decider(BERND.terminal, ""))
