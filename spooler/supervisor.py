"""The one owner of all that must go on: a part that ends without being stopped ends the process (P14).

The process ends at once, as in a power cut, and the next boot asks.  A part that failed may have left anything in
memory, so nothing of it is trusted to end in order.  A connection and a command are no such parts: a defect there
ends that connection or that command.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from passbook.errors.kinds import EXIT_CODES, Mender
from spooler.logs import Log

T = TypeVar("T")

_LOG: Final = Log("supervisor")

EXIT_CODE: Final = EXIT_CODES[Mender.PROGRAMMER]
"""What the process ends with."""
_OF_CONNECTIONS: Final = frozenset({"asyncio", "ssl", "websockets"})
"""A callback in which nothing else took part is about one connection: a client must not end the process by it."""


class EndedUnasked(Exception):  # noqa: N818  # what happened, not what is wrong
    """A thread returned without being stopped."""


def end_process() -> None:
    """End now, without cleaning up: no handler, no other thread and no open file can hold that up."""
    os._exit(EXIT_CODE)


class Supervisor:
    """Starts the tasks of the event loop that must go on, and hears of every thread and callback that fails."""

    def __init__(self, end: Callable[[], None] = end_process) -> None:
        """`end` is called for the first failure, after the log names it."""
        self._end = end

    def start(self, part: str, work: Coroutine[Any, Any, None]) -> Callable[[], asyncio.Task[None]]:
        """Run `work` as a task; it may end only after the function that this returns was called, which stops it.

        That function returns the task, for a caller that has to wait for its end.
        """
        task = asyncio.create_task(work, name=part)
        task.add_done_callback(self._ended)

        def stop() -> asyncio.Task[None]:
            task.remove_done_callback(self._ended)
            task.cancel()
            return task

        return stop

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of every callback of `loop` that raises; asyncio by itself goes on without it."""
        loop.set_exception_handler(self._in_loop)

    def watch_threads(self) -> None:
        """Hear of every thread of this process that raises; Python by itself goes on without it."""
        threading.excepthook = self._in_thread

    def fail(self, part: str, error: BaseException | None) -> None:
        """Name the part and why it ended, and end the process; `error` is None for one that only returned."""
        if error is None:
            _LOG.error("part-ended", part=part, why="it returned, or was cancelled, though it was not stopped")
        else:
            _LOG.failure("part-failed", error, part=part)
        self._end()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.fail(task.get_name(), None if task.cancelled() else task.exception())

    def _in_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        # Without a handle it is about a transport, or about a task of one connection whose end no caller awaited.
        if error is not None and ("handle" in context or "part" in context) and not _is_of_a_connection(error):
            self.fail(context.get("part", "callback"), error)
        else:
            loop.default_exception_handler(context)

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "thread"
        error = args.exc_value
        self.fail(name, None if isinstance(error, EndedUnasked) else error)


def supervised_thread(part: str, work: Callable[[], None], *, stopped: Callable[[], bool]) -> threading.Thread:
    """A thread for `work`, not started yet; its return is a failure unless `stopped` says that it was asked to end."""

    def run() -> None:
        work()
        if not stopped():
            raise EndedUnasked

    return threading.Thread(target=run, name=part)


def must_go_on(part: str, error: BaseException) -> None:
    """End the process for an error of `part` in the task of a connection, which is not to blame; in the event loop."""
    context = {"message": f"{part} failed", "exception": error, "part": part}
    asyncio.get_running_loop().call_exception_handler(context)


def guarded(call: Callable[[Future[T]], None]) -> Callable[[Future[T]], None]:
    """`call` for Future.add_done_callback, whose failure is one of the thread that it runs in.

    `concurrent.futures` by itself goes on without it.
    """

    def run(done: Future[T]) -> None:
        try:
            call(done)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the hook of the threads decides
            args = (type(error), error, error.__traceback__, threading.current_thread())
            threading.excepthook(threading.ExceptHookArgs(args))

    return run


def _is_of_a_connection(error: BaseException) -> bool:
    """Whether only libraries took part; the first frame is always asyncio's own."""
    rooms: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        rooms.append(trace.tb_frame.f_globals.get("__name__", "").partition(".")[0])
        trace = trace.tb_next
    return len(rooms) > 1 and _OF_CONNECTIONS.issuperset(rooms)
