"""Sending one job and staying with it until it ends, over as many connections as that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import TERMINAL, JobState
from passbook.messages import Inquiry, JobLeft, JobView, Prompt, StepReport, SubmitJob
from passbook.notices import Notice
from passbook.progress import medium_of, paper_words, state_words, step_words, take_words
from passbook.waiting import NEXT, waiting_words
from terminal.client import ENDED, INQUIRY_CLOSED, JOB, Event, TerminalClient
from terminal.console import Console, instruction
from terminal.picture import Texts, picture
from terminal.remote import RemoteError

Connect = Callable[[], AbstractAsyncContextManager[TerminalClient]]
Resolve = Callable[[TerminalClient, Inquiry], Awaitable[None]]
"""Asks a person how to go on and sends the answer; cancelled when the question is answered elsewhere."""
Acknowledge = Callable[[TerminalClient, str], Awaitable[None]]
"""Says that the end of that job was shown; raises nothing."""
Sleep = Callable[[float], Awaitable[None]]

PASSING: Final = frozenset(
    {"connection-lost", "appliance-unreachable", "certificate-not-accepted", "request-in-flight"}
)
"""Errors after which a new connection is worth while, when there was one before: an appliance whose power fails
during a handshake looks like one that does not know the terminal, and an acceptance may outlive its connection."""
PAUSES: Final = (1.0, 1.0, 2.0, 2.0, *(5.0,) * 60)
"""Seconds between attempts to connect: an appliance that lost power is back within minutes."""


@dataclass(frozen=True)
class Follower:
    """Sends a job and follows it.

    Attributes:
        connect: opens a connection.
        console: where progress is shown.
        resolve: called with each question about the job; None where nobody can be asked.
        texts: the terminal's own copy of the lines; None when it cannot be read here.
        acknowledge: called when the end was shown (P8).
        pauses: seconds before each further attempt to connect; when they are used up the error is raised.
        sleep: waits that long.
    """

    connect: Connect
    console: Console
    resolve: Resolve | None = None
    texts: Texts | None = None
    acknowledge: Acknowledge | None = None
    pauses: Sequence[float] = PAUSES
    sleep: Sleep = asyncio.sleep

    async def run(self, job: SubmitJob, *, wait: bool) -> JobView:
        """Have the job accepted and return how it stands then, or with `wait` how it ended.

        When a connection is lost the same request is sent again, which never prints anything twice.
        """
        accepted: JobView | None = None

        async def over(client: TerminalClient) -> JobView:
            nonlocal accepted, job
            sent, job = job, replace(job, first=False)
            accepted = await self._accepted(client, sent, accepted)
            return await self._watch(client, accepted) if wait else accepted

        return await self._persist(over)

    async def stay(self, job: str) -> JobView:
        """Stay with a job that the appliance knows already, and return how it ended."""

        async def over(client: TerminalClient) -> JobView:
            return await self._watch(client, await client.job(job))

        return await self._persist(over)

    async def _persist(self, over: Callable[[TerminalClient], Awaitable[JobView]]) -> JobView:
        """Do it over as many connections as it takes; the first must succeed at once."""
        connected = False
        pauses = iter(self.pauses)
        while True:
            try:
                async with self.connect() as client:
                    connected, pauses = True, iter(self.pauses)
                    return await over(client)
            except PassbookError as error:
                if error.code not in PASSING or not connected:
                    raise
                await self._pause(pauses, error)

    async def _accepted(self, client: TerminalClient, job: SubmitJob, known: JobView | None) -> JobView:
        if known is not None:
            return await client.job(known.job)
        view = await client.submit(job)
        self.console.show({"event": "Spooler.SubmitJob", "payload": view}, [f"Job {view.job} was accepted."])
        return view

    async def _watch(self, client: TerminalClient, view: JobView) -> JobView:
        watch = _Watch(self, client, view)
        try:
            ended = await watch.until_end()
        finally:
            await watch.give_up_question()
        if self.acknowledge is not None:
            if ended.state is not JobState.COMPLETED:
                await self._show_paper(client, view, ended)
            await self.acknowledge(client, ended.job)
        return ended

    async def _show_paper(self, client: TerminalClient, before: JobView, ended: JobView) -> None:
        """What is on paper of a job that ended before all of it was, as far as that can be asked now."""
        with suppress(PassbookError):
            notice = await notice_of(client, ended.job)
            self.console.show({"event": ENDED, "payload": notice}, [paper_words(notice), *take_words(before, notice)])

    async def _pause(self, pauses: Iterator[float], error: PassbookError) -> None:
        pause = next(pauses, None)
        if pause is None:
            raise error
        self.console.show({"event": error.code, "payload": {}}, ["The appliance has not answered yet; trying again."])
        await self.sleep(pause)


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
        """Show what is told of the job; its last view."""
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
        """Ask no more; what went wrong in asking is raised here."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
            self._asking = None

    async def _take(self, event: Event) -> None:
        match event.what:
            case JobView(job=job) if job == self._view.job:
                await self._take_view(event.name, event.what)
            case StepReport(job=job) if job == self._view.job:
                self._show(event, [words] if (words := step_words(event.what)) else [])
            case Prompt(job=job) if job in {self._view.job, ""}:
                self._show(event, [instruction(event.what, medium_of(self._view))])
            case Inquiry() if event.what.job.job == self._view.job:
                await self._take_question(event, event.what)
            case JobLeft(job=job) if job == self._view.job:
                # The book still has to be taken, and the question comes when the storage is back.
                self._show(event, [str(RemoteError(event.what.error))])
            case _:
                pass

    async def _take_view(self, name: str, view: JobView) -> None:
        closed = name == INQUIRY_CLOSED
        if closed:
            await self.give_up_question()
        changed = (view.state, view.reasons) != (self._view.state, self._view.reasons)
        self._view = view
        # An answer given elsewhere ends the asking here, also one that changes nothing but that.
        words = [state_words(view)] if changed else ["The question was answered; the job waits."] if closed else []
        self._show(Event(name, view), words + self._new_waiting())

    def _new_waiting(self) -> list[str]:
        """Why the job does not begin, where that was not said yet; later on prompts and questions say it."""
        before, view = self._said, self._view
        self._said = waiting_words(view) if view.state is JobState.PENDING and view.waiting != NEXT else ""
        return [self._said] if self._said not in {"", before} else []

    async def _take_question(self, event: Event, inquiry: Inquiry) -> None:
        await self.give_up_question()
        self._view = inquiry.job
        self._show(event, picture(inquiry, self._texts))
        if self._resolve is not None:
            self._asking = asyncio.create_task(self._ask(self._resolve, inquiry))

    async def _ask(self, resolve: Resolve, inquiry: Inquiry) -> None:
        with suppress(EOFError):
            await resolve(self._client, inquiry)

    def _show(self, event: Event, lines: list[str]) -> None:
        self._console.show({"event": event.name, "payload": event.what}, lines)


async def notice_of(client: TerminalClient, job: str) -> Notice:
    """The notice of an ended job; one that somebody took note of is told again to who takes note once more."""
    found = [notice for notice in await client.notices() if notice.job.job == job]
    return found[0] if found else await client.acknowledge(job)
