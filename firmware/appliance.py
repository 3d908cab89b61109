"""The composition root: builds every part of the appliance once, runs it, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import os
import secrets
import signal
from typing import Final

from drivers.ports.place import place_of
from firmware.config.configuration import Config, PrinterConfig
from firmware.config.loading import Loaded, load_key, load_named, passed_over
from firmware.doors.gate import claim_files
from firmware.doors.operator_door import OPEN_MODE, OWN_MODE, OperatorDoor
from firmware.doors.terminal_door import TerminalDoor
from firmware.identity.doorkeeper import Doorkeeper
from firmware.identity.server_tls import shrink_buffers
from firmware.mailing import Mailing
from firmware.people.expiries import Expiries
from firmware.people.grants import Grants
from firmware.people.notice_board import NoticeBoard
from firmware.people.questions import Questions
from firmware.people.roll import Roll
from firmware.service.acceptance import Acceptance
from firmware.service.book_reporter import BookReporter
from firmware.service.clock_report import ClockReporter
from firmware.service.operations import Operations
from firmware.service.printer_report import PrinterReporter
from firmware.service.service import Service
from firmware.service.upkeep_operations import UpkeepOperations
from firmware.system.joining import Joining
from firmware.system.notify import Notifier
from firmware.system.upkeep import Upkeep
from firmware.system.watchdog import show_watchdog
from firmware.system.zone import zone_name
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.counts import JobCounts
from passbook.protocol.document_rules import DocumentRule
from passbook.protocol.events import JOB, LEFT, STEP
from passbook.protocol.finding import Finding
from passbook.protocol.messages import SERVICE_PATH, ErrorPayload, StatusReport, report_of
from passbook.protocol.messages import JobLeft as JobLeftEvent
from passbook.protocol.two_spools import AgentWelcome, PrinterFacts, sheets_of
from spooler.agents import Agents
from spooler.browser_files import PageFiles
from spooler.clock import ClockTrust, SystemClock, newest_trusted, stamp
from spooler.content_retention import destroy_old_content
from spooler.data_keys import DataKeys
from spooler.desk import PrintDesk
from spooler.desks import Desks
from spooler.destination import Destination
from spooler.form_stock import FormStock
from spooler.fullness import Fullness, Marks
from spooler.hub import Hub
from spooler.jobs import Jobs
from spooler.known_books import KnownBooks
from spooler.logs import Log, keep_telling, tell_left_out
from spooler.machine import machine_name
from spooler.news import DeskGaveUp, EndAcknowledged, JobChanged, News, PrinterChanged, PromptChanged, StepDone
from spooler.orderly_end import leave_marks, take_marks
from spooler.page_renderer import render_pages, render_texts
from spooler.pauses import Pauses
from spooler.plugging import noticed_plugging
from spooler.printer import Printer, connect_mechanism
from spooler.problems import Problems
from spooler.shared_names import SharedNames
from spooler.supervisor import Supervisor
from spooler.turns import Turns
from storage import ApplianceKey, AreaSettings, Limits, Spool, self_test

_LOG: Final = Log("appliance")

JOBS_KEPT_BY_WORD: Final = 1000
"""Ended jobs of each terminal in each area that stay known while only an operator vouches for the date."""
PAUSED_PRINTERS: Final = "paused.json"
"""The file with the paused printers, beside the mark of the store."""
STAMPS_LOOKED_AT: Final = 1000
"""Entries of the history, and jobs, among which power-on looks for the newest stamp of a trusted clock."""


class Appliance:
    """One running appliance."""

    def __init__(
        self, config: Config, key: ApplianceKey, loaded: Loaded, *, clock: SystemClock, notifier: Notifier
    ) -> None:
        """Open the store; run() closes it. Raises PassbookError `no-area-usable` if another process has it."""
        self._config = config
        self._loaded = loaded
        self._clock = clock
        self._notifier = notifier
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._supervisor = Supervisor()
        self._problems = Problems()
        self._key = key
        self._spool = self._open_spool()
        self._problems.is_over = self._spool.is_over
        self._keys = DataKeys()
        self._jobs = Jobs(self._spool, self._keys, self._tell)
        self._hub = Hub()
        self._roll = Roll(self._hub, self._spool, clock, config.recovery.representatives)
        self._doorkeeper = Doorkeeper(config.terminals, loaded.trust, clock, config.recovery.representatives)
        self._printers = {one.name: self._make_printer(one) for one in config.printers}
        cassettes = {one.name: one.forms for one in config.printers}
        self._stock = FormStock(self._spool, cassettes, clock, self._wake_desk)
        self._mailing = Mailing(config, loaded, self._jobs, key, clock, self._wake_desk, self._stock.can_issue)
        self._books = BookReporter(self._spool, loaded.layouts.values())
        self._known_books = KnownBooks(self._jobs, clock)
        self._destinations = self._make_destinations()
        self._agents = Agents(self._hub)
        self._names = SharedNames(key, secrets.token_bytes)
        self._grants = Grants()
        self._turns = self._make_turns()
        self._pauses = Pauses((one.name for one in config.printers), config.state / PAUSED_PRINTERS)
        self._desks = Desks(self._make_desks(), self._jobs, self._hub, clock, self._pauses, hops=self._mailing.hops())
        self._recovery = self._make_questions()
        self._expiry = Expiries(self._jobs, clock, config.recovery.expiry_grace)
        self._recovery.watchers.append(self._expiry.note_put)
        self._notices = NoticeBoard(
            self._jobs,
            self._hub,
            grace=config.recovery.grace,
            acknowledge_timeout=config.notices.acknowledge_timeout,
            clock=clock,
        )
        self._fullness = self._make_fullness()
        self._admission = self._make_admission()
        self._joining = Joining(self._spool, self._problems, clock, report=self._report, begun=self._ask_about_joined)
        self._upkeep = Upkeep(
            self._spool, clock, retention_days=config.history.retention_days, forget_ended=self._forget_old
        )

    async def run(self) -> None:
        """Power on, open the doors, serve until SIGTERM or SIGINT, and end in order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopped.set)
        self._supervisor.watch_loop(self._loop)
        tasks = contextlib.ExitStack()
        joining = self._supervisor.start("joining", self._joining.run())
        try:
            self._start_tasks(tasks)
            self._power_on()
            async with contextlib.AsyncExitStack() as doors:
                await self._open_doors(doors)
                was_locked = not self._joining.usable.is_set()
                if was_locked:
                    await self._stay_locked()
                else:
                    self._recovery.start()
                if not self._stopped.is_set():
                    await self._serve(was_told_ready=was_locked)
        finally:
            # Joining may open an area in a thread, and the store must not close meanwhile.
            await asyncio.gather(joining(), return_exceptions=True)
            tasks.close()
            sound = self._spool.close()
        if sound:
            self._mark_end()
        tell_left_out()
        _LOG.info("stopped")

    def _start_tasks(self, tasks: contextlib.ExitStack) -> None:
        """Start the tasks that go on until `tasks` is closed."""
        tasks.callback(self._supervisor.start("questions", self._recovery.audiences.run()))
        tasks.callback(self._supervisor.start("notices", self._notices.audiences.run()))
        tasks.callback(self._supervisor.start("old notices", self._notices.watch_ages()))
        tasks.callback(self._supervisor.start("turns", self._turns.run()))
        tasks.callback(self._supervisor.start("expiry", self._expiry.run()))
        self._mailing.start(self._admission, self._desks, self._supervisor, tasks)
        tasks.callback(self._supervisor.start("log", keep_telling()))
        if self._notifier.watchdog_interval:
            watch = show_watchdog(self._notifier, self._spool.progress, self._clock.monotonic)
            tasks.callback(self._supervisor.start("watchdog", watch))

    async def _stay_locked(self) -> None:
        """Wait until an area is usable, or a signal ends the appliance."""
        self._notifier.ready()
        self._notifier.status("Locked: no storage area can be used; see passbookctl status")
        _LOG.error("locked", code="appliance-locked")
        waiting = [asyncio.create_task(one.wait()) for one in (self._stopped, self._joining.usable)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if self._stopped.is_set():
            self._notifier.stopping()
        else:
            self._notifier.status("All goes on")
            _LOG.info("unlocked")

    async def _serve(self, *, was_told_ready: bool) -> None:
        """Print until a signal ends the appliance; at any end, no desk goes on without the rest.

        `was_told_ready`: systemd heard already that the doors are open.
        """
        self._desks.start()
        stop_upkeep = self._supervisor.start("upkeep", self._upkeep.run())
        try:
            if not was_told_ready:
                self._notifier.ready()
            _LOG.info("ready", count=sum(area.records for area in self._spool.areas()))
            with noticed_plugging([one.port for one in self._config.printers], self._desks.look_again):
                await self._stopped.wait()
            self._notifier.stopping()
        finally:
            _ = stop_upkeep()
            await self._desks.stop()

    def _mark_end(self) -> None:
        """Mark the orderly end; without the marks the next boot speaks of a power loss, which does no harm."""
        try:
            leave_marks(area.path for area in self._config.areas)
        except PassbookError as error:
            _LOG.warning("end-not-marked", code=error.code)

    def _open_spool(self) -> Spool:
        config = self._config
        areas = [AreaSettings(area.name, area.path, int(area.quota)) for area in config.areas]
        limits = Limits(
            jobs_per_requester=config.limits.jobs_per_terminal, bytes_per_requester=config.limits.bytes_per_terminal
        )
        rng = secrets.token_bytes
        spool = Spool.open(
            areas,
            self._key,
            state=config.state,
            appliance=config.appliance,
            limits=limits,
            rng=rng,
            report=self._report,
        )
        for problem in spool.problems:
            self._report(problem)
        in_use = [problem for problem in spool.problems if problem.code == "area-in-use"]
        if in_use and len(spool.problems) == len(areas):
            # Another process serves this store, at its own doors.
            spool.close()
            raise PassbookError("no-area-usable", why=" ".join(str(problem) for problem in spool.problems))
        return spool

    def _power_on(self) -> None:
        """Make every record of an earlier boot invalid before a door or a desk opens (P4)."""
        self._joining.reason = take_marks(area.path for area in self._config.areas)
        report = self._spool.power_on(self._joining.reason, stamp(self._clock))
        for name, count in report.invalidated.items():
            _LOG.info("power-on", area=name, count=count)
        for problem in report.failed.values():
            self._report(problem)
        if self._spool.is_usable():
            self._joining.usable.set()
            self._mailing.note_areas()
            self._note_areas()
            self._notices.start()

    def _ask_about_joined(self) -> None:
        """Areas came into use: ask people about their jobs, and tell their ends."""
        self._mailing.note_areas()
        self._note_areas()
        self._turns.note_joined()
        self._notices.start()
        self._recovery.start()

    def _note_areas(self) -> None:
        """Read from the areas the trusted time, old ends, and jobs of missing printers."""
        told = sorted(self._spool.history(last=STAMPS_LOOKED_AT), key=lambda one: one.n)
        newest = newest_trusted([*(one.entry.record for one in told), *self._spool.newest_records(STAMPS_LOOKED_AT)])
        if newest is not None:
            self._clock.not_before(newest)
        self._forget_ended()
        self._look_for_strays()

    def _look_for_strays(self) -> None:
        """Report jobs for a destination that was taken out of the configuration: they wait for an operator."""
        known = self._destinations.keys()
        strays = self._spool.printers()
        gone = [PassbookError("printer-gone", job=strays[one], printer=one) for one in sorted(strays.keys() - known)]
        for problem in self._problems.replace("printer-gone", gone):
            self._log_problem(problem)

    def _forget_ended(self) -> None:
        """Forget jobs that ended long ago (P10), by a trusted clock only (N4).

        With a wrong year an operator's word would take all notices and every repeated request. So by that word no end
        goes without an acknowledgement, and none of the last ends of each terminal, which it can still repeat.
        """
        now = self._clock.now()
        retention = datetime.timedelta(days=self._config.history.retention_days)
        dedupe = datetime.timedelta(days=self._config.history.dedupe_days)
        before = (now - dedupe).isoformat(timespec="milliseconds")
        unacknowledged_before = (now - max(dedupe, retention)).isoformat(timespec="milliseconds")
        match self._clock.standing():
            case ClockTrust.SYNCHRONIZED:
                self._spool.upkeep.forget_ended(before, unacknowledged_before, stamp(self._clock))
            case ClockTrust.VOUCHED:
                self._spool.upkeep.forget_ended(before, "", stamp(self._clock), kept=JOBS_KEPT_BY_WORD)
            case _:
                pass

    def _forget_old(self) -> None:
        """Once a day, forget old ends, and destroy the content of unanswered questions (F4)."""
        self._forget_ended()
        destroy_old_content(self._jobs, self._clock, self._config.history.content_days)

    def _make_destinations(self) -> dict[str, Destination]:
        """What jobs can be sent to, by name."""
        return {**self._printers, **self._mailing.hops()}

    def _make_printer(self, settings: PrinterConfig) -> Printer:
        dialect = self._loaded.dialects[settings.name]
        connect = functools.partial(connect_mechanism, settings, dialect, self._clock)
        forms = {one.kind for one in settings.forms}
        return Printer(
            settings,
            dialect,
            self._loaded.layouts,
            connect=connect,
            tell=self._tell,
            render=functools.partial(render_pages, at=self._config.renderer),
            draw=functools.partial(render_texts, at=self._config.renderer),
            font=self._loaded.fonts.get(settings.name, b""),
            forms=forms,
            imports=self._loaded.imports,
        )

    def _make_turns(self) -> Turns:
        return Turns(
            self._jobs,
            self._agents,
            self._destinations,
            {printer.name: self._facts_of(printer) for printer in self._config.printers},
            self._known_books,
            turn_wait=self._config.turns.turn_wait,
            report_wait=self._config.turns.report_wait,
            clock=self._clock,
            wake=self._wake_desk,
            in_loop=self._loop.call_soon_threadsafe,
        )

    def _wake_desk(self, printer: str) -> None:
        """Have a desk look again; the desks are made after the turns that wake them."""
        self._desks.wake(printer)

    def _welcome(self) -> AgentWelcome:
        return AgentWelcome(
            appliance=self._config.appliance,
            boot=secrets.token_hex(8),
            turn_wait=self._config.turns.turn_wait,
            report_wait=self._config.turns.report_wait,
            printers=tuple(map(self._facts_of, self._config.printers)),
            layouts=tuple(self._loaded.layouts.values()),
            imports=tuple(self._loaded.imports.values()),
        )

    def _facts_of(self, printer: PrinterConfig) -> PrinterFacts:
        """What agents are told of a printer."""
        return PrinterFacts(
            name=printer.name,
            dialect=printer.dialect,
            code_page=printer.code_page,
            port=printer.port,
            is_on_network=printer.on_network,
            insert_timeout=printer.insert_timeout,
            take_timeout=printer.take_timeout,
            place=place_of(printer.port, machine_name()),
            setup=self._loaded.dialects[printer.name].setup,
            draws=printer.name in self._loaded.fonts,
        )

    def _make_desks(self) -> dict[str, PrintDesk]:
        return {
            name: PrintDesk(
                one,
                jobs=self._jobs,
                clock=self._clock,
                tell=self._tell,
                feeding=self._mailing.feeding(name, self._turns),
                may_go=self._mailing.has_substitute,
                is_paused=functools.partial(self._pauses.is_paused, name),
                stock=self._stock,
                books=self._known_books,
            )
            for name, one in self._destinations.items()
        }

    def _make_admission(self) -> Acceptance:
        config = self._config
        return Acceptance(
            self._jobs,
            self._destinations,
            config.keys,
            config.limits,
            appliance_key=self._key,
            recovery_public=self._loaded.recovery_public,
            names=self._names,
            fullness=self._fullness,
            clock=self._clock,
            rng=secrets.token_bytes,
        )

    def _make_questions(self) -> Questions:
        return Questions(
            self._jobs,
            self._hub,
            self._config.recovery,
            self._key,
            printers=self._destinations,
            view=self._desks.queues.view,
            clock=self._clock,
            rng=secrets.token_bytes,
        )

    def _make_fullness(self) -> Fullness:
        spool = self._config.spool
        rules = [DocumentRule(one.printer or "", one.form or "", one.application or "") for one in spool.rules]
        fullness = Fullness(self._spool.percent_used, Marks(spool.stop_at, spool.start_at), rules)
        fullness.watchers.append(self._note_fullness)
        return fullness

    def _note_fullness(self, stopped: bool) -> None:
        """The spool stopped taking documents, or takes them again: a problem until then."""
        side, start_at = Side.APPLIANCE.value, self._config.spool.start_at
        problem = PassbookError("spool-nearly-full", side=side, since=stamp(self._clock), start_at=start_at)
        _ = self._problems.replace(problem.code, [problem] if stopped else [])
        _LOG.warning("spool-stopped" if stopped else "spool-takes-again")

    def _make_service(self) -> Service:
        printers = PrinterReporter(self._printers, self._loaded.layouts.values())
        return Service(self._make_operations(printers), self._make_upkeep(printers), self._joining.usable.is_set)

    def _make_upkeep(self, printers: PrinterReporter) -> UpkeepOperations:
        return UpkeepOperations(
            spool=self._spool,
            desks=self._desks,
            hub=self._hub,
            doorkeeper=self._doorkeeper,
            clock=ClockReporter(self._clock, self._expiry.wake),
            problems=self._problems,
            joining=self._joining,
            mailing=self._mailing,
            stock=self._stock,
            printers=printers,
        )

    def _make_operations(self, printers: PrinterReporter) -> Operations:
        return Operations(
            jobs=self._jobs,
            admission=self._admission,
            recovery=self._recovery,
            notices=self._notices,
            desks=self._desks,
            roll=self._roll,
            now=self._clock,
            turns=self._turns,
            agents=self._agents,
            names=self._names,
            grants=self._grants,
            mailing=self._mailing,
            books=self._books,
            welcome=self._welcome(),
            printers=printers,
            status=self.status,
            uri=f"wss://{self._config.terminals.listen}{SERVICE_PATH}",
            zone=zone_name(os.environ),
        )

    async def _open_doors(self, doors: contextlib.AsyncExitStack) -> None:
        config = self._config
        service = self._make_service()
        door = TerminalDoor(
            hub=self._hub,
            desks=self._desks,
            performer=service,
            limits=config.limits,
            judge=self._doorkeeper.judge,
            heard=self._roll.heard,
            clock=self._clock,
            files=PageFiles.shipped(),
            names=self._loaded.hosts,
        )
        await self._enter_terminal_door(doors, door)
        await self._mailing.open_door(doors, self._admission, self._doorkeeper, self._joining.usable.is_set)
        callers = self._loaded.callers
        mode = OPEN_MODE if callers.are_others_welcome else OWN_MODE
        await self._enter_operator_door(doors, OperatorDoor(config.control, service, judge=callers.judge, mode=mode))
        _LOG.info("doors-open", path=str(config.control))

    async def _enter_terminal_door(self, doors: contextlib.AsyncExitStack, door: TerminalDoor) -> None:
        host, port = self._config.terminals.address
        try:
            _ = await doors.enter_async_context(door.open(host, port, self._loaded.context))
        except (OSError, UnicodeError) as error:
            # Text that can be no domain name fails with a UnicodeError.
            reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
            why = f"{self._config.terminals.listen} cannot be listened at: {reason or type(error).__name__}"
            raise self._config.problem("terminals.listen", why) from None

    async def _enter_operator_door(self, doors: contextlib.AsyncExitStack, door: OperatorDoor) -> None:
        try:
            await doors.enter_async_context(door)
        except PassbookError as error:
            why = f"{error.facts['file']} cannot be listened at: {error.facts['why']}"
            raise self._config.problem("control", why) from None

    def status(self) -> StatusReport:
        """The last known state, at once."""
        _ = self._fullness.is_stopped  # the problem says what is so now, also when no job came since
        states = self._spool.states()
        areas = tuple(f"{name}: {state}" for name, state in states.items())
        parts = (
            self._problems,
            self._desks.problems(),
            [problem for one in self._printers.values() for problem in one.problems()],
            self._turns.problems(),
            self._notices.problems(),
            self._mailing.problems(),
            self._stock.problems(),
        )
        findings = tuple(Finding.of(problem) for part in parts for problem in part)
        problems = tuple(one.sentence for one in findings)
        jobs = sum(self._spool.counts().values(), JobCounts())
        sheets, notices = sheets_of(self._loaded.layouts.values()), self._spool.count_notices()
        told = (self._desks.views(), self._hub.names(), areas, problems, jobs, notices, sheets)
        return StatusReport(*told, books=self._books.status(), findings=findings, area_states=states)

    def _report(self, problem: PassbookError) -> None:
        """Report to the operator that an area was fenced or a record set aside. Any thread may call it."""
        self._log_problem(problem)
        self._problems.add(problem)
        if problem.code == "record-quarantined":
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._drop_queued, str(problem.facts["job"]))

    @staticmethod
    def _log_problem(problem: PassbookError) -> None:
        facts = {name: str(problem.facts.get(name, "")) for name in ("area", "job")}
        _LOG.error("storage-problem", code=problem.code, area=facts["area"], job=facts["job"])

    def _drop_queued(self, job: str) -> None:
        """Drop a record that was set aside from its queue, so that it blocks no other job."""
        self._desks.queues.drop(job)

    def _tell(self, news: News) -> None:
        """Take news from any thread; after the loop's end no part is there to be told."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._spread, news)

    def _spread(self, news: News) -> None:
        match news:
            case DeskGaveUp(job, requester, error):
                left = JobLeftEvent(job, ErrorPayload(error.code, str(error), error.facts))
                self._hub.tell(requester, LEFT, left, representatives=True)
                self._desks.note_left(news)
            case JobChanged(record, was_asked):
                view = self._desks.note_queued(record)
                self._hub.tell(record.requester, JOB, view, representatives=True)
                self._desks.queues.retell(record.printer)
                self._desks.note_book(record)
                self._expiry.note(record)
                self._recovery.note(record, was_asked=was_asked)
                self._notices.note(record)
                self._turns.note_job(record)
                self._mailing.note(record)
                self._desks.note_job(record)
                self._grants.note(record)
                if record.ended and record.printer not in self._destinations:
                    looked = self._loop.run_in_executor(None, self._look_for_strays)
                    looked.add_done_callback(asyncio.Future.result)
            case EndAcknowledged(record):
                self._notices.note(record)
            case StepDone(record):
                self._hub.tell(record.requester, STEP, report_of(record), representatives=True)
            case PromptChanged():
                self._desks.note_prompt(news)
            case PrinterChanged():
                self._desks.note_printer(news)


def run_appliance(config: Config) -> None:
    """Run an appliance until a signal stops it; every cipher gives a published result before an area is opened."""
    Supervisor().watch_threads()
    shrink_buffers()
    short = claim_files(config.limits.connections)
    if short:
        raise config.problem("limits.connections", short)
    loaded = load_named(config)
    for warning in passed_over(config):
        _LOG.warning("file-passed-over", path=str(warning.facts["file"]), code=warning.code)
    key = load_key(config)
    _LOG.info("self-test", count=self_test.check_primitives(secrets.token_bytes))
    clock = SystemClock(day_ends=config.recovery.day_ends_after)

    async def start() -> None:
        await Appliance(config, key, loaded, clock=clock, notifier=Notifier()).run()

    asyncio.run(start())
