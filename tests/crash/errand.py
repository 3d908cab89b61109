"""One job from its request to its end at both sides, with people who do what is asked and say what is on the paper."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import apsw
from msgspec.structs import replace

from client.connection import TerminalClient
from drivers.simulator.paper import Paper
from passbook.document.plan import StepOutline
from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.record import HistoryKind, Record, Verdict
from passbook.job.states import JobState
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion, JobView, Prompt, Question, SubmitJob
from tests.crash.sides import BOOK, DOCUMENT, KEY, KEY_REF, MANAGER, PLACES, PRINTER, RULER, STRANGER, TwoSides

REQUEST: Final = "r-1"
LOST: Final = frozenset(
    {
        "connection-lost",
        "agent-unreachable",
        "appliance-unreachable",
        "appliance-stopping",
        "certificate-not-accepted",
    }
)
"""Codes that tell of a connection only; the last one of a connection that is cut while it begins."""


class Flow(NamedTuple):
    """A choice for the job, and whether its printer stands on the network."""

    keep: Keep
    feed: Side
    if_apart: IfApart
    on_network: bool = False

    @property
    def choice(self) -> Choice:
        return Choice(self.keep, self.feed, self.if_apart)

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        words = (self.keep.value, self.feed.value, self.if_apart.value)
        return "-".join((*words, "network") if self.on_network else words)


LOOK_AGAIN: Final = 0.5
"""Seconds after which a person looks again, though nothing was said."""


class Errand:
    """The people of one job: a teller with the book, and a manager at the appliance."""

    def __init__(self, office: TwoSides, flow: Flow) -> None:
        self._office = office
        self._flow = flow
        self._sent_in: tuple[int, ...] = ()
        self._was_told = False
        self.refused: list[str] = []
        """The codes of answers that were refused."""

    async def run(self) -> None:
        """Have the job printed, until both sides have ended it and its end was seen."""
        office = self._office
        while True:
            office.changed.clear()
            try:
                async with TerminalClient.at(office.to_agent()) as client:
                    await self._stay(client)
                    return
            except PassbookError as error:
                if error.code not in LOST:
                    raise
            await office.changed.wait()

    async def _stay(self, client: TerminalClient) -> None:
        office = self._office
        while True:
            office.changed.clear()
            await self._look(client)
            is_over = all(side.is_on for side in office.sides.values()) and self._is_over()
            # P8: the end of the job is told until it was acknowledged here; a side may be cut by just that.
            if is_over and (self._was_told or [notice.job.job for notice in await client.notices()] == [office.job]):
                break
            # An end that the agent had stored before is not told anew; it is there when it is asked for.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(office.changed.wait(), LOOK_AGAIN)
        self._was_told = True
        await client.acknowledge(office.job)
        await self._judge_stranger()
        self._note_job(await self._submit(client))

    async def _judge_stranger(self) -> None:
        """P12: another terminal decides nothing about the job, and does not see its name."""
        office = self._office
        async with TerminalClient.at(office.to_appliance(STRANGER)) as stranger:
            if (await stranger.job(office.job)).name:
                office.fault("P12: another terminal sees the name of the document")
            for deed in (stranger.cancel, stranger.hold):
                try:
                    await deed(office.job, "Eve")
                except PassbookError as error:
                    if error.code != "not-permitted":
                        office.fault(f"P12: another terminal is refused with {error.code}")
                else:
                    office.fault("P12: another terminal decides about the job")

    async def _look(self, client: TerminalClient) -> None:
        """Send the request, once after each boot; then do what is asked."""
        boots = tuple(side.number for side in self._office.sides.values())
        if self._sent_in != boots:
            self._note_job(await self._submit(client))
            self._sent_in = boots
        if not self._office.machine.state().powered:
            self._office.machine.restore()
            self._office.trouble_is_over()
        for side in self._office.sides.values():
            for prompt in list(side.prompts.values()):
                self._do(prompt)
        if self._is_book_in_hand():
            for question in await client.questions():
                with self._refused():
                    await self._answer(client, question)

    async def _submit(self, client: TerminalClient) -> JobView:
        flow = self._flow
        return await client.submit(
            SubmitJob(
                client_request=REQUEST,
                printer=PRINTER,
                format="passbook-update+csv",
                name="A statement",
                document=DOCUMENT,
                key=KEY,
                key_ref=KEY_REF,
                keep=flow.keep,
                feed=flow.feed,
                if_apart=flow.if_apart,
            )
        )

    def _note_job(self, view: JobView) -> None:
        """P1, P10: the same request is the same job, however often it is sent."""
        if self._office.job not in {"", view.job}:
            self._office.fault("P10: the same request became another job")
        self._office.job = view.job

    def _do(self, prompt: Prompt) -> None:
        """A person does what a prompt says, if it is not done already."""
        with contextlib.suppress(ValueError):
            if prompt.action == "insert":
                self._office.machine.insert(BOOK, prompt.page, RULER)
            else:
                self._office.machine.take()

    def _is_book_in_hand(self) -> bool:
        asked = any(side.prompts for side in self._office.sides.values())
        return not asked and self._office.machine.state().media is Media.NOT_PRESENT

    async def _answer(self, client: TerminalClient, question: Question) -> None:
        """Look at the paper, and have the job printed on from there; where that takes two, the manager says it too."""
        step = self._first_missing(question.outline)
        job, side = question.job, question.job.side
        order = AnswerQuestion(
            job=job.job,
            epoch=job.epoch,
            verdict=Verdict.RESUME if step > 1 else Verdict.PRINT,
            person="Ann",
            step=step if step > 1 else 0,
            in_doubt=question.in_doubt,
            key=KEY if question.wraps else b"",
            side=side,
        )
        self._office.sides[side].orders += 1
        view = await client.answer(order)
        if view.valid or view.state not in {JobState.PENDING_HELD, JobState.PROCESSING_STOPPED}:
            return
        self._office.claims += 1
        if side is Side.TERMINAL:
            await client.answer(replace(order, person="Ben"))
            return
        async with TerminalClient.at(self._office.to_appliance(MANAGER)) as manager:
            await manager.answer(replace(order, person="Ben"))

    @contextlib.contextmanager
    def _refused(self) -> Iterator[None]:
        """A refusal changes nothing, and the same is tried again when something has changed."""
        try:
            yield
        except PassbookError as error:
            if error.code in LOST:
                raise
            self.refused.append(error.code)

    def _first_missing(self, outline: tuple[StepOutline, ...]) -> int:
        """The first step whose line, or a line behind it, is not on the paper."""
        struck = set(lines_on(self._office.folder))
        there = [number for number, step in enumerate(outline, 1) if (step.page, step.line) in struck]
        return max(there, default=0) + 1

    def describe(self) -> str:
        """Where the job is, for a person who must find out why it does not end."""
        office = self._office
        told = []
        for side, powered in office.sides.items():
            record = powered.record(office.job) if office.job and powered.is_on else None
            told.append(f"{side.value} in boot {powered.number} has {_words(record)}, prompts {powered.prompts}")
        return "; ".join([*told, f"medium {office.machine.state().media.value}", f"refused {self.refused}"])

    def _is_over(self) -> bool:
        return bool(self._office.job) and all(self._is_over_at(side) for side in Side)

    def _is_over_at(self, side: Side) -> bool:
        powered = self._office.sides[side]
        if side is Side.TERMINAL and not self._flow.keep.has(side):
            return True
        record = powered.record(self._office.job)
        waits = side is Side.TERMINAL and any((powered.folder / "agent" / "unanswered").glob("[0-9a-f]*.json"))
        return record is not None and record.ended and not waits


def _words(record: Record | None) -> str:
    if record is None:
        return "nothing"
    reasons = ",".join(record.reasons)
    at = f"{record.confirmed}/{record.sending} of {record.steps}, epoch {record.epoch}, handed {record.handed}"
    return f"{record.state.value} valid {record.valid} right {record.right} at {at} for {reasons}"


def lines_on(folder: Path) -> dict[tuple[int, int | None], list[tuple[str, int]]]:
    """The lines on the paper of the book."""
    file = folder / "paper.json"
    return Paper.load(file).lines(BOOK) if file.exists() else {}


def judge_end(office: TwoSides) -> list[str]:
    """What is wrong with the paper, the histories and the disks after both sides ended in order."""
    faults = list(office.faults)
    struck = {place: [times for _, times in texts] for place, texts in lines_on(office.folder).items()}
    if struck != {place: [1] for place in PLACES}:
        faults.append(f"P3: on the paper is {struck}")
    return faults


_ROWS: Final = {
    "job": "SELECT count(*) FROM job",
    "sealed": "SELECT count(*) FROM sealed",
    "document": "SELECT count(*) FROM document",
    "quarantine": "SELECT count(*) FROM quarantine",
}


def judge_store(folder: Path) -> list[str]:
    """What is left of documents in the areas below a folder."""
    faults = []
    for file in sorted(folder.rglob("area.sqlite")):
        connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
        for table, statement in _ROWS.items():
            [(count,)] = connection.execute(statement)
            if count:
                faults.append(f"P5: {count} rows of {table} are left in {file.parent.name}")
        connection.close()
    return faults


def judge_histories(office: TwoSides, flow: Flow) -> list[str]:
    """Both sides agree on the end; read while both are running."""
    ends = {}
    for side in Side:
        if side is Side.TERMINAL and not flow.keep.has(side):
            continue
        told = [one.entry for one in office.sides[side].spool.history(office.job)]
        last = [(one.record.state, one.record.confirmed) for one in told if one.kind is HistoryKind.ENDED]
        ends[side] = last
    wrong = [f"{side.value}: {last}" for side, last in ends.items() if last != next(iter(ends.values()))]
    if wrong or any(len(last) != 1 or last[0][0] is not JobState.COMPLETED for last in ends.values()):
        return [f"the ends are {ends}"]
    return []
