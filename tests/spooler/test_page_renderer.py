"""The way to the renderer: by a socket or started for one document, and what it may do wrong."""

from __future__ import annotations

import asyncio
import inspect
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from client.connection import Client
from passbook.document.rendered_pages import MOST_ANSWER, DrawnDots, RenderRequest, encode_rendering
from passbook.errors import PassbookError
from spooler.page_renderer import (
    DRAWN_AT_ONCE,
    LONGEST_DRAWING_WAIT,
    MOST_DRAWN,
    MOST_DRAWN_OF_ONE,
    Drawings,
    render_pages,
)
from tests import pdfs

SECRET = b"Okafor"
REQUEST = RenderRequest(pdfs.pdf(pdfs.BOX, title=SECRET), 400, 576, 27, 30, 10)


@contextmanager
def serving(at: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """A renderer for one connection."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(at))
        door.listen()

        def take_one() -> None:
            connection, _ = door.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=take_one)
        thread.start()
        yield
        thread.join()


def refused(at: Path, patience: float = 10.0) -> str:
    with pytest.raises(PassbookError) as failed:
        render_pages(REQUEST, at=at, patience=patience)
    assert failed.value.code == "renderer-failed"
    return str(failed.value)


def start_as_systemd(connection: socket.socket) -> None:
    """Start the program with the connection as standard input and output, as Accept=yes does."""
    command = [sys.executable, "-I", "-m", "drivers.renderer"]
    subprocess.run(command, stdin=connection.fileno(), stdout=connection.fileno(), check=True)


def answer_all(data: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass
        connection.sendall(data)

    return serve


def test_a_started_renderer_and_one_behind_a_socket_draw_the_same(tmp_path: Path) -> None:
    with serving(tmp_path / "render", start_as_systemd):
        [page] = render_pages(REQUEST, at=tmp_path / "render")
    assert render_pages(REQUEST) == (page,)
    assert any(page)


def test_nothing_of_a_document_is_in_an_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, dict[str, Any]]] = []
    start = subprocess.Popen

    def watched(*arguments: Any, **named: Any) -> subprocess.Popen[bytes]:
        seen.append((arguments, named))
        return start(*arguments, **named)

    monkeypatch.setattr(subprocess, "Popen", watched)
    render_pages(REQUEST)
    [((command,), named)] = seen
    assert command == [sys.executable, "-I", "-m", "drivers.renderer"]
    assert named["env"] == {}


@pytest.mark.slow
def test_the_appliance_has_no_part_of_the_library() -> None:
    """Nor has a process that asked for a page."""
    source = (
        "import sys\nimport firmware.appliance\nfrom tests.spooler.test_page_renderer import REQUEST, render_pages\n"
        "render_pages(REQUEST)\nprint([name for name in sys.modules if 'pdfium' in name])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_a_renderer_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "render")


def test_a_renderer_that_says_nothing(tmp_path: Path) -> None:
    over = threading.Event()

    def say_nothing(_connection: socket.socket) -> None:
        over.wait()

    with serving(tmp_path / "render", say_nothing):
        try:
            assert "does not answer" in refused(tmp_path / "render", patience=0.1)
        finally:
            over.set()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "without an answer"),
        (b"\xff", "cannot be read"),
        (bytes(MOST_ANSWER + 1), "cannot be read"),
        (encode_rendering(DrawnDots(())), "number of pages"),
        (encode_rendering(DrawnDots((bytes(50 * 576),) * 11)), "number of pages"),
        (encode_rendering(DrawnDots((bytes(50 * 575),))), "another size"),
    ],
)
def test_an_answer_that_is_none(tmp_path: Path, answer: bytes, why: str) -> None:
    with serving(tmp_path / "render", answer_all(answer)):
        assert why in refused(tmp_path / "render")


def test_a_renderer_that_hangs_up_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "render", lambda _: None):
        assert refused(tmp_path / "render")


class Drawn:
    """Work of a thread that says when it runs, and ends when it may."""

    def __init__(self) -> None:
        self.running = threading.Semaphore(0)
        self.go_on = threading.Event()

    def __call__(self, number: int) -> int:
        self.running.release()
        self.go_on.wait()
        return number

    def judged_by(self, judge: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a judgement; the work ends with it."""

        async def judged() -> None:
            try:
                await judge()
            finally:
                self.go_on.set()

        asyncio.run(judged())


async def busy(drawings: Drawings, source: str) -> bool:
    """Whether a document of a source is refused."""
    with pytest.raises(PassbookError) as caught:
        await drawings.run(source, int)
    return caught.value.code == "renderer-busy"


async def busy_at_once(drawings: Drawings, source: str) -> bool:
    """Whether a document of a source is refused before anything else happens."""
    refused = asyncio.ensure_future(busy(drawings, source))
    await asyncio.sleep(0)
    return refused.done() and await refused


def test_other_work_never_waits_for_drawings_and_there_are_never_many_of_them() -> None:
    draw = Drawn()

    async def judge() -> None:
        threads = Drawings()
        drawings = [asyncio.ensure_future(threads.run(f"t-{number}", draw, number)) for number in range(MOST_DRAWN)]
        for _ in range(DRAWN_AT_ONCE):
            await asyncio.to_thread(draw.running.acquire)
        assert await busy_at_once(threads, "one-more")
        assert await asyncio.to_thread(lambda: "other work") == "other work"
        assert not draw.running.acquire(blocking=False)
        # A caller that goes away takes no place from those that wait.
        drawings.pop(0).cancel()
        assert not draw.running.acquire(timeout=0.05)
        draw.go_on.set()
        assert await asyncio.gather(*drawings) == list(range(1, MOST_DRAWN))
        assert await threads.run("t-7", draw, 7) == 7

    draw.judged_by(judge)


def test_one_that_sends_many_documents_leaves_drawing_to_all_others() -> None:
    greedy = Drawn()

    async def judge() -> None:
        threads = Drawings()
        drawings = [asyncio.ensure_future(threads.run("greedy", greedy, number)) for number in range(MOST_DRAWN_OF_ONE)]
        await asyncio.to_thread(greedy.running.acquire)
        assert await busy_at_once(threads, "greedy")
        for number in range(MOST_DRAWN):
            assert await threads.run("other", lambda one: one, number) == number
        assert not greedy.running.acquire(blocking=False)
        greedy.go_on.set()
        assert await asyncio.gather(*drawings) == list(range(MOST_DRAWN_OF_ONE))
        assert await threads.run("greedy", greedy, 9) == 9

    greedy.judged_by(judge)


def test_a_document_that_waits_too_long_is_refused_and_counts_no_more() -> None:
    draw = Drawn()

    async def judge() -> None:
        threads = Drawings(longest_wait=0.0)
        drawings = [asyncio.ensure_future(threads.run(f"t-{number}", draw, number)) for number in range(DRAWN_AT_ONCE)]
        for _ in range(DRAWN_AT_ONCE):
            await asyncio.to_thread(draw.running.acquire)
        for _ in range(MOST_DRAWN):
            assert await busy(threads, "late")
            assert await busy(threads, "t-0")
        draw.go_on.set()
        assert await asyncio.gather(*drawings) == list(range(DRAWN_AT_ONCE))
        assert await threads.run("late", draw, 9) == 9

    draw.judged_by(judge)


def test_the_wait_and_the_drawing_end_before_a_client_takes_its_connection_for_lost() -> None:
    patience = inspect.signature(render_pages).parameters["patience"].default
    answer = inspect.signature(Client.__init__).parameters["answer_timeout"].default
    assert LONGEST_DRAWING_WAIT + patience < answer
