"""The output and input of a person: lines of text, or one JSON value a line for programs."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol, TextIO

import msgspec

from passbook.errors import PassbookError
from passbook.protocol.messages import ErrorPayload, Prompt
from passbook.screen.columns import filled, harmless, short
from passbook.screen.command_line import screen_width
from passbook.screen.moments import each_stamp
from passbook.screen.way_back import with_places
from terminal.keyboard import Keyboard, TypedLine
from terminal.tables_of_jobs import local_time

SHEET: Final = "sheet"
"""The medium without pages."""
_INSTRUCTIONS: Final = {
    "insert": "Put the {medium} into {printer}{opened}.",
    "turn": "Take the {medium} out of {printer} and turn it to page {page}.",
    "take": "Take the {medium} out of {printer}.",
}

_NOT_SENT: Final = "The question is gone; the typed answer was not sent."


class Console(Protocol):
    """The place where a command shows its results and asks its questions."""

    interactive: bool
    """Whether a person can be asked."""

    @property
    def width(self) -> int | None:
        """The characters of a line of the screen; None without a screen."""

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Show a result: the lines, or for a program the value."""

    def write(self, text: str) -> None:
        """Write text for other programs unchanged."""

    def fail(self, error: PassbookError) -> None:
        """Show an error: one sentence and its code."""

    async def ask(self, question: str) -> str:
        """The line that the person types from now on, without blanks around it; cancelling gives the question up.

        Raises EOFError when the person leaves the question open (Ctrl-D), or has no keyboard any more.
        """


class _Prompt(NamedTuple):
    """A question on the screen, and the keys typed for it."""

    question: str
    line: TypedLine


class Terminal:
    """The console of a process: its standard streams."""

    def __init__(self, *, json: bool, places: Sequence[str] = ()) -> None:
        """With `json`, show JSON values instead of text, and ask no person; commands in the text name the `places`."""
        self._json = json
        self._places = places
        self._prompt: _Prompt | None = None
        self.interactive = not json and sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def width(self) -> int | None:
        """The width of the screen, asked each time: a window may change while a command runs."""
        return screen_width(sys.stdout)

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Show a result on standard output."""
        text = msgspec.json.encode(value).decode() if self._json else "\n".join(self._laid_out(lines))
        if text:
            self._put(sys.stdout, text)

    def write(self, text: str) -> None:
        """Write text to standard output unchanged."""
        _write(sys.stdout, text)

    def fail(self, error: PassbookError) -> None:
        """Show an error on standard error."""
        payload = ErrorPayload(error.code, str(error), error.facts)
        text = msgspec.json.encode(payload).decode()
        if not self._json:
            text = "\n".join(self._laid_out([f"{for_people(str(error))} [{error.code}]"]))
        self._put(sys.stderr, text)

    async def ask(self, question: str) -> str:
        """Ask at the tty; only keys that are typed while the question stands there count."""
        line = TypedLine(sys.stdin.encoding or "utf-8")
        with Keyboard(sys.stdin.fileno()) as keyboard:
            self._prompt = _Prompt(question, line)
            _write(sys.stdout, question)
            try:
                complete = False
                while not complete:
                    echo, complete = line.take(await keyboard.keys())
                    _write(sys.stdout, echo)
            except asyncio.CancelledError:
                _write(sys.stdout, f"\n{_NOT_SENT}" if line.text else "")
                raise
            finally:
                self._prompt = None
                _write(sys.stdout, "\n")
        return line.text.strip()

    def _laid_out(self, lines: Sequence[str]) -> list[str]:
        return filled(with_places([harmless(line) for line in lines], self._places), self.width)

    def _put(self, stream: TextIO, text: str) -> None:
        """A message stands on lines of its own; a prompt that it interrupts is shown again below it."""
        prompt = self._prompt
        if prompt is not None:
            _write(sys.stdout, "\n")
        _write(stream, f"{text}\n")
        if prompt is not None:
            _write(sys.stdout, prompt.question + prompt.line.text)


def _write(stream: TextIO, text: str) -> None:
    # The encoding of this screen may lack letters of a book, which is no reason to stop.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


_WHOLE_ID: Final = re.compile(r"\b[0-9a-f]{32}\b")


def for_people(sentence: str) -> str:
    """A sentence of the appliance with its stamps by the clock on the wall and its ids as lists show them."""
    return _WHOLE_ID.sub(lambda found: short(found[0]), each_stamp(sentence, local_time))


def instruction(prompt: Prompt, medium: str) -> str:
    """The next deed of the person with the book; `medium` is the word for it."""
    known = _INSTRUCTIONS.get(prompt.action, "Printer {printer} asks for the {medium}: {action}.")
    if prompt.form and prompt.action == "insert":
        number = f" number {prompt.number}" if prompt.number else ""
        return f"Put the {prompt.form}{number} of cassette {prompt.cassette} into {prompt.printer}."
    opened = f", opened at page {prompt.page}"
    if medium == SHEET:
        opened = f", for page {prompt.page}" if prompt.page > 1 else ""
    facts = {"printer": prompt.printer, "page": prompt.page, "action": prompt.action, "opened": opened}
    if not prompt.books or prompt.action == "turn":
        return known.format(medium=medium, **facts)
    if prompt.is_new_book and prompt.action == "take":
        return f"{known.format(medium='book', **facts)} A new book is asked for next."
    if prompt.is_new_book:
        return f"Put a new book into {prompt.printer}{opened}: book {prompt.book} of the {prompt.books} of this job."
    named = f"book, number {prompt.book} of the {prompt.books} of this job,"
    return known.format(medium=named if prompt.action == "insert" else "book", **facts)
