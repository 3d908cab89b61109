"""The watchdog: it tells systemd that every part that must go on does; without such a word systemd ends the process.

The event loop shows that it turns by asking here.  A writer must end a transaction now and then while work waits for
it.  A print desk's waits for people have no bound, and those for the mechanism have their own. The supervisor notices
the end of a task or thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from firmware.system.notify import Notifier
from spooler.logs import Log
from storage import Progress

_LOG: Final = Log("life")


class Watchdog:
    """Finds writers that had work for longer than `patience` seconds and ended no transaction in that time."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[str, tuple[int, float]] = {}

    def stuck(self, writers: Mapping[str, Progress], now: float) -> tuple[str, ...]:
        """The names of these writers, by earlier looks; `now` is monotonic seconds."""
        for name, (ended, waiting) in writers.items():
            if not waiting or name not in self._since or self._since[name][0] != ended:
                self._since[name] = (ended, now)
        return tuple(name for name in writers if now - self._since[name][1] > self._patience)


async def show_watchdog(
    notifier: Notifier,
    writers: Callable[[], Mapping[str, Progress]],
    monotonic: Callable[[], float],
) -> None:
    """Tell systemd that all goes on, as often as it wants to hear it; while a part stands still, tell only its name.

    Call it if systemd watches (`watchdog_interval`). A writer may take as long for one transaction as systemd waits for
    a word. So systemd ends the process after twice that time at the latest.
    """
    interval = notifier.watchdog_interval
    watch, told = Watchdog(2 * interval), ""
    while True:
        trouble = ", ".join(f"area {name}" for name in watch.stuck(writers(), monotonic()))
        if not trouble:
            notifier.watchdog()
        if trouble != told:
            _tell_people(notifier, trouble)
        told = trouble
        await asyncio.sleep(interval)


def _tell_people(notifier: Notifier, trouble: str) -> None:
    if trouble:
        _LOG.error("no-progress", why=trouble)
        notifier.status(f"No progress: {trouble}")
    else:
        _LOG.info("progress-again")
        notifier.status("All goes on")
