"""The keyboard of a person at a tty: one line for one question, and nothing that was typed before the question.

A tty keeps keys that are typed ahead, and a stream of Python keeps bytes that it read ahead. Either would give to a
question the answer to another one, and an answer here can end a job or strike a line twice. So each question first
throws the queue of the tty away. Then it reads keys from the descriptor itself, and drops the keys behind the Enter of
one read. This module edits the line, not the tty, so that a message can come in between: the console knows the keys so
far, and shows them again behind the prompt.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import termios
from types import TracebackType
from typing import Final, Self

from passbook.screen.screen_cells import screen_cells

_ENTER: Final = "\r\n"
_END: Final = "\x04"
_ERASE: Final = "\x7f\b"
_ERASE_ALL: Final = "\x15"
_ESCAPE: Final = "\x1b"
_SEQUENCE: Final = re.compile(r"\x1b([^\[O]|[\[O].*[@-~])")
"""The bytes of an arrow or function key (ECMA-48), or of a key together with Alt."""
_LONGEST: Final = 512
"""The most characters of a line; a name has at most 128."""
_AT_ONCE: Final = 1024
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a command at a question as Ctrl-C does."""


class TypedLine:
    """The keys typed so far for one question."""

    def __init__(self, encoding: str) -> None:
        """Read keys in this encoding."""
        self.text = ""
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._sequence = ""

    def take(self, keys: bytes) -> tuple[str, bool]:
        """Take keys; return the text that the screen must show, and whether the line is complete.

        Raises EOFError for Ctrl-D on an empty line.
        """
        echo = ""
        for key in self._decoder.decode(keys):
            if key in _ENTER:
                return echo, True
            echo += self._take_one(key)
        return echo, False

    def _take_one(self, key: str) -> str:
        if self._sequence or key == _ESCAPE:
            return self._pass_over(key)
        if key == _END and not self.text:
            raise EOFError
        if key in _ERASE:
            return self._erase(1)
        if key == _ERASE_ALL:
            return self._erase(len(self.text))
        if not key.isprintable() or len(self.text) == _LONGEST:
            return ""
        self.text += key
        return key

    def _pass_over(self, key: str) -> str:
        """Pass over a part of a key sequence that is no text; return the empty text."""
        self._sequence += key
        if _SEQUENCE.fullmatch(self._sequence):
            self._sequence = ""
        return ""

    def _erase(self, count: int) -> str:
        gone, self.text = self.text[len(self.text) - count :], self.text[: len(self.text) - count]
        return "\b \b" * screen_cells(gone)


class Keyboard:
    """A tty from one question to its answer: it gives each key at once and echoes none.

    Opening it throws earlier keys away. Raises EOFError if the tty is gone.
    """

    def __init__(self, descriptor: int) -> None:
        """Use the tty that is open there."""
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        """Take the tty over, with an empty queue."""
        try:
            self._before = termios.tcgetattr(self._descriptor)
            self._take_over()
        except termios.error:
            raise EOFError from None
        loop = asyncio.get_running_loop()
        # A shell may have had the tty since Ctrl-Z and changed its modes.
        loop.add_signal_handler(signal.SIGCONT, self._take_over)
        # Their own effect would end the process and leave a tty that shows no key.
        self._ending = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
        for number in self._ending:
            loop.add_signal_handler(number, signal.raise_signal, signal.SIGINT)
        return self

    def _take_over(self) -> None:
        mode = termios.tcgetattr(self._descriptor)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the tty its old modes back."""
        for number in (signal.SIGCONT, *self._ending):
            asyncio.get_running_loop().remove_signal_handler(number)
        try:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
        except termios.error:
            return

    async def keys(self) -> bytes:
        """The next keys; cancelling gives up. Raises EOFError if the tty is gone."""
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)
        try:
            keys = os.read(self._descriptor, _AT_ONCE)
        except OSError:
            raise EOFError from None
        if not keys:
            raise EOFError
        return keys
