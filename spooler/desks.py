"""All desks together: their views, their open prompts, and the way to cancel a job wherever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError, shown
from passbook.errors.troubles import troubles
from passbook.job import changes
from passbook.job.counts import JobCounts
from passbook.job.record import Record
from passbook.job.waiting import Waiting, Why, book_words
from passbook.job.wording import REASON_WORDS
from passbook.protocol.environment import Environment
from passbook.protocol.events import PROMPT
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import JobView, PrinterView, Prompt
from passbook.protocol.naming import check_name
from spooler.clock import Clock, stamp
from spooler.desk import PrintDesk
from spooler.hub import Hub, Listener
from spooler.jobs import Jobs
from spooler.logs import Log
from spooler.news import DeskGaveUp, PrinterChanged, PromptChanged
from spooler.pauses import Pause, Pauses
from spooler.queues import Queues

_LOG: Final = Log("desks")

TAKE: Final = "take"
"""The action of a prompt for a book that is in the way."""
TURN: Final = "turn"
"""The action of a prompt for a book whose page must be turned."""
NEVER_SEEN: Final = MechanismStatus(Device.OFFLINE, Media.UNKNOWN)
FORGOTTEN: Final = 60.0
"""Seconds after which a book that lies in the slot, and that no job waits for, is a problem."""


HOLD_WAIT: Final = 20.0
"""Seconds for a desk to give up a job that waits for its book."""


class Desks:
    """The desks by the name of their destination, a printer or a next hop; lives in the event loop."""

    def __init__(
        self,
        desks: Mapping[str, PrintDesk],
        jobs: Jobs,
        hub: Hub,
        clock: Clock,
        pauses: Pauses | None = None,
        *,
        hops: Collection[str] = (),
    ) -> None:
        """`pauses` knows the paused printers; None where there are none.  `hops` are desks of next hops."""
        self._desks = desks
        self._printers = [name for name in desks if name not in hops]
        self._pauses = pauses or Pauses()
        self._jobs = jobs
        self._hub = hub
        self._clock = clock
        self.queues = Queues(hub, jobs.spool)
        """Which jobs wait for which printer, and why."""
        self._prompts: dict[str, PromptChanged] = {}
        self._views: dict[str, tuple[float, PrinterView]] = {}
        self._lying: dict[str, float] = {}
        self._awaited: dict[asyncio.Future[Record], str] = {}

    def start(self) -> None:
        """Begin to print."""
        for desk in self._desks.values():
            desk.start()

    async def stop(self) -> None:
        """Finish the steps under way and end all desks."""
        await asyncio.gather(*(asyncio.to_thread(desk.stop) for desk in self._desks.values()))

    def look_again(self) -> None:
        """A device was plugged in: the desks of printers that cannot be reached try at once."""
        for desk in self._desks.values():
            desk.look_again()

    def wake(self, printer: str) -> None:
        """Have the desk of a printer look for a job that may begin; from any thread."""
        if printer in self._desks:
            self._desks[printer].wake()

    def note_job(self, record: Record) -> None:
        """A job changed; if it may be printed, its desk looks, else who waits for that is told."""
        if not record.valid:
            for waiter in self._waiters(record.job_id):
                waiter.set_result(record)
        if record.valid:
            self.wake(record.printer)

    def note_book(self, record: Record) -> None:
        """A job changed; those of its book that wait are told why, and all desks look whether one may begin now."""
        names = () if record.book is None else record.book.names
        waiting = [job for job in self._jobs.spool.books.waiting(names) if job != record.job_id]
        for job in waiting:
            self.queues.tell_why(job)
        for printer in self._desks if waiting else ():
            self.wake(printer)

    def note_left(self, news: DeskGaveUp) -> None:
        """The end of a job, or its stop, could not be stored."""
        for waiter in self._waiters(news.job):
            waiter.set_exception(news.error)

    def _waiters(self, job: str) -> list[asyncio.Future[Record]]:
        return [waiter for waiter, awaited in self._awaited.items() if awaited == job and not waiter.done()]

    async def settled(self, record: Record, patience: float) -> Record:
        """The job when no step of it is under way any more, or in its state after `patience` seconds.

        Raises the PassbookError for which its end or stop could not be stored.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._awaited[waiter] = record.job_id
        try:
            now = self._jobs.spool.record(record.job_id) if record.valid else record
            async with asyncio.timeout(patience):
                return await waiter if now.valid else now
        except TimeoutError:
            return self._jobs.spool.record(record.job_id)
        finally:
            del self._awaited[waiter]

    def note_prompt(self, news: PromptChanged) -> None:
        """A person is asked to handle a book, or not any more."""
        if news.prompt is None:
            self._prompts.pop(news.printer, None)
        else:
            self._prompts[news.printer] = news
            for listener in self._hub.everybody():
                self._show_prompt(listener, news, news.prompt)
        self.queues.note_book(news.printer, left=news.prompt is not None and news.prompt.action == TAKE)

    def note_printer(self, news: PrinterChanged) -> None:
        """A mechanism said something of itself."""
        view, now = news.view, self._clock.monotonic()
        self._views[view.printer] = (now, view)
        if view.status.media is Media.ENTERING and not view.job:
            self._lying.setdefault(view.printer, now)
        else:
            self._lying.pop(view.printer, None)
        self.queues.note_status(view.printer, self._pauses.shown(view.printer, view.status))

    def show_prompts(self, listener: Listener) -> None:
        """A terminal that connects is given the prompts that concern it."""
        for news in self._prompts.values():
            if news.prompt is not None:
                self._show_prompt(listener, news, news.prompt)

    def _show_prompt(self, listener: Listener, news: PromptChanged, prompt: Prompt) -> None:
        """To a terminal that may decide about the job; a book in the way also to one whose job waits for it."""
        if listener.actor.may_decide(news.requester):
            listener.post(PROMPT, prompt)
        elif prompt.action == TAKE and listener.actor.name in self.queues.requesters(news.printer):
            listener.post(PROMPT, _of_another(prompt))

    def note_queued(self, record: Record) -> JobView:
        """A job changed; its view.  A requester whose first job waits there now is told of a book in the way."""
        before = self.queues.requesters(record.printer)
        view = self.queues.note(record)
        news = self._prompts.get(record.printer)
        waits = record.requester in self.queues.requesters(record.printer) - before
        if waits and news is not None and news.prompt is not None and news.prompt.action == TAKE:
            for listener in self._hub.everybody():
                known = listener.actor.may_decide(news.requester)
                if listener.actor.name == record.requester and not known:
                    listener.post(PROMPT, _of_another(news.prompt))
        return view

    def problems(self) -> list[PassbookError]:
        """What the desks could not have stored, and what keeps printers from printing now."""
        unstored = [problem for desk in self._desks.values() for problem in desk.problems()]
        return [*unstored, *(problem for name in self._desks for problem in self._troubles(name))]

    def _troubles(self, name: str) -> list[PassbookError]:
        paused = self._pauses.problem(name)
        found = [] if paused is None else [paused]
        found += troubles(name, self._views[name][1].status) if name in self._views else []
        if name in self._lying and self._clock.monotonic() - self._lying[name] >= FORGOTTEN:
            found.append(PassbookError("medium-not-taken", printer=name))
        return found

    def views(self) -> tuple[PrinterView, ...]:
        """What each mechanism last said, with its age, and how many jobs there are for it."""
        counts = self._jobs.spool.counts()
        return tuple(self._view(name, counts.get(name, JobCounts())) for name in self._desks)

    def _view(self, name: str, jobs: JobCounts) -> PrinterView:
        if name not in self._views:
            return PrinterView(name, self._pauses.shown(name, NEVER_SEEN), -1, jobs=jobs)
        at, view = self._views[name]
        status = self._pauses.shown(name, view.status)
        return replace(view, status=status, age=int(self._clock.monotonic() - at), jobs=jobs)

    async def pause(self, printer: str, person: str, reason: str) -> PrinterView:
        """Have a printer start no job, durably; the one that it prints goes on.

        Raises PassbookError `unknown-printer` and `file-problem`.
        """
        check_name("person", person)
        check_name("reason", reason, least=0)
        await asyncio.to_thread(self._pauses.pause, printer, Pause(person, stamp(self._clock), reason))
        _LOG.warning("printer-paused", printer=printer, person=person)
        return self._retold(printer)

    async def resume(self, printer: str, person: str) -> PrinterView:
        """Have a paused printer start jobs again.  Raises PassbookError as pause() does."""
        check_name("person", person)
        await asyncio.to_thread(self._pauses.resume, printer)
        _LOG.info("printer-resumed", printer=printer, person=person)
        self.wake(printer)
        return self._retold(printer)

    def _retold(self, printer: str) -> PrinterView:
        """The view of a printer, whose jobs are told why they wait now."""
        view = self._view(printer, self._jobs.spool.counts().get(printer, JobCounts()))
        self.queues.note_status(printer, view.status)
        return view

    async def environment(self, printer: str, patience: float) -> Environment:
        """One printer's figures at its next boundary (P9), which is waited for `patience` seconds.

        `printer` may be empty where there is only one.  Raises PassbookError `unknown-printer`, `printer-busy` or
        `appliance-stopping`.
        """
        name = self._printers[0] if not printer and len(self._printers) == 1 else printer
        if name not in self._desks:
            known = ", ".join(self._printers)
            raise PassbookError("unknown-printer", printer=shown(name) or "(not named)", known=known)
        try:
            async with asyncio.timeout(patience):
                asked = self._desks[name].environment()
                _LOG.info("figures-asked", printer=name)
                read = await asyncio.wrap_future(asked)
                return replace(read, status=self._pauses.shown(name, read.status))
        except TimeoutError:
            why = self.why_busy(name)
            raise PassbookError("printer-busy", printer=name, seconds=f"{patience:g}", why=why) from None

    def why_busy(self, name: str) -> str:
        """What keeps a printer from a boundary, in words."""
        news, view = self._prompts.get(name), self._view(name, JobCounts())
        if news is not None and news.prompt is not None:
            prompt = news.prompt
            if prompt.action == TAKE:
                return "a book lies in it and must be taken out"
            return f"job {prompt.job} waits for {book_words(_waiting_of(prompt))}"
        if view.job:
            return f"job {view.job} is printing"
        if view.status.device not in {Device.ONLINE, Device.BUSY}:
            return " and ".join(REASON_WORDS.get(one, one) for one in view.status.conditions) or "it is not ready"
        return "it has not answered yet"

    async def hold(self, job: str, terminal: str, person: str) -> Record:
        """Hold back a job that is not printing; its question stays open and no person is asked.

        One that waits for its book is given up by its desk, and is told in its state at that moment.
        """
        check_name("person", person)
        record = self._jobs.spool.record(job)
        desk = self._desks.get(record.printer)
        if desk is not None and desk.hold(job, terminal, person):
            held = await self.settled(record, HOLD_WAIT)
        else:
            holding = changes.hold(stamp(self._clock), terminal, person)
            held = await asyncio.wrap_future(self._jobs.change(job, holding))
        _LOG.info("job-held", job=job, terminal=terminal, person=person)
        return held

    async def release(self, job: str, terminal: str, person: str, *, senior: bool) -> Record:
        """Have people asked again about a job that was held back; an operator's hold only when `senior` orders it."""
        check_name("person", person)
        releasing = changes.release(stamp(self._clock), terminal, person, senior=senior)
        released = await asyncio.wrap_future(self._jobs.change(job, releasing))
        _LOG.info("job-released", job=job, terminal=terminal, person=person)
        return released

    async def cancel(self, record: Record, terminal: str, person: str, *, senior: bool) -> Record:
        """End a job by a person's order; one that is printing ends before its next step. Return it in its state then.

        What an operator holds is ended only when `senior` orders it: an operator or a representative.
        """
        check_name("person", person)
        _LOG.info("cancel-ordered", job=record.job_id, terminal=terminal, person=person)
        desk = self._desks.get(record.printer)
        if desk is not None and desk.cancel(record.job_id, terminal, person):
            return record
        ended = changes.cancel(stamp(self._clock), terminal, person, senior=senior)
        return await asyncio.wrap_future(self._jobs.change(record.job_id, ended))


def _waiting_of(prompt: Prompt) -> Waiting:
    """What the job of a prompt to put a book in waits for."""
    if prompt.is_new_book:
        return Waiting(Why.NEXT_BOOK, page=prompt.page)
    return Waiting(Why.PAGE_TURN, page=prompt.page) if prompt.action == TURN else Waiting(Why.OWN_BOOK)


def _of_another(prompt: Prompt) -> Prompt:
    """The prompt for a terminal whose own job only waits: it tells of a book, and not whose it is."""
    return replace(prompt, job="", layout="")
