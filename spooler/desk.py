"""The desk: one thread that serves one destination, job after job.

It is a thin loop around passbook.job.step_machine: ask for the next act, do it, say what happened.  What the act does
at the destination is the destination's; the desk has the journal, the order of jobs and the questions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, NamedTuple

from msgspec.structs import replace

from passbook.document.plan import Plan, decode_plan, with_numbers
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.issue import IssuedSheet
from passbook.job.issuing import wait_for_forms
from passbook.job.moving import wait_again
from passbook.job.print_right import RightState
from passbook.job.record import Change, Outcome, Record
from passbook.job.states import Reason
from passbook.job.step_machine import (
    Act,
    AskForMedium,
    DoStep,
    Finish,
    Happening,
    JournalStep,
    after,
    begin_work,
    next_act,
)
from passbook.job.stopped import DestinationStop
from passbook.protocol.environment import Environment
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import PrinterView
from spooler.book_owner import BookOwner, HeldBook
from spooler.boundary import Boundary
from spooler.clock import Clock, stamp
from spooler.destination import Destination, Link
from spooler.feeding import Feeding, OwnCopies
from spooler.form_stock import FormStock
from spooler.jobs import Jobs
from spooler.known_books import KnownBooks
from spooler.logs import Log
from spooler.news import DeskGaveUp, News, PrinterChanged
from spooler.supervisor import supervised_thread
from storage import open_plan

_LOG: Final = Log("desk")

IDLE_LOOK: Final = 2.0
"""Seconds between two looks at an idle mechanism."""
RETRY: Final = 1.0
"""Seconds before a mechanism that did not answer is tried again."""
FRESH: Final = 1.0
"""Seconds after which the same status is told again, so that its age is known."""
TAKE_LOOK: Final = 5.0
"""Seconds of one wait for a person to take the book; the desk then looks whether it shall stop."""

UNREACHABLE: Final = frozenset({Reason.SILENT, Reason.UNPLUGGED, Reason.GARBLED})
"""Stops after which nothing is known of the mechanism."""
FOR_PEOPLE: Final = frozenset({Reason.MEDIA_NEEDED, Reason.MEDIA_NOT_TAKEN, Reason.CANCELED_BY_PERSON})
"""Stops of a job with which nothing is wrong with the mechanism."""
OF_PRINTER: Final = frozenset({*UNREACHABLE, Reason.COVER_OPEN, Reason.RIBBON_OUT, Reason.MEDIA_JAM})
"""Stops that are the printer's own; an untouched job may go to a substitute meanwhile."""
SHORT: Final = frozenset({"forms-short", "stock-not-known"})
"""Codes of jobs whose sheets were not drawn."""
UNREADABLE: Final = frozenset({"key-needed", "wrong-key", "sealed-damaged", "record-quarantined"})
"""Codes of jobs that cannot be printed, since their content cannot be read."""
MEDIA_AFTER: Final = MappingProxyType(
    {
        Reason.MEDIA_NEEDED: Media.NOT_PRESENT,
        Reason.UNREADABLE: Media.NOT_PRESENT,
        Reason.MEDIA_NOT_TAKEN: Media.ENTERING,
        Reason.MEDIA_JAM: Media.JAMMED,
        Reason.COVER_OPEN: Media.PRESENT,
        Reason.RIBBON_OUT: Media.PRESENT,
    }
)
"""Reason of a stop -> the place of the medium; after others it is unknown until a clean-up has looked."""


class _Stop(NamedTuple):
    """A stop that the store did not take."""

    record: Record
    reason: Reason
    error: PassbookError


class _Order(NamedTuple):
    """A person's order to give a job up before its next step: to end it, or else to hold it back."""

    terminal: str
    person: str
    ends: bool

    def change(self, at: str, media: Media) -> Change:
        """The change of the job, whose medium is there."""
        if self.ends:
            return changes.cancel(at, self.terminal, self.person, at_boundary=True)
        return changes.hold(at, self.terminal, self.person, media=media)


class PrintDesk:
    """Serves one destination: its valid jobs one after the other, each step durable before it is done."""

    def __init__(
        self,
        destination: Destination,
        *,
        jobs: Jobs,
        clock: Clock,
        tell: Callable[[News], None],
        feeding: Feeding | None = None,
        stock: FormStock | None = None,
        books: KnownBooks | None = None,
        stands_in: str = "",
        may_go: Callable[[Record], bool] = lambda _record: False,
        is_paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`feeding` knows the turns of jobs of two spools; None where each document lies in the own one.

        `stock` has the forms of printers; None where no forms are kept.  `books` is asked about updates of books; None
        where no job of a book comes, or another process was asked.  `stands_in` names a destination that stands in
        for the one of this name; the record tells of it.  `may_go` says whether a job has a substitute to which it may
        go while its printer cannot work; `is_paused` says whether an operator has this printer start no job.
        """
        self._stands_in = stands_in
        self._may_go = may_go
        self._is_paused = is_paused
        self._destination = destination
        self._feeding = feeding or OwnCopies()
        self._name = destination.name
        self._jobs = jobs
        self._clock = clock
        self._tell = tell
        self._owner = BookOwner(self._name, jobs.spool)
        self._stock = stock
        self._books = books
        self._boundary = Boundary(self._name, jobs.spool, clock, stock)
        self._wake = threading.Event()
        self._again = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._printing: str = ""
        self._waiting = False
        self._order: _Order | None = None
        self._trouble: tuple[Reason, str] | None = None
        self._said = MechanismStatus(Device.OFFLINE, Media.UNKNOWN)
        self._shown: tuple[float, PrinterView] | None = None
        self._unstored: dict[str, _Stop] = {}
        self._failing: PassbookError | None = None
        self._thread = supervised_thread(f"desk {self._name}", self._run, stopped=self._is_stopping)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def _is_stopping(self) -> bool:
        return self._stopping.is_set()

    def wake(self) -> None:
        """A job may have become valid."""
        self._wake.set()

    def look_again(self) -> None:
        """A device was plugged in: a mechanism that cannot be reached is tried at once."""
        self._again.set()

    def stop(self) -> None:
        """Finish the step under way, journal it, and end; returns when the thread has ended."""
        self._stopping.set()
        self._wake.set()
        self._again.set()
        with self._lock:
            if self._link is not None:
                self._link.interrupt()
        self._thread.join()
        self._boundary.close()

    def cancel(self, job: str, terminal: str, person: str) -> bool:
        """End `job` before its next step; False when it is not printing here."""
        with self._lock:
            return self._printing == job and self._give_up(_Order(terminal, person, ends=True))

    def hold(self, job: str, terminal: str, person: str) -> bool:
        """Give `job` up, to be held back, while a person is asked for its book; False when that is not so here."""
        with self._lock:
            waits = self._printing == job and self._waiting and self._order is None
            return waits and self._give_up(_Order(terminal, person, ends=False))

    def _give_up(self, order: _Order) -> bool:
        """Under the lock."""
        self._order = order
        if self._link is not None:
            self._link.interrupt()
        return True

    def environment(self) -> Future[Environment]:
        """The figures of this destination at its next boundary (P9); to cancel the future ends the wait."""
        reading = self._boundary.ask()
        self._wake.set()
        return reading

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._feeding.is_lent(self._name):
                    self._wait_until_back()
                    continue
                self._meet()
            except PassbookError as error:
                _LOG.error("store-refused-desk", printer=self._name, code=error.code)
            except Exception as error:  # noqa: BLE001 - a defect of ours: the job it met waits for a boot, the others do not
                self._note_failure(error)
            self._again.wait(RETRY)
            if not self._stopping.is_set():
                self._again.clear()

    def _wait_until_back(self) -> None:
        """Keep off a printer that a terminal drives (P15); its status is what was said of it last."""
        self._wake.clear()
        self._store_stops()
        self._feeding.note_left(self._name)
        if self._feeding.is_lent(self._name):
            self._wake.wait(IDLE_LOOK)

    def _note_failure(self, error: Exception) -> None:
        """A defect comes again with each try: people see it in the status for as long as it does."""
        _LOG.limited(self._name).failure("desk-failed", error, printer=self._name)
        self._failing = PassbookError("desk-fails", printer=self._name, what=type(error).__name__)

    def _meet(self) -> None:
        """Serve the mechanism for as long as it can be reached."""
        try:
            with self._connected() as link:
                self._serve(link)
        except DestinationStop as stop:
            self._boundary.answer(self._note_trouble(stop))

    @contextmanager
    def _connected(self) -> Iterator[Link]:
        link = self._destination.open(self._hear)
        with self._lock:
            self._link = link
        try:
            yield link
        finally:
            with self._lock:
                self._link = None
            link.close()

    def _note_trouble(self, stop: DestinationStop) -> MechanismStatus:
        """People see what is wrong with the mechanism for as long as it lasts; the log says it once.  Return it."""
        reason, trouble = stop.reason, (stop.reason, stop.cause)
        if trouble != self._trouble:
            _LOG.limited(self._name).warning(
                "mechanism-stopped", printer=self._name, reason=reason.value, why=stop.detail
            )
        self._trouble = trouble
        if reason in UNREACHABLE:
            self._said = MechanismStatus(Device.OFFLINE, Media.UNKNOWN, (reason.value,), stop.cause)
        elif reason not in FOR_PEOPLE:
            media = Media.JAMMED if reason is Reason.MEDIA_JAM else self._said.media
            self._said = MechanismStatus(Device.USER_ERROR, media, (reason.value,), stop.cause)
        self._show()
        return self._said

    def _serve(self, link: Link) -> None:
        """Clean up, then print job after job until the mechanism fails or the desk stops."""
        owner = self._note_found(link.clean_up())
        self._clear(link, *owner)
        link.check_setup()
        self._trouble = None
        while not self._stopping.is_set() and not self._feeding.is_lent(self._name):
            self._wake.clear()
            self._store_stops()
            if self._boundary.awaited:
                self._boundary.answer(link.status())
            record = self._next()
            if record is not None:
                self._print(link, record)
            elif not self._feeding.is_lent(self._name):
                link.status()
                self._wake.wait(IDLE_LOOK)
            self._failing = None

    def _next(self) -> Record | None:
        """The next job that may begin now; those that wait for their terminal are passed over."""
        passed: Record | None = None
        if self._is_paused():
            return None
        while (record := self._jobs.spool.next_valid(self._name, passed)) is not None:
            if self._books is None or self._books.admits(record):
                if self._may_take_up(record):
                    return record
                self._forget_book(record.job_id)
            if self._stopping.is_set() or self._feeding.is_lent(self._name):
                return None
            passed = record
        return None

    def _forget_book(self, job: str) -> None:
        """Another job of its book may begin as far as this desk is concerned."""
        if self._books is not None:
            self._books.over(job)

    def _may_take_up(self, record: Record) -> bool:
        """Whether a job that fits to its book may begin; else its terminal is asked, or people hear why it waits."""
        if not self._feeding.may_begin(record) or record.right.state is not RightState.HERE:
            return False
        if record.issue is None or (self._stock is not None and self._stock.may_begin(record)):
            return True
        self._note_short(record)
        return False

    def _note_short(self, record: Record) -> None:
        """Tell people once that a job waits for sheets of its form; others print meanwhile."""
        if record.reasons != (Reason.MEDIA_EMPTY,):
            self._jobs.change(record.job_id, wait_for_forms(stamp(self._clock))).result()

    def _note_found(self, media: Media) -> HeldBook:
        """Write into the questions of jobs that were begun here where the medium is; return the owner of its book."""
        if media is not Media.NOT_PRESENT:
            self._boundary.leave()
        mine = (record for record in self._jobs.spool.questions() if record.printer == self._name)
        begun = [record for record in mine if record.confirmed or record.sending]
        begun.sort(key=lambda record: record.changed_at)
        for record in begun:
            self._note_medium(record, media)
        return self._owner.find(begun[-1] if begun else None)

    def _note_medium(self, record: Record, media: Media) -> None:
        """Into the question; one whose area has failed must not keep the jobs of other areas waiting."""
        try:
            if record.media is not media:
                self._jobs.change(record.job_id, changes.found_medium(media)).result()
        except PassbookError as error:
            _LOG.error("medium-not-noted", job=record.job_id, code=error.code)

    def _print(self, link: Link, record: Record) -> None:
        """One job, from its first step that is not confirmed to its end or its stop; then its book is taken."""
        job = record.job_id
        self._boundary.leave()
        self._owner.begins(record)
        try:
            with self._lock:
                self._printing = job
            self._show()
            record = self._started(record)
            self._work(link, record, self._open(record))
        except DestinationStop as stop:
            if stop.undone is not None:
                self._jobs.change(job, stop.undone, urgent=True).result()
                return
            if not self._waits_again(job, stop.reason):
                self._end_or_stop(record, stop.reason)
            if stop.reason is not Reason.CANCELED_BY_PERSON:
                raise
        except PassbookError as error:
            if error.code == "turn-over":
                # A person chose the other copy since the desk looked; it looks again.
                return
            if error.code in SHORT:
                # An operator took sheets away since the look at the stock.  Nothing was drawn, and no book came in.
                self._note_short(record)
                return
            # Nothing of the step that was refused was sent.  The book goes back to its owner.
            _LOG.error("job-left-by-desk", job=job, code=error.code)
            self._let_go()
            self._stop_job(record, Reason.UNREADABLE if error.code in UNREADABLE else Reason.ATTENTION)
            link.give_back()
            self._stopping.wait(RETRY)
        finally:
            interrupted = self._let_go()
            self._feeding.over(job)
            self._forget_book(job)
        if interrupted and not self._stopping.is_set():
            # An interrupt that no wait has heard would end the wait of the next job.
            link.clean_up()
        self._clear(link, job, record.requester)

    def _started(self, record: Record) -> Record:
        """The record of a job that was taken up, with the sheets of its form debited by the same change."""

        def store(sheets: Sequence[IssuedSheet]) -> Record:
            at = stamp(self._clock)
            started = changes.start(at, self._destination.lines_in_doubt, self._stands_in, sheets)

            def at_turn(found: Record) -> Outcome:
                if found.turn != record.turn:
                    raise PassbookError("turn-over", job=record.job_id, turn=record.turn + 1)
                return started(found)

            return self._jobs.change(record.job_id, at_turn, urgent=True).result()

        return store(()) if self._stock is None else self._stock.begin(record, store)

    def _let_go(self) -> bool:
        """From here on no order reaches the job; whether one did."""
        with self._lock:
            interrupted = self._order is not None
            self._printing, self._order = "", None
        return interrupted

    def _open(self, record: Record) -> Plan:
        """The steps of a job.  Raises PassbookError with a code of UNREADABLE, or `area-fenced`."""
        sent = self._feeding.plan_for(record)
        if sent is not None:
            return sent
        key = self._jobs.keys.get(record.job_id)
        if key is None:
            raise PassbookError("key-needed", job=record.job_id, key_ref=record.key_ref)
        plan = decode_plan(
            open_plan(record.identity(), self._jobs.spool.sealed(self._jobs.spool.job(record.job_id)), key)
        )
        if record.issue is None:
            return plan
        return with_numbers(plan, {page: one.number for page, one in record.issue.in_use().items() if one.number})

    def _work(self, link: Link, record: Record, plan: Plan) -> None:
        work = begin_work(record)
        while (act := next_act(plan, work)) is not None:
            if isinstance(act, JournalStep | AskForMedium) and (self._stopping.is_set() or self._order):
                self._jobs.journal(record.job_id, work.step - 1, 0)
                link.give_back()
                self._end_or_stop(record, Reason.RESTART)
                return
            work = after(plan, work, act, self._do(link, record, act))

    def _end_or_stop(self, record: Record, reason: Reason) -> None:
        """Do what a person ordered while nothing of the job was in doubt; else let it wait for an answer."""
        order, job = self._order, record.job_id
        if order is not None and self._jobs.spool.record(job).sending == 0:
            given_up = order.change(stamp(self._clock), self._said.media)
            self._jobs.change(job, given_up, urgent=True).result()
        else:
            self._stop_job(record, Reason.RESTART if self._stopping.is_set() else reason)

    def _waits_again(self, job: str, reason: Reason) -> bool:
        """Whether the job, of which nothing was sent, waits for its turn again, since a substitute may take it (R4)."""
        if reason not in OF_PRINTER or self._order is not None or self._stopping.is_set():
            return False
        try:
            record = self._jobs.spool.record(job)
            if not (record.untouched and self._may_go(record)):
                return False
            self._jobs.change(job, wait_again(stamp(self._clock)), urgent=True).result()
        except PassbookError as error:
            _LOG.error("stop-not-stored", job=job, code=error.code)
            return False
        return True

    def _do(self, link: Link, record: Record, act: Act) -> Happening:
        """Do one act and say what it brought about.  Raises DestinationStop or PassbookError."""
        match act:
            case AskForMedium(_, confirmed):
                if confirmed > record.confirmed:
                    self._jobs.journal(record.job_id, confirmed, 0)
                return self._ask_for_medium(link, record, act)
            case JournalStep(confirmed, sending):
                self._jobs.journal(record.job_id, confirmed, sending)
                return Happening.JOURNALED
            case DoStep():
                return link.run(record, act)
            case Finish():
                self._jobs.change(record.job_id, changes.finish_job(stamp(self._clock)), urgent=True).result()
                return Happening.ALL_DONE

    def _ask_for_medium(self, link: Link, record: Record, act: AskForMedium) -> Happening:
        """Have the book put in; the job waits for people meanwhile."""
        waiting = changes.wait_for_people(Reason.MEDIA_NEEDED, stamp(self._clock))
        self._jobs.change(record.job_id, waiting, urgent=True).result()
        self._waiting = True
        try:
            happening = link.run(record, act)
        finally:
            self._waiting = False
        self._jobs.change(record.job_id, changes.proceed(stamp(self._clock)), urgent=True).result()
        return happening

    def _clear(self, link: Link, job: str, requester: str) -> None:
        """A person takes the book; the next job waits for that, however long."""
        try:
            while not self._stopping.is_set():
                if link.take(job, requester, TAKE_LOOK):
                    self._owner.taken()
                    self._boundary.reach()
                    break
        except DestinationStop:
            if not self._stopping.is_set():
                raise

    def _stop_job(self, record: Record, reason: Reason) -> None:
        """The job waits for an answer; what cannot be stored now is tried again, and power-on would say the same."""
        job = record.job_id
        try:
            stopped = changes.stop(reason, MEDIA_AFTER.get(reason, Media.UNKNOWN), stamp(self._clock))
            self._jobs.change(job, stopped, urgent=True).result()
        except PassbookError as error:
            if error.code in {"unknown-job", "not-allowed-in-state"}:
                # It ended, or stands already: nothing is left to be stored.
                self._unstored.pop(job, None)
            elif job not in self._unstored:
                _LOG.error("stop-not-stored", job=job, code=error.code)
                why = PassbookError("stop-not-stored", job=job, printer=self._name, why=str(error))
                self._unstored[job] = _Stop(record, reason, why)
                self._tell(DeskGaveUp(job, record.requester, why))
        else:
            self._unstored.pop(job, None)

    def _store_stops(self) -> None:
        """A disk that was full for a while must not leave a job without a question."""
        for record, reason, _ in list(self._unstored.values()):
            self._stop_job(record, reason)

    def problems(self) -> list[PassbookError]:
        """Stops that could not be stored yet, and a failure that comes with each try.  From any thread."""
        failing = self._failing
        return [*(stop.error for stop in list(self._unstored.values())), *([failing] if failing else [])]

    def _hear(self, status: MechanismStatus) -> None:
        """The mechanism said this of itself, in whatever way it was asked."""
        self._said = status
        self._show()

    def _show(self) -> None:
        """Tell what was said last: something new at once, and the same again when it is no longer fresh."""
        status = self._said
        if self._printing and status.device is Device.ONLINE:
            status = replace(status, device=Device.BUSY)
        view = PrinterView(self._name, status, 0, self._printing)
        now = self._clock.monotonic()
        if self._shown is None or self._shown[1] != view or now - self._shown[0] >= FRESH:
            self._shown = (now, view)
            self._tell(PrinterChanged(view))
