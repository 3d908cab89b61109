from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

import pytest

from spooler.supervisor import EndedUnasked, Supervisor, guarded, must_go_on, supervised_thread


class Watched:
    """A supervisor that tells how often it ended the process instead of doing so."""

    def __init__(self) -> None:
        self.ends = 0
        self.ended = asyncio.Event()
        self.supervisor = Supervisor(self._end)

    def _end(self) -> None:
        self.ends += 1
        self.ended.set()


def watched(story: Callable[[Watched], Awaitable[None]]) -> Watched:
    async def run() -> Watched:
        one = Watched()
        one.supervisor.watch_loop(asyncio.get_running_loop())
        async with asyncio.timeout(30):
            await story(one)
        return one

    return asyncio.run(run())


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_task_that_was_stopped_is_no_failure() -> None:
    async def story(one: Watched) -> None:
        stop = one.supervisor.start("part", forever())
        await asyncio.sleep(0)
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == "part"]
        _ = stop()
        await asyncio.wait({task})

    assert watched(story).ends == 0


def test_a_task_that_was_cancelled_by_anybody_else_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def story(one: Watched) -> None:
        one.supervisor.start("part", forever())
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == "part"]
        task.cancel()
        await one.ended.wait()

    assert watched(story).ends == 1
    assert [record.getMessage() for record in caplog.records] == ["part-ended"]


def fail() -> None:
    raise LookupError


def test_a_callback_that_raises_is_a_failure() -> None:
    async def story(one: Watched) -> None:
        asyncio.get_running_loop().call_soon(fail)
        await one.ended.wait()

    assert watched(story).ends == 1


def test_a_callback_that_cannot_be_called_is_a_failure() -> None:
    async def story(one: Watched) -> None:
        asyncio.get_running_loop().call_soon(fail, "one argument too many")  # type: ignore[arg-type]  # on purpose
        await one.ended.wait()

    assert watched(story).ends == 1


def test_a_callback_of_a_library_alone_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story(_one: Watched) -> None:
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        # What asyncio itself is called with is no awaitable, so that only its own code fails.
        loop.call_soon(asyncio.ensure_future, None)  # type: ignore[arg-type]  # on purpose
        loop.call_soon(heard.set)
        await heard.wait()

    assert watched(story).ends == 0
    assert [record.name for record in caplog.records] == ["asyncio"]


def test_a_task_of_a_connection_that_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story(_one: Watched) -> None:
        async def connection() -> None:
            fail()

        task = asyncio.create_task(connection())
        await asyncio.wait({task})
        del task

    assert watched(story).ends == 0
    assert [record.name for record in caplog.records] == ["asyncio"]


def test_what_a_part_raises_in_the_task_of_a_connection_is_a_failure_of_the_part() -> None:
    async def story(_one: Watched) -> None:
        try:
            fail()
        except LookupError as error:
            must_go_on("part", error)

    assert watched(story).ends == 1


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, BaseException | None]]:
    """What the hook of the threads hears."""
    heard: list[tuple[str, BaseException | None]] = []

    def hear(args: threading.ExceptHookArgs) -> None:
        heard.append((args.thread.name if args.thread else "", args.exc_value))

    monkeypatch.setattr(threading, "excepthook", hear)
    return heard


@pytest.mark.parametrize("stopped", [True, False])
def test_a_thread_may_return_only_when_it_was_stopped(
    raised: list[tuple[str, BaseException | None]], *, stopped: bool
) -> None:
    thread = supervised_thread("part", lambda: None, stopped=lambda: stopped)
    thread.start()
    thread.join()
    assert [(name, type(error)) for name, error in raised] == ([] if stopped else [("part", EndedUnasked)])


def test_a_callback_of_a_future_that_raises_is_a_failure_of_the_thread_that_settled_it(
    raised: list[tuple[str, BaseException | None]],
) -> None:
    def call(_done: Future[None]) -> None:
        fail()

    future: Future[None] = Future()
    future.add_done_callback(guarded(call))
    thread = threading.Thread(target=future.set_result, args=(None,), name="writer")
    thread.start()
    thread.join()
    assert [(name, type(error)) for name, error in raised] == [("writer", LookupError)]


def test_the_hook_of_the_threads_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    ends: list[str] = []
    Supervisor(lambda: ends.append("end")).watch_threads()
    thread = threading.Thread(target=fail, name="part")
    thread.start()
    thread.join()
    assert ends == ["end"]
    facts = [getattr(record, "facts", {}) for record in caplog.records]
    assert facts == [{"part": "part"}]
