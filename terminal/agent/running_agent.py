"""The composition root of the agent: builds every part once, runs it, and ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import secrets
import signal
from collections.abc import Coroutine
from typing import Any, Final

from client.transport import TlsTransport
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, UnixCaller
from passbook.job.print_right import RightState
from passbook.job.record import Record, without_outline
from passbook.job.reported import may_lose_right
from passbook.job.states import TERMINAL, Reason
from passbook.protocol.events import ENDED, JOB, LEFT, PROMPT, QUESTION, QUESTION_CLOSED, STEP, TURN_CALL
from passbook.protocol.messages import Envelope, ErrorPayload, JobLeft, JobView, Prompt, encode, read_payload, report_of
from passbook.protocol.notice import AcknowledgeNotice, Notice, notice_of
from passbook.protocol.pages import JobPage, Page
from passbook.protocol.two_spools import AgentWelcome, YourTurn
from spooler.browser_files import PageFiles
from spooler.clock import SystemClock, stamp
from spooler.content_retention import destroy_old_content
from spooler.data_keys import DataKeys
from spooler.door_session import DoorSession
from spooler.exchange import Exchange
from spooler.jobs import Jobs
from spooler.logs import Log, keep_telling, tell_left_out
from spooler.machine import machine_name
from spooler.news import DeskGaveUp, JobChanged, News, PromptChanged, StepDone
from spooler.plugging import noticed_plugging
from spooler.problems import Problems
from spooler.supervisor import Supervisor, must_go_on
from terminal.agent.agent_operations import AGENT_OPERATIONS, AgentOperations
from terminal.agent.agent_settings import AgentConfig
from terminal.agent.both_histories import BothHistories
from terminal.agent.finished_copies import FinishedCopies
from terminal.agent.kept_list import KeptList
from terminal.agent.kept_notices import KeptNotices
from terminal.agent.kept_sides import KeptSides
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.local_door import LocalDoor
from terminal.agent.network_load import NetworkLoad
from terminal.agent.own_holds import OwnHolds, is_held
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.own_printers import OwnPrinters
from terminal.agent.own_store import OwnStore
from terminal.agent.page_door import PageDoor
from terminal.agent.reach import Reach, ReachEvent
from terminal.agent.replay import Replay
from terminal.agent.reporting import Reporting
from terminal.agent.submission import Submissions
from terminal.agent.turn_answers import TurnAnswers
from terminal.agent.upstream import Upstream
from terminal.home import Home
from terminal.keyring import KeyRing

_LOG: Final = Log("agent")

LIST_LOOK: Final = 30.0
"""Seconds between two looks at the appliance's list."""
UPKEEP: Final = 86400.0
KEPT_DAYS: Final = datetime.timedelta(days=90)
"""For so long an ended job is known here, so that its request sent again is the same job (P10).

For so long the content of a copy is kept, too, while its question has no answer (F4).
"""


class Agent:
    """One running agent."""

    def __init__(
        self,
        home: Home,
        config: AgentConfig,
        ring: KeyRing,
        store: OwnStore,
        terminal: str,
        *,
        problems: Problems,
        clock: SystemClock,
    ) -> None:
        """`store` is open, and closed by run(); `terminal` is the name in the terminal's certificate.

        `problems` are those of the storage; what fails later is added by its threads.
        """
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._store = store
        self._terminal = terminal
        self._stopped = asyncio.Event()
        self._supervisor = Supervisor()
        self._errands: set[asyncio.Task[None]] = set()
        self._welcomed = asyncio.Event()
        self._storage_problems = problems
        self._replay = Replay()
        self._own_prompts: dict[str, Prompt] = {}
        self._kept = KeptList(clock)
        self._notices = KeptNotices(home.agent / "notices")
        self._known = KnownAppliance(home.agent / "appliance.json", clock, machine_name())
        self._reach = Reach(config.apart_after, clock, self._act_apart)
        self._finished = self._make_finished(home, config)
        jobs = Jobs(store.spool, DataKeys(), self._tell)
        self._own = OwnJobs(store, jobs, ring, clock, is_apart=lambda: self._reach.is_apart)
        self._upstream = self._make_upstream(home)
        self._network = NetworkLoad(self._upstream, config.network, clock)
        self._sides = KeptSides(store.spool, config, self._network, clock)
        self._submissions = self._make_submissions(home)
        self._reporting = Reporting(self._own, self._upstream, self._submissions, terminal)
        self._printers = self._make_printers(config)
        self._own_ports = [one.port for one in config.fallback]
        self._turns = TurnAnswers(self._own, self._upstream, self._printers.drive)
        self._histories = BothHistories(self._own, self._upstream, terminal)
        self._holds = OwnHolds(self._own, self._upstream, self._printers, self._submissions, terminal)
        self._operations = self._make_operations()
        exchange = Exchange(self._operations, Log("callers"), AGENT_OPERATIONS)
        self._door = LocalDoor(home.socket, exchange, terminal=terminal, owner=os.getuid(), greet=self._greet)
        self._page = PageDoor(PageFiles.shipped(), self._door.serve, clock=clock, rng=secrets.token_bytes)

    def _make_submissions(self, home: Home) -> Submissions:
        return Submissions(
            self._own,
            self._known,
            self._upstream,
            self._sides,
            terminal=self._terminal,
            folder=home.agent / "unanswered",
            rng=secrets.token_bytes,
        )

    def _make_finished(self, home: Home, config: AgentConfig) -> FinishedCopies:
        keep, most = config.keep_finished, config.quota_mib * 1024 * 1024
        return FinishedCopies(home.agent / "finished", self._store.spool, self._clock, keep=keep, most=most)

    def _make_upstream(self, home: Home) -> Upstream:
        return Upstream(
            lambda: TlsTransport(home.address(), home.context()),
            self._store.name,
            heard=self._hear,
            came=self._welcome,
            went=self._note_gone,
        )

    def _make_printers(self, config: AgentConfig) -> OwnPrinters:
        return OwnPrinters(
            self._own,
            self._known,
            self._reporting,
            config.fallback,
            is_apart=lambda: self._reach.is_apart,
            tell=self._tell,
        )

    def _make_operations(self) -> AgentOperations:
        return AgentOperations(
            own=self._own,
            upstream=self._upstream,
            submissions=self._submissions,
            turns=self._turns,
            printers=self._printers,
            notices=self._notices,
            known=self._known,
            kept=self._kept,
            histories=self._histories,
            holds=self._holds,
            finished=self._finished,
            reach=self._reach,
            sides=self._sides,
            page_address=self._page_address,
            seen=self._replay.seen,
            problems=self._problems,
        )

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, and end in order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopped.set)
        self._supervisor.watch_loop(self._loop)
        tasks = contextlib.ExitStack()
        try:
            async with self._door, self._page:
                self._start_tasks(tasks)
                self._printers.start()
                _LOG.info("ready", terminal=self._terminal, count=len(self._own.unfinished()))
                with noticed_plugging(self._own_ports, self._printers.look_again):
                    await self._stopped.wait()
        finally:
            tasks.close()
            await self._printers.stop()
            await self._end_errands()
            self._finished.close()
            self._store.close()
        tell_left_out()
        _LOG.info("stopped")

    def _start_tasks(self, tasks: contextlib.ExitStack) -> None:
        """Start the tasks that go on until `tasks` is closed."""
        parts: tuple[tuple[str, Coroutine[Any, Any, None]], ...] = (
            ("upstream", self._upstream.run()),
            ("reach", self._reach.run()),
            ("network", self._network.run()),
            ("reports", self._reporting.run()),
            ("list", self._watch_list()),
            ("upkeep", self._look_after()),
            ("finished", self._finished.run()),
            ("log", keep_telling()),
        )
        for name, work in parts:
            tasks.callback(self._supervisor.start(name, work))

    async def _page_address(self, actor: Actor) -> str:
        """A new address of the page for a program at the agent's socket.  Raises PassbookError."""
        if not isinstance(actor.proof, UnixCaller):
            raise PassbookError("not-permitted", who=actor.name, deed="open the page", whom="a program of this machine")
        return await self._page.address(actor.proof)

    def _problems(self) -> list[PassbookError]:
        return [*self._storage_problems, *self._reach.problems(), *self._sides.problems(), *self._printers.problems()]

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done for which no command waits; what the appliance or the store refuses is logged."""
        task = asyncio.create_task(self._done(work))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _done(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PassbookError as error:
            _LOG.warning("errand-refused", code=error.code)
        except Exception as error:  # noqa: BLE001 - a defect of ours ends the process, as in any other part
            must_go_on("errand", error)

    async def _end_errands(self) -> None:
        for task in list(self._errands):
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    # The appliance

    def _welcome(self, welcome: AgentWelcome) -> None:
        self._welcomed.set()
        self._errand(self._begin(welcome))

    async def _begin(self, welcome: AgentWelcome) -> None:
        """The appliance can be asked: bring both sides together again."""
        self._known.learn(welcome)
        self._reach.learn(welcome.report_wait)
        self._reach.move(ReachEvent.CAME)
        self._printers.wake()
        for record in self._own.unfinished():
            if Reason.APPLIANCE_SILENT in record.reasons and record.is_open:
                await self._own.change(record.job_id, changes.end_apart(stamp(self._clock)))
        await self._submissions.resume()
        await self._turns.resume()
        await self._holds.resume()
        await self._learn_ends()
        self._reporting.resume()
        await self._learn_list()

    def _note_gone(self) -> None:
        self._welcomed.clear()
        if self._reach.is_reached:
            self._reach.move(ReachEvent.WENT)
        self._replay.forget()
        self._kept.forget_waiting()

    async def _learn_ends(self) -> None:
        """Ask what became of each job whose own copy has not ended, unless it is printed on an own printer here."""
        for record in self._own.unfinished():
            is_printed_here = record.right.state is RightState.HERE and not may_lose_right(record)
            is_handed = self._printers.is_handed(record.job_id)
            if (is_printed_here and not is_handed) or self._submissions.is_waiting(record.job_id):
                continue
            try:
                await self._end_as_told(await self._upstream.job(record.job_id))
            except PassbookError as error:
                _LOG.warning("end-not-learned", job=record.job_id, code=error.code)
                self._upstream.must_be_reached()

    async def _learn_list(self) -> None:
        page = await self._upstream.command("Spooler.ListJobs", Page(), JobPage)
        found = page.jobs
        while page.more and page.jobs:
            page = await self._upstream.command("Spooler.ListJobs", Page(page.jobs[-1].sequence), JobPage)
            found += page.jobs
        self._kept.learn(found)
        await self._histories.learn()

    async def _watch_list(self) -> None:
        while True:
            await asyncio.sleep(LIST_LOOK)
            if self._reach.is_reached:
                # An area of the appliance may be back, or have room again, without a new connection.
                self._reporting.resume()
                with contextlib.suppress(PassbookError):
                    await self._submissions.resume()
                    await self._learn_list()

    def _hear(self, message: Envelope) -> None:
        """Take what the appliance says unasked: the agent's part is done, all else is handed on."""
        name = message.header.name
        if name == TURN_CALL:
            self._errand(self._answer_turn(read_payload(message, YourTurn)))
            return
        if name == ENDED:
            notice = read_payload(message, Notice)
            if notice.job.requester == self._terminal:
                self._errand(self._store_notice(notice))
                return
        if name in {JOB, QUESTION_CLOSED}:
            self._note_view(read_payload(message, JobView))
        self._replay.note(message)
        self._door.pass_on(encode(message.header, message.payload))

    async def _answer_turn(self, turn: YourTurn) -> None:
        """Do the agent's part, once it is welcome; a job that is held here is held there too, which ends its turn."""
        await self._welcomed.wait()
        record = self._own.record(turn.job)
        if record is None or not is_held(record) or not await self._holds.follow(record):
            await self._turns.answer(turn)

    def _note_view(self, view: JobView) -> None:
        self._kept.note(view)
        if view.state in TERMINAL and view.requester == self._terminal:
            self._errand(self._end_as_told(view))

    async def _end_as_told(self, view: JobView) -> None:
        """The appliance ended a job of this terminal; a printer that was handed over for it is given back first."""
        if view.state in TERMINAL:
            await self._printers.give_back(view.job)
        await self._own.end_as_told(view, self._terminal)

    async def _store_notice(self, notice: Notice) -> None:
        """Keep the end of a job of this terminal, acknowledge it there, and tell it here (P8)."""
        job = notice.job.job
        await self._end_as_told(notice.job)
        if self._notices.store(notice):
            self._door.post(ENDED, notice)
        await self._upstream.command("Spooler.AcknowledgeNotice", AcknowledgeNotice(job), Notice)
        if self._notices.is_shown(job):
            self._notices.drop(job)

    # The time apart

    def _act_apart(self) -> None:
        """The appliance is silent: print by right, ask about all else."""
        for record in self._own.unfinished():
            if record.right.state is not RightState.HERE:
                self._errand(self._ask_apart(record.job_id))
        self._printers.wake()

    async def _ask_apart(self, job: str) -> None:
        if self._reach.is_apart:
            await self._own.change(job, changes.ask_apart(Reason.APPLIANCE_SILENT, stamp(self._clock)))

    # The programs at this machine

    def _greet(self, session: DoorSession) -> None:
        """Tell a program that came what stands."""
        for message in self._replay.messages():
            session.queue(message)
        for question in self._own.questions():
            session.post(QUESTION, question)
        for notice in self._operations.own_notices():
            session.post(ENDED, notice)
        for prompt in self._own_prompts.values():
            session.post(PROMPT, prompt)

    def _tell(self, news: News) -> None:
        """Take news from any thread; after the loop's end no part is there to be told."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._spread, news)

    def _spread(self, news: News) -> None:
        if self._store.spool.is_closed:  # news of a change that was ordered before the doors closed
            return
        match news:
            case JobChanged(record, was_asked):
                self._note_record(record, was_asked=was_asked)
            case StepDone(record):
                self._reporting.note(record)
                self._door.post(STEP, report_of(record))
            case PromptChanged(printer, _, prompt):
                if prompt is None:
                    self._own_prompts.pop(printer, None)
                else:
                    self._own_prompts[printer] = prompt
                    self._door.post(PROMPT, prompt)
            case DeskGaveUp(job, _, error):
                self._door.post(LEFT, JobLeft(job, ErrorPayload(error.code, str(error), error.facts)))
            case _:
                # What a printer says of itself, and what was acknowledged, needs no telling here.
                pass

    def _note_record(self, record: Record, *, was_asked: bool) -> None:
        self._finished.note(record)
        self._printers.note(record)
        self._reporting.note(record)
        view = self._own.view(record)
        if not self._reach.is_reached:
            self._door.post(JOB, view)
        question = self._own.question(record.job_id) if self._own.is_put(record) else None
        if question is not None:
            self._door.post(QUESTION, question)
        elif was_asked:
            self._door.post(QUESTION_CLOSED, view)
        if record.ended and record.acknowledged is None and not self._reach.is_reached:
            self._door.post(ENDED, notice_of(without_outline(record), None))
        if self._reach.is_apart and record.valid and record.right.state is not RightState.HERE:
            self._errand(self._ask_apart(record.job_id))

    async def _look_after(self) -> None:
        """Once a day, forget jobs and content that are old; by a trusted clock only (N4)."""
        while True:
            if self._clock.trusted():
                before = (self._clock.now() - KEPT_DAYS).isoformat(timespec="milliseconds")
                forget = self._store.spool.upkeep.forget_ended
                await asyncio.to_thread(forget, before, "", stamp(self._clock))
                await asyncio.to_thread(destroy_old_content, self._own.jobs, self._clock, KEPT_DAYS.days)
            await asyncio.sleep(UPKEEP)
