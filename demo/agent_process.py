"""`teller agent` of one terminal as a real process."""

from __future__ import annotations

import subprocess

from demo.world import COMMAND_TIMEOUT, PROJECT, Terminal, await_fact


class AgentProcess:
    """`teller agent` of one terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.log_file = terminal.home / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it with these `options`, and wait until its door is open."""
        before = self.log().count('"ready"')
        command = [part for part in self.terminal.command("agent", *options) if part != "--json"]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        process = self._process
        await_fact(lambda: self.log().count('"ready"') > before or process.poll() is not None, self.log)
        if process.poll() is not None:
            raise RuntimeError(f"the agent has ended: {self.log()[-2000:]}")

    def log(self) -> str:
        """All that it logged."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def await_log(self, event: str, count: int = 1) -> None:
        """Wait until its log told of `event` so often."""
        await_fact(lambda: self.log().count(f'"{event}"') >= count, self.log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    def kill(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """End it by SIGTERM; its exit code."""
        process = self._running()
        process.terminate()
        code = process.wait(COMMAND_TIMEOUT)
        self._process = None
        return code

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the agent was not started")
        return self._process
