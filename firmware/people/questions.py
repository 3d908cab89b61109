"""Open questions: this module puts them to people, and takes their answers (P7, P12).

The question is the record; memory has only its audience and the times.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Final, NamedTuple

from firmware.config.configuration import RecoveryConfig
from firmware.people.audiences import SHOWN_AT_ONCE, Audiences
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, may_not_decide
from passbook.job.objections import must_not_be_held
from passbook.job.record import Answered, Holder, Record, Verdict, Wrap
from passbook.job.reprinting import is_same_order
from passbook.protocol.events import QUESTION, QUESTION_CLOSED
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion, JobView, Question, first_step, question_of
from passbook.protocol.naming import check_name, check_one_key
from spooler.clock import Clock, stamp
from spooler.hub import Hub, Listener
from spooler.jobs import Jobs
from spooler.logs import Log
from storage import ApplianceKey, JobRow, Rng, envelope

_LOG: Final = Log("recovery")

ASKED_AT_ONCE: Final = 1000
"""The most questions whose requesters have time; all others go to every terminal that may decide, in pages."""


class _Seen(NamedTuple):
    """The content of the question that people saw."""

    epoch: int
    media: Media
    proposed: Answered | None


class _Order(NamedTuple):
    """An answer that may count.

    Attributes:
        wraps: new ones, where it puts the job under another key.
        readable: whether the job's key was in memory before it.
    """

    given: Answered
    job: str
    wraps: tuple[Wrap, ...] | None
    readable: bool


class _UnderWay(NamedTuple):
    """An order whose commit is awaited."""

    order: _Order
    changed: Future[Record]


class Questions:
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
        """`printers` are the names of the appliance's printers; `view` gives the view of a job for terminals."""
        self.audiences = Audiences(hub, clock, self._show, grace=settings.grace, answer_timeout=settings.answer_timeout)
        """The audiences of the open questions; its run() watches their deadlines."""
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
        """After power-on: ask about the jobs of an earlier boot."""
        for record in islice(self._jobs.spool.questions(), ASKED_AT_ONCE):
            self.note(record)
        self._are_more = len(self._seen) == ASKED_AT_ONCE

    def note(self, record: Record, *, was_asked: bool = False) -> None:
        """A record changed: a question may have opened, changed or closed.

        `was_asked`: people were asked about it before, also if memory does not have that.
        """
        job = record.job_id
        known = self._seen.get(job)
        if record.is_open and record.asked:
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
            self._hub.tell(record.requester, QUESTION_CLOSED, view, representatives=True)

    def _greet(self, listener: Listener, came: bool) -> None:
        """Give a new connection the questions that are put to it."""
        if came:
            jobs = self.audiences.asked_of(listener)[:SHOWN_AT_ONCE]
            more = islice(self._others(listener.actor), SHOWN_AT_ONCE - len(jobs))
            for job in [*jobs, *more]:
                self._show(job, [listener])

    def _make_room(self) -> None:
        """Put the oldest questions to all that may decide, if there are too many to keep each requester's time."""
        self.audiences.close_oldest(ASKED_AT_ONCE)
        while len(self._seen) > ASKED_AT_ONCE:
            del self._seen[next(iter(self._seen))]
            self._are_more = True

    def _others(self, actor: Actor) -> Iterator[str]:
        """The questions without a deadline about which `actor` may decide."""
        if self._are_more:
            for record in (row.record for row in self._open_to(actor)):
                if record.asked and record.job_id not in self._seen:
                    yield record.job_id

    def _show(self, job: str, listeners: Sequence[Listener]) -> None:
        """Put the question to these connections, if it can be read now."""
        question = self._question(job)
        if question is not None:
            for listener in listeners:
                listener.post(QUESTION, question)
            self.note_put([question])

    def note_put(self, questions: Iterable[Question]) -> None:
        """Note that a requester or representative got these questions."""
        for question in questions:
            for watcher in self.watchers:
                watcher(question.job.job, question.job.epoch)

    def questions(self, actor: Actor, after: int = 0) -> Iterator[Question]:
        """The open questions about which `actor` may decide, of jobs behind this sequence number, the oldest first.

        It and all_questions() may be called from any thread; questions are read a few at a time.
        """
        return map(self._question_of, self._open_to(actor, after))

    def all_questions(self, after: int = 0) -> Iterator[Question]:
        """Every open question of jobs behind this sequence number, for the operator's eyes."""
        return map(self._question_of, self._jobs.spool.asked_rows(after))

    def count(self, actor: Actor) -> int:
        """The number of open questions about which `actor` may decide."""
        held = self._jobs.spool.held()
        return sum(one.questions for name, one in held.items() if actor.may_order(name))

    def _open_to(self, actor: Actor, after: int = 0) -> Iterator[JobRow]:
        if actor.is_representative:
            yield from self._jobs.spool.asked_rows(after)
        else:
            mine = self._jobs.spool.rows_of(actor.name)
            yield from (row for row in mine if row.record.is_open and row.record.sequence > after)

    async def answer(self, actor: Actor, answer: AnswerQuestion) -> JobView:
        """Take an answer; returns when it is durable.  Raises PassbookError and then nothing has changed."""
        [done] = await self.answer_each(actor, [answer])
        if isinstance(done, PassbookError):
            raise done
        return done

    async def answer_each(self, actor: Actor, answers: Sequence[AnswerQuestion]) -> list[JobView | PassbookError]:
        """Take answers about different jobs, in few commits; returns when all that count are durable.

        For each the job in its state then, or why nothing of it has changed.
        """
        async with self._answering:
            judged: list[_Order | JobView | PassbookError] = []
            for answer in answers:
                if judged:
                    await asyncio.sleep(0)
                judged.append(self._judged(actor, answer))
            with self._jobs.spool.together():
                ordered = [self._applied(one) if isinstance(one, _Order) else one for one in judged]
            return [await self._settled(one) if isinstance(one, _UnderWay) else one for one in ordered]

    def _judged(self, actor: Actor, answer: AnswerQuestion) -> _Order | JobView | PassbookError:
        """What the answer orders, with the job's key in memory where it prints; or what is said of it at once."""
        readable = answer.job in self._jobs.keys
        try:
            checked = self._checked(actor, answer)
            if isinstance(checked, JobView):
                return checked
        except PassbookError as error:
            return error
        try:
            # Without content no key opens anything, and only what closes the question is followed.
            given = _as_given(actor, answer)
            wraps = None if checked.record.content_gone else self._unlock(checked, answer, given)
        except PassbookError as error:
            self._forget(answer.job, readable=readable)
            return error
        return _Order(given, answer.job, wraps, readable)

    def _checked(self, actor: Actor, answer: AnswerQuestion) -> JobRow | JobView:
        """The open question, or the job where this answer won already.  Raises PassbookError."""
        row = self._jobs.spool.row(answer.job)
        record = row.record
        if not actor.may_decide(record.requester):
            raise may_not_decide(actor.name, answer.job)
        if answer.side is not record.side:
            raise PassbookError("stale-question", job=answer.job, epoch=record.epoch)
        check_name("person", answer.person)
        check_name("newKeyRef", answer.new_key_ref, least=0)
        check_one_key(answer.key, answer.data_key)
        if changes.is_repeated(record, _as_given(actor, answer)):
            return self._view(record)
        if not record.is_open or not isinstance(row, JobRow):
            raise PassbookError("stale-question", job=answer.job, epoch=record.epoch)
        must_not_be_held(record)
        return row

    def _applied(self, order: _Order) -> _UnderWay:
        date, trusted = self._clock.business_date(), self._clock.trusted()
        change = changes.answer(
            order.given,
            at=stamp(self._clock),
            date=date,
            trusted=trusted,
            wraps=order.wraps,
            second_operator=self._second_operator,
        )
        if order.given.verdict is Verdict.DISCARD:
            change = self._jobs.spool.books.renewing(change)
        return _UnderWay(order, self._jobs.change(order.job, change))

    async def _settled(self, one: _UnderWay) -> JobView | PassbookError:
        try:
            return self._view(await asyncio.wrap_future(one.changed))
        except PassbookError as error:
            self._forget(one.order.job, readable=one.order.readable)
            return error

    def _forget(self, job: str, *, readable: bool) -> None:
        """After an answer that changed nothing, drop the key that it brought, but keep one that an open job needs."""
        with contextlib.suppress(PassbookError):
            record = self._jobs.spool.record(job)
            if record.valid or (readable and not record.ended):
                return
        self._jobs.keys.drop(job)

    def _unlock(self, row: JobRow, answer: AnswerQuestion, given: Answered) -> tuple[Wrap, ...] | None:
        """Have the data key in memory when the verdict prints; the new wraps when the job is re-keyed."""
        record = row.record
        if not answer.verdict.prints:
            if answer.new_key:
                raise PassbookError("invalid-message", why="newKey goes with print and resume only")
            return None
        if record.printer not in self._printers:
            raise PassbookError("printer-gone", job=record.job_id, printer=record.printer)
        if not record.keeps_document:
            _must_have_copy(record, given)
            if answer.new_key:
                raise PassbookError("document-not-kept", job=record.job_id, requester=record.requester)
            return None
        key = self._data_key(row, answer)
        if not answer.new_key:
            self._jobs.keys.put(record.job_id, key)
            return None
        identity = record.identity()
        new = envelope.wrap_for_requester(identity, key, answer.new_key, answer.new_key_ref, self._rng)
        kept = (wrap for wrap in row.wraps if wrap.holder is Holder.RECOVERY)
        self._jobs.keys.put(record.job_id, key)
        return (new, *kept)

    def _data_key(self, row: JobRow, answer: AnswerQuestion) -> bytes:
        """The data key, from what the answer brings or from memory.  Raises `wrong-key` or `key-needed`."""
        record = row.record
        job, identity = record.job_id, record.identity()
        key = self._jobs.spool.shown_key(row, key=answer.key, data_key=answer.data_key)
        key = key or self._jobs.keys.get(job)
        if key is not None:
            return key
        wraps = {wrap.holder: wrap for wrap in row.wraps}
        if Holder.APPLIANCE in wraps:
            return envelope.unwrap_for_appliance(identity, wraps[Holder.APPLIANCE], self._appliance_key)
        raise PassbookError("key-needed", job=job, key_ref=record.key_ref)

    def _question(self, job: str) -> Question | None:
        """The present question in the store; None when it was closed, or cannot be read.

        A record that cannot be read must not silence the questions about the others.
        """
        try:
            row = self._jobs.spool.row(job)
        except PassbookError as error:
            _LOG.warning("question-not-put", job=job, code=error.code)
            return None
        return self._question_of(row) if isinstance(row, JobRow) and row.record.is_open else None

    def _question_of(self, row: JobRow) -> Question:
        openable = any(wrap.holder is Holder.APPLIANCE for wrap in row.wraps)
        # No key opens a document that is not here.
        needs_none = openable or not row.record.keeps_document
        record = self._jobs.spool.books.renewed(row.record)
        return question_of(record, row.wraps, readable=needs_none or row.record.job_id in self._jobs.keys)


def _must_have_copy(record: Record, given: Answered) -> None:
    """Raise `document-not-kept` unless the terminal with the only copy orders it printed, or ordered the same before.

    An order that claims all to be on paper prints nothing, and every terminal that decides may give it.
    """
    if given.step > record.steps or given.terminal == record.requester:
        return
    proposed = record.proposed
    if proposed is None or proposed.terminal != record.requester or not is_same_order(proposed, given):
        raise PassbookError("document-not-kept", job=record.job_id, requester=record.requester)


def _as_given(actor: Actor, answer: AnswerQuestion) -> Answered:
    return Answered(answer.epoch, answer.verdict, first_step(answer), answer.in_doubt, actor.name, answer.person)
