"""A branch in a folder: a simulated mechanism, an appliance, terminals; every one of them a real process.

The demo and the scenario tests act here as people do: through `teller` and `passbookctl`, and at the mechanism.
They judge by the paper file.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from demo.people import Printing
from drivers.simulator.control import SimulatorControl
from drivers.simulator.paper import Paper, Ruler
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout

PROJECT: Final = Path(__file__).resolve().parent.parent
PRINTER: Final = "window-1"
READY_TIMEOUT: Final = 60.0
"""Seconds until a process must say that it is ready."""
READY_LOOK: Final = 0.5
"""Seconds between two looks whether a process has ended before it was ready."""
LOG_LOOK: Final = 0.05
"""Seconds between two looks into the log."""
LOG_SHOWN: Final = 2000
"""The characters of a log to show when a process did not start."""
COMMAND_TIMEOUT: Final = 60.0
"""Seconds for a command that waits for no person."""


class CommandFailed(Exception):  # noqa: N818 - says what happened
    """A command ended with another code than 0.

    Attributes:
        code: its exit code.
        output: its standard output.
        error: its standard error.
    """

    def __init__(self, command: Sequence[str], code: int, output: str, error: str) -> None:
        self.code = code
        self.output = output.strip()
        self.error = error
        super().__init__(f"{' '.join(command)} ended with {code}: {error.strip()}")

    @property
    def error_code(self) -> str:
        """The stable code that the command named."""
        with contextlib.suppress(ValueError, KeyError):
            return str(json.loads(self.error.strip().splitlines()[-1])["errorCode"])
        return ""


class World:
    """One branch. `close` ends every process that it starts."""

    def __init__(
        self,
        folder: Path,
        *,
        pace: str = "fast",
        grace: float = 1.0,
        answer_timeout: float = 2.0,
        program: Sequence[str] = ("-m", "firmware"),
        dialect: str = "pr2",
        has_line: bool = False,
        mechanism: Sequence[str] = (),
        layouts: Path | None = None,
        address: str = "",
    ) -> None:
        """`folder` must be empty and its path short (a Unix socket has 107 bytes); times are seconds.

        With `has_line` the mechanism hangs at a pseudo terminal in place of a port on the network.
        `mechanism` are further arguments of the simulator, for its own set-up.
        `program` are the interpreter's arguments that start the appliance.  Its folder for the mark is `state`, which
        may be changed until the configuration is written.  `dialect` is the language of the printer.
        `layouts` is the operator's folder of layouts.  `address` is that of the appliance, or one that is free.
        """
        self.folder = folder
        self.pace = pace
        self._dialect = dialect
        self._listen = f"pty://{folder}/line" if has_line else "tcp://127.0.0.1:0"
        self.paper_file = folder / "paper.json"
        self.config_file = folder / "etc" / "passbook.toml"
        self.data = folder / "data"
        self.state = folder / "state"
        self.log_file = folder / "passbookd.log"
        self._ca = folder / "ca"
        self._times = (grace, answer_timeout)
        self._program = program
        self._mechanism = mechanism
        self._layouts = layouts
        self.address = address or f"{own_host()}:{free_port()}"
        self._simulator: subprocess.Popen[str] | None = None
        self.simulator_url = ""
        self._appliance: subprocess.Popen[bytes] | None = None
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(folder / "notify"))
        self._notices.settimeout(READY_LOOK)
        self._printings: list[Printing] = []

    # Setting up

    def build(self) -> None:
        """The authority, the appliance's files and its configuration; the mechanism runs, the appliance does not."""
        for name in ("data/a", "data/b", "terminals", "etc"):
            (self.folder / name).mkdir(parents=True)
        self._ctl("pki", "init", "--ca", str(self._ca), "--config-dir", str(self.config_file.parent),
                  "--name", "demo-appliance", "--host", "127.0.0.1", self.address.partition(":")[0])  # fmt: skip
        self.start_simulator()

    def build_like(self, other: World) -> None:
        """The branch of `other` once more: the same authority, terminals and key rings, and an empty store."""
        for name in ("ca", "etc", "terminals"):
            shutil.copytree(other.folder / name, self.folder / name)
        for settings in (self.folder / "terminals").glob("*/terminal.toml"):
            settings.write_text(settings.read_text().replace(other.address, self.address))
        for name in ("data/a", "data/b"):
            (self.folder / name).mkdir(parents=True)
        self.start_simulator()

    def terminal(self, name: str) -> Terminal:
        """The terminal of that name, which is enrolled already."""
        return Terminal(self, name)

    def enroll(self, name: str, *, representative: bool = False) -> Terminal:
        """Enroll a terminal with a key ring of its own and a certificate of the branch."""
        terminal = Terminal(self, name)
        role = ["--representative"] if representative else []
        terminal.run("enroll", "--name", name, *role)
        certificate = terminal.home / "signed.pem"
        self._ctl("enroll", str(terminal.home / "request.pem"), "--ca", str(self._ca), "--name", name,
                  "--out", str(certificate), *role)  # fmt: skip
        authority = self.config_file.parent / "ca.pem"
        terminal.run("enroll", "--certificate", str(certificate), "--ca", str(authority), "--address", self.address,
                     "--server-name", "demo-appliance")  # fmt: skip
        return terminal

    def revoke(self, name: str) -> None:
        """Put a terminal on the revocation list, and tell a running appliance."""
        crl = self.config_file.parent / "revoked.pem"
        self.ctl("revoke", name, "--ca", str(self._ca), "--out", str(crl))

    def write_config(
        self,
        recovery_public: Path | None = None,
        extra: str = "",
        quota: str = "64 MiB",
        *,
        own_key_jobs: bool = False,
        printer: str = "",
    ) -> None:
        """The configuration of the appliance; `extra` is appended TOML, `quota` is that of each area.

        `own_key_jobs`: it takes jobs without a requester's key.  `printer`: further lines of its printer.
        """
        grace, answer_timeout = self._times
        recovery = f'recovery_public = "{recovery_public}"\n' if recovery_public else ""
        layouts = f'layouts = "{self._layouts}"\n' if self._layouts else ""
        self.config_file.write_text(
            f'appliance = "demo-appliance"\ncontrol = "{self.folder}/control"\nstate = "{self.state}"\n{layouts}'
            f'[[area]]\nname = "a"\npath = "{self.data}/a"\nquota = "{quota}"\n'
            f'[[area]]\nname = "b"\npath = "{self.data}/b"\nquota = "{quota}"\n'
            f'[[printer]]\nname = "{PRINTER}"\nport = "{self.simulator_url}"\ndialect = "{self._dialect}"\n{printer}'
            f'[terminals]\nlisten = "{self.address}"\ncertificate = "server.pem"\nkey = "server-key.pem"\n'
            f'ca = "ca.pem"\nrevoked = "revoked.pem"\n'
            f'[keys]\nappliance = "appliance.key"\n{recovery}own_key_jobs = {str(own_key_jobs).lower()}\n'
            f"[recovery]\ngrace = {grace}\nanswer_timeout = {answer_timeout}\n{extra}"
        )

    # Power

    def start_simulator(self) -> None:
        """Start the mechanism; it goes on with the existing paper."""
        command = [sys.executable, "-m", "drivers.simulator", "run", "--listen", self._listen,
                   "--paper", str(self.paper_file), "--control", str(self.folder / "printer"),
                   "--pace", self.pace, "--line-seconds", "0.05", "--baud", "38400",
                   "--dialect", self._dialect, *self._mechanism]  # fmt: skip
        # It may outlive the process that started it, so it must not hold that process's streams.
        with (self.folder / "simulator.log").open("ab") as log:
            self._simulator = subprocess.Popen(
                command,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        if self._simulator.stdout is None:
            raise RuntimeError("no standard output")
        self.simulator_url = self._simulator.stdout.readline().split()[-1]

    def start_appliance(self) -> None:
        """Start the appliance and wait until it says that it is ready."""
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")}
        with self.log_file.open("ab") as log:
            command = [sys.executable, *self._program, "--config", str(self.config_file)]
            self._appliance = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_ready(self._appliance)

    def _await_ready(self, appliance: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in self._notices.recv(4096):
                    return
            if appliance.poll() is not None:
                break
        raise RuntimeError(f"the appliance is not ready: {self.log_file.read_text()[-LOG_SHOWN:]}")

    @property
    def appliance_pid(self) -> int:
        """Process id of the running appliance."""
        if self._appliance is None:
            raise RuntimeError("the appliance was not started")
        return self._appliance.pid

    def await_appliance_end(self) -> int:
        """Wait until the appliance is gone; return its exit code (negative: the signal)."""
        if self._appliance is None:
            raise RuntimeError("the appliance was not started")
        code = self._appliance.wait(COMMAND_TIMEOUT)
        self._appliance = None
        return code

    def await_log(self, event: str) -> None:
        """Wait until the appliance's log tells of `event`, in any start. Raises TimeoutError."""
        deadline = time.monotonic() + READY_TIMEOUT
        while event not in self.log_file.read_text():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the log does not tell of {event}")
            time.sleep(LOG_LOOK)

    def kill_appliance(self) -> None:
        """Cut the appliance's power now."""
        os.kill(self.appliance_pid, signal.SIGKILL)
        self.await_appliance_end()

    def stop_appliance(self) -> int:
        """End the appliance by the signal of systemd; return its exit code."""
        os.kill(self.appliance_pid, signal.SIGTERM)
        return self.await_appliance_end()

    def close(self) -> None:
        """End every process that runs."""
        for printing in self._printings:
            printing.kill()
        for process in (self._appliance, self._simulator):
            if process is not None:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
        self._appliance = self._simulator = None
        self._notices.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # People and paper

    @property
    def mechanism(self) -> SimulatorControl:
        """A person's hands at the mechanism; each person remembers the events that it has seen."""
        return SimulatorControl(self.folder / "printer")

    def put_in(self, book: str, page: int, layout: str) -> None:
        """A person without a terminal puts a book in when the mechanism wants one, and not before."""
        hands = self.mechanism
        await_fact(lambda: hands.state().is_awaited, hands.state)
        hands.insert(book, page, ruler_of(self.layout(layout)))

    @property
    def paper(self) -> Paper:
        """The present paper."""
        return Paper.load(self.paper_file)

    def ctl(self, *arguments: str) -> Any:
        """Run `passbookctl` at the running appliance; return its result."""
        return self._ctl("--control", str(self.folder / "control"), *arguments)

    def _ctl(self, *arguments: str) -> Any:
        return run_command([sys.executable, "-m", "firmware.ctl", "--json", *arguments])

    def layout(self, name: str) -> BookLayout:
        """The layout that the appliance has under that name: the operator's, or a shipped one."""
        own = self._layouts / f"{name}.toml" if self._layouts else None
        return read_layout(own) if own and own.exists() else shipped_layout(name)

    def verify_offline(self) -> list[Any]:
        """The findings of `passbookctl verify` in the areas of a stopped appliance; empty when all is well."""
        areas = [f"{name}={self.data / name}" for name in ("a", "b")]
        try:
            found = self._ctl("verify", "--areas", *areas, "--appliance", "demo-appliance",
                              "--appliance-key", str(self.config_file.parent / "appliance.key"))  # fmt: skip
        except CommandFailed as failed:
            return json.loads(failed.output) if failed.output else [failed.error]
        return list(found)

    def remember(self, printing: Printing) -> Printing:
        """End `printing` with the world."""
        self._printings.append(printing)
        return printing


class Terminal:
    """One teller's terminal: its folder, its passphrase file, and the `teller` command run there."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.home = world.folder / "terminals" / name
        self.home.mkdir(mode=0o700, exist_ok=True)
        self._world = world
        self.passphrase = f"only for {name}"
        self._passphrase_file = self.home / "passphrase"
        self._passphrase_file.touch(mode=0o600)
        self._passphrase_file.write_text(f"{self.passphrase}\n")

    def command(self, *arguments: str) -> list[str]:
        """The whole command line."""
        options = ["--home", str(self.home), "--passphrase-file", str(self._passphrase_file), "--json"]
        return [sys.executable, "-m", "terminal", *options, *arguments]

    def screen(self, *arguments: str) -> str:
        """The text that `teller` shows to a person."""
        command = [part for part in self.command(*arguments) if part != "--json"]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=True)
        return done.stdout

    def run(self, *arguments: str) -> Any:
        """Run `teller` to its end; return the last JSON value of its output. Raises CommandFailed."""
        return run_command(self.command(*arguments))

    def print_in_background(
        self, file: Path, book: str, layout: str, *arguments: str, at_once: bool = True
    ) -> Printing:
        """`teller print FILE`, and a person who follows its prompts with `book` in hand."""
        command = self.command("print", str(file), "--printer", PRINTER, *arguments)
        return self._follow(command, book, layout, at_once=at_once)

    def answer_in_background(self, job: str, book: str, layout: str, *arguments: str, at_once: bool = True) -> Printing:
        """`teller answer JOB --follow`, and a person who follows its prompts with `book` in hand."""
        return self._follow(self.command("answer", job, "--follow", *arguments), book, layout, at_once=at_once)

    def _follow(self, command: list[str], book: str, layout: str, *, at_once: bool) -> Printing:
        ruler = ruler_of(self._world.layout(layout))
        return self._world.remember(Printing(command, self._world.mechanism, book, ruler, at_once=at_once))


def run_command(command: Sequence[str]) -> Any:
    """Run a command of the product; return the last JSON value of its output. Raises CommandFailed."""
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False)
    if done.returncode != 0:
        raise CommandFailed(command, done.returncode, done.stdout, done.stderr)
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else None


def shipped_layout(name: str) -> BookLayout:
    """A layout that the product ships."""
    return read_layout(PROJECT / "passbook" / "layouts" / f"{name}.toml")


def read_layout(file: Path) -> BookLayout:
    """The layout in a file, which has its name."""
    return parse_layout(file.stem, file.read_bytes(), file.name)


def ruler_of(layout: BookLayout) -> Ruler:
    """The rules that a book of this layout has printed on its pages."""
    fold = layout.usual_page.fold
    after, gap = (None, 0) if fold is None else (fold.after, fold.gap_units)
    return Ruler(layout.first_y, layout.pitch_units, layout.lines_per_page, after, gap)


def await_fact(is_so: Callable[[], bool], why: Callable[[], object]) -> None:
    """Wait until something is so.  Raises TimeoutError with the words of `why`."""
    deadline = time.monotonic() + READY_TIMEOUT
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(str(why())[-LOG_SHOWN:])
        time.sleep(LOG_LOOK)


def own_host() -> str:
    """An address of this machine that no other world has.

    While an appliance is down its port is free, and another world that looks for a port could take it.
    """
    return f"127.{secrets.choice(range(1, 255))}.{secrets.choice(range(255))}.{secrets.choice(range(1, 255))}"


def free_port() -> int:
    """A free TCP port that the system gives only to a process that asks for it by number."""
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.choice(range(min(first_given, 32768) // 2, first_given))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def branch(folder: Path, **settings: Any) -> Iterator[World]:
    """A built world, with its configuration written."""
    with World(folder, **settings) as world:
        world.build()
        yield world
