from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.ports.port import Port, PortError, PortTrouble, open_port


def trouble_of(operation: Callable[[], object]) -> PortTrouble:
    with pytest.raises(PortError) as caught:
        operation()
    return caught.value.trouble


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


@pytest.mark.slow
def test_a_side_that_takes_no_bytes_is_silent(cable: Line) -> None:
    assert trouble_of(lambda: cable.port.write(bytes(8_000_000))) is PortTrouble.SILENT


@pytest.mark.slow
def test_a_device_that_is_ready_for_bytes_and_takes_none_is_silent(
    cable: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's driver for USB printers says so of one without paper."""

    def take_none(*_: object) -> int:
        raise BlockingIOError

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", take_none)
        assert trouble_of(lambda: cable.port.write(b"x")) is PortTrouble.SILENT


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


SETTINGS = [
    ("", termios.B9600, 0, True, False),
    ("?baud=19200", termios.B19200, 0, True, False),
    ("?baud=115200&stop=2&flow=none", termios.B115200, termios.CSTOPB, False, False),
    ("?flow=xon", termios.B9600, 0, False, True),
]


@pytest.mark.parametrize(("query", "speed", "stop", "waits_for_cts", "stops_at_xoff"), SETTINGS)
def test_a_serial_line_gets_its_settings(
    query: str, speed: int, stop: int, waits_for_cts: bool, stops_at_xoff: bool
) -> None:
    master, slave = os.openpty()
    with closing(open_port(f"serial://{os.ttyname(slave)}{query}")):
        comes, _, flags, own, taken, given, _ = termios.tcgetattr(slave)
        assert (taken, given) == (speed, speed)
        assert flags & termios.CSTOPB == stop
        assert bool(flags & termios.CRTSCTS) is waits_for_cts
        assert (comes & (termios.IXON | termios.IXOFF) != 0) is stops_at_xoff
        assert not own & (termios.ECHO | termios.ICANON | termios.ISIG)
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("setting", ["data=7", "parity=even", "parity=odd"])
def test_a_setting_that_the_device_does_not_take_is_no_open_port(setting: str) -> None:
    """A pseudo terminal has eight bits without parity.  A line with other settings than asked for garbles text."""
    master, slave = os.openpty()
    with pytest.raises(PortError) as caught:
        open_port(f"serial://{os.ttyname(slave)}?{setting}")
    assert caught.value.cause.startswith("EINVAL: ")
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize(
    ("query", "flags"),
    [
        ("data=7&parity=even", termios.CS7 | termios.PARENB),
        ("parity=odd&stop=2", termios.CS8 | termios.PARENB | termios.PARODD | termios.CSTOPB),
    ],
)
def test_data_bits_and_parity_are_asked_of_the_device(query: str, flags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo terminal keeps neither, so the device's own memory is stood in for."""
    master, slave = os.openpty()
    asked: list[list[Any]] = [termios.tcgetattr(slave)]
    monkeypatch.setattr(termios, "tcsetattr", lambda _line, _when, settings: asked.append(settings))
    monkeypatch.setattr(termios, "tcgetattr", lambda _line: asked[-1])
    with closing(open_port(f"serial://{os.ttyname(slave)}?{query}&flow=none")):
        held = asked[-1][2]
        assert held & (termios.CSIZE | termios.PARENB | termios.PARODD | termios.CSTOPB) == flags
    os.close(slave)
    os.close(master)


def test_a_device_that_keeps_its_own_speed_is_no_open_port(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    own = termios.tcgetattr(slave)
    monkeypatch.setattr(termios, "tcgetattr", lambda _line: [*own[:4], termios.B300, termios.B300, own[6]])
    with pytest.raises(PortError) as caught:
        open_port(f"pty://{os.ttyname(slave)}")
    assert caught.value.cause == "EINVAL: the device does not take baud=9600"
    os.close(slave)
    os.close(master)


def test_no_other_program_gets_at_a_serial_line_that_is_open() -> None:
    """TIOCEXCL holds off also programs that know of no lock; root may pass, so the flag itself is asked for."""
    master, slave = os.openpty()
    with closing(open_port(f"serial://{os.ttyname(slave)}?flow=none")):
        assert is_exclusive(slave)
    assert not is_exclusive(slave)
    os.close(slave)
    os.close(master)


def is_exclusive(line: int) -> bool:
    """Whether the system lets no further program open a line (TIOCGEXCL)."""
    return bool(int.from_bytes(fcntl.ioctl(line, 0x80045440, bytes(4)), sys.byteorder))


def test_bytes_of_an_earlier_session_are_thrown_away() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.write(master, b"late answer")
    with closing(open_port(f"pty://{os.ttyname(slave)}")) as port:
        os.write(master, b"new")
        assert port.read(16, 5.0) == b"new"
    os.close(slave)
    os.close(master)


def test_bytes_that_a_printer_held_off_are_not_sent_to_the_next_session() -> None:
    master, slave = os.openpty()
    url = f"serial://{os.ttyname(slave)}?flow=xon"
    with closing(open_port(url, write_timeout=0.1)) as port:
        os.write(master, b"\x13")
        termios.tcdrain(master)
        assert trouble_of(lambda: port.write(bytes(1_000_000))) is PortTrouble.SILENT
    os.set_blocking(master, False)
    with suppress(BlockingIOError):
        while os.read(master, 65_536):
            pass
    with closing(open_port(url)) as port:
        port.write(b"new")
        os.set_blocking(master, True)
        assert os.read(master, 16) == b"new"
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
        "ENOTTY: it is no serial device",
        "ENOENT: No such file or directory",
    ]


def test_a_host_that_refuses_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PortError) as caught:
        open_port(f"tcp://127.0.0.1:{port}")
    assert caught.value.cause == "ECONNREFUSED: Connection refused"


def test_a_host_that_is_not_known_says_so() -> None:
    with pytest.raises(PortError) as caught:
        open_port("tcp://no-such-host.invalid:9100")
    assert caught.value.cause.startswith("EAI_")
    assert "not known" in caught.value.cause or "failure in name resolution" in caught.value.cause


@pytest.mark.parametrize(
    ("error", "trouble", "cause"),
    [
        (PermissionError(errno.EACCES, "x"), PortTrouble.UNPLUGGED, "EACCES: Permission denied"),
        (OSError(errno.EBUSY, "x"), PortTrouble.UNPLUGGED, "EBUSY: another program uses it"),
        (TimeoutError("timed out"), PortTrouble.SILENT, "ETIMEDOUT: no answer came in time"),
        (OSError(errno.ETIMEDOUT, "x"), PortTrouble.SILENT, "ETIMEDOUT: no answer came in time"),
        (OSError(errno.EHOSTUNREACH, "x"), PortTrouble.UNPLUGGED, "EHOSTUNREACH: No route to host"),
        (termios.error(errno.EIO, "x"), PortTrouble.UNPLUGGED, "EIO: Input/output error"),
    ],
)
def test_each_error_of_the_system_has_its_name_and_its_words(
    error: Exception, trouble: PortTrouble, cause: str
) -> None:
    told = PortError.of(error)
    assert (told.trouble, told.cause) == (trouble, cause)


@pytest.mark.parametrize("kind", ["folder", "file", "null", "pty", "none"])
def test_only_a_usb_printer_of_the_kernel_is_one(tmp_path: Path, kind: str) -> None:
    master, slave = os.openpty()
    (tmp_path / "file").touch()
    paths = {
        "folder": tmp_path,
        "file": tmp_path / "file",
        "null": "/dev/null",
        "pty": os.ttyname(slave),
        "none": tmp_path / "none",
    }
    with pytest.raises(PortError) as caught:
        open_port(f"usblp://{paths[kind]}")
    named = "ENOENT: No such file or directory" if kind == "none" else "ENODEV: it is no USB printer"
    assert caught.value.cause.startswith(named)
    os.close(slave)
    os.close(master)
