"""A branch of real processes in which a terminal has an agent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from demo.world import COMMAND_TIMEOUT, LOG_LOOK, PROJECT, READY_TIMEOUT, Terminal, World

STATEMENT = PROJECT / "demo" / "statement.csv"
NOTICE = PROJECT / "demo" / "notice.txt"


class AgentProcess:
    """`teller agent` of one terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.log_file = terminal.home / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until its door is open."""
        before = self.log().count('"ready"')
        command = [part for part in self.terminal.command("agent") if part != "--json"]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: self.log().count('"ready"') > before or self._process.poll() is not None, self.log)  # type: ignore[union-attr]
        assert self._process.poll() is None, self.log()

    def log(self) -> str:
        """All that it logged."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def await_log(self, event: str, count: int = 1) -> None:
        """Wait until its log told of `event` so often."""
        until(lambda: self.log().count(f'"{event}"') >= count, self.log)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """End it by SIGTERM; its exit code."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGTERM)
        code = self._process.wait(COMMAND_TIMEOUT)
        self._process = None
        return code


class AgentWorld:
    """One branch with one terminal `counter-1`, whose agent is `agent`."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)

    def __enter__(self) -> Self:
        """Build all of it and start appliance and agent."""
        self.world.build()
        self.terminal = self.world.enroll("counter-1")
        self.terminal.run("keys", "add", "--new")
        self.agent = AgentProcess(self.terminal)
        return self

    def power_up(self, extra: str = "", config: str = "") -> None:
        """Start the appliance with `extra` configuration, and the agent with its `config`."""
        (self.terminal.home / "agent.toml").write_text(config)
        self.world.write_config(extra=extra)
        self.world.start_appliance()
        self.agent.start()
        self.agent.await_log("appliance-reached")

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.agent.kill()
        self.world.close()

    def jobs(self) -> list[dict[str, Any]]:
        """What `teller jobs` lists."""
        return list(self.terminal.run("jobs"))


def until(is_so: Callable[[], bool], why: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + READY_TIMEOUT
    while not is_so():
        assert time.monotonic() < deadline, str(why())[-4000:]
        time.sleep(LOG_LOOK)


def events_of(output: str) -> list[dict[str, Any]]:
    """The JSON lines of a command."""
    return [json.loads(line) for line in output.splitlines()]
