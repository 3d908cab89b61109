"""The cable at the pace of a serial line: judged by a clock of its own where that is possible."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.ports.port import open_port
from drivers.simulator.machine import INPUT_BUFFER
from drivers.simulator.paced_cable import PacedCable
from drivers.simulator.paper import Paper
from drivers.simulator.running import SimulatedPace, Simulator, open_cable
from tests.drivers.workbench import RULER, WAIT

BYTE = 0.5
"""Seconds of a byte by the clock of the test."""


class Host:
    """The cable below: `coming` lies ready, and to wait for more lets the clock go on."""

    address = "here"

    def __init__(self) -> None:
        self.now = 100.0
        self.coming = b""
        self.gone = False
        self.sent = b""
        self.sent_at: list[float] = []
        self.arrived = threading.Event()
        self.expected = 0

    def clock(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        if not self.coming:
            assert timeout is not None or self.gone, "nothing would ever come"
            self.now += timeout or 0.0
        return True

    def read(self, limit: int) -> bytes | None:
        data, self.coming = self.coming[:limit], self.coming[limit:]
        return None if self.gone and not data else data

    def send(self, data: bytes) -> None:
        self.sent += data
        self.sent_at += [time.monotonic()] * len(data)
        if len(self.sent) >= self.expected:
            self.arrived.set()

    def drop(self) -> None:
        self.coming = b""

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def host() -> Host:
    return Host()


def test_each_byte_of_the_host_takes_its_time_and_none_is_lost(host: Host) -> None:
    cable = PacedCable(host, BYTE, host.clock)
    host.coming = b"0123456789"
    read = b""
    while len(read) < 10:
        assert cable.wait()
        read += cable.read(256) or b""
        assert len(read) <= (host.now - 100.0) / BYTE
    assert (read, host.now) == (b"0123456789", 100.0 + 10 * BYTE)
    cable.stop()
    cable.close()


def test_a_wait_ends_in_time_without_a_byte(host: Host) -> None:
    cable = PacedCable(host, BYTE, host.clock)
    assert cable.wait(3.0)
    assert (cable.read(256), host.now) == (b"", 103.0)
    cable.stop()
    assert not cable.wait()
    cable.close()


def test_a_host_that_hung_up_is_noticed_behind_its_last_byte(host: Host) -> None:
    cable = PacedCable(host, BYTE, host.clock)
    host.coming, host.gone = b"ab", True
    heard: list[bytes | None] = []
    while not heard or heard[-1] is not None:
        assert cable.wait()
        heard.append(cable.read(256))
    assert b"".join(part for part in heard if part) == b"ab"
    cable.stop()
    cable.close()


def test_answers_leave_one_after_the_other(host: Host) -> None:
    host.expected = 7
    cable = PacedCable(host, 0.01)
    began = time.monotonic()
    cable.send(b"\x1br0")
    cable.send(b"\x1bB52")
    assert host.arrived.wait(WAIT)
    cable.stop()
    cable.close()
    assert host.sent == b"\x1br0\x1bB52"
    assert all(at - began >= 0.01 * number for number, at in enumerate(host.sent_at, 1))


def test_a_loss_of_power_forgets_what_comes_and_what_was_answered_arrives(host: Host) -> None:
    cable = PacedCable(host, BYTE, host.clock)
    host.coming = b"0123"
    assert cable.wait()
    cable.send(b"\x1br0")
    cable.drop()
    assert host.sent == b"\x1br0"
    host.now += 100.0
    assert cable.read(256) == b""
    cable.stop()
    cable.close()


@pytest.mark.parametrize("byte", [0.0, 0.00001])
def test_while_the_head_moves_the_buffer_is_filled_and_no_further(tmp_path: Path, byte: float) -> None:
    profile = builtin_pr2()
    pace = SimulatedPace(byte, WAIT)
    paper = Paper(tmp_path / "paper.json")
    with Simulator(profile, open_cable("tcp://127.0.0.1:0"), paper, pace=pace) as simulator:
        machine = simulator.machine
        port = open_port(simulator.address)
        port.write(b"\x1bn\x1bS5\x1bQ036\x1bZ\x1b.")
        assert machine.wait("document-wanted", 0, WAIT)
        machine.insert("B1", 3, RULER)
        port.write(b"\x1b/10200ab\r" + b"x" * (INPUT_BUFFER + 50))
        assert machine.wait("struck", 0, WAIT)
        received = machine.state().received
        until = time.monotonic() + WAIT
        while machine.has_room and time.monotonic() < until:
            machine.wait("nothing", 0, 0.001)
        assert not machine.has_room
        assert machine.state().received == received
        port.close()
