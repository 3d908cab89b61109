"""A printer that is plugged in: its desk looks at once, and the log says why one cannot be reached."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.ports import hot_plug
from drivers.ports.port import PortError, PortTrouble
from drivers.session import DocumentSession
from drivers.stop import MechanismStop
from firmware.config.configuration import PrinterConfig
from firmware.config.layouts import load_layouts
from passbook.protocol.media import Device
from spooler import desk as desk_module
from spooler.desk import PrintDesk
from spooler.news import News, PrinterChanged
from spooler.plugging import noticed_plugging
from spooler.printer import Printer
from tests.drivers.words import WordPrinter, Words
from tests.firmware.branch import WAIT, Bench

NAME = "words-1"


class Window:
    """A printer that is not plugged in, with its desk."""

    def __init__(self, folder: Path) -> None:
        self.cause = "ENOENT: No such file or directory"
        self.tries = 0
        self._far_side = WordPrinter()
        self._changed = threading.Condition()
        self._seen: list[Device] = []
        bench = Bench(folder)
        bench.listen = self._listen
        settings = PrinterConfig(NAME, "tcp://127.0.0.1:1", code_page="ascii")
        printer = Printer(settings, Words(), load_layouts(None), connect=self._connect, tell=bench.hear)
        self.desk = PrintDesk(printer, jobs=bench.jobs, clock=bench.clock, tell=bench.hear)
        self.bench = bench

    def _connect(self) -> DocumentSession:
        with self._changed:
            self.tries += 1
            self._changed.notify_all()
        if self.cause:
            raise MechanismStop.at_port(PortError(PortTrouble.UNPLUGGED, self.cause))
        return DocumentSession(self._far_side, Words(), code_page="ascii", clock=time.monotonic)

    def _listen(self, news: News) -> None:
        if isinstance(news, PrinterChanged):
            with self._changed:
                self._seen.append(news.view.status.device)
                self._changed.notify_all()

    def await_tries(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries >= count, WAIT)

    def await_online(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: Device.ONLINE in self._seen, WAIT)


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setattr(desk_module, "RETRY", 3600.0)
    found = Window(tmp_path)
    yield found
    found.desk.stop()
    found.bench.spool.close()


def test_a_desk_looks_at_once_when_a_device_appears(window: Window) -> None:
    window.desk.start()
    window.await_tries(1)
    window.desk.look_again()
    window.await_tries(2)
    window.cause = ""
    window.desk.look_again()
    window.await_online()


def test_each_cause_is_in_the_log_once(window: Window, caplog: pytest.LogCaptureFixture) -> None:
    window.desk.start()
    window.await_tries(1)
    window.desk.look_again()
    window.await_tries(2)
    window.cause = "EBUSY: another program uses it"
    window.desk.look_again()
    window.await_tries(3)
    window.desk.stop()
    told = [vars(record)["facts"]["why"] for record in caplog.records if record.getMessage() == "mechanism-stopped"]
    assert told == [
        "port-unplugged: ENOENT: No such file or directory",
        "port-unplugged: EBUSY: another program uses it",
    ]


class Told:
    """Stands in for the system's news of devices."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def fileno(self) -> int:
        return self.near.fileno()

    def has_appeared(self) -> bool:
        return self.near.recv(64) == b"add"


def test_only_a_device_that_appears_wakes_the_desks(monkeypatch: pytest.MonkeyPatch) -> None:
    news = Told()
    monkeypatch.setattr(hot_plug, "DeviceNews", lambda: news)
    heard: list[str] = []

    async def plug() -> None:
        appeared = asyncio.Event()

        def note() -> None:
            heard.append("appeared")
            appeared.set()

        with noticed_plugging(["tcp://127.0.0.1:1", "serial:///dev/ttyUSB0"], note):
            for action in (b"remove", b"change", b"add"):
                news.far.send(action)
            await asyncio.wait_for(appeared.wait(), WAIT)

    with news.near, news.far:
        asyncio.run(plug())
    assert heard == ["appeared"]


def test_without_a_device_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "drivers.ports.hot_plug", None)
    with noticed_plugging(["tcp://127.0.0.1:1", "rfc2217://127.0.0.1:2", "pty:///run/x"], lambda: None):
        pass


@pytest.mark.parametrize("missing", [ImportError("No library named udev"), OSError("Could not create udev monitor")])
def test_a_machine_without_udev_says_so_once_and_goes_on(
    missing: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise missing

    monkeypatch.setattr(hot_plug, "DeviceNews", refuse)
    with noticed_plugging(["usb://04b8:0202/A1", "serial:///dev/ttyUSB0"], lambda: None):
        pass
    [told] = caplog.records
    assert (told.getMessage(), vars(told)["facts"]["why"]) == ("plugging-not-noticed", str(missing))
