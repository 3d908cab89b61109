"""`teller` as its users run it, and an enrolled terminal whose appliance answers from a script."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from firmware.identity import pki
from passbook.errors import PassbookError
from passbook.job.states import JobState
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import (
    PrinterView,
    StatusReport,
)
from passbook.protocol.notice import HistoryHead
from terminal.__main__ import main
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.samples import TWENTY, question, stopped, view

COMPLETED = view(state=JobState.COMPLETED)

HEAD = HistoryHead("a", 7, bytes(range(32)))


class Said(NamedTuple):
    """How one run of `teller` ended and what it wrote."""

    code: int
    out: str
    err: str


class Teller:
    """A terminal's folder and the `teller` command that works on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self._passphrase = folder.with_name(f"{folder.name}.passphrase")
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text("open sesame\n")

    def run(self, *words: str | Path) -> Said:
        arguments = [str(word) for word in words]
        options = ["--home", str(self.folder), "--passphrase-file", str(self._passphrase)]
        try:
            code = main([*arguments, *options])
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        return Said(code, *self._capsys.readouterr())

    def json(self, *words: str | Path) -> Any:
        said = self.run(*words, "--json")
        assert said.code == 0, said.err
        return json.loads(said.out.splitlines()[-1])


@pytest.fixture
def teller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Teller:
    return Teller(tmp_path / "home", capsys)


@contextmanager
def appliance(branch: Branch, fake: FakeAppliance) -> Iterator[FakeAppliance]:
    """Serve `fake` in a thread of its own, since `teller` brings its own event loop."""
    with in_a_thread(lambda: running(branch, fake)):
        yield fake


@contextmanager
def in_a_thread(serving: Callable[[], AbstractAsyncContextManager[FakeAppliance]]) -> Iterator[None]:
    """Serve in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with serving():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        loop.close()


def enroll(branch: Branch, teller: Teller, name: str, address: str = "127.0.0.1:1") -> None:
    request = Path(teller.json("enroll", "--name", name)["request"])
    signed = teller.folder / "signed.pem"
    now = dt.datetime.now(dt.UTC)
    with suppress(PassbookError):
        pki.revoke(branch.ca, name, now)
    signed.write_bytes(pki.sign_request(branch.ca, request.read_bytes(), name, representative=False, now=now))
    finish(branch, teller, address)


def finish(branch: Branch, teller: Teller, address: str) -> None:
    files = "--certificate", teller.folder / "signed.pem", "--ca", branch.config / pki.AUTHORITY
    assert teller.run("enroll", *files, "--address", address).code == 0


@pytest.fixture
def enrolled(branch: Branch, teller: Teller) -> Iterator[tuple[Teller, FakeAppliance]]:
    """A terminal that is enrolled with a running appliance and has the key `key-a`."""
    enroll(branch, teller, "till-9")
    assert teller.run("keys", "new", "key-a").code == 0
    with appliance(branch, FakeAppliance()) as fake:
        finish(branch, teller, f"127.0.0.1:{fake.address.port}")
        yield teller, fake


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text("Closing time is 16:00.\n")
    return path


def printing(fake: FakeAppliance, *events: tuple[str, Any]) -> None:
    printer = PrinterView("window-1", MechanismStatus(Device.ONLINE, Media.NOT_PRESENT), 0)
    fake.answers["Common.Status"] = lambda _: StatusReport((printer,))
    fake.answers["Spooler.SubmitJob"] = lambda _: view(steps=2)
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": []}
    fake.greet = list(events)


def asking(fake: FakeAppliance, **changes: Any) -> None:
    asked = question(stopped(11, 12), TWENTY, **changes)
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [asked]}
    fake.answers["Recovery.AnswerQuestion"] = lambda _: view(confirmed=11)
    fake.answers["Spooler.GetJob"] = lambda payload: view(job=payload["job"])
