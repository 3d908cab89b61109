"""Rules: answers to questions, right and wrong, from everybody, also two at once."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from passbook.job.record import Record, Verdict
from passbook.protocol.messages import AnswerQuestion
from tests.model.jobs import Counts, Job, Order, Proposal
from tests.model.machine import WRONG_KEY, BranchMachine, chosen, names, picks, prompts
from tests.model.stand_ins import Reply

verdicts = st.sampled_from([one for one in Verdict if one is not Verdict.NEW_BOOK])
"""No job of this model has a book that is remembered: tests/spooler/test_known_books.py is the model of books."""


class Answering(BranchMachine):
    """How an answer is made, and what it must bring about."""

    def moved_on(self, job: Job, record: Record) -> bool:
        now = None if self.office.dead else self.record(job.job)
        return now is None or now.epoch != record.epoch

    def answer_to(self, job: Job, record: Record, verdict: Verdict, step: int, person: str) -> AnswerQuestion:
        furthest = record.furthest_sent + 1
        return AnswerQuestion(
            job=job.job,
            epoch=record.epoch,
            verdict=verdict,
            person=person,
            step=1 + step % furthest if verdict is Verdict.RESUME else 0,
            in_doubt=record.sending,
            key=job.key,
        )

    def give(self, job: Job, record: Record, by: str, answer: AnswerQuestion) -> None:
        """An answer that its terminal may give, with what opens the job."""
        before = self.counts(job)
        (reply,) = self.office.ask((by, "Recovery.AnswerQuestion", answer))
        self.judge_answer(job, record, by, answer, before, reply)

    def judge_answer(
        self, job: Job, record: Record, by: str, answer: AnswerQuestion, before: Counts, reply: Reply
    ) -> None:
        """P3: one person alone never has a line printed that is on paper; everything else counts at once."""
        prints = answer.verdict in {Verdict.PRINT, Verdict.RESUME}
        first = job.proposal
        if not (prints and job.again(answer.step or 1, record.confirmed)):
            if answer.verdict is not Verdict.HOLD or record.asked:
                job.proposal = None
            self.took(job, record, answer, before, reply)
        elif first is None or first.order != order_of(answer):
            assert reply.done or self.office.dead or self.fenced, f"P7: {reply.code}"
            self.nothing_changed(job, record)
            job.proposal = Proposal(order_of(answer), by, answer.person) if reply.done else None
            job.readable |= reply.done
        elif (first.terminal, first.person) == (by, answer.person):
            assert reply.done or self.office.dead or self.fenced, f"P7: {reply.code}"
            self.nothing_changed(job, record)
        elif first.terminal == by or first.person.casefold() == answer.person.casefold():
            assert not reply.done, "P3: one person alone, or two at one terminal, had lines printed again"
            self.nothing_changed(job, record)
        else:
            job.proposal = None
            self.took(job, record, answer, before, reply)

    def nothing_changed(self, job: Job, record: Record) -> None:
        after = None if self.office.dead else self.record(job.job)
        assert after is None or decided(after) == decided(record), (
            "P3, P7: an answer that does not count changed the job"
        )

    def took(self, job: Job, record: Record, answer: AnswerQuestion, before: Counts, reply: Reply) -> None:
        """An answer that was right: taken, or unknown when power or disk failed meanwhile."""
        surely = reply.done
        assert surely or self.office.dead or self.fenced, f"P7: {reply.code}"
        match answer.verdict:
            case Verdict.PRINT | Verdict.RESUME:
                step = answer.step or 1
                job.ordered(step, before, surely=surely)
                if surely:
                    job.counts_from(step, record.confirmed)
                else:
                    job.unsure.append((answer, record.confirmed))
                job.closed |= step > len(job.steps())
                job.readable = True
            case Verdict.DISCARD:
                job.may_end = True
            case Verdict.HOLD | Verdict.NEW_BOOK:
                pass


class Answers(Answering):
    """What people answer."""

    @precondition(lambda self: self.open_questions())
    @rule(pick=picks, by=names, verdict=verdicts, step=picks, age=st.sampled_from([0, 0, 0, 1]), key=st.integers(0, 4))
    def answer(self, pick: int, by: str, verdict: Verdict, step: int, age: int, key: int) -> None:
        """P7, P12: the right person at the right epoch with the right key; everybody else changes nothing."""
        job, record = chosen(self.open_questions(), pick)
        if not self.requester_is_there(by):
            return
        answer = self.answer_to(job, record, verdict, step, by)
        shown = (b"", WRONG_KEY, job.key, job.key, job.key)[key]
        answer = AnswerQuestion(**(as_dict(answer) | {"epoch": record.epoch - age, "key": shown}))
        before = self.counts(job)
        same = job.proposal == Proposal(order_of(answer), by, answer.person)
        (reply,) = self.office.ask((by, "Recovery.AnswerQuestion", answer))
        prints = verdict in {Verdict.PRINT, Verdict.RESUME}
        wrong = by not in {job.terminal, "chief"} or age or (prints and (key == 1 or (key == 0 and not job.readable)))
        if wrong or record.held_by_operator:
            # The answer that won or was proposed before, said once more, gives its result and changes nothing.
            said = record.answered is not None and record.answered.terminal == by
            repeated = same or (said and (age or record.held_by_operator))
            assert repeated or not reply.done, f"P7 or P12: {by} at age {age} with key {key}"
            self.nothing_changed(job, record)
        else:
            self.judge_answer(job, record, by, answer, before, reply)
        self.after()

    @precondition(lambda self: self.answerable())
    @rule(pick=picks, verdict=st.sampled_from([Verdict.PRINT, Verdict.RESUME, Verdict.DISCARD]), step=picks)
    def two_answers(self, pick: int, verdict: Verdict, step: int) -> None:
        """P7: of two answers at one moment one wins, and saying it again gives its result."""
        job, record = chosen(self.answerable(), pick)
        if not (self.requester_is_there(job.terminal) and self.requester_is_there("chief")):
            return
        first = self.answer_to(job, record, verdict, step, job.terminal)
        if verdict is not Verdict.DISCARD and job.again(first.step or 1, record.confirmed):
            first = self.answer_to(job, record, Verdict.RESUME, record.confirmed, job.terminal)
        second = self.answer_to(job, record, Verdict.DISCARD, step, "chief-herself")
        before = self.counts(job)
        sent = [(job.terminal, first), ("chief", second)]
        replies = self.office.ask(*((by, "Recovery.AnswerQuestion", one) for by, one in sent))
        done = [number for number, reply in enumerate(replies) if reply.done]
        assert len(done) <= 1, "P7: both answers were taken"
        if done or self.office.dead or self.fenced:
            for number in done or (0, 1):
                self.took(job, record, sent[number][1], before, replies[number])
        else:
            raise AssertionError(f"P7: no answer was taken: {[reply.code for reply in replies]}")
        if done and not self.office.dead:
            by, again = sent[done[0]]
            (repeated,) = self.office.ask((by, "Recovery.AnswerQuestion", again))
            excused = self.fenced or self.moved_on(job, record)
            assert repeated.done or excused, "P7: repeated"
        self.after()

    @precondition(lambda self: self.answerable())
    @rule(pick=picks, prompts=prompts)
    def go_on(self, pick: int, prompts: int) -> None:
        """The requester has the line in doubt printed again, or the next one."""
        job, record = chosen(self.answerable(), pick)
        if not self.requester_is_there(job.terminal):
            return
        step = record.confirmed + (pick % 2 if record.sending else 0)
        self.give(job, record, job.terminal, self.answer_to(job, record, Verdict.RESUME, step, job.terminal))
        self.work(prompts)
        self.after()


def order_of(answer: AnswerQuestion) -> Order:
    """What a second person must order too: to print, and to go on from the first step, are one order."""
    is_whole = answer.verdict is Verdict.RESUME and answer.step == 1
    verdict, step = (Verdict.PRINT, 0) if is_whole else (answer.verdict, answer.step)
    return Order(answer.epoch, verdict, step, answer.in_doubt)


def decided(record: Record) -> tuple[object, ...]:
    """What an answer would change; a clean-up may note where the book is at any time."""
    return record.state, record.valid, record.epoch, record.confirmed, record.sending, record.answered


def as_dict(answer: AnswerQuestion) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}
