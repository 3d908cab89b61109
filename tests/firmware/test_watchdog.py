from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from firmware.system.notify import Notifier
from firmware.system.watchdog import Watchdog, show_watchdog
from storage.area.writer import Progress

IDLE = Progress(0, waiting=False)
INTERVAL = 0.01


def stuck(watch: Watchdog, now: float, *writers: Progress) -> tuple[str, ...]:
    return watch.stuck(dict(zip("ab", writers, strict=False)), now)


def test_a_writer_without_work_is_never_stuck() -> None:
    watch = Watchdog(60)
    assert [stuck(watch, now, IDLE) for now in (0, 100, 10_000)] == [(), (), ()]


def test_a_writer_is_stuck_when_work_waited_longer_than_the_patience() -> None:
    watch = Watchdog(60)
    held = Progress(7, waiting=True)
    assert [stuck(watch, now, held, IDLE) for now in (0, 60, 61)] == [(), (), ("a",)]


def test_each_ended_transaction_shows_that_it_gets_on() -> None:
    """Two seconds for each sync, and always more work."""
    watch = Watchdog(60)
    assert [stuck(watch, 2.0 * n, Progress(n, waiting=True)) for n in range(500)] == [()] * 500


def test_work_that_comes_late_has_its_own_time() -> None:
    watch = Watchdog(60)
    stuck(watch, 0, IDLE)
    stuck(watch, 500, IDLE)
    held = Progress(0, waiting=True)
    assert [stuck(watch, now, held) for now in (510, 560, 561)] == [(), (), ("a",)]


def test_a_writer_that_gets_on_again_is_not_stuck() -> None:
    watch = Watchdog(60)
    for now in (0, 100):
        stuck(watch, now, Progress(7, waiting=True))
    assert stuck(watch, 130, Progress(8, waiting=True)) == ()


class Systemd(Notifier):
    """Hears what is told, and ends the telling when `script` has no more."""

    def __init__(self, script: Iterator[Progress]) -> None:
        super().__init__({"WATCHDOG_USEC": str(int(2_000_000 * INTERVAL))})
        self.heard: list[str] = []
        self._script = script
        self.ended = asyncio.Event()

    def writers(self) -> dict[str, Progress]:
        self.heard.append("look")
        try:
            return {"a": next(self._script)}
        except StopIteration:
            self.ended.set()
            return {}

    def watchdog(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self.heard.append("watchdog")

    def status(self, text: str) -> None:  # type: ignore[explicit-override]  # as above
        self.heard.append(text)


def test_while_a_writer_stands_still_systemd_hears_only_which(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "passbook.life")
    script = [Progress(7, waiting=True)] * 3 + [Progress(8, waiting=True)]

    async def life() -> list[str]:
        systemd, seconds = Systemd(iter(script)), itertools.count()
        task = asyncio.create_task(show_watchdog(systemd, systemd.writers, lambda: float(next(seconds))))
        async with asyncio.timeout(30):
            await systemd.ended.wait()
        task.cancel()
        return systemd.heard

    heard = asyncio.run(life())
    trouble = ["look", "No progress: area a", "look"]
    assert heard[:8] == ["look", "watchdog", *trouble, "look", "watchdog", "All goes on"]
    facts: list[Any] = [(record.getMessage(), getattr(record, "facts", {})) for record in caplog.records]
    assert facts == [("no-progress", {"why": "area a"}), ("progress-again", {})]
