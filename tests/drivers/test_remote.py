"""Serial lines of a device server, judged by the server's half that the library brings."""

from __future__ import annotations

import os
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, cast

import pytest
import serial
from serial import rfc2217

from drivers.ports.port import Port, PortError, PortTrouble, open_port


class _Wire:
    """Bytes from the server to its client, in whole pieces."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock, suppress(OSError):
            self._connection.sendall(data)


class _Line(serial.Serial):
    """A pseudo terminal in place of a line: it has no modem signals, and takes no settings but remembers them."""

    def _reconfigure_port(self, force_update: bool = False) -> None:
        if force_update:
            super()._reconfigure_port(force_update=True)  # type: ignore[misc]  # the stub lacks it

    def _update_rts_state(self) -> None:
        return

    def _update_dtr_state(self) -> None:
        return

    cts = dsr = ri = cd = property(lambda _self: True)


class DeviceServer:
    """A server of RFC 2217 before a pseudo terminal, whose other side is `line`."""

    def __init__(self, *, takes: Callable[[serial.Serial], bool] = lambda _device: True) -> None:
        self.line, slave = os.openpty()
        tty.setraw(slave)
        self.device = _Line(os.ttyname(slave), timeout=0.05)
        os.close(slave)
        self._takes = takes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connection: socket.socket | None = None
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                self.connection, _ = self._listener.accept()
            except OSError:
                return
            wire = _Wire(self.connection)
            manager = rfc2217.PortManager(cast("Any", self.device), cast("Any", wire))
            ended = threading.Event()
            back = threading.Thread(target=self._send_back, args=(manager, wire, ended))
            back.start()
            self._take(manager)
            ended.set()
            back.join()
            self.connection.close()

    def _take(self, manager: rfc2217.PortManager) -> None:
        while self.connection is not None:
            try:
                data = self.connection.recv(1024)
            except OSError:
                return
            if not data or not self._takes(self.device):
                return
            self.device.write(b"".join(manager.filter(data)))

    def _send_back(self, manager: rfc2217.PortManager, wire: _Wire, ended: threading.Event) -> None:
        while not ended.is_set():
            data = self.device.read(self.device.in_waiting or 1)
            if data:
                wire.write(b"".join(manager.escape(data)))

    def hang_up(self) -> None:
        """End the connection, as a server does that loses its power."""
        if self.connection is not None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stopping.set()
        self.hang_up()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10.0)
        self.device.close()
        os.close(self.line)

    def url(self, query: str = "") -> str:
        return f"rfc2217://127.0.0.1:{self.port}{query}"


@pytest.fixture
def server() -> Iterator[DeviceServer]:
    with closing(DeviceServer()) as running:
        yield running


def opened(server: DeviceServer, query: str = "") -> Port:
    return open_port(server.url(query))


def trouble_of(operation: Callable[[], object]) -> PortError:
    with pytest.raises(PortError) as caught:
        operation()
    return caught.value


def test_bytes_go_both_ways_with_every_value(server: DeviceServer) -> None:
    sent = bytes(range(256))
    with closing(opened(server, "?flow=none")) as port:
        port.write(sent)
        taken = b""
        while len(taken) < len(sent):
            taken += os.read(server.line, len(sent))
        assert taken == sent
        os.write(server.line, b"\xff\x1br0")
        heard = b""
        while len(heard) < 4:
            heard += port.read(3, 5.0)
        assert heard == b"\xff\x1br0"


@pytest.mark.parametrize(
    ("query", "bits", "waits_for_cts", "stops_at_xoff"),
    [
        ("", (9600, 8, "N", 1), True, False),
        ("?baud=19200&data=7&parity=even&stop=2&flow=xon", (19200, 7, "E", 2), False, True),
        ("?baud=115200&parity=odd&flow=none", (115200, 8, "O", 1), False, False),
    ],
)
def test_the_server_is_told_the_settings(
    server: DeviceServer, query: str, bits: tuple[int, int, str, int], waits_for_cts: bool, stops_at_xoff: bool
) -> None:
    with closing(opened(server, query)):
        device: Any = server.device
        assert (device.baudrate, device.bytesize, device.parity, device.stopbits) == bits
        assert (device.rtscts, device.xonxoff) == (waits_for_cts, stops_at_xoff)


def test_bytes_of_an_earlier_session_are_thrown_away(server: DeviceServer) -> None:
    with closing(opened(server, "?flow=none")) as port:
        port.write(b"x")
        assert os.read(server.line, 1) == b"x"
    os.write(server.line, b"late answer")
    with closing(opened(server, "?flow=none")) as port:
        os.write(server.line, b"new")
        heard = b""
        while len(heard) < 3:
            heard += port.read(16, 5.0)
        assert heard == b"new"


def test_silence_is_no_bytes(server: DeviceServer) -> None:
    with closing(opened(server)) as port:
        assert port.read(10, 0.0) == b""
        assert port.read(10, 0.01) == b""


def test_a_close_ends_a_read_that_waits(server: DeviceServer) -> None:
    port = opened(server)
    troubles: list[PortTrouble] = []
    thread = threading.Thread(target=lambda: troubles.append(trouble_of(lambda: port.read(1, 600.0)).trouble))
    thread.start()
    port.close()
    port.close()
    thread.join(10.0)
    assert troubles == [PortTrouble.UNPLUGGED]
    assert trouble_of(lambda: port.write(b"x")).trouble is PortTrouble.UNPLUGGED


def test_a_server_that_hangs_up_is_unplugged_and_works_again(server: DeviceServer) -> None:
    with closing(opened(server)) as port:
        server.hang_up()
        assert trouble_of(lambda: port.read(1, 60.0)).trouble is PortTrouble.UNPLUGGED
    with closing(opened(server, "?flow=none")) as port:
        port.write(b"again")
        assert os.read(server.line, 16) == b"again"


def test_a_host_that_refuses_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = trouble_of(lambda: open_port(f"rfc2217://127.0.0.1:{port}"))
    assert error.cause == "ECONNREFUSED: Connection refused"


def test_a_host_that_speaks_something_else_is_named_so() -> None:
    """It takes the connection and says nothing: within three seconds it is clear that it speaks another protocol."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = trouble_of(lambda: open_port(f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"))
    assert error.trouble is PortTrouble.UNPLUGGED
    assert error.cause == "EPROTO: it does not speak RFC 2217"
