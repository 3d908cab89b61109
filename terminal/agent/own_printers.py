"""The printers that the agent drives: its own ones while the appliance is silent, and one that it is handed (P15).

Theory of operation.  A desk of an own printer keeps off its port while the appliance can be reached; then the
appliance's desks print.  A printer that was handed over at the turn of a job has a desk for that one job, until the
job ended or stopped and its book is out.  Then the desk is stopped, so that its port is closed, and only after that
the end or stop is reported: by that report the appliance has its printer back.  While the desk works, the agent says
so now and then.  If the appliance falls silent meanwhile, the desk stops between two steps, before the appliance
takes its printer back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from passbook.document.plan import Plan
from passbook.errors import PassbookError
from passbook.job.print_right import RightState
from passbook.job.record import Record
from passbook.protocol.two_spools import PrinterFacts
from spooler.desk import PrintDesk
from spooler.known_books import KnownBooks
from spooler.logs import Log
from spooler.news import News
from terminal.agent.agent_settings import FallbackPrinter
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.reporting import Reporting

_LOG: Final = Log("printers")

ALIVE: Final = 30.0
"""Most seconds between two words about a job that is printed on a printer of the appliance."""
WORDS: Final = 3
"""So many words are said in the time after which the appliance asks people about the silence."""
TAKEN_WAIT: Final = 60.0
"""Seconds for a person to take the book out before the printer goes back."""


class _Standing:
    """The feeding of an own printer: it works while the agent is apart."""

    def __init__(self, may_work: Callable[[], bool], is_handed: Callable[[str], bool]) -> None:
        self._may_work = may_work
        self._is_handed = is_handed

    def may_begin(self, record: Record) -> bool:
        """Whether the job's print right is here and no other desk has it."""
        return record.right.state is RightState.HERE and not self._is_handed(record.job_id) and self._may_work()

    def plan_for(self, _record: Record) -> Plan | None:
        """None: the own copy feeds the printer."""
        return None

    def over(self, _job: str) -> None:
        """There is nothing to forget."""

    def is_lent(self, _printer: str) -> bool:
        """Whether the port must be left alone."""
        return not self._may_work()

    def note_left(self, _printer: str) -> None:
        """The appliance is not told of an own printer."""


class _Handed:
    """The feeding of a printer that was handed over for one job."""

    def __init__(self, job: str, left: Callable[[], None]) -> None:
        """`left` is called by the desk's thread when it has left the port."""
        self._job = job
        self._left = left
        self.is_over = False

    def may_begin(self, record: Record) -> bool:
        """Whether it is that job, with its print right here."""
        return record.job_id == self._job and record.right.state is RightState.HERE

    def plan_for(self, _record: Record) -> Plan | None:
        """None: the own copy feeds the printer."""
        return None

    def over(self, _job: str) -> None:
        """There is nothing to forget: the agent hears of the end."""

    def is_lent(self, _printer: str) -> bool:
        """Whether the port must be left alone: the job has ended or stopped."""
        return self.is_over

    def note_left(self, _printer: str) -> None:
        """The job has ended or stopped, and its book is out."""
        self._left()


class _Lease:
    """One printer that was handed over."""

    def __init__(self, feeding: _Handed, desk: PrintDesk, left: asyncio.Event) -> None:
        self.feeding = feeding
        self.desk = desk
        self.left = left


class OwnPrinters:
    """Lives in the event loop; the desks have threads of their own."""

    def __init__(
        self,
        own: OwnJobs,
        known: KnownAppliance,
        reporting: Reporting,
        fallback: tuple[FallbackPrinter, ...],
        *,
        is_apart: Callable[[], bool],
        tell: Callable[[News], None],
    ) -> None:
        self._own = own
        self._known = known
        self._reporting = reporting
        self._fallback = fallback
        self._is_apart = is_apart
        self._tell = tell
        self._leases: dict[str, _Lease] = {}
        # Other terminals print into these books too, and their updates are not known here.
        self._books = KnownBooks(own.jobs, own.clock, asks_gaps=False) if fallback else None
        self._standing = {one.printer: self._make_standing(one) for one in fallback}

    def _make_standing(self, settings: FallbackPrinter) -> PrintDesk:
        printer = self._known.make_printer(settings, settings.setup, tell=self._tell)
        feeding = _Standing(lambda: self._may_work(settings), lambda job: job in self._leases)
        own = self._own
        return PrintDesk(
            printer,
            jobs=own.jobs,
            clock=own.clock,
            tell=self._tell,
            feeding=feeding,
            books=self._books,
            stands_in=settings.port,
        )

    def _may_work(self, settings: FallbackPrinter) -> bool:
        return self._is_apart() and not self._known.has_port(settings.port)

    def problems(self) -> list[PassbookError]:
        """Own printers that the agent does not drive, and what desks tell."""
        taken = [one for one in self._fallback if self._known.has_port(one.port)]
        refused = [PassbookError("printer-configured", port=one.port, printer=one.printer) for one in taken]
        return [*refused, *(problem for desk in self._desks() for problem in desk.problems())]

    def start(self) -> None:
        """Begin to work."""
        for desk in self._standing.values():
            desk.start()

    async def stop(self) -> None:
        """Finish the steps under way and end all desks."""
        await asyncio.gather(*(asyncio.to_thread(desk.stop) for desk in self._desks()))

    def _desks(self) -> list[PrintDesk]:
        return [*self._standing.values(), *(lease.desk for lease in self._leases.values())]

    def note(self, record: Record) -> None:
        """An own copy changed: the desks look again."""
        lease = self._leases.get(record.job_id)
        if lease is not None and not record.valid:
            # While a person is asked about a job that stopped, the appliance has its printer back.
            lease.feeding.is_over = True
        self.wake()

    def wake(self) -> None:
        """Have every desk look again."""
        for desk in self._desks():
            desk.wake()

    def look_again(self) -> None:
        """A device was plugged in: the desks of printers that cannot be reached try at once."""
        for desk in self._desks():
            desk.look_again()

    def cancel(self, job: str, terminal: str, person: str) -> bool:
        """End a job that one of the desks prints, before its next step; False where none does."""
        return any(desk.cancel(job, terminal, person) for desk in self._desks())

    def hold(self, job: str, terminal: str, person: str) -> bool:
        """Have a desk give a job up that waits for its book there, to be held; False where none does."""
        return any(desk.hold(job, terminal, person) for desk in self._desks())

    async def give_back(self, job: str) -> None:
        """The appliance ended a job that is printed here: stop between two steps; return when the desk has ended."""
        lease = self._leases.get(job)
        if lease is not None:
            lease.left.set()
            await asyncio.to_thread(lease.desk.stop)

    def is_handed(self, job: str) -> bool:
        """Whether a printer of the appliance is here for this job."""
        return job in self._leases

    async def drive(self, job: str, facts: PrinterFacts) -> None:
        """Print one job on a printer that was handed over, until it is given back."""
        loop, left = asyncio.get_running_loop(), asyncio.Event()
        feeding = _Handed(job, lambda: _soon(loop, left))
        printer = self._known.make_printer(facts, facts.setup, tell=self._tell)
        own = self._own
        # The appliance judged the update by its memory before it gave the printer.
        desk = PrintDesk(printer, jobs=own.jobs, clock=own.clock, tell=self._tell, feeding=feeding)
        self._leases[job] = lease = _Lease(feeding, desk, left)
        self._reporting.hold(job)
        _LOG.info("printer-taken", job=job, printer=facts.name)
        desk.start()
        try:
            await self._until_over(job, lease)
        finally:
            await asyncio.to_thread(desk.stop)
            del self._leases[job]
            _LOG.info("printer-given-back", job=job, printer=facts.name)
        record = self._own.record(job)
        if record is not None:
            self._reporting.free(record)

    async def _until_over(self, job: str, lease: _Lease) -> None:
        """Wait until the job ended and its book is out, or the appliance is silent."""
        waited, pause = 0.0, min(ALIVE, self._known.report_wait / WORDS)
        while not lease.left.is_set() and not self._is_apart() and waited < TAKEN_WAIT:
            try:
                async with asyncio.timeout(pause):
                    await lease.left.wait()
            except TimeoutError:
                waited += pause if lease.feeding.is_over else 0.0
                await self._reporting.tell_now(job)


def _soon(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)
