"""Two spools: bytes over the network for each choice, the time from a turn to the first byte, and commits.

Real processes: a terminal's agent, an appliance and a simulated printer, with a cable between each two of them that
counts, waits, and tells when a job's first byte goes to the printer.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from bench import hand_over
from bench.branch import LIMITS
from bench.process import memory
from bench.report import Bound, Figure, Reach, Results, say
from client.connection import Event, TerminalClient
from client.transport import UnixTransport
from demo.agent_process import AgentProcess
from demo.network import Cable
from demo.world import PRINTER, PROJECT, Terminal, World, await_fact, ruler_of, shipped_layout
from drivers.dialects.known import DIALECTS
from drivers.simulator.control import ControlFailure
from passbook.document.layout import BookLayout
from passbook.document.plan import Sheet
from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.states import TERMINAL, JobState
from passbook.protocol.events import ENDED, JOB, PROMPT
from passbook.protocol.messages import JobView, Prompt, SubmitJob
from passbook.protocol.notice import Notice
from terminal.home import Home
from terminal.keyring import load_ring

DOCUMENT_BYTES: Final = 4096
MORE_BYTES: Final = 200_000
"""A document that is longer by so many bytes, and prints the same, shows how often it crosses the network."""
ON_THE_WIRE: Final = 4 / 3
"""Bytes of a message for a byte of a document: base64."""
CHOICES: Final = {
    "kept by the appliance alone": Choice(Keep.APPLIANCE, Side.APPLIANCE),
    "kept by both, fed by the appliance": Choice(Keep.BOTH, Side.APPLIANCE),
    "kept by both, fed by the terminal": Choice(Keep.BOTH, Side.TERMINAL),
    "kept by the terminal alone": Choice(Keep.TERMINAL, Side.TERMINAL),
}
CROSSINGS: Final = (1, 1, 2, 1)
"""So often each of them needs the document on the network."""
DELAYS: Final = (0, 5, 50)
"""Milliseconds of the cable between terminal and appliance, in each direction."""
ROUNDS: Final = 11
IDLE_MIB: Final = 60
LOOKS: Final = 3
"""Counts of one preview; another message of the agent may fall into one of them."""
REST: Final = 0.4
"""Seconds after a job until the next one, in which the desk makes its printer ready."""
_PATIENCE: Final = 30.0
_TEXT: Final = PROJECT / "demo" / "notice.txt"
_REFERENCE: Final = next(iter(CHOICES))


class Crossing(NamedTuple):
    """One choice.

    Attributes:
        total: bytes in both directions for the whole life of a document of DOCUMENT_BYTES.
        times: how often the document itself goes to the appliance.
    """

    total: int
    times: float


class Office:
    """The branch, open: `terminal` has an agent behind `cable`, and all connect to the printer by `at_printer`."""

    def __init__(self, world: World, terminal: Terminal, cable: Cable) -> None:
        self.world = world
        self.terminal = terminal
        self.cable = cable
        self.at_printer: Cable
        self.agent = AgentProcess(terminal)
        self.home = Home(terminal.home)
        self.sheet: BookLayout = shipped_layout("sheet")
        self._ring = load_ring(self.home.keyring, terminal.passphrase.encode())
        sheet = Sheet(self.sheet.page_height, self.sheet.cpi, self.sheet.left_units)
        self._set_up = DIALECTS["pr2"]().set_up(sheet, "cp858")
        self._numbers = 0
        self.first_byte = 0.0
        self._sent = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def client(self) -> TerminalClient:
        """A new connection to the agent."""
        return TerminalClient.at(UnixTransport(self.home.socket, of_agent=True))

    def look(self, data: bytes) -> None:
        """Note when the first bytes of a job go to the printer; called in the thread of the cable."""
        if self._set_up in data and self._loop is not None:
            self.first_byte = time.perf_counter()
            self._loop.call_soon_threadsafe(self._sent.set)

    def request(self, choice: Choice, size: int) -> SubmitJob:
        """A new request; its document prints the same, however long it is."""
        self._numbers += 1
        text = _TEXT.read_bytes()
        return SubmitJob(
            f"request-{self._numbers}",
            PRINTER,
            "text",
            document=text + b"\n" * (size - len(text)),
            key=self._ring.keys[self._ring.newest],
            key_ref=self._ring.newest,
            keep=choice.keep,
            feed=choice.feed,
            if_apart=IfApart.ASK,
        )

    async def print(self, request: SubmitJob) -> None:
        """Print a job to its end, with a person at the printer, until its end was acknowledged."""
        async with self.client() as client, asyncio.timeout(_PATIENCE):
            job = (await client.submit(request)).job
            waits_for = {"taken", "ended"}
            async for event in client.events():
                waits_for.discard(await self._follow(event, job))
                if not waits_for:
                    break
            await client.acknowledge(job)
        await asyncio.to_thread(await_fact, lambda: self.world.ctl("status")["notices"] == 0, self.agent.log)

    async def _follow(self, event: Event, job: str) -> str:
        """Do what a prompt says; what of the job is over now."""
        what = event.what
        if isinstance(what, Notice) and event.name == ENDED and what.job.job == job:
            return "ended"
        if not isinstance(what, Prompt) or event.name != PROMPT or what.job != job:
            return ""
        with suppress(ControlFailure):
            if what.action == "insert":
                book = f"sheet-{self._numbers}"
                await asyncio.to_thread(self.world.mechanism.insert, book, what.page, ruler_of(self.sheet))
                return ""
            await asyncio.to_thread(self.world.mechanism.take)
            return "taken"
        return ""

    async def time_first_byte(self, observer: TerminalClient, choice: Choice) -> float:
        """Seconds from the word that a job is accepted, where its turn begins, to its first byte at the printer."""
        self._loop, self._sent = asyncio.get_running_loop(), asyncio.Event()
        accepted = asyncio.create_task(_first_word(observer))
        async with self.client() as client, asyncio.timeout(_PATIENCE):
            job = (await client.submit(self.request(choice, DOCUMENT_BYTES))).job
            await self._sent.wait()
            began = await accepted
            await client.cancel(job, "bench")
            async for event in observer.events():
                if isinstance(event.what, JobView) and event.what.job == job and event.what.state in TERMINAL:
                    break
        await asyncio.sleep(REST)
        return max(0.0, self.first_byte - began)

    def preview(self, job: str) -> int:
        """Bytes over the network for a preview of a job."""
        counts = []
        for _ in range(LOOKS):
            before = self.cable.said
            self.terminal.screen("preview", job, "--text")
            counts.append(self.cable.said - before)
        return min(counts)


async def _first_word(observer: TerminalClient) -> float:
    """When the appliance first tells of a job that waits."""
    async for event in observer.events():
        if event.name == JOB and isinstance(event.what, JobView) and event.what.state is JobState.PENDING:
            return time.perf_counter()
    raise PassbookError("connection-lost")


@contextmanager
def running(folder: Path) -> Iterator[Office]:
    """A branch in which all that is measured runs."""
    folder.mkdir()
    with World(folder) as world:
        world.build()
        terminal = world.enroll("counter-1")
        terminal.run("keys", "new", "key-1")
        world.enroll("observer", representative=True)
        host, _, port = world.address.rpartition(":")
        with Cable(host, int(port)) as cable:
            office = Office(world, terminal, cable)
            place, _, number = world.simulator_url.removeprefix("tcp://").rpartition(":")
            with Cable(place, int(number), look=office.look) as office.at_printer:
                world.write_config(extra=LIMITS)
                config = world.config_file.read_text()
                world.config_file.write_text(config.replace(world.simulator_url, f"tcp://{office.at_printer.address}"))
                settings = terminal.home / "terminal.toml"
                settings.write_text(settings.read_text().replace(world.address, cable.address))
                world.start_appliance()
                office.agent.start()
                office.agent.await_log("appliance-reached")
                try:
                    yield office
                finally:
                    office.agent.kill()


def crossings(office: Office) -> dict[str, Crossing]:
    """The use of the network by each choice."""
    return {name: _crossing(office, choice) for name, choice in CHOICES.items()}


def _crossing(office: Office, choice: Choice) -> Crossing:
    short = _whole_life(office, choice, DOCUMENT_BYTES)
    long = _whole_life(office, choice, DOCUMENT_BYTES + MORE_BYTES)
    return Crossing(sum(short), (long[0] - short[0]) / (MORE_BYTES * ON_THE_WIRE))


def _whole_life(office: Office, choice: Choice, size: int) -> tuple[int, int]:
    """Bytes to the appliance, and from it."""
    up, down = office.cable.up, office.cable.down
    asyncio.run(office.print(office.request(choice, size)))
    return office.cable.up - up, office.cable.down - down


def previews(office: Office) -> dict[Side, int]:
    """Bytes for a preview of the terminal's own copy, and of the appliance's, while the job waits for its sheet."""
    found = {}
    for side, choice in ((Side.TERMINAL, Keep.TERMINAL), (Side.APPLIANCE, Keep.APPLIANCE)):
        request = office.request(Choice(choice, side), DOCUMENT_BYTES)
        job = asyncio.run(_send(office, request))
        await_fact(
            lambda: [one["state"] for one in office.world.ctl("jobs")] == ["processing-stopped"], office.agent.log
        )
        found[side] = office.preview(job)
        office.terminal.run("cancel", job, "--person", "bench")
        await_fact(lambda: office.world.ctl("jobs") == [], office.agent.log)
    return found


async def _send(office: Office, request: SubmitJob) -> str:
    async with office.client() as client:
        return (await client.submit(request)).job


def turn_times(office: Office, rounds: int) -> dict[tuple[int, Side], float]:
    """Median seconds by the delay of the cable and the side that feeds."""
    found = {}
    for delay in DELAYS:
        office.cable.delay = delay / 1000
        for side, times in asyncio.run(_turn_times(office, rounds)).items():
            found[delay, side] = statistics.median(times)
    office.cable.delay = 0.0
    return found


async def _turn_times(office: Office, rounds: int) -> dict[Side, list[float]]:
    """Both kinds in turns, so that other work of the machine meets both alike."""
    observer = Home(office.world.terminal("observer").home)
    times: dict[Side, list[float]] = {side: [] for side in Side}
    async with TerminalClient(observer.address(), observer.context()) as client:
        for _ in range(rounds):
            for side in Side:
                times[side].append(await office.time_first_byte(client, Choice(Keep.BOTH, side)))
    return times


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure two spools; see bench.report."""
    with running(folder / "w") as office:
        idle = memory(office.agent.pid).resident / 1024
        say("  bytes for each choice")
        bytes_of, seen = crossings(office), previews(office)
        say("  from the turn to the first byte")
        times = turn_times(office, 2 if quick else ROUNDS)
    figures = [
        *_network(bytes_of, seen),
        *_turns(times),
        *_hand_overs(folder / "stores"),
        Figure("the agent, idle: resident", idle, "MiB", reach=Reach(Bound.MOST, IDLE_MIB)),
    ]
    return Results("Two spools", tuple(figures), (), _NOTES)


def _network(bytes_of: dict[str, Crossing], seen: dict[Side, int]) -> Iterator[Figure]:
    reference = bytes_of[_REFERENCE].total
    for (name, found), needed in zip(bytes_of.items(), CROSSINGS, strict=True):
        ratio = found.total / reference
        yield Figure(f"{name}: bytes of all messages", found.total / 1024, "KiB", _REFERENCE, ratio)
        reach = Reach(Bound.MOST, needed + 0.1)
        yield Figure(f"{name}: times that the document goes to the appliance", found.times, "", reach=reach)
    yield Figure("a preview of the own copy", seen[Side.TERMINAL], "bytes", reach=Reach(Bound.MOST, 0))
    yield Figure("a preview of the appliance's copy", seen[Side.APPLIANCE], "bytes")


def _turns(times: dict[tuple[int, Side], float]) -> Iterator[Figure]:
    for delay in DELAYS:
        own, sent = times[delay, Side.APPLIANCE], times[delay, Side.TERMINAL]
        what = f"turn to first byte, {delay} ms of delay"
        yield Figure(f"{what}, fed by the appliance", own * 1000, "ms")
        yield Figure(f"{what}, fed by the terminal", sent * 1000, "ms", "fed by the appliance", sent / own)


def _hand_overs(folder: Path) -> Iterator[Figure]:
    folder.mkdir()
    for name, commits in hand_over.counted(folder).items():
        for side, count in commits.items():
            reach = Reach(Bound.MOST, hand_over.MOST)
            yield Figure(f"hand-over {name}: commits of the {side.value}", count, "", reach=reach)


_NOTES: Final = (
    (
        f"A document of {DOCUMENT_BYTES} bytes prints six lines. Counted are the bytes of TLS between the terminal's "
        "agent and the appliance, in both directions, from the request to the acknowledgement of the end. How often "
        "the document itself goes there is the difference to one that prints the same and is "
        f"{MORE_BYTES} bytes longer, in parts of its length in base64. A preview is `teller preview` while its job "
        "waits for its sheet."
    ),
    (
        "A turn begins when the appliance says that a job is accepted, since no other job waits; the first byte is the "
        "one that sets the printer up for the job. Delay is that of the cable between agent and appliance, for each "
        f"piece in each direction. Values are medians of {ROUNDS}, both kinds in turns; both copies are kept."
    ),
    (
        "Commits are counted in the stores of either side, from the desk that comes to the job to the last word about "
        "the print right."
    ),
)
