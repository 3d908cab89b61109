"""An operator's hold: nothing prints, whoever answers, until an operator or a representative releases it."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.expiry import is_over
from passbook.job.record import OPERATOR, Change, Decider, HistoryKind, Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.messages import view_of, without_people
from passbook.protocol.progress import held_words
from tests.passbook.test_changes_promises import AT, BEGUN, CUT, NEW, STOPPED, after, decided, refused

OTTO = Decider(OPERATOR, "Otto")
HOLD = changes.hold(AT, OPERATOR, "Otto")
ANNS = changes.hold(AT, "till-1", "Ann")
IN_DOUBT = after(*BEGUN, changes.journal(0, 1), STOPPED)
OPEN = [NEW, after(CUT), IN_DOUBT]
NAMES = ["pending", "held", "stopped"]


def answering(verdict: Verdict, record: Record) -> Change:
    step = {Verdict.PRINT: 1, Verdict.RESUME: 1}.get(verdict, 0)
    return decided(verdict, epoch=record.epoch, step=step, in_doubt=record.sending)


@pytest.mark.parametrize(("record", "verdict"), list(product(OPEN, Verdict)))
def test_no_answer_counts_and_the_refusal_says_who_holds_it(record: Record, verdict: Verdict) -> None:
    held = HOLD(record).record
    assert (held.held_by, held.asked, held.valid) == (OTTO, False, False)
    with pytest.raises(PassbookError, match="held by Otto, an operator") as caught:
        answering(verdict, held)(held)
    assert caught.value.code == "held-by-operator"


@pytest.mark.parametrize("record", OPEN, ids=NAMES)
def test_its_requester_neither_releases_nor_ends_it(record: Record) -> None:
    held = HOLD(record).record
    assert refused(held, changes.release(AT, "manager", "Ms Okafor")) == "held-by-operator"
    assert refused(held, changes.cancel(AT, "till-1", "Ann")) == "held-by-operator"


@pytest.mark.parametrize("later", [HOLD, ANNS, changes.hold(AT, "manager", "Ms Okafor")])
def test_a_later_hold_does_not_carry_who_lifted_the_one_before(later: Change) -> None:
    released = after(ANNS, changes.release(AT, "till-1", "Ann"))
    assert released.released_by == Decider("till-1", "Ann")
    assert later(released).record.released_by is None


@pytest.mark.parametrize("record", OPEN, ids=NAMES)
def test_an_operator_or_a_representative_releases_or_ends_it(record: Record) -> None:
    held = HOLD(record).record
    outcome = changes.release(AT, "manager", "Ms Okafor", senior=True)(held)
    released = outcome.record
    assert outcome.entry is not None
    assert (outcome.entry.kind, outcome.entry.record.released_by) == (
        HistoryKind.RELEASED,
        Decider("manager", "Ms Okafor"),
    )
    assert (released.held_by, released.asked, released.valid) == (None, True, False)
    assert Reason.HELD_BY_PERSON not in released.reasons
    assert answering(Verdict.PRINT, released)(released).record.valid
    assert changes.cancel(AT, "boss", "Rita", senior=True)(held).record.ended


def test_the_next_start_asks_nobody_about_it_and_about_every_other_one() -> None:
    for cuts in (1, 2):
        held = after(HOLD, *[CUT] * cuts)
        assert (held.held_by, held.asked, held.valid, held.epoch) == (OTTO, False, False, 1 + cuts)
        assert refused(held, answering(Verdict.PRINT, held)) == "held-by-operator"
    anns = after(ANNS, CUT)
    assert (anns.held_by, anns.asked, anns.reasons) == (None, True, (Reason.POWER_LOSS,))


def test_an_operators_hold_takes_the_place_of_a_tellers_and_not_the_other_way_round() -> None:
    assert after(ANNS, HOLD).held_by == OTTO
    assert after(HOLD, ANNS).held_by == OTTO
    assert after(HOLD, changes.hold(AT, OPERATOR, "Olga")).held_by == OTTO


def test_what_a_teller_holds_is_released_and_answered_as_before() -> None:
    held = after(ANNS)
    assert held.held_by == Decider("till-1", "Ann")
    assert changes.release(AT, "manager", "Ms Okafor")(held).record.held_by is None
    printed = answering(Verdict.PRINT, held)(held).record
    assert (printed.valid, printed.held_by) == (True, None)


def test_who_answered_hold_is_who_holds_it() -> None:
    asked = after(CUT)
    held = answering(Verdict.HOLD, asked)(asked).record
    assert held.answered is not None
    assert held.held_by == Decider(held.answered.terminal, held.answered.person)


def test_an_answer_that_won_before_still_gives_its_result_when_it_is_repeated() -> None:
    """P7: and it changes nothing of the hold."""
    asked = after(CUT)
    won = answering(Verdict.PRINT, asked)
    held = HOLD(won(asked).record).record
    assert won(held).record == held


def test_its_day_may_be_over_and_it_does_not_expire() -> None:
    held = replace(HOLD(NEW).record, business_date="2026-03-01", clock_trusted=True, begun=False)
    assert not is_over(held, "2026-03-02")
    assert is_over(changes.release(AT, "manager", "Ms Okafor", senior=True)(held).record, "2026-03-02")


def test_lists_say_who_holds_it_and_name_a_person_only_to_who_may_decide() -> None:
    view = view_of(HOLD(NEW).record)
    assert held_words(view) == "held by Otto, an operator"
    assert held_words(without_people(view)) == "held by an operator"
    assert held_words(view_of(after(ANNS))) == "held by Ann at till-1"
    assert held_words(without_people(view_of(after(ANNS)))) == "held at till-1"
    assert held_words(without_people(view_of(NEW))) == ""
