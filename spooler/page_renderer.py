"""Pages and texts of documents drawn by the renderer, a program that no process of ours loads.

Where systemd starts it for each connection, `socket` of the configuration is where it listens.  Elsewhere it is started
here for each document, and limits itself all the same.  The caller's thread waits, and never longer than its deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, ParamSpec, TypeAlias, TypeVar

from passbook.document.rendered_pages import (
    MOST_ANSWER,
    WALL_SECONDS,
    RenderRequest,
    TextPicture,
    TextRequest,
    encode_rendering,
    read_rendering,
    read_texts,
)
from passbook.errors import PassbookError

Render: TypeAlias = Callable[[RenderRequest], tuple[bytes, ...]]
"""Draws pages; raises PassbookError as render_pages() does."""

DRAWN_AT_ONCE: Final = 2
MOST_DRAWN: Final = 8
"""Documents that are drawn or wait for it."""
MOST_DRAWN_OF_ONE: Final = 2
"""Those of one source: one that is drawn, and one that waits."""
LONGEST_DRAWING_WAIT: Final = float(WALL_SECONDS)
"""Seconds until a document that waits is refused: one is drawn in that time, and a client waits for both."""

_PATIENCE: Final = WALL_SECONDS + 3
"""Seconds for an answer: the renderer ends itself before."""
_PIECE: Final = 64 * 1024
P = ParamSpec("P")
T = TypeVar("T")


def render_pages(request: RenderRequest, *, at: Path | None = None, patience: float = _PATIENCE) -> tuple[bytes, ...]:
    """The pages as dots, each a whole sheet.

    Args:
        request: the document and its sheet.
        at: the Unix socket of the renderer; None to start one.
        patience: seconds for its answer.

    Raises:
        PassbookError: why the document was not drawn, as read_rendering(), and `renderer-failed`.
    """
    return read_rendering(_answer(encode_rendering(request), at, patience), request)


def render_texts(
    request: TextRequest, places: Sequence[str], *, at: Path | None = None, patience: float = _PATIENCE
) -> tuple[TextPicture, ...]:
    """The pictures of texts; `places` name them in an error, `at` and `patience` as for render_pages().

    Raises:
        PassbookError: why they were not drawn, as read_texts(), and `renderer-failed`.
    """
    return read_texts(_answer(encode_rendering(request), at, patience), request, places)


def _answer(request: bytes, at: Path | None, patience: float) -> bytes:
    """The answer of the renderer.  Raises PassbookError `renderer-failed` where none came."""
    deadline = time.monotonic() + patience
    try:
        with _connected(at) if at else _started() as connection:
            data = _exchange(connection, request, deadline)
    except TimeoutError:
        raise PassbookError("renderer-failed", why="it does not answer") from None
    except OSError as error:
        raise PassbookError("renderer-failed", why=error.strerror or "it cannot be reached") from None
    if not data:
        raise PassbookError("renderer-failed", why="it ended without an answer")
    return data


@contextlib.contextmanager
def _connected(at: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(str(at))
        yield connection


@contextlib.contextmanager
def _started() -> Iterator[socket.socket]:
    """A renderer of this one document; it is gone afterwards, with all that it started."""
    ours, its = socket.socketpair()
    with ours:
        with its:
            renderer = subprocess.Popen(
                [sys.executable, "-I", "-m", "drivers.renderer"],
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        try:
            yield ours
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(renderer.pid, signal.SIGKILL)
            renderer.wait()


def _exchange(connection: socket.socket, data: bytes, deadline: float) -> bytes:
    """Send all, and return the answer up to its end.  Raises OSError, TimeoutError too."""

    def give_time() -> None:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))

    give_time()
    # A renderer that refuses a request may end before it has read all of it.
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    answer = bytearray()
    while len(answer) <= MOST_ANSWER:
        give_time()
        piece = connection.recv(_PIECE)
        if not piece:
            break
        answer += piece
    return bytes(answer)


class Drawings:
    """Takes few threads of the pool for documents that are drawn, so that other work never waits for these.

    Of each source one document is drawn at once: a terminal that sends costly ones leaves the rest to all others.
    """

    def __init__(self, longest_wait: float | None = LONGEST_DRAWING_WAIT) -> None:
        """Begin without a document; `longest_wait` is in seconds, None to refuse none that waits."""
        self._longest_wait = longest_wait
        self._free = asyncio.Semaphore(DRAWN_AT_ONCE)
        self._counts: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}

    async def run(self, source: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work for a source in a thread, and return its result.  Raises PassbookError `renderer-busy`.

        A caller that goes away leaves its work to end by itself; until then it counts.
        """
        if self._counts[source] >= MOST_DRAWN_OF_ONE or self._counts.total() >= MOST_DRAWN:
            raise PassbookError("renderer-busy")
        self._counts[source] += 1
        turn = self._turns.setdefault(source, asyncio.Lock())
        drawing = asyncio.ensure_future(self._in_thread(turn, functools.partial(work, *args, **kwargs)))
        drawing.add_done_callback(functools.partial(self._ended, source))
        return await asyncio.shield(drawing)

    async def _in_thread(self, turn: asyncio.Lock, work: Callable[[], T]) -> T:
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._longest_wait):
                    await held.enter_async_context(turn)
                    await held.enter_async_context(self._free)
            except TimeoutError:
                raise PassbookError("renderer-busy") from None
            return await asyncio.to_thread(work)

    def _ended(self, source: str, drawing: asyncio.Future[T]) -> None:
        self._counts[source] -= 1
        if not self._counts[source]:
            del self._counts[source], self._turns[source]
        # An error that no caller waits for any more concerns no person.
        if not drawing.cancelled():
            drawing.exception()
