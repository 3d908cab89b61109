from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.ctl.asking import ask
from passbook.errors import PassbookError
from tests.firmware.operators import served


async def echo(arguments: dict[str, Any]) -> Any:
    return arguments


async def refuse(_arguments: dict[str, Any]) -> Any:
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


@given(arguments=st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sent_comes_back_as_it_was(path: Path, arguments: dict[str, Any]) -> None:
    assert ask(path, "echo", arguments) == arguments


def test_the_appliances_error_is_raised_here(path: Path) -> None:
    with pytest.raises(PassbookError) as caught:
        ask(path, "refuse", {})
    assert (caught.value.code, caught.value.facts) == ("area-fenced", {"area": "a", "why": "a sync failed"})


def unreachable(path: Path, patience: float = 30) -> str:
    with pytest.raises(PassbookError) as caught:
        ask(path, "status", {}, patience)
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
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n",
        b'{"ok": tr',
        b"[1]\n",
        b'{"ok": false}\n',
        b'{"ok": false, "error": {"code": "from-the-future", "sentence": "?"}}\n',
        b'{"ok": false, "error": {"code": "area-fenced", "sentence": "?", "facts": {}}}\n',
        b'{"ok": false, "error": {"code": "area-fenced", "sentence": "?", "facts": {"code": "x"}}}\n',
        b'{"ok": true, "result": ' + b"[" * 30000 + b"\n",
    ],
)
def test_an_answer_that_makes_no_sense_is_said(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(30)

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        unreachable(tmp_path / "s")
        thread.join(30)
