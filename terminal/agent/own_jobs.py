"""The copies of jobs in the spool of this terminal: their keys, their questions, and the answers to these."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from passbook.document.layout import BookLayout
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import RightState
from passbook.job.record import Answered, Change, HistoryEntry, Holder, Record, Reported, Told, Verdict
from passbook.job.reported import may_lose_right
from passbook.job.states import TERMINAL, JobState, Reason
from passbook.job.waiting import NO_PLACE, waiting_of
from passbook.protocol.history_reply import HistoryLine, line_of
from passbook.protocol.messages import AnswerQuestion, JobView, Question, SubmitJob, first_step, question_of, view_of
from passbook.protocol.naming import check_name
from passbook.protocol.two_spools import SealedCopy
from spooler.clock import Clock, stamp
from spooler.jobs import Jobs
from spooler.sealed_copies import sealed_copy
from storage import JobRow, envelope
from terminal.agent.own_store import OwnStore
from terminal.keyring import KeyRing


class OwnJobs:
    """Lives in the event loop; the store is asked from there."""

    def __init__(
        self, store: OwnStore, jobs: Jobs, ring: KeyRing, clock: Clock, *, is_apart: Callable[[], bool]
    ) -> None:
        """`is_apart` tells whether the appliance is silent."""
        self.store = store
        self.jobs = jobs
        self.spool = jobs.spool
        self.ring = ring
        self.clock = clock
        self._is_apart = is_apart
        self.is_waiting: Callable[[str], bool] = lambda _job: False
        """Whether the appliance has not answered for the copy of a job yet."""

    # Reading

    def record(self, job: str) -> Record | None:
        """The own copy of a job, also an ended one; None where there is none.

        Raises PassbookError where its storage fails.
        """
        try:
            return self.spool.record(job)
        except PassbookError as error:
            if error.code != "unknown-job":
                raise
            return None

    def found(self, beginning: str) -> Record | None:
        """The own copy of the job whose id is this or begins so; None where there is none."""
        try:
            return self.spool.find(beginning)
        except PassbookError as error:
            if error.code not in {"unknown-job", "job-id-short", "ambiguous-job"}:
                raise
            return None

    def unfinished(self) -> list[Record]:
        """The own copies of jobs that have not ended."""
        return self.spool.records()

    def view(self, record: Record) -> JobView:
        """The columns of an own copy."""
        return self.store.names.shown(view_of(record, waiting_of(record, NO_PLACE)), record)

    def line(self, entry: HistoryEntry) -> HistoryLine:
        """The columns of an entry of the own history."""
        line = line_of(entry, with_people=True)
        return msgspec.structs.replace(line, job=self.store.names.shown(line.job, entry.record))

    def content(self, record: Record) -> tuple[SubmitJob, bytes]:
        """The request and the document of an own copy.

        Raises PassbookError `key-needed`, `sealed-damaged`, `content-gone`, and where its storage fails.
        """
        row = self.spool.job(record.job_id)
        sealed, identity, key = self.spool.sealed(row), record.identity(), self.data_key(row)
        request = msgspec.json.decode(envelope.open_attributes(identity, sealed, key), type=SubmitJob)
        return request, envelope.open_document(identity, sealed, key)

    def sealed_copy(self, record: Record, book: BookLayout | None) -> SealedCopy:
        """The sealed content of an own copy, which the key at the terminal opens.  Raises as content() does."""
        row = self.spool.job(record.job_id)
        return msgspec.structs.replace(sealed_copy(record, self.spool.sealed(row), row.wraps), book=book)

    def data_key(self, row: JobRow) -> bytes:
        """The data key of an own copy, from memory or by the key ring.  Raises PassbookError `key-needed`."""
        record = row.record
        key = self.jobs.keys.get(record.job_id)
        if key is not None:
            return key
        for wrap in row.wraps:
            if wrap.holder is Holder.APPLIANCE:
                return envelope.unwrap_for_appliance(record.identity(), wrap, self.store.key)
            if wrap.holder is Holder.REQUESTER and wrap.key_ref in self.ring.keys:
                return envelope.unwrap_for_requester(record.identity(), wrap, self.ring.keys[wrap.key_ref])
        raise PassbookError("key-needed", job=record.job_id, key_ref=record.key_ref)

    # Questions

    def is_put(self, record: Record) -> bool:
        """Whether people are asked about this own copy.

        A copy that is only a spare is not asked about while the appliance can be reached: that prints its own one, or
        asks about it.  One that the appliance has not answered for is no spare.
        """
        if not record.is_open or not record.asked:
            return False
        has_right = record.right.state is RightState.HERE
        is_alone = self._is_apart() or self.is_waiting(record.job_id)
        return is_alone or has_right or record.is_fed_by_terminal or not record.untouched

    def questions(self) -> list[Question]:
        """The questions about own copies."""
        return [self._question_of(row) for row in self._asked_rows()]

    def question(self, job: str) -> Question | None:
        """The question about one own copy; None where none is put."""
        row = self.spool.row(job)
        return self._question_of(row) if isinstance(row, JobRow) and self.is_put(row.record) else None

    def _asked_rows(self) -> Iterator[JobRow]:
        return (row for row in self.spool.asked_rows() if self.is_put(row.record))

    def _question_of(self, row: JobRow) -> Question:
        try:
            self.data_key(row)
            readable = True
        except PassbookError:
            readable = False
        return question_of(self.spool.books.renewed(row.record), row.wraps, readable=readable)

    async def answer(self, terminal: str, answer: AnswerQuestion) -> JobView:
        """Take a person's answer about an own copy.  Raises PassbookError, and then nothing has changed."""
        check_name("person", answer.person)
        row = self.spool.row(answer.job)
        given = Answered(answer.epoch, answer.verdict, first_step(answer), answer.in_doubt, terminal, answer.person)
        if changes.is_repeated(row.record, given):
            return self.view(row.record)
        if not row.record.is_open or not isinstance(row, JobRow):
            raise PassbookError("stale-question", job=answer.job, epoch=row.record.epoch)
        if answer.new_key:
            raise PassbookError("invalid-message", why="newKey goes with the appliance's questions only")
        if answer.verdict.prints and not row.record.content_gone:
            shown = self.spool.shown_key(row, key=answer.key, data_key=answer.data_key)
            self.jobs.keys.put(answer.job, shown or self.data_key(row))
        date, trusted = self.clock.business_date(), self.clock.trusted()
        change = changes.answer(given, at=stamp(self.clock), date=date, trusted=trusted)
        if given.verdict is Verdict.DISCARD:
            change = self.spool.books.renewing(change)
        return self.view(await self.change(answer.job, change))

    # Changing

    async def change(self, job: str, change: Change) -> Record:
        """Apply a change, durably.  Raises PassbookError, and then nothing has changed."""
        return await asyncio.wrap_future(self.jobs.change(job, change, urgent=True))

    async def end_as_told(self, view: JobView, terminal: str) -> None:
        """The appliance ended a job: its own copy ends with it, and its end is the appliance's to tell.

        A copy that has the print right ends too where nothing of it was sent: people ordered that at the appliance, or
        this spool was rolled back.
        """
        record = self.record(view.job)
        if view.state not in TERMINAL or record is None or record.ended:
            return
        has_right = record.right.state is RightState.HERE
        if has_right and not may_lose_right(record):
            return
        told = Told(
            state=view.state,
            reasons=view.reasons,
            confirmed=view.confirmed,
            sending=view.sending,
            begun=view.begun,
            fed=view.fed,
            answered=view.answered,
            # Without the right the appliance ends a job only after two people took the right there.
            token=record.right.token + has_right,
            end=Reported(view.changed_at),
        )
        await self.change(view.job, changes.report(told, stamp(self.clock)))
        await self.acknowledge(view.job, terminal)

    async def end_canceled(self, record: Record, terminal: str, person: str) -> Record:
        """End an own copy whose job the appliance does not know."""
        given = Answered(record.epoch, Verdict.DISCARD, 0, record.sending, terminal, person, at=stamp(self.clock))
        told = Told(state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,), answered=given)
        return await self.change(record.job_id, changes.report(told, stamp(self.clock)))

    async def acknowledge(self, job: str, terminal: str) -> None:
        """Note that the end of an own copy needs to be told no more."""
        noted = self.jobs.acknowledge(job, changes.acknowledge(terminal, stamp(self.clock)))
        await asyncio.wrap_future(noted)
