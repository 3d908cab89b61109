"""Serial lines of a device server, judged by the server's half that the library brings."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.ports.port import Port, PortError, PortTrouble, open_port
from tests.drivers.rfc2217_server import DeviceServer


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


@pytest.mark.slow
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.slow
def test_silence_is_no_bytes(server: DeviceServer) -> None:
    with closing(opened(server)) as port:
        assert port.read(10, 0.0) == b""
        assert port.read(10, 0.01) == b""


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_server_that_hangs_up_is_unplugged_and_works_again(server: DeviceServer) -> None:
    with closing(opened(server)) as port:
        server.hang_up()
        assert trouble_of(lambda: port.read(1, 60.0)).trouble is PortTrouble.UNPLUGGED
    with closing(opened(server, "?flow=none")) as port:
        port.write(b"again")
        assert os.read(server.line, 16) == b"again"


def read_to_the_end(port: Port) -> PortError:
    while True:
        try:
            port.read(4096, 5.0)
        except PortError as error:
            return error


@pytest.mark.long
def test_a_server_that_breaks_the_rules_ends_its_line_and_nothing_else(server: DeviceServer) -> None:
    """An end of a negotiation that never began: the library's own thread must not take the appliance with it."""
    with closing(opened(server)) as port:
        server.send_raw(b"\xff\xf0")
        assert read_to_the_end(port).cause == "EPROTO: it breaks the rules of RFC 2217"
    opened(server).close()


NONSENSE = [b"\xff", b"\xff\xfa", b"\xff\xfa\x2c", b"\xff\xf0", b"\xff\xfb", b"\xff\xfd\x2c", b"\xff\xff"]


@pytest.mark.long
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=8) | st.sampled_from(NONSENSE), max_size=12))
def test_whatever_a_server_sends_is_bytes_or_a_trouble(server: DeviceServer, pieces: list[bytes]) -> None:
    with closing(opened(server)) as port:
        server.send_raw(b"".join(pieces))
        server.hang_up()
        assert read_to_the_end(port).trouble is PortTrouble.UNPLUGGED


def test_a_host_that_refuses_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = trouble_of(lambda: open_port(f"rfc2217://127.0.0.1:{port}"))
    assert error.cause == "ECONNREFUSED: Connection refused"


@pytest.mark.long
def test_a_host_that_speaks_something_else_is_named_so() -> None:
    """It takes the connection and says nothing: within three seconds it is clear that it speaks another protocol."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = trouble_of(lambda: open_port(f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"))
    assert error.trouble is PortTrouble.UNPLUGGED
    assert error.cause == "EPROTO: it does not speak RFC 2217"
