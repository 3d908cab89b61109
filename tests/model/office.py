"""An appliance without sockets to people: terminals, operator, persons and power are function calls of one test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.faults import Cut, Target, When
from drivers.simulator.machine import State
from drivers.simulator.paper import Paper, Ruler
from drivers.simulator.running import Simulator
from firmware.config.loading import load_key, load_named
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.protocol.media import Media
from passbook.protocol.messages import Header, MessageType, Prompt, encode
from passbook.protocol.pages import Page
from spooler.door_session import DoorSession
from terminal.keyring import new_recovery_key
from tests.drivers.workbench import quick
from tests.firmware.branch import PRINTER, Branch
from tests.firmware.operators import OTTO
from tests.model.power import PowerDisk
from tests.model.stand_ins import Cable, DoorlessAppliance, JumpingClock, LogBook, Ready, Reply, Socket
from tests.model.turns import POLL, Helpers, Pauses, turns

T = TypeVar("T")

WAIT: Final = 60.0
"""Seconds until something that must happen counts as a hang."""
LOOK: Final = 0.001
"""Seconds between two looks whether it waits."""
THE_APPLIANCE: Final = 1
"""Stands for the appliance's process at the simulator."""


class Office:
    """One appliance, one mechanism, some terminals.  Every method returns when nothing moves any more."""

    def __init__(self, folder: Path, actors: tuple[Actor, ...]) -> None:
        self._pauses = Pauses()
        self._helpers = Helpers()
        self._patches = contextlib.ExitStack()
        self._patches.enter_context(turns(self._pauses))
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(self._helpers)
        self.clock = JumpingClock()
        self.disk = PowerDisk(f"power {folder}")
        self.actors = {actor.name: actor for actor in actors}
        self.sessions: dict[str, DoorSession] = {}
        self.heard: list[tuple[str, str, Any]] = []
        """(terminal, event, payload) since the last look."""
        self.watch: Callable[[], None] = lambda: None
        """Called whenever the appliance has come to rest with power."""
        self.log = LogBook()
        self._sockets: dict[str, Socket] = {}
        self._cable = Cable()
        self._numbers = itertools.count(1)
        self._paper = folder / "paper.json"
        self._life: asyncio.Task[None] | None = None
        profile = quick(builtin_pr2())
        times = msgspec.structs.replace(profile.times, insertion_poll=POLL, taken_poll=POLL)
        profile = msgspec.structs.replace(profile, times=times)
        self.simulator = Simulator(profile, self._cable, Paper(self._paper), kill=self._die)
        self.machine = self.simulator.machine
        branch = Branch(folder)
        branch.config()
        file = branch.etc / "passbook.toml"
        file.write_text(file.read_text().replace("tcp://127.0.0.1:1", self.simulator.address))
        config = branch.config()
        self.recovery_key, public = new_recovery_key()
        half = folder / "recovery.pub"
        half.write_text(public.hex())
        keys = msgspec.structs.replace(config.keys, recovery_public=half)
        self.config = msgspec.structs.replace(config, printers=self._printers(branch), keys=keys)
        self._loaded = load_named(self.config)._replace(dialects={PRINTER: Pr2(profile)})
        self._layouts = self._loaded.layouts
        self.power_on()

    def _printers(self, branch: Branch) -> Any:
        (printer,) = branch.config().printers
        return (msgspec.structs.replace(printer, port=self.simulator.address),)

    # Power

    @property
    def dead(self) -> bool:
        """Whether the appliance has no power."""
        return not self.disk.powered

    def _die(self, _process: int) -> None:
        """At exactly this byte; called by whichever thread meets it."""
        self.disk.lose_power()
        self._cable.dials = False

    def cut(self, target: Target, when: When) -> None:
        """Cut power now, or arm it."""
        self.machine.cut(Cut(target, when, None if target is Target.PRINTER else THE_APPLIANCE))

    def power_on(self, kept: int = 0) -> None:
        """A start: recovery, doors, desks; and another one when power is lost in it."""
        while True:
            try:
                self.run(self._start())
                self.settle()
                self.run(self._look_after())
                self.settle()
            except PassbookError:
                assert self.dead
            if not self.dead:
                return
            self.bury(kept)

    async def _start(self) -> None:
        ready = Ready()
        self._cable.dials = True
        self._life = None
        key = load_key(self.config)
        self.appliance = DoorlessAppliance(self.config, key, self._loaded, clock=self.clock, notifier=ready)
        desk = self.appliance._desks._desks[PRINTER]
        desk._wake, desk._stopping, desk._again = (self._pauses.event() for _ in range(3))
        self._life = asyncio.create_task(self.appliance.run())
        waiting = asyncio.create_task(ready.told.wait())
        await asyncio.wait({self._life, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=WAIT)
        waiting.cancel()
        if self._life.done() and not self.dead:
            self._life.result()
        assert self._life.done() or ready.told.is_set(), "the start hangs"

    async def _look_after(self) -> None:
        """Upkeep of the store, once; then it pauses until the end."""
        self.appliance.upkeep.may_begin.set()
        await self._until(lambda: self.dead or self.appliance.upkeep.pauses.is_set())

    def bury(self, kept: int) -> None:
        """End what is left of an appliance without power; then the disk is as the cut left it."""
        assert self.dead
        self.sessions.clear()
        self.run(self._end(orderly=False))
        self.disk.come_back(kept)

    def shut_down(self) -> None:
        """An orderly end."""
        self.sessions.clear()
        self.run(self._end(orderly=True))

    async def _end(self, *, orderly: bool) -> None:
        if self._life is None:
            return
        if orderly:
            self.appliance._stopped.set()
        else:
            self._life.cancel()
        # An appliance that lost its power may end with any refusal of its disk.
        with contextlib.suppress(asyncio.CancelledError, *([PassbookError] if self.dead else [])):
            async with asyncio.timeout(WAIT):
                await self._life

    def close(self) -> None:
        """Give everything back."""
        if self._life is not None and not self._life.done():
            self.run(self._end(orderly=False))
        self.simulator.close()
        self.log.close()
        self._patches.close()
        self.disk.unregister()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    # The loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the appliance go on until `work` is done."""
        try:
            return self.loop.run_until_complete(asyncio.wait_for(work, WAIT))
        except TimeoutError:
            raise AssertionError(f"it hangs: {self.prompt}, {self.machine.state()}, {self._doing()}") from None

    def _doing(self) -> str:
        """Where the print desk's thread is."""
        thread = self.appliance._desks._desks[PRINTER]._thread
        frame = sys._current_frames().get(thread.ident or 0)
        return "".join(traceback.format_stack(frame)[-6:]) if frame else "the desk has ended"

    def settle(self) -> None:
        """Let the appliance go on until it waits for people, for a mechanism, or for nothing."""
        self.run(self._rest())
        self._listen()
        if not self.dead:
            self.watch()

    async def _rest(self) -> None:
        """Until the desk has looked at everything from one pause to the next, and nothing moved meanwhile."""
        before, begun = self._moved(), self._pauses.begun
        while not self.dead and self._pauses.begun < begun + 2:
            await asyncio.sleep(LOOK)
            now = self._moved()
            if now != before or not self._quiet():
                before, begun = now, self._pauses.begun

    def _moved(self) -> tuple[object, ...]:
        """What is not the same any more when anything has happened; the tries of a fenced area are nothing."""
        areas, progress = self.appliance._spool.areas(), self.appliance._spool.progress()
        ended = [progress[area.name].ended for area in areas if area.state == "ready"]
        state = self.machine.state()
        return self.prompt, state.powered, state.media, state.events, self._helpers.asked, ended

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():  # noqa: ASYNC110  # a desk is a thread, and says nothing of most of its waits
            await asyncio.sleep(LOOK)

    def _quiet(self) -> bool:
        if self.dead:
            return True
        state, desk = self.machine.state(), self.appliance._desks._desks[PRINTER]
        prompt = self.prompt
        writing = any(progress.waiting for progress in self.appliance._spool.progress().values())
        if writing or self._helpers.busy or desk._order is not None:
            return False
        if prompt is not None:
            return state.media is (Media.NOT_PRESENT if prompt.action == "insert" else Media.ENTERING)
        if desk._printing:
            return False
        if not self.workable(state):
            return True
        return state.media is Media.NOT_PRESENT and self.appliance._spool.next_valid(PRINTER) is None

    def workable(self, state: State | None = None) -> bool:
        """Whether the mechanism can print: it has power and nothing is broken."""
        state = state or self.machine.state()
        return state.powered and state.media is not Media.JAMMED and not self.machine._mechanism.conditions

    # Terminals

    def connect(self, name: str) -> None:
        """A terminal dials in, and is told what concerns it."""
        self._sockets[name] = socket = Socket()
        session = DoorSession(socket, self.actors[name])  # type: ignore[arg-type]  # all that it is asked for
        self.sessions[name] = session
        self.run(self._join(session))
        self.settle()

    async def _join(self, session: DoorSession) -> None:
        self.appliance._hub.join(session)
        self.appliance._desks.show_prompts(session)

    def disconnect(self, name: str) -> None:
        """Its connection ends."""
        session = self.sessions.pop(name)
        self.run(self._leave(session))
        self.settle()

    async def _leave(self, session: DoorSession) -> None:
        self._sockets[session.actor.name].leave()
        self.appliance._hub.leave(session)

    def ask(self, *asked: tuple[Any, ...]) -> list[Reply]:
        """Commands (terminal, name, payload, milliseconds to wait) at one moment, and how each came out."""
        replies = self.run(self._ask_all(asked))
        self.settle()
        return replies

    async def _ask_all(self, asked: tuple[tuple[Any, ...], ...]) -> list[Reply]:
        return list(await asyncio.gather(*(self._ask(*one) for one in asked)))

    def begin(self, *asked: tuple[Any, ...]) -> list[asyncio.Task[Reply]]:
        """Commands whose answers may come much later."""
        tasks = [self.loop.create_task(self._ask(*one)) for one in asked]
        self.settle()
        return tasks

    def finished(self, tasks: list[asyncio.Task[Reply]]) -> bool:
        """Whether all of them have their answer, or none."""
        self.run(self._turn())
        done = {task.done() for task in tasks}
        assert len(done) == 1, "P9: of those that wait some got an answer"
        return done == {True}

    @staticmethod
    async def _turn() -> None:
        """So that whoever can go on does: an answer goes through some hands."""
        for _ in range(20):
            await asyncio.sleep(0)

    def finish(self, tasks: list[asyncio.Task[Reply]]) -> list[Reply]:
        """How they came out; they must."""
        return self.run(self._gather(tasks))

    @staticmethod
    async def _gather(tasks: list[asyncio.Task[Reply]]) -> list[Reply]:
        return list(await asyncio.gather(*tasks))

    async def _ask(self, terminal: str, name: str, payload: Any, patience: int = 0) -> Reply:
        """`patience` in milliseconds; 0 is what the command usually waits."""
        number = next(self._numbers)
        session = self.sessions[terminal]
        header = Header(name, MessageType.COMMAND, number, timeout=patience)
        await self.appliance.terminals._exchange.answer(session, encode(header, payload))
        if self.dead:
            return Reply()
        self._listen()
        told = [body for at, _, body in self.heard if at == f"{terminal} {number}"]
        if not told:
            assert self.sessions.get(terminal) is not session, "a command without an answer"
            return Reply()
        (body,) = told
        return Reply(code=body["errorCode"]) if "errorCode" in body else Reply(payload=body)

    def _listen(self) -> None:
        for terminal, session in self.sessions.items():
            while not session._outgoing.empty():
                message = msgspec.json.decode(session._outgoing.get_nowait())
                head = message["header"]
                if head["type"] == "completion":
                    self.heard.append((f"{terminal} {head['requestId']}", head["name"], message["payload"]))
                elif head["type"] == "unsolicited":
                    self.heard.append((terminal, head["name"], message["payload"]))

    def told(self) -> list[tuple[str, str, str]]:
        """What terminals were told unasked since the last look."""
        told = [(one, event, repr(payload)) for one, event, payload in self.heard if " " not in one]
        self.heard.clear()
        return told

    def look(self) -> None:
        """Whoever watches a deadline looks at the clock."""
        self.run(self._look())
        self.settle()

    async def _look(self) -> None:
        self.appliance._recovery.audiences.look()
        self.appliance._notices.audiences.look()
        await self.appliance._expiry.look()

    def notices(self) -> frozenset[str]:
        """The jobs of which nobody has acknowledged the end."""
        page = self.run(
            self.appliance._notices.notices(Actor.of_terminal("nobody", representative=True, serial=0), Page())
        )
        return frozenset(notice.job.job for notice in page.notices)

    def operate(self, name: str, **payload: Any) -> Reply:
        """A command of the operator."""
        session = DoorSession(Socket(), OTTO)  # type: ignore[arg-type]  # all that it is asked for
        command = encode(Header(name, MessageType.COMMAND, 1), payload)
        self.run(self.appliance.operators._exchange.answer(session, command))
        lost = self.dead
        self.settle()
        if lost:
            return Reply()
        body = [msgspec.json.decode(session._outgoing.get_nowait()) for _ in range(2)][1]["payload"]
        return Reply(code=body["errorCode"]) if "errorCode" in body else Reply(payload=body)

    # Persons and paper

    @property
    def prompt(self) -> Prompt | None:
        """What a person is asked to do at the mechanism."""
        news = self.appliance._desks._prompts.get(PRINTER)
        return news.prompt if news is not None else None

    def obey(self) -> None:
        """A person does what the prompt says, with the book that bears the job's name."""
        news = self.appliance._desks._prompts[PRINTER]
        prompt = news.prompt
        assert prompt is not None
        if prompt.action == "insert":
            self.machine.insert(prompt.job, prompt.page, self._ruler(prompt.layout))
        else:
            self.machine.take()
        self.run(self._until(lambda: self.dead or self.appliance._desks._prompts.get(PRINTER) is not news))
        self.settle()

    def ignore(self) -> None:
        """Nobody does what the prompt says until its time is over."""
        news = self.appliance._desks._prompts[PRINTER]
        self.clock.passed += 10_000
        self.run(self._until(lambda: self.dead or self.appliance._desks._prompts.get(PRINTER) is not news))
        self.settle()

    def _ruler(self, layout: str) -> Ruler:
        one = self._layouts[layout]
        fold = one.usual_page.fold
        after, gap = (None, 0) if fold is None else (fold.after, fold.gap_units)
        return Ruler(one.first_y, one.pitch_units, one.lines_per_page, after, gap)

    def paper(self) -> Paper:
        """What is on paper now."""
        self.machine.state()
        return Paper.load(self._paper) if self._paper.exists() else Paper(self._paper)
