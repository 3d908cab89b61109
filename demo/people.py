"""A person at a teller's terminal: starts `teller print`, reads its output, and handles the book at its prompts."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from drivers.simulator.control import ControlFailure, SimulatorControl
from drivers.simulator.paper import Ruler

EVENT_TIMEOUT: Final = 60.0
"""Seconds to wait for an event that must come."""
PROJECT: Final = Path(__file__).resolve().parent.parent

Event = dict[str, Any]


class Printing:
    """One running `teller print`, its events, and the hands that follow its prompts."""

    def __init__(
        self, command: Sequence[str], hands: SimulatorControl, book: str, ruler: Ruler, *, at_once: bool
    ) -> None:
        self._hands = hands
        self.book = book
        self._ruler = ruler
        self._events: list[Event] = []
        self._ended = False
        self.has_taken = False
        """Whether the person took their book out after they put it in last; they leave the next person's book in."""
        self._changed = threading.Condition()
        self.refused: list[str] = []
        """The deeds that the mechanism refused to the person."""
        self.hands_free = threading.Event()
        """The person does not touch the book until this is set; with `at_once` it is set from the start."""
        if at_once:
            self.hands_free.set()
        self._left = False
        self.watch: Callable[[Event], None] | None = None
        """Called with each event before the hands act."""
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, name=f"person {book}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            event = json.loads(line)
            if self.watch is not None:
                self.watch(event)
            if event["event"] == "Spooler.MediaPromptEvent":
                self._handle(event["payload"])
            elif event["payload"].get("state") == "completed":
                self._handle({"action": "take"})
            with self._changed:
                self._events.append(event)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _handle(self, prompt: dict[str, Any]) -> None:
        """Do the deed of a prompt; a prompt that comes again after its deed does no harm."""
        self.hands_free.wait(EVENT_TIMEOUT)
        if self._left:
            return
        try:
            if prompt["action"] == "insert":
                self._hands.insert(self._book_for(prompt), prompt["page"], self._ruler)
                self.has_taken = False
            elif not self.has_taken:
                self._hands.take()
                self.has_taken = True
        except ControlFailure as failure:
            self.refused.append(str(failure))

    def _book_for(self, prompt: dict[str, Any]) -> str:
        """The book in hand, or the new one where the job goes on in another book: `BOOK-2`."""
        number = prompt.get("book", 0)
        return f"{self.book}-{number}" if number > 1 else self.book

    def events(self, name: str) -> list[Event]:
        """The payloads of all events of that name so far."""
        with self._changed:
            return [event["payload"] for event in self._events if event["event"] == name]

    def wait_for(self, fits: Callable[[list[Event]], bool], timeout: float = EVENT_TIMEOUT) -> None:
        """Wait until `fits` is true of all events so far. Raises TimeoutError, also when `teller` ended before."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended or fits(self._events), timeout):
                raise TimeoutError(f"waited {timeout} s; events so far: {self._events}")
            if not fits(self._events):
                raise TimeoutError(f"teller ended before; events: {self._events}; {self.error()}")

    def wait_for_event(self, name: str, count: int = 1, timeout: float = EVENT_TIMEOUT) -> Event:
        """Wait for the `count`-th event of that name; return its payload."""
        self.wait_for(lambda events: sum(event["event"] == name for event in events) >= count, timeout)
        return self.events(name)[count - 1]

    @property
    def job(self) -> str:
        """The job's id; waits for the acceptance."""
        return str(self.wait_for_event("Spooler.SubmitJob")["job"])

    def end(self, timeout: float = EVENT_TIMEOUT) -> int:
        """Wait for the end; return the exit code."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"teller has not ended; events: {self._events[-5:]}; refused: {self.refused}") from None
        self._reader.join()
        self._close()
        return code

    def error(self) -> str:
        """The text of `teller` on standard error, after its end."""
        return self._process.stderr.read() if self._process.stderr and not self._process.stderr.closed else ""

    def kill(self) -> None:
        """Switch the terminal off."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        # A person who has not touched the book so far never will.
        self._left = not self.hands_free.is_set()
        self.hands_free.set()
        self._reader.join()
        self._close()

    def _close(self) -> None:
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
