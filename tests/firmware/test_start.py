"""A start that cannot work ends with one line, code 5, and a closed store; one that half works says what is missing."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from client.control import ask
from drivers.dialects.known import DIALECTS
from drivers.stop import MechanismStop
from firmware.appliance import Appliance
from firmware.config.configuration import SMALLEST_AREA, Config, PrinterConfig
from firmware.config.loading import load_key, load_named
from firmware.system.notify import Notifier
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.messages import Nothing
from spooler.clock import SystemClock
from spooler.printer import connect_mechanism
from tests.firmware.branch import WAIT, Branch
from tests.firmware.test_loading import ROOT, edit, file_of, passbookd
from tests.firmware.test_orderly_end import job_in, run_to_the_end, terminate

pytestmark = pytest.mark.slow


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    branch = Branch(tmp_path)
    branch.config()
    return branch


def failed(branch: Branch) -> str:
    """The last line of a start that must fail; the lines before it are the log."""
    done = passbookd("--config", str(file_of(branch)))
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    *log, line = done.stderr.splitlines()
    events = [json.loads(one)["event"] for one in log]
    assert "ready" not in events
    return line


def assert_closed(branch: Branch) -> None:
    """The areas can be opened at once, and nothing is left in their logs."""
    assert not list(branch.folder.glob("?/*-wal"))
    run_to_the_end(branch.config())


def test_a_port_in_use_is_named(branch: Branch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        edit(branch, "127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}")
        line = failed(branch)
    assert "terminals.listen: " in line
    assert "Address already in use" in line
    assert_closed(branch)


@pytest.mark.long
@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", f"{'x' * 64}.example"])
def test_an_unknown_host_is_named(branch: Branch, host: str) -> None:
    edit(branch, "127.0.0.1:0", f"{host}:5846")
    assert "terminals.listen: " in failed(branch)
    assert_closed(branch)


def test_a_missing_folder_of_the_control_socket_is_named(branch: Branch) -> None:
    edit(branch, f"{branch.folder}/control", f"{branch.folder}/missing/control")
    line = failed(branch)
    assert f"control: {branch.folder}/missing/control cannot be listened at: No such file" in line
    assert_closed(branch)


BROKEN_CIPHER = """
import sys
from firmware.__main__ import main
from storage import self_test
self_test.AESGCM = None
sys.exit(main(sys.argv[1:]))
"""


def test_a_cipher_that_does_not_give_its_published_result_stops_the_start(branch: Branch) -> None:
    command = [sys.executable, "-c", BROKEN_CIPHER, "--config", str(file_of(branch))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 5
    [line] = done.stderr.splitlines()
    assert line.startswith("passbookd: The self-test failed: AES-256-GCM does not give the published result.")
    assert line.endswith("[self-test-failed]")
    assert not list(branch.folder.glob("*/area.sqlite")), "no area was touched"
    run_to_the_end(branch.config())
    assert list(branch.folder.glob("*/area.sqlite"))


def test_every_start_does_the_self_test_before_it_opens_anything(branch: Branch) -> None:
    edit(branch, f"{branch.folder}/control", f"{branch.folder}/missing/control")
    done = passbookd("--config", str(file_of(branch)))
    first = json.loads(done.stderr.splitlines()[0])
    assert (first["event"], first["count"]) == ("self-test", 5)


class WhenAsked(Notifier):
    """Asks for the status until the store has a problem and the printer, which is not there, too; then ends it."""

    def __init__(self, control: Path) -> None:
        super().__init__({})
        self._control = control
        self._asking: asyncio.Task[None] | None = None
        self.heard: dict[str, Any] = {}

    def ready(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        while len(self.heard.get("problems", ())) < 2:
            self.heard = await asyncio.to_thread(ask, self._control, "Common.Status", Nothing())
        terminate()


def status_of(config: Config) -> dict[str, Any]:
    asked = WhenAsked(config.control)

    async def life() -> None:
        async with asyncio.timeout(WAIT):
            loaded = load_named(config)
            await Appliance(config, load_key(config), loaded, clock=SystemClock(), notifier=asked).run()

    asyncio.run(life())
    return asked.heard


def test_a_job_that_was_set_aside_at_power_on_is_not_silent(branch: Branch, caplog: pytest.LogCaptureFixture) -> None:
    config = branch.config()
    job = job_in(branch)
    for name in ("a", "b"):
        connection = apsw.Connection(str(branch.folder / name / "area.sqlite"))
        connection.execute("UPDATE job SET version = 77")
        connection.close()
    problem, printer = status_of(config)["problems"]
    assert problem.startswith(f"Record {job} in area ")
    assert printer.startswith("Printer front does not answer: ECONNREFUSED")
    [facts] = [record.facts for record in caplog.records if record.getMessage() == "storage-problem"]  # type: ignore[attr-defined]
    assert (facts["code"], facts["job"]) == ("record-quarantined", job)


def test_a_nearly_full_spool_is_told_with_the_time_since_when(branch: Branch) -> None:
    config = branch.config("[spool]\nstop_at = 1\nstart_at = 1\n")
    for number in range(5):
        job_in(branch, f"r-{number}")
    areas = tuple(msgspec.structs.replace(area, quota=SMALLEST_AREA) for area in config.areas)
    heard = status_of(msgspec.structs.replace(config, areas=areas))
    [told] = [problem for problem in heard["problems"] if "spool" in problem]
    assert told.startswith("The spool of the appliance has taken no new document since 20")
    assert "below 1 percent" in told


def test_without_any_area_the_appliance_is_locked_and_says_why(branch: Branch) -> None:
    run_to_the_end(branch.config())
    (branch.etc / "appliance.key").write_text("ab" * 32)
    heard = status_of(branch.config())
    assert heard["areas"] == ["a: absent", "b: absent"]
    assert [f"does not fit area {name}." in str(heard["problems"]) for name in ("a", "b")] == [True, True]
    assert any("it is of another appliance key" in problem for problem in heard["problems"])


def test_a_port_is_given_back_when_no_session_comes_of_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        printer.settimeout(WAIT)
        settings = PrinterConfig("front", f"tcp://127.0.0.1:{printer.getsockname()[1]}", code_page="none")
        with pytest.raises(PassbookError, match="there is no code page none"):
            connect_mechanism(settings, DIALECTS["pr2"](), SystemClock())
        with printer.accept()[0] as line:
            line.settimeout(WAIT)
            assert line.recv(1) == b""


def test_a_port_that_cannot_be_made_sense_of_is_a_stop_with_its_cause() -> None:
    settings = PrinterConfig("front", "usb://no-number", code_page="cp858")
    with pytest.raises(MechanismStop) as caught:
        connect_mechanism(settings, DIALECTS["pr2"](), SystemClock())
    assert (caught.value.reason, caught.value.cause) == (Reason.UNPLUGGED, "ValueError")
