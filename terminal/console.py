"""What a person sees and types: lines of text, or one JSON value a line for programs."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol, TextIO

import msgspec

from passbook.columns import LEAST_WIDTH, filled
from passbook.errors import PassbookError
from passbook.messages import ErrorPayload, JobView, Prompt
from passbook.progress import held_words

_INSTRUCTIONS: Final = {
    "insert": "Put the {medium} into {printer}, opened at page {page}.",
    "turn": "Take the {medium} out of {printer} and turn it to page {page}.",
    "take": "Take the {medium} out of {printer}.",
}


class Console(Protocol):
    """Where a command shows its results and asks its questions."""

    interactive: bool
    """Whether somebody can be asked."""

    @property
    def width(self) -> int | None:
        """Characters of a line of the screen; None where there is no screen."""

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Show a result: the lines, or for a program the value."""

    def fail(self, error: PassbookError) -> None:
        """Show an error: one sentence and its code."""

    async def ask(self, question: str) -> str:
        """What the person types, without blanks around it; cancelling gives the question up."""


class Terminal:
    """The console of a process: its standard streams."""

    def __init__(self, *, json: bool) -> None:
        """Show JSON values instead of text, and ask nobody, when `json`."""
        self._json = json
        self.interactive = not json and sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def width(self) -> int | None:
        """Asked each time: a window may change while a command runs."""
        return max(LEAST_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Show a result on standard output."""
        text = msgspec.json.encode(value).decode() if self._json else "\n".join(filled(lines, self.width))
        if text:
            _write(sys.stdout, f"{text}\n")

    def fail(self, error: PassbookError) -> None:
        """Show an error on standard error."""
        payload = ErrorPayload(error.code, str(error), error.facts)
        text = msgspec.json.encode(payload).decode() if self._json else f"{error} [{error.code}]"
        _write(sys.stderr, f"{text}\n")

    async def ask(self, question: str) -> str:
        """Ask on the tty; a line that is there can be read without waiting, since a tty gives whole lines."""
        _write(sys.stdout, question)
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(sys.stdin)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip()


def _write(stream: TextIO, text: str) -> None:
    # What a book says may not exist in the encoding of this screen, which is no reason to stop.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def instruction(prompt: Prompt, medium: str) -> str:
    """What the person shall do with the book; `medium` is what to call it."""
    known = _INSTRUCTIONS.get(prompt.action, "Printer {printer} asks for the {medium}: {action}.")
    return known.format(medium=medium, printer=prompt.printer, page=prompt.page, action=prompt.action)


def job_line(job: JobView) -> str:
    """One job in one line."""
    why = f" ({', '.join(job.reasons)})" if job.reasons else ""
    progress = f"{job.confirmed} of {job.steps} steps"
    held = f", {words}" if (words := held_words(job)) else ""
    return f"{job.job}  {job.requester}  {job.printer}  {job.state}{why}, {progress}, priority {job.priority}{held}"
