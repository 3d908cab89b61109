"""Lines on paper print again only when two people at two terminals order it (P3, P7)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.document.plan import StepKind, StepOutline
from passbook.job import changes
from passbook.job.changes import answer
from passbook.job.expiry import destroy_content
from passbook.job.record import Answered, Change, Decider, HistoryKind, Record, Verdict, on_paper_of
from passbook.job.reprinting import lines_again
from passbook.job.states import JobState, Reason
from passbook.protocol.messages import question_of
from tests.passbook.test_changes_promises import AT, BEGUN, CUT, NEW, after, refused

LINE = StepOutline(StepKind.LINE, 3, 1)
OUTLINE = (LINE, LINE, StepOutline(StepKind.TURN, 4), LINE, StepOutline(StepKind.EJECT, 4))
TO_THE_TURN = (*BEGUN, changes.journal(0, 1), changes.journal(1, 2), changes.journal(2, 3), changes.journal(3, 4))
ANN, RITA = Decider("till-1", "Ann"), Decider("manager", "Rita")
WAITS = "second-person-needed"


def stopped() -> Record:
    """Lines 1 and 2 and the turn are done, step 4 is in doubt, and power was cut."""
    return replace(CUT(replace(after(*TO_THE_TURN), outline=OUTLINE, steps=5)).record)


def orders(
    who: Decider, step: int, verdict: Verdict = Verdict.RESUME, *, epoch: int = 1, in_doubt: int = 4
) -> Answered:
    return Answered(epoch, verdict, step, in_doubt, who.terminal, who.person)


def noted(one: Answered, line: int) -> Answered:
    """The answer as it is kept: with its time, and the line that it orders."""
    return replace(one, at=AT, line=line)


def given(one: Answered, *, second_operator: bool = True) -> Change:
    return answer(one, at=AT, date="2026-03-02", trusted=True, second_operator=second_operator)


@pytest.mark.parametrize(
    ("verdict", "step", "again"),
    [
        (Verdict.PRINT, 1, (1, 2)),
        (Verdict.RESUME, 1, (1, 2)),
        (Verdict.RESUME, 2, (2,)),
        (Verdict.RESUME, 3, ()),
        (Verdict.RESUME, 4, ()),
        (Verdict.RESUME, 5, ()),
        (Verdict.DISCARD, 0, ()),
        (Verdict.HOLD, 0, ()),
    ],
)
def test_what_is_on_paper_is_known_by_the_plan(verdict: Verdict, step: int, again: tuple[int, ...]) -> None:
    """A turn that is done again, and the line in doubt, strike nothing that is on paper."""
    assert lines_again(stopped(), orders(ANN, step, verdict)) == again


def test_lines_that_a_dialect_leaves_in_doubt_are_not_on_paper() -> None:
    assert lines_again(replace(stopped(), lines_in_doubt=2), orders(ANN, 1)) == (1,)
    assert lines_again(replace(stopped(), lines_in_doubt=9), orders(ANN, 1)) == ()


@pytest.mark.parametrize(("confirmed", "unsure"), [(0, 0), (1, 1), (2, 1), (3, 0), (4, 1), (5, 0)])
def test_the_last_line_that_such_a_dialect_confirmed_is_unsure_until_its_medium_was_given_back(
    confirmed: int, unsure: int
) -> None:
    paper = on_paper_of(replace(stopped(), confirmed=confirmed, sending=0, lines_in_doubt=2))
    assert paper is not None
    assert paper.unsure == unsure


def test_the_order_of_one_person_prints_nothing() -> None:
    record = stopped()
    outcome = given(orders(ANN, 2))(record)
    waiting = outcome.record
    assert (waiting.valid, waiting.state, waiting.epoch) == (False, record.state, record.epoch)
    assert (waiting.confirmed, waiting.sending, waiting.answered) == (3, 4, None)
    assert waiting.proposed == noted(orders(ANN, 2), 2)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.PROPOSED


def test_the_same_order_of_another_person_at_another_terminal_prints() -> None:
    waiting = given(orders(ANN, 2))(stopped()).record
    outcome = given(orders(RITA, 2))(waiting)
    ready = outcome.record
    assert (ready.valid, ready.state, ready.confirmed, ready.proposed) == (True, JobState.PENDING, 1, None)
    assert ready.answered == noted(replace(orders(ANN, 2), seconded_by=RITA), 2)
    assert ready.reprints == 1
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.ANSWERED


@pytest.mark.parametrize(
    "who", [ANN, Decider(RITA.terminal, ANN.person), Decider(RITA.terminal, "ANN"), Decider(ANN.terminal, RITA.person)]
)
def test_nobody_is_the_second_person_of_an_own_order(who: Decider) -> None:
    waiting = given(orders(ANN, 2))(stopped()).record
    if who == ANN:
        assert given(orders(who, 2))(waiting).record == waiting
    else:
        assert refused(waiting, given(orders(who, 2))) == WAITS


def test_another_order_of_that_kind_is_a_new_proposal() -> None:
    waiting = given(orders(RITA, 1))(given(orders(ANN, 2))(stopped()).record).record
    assert waiting.proposed == noted(orders(RITA, 1), 1)
    assert not waiting.valid
    assert given(orders(ANN, 1))(waiting).record.reprints == 2


@pytest.mark.parametrize(
    ("other", "line", "state"),
    [
        (orders(ANN, 4), 3, JobState.PENDING),
        (orders(RITA, 5), 4, JobState.PENDING),
        (orders(RITA, 0, Verdict.DISCARD), 0, JobState.CANCELED),
        (orders(ANN, 0, Verdict.HOLD), 0, JobState.PROCESSING_STOPPED),
    ],
)
def test_any_other_answer_wins_over_what_was_only_proposed(other: Answered, line: int, state: JobState) -> None:
    decided = given(other)(given(orders(ANN, 2))(stopped()).record).record
    assert (decided.answered, decided.proposed, decided.state) == (noted(other, line), None, state)
    assert decided.reprints == 0


@pytest.mark.parametrize("end", [CUT, changes.hold(AT, "counter-1", "Ann"), changes.cancel(AT, "@operator", "Otto")])
def test_what_ends_the_question_ends_the_proposal(end: Change) -> None:
    assert end(given(orders(ANN, 2))(stopped()).record).record.proposed is None


def test_after_a_power_cut_one_order_of_before_confirms_nothing() -> None:
    """P7: the proposal was for an epoch that is over."""
    again = CUT(given(orders(ANN, 2))(stopped()).record).record
    assert refused(again, given(orders(RITA, 2))) == "stale-question"
    assert given(orders(RITA, 2, epoch=2))(again).record.proposed == noted(orders(RITA, 2, epoch=2), 2)


def test_both_who_ordered_it_get_the_result_when_they_repeat_it() -> None:
    ready = given(orders(RITA, 2))(given(orders(ANN, 2))(stopped()).record).record
    for who in (ANN, RITA):
        assert given(orders(who, 2))(ready).record == ready
    assert refused(ready, given(orders(Decider("till-9", "Eve"), 2))) == "already-answered"


def test_an_order_that_cannot_be_is_not_proposed_either() -> None:
    assert refused(stopped(), given(orders(ANN, 0))) == "answer-not-possible"
    assert refused(stopped(), given(orders(ANN, 2, in_doubt=3))) == "stale-question"


def test_the_key_is_changed_by_the_answer_that_decides_only() -> None:
    new = answer(orders(ANN, 2), at=AT, date="2026-03-02", trusted=True, wraps=())
    assert refused(stopped(), new) == "answer-not-possible"
    waiting = given(orders(ANN, 2))(stopped()).record
    second = answer(orders(RITA, 2), at=AT, date="2026-03-02", trusted=True, wraps=())
    assert second(waiting).wraps == ()


def test_where_one_person_is_enough_it_is_marked_all_the_same() -> None:
    ready = given(orders(ANN, 1), second_operator=False)(stopped()).record
    assert (ready.valid, ready.answered, ready.reprints) == (True, noted(orders(ANN, 1), 1), 2)


def test_the_marks_of_all_answers_add_up() -> None:
    once = given(orders(ANN, 1), second_operator=False)(stopped()).record
    printed = (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), CUT)
    for change in printed:
        once = change(once).record
    again = given(orders(ANN, 1, epoch=2, in_doubt=2), second_operator=False)(once).record
    assert again.reprints == 3


def test_a_record_that_may_say_less_than_the_paper_takes_two_to_print_at_all() -> None:
    back = changes.invalidate(Reason.ROLLED_BACK, AT)(replace(NEW, outline=OUTLINE, steps=5)).record
    assert not back.untouched
    order = orders(ANN, 1, Verdict.PRINT, in_doubt=0)
    waiting = given(order)(back).record
    assert not waiting.valid
    assert given(replace(order, terminal=RITA.terminal, person=RITA.person))(waiting).record.valid
    assert given(orders(ANN, 0, Verdict.DISCARD, in_doubt=0))(back).record.ended


def test_holding_such_a_record_does_not_make_it_believed() -> None:
    back = changes.invalidate(Reason.ROLLED_BACK, AT)(replace(NEW, outline=OUTLINE, steps=5)).record
    for change in (changes.hold(AT, "counter-1", "Ann"), CUT):
        back = change(back).record
        assert Reason.ROLLED_BACK in back.reasons


def test_the_end_of_such_a_record_still_says_so() -> None:
    back = changes.invalidate(Reason.ROLLED_BACK, AT)(replace(NEW, outline=OUTLINE, steps=5)).record
    held = changes.hold(AT, "counter-1", "Ann")(CUT(back).record).record
    for record in (back, held):
        canceled = changes.cancel(AT, "counter-1", "Ann")(record).record
        assert canceled.reasons == (Reason.CANCELED_BY_PERSON, Reason.ROLLED_BACK)
        discarded = given(orders(ANN, 0, Verdict.DISCARD, epoch=record.epoch, in_doubt=0))(record).record
        assert discarded.reasons == (Reason.DISCARDED_BY_ANSWER, Reason.ROLLED_BACK)


def test_a_question_stands_since_it_was_put_whatever_is_noted_with_it() -> None:
    """What people read as "waits since" begins anew with a new question, a hold or a release, and with nothing else."""
    later = "2026-03-02T11:00:00Z"
    record = stopped()
    proposed = answer(orders(ANN, 1), at=later, date="2026-03-02", trusted=True)(record).record
    assert proposed.proposed is not None
    gone = destroy_content("2026-06-02", "2026-06-01", later)(
        replace(proposed, business_date="2026-03-02", clock_trusted=True)
    ).record
    assert gone.content_gone
    assert {question_of(one, (), readable=False).job.changed_at for one in (record, proposed, gone)} == {AT}
    held = changes.hold(later, "till-1", "Ann")(record).record
    assert held.changed_at == later
