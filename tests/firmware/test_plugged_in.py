"""The running appliance hears of a device that is plugged in, and its status says why a port cannot be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.control import ask
from drivers.ports import hot_plug
from firmware.config.configuration import load_configuration
from firmware.system.notify import Notifier
from passbook.protocol.messages import Nothing
from spooler import desk
from spooler.clock import SystemClock
from tests.firmware.branch import WAIT, Branch
from tests.firmware.test_loading import edit, file_of
from tests.firmware.test_orderly_end import started, terminate
from tests.spooler.test_plugging import Told

pytestmark = pytest.mark.slow


class Watcher(Notifier):
    """Waits until the status tells a cause, then does the deed of that cause; the last one ends the appliance."""

    def __init__(self, control: Path, deeds: dict[str, Callable[[], object]]) -> None:
        super().__init__({})
        self._control = control
        self._deeds = deeds
        self._task: asyncio.Task[None] | None = None

    def ready(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        for cause, deed in self._deeds.items():
            while not any(cause in problem for problem in await self._problems()):
                pass
            deed()

    async def _problems(self) -> list[str]:
        told: dict[str, Any] = await asyncio.to_thread(ask, self._control, "Common.Status", Nothing())
        return list(told["problems"])


def test_a_device_that_is_plugged_in_is_tried_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    branch, news, device = Branch(tmp_path), Told(), tmp_path / "line"
    edit(branch, branch.config().printers[0].port, f"serial://{device}")
    monkeypatch.setattr(hot_plug, "DeviceNews", lambda: news)
    monkeypatch.setattr(desk, "RETRY", 3600.0)

    def plug() -> None:
        device.mkdir()
        news.far.send(b"add")

    config = load_configuration(file_of(branch))
    watcher = Watcher(config.control, {"ENOENT: No such file or directory": plug, "EISDIR: Is a directory": terminate})

    async def life() -> None:
        async with asyncio.timeout(WAIT):
            await started(config, SystemClock(), watcher).run()

    with news.near, news.far:
        asyncio.run(life())
