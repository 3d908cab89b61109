"""The recovery desk: puts open questions to people, and takes their answers (P7, P12).

The question is the record; this desk only remembers what it has asked whom since when.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from firmware.config.configuration import RecoveryConfig
from firmware.people.audiences import SHOWN_AT_ONCE, Audiences
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, may_not_decide
from passbook.job.record import Answered, Holder, Record, Verdict, Wrap
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion, JobView, Question, question_of
from passbook.protocol.naming import check_name
from spooler.clock import Clock, stamp
from spooler.hub import Hub, Listener
from spooler.jobs import Jobs
from spooler.logs import Log
from storage import ApplianceKey, Rng, envelope

_LOG: Final = Log("recovery")

ASKED_AT_ONCE: Final = 1000
"""Questions whose requesters have time; of more than that all who may decide are asked at once, in pages."""
PRINTING_VERDICTS: Final = frozenset({Verdict.PRINT, Verdict.RESUME})


class _Seen(NamedTuple):
    """What the question said that people were shown."""

    epoch: int
    media: Media
    proposed: Answered | None


class RecoveryDesk:
    """Asks the requester, then the representatives; the first valid answer counts."""

    def __init__(
        self,
        jobs: Jobs,
        hub: Hub,
        settings: RecoveryConfig,
        appliance_key: ApplianceKey,
        *,
        printers: Collection[str],
        view: Callable[[Record], JobView],
        clock: Clock,
        rng: Rng,
    ) -> None:
        """`printers` are the names of those that the appliance has; `view` gives a job as terminals are told of it."""
        self.audiences = Audiences(hub, clock, self._show, grace=settings.grace, answer_timeout=settings.answer_timeout)
        """Whom the open questions are put to; its run() watches their deadlines."""
        self._jobs = jobs
        self._hub = hub
        self._printers = printers
        self._view = view
        self._second_operator = settings.second_operator
        self._appliance_key = appliance_key
        self._clock = clock
        self._rng = rng
        self._seen: dict[str, _Seen] = {}
        self._are_more = False
        self._answering = asyncio.Lock()
        self.watchers: list[Callable[[str, int], None]] = []
        """Called with job and epoch of each question that was put to a requester or representative."""
        hub.watchers.append(self._greet)

    def start(self) -> None:
        """After power-on: ask what an earlier start left."""
        for record in islice(self._jobs.spool.questions(), ASKED_AT_ONCE):
            self.note(record)
        self._are_more = len(self._seen) == ASKED_AT_ONCE

    def note(self, record: Record, *, was_asked: bool = False) -> None:
        """A record changed: a question may have opened, changed or closed.

        `was_asked`: people were asked about it before, also where that is not remembered here.
        """
        job = record.job_id
        known = self._seen.get(job)
        if is_open(record) and record.asked:
            self._seen[job] = now = _Seen(record.epoch, record.media, record.proposed)
            if known is None or known.epoch != now.epoch:
                self.audiences.open(job, record.requester)
                self._make_room()
            elif known != now:
                if known.proposed != now.proposed:
                    self.audiences.need_second(job)
                self.audiences.show_again(job)
        elif known is not None or was_asked:
            self._seen.pop(job, None)
            self.audiences.close(job)
            view = self._view(record)
            self._hub.tell(record.requester, "Recovery.QuestionClosedEvent", view, representatives=True)

    def _greet(self, listener: Listener, came: bool) -> None:
        """A newcomer is given the questions that are put to it."""
        if came:
            jobs = self.audiences.asked_of(listener)[:SHOWN_AT_ONCE]
            more = islice(self._others(listener.actor), SHOWN_AT_ONCE - len(jobs))
            for job in [*jobs, *more]:
                self._show(job, [listener])

    def _make_room(self) -> None:
        """The oldest questions become everybody's, where there are too many to keep time for each requester."""
        self.audiences.close_oldest(ASKED_AT_ONCE)
        while len(self._seen) > ASKED_AT_ONCE:
            del self._seen[next(iter(self._seen))]
            self._are_more = True

    def _others(self, actor: Actor) -> Iterator[str]:
        """The questions for which no time is kept, and that `actor` may decide about."""
        if self._are_more:
            for record in self._open_to(actor):
                if record.asked and record.job_id not in self._seen:
                    yield record.job_id

    def _show(self, job: str, listeners: Sequence[Listener]) -> None:
        """Put the question to these connections; one that cannot be read now is not put."""
        question = self._question(job)
        if question is not None:
            for listener in listeners:
                listener.post("Recovery.QuestionEvent", question)
            self.note_put([question])

    def note_put(self, questions: Iterable[Question]) -> None:
        """A requester or representative was given these questions."""
        for question in questions:
            for watcher in self.watchers:
                watcher(question.job.job, question.job.epoch)

    def questions(self, actor: Actor, after: int = 0) -> Iterator[Question]:
        """The open questions that `actor` may decide about, of jobs behind this sequence number, the oldest first.

        It and all_questions() may be called from any thread; each question is read when it is asked for.
        """
        return self._told(self._open_to(actor, after))

    def all_questions(self, after: int = 0) -> Iterator[Question]:
        """Every open question of jobs behind this sequence number, for the operator's eyes."""
        return self._told(self._jobs.spool.questions(after))

    def count(self, actor: Actor) -> int:
        """How many open questions `actor` may decide about; all of them for an operator."""
        held = self._jobs.spool.held()
        return sum(one.questions for name, one in held.items() if actor.may_order(name))

    def _open_to(self, actor: Actor, after: int = 0) -> Iterator[Record]:
        if actor.is_representative:
            yield from self._jobs.spool.questions(after)
        else:
            mine = self._jobs.spool.records_of(actor.name)
            yield from (record for record in mine if record.is_open and record.sequence > after)

    def _told(self, records: Iterable[Record]) -> Iterator[Question]:
        questions = (self._question(record.job_id) for record in records)
        return (question for question in questions if question is not None)

    async def answer(self, actor: Actor, answer: AnswerQuestion) -> JobView:
        """Take an answer; returns when it is durable.  Raises PassbookError and then nothing has changed."""
        async with self._answering:
            record = self._jobs.spool.record(answer.job)
            if not actor.may_decide(record.requester):
                raise may_not_decide(actor.name, answer.job)
            check_name("person", answer.person)
            check_name("newKeyRef", answer.new_key_ref, least=0)
            given = _as_given(actor, answer)
            if changes.is_repeated(record, given):
                return self._view(record)
            if not is_open(record):
                raise PassbookError("stale-question", job=answer.job, epoch=record.epoch)
            changes.must_not_be_held(record)
            readable = answer.job in self._jobs.keys
            try:
                # Without content no key opens anything, and only what closes the question is followed.
                wraps = None if record.content_gone else self._unlock(record, answer)
                return self._view(await self._apply(record, given, wraps))
            except PassbookError:
                self._forget(answer.job, readable=readable)
                raise

    def _forget(self, job: str, *, readable: bool) -> None:
        """After an answer that changed nothing: a key that it brought goes, one that an open job needs stays."""
        with contextlib.suppress(PassbookError):
            record = self._jobs.spool.record(job)
            if record.valid or (readable and not record.ended):
                return
        self._jobs.keys.drop(job)

    async def _apply(self, record: Record, given: Answered, wraps: tuple[Wrap, ...] | None) -> Record:
        date, trusted = self._clock.business_date(), self._clock.trusted()
        change = changes.answer(
            given,
            at=stamp(self._clock),
            date=date,
            trusted=trusted,
            wraps=wraps,
            second_operator=self._second_operator,
        )
        return await asyncio.wrap_future(self._jobs.change(record.job_id, change))

    def _unlock(self, record: Record, answer: AnswerQuestion) -> tuple[Wrap, ...] | None:
        """Have the data key in memory when the verdict prints; the new wraps when the job is re-keyed."""
        if answer.verdict not in PRINTING_VERDICTS:
            if answer.new_key:
                raise PassbookError("invalid-message", why="newKey goes with print and resume only")
            return None
        if record.printer not in self._printers:
            raise PassbookError("printer-gone", job=record.job_id, printer=record.printer)
        key = self._data_key(record, answer)
        if not answer.new_key:
            self._jobs.keys.put(record.job_id, key)
            return None
        identity = record.identity()
        new = envelope.wrap_for_requester(identity, key, answer.new_key, answer.new_key_ref, self._rng)
        kept = (wrap for wrap in self._jobs.spool.wraps(record.job_id) if wrap.holder is Holder.RECOVERY)
        self._jobs.keys.put(record.job_id, key)
        return (new, *kept)

    def _data_key(self, record: Record, answer: AnswerQuestion) -> bytes:
        """The data key, from what the answer brings or from memory.  Raises `wrong-key` or `key-needed`."""
        job, identity = record.job_id, record.identity()
        wraps = {wrap.holder: wrap for wrap in self._jobs.spool.wraps(job)}
        if answer.data_key:
            if not envelope.opens(identity, self._jobs.spool.sealed(job), answer.data_key):
                raise PassbookError("wrong-key", job=job, key_ref=record.recovery_ref or record.key_ref)
            return answer.data_key
        if answer.key and Holder.REQUESTER in wraps:
            return envelope.unwrap_for_requester(identity, wraps[Holder.REQUESTER], answer.key)
        key = self._jobs.keys.get(job)
        if key is not None:
            return key
        if Holder.APPLIANCE in wraps:
            return envelope.unwrap_for_appliance(identity, wraps[Holder.APPLIANCE], self._appliance_key)
        raise PassbookError("key-needed", job=job, key_ref=record.key_ref)

    def _question(self, job: str) -> Question | None:
        """The question as the store has it now; None when it was closed, or cannot be read.

        A record that cannot be read must not silence the questions about the others.
        """
        try:
            record = self._jobs.spool.record(job)
            wraps = self._jobs.spool.wraps(job) if is_open(record) else ()
        except PassbookError as error:
            _LOG.warning("question-not-put", job=job, code=error.code)
            return None
        if not is_open(record):
            return None
        openable = any(wrap.holder is Holder.APPLIANCE for wrap in wraps)
        return question_of(record, wraps, readable=openable or job in self._jobs.keys)


def is_open(record: Record) -> bool:
    """Whether a record is an open question."""
    return not record.valid and not record.ended


def _as_given(actor: Actor, answer: AnswerQuestion) -> Answered:
    steps = {Verdict.PRINT: 1, Verdict.RESUME: answer.step}
    step = steps.get(answer.verdict, 0)
    return Answered(answer.epoch, answer.verdict, step, answer.in_doubt, actor.name, answer.person)
