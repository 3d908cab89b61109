"""Ctrl-C: a command ends in order, tells the way back, and shows no traceback.

A first Ctrl-C cancels the command, so that prompts give the tty back and the connection goes.  A second one ends the
process at once, also while a thread asks for an address or a disk stands still.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from passbook.errors.kinds import INTERRUPTED
from terminal.console import Console
from terminal.leaving import LeftBehind


class Interrupts:
    """Runs one command; used once."""

    def __init__(self, console: Console, left: LeftBehind) -> None:
        """Tell the way back on `console`."""
        self._console = console
        self._left = left
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._came = False
        self._modes = _modes()

    def run(self, command: Coroutine[Any, Any, int]) -> int:
        """The exit code of the command; 130 when Ctrl-C ended it."""
        before = signal.signal(signal.SIGINT, self._take)
        try:
            return asyncio.run(self._cancellable(command))
        except asyncio.CancelledError:
            lines, self._left.lines = self._left.lines, ()
            if lines:
                # The screen shows ^C in the row that the command was writing.
                shown = lines if self._console.width is None else ("", *lines)
                self._console.show({"event": "interrupted", "payload": {"left": lines}}, shown)
            return INTERRUPTED
        finally:
            signal.signal(signal.SIGINT, before)

    async def _cancellable(self, command: Coroutine[Any, Any, int]) -> int:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._came:
            command.close()
            raise asyncio.CancelledError
        return await command

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._came:
            self._leave_at_once()
        self._came = True
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _leave_at_once(self) -> None:
        """A second Ctrl-C: the tty gets its modes back, and the process ends here."""
        with suppress(termios.error, OSError):
            if self._modes is not None:
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, self._modes)
            # The stream may stand in the middle of a line.
            os.write(2, "".join(f"\n{line}" for line in self._left.lines).encode() + b"\n")
        os._exit(INTERRUPTED)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends work that holds up the event loop, and then the process handles Ctrl-C in its own way."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupted = False
    try:
        yield
    except KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        signal.raise_signal(signal.SIGINT)
        raise asyncio.CancelledError


def _modes() -> list[Any] | None:
    """The modes of the tty that is standard input; None without a tty."""
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):
        return None
