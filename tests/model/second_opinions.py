"""Rules: orders that take two people, and jobs that a representative opens because their requester is gone."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from passbook.job.record import Record, Verdict
from passbook.protocol.messages import AnswerQuestion
from passbook.protocol.pages import Page, QuestionPage
from terminal.answers import opening
from terminal.keyring import KeyRing
from tests.model.answers import Answering, as_dict
from tests.model.jobs import Job
from tests.model.judge import CHIEF
from tests.model.machine import picks, prompts

reprints = st.sampled_from([Verdict.PRINT, Verdict.RESUME])
seconds = st.sampled_from(
    ["another", "another", "the same person elsewhere", "another at the same terminal", "the same"]
)


class SecondOpinions(Answering):
    """Where one person, or one key, is not enough."""

    def printed_questions(self) -> list[tuple[Job, Record]]:
        """The open questions about jobs with a line on paper, of tellers."""
        return [(job, one) for job, one in self.answerable() if one.confirmed and job.terminal != CHIEF]

    @precondition(lambda self: self.printed_questions())
    @rule(pick=picks, verdict=reprints, step=picks, chief=st.booleans(), second=seconds, prompts=prompts)
    def print_again(self, pick: int, verdict: Verdict, step: int, chief: bool, second: str, prompts: int) -> None:
        """P3: what is on paper is printed again when two people at two terminals order it, and not before."""
        questions = self.printed_questions()
        job, record = questions[pick % len(questions)]
        by, other = (CHIEF, job.terminal) if chief else (job.terminal, CHIEF)
        if not (self.requester_is_there(by) and self.requester_is_there(other)):
            return
        answer = self.answer_to(job, record, verdict, step % record.confirmed, f"Ms {by}")
        self.give(job, record, by, answer)
        if self.office.dead or job.proposal is None:
            self.after()
            return
        who, where = {
            "another": (f"Mr {other}", other),
            "the same person elsewhere": (answer.person.upper(), other),
            "another at the same terminal": (f"Mr {other}", by),
            "the same": (answer.person, by),
        }[second]
        self.give(job, record, where, AnswerQuestion(**(as_dict(answer) | {"person": who})))
        self.work(prompts)
        self.after()

    @precondition(lambda self: any(job.terminal != CHIEF for job, _ in self.answerable()))
    @rule(pick=picks, step=picks, damage=st.booleans(), prompts=prompts)
    def open_for_who_is_gone(self, pick: int, step: int, damage: bool, prompts: int) -> None:
        """F3: the requester is not there; the branch recovery key opens the job, and nothing else does."""
        questions = [(job, record) for job, record in self.answerable() if job.terminal != CHIEF]
        job, record = questions[pick % len(questions)]
        if job.terminal in self.office.sessions:
            self.office.disconnect(job.terminal)
        if not self.requester_is_there(CHIEF):
            return
        data_key = self.data_key(job)
        if data_key is None:
            self.after()
            return
        answer = self.answer_to(
            job, record, Verdict.RESUME, record.confirmed + (step % 2 if record.sending else 0), CHIEF
        )
        opened = bytes([data_key[0] ^ damage, *data_key[1:]])
        answer = AnswerQuestion(**(as_dict(answer) | {"key": b"", "data_key": opened}))
        if damage:
            (reply,) = self.office.ask((CHIEF, "Recovery.AnswerQuestion", answer))
            assert not reply.done, "P7: a key that does not open the job was taken"
            self.nothing_changed(job, record)
        else:
            self.give(job, record, CHIEF, answer)
        self.work(prompts)
        self.after()

    def data_key(self, job: Job) -> bytes | None:
        """What the representative's key ring makes of the question; None when power was lost meanwhile."""
        (reply,) = self.office.ask((CHIEF, "Recovery.ListQuestions", Page()))
        if reply.payload is None:
            assert self.office.dead
            return None
        page = msgspec.convert(reply.payload, QuestionPage)
        (question,) = [one for one in page.questions if one.job.job == job.job]
        return opening(question, KeyRing(recovery={"branch": self.office.recovery_key}))[1]
