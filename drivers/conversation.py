"""Asking a mechanism and hearing it: one reader thread, and the rule that tells answers from announcements.

A mechanism may announce an insertion by the same frame that answers a request.  So no answer is matched by its type
alone.  What arrived before a request was sent is an announcement.  A request ends with a question whose answer has a
type of its own.  Of several frames in between all must be good for the answer to be good.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.frame_reading import AnswerReader, Garbage
from drivers.ports.port import Port, PortError
from drivers.stop import MechanismStop
from passbook.job.states import Reason

_READ_SIZE: Final = 256
_READ_TIMEOUT: Final = 60.0
"""Seconds of one read; they only bound the wait, for closing the port wakes a read at once."""
_MOST_UNHEARD: Final = 1024
"""Frames kept while no question is asked; a mechanism that babbles loses the oldest."""


_F = TypeVar("_F")


class Conversation:
    """One mechanism behind one port; the owner asks, any thread may interrupt.  Every failure is a MechanismStop."""

    def __init__(self, port: Port, reader: AnswerReader, clock: Callable[[], float]) -> None:
        """`reader` turns into frames what comes from `port`; `clock` counts seconds and never goes back."""
        self._port = port
        self._answers = reader
        self._clock = clock
        self._changed = threading.Condition()
        self._frames: deque[object] = deque(maxlen=_MOST_UNHEARD)
        self._partial = False
        self._gone: PortError | None = None
        self._interrupted = False
        self._listening = False
        self._unasked = False
        self._reader = threading.Thread(target=self._read, name="mechanism-reader", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = self._port.read(_READ_SIZE, _READ_TIMEOUT)
            except PortError as error:
                with self._changed:
                    self._gone = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._frames.extend(self._answers.feed(data))
                self._partial = self._answers.partial
                self._changed.notify_all()

    def tell(self, data: bytes) -> None:
        """Send bytes that have no answer of their own."""
        try:
            self._port.write(data)
        except PortError as error:
            raise MechanismStop.at_port(error) from error

    def ask(self, request: bytes, last: type[object], timeout: float) -> list[object]:
        """Send `request`; the frames that came, up to the first of type `last`, which is never an announcement."""
        with self._changed:
            self._unasked |= any(map(self._answers.is_announcement, self._frames))
            self._frames.clear()
        self.tell(request)
        deadline = self._clock() + timeout
        heard: list[object] = []
        while not heard or not isinstance(heard[-1], last):
            frame = self._next(deadline)
            if frame is None:
                raise self._nothing_came()
            if isinstance(frame, Garbage):
                raise MechanismStop(Reason.GARBLED, "garbage")
            heard.append(frame)
        return heard

    def ask_afresh(self, request: bytes, last: type[_F], timeout: float, settle: float) -> _F:
        """Send `request`, pass over the answers to earlier requests, and return the last frame of type `last`.

        It returns when such a frame was heard and then nothing for `settle` seconds.
        """
        self.tell(request)
        deadline = self._clock() + timeout
        found: _F | None = None
        while True:
            frame = self._next(deadline if found is None else min(deadline, self._clock() + settle))
            if isinstance(frame, last):
                found = frame
            elif frame is None:
                if found is None:
                    raise self._nothing_came()
                return found

    def listen(self, timeout: float) -> bool:
        """Wait for an announcement; whether a frame came in `timeout` seconds.  Only this wait can be interrupted."""
        with self._changed:
            self._listening = True
            try:
                frame = self._next(self._clock() + timeout)
            finally:
                self._listening = False
            self._unasked |= self._answers.is_announcement(frame)
            return frame is not None

    def was_unasked(self) -> bool:
        """Whether an announcement came since this was called last."""
        with self._changed:
            unasked, self._unasked = self._unasked, False
            return unasked

    def _next(self, deadline: float) -> object | None:
        with self._changed:
            while not self._frames:
                if self._gone is not None:
                    raise MechanismStop.at_port(self._gone)
                if self._listening and self._interrupted:
                    raise MechanismStop(Reason.CANCELED_BY_PERSON, "interrupted")
                left = deadline - self._clock()
                if left <= 0:
                    return None
                self._changed.wait(left)
            return self._frames.popleft()

    def _nothing_came(self) -> MechanismStop:
        if self._partial:
            return MechanismStop(Reason.GARBLED, "half-answer")
        return MechanismStop(Reason.SILENT, "no-answer")

    def interrupt(self) -> None:
        """Stop the wait for an announcement that goes on, or the next one; from any thread."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def forget_interrupt(self) -> None:
        """Let the next wait for an announcement go on."""
        with self._changed:
            self._interrupted = False

    def close(self) -> None:
        """Give the port back and end the reader thread.  May be repeated."""
        self._port.close()
        self._reader.join()
