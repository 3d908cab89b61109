"""The cable of the demo carries bytes, is cut, and keeps one direction."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from demo.network import Cable
from demo.world import await_fact


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        # A cut may reset the connection while it is answered.
        with connection, suppress(OSError):
            while data := connection.recv(4096):
                connection.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def connected(cable: Cable) -> socket.socket:
    host, _, port = cable.address.rpartition(":")
    return socket.create_connection((host, int(port)), 5.0)


def has_ended(connection: socket.socket) -> bool:
    connection.settimeout(5.0)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_what_is_sent_comes_back_and_is_counted(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        near.sendall(b"twelve bytes")
        assert near.recv(100) == b"twelve bytes"
        assert (cable.up, cable.down) == (12, 12)


def test_a_cut_ends_connections_and_lets_none_come_about_until_it_is_mended(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        near.sendall(b"a")
        assert near.recv(1) == b"a"
        cable.cut()
        assert has_ended(near)
        with connected(cable) as refused:
            assert has_ended(refused)
        cable.mend()
        with connected(cable) as again:
            again.sendall(b"b")
            assert again.recv(1) == b"b"


def test_one_direction_is_kept_while_the_other_one_passes(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        cable.swallow("down")
        near.sendall(b"c")
        near.settimeout(0.2)
        with pytest.raises(TimeoutError):
            near.recv(1)
        cable.mend()
        near.settimeout(5.0)
        assert near.recv(1) == b"c"


def test_a_cut_in_the_middle_lets_only_the_first_bytes_through(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        cable.cut_after("up", 3)
        near.sendall(b"abcdef")
        near.settimeout(5.0)
        came_back = bytearray()
        with suppress(ConnectionResetError):
            while data := near.recv(100):
                came_back += data
        assert b"abc".startswith(came_back)
        assert (cable.up, cable.is_whole) == (3, False)


def test_a_direction_that_is_kept_changes_and_what_is_kept_is_counted(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        cable.swallow("up")
        near.sendall(b"d")
        near.settimeout(0.2)
        await_fact(lambda: cable.kept == 1, lambda: cable.kept)
        with pytest.raises(TimeoutError):
            near.recv(1)
        assert (cable.kept, cable.up) == (1, 0)
        cable.swallow("down")
        await_fact(lambda: (cable.kept, cable.up) == (1, 1), lambda: cable.kept)
        with pytest.raises(TimeoutError):
            near.recv(1)
        assert (cable.kept, cable.up, cable.down) == (1, 1, 0)
        cable.mend()
        near.settimeout(5.0)
        assert near.recv(1) == b"d"


def test_what_goes_up_is_shown_before_it_arrives(echo: int) -> None:
    seen = bytearray()
    with Cable("127.0.0.1", echo, look=seen.extend) as cable, connected(cable) as near:
        near.sendall(b"e")
        assert near.recv(1) == b"e"
        assert bytes(seen) == b"e"


def test_each_direction_takes_the_delay(echo: int) -> None:
    with Cable("127.0.0.1", echo) as cable, connected(cable) as near:
        cable.delay = 0.05
        began = time.monotonic()
        near.sendall(b"f")
        assert near.recv(1) == b"f"
        assert time.monotonic() - began >= 2 * cable.delay
