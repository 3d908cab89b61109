"""Following all work that waits for people: questions, books and notices, as the appliance tells them.

The keyboard asks about one subject at a time: the oldest question first, then whether a person has read the notices. A
screen may be alone all night, so it acknowledges a notice only when a person pressed Enter below it (P8).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final

from client.connection import Event, TerminalClient
from client.reconnecting import PAUSES, Connect, Reconnecting, Sleep
from client.remote import RemoteError
from passbook.job.decisions import by_words
from passbook.job.states import TERMINAL
from passbook.protocol.events import QUESTION_CLOSED
from passbook.protocol.messages import JobLeft, JobView, Prompt, Question
from passbook.protocol.notice import Notice
from passbook.protocol.progress import OTHERS_MEDIUM, end_words, held_words, medium_of, reason_words, state_words
from passbook.screen.columns import capital, short
from terminal.console import Console, instruction
from terminal.dialogue import SETTLE
from terminal.follow import Acknowledge, Resolve
from terminal.leaving import LeftBehind
from terminal.picture import question_summary
from terminal.tables_of_jobs import drawn, local_time

_LAST_PAUSE: Final = 30.0


class _ForEver:
    """Pauses without an end: a watch lasts over nights and repairs."""

    def __iter__(self) -> Iterator[float]:
        return chain(PAUSES, repeat(_LAST_PAUSE))


@dataclass(frozen=True)
class Watcher:
    """Shows all work that waits for people, until it is cancelled.

    Attributes:
        connect: opens a connection.
        console: shows it.
        resolve: called with each question; None if no person can be asked; then no notice is acknowledged either.
        acknowledge: called with each notice that a person has read.
        left: the lines to show when the person leaves.
        pauses: seconds before each further attempt to connect.
        sleep: waits that many seconds.
    """

    connect: Connect
    console: Console
    resolve: Resolve | None
    acknowledge: Acknowledge
    left: LeftBehind = field(default_factory=LeftBehind)
    pauses: Iterable[float] = field(default_factory=_ForEver)
    sleep: Sleep = asyncio.sleep

    async def run(self) -> None:
        """Watch; raises PassbookError if the first connection fails, or after the last pause."""

        async def over(client: TerminalClient) -> None:
            await _Watch(self, client).run()

        await Reconnecting(self.connect, self.console, self.pauses, self.sleep).persist(over)


class _Watch:
    """All work that waits for people, over one connection."""

    def __init__(self, watcher: Watcher, client: TerminalClient) -> None:
        self._watcher = watcher
        self._console = watcher.console
        self._client = client
        self._open: dict[str, Question] = {}
        self._to_ask: dict[str, Question] = {}
        self._ends: dict[str, Notice] = {}
        self._to_see: set[str] = set()
        self._prompted: set[str] = set()
        self._changed = asyncio.Event()
        self._asking: tuple[str, asyncio.Task[None]] | None = None

    async def run(self) -> None:
        """Show and ask until the connection is lost; raise the cause."""
        await self._show_open()
        tasks = {asyncio.create_task(self._show_all())}
        if self._watcher.resolve is not None:
            tasks.add(asyncio.create_task(self._ask_all(self._watcher.resolve)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _show_open(self) -> None:
        """Show what is open already; questions that are put to this terminal come as events too."""
        questions, ends = await self._client.questions(), await self._client.notices()
        self._open = {one.job.job: one for one in questions}
        # This terminal may answer each of them, also before the appliance puts it here.
        self._to_ask = {one.job.job: one for one in questions if one.asked}
        self._ends = {one.job.job: one for one in ends}
        lines = [f"Open now: {_count(len(questions), 'question')}, {_count(len(ends), 'notice')}."]
        lines += [question_line(one) for one in questions]
        lines += [f"Notice: {end_words(one)}" for one in ends]
        self._console.show({"event": "open", "payload": {"questions": questions, "notices": ends}}, lines)
        self._note()

    async def _show_all(self) -> None:
        async for event in self._client.events():
            await self._take(event)
            self._note()

    async def _take(self, event: Event) -> None:
        match event.what:
            case Question() as question:
                await self._take_question(event, question)
            case JobView() as view:
                await self._take_view(event, view)
            case Prompt() as prompt:
                self._prompted.add(prompt.job)
                self._show(event, [prompt_line(prompt, self._open.get(prompt.job))])
            case JobLeft() as left:
                self._show(event, [f"Job {short(left.job)}: {RemoteError(left.error)}"])
            case Notice() as notice:
                is_shown = self._ends.get(notice.job.job) == notice
                self._ends[notice.job.job] = notice
                self._to_see.add(notice.job.job)
                self._show(event, [] if is_shown else [f"Notice: {end_words(notice)}"])
            case _:
                self._show(event, [])

    async def _take_question(self, event: Event, question: Question) -> None:
        job = question.job.job
        is_shown = self._open.get(job) == question
        self._open[job] = question
        # A question has precedence over notices.
        await self._give_up({job, ""})
        self._to_ask[job] = question
        self._show(event, [] if is_shown else [question_line(question)])

    async def _take_view(self, event: Event, view: JobView) -> None:
        """A job changed; ask no more about a question that is gone by that."""
        if view.state in TERMINAL:
            await self._give_up({view.job})
        if event.name != QUESTION_CLOSED:
            over = view.state in TERMINAL and view.job in self._prompted
            self._prompted -= {view.job} if over else set()
            self._show(event, [state_words(view)] if over else [])
            return
        self._open.pop(view.job, None)
        self._to_ask.pop(view.job, None)
        await self._give_up({view.job})
        held = bool(held_words(view))
        self._show(event, [state_words(view) if held else f"The question was answered{_by(view)}: {state_words(view)}"])

    async def _ask_all(self, resolve: Resolve) -> None:
        while True:
            job = next(iter(self._to_ask), "")
            if not job and not self._to_see:
                self._changed.clear()
                await self._changed.wait()
                continue
            asked = self._ask(resolve, self._to_ask[job]) if job else self._have_seen(tuple(self._to_see))
            task = asyncio.create_task(asked)
            self._asking = job, task
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
                await asyncio.wait({task})
            if not task.cancelled():
                task.result()

    async def _ask(self, resolve: Resolve, question: Question) -> None:
        self._console.show(question, drawn(question, self._console.width))
        try:
            await resolve(self._client, question)
        finally:
            if self._to_ask.get(question.job.job) is question:
                del self._to_ask[question.job.job]

    async def _have_seen(self, jobs: Sequence[str]) -> None:
        """Acknowledge these notices after a person presses Enter; Ctrl-D leaves them open."""
        await self._watcher.sleep(SETTLE)
        try:
            await self._console.ask(f"Press Enter when you have read {_count(len(jobs), 'notice')}: ")
        except EOFError:
            self._to_see.difference_update(jobs)
            self._console.show({}, ["They stay open; see teller notices."])
            return
        self._to_see.difference_update(jobs)
        for job in jobs:
            await self._watcher.acknowledge(self._client, job)
            self._ends.pop(job, None)
        self._note()

    async def _give_up(self, jobs: set[str]) -> None:
        """Stop asking about one of these; "" stands for the notices."""
        if self._asking is not None and self._asking[0] in jobs:
            task = self._asking[1]
            task.cancel()
            await asyncio.wait({task})

    def _note(self) -> None:
        """After a change, wake the asking task, and set the lines for a person who leaves."""
        self._changed.set()
        self._watcher.left.lines = left_lines(len(self._open), len(self._ends))

    def _show(self, event: Event, lines: Sequence[str]) -> None:
        self._console.show({"event": event.name, "payload": event.what}, lines)


def question_line(question: Question) -> str:
    """A question in one line: requester, printer, time and reason, and the command to answer."""
    job = question.job
    why = f": {words}" if (words := reason_words(job)) else ""
    return (
        f"Question: job {short(job.job)} of {job.requester} for {job.printer}, "
        f"since {local_time(job.changed_at)}{why}. "
        f"{capital(question_summary(question))} Look at the paper; to answer it: teller follow {short(job.job)}"
    )


def _by(view: JobView) -> str:
    """The person who answered a question, if the view tells it."""
    return f" {by_words(view.answered)}" if view.answered is not None else ""


def prompt_line(prompt: Prompt, question: Question | None) -> str:
    """The line for a person who must handle a book: printer, job and deed."""
    medium = OTHERS_MEDIUM if question is None else medium_of(question.job)
    whose = f" (job {short(prompt.job)})" if prompt.job else ""
    return f"{prompt.printer}{whose}: {instruction(prompt, medium)}"


def left_lines(questions: int, ends: int) -> list[str]:
    """The lines about questions and notices that stay open after a watch."""
    if not questions and not ends:
        return ["Nothing is open. Come back:", "  teller watch"]
    return [
        f"Still open: {_count(questions, 'question')} (teller questions), {_count(ends, 'notice')} (teller notices).",
        "Come back:",
        "  teller watch",
    ]


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
