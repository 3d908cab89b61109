from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.plan import Eject, Line, Plan, Run, Turn
from passbook.job import changes
from passbook.job.record import Answered, Encryption, Record, Verdict
from passbook.job.states import Reason
from passbook.job.step_machine import (
    TRANSITIONS,
    Act,
    AskForMedium,
    DoStep,
    Finish,
    Happening,
    JournalStep,
    Phase,
    Work,
    after,
    begin_work,
    next_act,
)
from passbook.protocol.media import Media

AT = "2026-03-02T09:00:00Z"
STOPPED = changes.stop(Reason.SILENT, Media.UNKNOWN, AT)
ENOUGH = 4
"""More acts than any step needs."""


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Lines on one page after the other, a turn between two pages, an eject at the end."""
    first = draw(st.integers(1, 5))
    steps: list[Line | Turn | Eject] = []
    counts = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    for page, lines in enumerate(counts, start=first):
        steps += [Turn(page)] if steps else []
        steps += [Line(page, line, 1000 * line, (Run(1, f"{page}/{line}"),)) for line in range(1, lines + 1)]
    return (*steps, Eject(first + len(counts) - 1))


def record_of(plan: Plan) -> Record:
    return Record(
        job_id="0a",
        requester="till-1",
        request_id="r1",
        sequence=1,
        accepted_at=AT,
        format="passbook-update",
        printer="front",
        encryption=Encryption.REQUESTER,
        steps=len(plan),
        outline=(),
        size=100,
    )


class Mechanism:
    """A mechanism and a store that do what an act says, and refuse an act that would harm the paper."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self.plan = plan
        self.record = changes.start(AT, 1)(record).record
        self.work = begin_work(record)
        self.page = 0
        self.acts: list[Act] = []
        self.done: list[int] = []
        """Numbers of the steps that were done, in order."""

    def step(self) -> Act | None:
        """Do the next act, with success; None when there is none."""
        act = next_act(self.plan, self.work)
        if act is not None:
            self.acts.append(act)
            self.work = after(self.plan, self.work, act, self._do(act))
        return act

    def _do(self, act: Act) -> Happening:
        match act:
            case AskForMedium(page, confirmed):
                self.record = changes.journal(confirmed, 0)(self.record).record
                self.page = page
                return Happening.MEDIUM_IN
            case JournalStep(confirmed, sending):
                self.record = changes.journal(confirmed, sending)(self.record).record
                return Happening.JOURNALED
            case DoStep(step, medium_in):
                assert medium_in == (self.page != 0)
                assert not isinstance(step, Line) or step.page == self.page, "printed on another page than its own"
                self._perform(step)
                self.page = self.page if isinstance(step, Line) else 0
            case Finish():
                self.record = changes.finish_job(AT)(self.record).record
                return Happening.ALL_DONE
        return Happening.CONFIRMED

    def _perform(self, step: object) -> None:
        """Only the step that is journaled as being sent may be done."""
        assert self.record.sending == self.work.step
        assert step == self.plan[self.record.sending - 1]
        self.done.append(self.record.sending)

    def run(self) -> None:
        """Act until there is nothing to do."""
        for _ in range(ENOUGH * (len(self.plan) + 1)):
            if self.step() is None:
                return
        raise AssertionError("it never ends")

    def fail(self) -> None:
        """The next act fails."""
        act = next_act(self.plan, self.work)
        assert act is not None
        self.work = after(self.plan, self.work, act, Happening.FAILED)
        self.record = STOPPED(self.record).record


@given(plan=plans(), data=st.data())
def test_every_remaining_step_is_done_once_and_in_order(plan: Plan, data: st.DataObject) -> None:
    confirmed = data.draw(st.integers(0, len(plan)))
    mechanism = Mechanism(plan, replace(record_of(plan), confirmed=confirmed))
    mechanism.run()
    assert mechanism.done == list(range(confirmed + 1, len(plan) + 1))
    assert mechanism.work.phase is Phase.ENDED
    assert mechanism.record.ended
    assert mechanism.page == 0


@given(plan=plans(), data=st.data())
def test_each_step_is_preceded_by_its_own_journal_entry(plan: Plan, data: st.DataObject) -> None:
    confirmed = data.draw(st.integers(0, len(plan)))
    mechanism = Mechanism(plan, replace(record_of(plan), confirmed=confirmed))
    mechanism.run()
    journaled = [act for act in mechanism.acts if isinstance(act, JournalStep)]
    assert journaled == [JournalStep(k - 1, k) for k in range(confirmed + 1, len(plan) + 1)]
    for before, act in pairwise([None, *mechanism.acts]):
        assert isinstance(act, DoStep) == isinstance(before, JournalStep)


@given(plan=plans(), data=st.data())
def test_between_journal_and_confirmation_only_that_step_is_done(plan: Plan, data: st.DataObject) -> None:
    step = data.draw(st.integers(1, len(plan)))
    page = data.draw(st.sampled_from([0, *{one.page for one in plan}]))
    act = next_act(plan, Work(Phase.JOURNALED, step, page))
    assert isinstance(act, DoStep)
    assert (act.step, act.medium_in) == (plan[step - 1], page != 0)


@given(plan=plans(), data=st.data())
def test_only_the_next_line_on_the_same_page_may_be_prepared_behind_a_line(plan: Plan, data: st.DataObject) -> None:
    step = data.draw(st.integers(1, len(plan)))
    act = next_act(plan, Work(Phase.JOURNALED, step, plan[step - 1].page))
    assert isinstance(act, DoStep)
    behind = plan[step] if step < len(plan) else None
    both_lines = isinstance(plan[step - 1], Line) and isinstance(behind, Line)
    assert act.following == (behind if both_lines else None)


@given(plan=plans(), data=st.data())
def test_a_failure_at_any_act_ends_the_work(plan: Plan, data: st.DataObject) -> None:
    mechanism = Mechanism(plan, record_of(plan))
    for _ in range(data.draw(st.integers(0, _acts(plan) - 1))):
        mechanism.step()
    mechanism.fail()
    assert mechanism.work.phase is Phase.STOPPED
    assert next_act(plan, mechanism.work) is None
    for happening in Happening:
        with pytest.raises(KeyError):
            after(plan, mechanism.work, None, happening)


@given(plan=plans(), data=st.data())
def test_after_a_failure_the_answer_decides_what_is_done_again(plan: Plan, data: st.DataObject) -> None:
    """P3: nothing but what a person ordered is done a second time, and nothing is left out."""
    mechanism = Mechanism(plan, record_of(plan))
    for _ in range(data.draw(st.integers(0, _acts(plan) - 1))):
        mechanism.step()
    sent = list(mechanism.done)
    mechanism.fail()
    doubt = mechanism.record.sending
    answer, first = data.draw(st.sampled_from(list(_answers(mechanism.record))))
    ordered = changes.answer(answer, at=AT, date="2026-03-02", trusted=True)(mechanism.record).record
    if ordered.ended:
        assert first == len(plan) + 1
        return
    again = Mechanism(plan, ordered)
    again.run()
    assert again.done == list(range(first, len(plan) + 1))
    assert set(sent) & set(again.done) <= set(range(first, (doubt or mechanism.record.confirmed) + 1))


def _answers(record: Record) -> Iterator[tuple[Answered, int]]:
    """What a person may answer, and the step that comes first then."""
    k = record.sending or record.confirmed + 1
    given = Answered(record.epoch, Verdict.RESUME, k, record.sending, "till-1", "A. Person")
    yield given, k
    yield replace(given, verdict=Verdict.PRINT, step=1), 1
    if record.sending:
        yield replace(given, step=k + 1), k + 1


def _acts(plan: Plan) -> int:
    """How many acts the whole plan takes: journal and deed for each step, one question for the book, and the end."""
    return 2 * len(plan) + 2


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("happening", Happening)
def test_what_the_table_does_not_have_is_a_defect_of_the_caller(phase: Phase, happening: Happening) -> None:
    plan: Plan = (Line(1, 1, 1000, ()), Eject(1))
    if (phase, happening) in TRANSITIONS:
        assert after(plan, Work(phase, 1), None, happening).phase is TRANSITIONS[phase, happening]
    else:
        with pytest.raises(KeyError):
            after(plan, Work(phase, 1), None, happening)


@pytest.mark.parametrize("happening", Happening)
def test_nothing_happens_after_the_end(happening: Happening) -> None:
    assert not {phase for phase, _ in TRANSITIONS} & {Phase.ENDED, Phase.STOPPED}
    with pytest.raises(KeyError):
        after((Eject(1),), Work(Phase.ENDED, 2), None, happening)


def test_a_book_that_is_already_out_is_not_given_back_again() -> None:
    """Everything but the eject was on paper when the power failed; a person has the book."""
    plan: Plan = (Line(1, 1, 1000, ()), Eject(1))
    mechanism = Mechanism(plan, replace(record_of(plan), confirmed=1))
    mechanism.run()
    assert mechanism.acts == [JournalStep(1, 2), DoStep(Eject(1), medium_in=False), Finish()]


def test_going_on_with_a_turn_asks_for_the_new_page_only() -> None:
    plan: Plan = (Line(1, 1, 1000, ()), Turn(2), Line(2, 1, 1000, ()), Eject(2))
    mechanism = Mechanism(plan, replace(record_of(plan), confirmed=1))
    mechanism.run()
    assert [act for act in mechanism.acts if not isinstance(act, JournalStep)] == [
        DoStep(Turn(2), medium_in=False),
        AskForMedium(2, 2),
        DoStep(Line(2, 1, 1000, ()), medium_in=True),
        DoStep(Eject(2), medium_in=True),
        Finish(),
    ]
