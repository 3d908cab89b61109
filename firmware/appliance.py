"""The composition root: builds every part of the appliance once, runs it, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import signal
from typing import Final

from drivers.port import PortError, open_port
from drivers.profile import Profile, builtin_profile
from drivers.session import DocumentSession
from drivers.stop import MechanismStop
from firmware.admission import Admission, Printing
from firmware.clock import Clock, SystemClock, newest_trusted, stamp
from firmware.config import Config, PrinterConfig
from firmware.desk import PrintDesk
from firmware.desks import Desks
from firmware.doors.commands import TerminalCommands
from firmware.doors.operators import OperatorDoor
from firmware.doors.terminals import TerminalDoor
from firmware.ending import leave_marks, take_marks
from firmware.hub import Hub
from firmware.identity import Doorkeeper
from firmware.jobs import Jobs
from firmware.keys import DataKeys
from firmware.layouts import load_layouts
from firmware.logs import Log
from firmware.news import JobChanged, JobLeft, News, PrinterChanged, PromptChanged, StepDone
from firmware.notify import Notifier
from firmware.operations import Operations
from firmware.recovery_desk import RecoveryDesk
from firmware.tls import server_context, shrink_buffers
from passbook.errors import PassbookError
from passbook.messages import SERVICE_PATH, ErrorPayload, StatusReport, report_of, view_of
from passbook.messages import JobLeft as JobLeftEvent
from storage.admission import Limits
from storage.area import AreaSettings, AreaState
from storage.keys import ApplianceKey
from storage.spool import Spool

_LOG: Final = Log("appliance")

HISTORY_LOOK: Final = 1000
"""Entries of the history in which the newest stamp of a trusted clock is looked for at power-on."""


class Appliance:
    """One running appliance."""

    def __init__(self, config: Config, *, clock: SystemClock, notifier: Notifier) -> None:
        self._config = config
        self._clock = clock
        self._notifier = notifier
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._key = ApplianceKey.from_file(config.keys.appliance.file().read_bytes())
        self._spool = self._open_spool(self._key)
        self._keys = DataKeys()
        self._jobs = Jobs(self._spool, self._keys, self._tell)
        self._hub = Hub(config.recovery.representatives)
        self._doorkeeper = Doorkeeper(config.terminals, clock)
        self._profiles = {printer.name: builtin_profile(printer.dialect) for printer in config.printers}
        self._desks = Desks(self._make_desks(), self._jobs, self._hub, clock)
        self._recovery = RecoveryDesk(
            self._jobs, self._hub, config.recovery, self._key, clock=clock, rng=secrets.token_bytes
        )
        self._admission = self._make_admission()

    async def run(self) -> None:
        """Power on, open the doors, serve until SIGTERM or SIGINT, and end in order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopped.set)
        self._power_on()
        recovery = asyncio.create_task(self._recovery.run())
        watchdog = asyncio.create_task(self._show_life())
        try:
            async with contextlib.AsyncExitStack() as doors:
                await self._open_doors(doors)
                for record in self._spool.inquiries():
                    self._recovery.note(record)
                await self._serve()
        finally:
            recovery.cancel()
            watchdog.cancel()
            sound = self._is_sound()
            self._spool.close()
        if sound:
            self._mark_end()
        _LOG.info("stopped")

    async def _serve(self) -> None:
        """Print until somebody ends it; however it ends, no desk goes on without the rest."""
        self._desks.start()
        try:
            self._notifier.ready()
            _LOG.info("ready", count=len(self._spool.records()))
            await self._stopped.wait()
            self._notifier.stopping()
        finally:
            await self._desks.stop()

    def _is_sound(self) -> bool:
        """Whether every configured area is in use."""
        return all(area.state == AreaState.READY.value for area in self._spool.areas())

    def _mark_end(self) -> None:
        """Everything is closed; without the marks the next start speaks of a power loss, which harms nobody."""
        try:
            leave_marks(area.path for area in self._config.areas)
        except PassbookError as error:
            _LOG.warning("end-not-marked", code=error.code)

    async def _show_life(self) -> None:
        """Tell systemd that the event loop turns, as often as it wants to hear it."""
        while self._notifier.watchdog_interval:
            self._notifier.watchdog()
            await asyncio.sleep(self._notifier.watchdog_interval)

    def _open_spool(self, key: ApplianceKey) -> Spool:
        config = self._config
        areas = [AreaSettings(area.name, area.path, int(area.quota)) for area in config.areas]
        limits = Limits(
            jobs_per_requester=config.limits.jobs_per_terminal, bytes_per_requester=config.limits.bytes_per_terminal
        )
        rng = secrets.token_bytes
        spool = Spool.open(areas, key, appliance=config.appliance, limits=limits, rng=rng, report=_report)
        for problem in spool.problems:
            _report(problem)
        return spool

    def _power_on(self) -> None:
        """Everything that an earlier start left becomes invalid before a door or a desk opens (P4)."""
        reason = take_marks(area.path for area in self._config.areas)
        report = self._spool.power_on(reason, stamp(self._clock))
        for name, count in report.invalidated.items():
            _LOG.info("power-on", area=name, count=count)
        for problem in report.failed.values():
            _report(problem)
        told = [told.entry.record for told in self._spool.history(last=HISTORY_LOOK)]
        newest = newest_trusted([*self._spool.records(), *told])
        if newest is not None:
            self._clock.not_before(newest)

    def _make_desks(self) -> dict[str, PrintDesk]:
        return {
            printer.name: PrintDesk(
                printer,
                connect=functools.partial(connect, printer, self._profiles[printer.name], self._clock),
                lines_in_doubt=self._profiles[printer.name].lines_in_doubt,
                jobs=self._jobs,
                clock=self._clock,
                tell=self._tell,
            )
            for printer in self._config.printers
        }

    def _make_admission(self) -> Admission:
        config = self._config
        public = config.keys.recovery_public
        return Admission(
            self._jobs,
            {one.name: Printing(one, self._profiles[one.name]) for one in config.printers},
            load_layouts(config.layouts),
            config.keys,
            config.limits,
            appliance_key=self._key,
            recovery_public=None if public is None else bytes.fromhex(public.read_text().strip()),
            clock=self._clock,
            rng=secrets.token_bytes,
        )

    async def _open_doors(self, doors: contextlib.AsyncExitStack) -> None:
        config = self._config
        host, port = config.terminals.address
        commands = TerminalCommands(
            jobs=self._jobs,
            admission=self._admission,
            recovery=self._recovery,
            desks=self._desks,
            status=self.status,
            uri=f"wss://{config.terminals.listen}{SERVICE_PATH}",
        )
        door = TerminalDoor(
            hub=self._hub,
            desks=self._desks,
            commands=commands.handlers(),
            limits=config.limits,
            judge=self._doorkeeper.judge,
            clock=self._clock,
        )
        tls = config.terminals
        context = server_context(tls.certificate, tls.key, tls.ca)
        _ = await doors.enter_async_context(door.open(host, port, context))
        operations = Operations(
            spool=self._spool,
            recovery=self._recovery,
            desks=self._desks,
            hub=self._hub,
            doorkeeper=self._doorkeeper,
            status=self.status,
        )
        await doors.enter_async_context(OperatorDoor(config.control, operations.handlers()))
        _LOG.info("doors-open", path=str(config.control))

    def status(self) -> StatusReport:
        """What is known now, at once."""
        areas = tuple(f"{area.name}: {area.state}" for area in self._spool.areas())
        problems = tuple(str(problem) for problem in self._spool.problems)
        return StatusReport(self._desks.views(), self._hub.names(), areas, problems)

    def _tell(self, news: News) -> None:
        """Take news from any thread; after the loop's end nobody is there to be told."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._spread, news)

    def _spread(self, news: News) -> None:
        match news:
            case JobLeft(job, requester, error):
                left = JobLeftEvent(job, ErrorPayload(error.code, str(error), error.facts))
                self._hub.tell(requester, "Spooler.JobLeftEvent", left, representatives=True)
            case JobChanged(record):
                self._hub.tell(record.requester, "Spooler.JobEvent", view_of(record), representatives=True)
                self._recovery.note(record)
                self._desks.note_job(record)
            case StepDone(record):
                self._hub.tell(record.requester, "Spooler.StepEvent", report_of(record), representatives=True)
            case PromptChanged():
                self._desks.note_prompt(news)
            case PrinterChanged():
                self._desks.note_printer(news)


def _report(problem: PassbookError) -> None:
    """An area was fenced or a record set aside: an operator must know."""
    _LOG.error("storage-problem", code=problem.code, area=str(problem.facts.get("area", "")))


def connect(printer: PrinterConfig, profile: Profile, clock: Clock) -> DocumentSession:
    """A document session over a newly opened port.  Raises MechanismStop when the port cannot be opened."""
    try:
        port = open_port(printer.port)
    except PortError as error:
        raise MechanismStop.at_port(error) from None
    return DocumentSession(port, profile, code_page=printer.code_page, printer=printer.name, clock=clock.monotonic)


def run(config: Config) -> None:
    """Run an appliance until it is told to stop."""
    shrink_buffers()

    async def start() -> None:
        await Appliance(config, clock=SystemClock(), notifier=Notifier()).run()

    asyncio.run(start())
