from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, unix_serve

from client.control import ask
from passbook.errors import PassbookError
from passbook.protocol.messages import Nothing, Payload
from tests.firmware.operators import served


class Anything(Payload, frozen=True):
    what: dict[str, Any] = msgspec.field(default_factory=dict)


async def echo(payload: dict[str, Any]) -> Any:
    return payload


async def refuse(_payload: dict[str, Any]) -> Any:
    raise PassbookError("area-fenced", area="a", why="a sync failed")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with served(tmp_path / "s", {"echo": echo, "refuse": refuse}) as place:
        yield place


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(what=st.dictionaries(st.text(max_size=8), VALUES, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sent_comes_back_as_it_was(path: Path, what: dict[str, Any]) -> None:
    assert ask(path, "echo", Anything(what)) == {"what": what}


def test_the_appliances_error_is_raised_here(path: Path) -> None:
    with pytest.raises(PassbookError) as caught:
        ask(path, "refuse", Nothing())
    assert (caught.value.code, caught.value.facts) == ("area-fenced", {"area": "a", "why": "a sync failed"})


@pytest.mark.slow
def test_an_answer_may_be_longer_than_any_to_a_terminal(tmp_path: Path) -> None:
    async def long(_payload: dict[str, Any]) -> Any:
        return ["x" * 1024] * (65 * 1024)

    with served(tmp_path / "s", {"long": long}) as place:
        assert len(ask(place, "long", Nothing())) == 65 * 1024


def unreachable(path: Path, patience: float = 30) -> str:
    with pytest.raises(PassbookError) as caught:
        ask(path, "Common.Status", Nothing(), patience)
    assert (caught.value.code, caught.value.facts["socket"]) == ("control-unreachable", str(path))
    return str(caught.value)


def test_nothing_there_is_said(tmp_path: Path) -> None:
    assert "No such file" in unreachable(tmp_path / "s")


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "s"))
    assert "refused" in unreachable(tmp_path / "s")


def test_a_path_that_no_socket_can_have_is_said(tmp_path: Path) -> None:
    assert "too long" in unreachable(tmp_path / ("x" * 200))


def test_silence_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        assert "no answer came in 0.05 seconds" in unreachable(tmp_path / "s", 0.05)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b'{"ok": true, "result": []}\n', b"[1]\n", b"\x00" * 100]
)
def test_what_answers_there_and_is_no_appliance_is_said(tmp_path: Path, answer: bytes) -> None:
    """A program that speaks something else, the lines of an earlier version among them."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(30)

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        unreachable(tmp_path / "s")
        thread.join(30)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"", "control-unreachable"),
        (b'{"header": tr', "invalid-message"),
        (b"[1]", "invalid-message"),
        (b'{"header": {"name": "x", "type": "completion", "requestId": 1}}', "invalid-message"),
        (b'{"header": {"name": "x", "type": "completion", "requestId": 1}, "payload": [[]]}', "invalid-message"),
        (b'{"header": ' + b"[" * 30000, "invalid-message"),
    ],
)
def test_an_answer_that_makes_no_sense_is_said(tmp_path: Path, reply: bytes, code: str) -> None:
    opened, done = threading.Event(), threading.Event()

    async def answer(connection: ServerConnection) -> None:
        await connection.recv()
        if reply:
            await connection.send(reply, text=True)
            await connection.wait_closed()

    async def serve() -> None:
        async with unix_serve(answer, str(tmp_path / "s")):
            opened.set()
            await asyncio.to_thread(done.wait, 30)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert opened.wait(30)
        with pytest.raises(PassbookError) as caught:
            ask(tmp_path / "s", "Common.Status", Nothing())
        assert caught.value.code == code
    finally:
        done.set()
        thread.join(30)


def test_an_error_that_this_version_does_not_know_is_told_as_the_appliance_said_it(tmp_path: Path) -> None:
    async def from_the_future(_payload: dict[str, Any]) -> Any:
        error = PassbookError("unknown-job", job="a1")
        error.code = "from-the-future"
        raise error

    with served(tmp_path / "s", {"it": from_the_future}) as place, pytest.raises(PassbookError) as caught:
        ask(place, "it", Nothing())
    assert (caught.value.code, caught.value.exit_code) == ("from-the-future", 5)
