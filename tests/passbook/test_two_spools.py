"""P3, P13, P15: two spools, one printer, and a network that loses, repeats and reorders; driven by hypothesis.

Two copies of one job follow the rules of passbook.job.changes, as an appliance and an agent apply them: turns, offers,
hand-overs, reports, silence.  A cut takes from a side all that it has in memory, and its next boot makes its copy
invalid.  A message may arrive any number of times, at any later moment, or never.  People order what a question lets
them order.  The paper is the judge: a step is struck twice only after a person ordered it, and by the other spool only
after two people did; and the two spools never both hold the printer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.print_right import PrintRight, RightState, reply_to_offer
from passbook.job.record import Answered, Change, HistoryKind, Record, Reported, Told, Verdict, told_of
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.test_changes import AT, pending

CHOICES = [
    Choice(Keep.BOTH, Side.APPLIANCE, IfApart.ASK),
    Choice(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL),
    Choice(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE),
    Choice(Keep.BOTH, Side.TERMINAL, IfApart.TERMINAL),
    Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.ASK),
    Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL),
]
BOTH_SIDES = st.sampled_from([Side.APPLIANCE, Side.TERMINAL])
PEOPLE = ("Ann", "Ben")


class Message(NamedTuple):
    """One message to a side: what it is, and what it carries."""

    to: Side
    what: str
    carries: Any = None


class Strike(NamedTuple):
    """A step that was sent to paper: by which side, and how many orders people had given before."""

    step: int
    by: Side
    orders: int


@dataclass
class Copy:
    """One side: its durable record, and what it has in memory only.

    Attributes:
        call: the number of the turn that is open here.
        has_document: a document of the other side lies here for this turn.
        has_printer: this side drives the printer.
    """

    record: Record
    call: int = 0
    has_document: bool = False
    has_printer: bool = False
    entries: list[HistoryKind] = field(default_factory=list)

    def apply(self, change: Change) -> bool:
        """Apply a change durably; whether the rule took it."""
        try:
            outcome = change(self.record)
        except PassbookError:
            return False
        self.record = outcome.record
        self.entries += [] if outcome.entry is None else [outcome.entry.kind]
        return True

    def forget(self) -> None:
        self.call, self.has_document, self.has_printer = 0, False, False


class Office(RuleBasedStateMachine):
    """The machine of one job, whose printer is wired to the appliance or stands on the network."""

    @initialize(choice=st.sampled_from(CHOICES), on_network=st.booleans())
    def accept(self, choice: Choice, on_network: bool) -> None:
        self.on_network = on_network
        self.sides = {side: Copy(self._accepted(choice, side)) for side in Side}
        self.messages: list[Message] = []
        self.paper: list[Strike] = []
        self.orders = self.claims = 0

    @staticmethod
    def _accepted(choice: Choice, side: Side) -> Record:
        state = RightState.HERE if choice.right_begins_at(side) else RightState.AWAY
        return replace(pending(), side=side, choice=choice, right=PrintRight(state))

    @property
    def appliance(self) -> Copy:
        return self.sides[Side.APPLIANCE]

    @property
    def terminal(self) -> Copy:
        return self.sides[Side.TERMINAL]

    # The turn

    def needs_turn(self) -> bool:
        record = self.appliance.record
        needs = record.is_fed_by_terminal or record.right.state is not RightState.HERE
        return record.valid and record.state is JobState.PENDING and needs and not self.appliance.has_document

    @precondition(needs_turn)
    @rule(arrive=st.integers(0, 4))
    def call_turn(self, arrive: int) -> None:
        """The turn is called, and of what follows from it so many messages arrive."""
        self.appliance.call = self.appliance.record.turn + 1
        self.messages.append(Message(Side.TERMINAL, "your turn", self.appliance.call))
        for _ in range(arrive):
            self._heard(self.sides[self.messages[-1].to], self.messages[-1])

    @precondition(lambda self: self.appliance.call)
    @rule()
    def close_turn(self) -> None:
        self.appliance.apply(changes.close_turn(self.appliance.call, Reason.TERMINAL_SILENT, AT))
        self.appliance.call = 0

    @precondition(lambda self: self.messages)
    @rule(which=st.integers(0, 10_000), last=st.booleans())
    def deliver(self, which: int, last: bool) -> None:
        message = self.messages[-1 if last else which % len(self.messages)]
        self._heard(self.sides[message.to], message)

    def _heard(self, side: Copy, message: Message) -> None:
        match message:
            case Message(_, "your turn", number):
                self._take_turn(side, number)
            case Message(_, "ready", (number, token)):
                self._taken(side, number, token)
            case Message(_, "hand over", token):
                if token == 0:
                    self._lend(side)
                elif side.apply(changes.take_right(token, wanted=True)):
                    self._say_of(side, token)
                    self._lend(side)
            case Message(_, "said", (token, reply)):
                side.apply(changes.end_offer(token, reply))
            case Message(_, _, told):
                side.apply(changes.report(told, AT))

    def _take_turn(self, side: Copy, number: int) -> None:
        """The agent does its part: what it offers is durable before it is said."""
        if not side.record.valid or side.record.state is not JobState.PENDING:
            return
        token = 0
        if (not self.on_network and side.apply(changes.offer_right())) or side.record.right.state is RightState.OFFERED:
            token = side.record.right.token
        self.messages.append(Message(Side.APPLIANCE, "ready", (number, token)))

    def _taken(self, side: Copy, number: int, token: int) -> None:
        if number != side.call:
            return
        if self.on_network and side.record.is_fed_by_terminal:
            side.call = 0
            if side.apply(changes.hand_over(AT)):
                side.has_printer = False
                right = side.record.right
                self.messages.append(
                    Message(Side.TERMINAL, "hand over", right.token if right.state is RightState.OFFERED else 0)
                )
            return
        if token and side.apply(changes.take_right(token, wanted=True)):
            self._say_of(side, token)
        side.call, side.has_document = 0, True

    def _say_of(self, side: Copy, token: int) -> None:
        reply = reply_to_offer(side.record.right, token)
        if reply is not None:
            self.messages.append(Message(_other(side.record.side), "said", (token, reply)))

    def _lend(self, side: Copy) -> None:
        """The agent opens the port, which the printer gives to one at a time."""
        if side.record.right.state is RightState.HERE and not self.sides[_other(side.record.side)].has_printer:
            side.has_printer = True

    # Printing

    @precondition(lambda self: not all(one.record.ended for one in self.sides.values()))
    @rule(at=BOTH_SIDES, deeds=st.integers(1, 5))
    def work(self, at: Side, deeds: int) -> None:
        """A side that may prints, so many deeds long."""
        self._begin(at)
        for _ in range(deeds):
            if self.sides[at].record.sending:
                self._confirm(at)
            else:
                self._strike(at)

    def _begin(self, at: Side) -> None:
        side = self.sides[at]
        if at is Side.APPLIANCE:
            own = side.record.keeps_document and not side.record.is_fed_by_terminal
            if side.record.handed or self.terminal.has_printer or not (own or side.has_document):
                return
            side.has_printer = True
        if side.has_printer and not side.apply(changes.start(AT, 1)):
            side.has_printer = side.record.state is JobState.PROCESSING

    def _strike(self, at: Side) -> None:
        """The next step is journaled, and goes to paper."""
        side = self.sides[at]
        record = side.record
        sending = record.confirmed + 1
        if not side.has_printer or record.sending or sending > record.steps:
            return
        if side.apply(changes.journal(record.confirmed, sending)):
            for before in [one for one in self.paper if one.step == sending]:
                ordered = self.orders > before.orders or before.by is not at
                assert ordered, "a step was struck again, and no person ordered it"
                assert before.by is at or self.claims, "both spools struck one step, and no two people ordered that"
            self.paper.append(Strike(sending, at, self.orders))

    def _confirm(self, at: Side) -> None:
        side = self.sides[at]
        if side.has_printer and side.record.sending:
            side.apply(changes.journal(side.record.sending, 0))
            if side.record.confirmed == side.record.steps and side.apply(changes.finish_job(AT)):
                side.has_printer = False

    @precondition(lambda self: any(one.has_printer for one in self.sides.values()))
    @rule(at=BOTH_SIDES)
    def jam(self, at: Side) -> None:
        side = self.sides[at]
        if side.has_printer and side.apply(changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT)):
            side.has_printer = False

    @rule(at=BOTH_SIDES)
    def tell(self, at: Side) -> None:
        side = self.sides[at]
        if side.record.right.state is RightState.HERE or side.record.ended:
            # Each side tells what it did with a right that it had.
            end = Reported(AT, area=at.value, entry=1, chain="0c" * 32) if side.record.ended else None
            self.messages.append(Message(_other(at), "told", told_of(side.record, end)))

    # Apart, cuts and people

    @rule(at=BOTH_SIDES)
    def cut(self, at: Side) -> None:
        side = self.sides[at]
        side.forget()
        if not side.record.ended:
            side.apply(changes.invalidate(Reason.POWER_LOSS, AT))

    @rule(at=BOTH_SIDES)
    def miss(self, at: Side) -> None:
        """A side hears nothing of the other one, and does what is chosen for that."""
        side = self.sides[at]
        if side.record.ended or side.has_printer:
            return
        if at is Side.TERMINAL and side.record.right.state is RightState.HERE and side.record.valid:
            side.has_printer = not self.appliance.has_printer
        elif at is Side.TERMINAL or side.record.handed:
            side.apply(changes.ask_apart(Reason.TERMINAL_SILENT, AT))

    @precondition(lambda self: any(one.record.is_open and one.record.asked for one in self.sides.values()))
    @rule(at=BOTH_SIDES, two=st.booleans(), again=st.booleans())
    def order(self, at: Side, two: bool, again: bool) -> None:
        side = self.sides[at]
        for person in PEOPLE[: 1 + two]:
            if not side.record.is_open or not side.record.asked:
                return
            # A person who looked at the paper goes on behind the last step that was sent.
            step = 1 if again else min(side.record.furthest_sent + 1, side.record.steps)
            given = Answered(side.record.epoch, Verdict.RESUME, step, side.record.sending, f"at {person}", person)
            claims = side.record.right.state
            if not side.apply(changes.answer(given, at=AT, date=AT[:10], trusted=True)):
                return
            if side.record.valid:
                self.orders += 1
                if claims is not RightState.HERE and side.record.right.state is RightState.HERE:
                    self.claims += 1
                    assert person == PEOPLE[1], "one person alone had it printed in a spool without the right"

    @invariant()
    def one_spool_has_the_right(self) -> None:
        if not self.claims:
            here = [one for one in self.sides.values() if one.record.right.state is RightState.HERE]
            assert len([one for one in here if one.record.valid or not one.record.ended]) < 2

    @invariant()
    def one_spool_has_the_printer(self) -> None:
        assert not all(one.has_printer for one in self.sides.values())

    @invariant()
    def a_history_tells_each_print_once(self) -> None:
        for side in self.sides.values():
            assert side.entries.count(HistoryKind.ENDED) == side.record.ended
            assert side.entries.count(HistoryKind.PRINTED_TOO) <= 1

    @invariant()
    def an_ended_job_stays_ended(self) -> None:
        for side in self.sides.values():
            assert not (side.record.ended and side.record.valid)


def _other(side: Side) -> Side:
    return Side.TERMINAL if side is Side.APPLIANCE else Side.APPLIANCE


@pytest.mark.long
def test_a_step_is_struck_again_only_by_order_and_by_the_other_spool_only_by_two() -> None:
    Office.TestCase.settings = hypothesis_settings(max_examples=400, stateful_step_count=40, deadline=None)
    case = Office.TestCase("runTest")
    case.runTest()


def test_two_people_order_a_job_whose_document_lies_at_the_terminal_and_it_is_asked_for() -> None:
    choice = Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL)
    copy = Copy(replace(pending(), side=Side.APPLIANCE, choice=choice, right=PrintRight(RightState.AWAY)))
    assert copy.apply(changes.close_turn(1, Reason.NOT_SPOOLED, AT))
    for person in PEOPLE:
        given = Answered(copy.record.epoch, Verdict.PRINT, 1, 0, f"at {person}", person)
        assert copy.apply(changes.answer(given, at=AT, date=AT[:10], trusted=True))
    assert (copy.record.valid, copy.record.right.state) == (True, RightState.HERE)
    assert copy.record.is_fed_by_terminal


def test_a_terminal_loses_its_right_to_two_people_at_the_appliance_unless_it_prints_now() -> None:
    begun = replace(pending(), side=Side.TERMINAL, begun=True, confirmed=1)
    told = Told(state=JobState.COMPLETED, confirmed=begun.steps, begun=True, token=1)
    copy = Copy(begun)
    assert copy.apply(changes.report(told, AT))
    assert copy.record.ended
    printing = Copy(replace(begun, state=JobState.PROCESSING))
    assert not printing.apply(changes.report(told, AT))
    at_appliance = Copy(replace(begun, side=Side.APPLIANCE))
    assert not at_appliance.apply(changes.report(told, AT))
