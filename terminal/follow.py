"""Sending one job and following it until it ends, over as many connections as that takes."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec.structs import replace

from client.connection import Event, TerminalClient
from client.reconnecting import PAUSES, Connect, Reconnecting, Sleep
from client.remote import RemoteError
from passbook.errors import PassbookError
from passbook.job.states import TERMINAL, JobState
from passbook.job.waiting import NEXT, waiting_words
from passbook.protocol.events import ENDED, JOB, QUESTION_CLOSED
from passbook.protocol.messages import JobLeft, JobView, Prompt, Question, StepReport, SubmitJob
from passbook.protocol.notice import Notice
from passbook.protocol.progress import (
    OTHERS_MEDIUM,
    held_words,
    medium_of,
    paper_words,
    state_words,
    step_words,
    take_words,
)
from terminal.console import Console, instruction
from terminal.earlier import accepted_words, ended_words
from terminal.leaving import LeftBehind, job_left, request_left
from terminal.picture import Texts
from terminal.tables_of_jobs import ANSWER_BY, answer_command, drawn

Resolve = Callable[[TerminalClient, Question], Awaitable[None]]
"""Ask a person the question and send the answer; cancelled when another terminal answers."""
Acknowledge = Callable[[TerminalClient, str], Awaitable[None]]
"""Tell the appliance that the end of that job was shown; raises nothing."""


def _now() -> dt.datetime:
    return dt.datetime.now().astimezone()


@dataclass(frozen=True)
class Follower:
    """Sends a job and follows it.

    Attributes:
        connect: opens a connection.
        console: shows the progress.
        resolve: called with each question about the job; None if no person can be asked.
        texts: the terminal's own copy of the lines; None if it cannot be read here.
        acknowledge: called after the end was shown (P8).
        left: the lines to show when the person leaves before the end.
        again: the command that sends the request again.
        pauses: seconds before each further attempt to connect; after the last one the error is raised.
        sleep: waits that many seconds.
        now: local time.
    """

    connect: Connect
    console: Console
    resolve: Resolve | None = None
    texts: Texts | None = None
    acknowledge: Acknowledge | None = None
    left: LeftBehind = field(default_factory=LeftBehind)
    again: str = ""
    pauses: Iterable[float] = PAUSES
    sleep: Sleep = asyncio.sleep
    now: Callable[[], dt.datetime] = _now

    async def run(self, job: SubmitJob, *, wait: bool) -> JobView:
        """Have the job accepted and return its view then, or with `wait` its last view.

        When a connection is lost, the function sends the same request again, which never prints a line twice. Without
        `wait` it shows the command that sends the request again, and raises the error at once.
        """
        accepted: JobView | None = None
        repeated = not job.first
        before: frozenset[str] | None = None
        self.left.lines = ("Nothing was sent.",)

        async def over(client: TerminalClient) -> JobView:
            nonlocal accepted, before, job
            if accepted is not None:
                return await self._watch(client, await client.job(accepted.job))
            if repeated and before is None:
                before = frozenset([one.job for one in await client.jobs()])
            sent, job = job, replace(job, first=False)
            accepted = await self._accepted(client, sent, before)
            if repeated and accepted.state in TERMINAL:
                return await self._end(client, accepted, accepted)
            return await self._watch(client, accepted) if wait else accepted

        if wait:
            return await self._persist(over)
        try:
            async with self.connect() as client:
                return await over(client)
        except PassbookError as error:
            if error.code == "connection-lost":
                self.console.show({"event": error.code, "payload": {"left": self.left.lines}}, self.left.lines)
            raise

    async def stay(self, job: str) -> JobView:
        """Follow a job that the appliance knows already, and return its last view."""
        seen: JobView | None = None

        async def over(client: TerminalClient) -> JobView:
            nonlocal seen
            first, seen = seen is None, await client.job(job)
            self.left.lines = job_left(seen.job)
            if first and seen.state in TERMINAL:
                self.console.show({"event": JOB, "payload": seen}, ended_words(seen, self.now()))
                return await self._end(client, seen, seen)
            return await self._watch(client, seen)

        return await self._persist(over)

    async def _persist(self, over: Callable[[TerminalClient], Awaitable[JobView]]) -> JobView:
        return await Reconnecting(self.connect, self.console, self.pauses, self.sleep).persist(over)

    async def _accepted(self, client: TerminalClient, job: SubmitJob, before: frozenset[str] | None) -> JobView:
        """Send the request; `before` are the jobs of the appliance before, if a person sends a request again."""
        self.left.lines = request_left(job.client_request, self.again)
        view = await client.submit(job)
        self.left.lines = job_left(view.job)
        known = before is not None and (view.job in before or view.state in TERMINAL)
        words = accepted_words(view, self.now(), known=known)
        self.console.show({"event": "Spooler.SubmitJob", "payload": view}, words)
        return view

    async def _watch(self, client: TerminalClient, view: JobView) -> JobView:
        self.left.lines = job_left(view.job)
        watch = _Watch(self, client, view)
        try:
            ended = await watch.until_end()
        finally:
            await watch.give_up_question()
        return await self._end(client, view, ended)

    async def _end(self, client: TerminalClient, before: JobView, ended: JobView) -> JobView:
        """Show the paper of an ended job, acknowledge its end, and return its last view."""
        self.left.lines = ()
        if self.acknowledge is not None:
            if ended.state is not JobState.COMPLETED:
                await self._show_paper(client, before, ended)
            await self.acknowledge(client, ended.job)
        return ended

    async def _show_paper(self, client: TerminalClient, before: JobView, ended: JobView) -> None:
        """Show the paper of a job that ended before all of it was printed, if the appliance can tell."""
        with suppress(PassbookError):
            notice = await fetch_notice(client, ended.job)
            self.console.show({"event": ENDED, "payload": notice}, [paper_words(notice), *take_words(before, notice)])


class _Watch:
    """One job over one connection."""

    def __init__(self, follower: Follower, client: TerminalClient, view: JobView) -> None:
        self._console = follower.console
        self._resolve = follower.resolve
        self._texts = follower.texts
        self._client = client
        self._view = view
        self._said = ""
        self._asking: asyncio.Task[None] | None = None

    async def until_end(self) -> JobView:
        """Show the messages about the job; return its last view."""
        if self._view.state in TERMINAL:
            self._show(Event(JOB, self._view), [state_words(self._view)])
        else:
            if words := self._new_waiting():
                self._show(Event(JOB, self._view), words)
            async for event in self._client.events():
                await self._take(event)
                if self._view.state in TERMINAL:
                    break
        return self._view

    async def give_up_question(self) -> None:
        """Ask no more; raise an error of asking here."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            # Unlike awaiting the task, this tells its end from the end of the command by Ctrl-C.
            await asyncio.wait({asking})
            if not asking.cancelled():
                asking.result()

    async def _take(self, event: Event) -> None:
        match event.what:
            case JobView(job=job) if job == self._view.job:
                await self._take_view(event.name, event.what)
            case StepReport(job=job) if job == self._view.job:
                self._show(event, [words] if (words := step_words(event.what)) else [])
            case Prompt(job=job) if job in {self._view.job, ""}:
                medium = medium_of(self._view) if job else OTHERS_MEDIUM
                self._show(event, [instruction(event.what, medium)])
            case Question() if event.what.job.job == self._view.job:
                await self._take_question(event, event.what)
            case JobLeft(job=job) if job == self._view.job:
                # A person still has to take the book, and the question comes when the storage is back.
                self._show(event, [str(RemoteError(event.what.error))])
            case _:
                pass

    async def _take_view(self, name: str, view: JobView) -> None:
        closed = name == QUESTION_CLOSED
        if closed or view.state in TERMINAL:
            await self.give_up_question()
        changed = (view.state, view.reasons) != (self._view.state, self._view.reasons)
        self._view = view
        # An answer at another terminal ends the question here, also one that changes nothing else.
        answered = ["The question was answered; the job waits."] if closed and not held_words(view) else []
        words = [state_words(view)] if changed else answered
        self._show(Event(name, view), words + self._new_waiting())

    def _new_waiting(self) -> list[str]:
        """Show why the job does not begin, if that is new; later on prompts and questions say it."""
        before, view = self._said, self._view
        self._said = waiting_words(view) if view.state is JobState.PENDING and view.waiting != NEXT else ""
        return [self._said] if self._said not in {"", before} else []

    async def _take_question(self, event: Event, question: Question) -> None:
        await self.give_up_question()
        self._view = question.job
        how = [ANSWER_BY, answer_command(question.job)] if self._resolve is None else []
        self._show(event, [*drawn(question, self._console.width, self._texts), *how])
        if self._resolve is not None:
            self._asking = asyncio.create_task(_ask(self._resolve, self._client, question))

    def _show(self, event: Event, lines: list[str]) -> None:
        self._console.show({"event": event.name, "payload": event.what}, lines)


async def _ask(resolve: Resolve, client: TerminalClient, question: Question) -> None:
    await resolve(client, question)


async def fetch_notice(client: TerminalClient, job: str) -> Notice:
    """The notice of an ended job; to acknowledge an acknowledged end again gives its notice again."""
    found = [notice for notice in await client.notices() if notice.job.job == job]
    return found[0] if found else await client.acknowledge(job)
