"""All print desks together: their views, their open prompts, and the way to cancel a job wherever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from firmware.clock import Clock, stamp
from firmware.desk import PrintDesk
from firmware.hub import Hub, Listener
from firmware.jobs import Jobs
from firmware.logs import Log
from firmware.news import JobLeft, PrinterChanged, PromptChanged
from passbook import changes
from passbook.environment import Environment
from passbook.errors import PassbookError, shown
from passbook.media import Device, MechanismStatus, Media
from passbook.messages import PrinterView
from passbook.naming import check_name
from passbook.record import Record

_LOG: Final = Log("desks")

NEVER_SEEN: Final = MechanismStatus(Device.OFFLINE, Media.UNKNOWN)


class Desks:
    """The print desks by printer name; lives in the event loop."""

    def __init__(self, desks: Mapping[str, PrintDesk], jobs: Jobs, hub: Hub, clock: Clock) -> None:
        self._desks = desks
        self._jobs = jobs
        self._hub = hub
        self._clock = clock
        self._prompts: dict[str, PromptChanged] = {}
        self._views: dict[str, tuple[float, PrinterView]] = {}
        self._awaited: dict[asyncio.Future[Record], str] = {}

    def start(self) -> None:
        """Begin to print."""
        for desk in self._desks.values():
            desk.start()

    async def stop(self) -> None:
        """Finish the steps under way and end all desks."""
        await asyncio.gather(*(asyncio.to_thread(desk.stop) for desk in self._desks.values()))

    def note_job(self, record: Record) -> None:
        """A job changed; if it may be printed, its desk looks, else who waits for that is told."""
        if not record.valid:
            for waiter in self._waiters(record.job_id):
                waiter.set_result(record)
        if record.valid and record.printer in self._desks:
            self._desks[record.printer].wake()

    def note_left(self, news: JobLeft) -> None:
        """The end of a job, or its stop, could not be stored."""
        for waiter in self._waiters(news.job):
            waiter.set_exception(news.error)

    def _waiters(self, job: str) -> list[asyncio.Future[Record]]:
        return [waiter for waiter, awaited in self._awaited.items() if awaited == job and not waiter.done()]

    async def settled(self, record: Record, patience: float) -> Record:
        """The job when no step of it is under way any more, or as it is after `patience` seconds.

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
            return
        self._prompts[news.printer] = news
        self._hub.tell(news.requester, "Spooler.MediaPromptEvent", news.prompt, representatives=True)

    def note_printer(self, news: PrinterChanged) -> None:
        """A mechanism said something of itself."""
        self._views[news.view.printer] = (self._clock.monotonic(), news.view)

    def show_prompts(self, listener: Listener) -> None:
        """A terminal that connects is given the prompts that concern it."""
        for news in self._prompts.values():
            if listener.peer.name == news.requester or self._hub.is_representative(listener.peer):
                listener.post("Spooler.MediaPromptEvent", news.prompt)

    def problems(self) -> list[PassbookError]:
        """What the desks could not have stored."""
        return [problem for desk in self._desks.values() for problem in desk.problems()]

    def views(self) -> tuple[PrinterView, ...]:
        """What each mechanism last said, with its age."""
        return tuple(self._view(name) for name in self._desks)

    def _view(self, name: str) -> PrinterView:
        if name not in self._views:
            return PrinterView(name, NEVER_SEEN, -1)
        at, view = self._views[name]
        return replace(view, age=int(self._clock.monotonic() - at))

    async def environment(self, printer: str, patience: float) -> Environment:
        """One printer's figures at its next boundary (P9), which is waited for `patience` seconds.

        `printer` may be empty where there is only one.  Raises PassbookError `unknown-printer`, `printer-busy` or
        `appliance-stopping`.
        """
        name = next(iter(self._desks)) if not printer and len(self._desks) == 1 else printer
        if name not in self._desks:
            raise PassbookError("unknown-printer", printer=shown(name) or "(not named)", known=", ".join(self._desks))
        try:
            async with asyncio.timeout(patience):
                asked = self._desks[name].environment()
                _LOG.info("figures-asked", printer=name)
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            raise PassbookError("printer-busy", printer=name, seconds=f"{patience:g}") from None

    async def hold(self, job: str, terminal: str, person: str) -> Record:
        """Hold back a job that no desk works on; its question stays open and nobody is asked."""
        check_name("person", person)
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
        """End a job by a person's order; one that is printing ends before its next step, and is told as it is now.

        What an operator holds is ended only when `senior` orders it: an operator or a representative.
        """
        check_name("person", person)
        _LOG.info("cancel-ordered", job=record.job_id, terminal=terminal, person=person)
        desk = self._desks.get(record.printer)
        if desk is not None and desk.cancel(record.job_id, terminal, person):
            return record
        ended = changes.cancel(stamp(self._clock), terminal, person, senior=senior)
        return await asyncio.wrap_future(self._jobs.change(record.job_id, ended))
