from __future__ import annotations

import fcntl
import os
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.ports.port import Flow, Port, PortError, PortTrouble, SerialLine, TcpAddress, open_port, parse_port_url


def trouble_of(operation: Callable[[], object]) -> PortTrouble:
    with pytest.raises(PortError) as caught:
        operation()
    return caught.value.trouble


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("tcp://10.0.0.5:9100", TcpAddress("10.0.0.5", 9100)),
        ("tcp://[::1]:9100", TcpAddress("::1", 9100)),
        ("serial:///dev/ttyUSB0", SerialLine("/dev/ttyUSB0", 9600, Flow.RTS)),
        ("serial:///dev/ttyS1?baud=19200&flow=xon", SerialLine("/dev/ttyS1", 19200, Flow.XON)),
        ("pty:///run/printer", SerialLine("/run/printer", 9600, Flow.NONE)),
    ],
)
def test_addresses_are_understood(url: str, meant: TcpAddress | SerialLine) -> None:
    assert parse_port_url(url) == meant


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/dev/ttyUSB0",
        "tcp://host",
        "tcp://host:port",
        "tcp://host:1/x",
        "usb://1",
        "serial://",
        "serial:///dev/x?baud=fast",
        "serial:///dev/x?baud=0",
        "serial:///dev/x?baud=9601",
        "serial:///dev/x?baud=99999999999",
        "serial:///dev/x?flow=dtr",
        "serial:///dev/x?parity=e",
        "serial:///dev/x?baud",
        "pty:///x?baud=1",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_port_url(url)


@dataclass
class Line:
    """Both ends of a line: ours is a Port, theirs a descriptor."""

    port: Port
    far: int

    def far_read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self.far, count - len(data))
        return data


@pytest.fixture(params=["tcp", "pty", "serial"])
def cable(request: pytest.FixtureRequest) -> Iterator[Line]:
    if request.param == "tcp":
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            port = open_port(f"tcp://127.0.0.1:{listener.getsockname()[1]}", write_timeout=0.2)
            far, _ = listener.accept()
        with far, closing(port):
            yield Line(port, far.fileno())
        return
    master, slave = os.openpty()
    tty.setraw(slave)
    flow = "?flow=none" if request.param == "serial" else ""
    with closing(open_port(f"{request.param}://{os.ttyname(slave)}{flow}", write_timeout=0.2)) as port:
        os.close(slave)
        yield Line(port, master)
    os.close(master)


def test_bytes_go_both_ways(cable: Line) -> None:
    sent = bytes(range(256))
    cable.port.write(sent)
    assert cable.far_read(256) == sent
    os.write(cable.far, b"\x1br0")
    assert cable.port.read(2, 5.0) == b"\x1br"
    assert cable.port.read(2, 5.0) == b"0"


def test_silence_is_no_bytes(cable: Line) -> None:
    assert cable.port.read(10, 0.0) == b""


def test_a_side_that_takes_no_bytes_is_silent(cable: Line) -> None:
    assert trouble_of(lambda: cable.port.write(bytes(8_000_000))) is PortTrouble.SILENT


def test_a_close_ends_a_read_that_waits(cable: Line) -> None:
    troubles: list[PortTrouble] = []
    thread = threading.Thread(target=lambda: troubles.append(trouble_of(lambda: cable.port.read(1, 600.0))))
    thread.start()
    cable.port.close()
    thread.join(10.0)
    assert troubles == [PortTrouble.UNPLUGGED]


def test_a_closed_port_is_unplugged(cable: Line) -> None:
    cable.port.close()
    cable.port.close()
    assert trouble_of(lambda: cable.port.read(1, 0.0)) is PortTrouble.UNPLUGGED
    assert trouble_of(lambda: cable.port.write(b"x")) is PortTrouble.UNPLUGGED


def test_nobody_at_the_address_is_unplugged() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        free = listener.getsockname()[1]
    assert trouble_of(lambda: open_port(f"tcp://127.0.0.1:{free}")) is PortTrouble.UNPLUGGED
    assert trouble_of(lambda: open_port("serial:///dev/there-is-none")) is PortTrouble.UNPLUGGED


def test_a_peer_that_hangs_up_is_unplugged() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = open_port(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        far, _ = listener.accept()
    with closing(port):
        far.close()
        assert trouble_of(lambda: port.read(1, 5.0)) is PortTrouble.UNPLUGGED


def test_a_pseudo_terminal_whose_other_side_is_gone_is_unplugged() -> None:
    master, slave = os.openpty()
    with closing(open_port(f"pty://{os.ttyname(slave)}")) as port:
        os.close(slave)
        os.close(master)
        assert trouble_of(lambda: port.read(1, 5.0)) is PortTrouble.UNPLUGGED
        assert trouble_of(lambda: port.write(b"x")) is PortTrouble.UNPLUGGED


def test_a_serial_line_belongs_to_one_owner() -> None:
    master, slave = os.openpty()
    url = f"pty://{os.ttyname(slave)}"
    with closing(open_port(url)):
        assert trouble_of(lambda: open_port(url)) is PortTrouble.UNPLUGGED
    open_port(url).close()
    os.close(slave)
    os.close(master)


def test_a_port_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """Busy, of another kind, missing: an engineer with a cable in the hand must be able to tell them apart."""
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX)
        causes = {}
        for path in (os.ttyname(slave), str(tmp_path), "/dev/null", str(tmp_path / "none")):
            with pytest.raises(PortError) as caught:
                open_port(f"pty://{path}")
            causes[path] = caught.value.cause
    finally:
        os.close(slave)
        os.close(master)
    assert list(causes.values()) == [
        "EAGAIN: another program uses it",
        "EISDIR: Is a directory",
        "it is no serial device",
        "ENOENT: No such file or directory",
    ]


def test_a_host_that_refuses_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PortError) as caught:
        open_port(f"tcp://127.0.0.1:{port}")
    assert caught.value.cause == "ECONNREFUSED: Connection refused"
