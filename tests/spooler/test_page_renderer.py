"""The way to the renderer: by a socket or started for one document, and what it may do wrong."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from passbook.document.rendered_pages import MOST_ANSWER, DrawnDots, RenderRequest, encode_rendering
from passbook.errors import PassbookError
from spooler.page_renderer import DRAWN_AT_ONCE, MOST_DRAWN, Drawings, render_pages
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


def test_other_work_never_waits_for_drawings_and_there_are_never_many_of_them() -> None:
    async def judge() -> None:
        go_on, threads = threading.Event(), Drawings()
        running = threading.Semaphore(0)

        def draw(number: int) -> int:
            running.release()
            go_on.wait()
            return number

        drawings = [asyncio.ensure_future(threads.run(draw, number)) for number in range(MOST_DRAWN)]
        for _ in range(DRAWN_AT_ONCE):
            await asyncio.to_thread(running.acquire)
        with pytest.raises(PassbookError) as busy:
            await threads.run(draw, 99)
        assert busy.value.code == "renderer-busy"
        assert await asyncio.to_thread(lambda: "other work") == "other work"
        assert not running.acquire(blocking=False)
        # A caller that goes away takes no place from those that wait.
        drawings.pop(0).cancel()
        assert not running.acquire(timeout=0.05)
        go_on.set()
        assert await asyncio.gather(*drawings) == list(range(1, MOST_DRAWN))
        assert await threads.run(draw, 7) == 7

    asyncio.run(judge())
