"""P13: of two spools at most one holds the right to print a job, whatever is lost, comes twice, or is put back.

Two copies of one job and a network that loses, repeats and reorders are driven by hypothesis.  The rules that move a
copy are those of the store; a cut is a boot.  "Put back to yesterday" is any earlier state of one copy, followed by a
boot whose reason is that rollback: so it is when the store finds it, by its row sum, by the peer areas or by the mark.
What is promised then is that the copy prints nothing before two people ordered it.  A rollback that nothing finds (all
areas and the mark together, as a live snapshot of a machine does it) leaves a copy that a single person may order; that
limit is not covered here, nor by any rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import PrintRight, RightReply, RightState, reply_to_offer
from passbook.job.record import Answered, Change, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.test_changes import AT, pending

NEW = pending()
AWAY = replace(NEW, right=PrintRight(RightState.AWAY))
SIDES = st.sampled_from([0, 1])
HAPPENS = ["boot", "put back", "apart", "one person", "two people", "step"]


def after(record: Record, *steps: Change) -> Record:
    for step in steps:
        record = step(record).record
    return record


def refused(record: Record, change: Change) -> str:
    with pytest.raises(PassbookError) as caught:
        change(record)
    return caught.value.code


def may_print(record: Record) -> bool:
    """Whether anything that leads to paper can be done for it."""
    try:
        (changes.start(AT, 1) if record.state is JobState.PENDING else changes.stop(Reason.SILENT, Media.UNKNOWN, AT))(
            record
        )
    except PassbookError:
        return False
    return True


def ordered(record: Record, *people: str) -> Record:
    """Each of these people orders it printed, at a terminal of its own."""
    for person in people:
        given = Answered(record.epoch, Verdict.PRINT, 1, record.sending, f"terminal of {person}", person)
        record = changes.answer(given, at=AT, date=AT[:10], trusted=True)(record).record
    return record


class Message(NamedTuple):
    """What one copy tells the other one; `reply` is None for an offer."""

    to: int
    token: int
    reply: RightReply | None = None


@dataclass
class Side:
    """One copy.

    Attributes:
        days: every state that was ever durable.
        by_two: two people ordered it printed here: a reprint, for all that is known of the other copy.
        on_paper: a step of it was sent here, whatever the record says.
    """

    record: Record
    days: list[Record] = field(default_factory=list)
    by_two: bool = False
    on_paper: bool = False

    def keep(self, record: Record) -> None:
        self.record = record
        self.days.append(record)


class TwoSpools(RuleBasedStateMachine):
    """The machine; a message may be delivered any number of times, at any later moment, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = [Side(NEW, [NEW]), Side(AWAY, [AWAY])]
        self.sent: list[Message] = []

    @rule(at=SIDES)
    def offer(self, at: int) -> None:
        """The message may be lost with the power behind the commit: then it is never delivered."""
        side = self.sides[at]
        try:
            side.keep(after(side.record, changes.offer_right()))
        except PassbookError:
            return
        self.sent.append(Message(1 - at, side.record.right.token))

    @precondition(lambda self: self.sent)
    @rule(wanted=st.booleans())
    def deliver_the_last(self, wanted: bool) -> None:
        self._deliver(self.sent[-1], wanted)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 10_000), wanted=st.booleans())
    def deliver(self, which: int, wanted: bool) -> None:
        """Any message of before, once more or late."""
        self._deliver(self.sent[which % len(self.sent)], wanted)

    def _deliver(self, message: Message, wanted: bool) -> None:
        side = self.sides[message.to]
        if message.reply is not None:
            side.keep(after(side.record, changes.end_offer(message.token, message.reply)))
            return
        side.keep(after(side.record, changes.take_right(message.token, wanted=wanted)))
        reply = reply_to_offer(side.record.right, message.token)
        if reply is not None:
            self.sent.append(Message(1 - message.to, message.token, reply))

    @rule(at=SIDES, what=st.sampled_from(HAPPENS), back=st.integers(0))
    def something_happens(self, at: int, what: str, back: int) -> None:
        side = self.sides[at]
        match what:
            case "boot":
                side.keep(after(side.record, changes.invalidate(Reason.POWER_LOSS, AT)))
            case "put back":
                earlier = side.days[back % len(side.days)]
                side.keep(after(earlier, changes.invalidate(Reason.ROLLED_BACK, AT)))
            case "apart":
                side.keep(after(side.record, changes.ask_apart(Reason.TERMINAL_SILENT, AT)))
            case "step":
                self._print(side, self.sides[1 - at])
            case _:
                self._answer(side, two=what == "two people")

    @staticmethod
    def _answer(side: Side, *, two: bool) -> None:
        if not side.record.is_open:
            return
        alone = ordered(side.record, "Ann")
        if alone.valid:
            side.keep(alone)
        elif two:
            side.keep(ordered(alone, "Ben"))
            side.by_two = True

    @staticmethod
    def _print(side: Side, other: Side) -> None:
        """A step is journaled, and goes to paper."""
        if side.record.state is not JobState.PENDING or not may_print(side.record):
            return
        side.keep(after(side.record, changes.start(AT, 1), changes.journal(0, 1)))
        assert side.by_two or other.by_two or not other.on_paper, "it is on paper at the other spool"
        side.on_paper = True

    @invariant()
    def at_most_one_prints(self) -> None:
        printing = [side for side in self.sides if may_print(side.record)]
        assert len(printing) < 2 or any(side.by_two for side in printing)


@pytest.mark.long
def test_at_most_one_spool_prints_whatever_comes() -> None:
    TwoSpools.TestCase.settings = hypothesis_settings(max_examples=400, stateful_step_count=30, deadline=None)
    case = TwoSpools.TestCase("runTest")
    case.runTest()


def test_the_right_moves_and_comes_back() -> None:
    giver, taker = after(NEW, changes.offer_right()), AWAY
    assert not may_print(giver)
    taker = after(taker, changes.take_right(1, wanted=True))
    assert reply_to_offer(taker.right, 1) is RightReply.TAKEN
    assert may_print(taker)
    giver = after(giver, changes.end_offer(1, RightReply.TAKEN))
    taker = after(taker, changes.offer_right())
    giver = after(giver, changes.take_right(2, wanted=True))
    assert (may_print(giver), may_print(taker)) == (True, False)


def test_an_offer_back_says_that_the_one_before_it_was_taken() -> None:
    giver = after(NEW, changes.offer_right())
    taker = after(AWAY, changes.take_right(1, wanted=True), changes.offer_right())
    giver = after(giver, changes.take_right(taker.right.token, wanted=True))
    assert (giver.right, taker.right) == (PrintRight(RightState.HERE, 2), PrintRight(RightState.OFFERED, 2))


def test_only_a_refusal_withdraws_an_offer_and_it_is_one_for_ever() -> None:
    giver = after(NEW, changes.offer_right())
    taker = after(AWAY, changes.take_right(1, wanted=False))
    assert reply_to_offer(taker.right, 1) is RightReply.REFUSED
    assert after(taker, changes.take_right(1, wanted=True)) == taker
    assert may_print(after(giver, changes.end_offer(1, RightReply.REFUSED)))
    assert after(giver, changes.invalidate(Reason.POWER_LOSS, AT)).right == giver.right


def test_a_word_about_an_earlier_offer_changes_nothing() -> None:
    first = after(NEW, changes.offer_right())
    second = after(first, changes.end_offer(1, RightReply.REFUSED), changes.offer_right())
    for reply in RightReply:
        assert after(second, changes.end_offer(1, reply)) == second


def test_the_right_moves_only_while_nothing_was_sent_and_the_record_is_valid() -> None:
    begun = after(NEW, changes.start(AT, 1), changes.journal(0, 1))
    assert refused(begun, changes.offer_right()) == "not-allowed-in-state"
    assert refused(after(NEW, changes.start(AT, 1)), changes.offer_right()) == "not-allowed-in-state"
    assert refused(after(NEW, changes.invalidate(Reason.RESTART, AT)), changes.offer_right()) == "not-allowed-in-state"
    away = replace(begun, right=AWAY.right)
    assert after(away, changes.take_right(1, wanted=True)).right == PrintRight(RightState.AWAY, 1)


def test_a_copy_that_was_put_back_refuses_nothing_that_it_may_have_taken() -> None:
    forgot = after(AWAY, changes.invalidate(Reason.ROLLED_BACK, AT))
    for wanted in (True, False):
        assert after(forgot, changes.take_right(1, wanted=wanted)) == forgot
    assert reply_to_offer(forgot.right, 1) is None


def test_no_boot_leaves_a_permission() -> None:
    assert not may_print(after(NEW, changes.invalidate(Reason.RESTART, AT)))


@pytest.mark.parametrize("state", [RightState.AWAY, RightState.OFFERED])
def test_an_order_to_print_without_the_right_takes_two_people(state: RightState) -> None:
    waiting = after(replace(NEW, right=PrintRight(state, 4)), changes.ask_apart(Reason.TERMINAL_SILENT, AT))
    alone = ordered(waiting, "Ann")
    assert (alone.valid, alone.right) == (False, waiting.right)
    assert alone.proposed is not None
    both = ordered(alone, "Ben")
    assert (both.valid, both.right) == (True, PrintRight(RightState.HERE, 5))
    assert may_print(both)


@pytest.mark.parametrize("state", [RightState.AWAY, RightState.OFFERED])
def test_an_order_after_a_boot_lets_a_copy_without_the_right_wait_for_its_turn(state: RightState) -> None:
    waiting = after(replace(NEW, right=PrintRight(state, 4)), changes.invalidate(Reason.POWER_LOSS, AT))
    ordered_once = ordered(waiting, "Ann")
    assert (ordered_once.valid, ordered_once.right) == (True, waiting.right)
    assert not may_print(ordered_once)


def test_a_store_that_was_copied_to_another_machine_has_no_right_there() -> None:
    copied = after(NEW, changes.invalidate(Reason.STORE_COPIED, AT))
    alone = ordered(copied, "Ann")
    assert (copied.right.state, alone.valid) == (RightState.AWAY, False)
    assert may_print(ordered(alone, "Ben"))


@pytest.mark.parametrize("reason", [Reason.ROLLED_BACK, Reason.STORE_COPIED])
def test_the_silence_of_the_other_spool_hides_nothing_that_a_boot_found(reason: Reason) -> None:
    silent = after(AWAY, changes.invalidate(reason, AT), changes.ask_apart(Reason.APPLIANCE_SILENT, AT))
    assert silent.reasons == (Reason.APPLIANCE_SILENT, reason)
    answers_again = after(silent, changes.end_apart(AT))
    assert answers_again.reasons == (reason,)
    assert not ordered(answers_again, "Ann").valid


def test_with_one_spool_the_right_is_here_whatever_comes() -> None:
    steps = (changes.start(AT, 1), changes.journal(0, 1), changes.invalidate(Reason.POWER_LOSS, AT))
    record = ordered(after(NEW, *steps), "Ann")
    assert record.valid
    assert record.right == PrintRight()
