"""Printers that are plugged in again: their desks look at once, besides their own tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from drivers.ports.port_address import can_be_plugged
from spooler.logs import Log

_LOG: Final = Log("plugging")


@contextmanager
def noticed_plugging(ports: Iterable[str], appeared: Callable[[], None]) -> Iterator[None]:
    """Call `appeared` in the running loop when a device is plugged in, if one of `ports` is a device.

    Where the machine has no udev the log says so, and desks have only their own tries.
    """
    if not any(map(can_be_plugged, ports)):
        yield
        return
    try:
        # A machine without such a port does without the library and its memory.
        from drivers.ports.hot_plug import DeviceNews  # noqa: PLC0415

        news = DeviceNews()
    except (ImportError, OSError) as error:
        _LOG.warning("plugging-not-noticed", why=str(error))
        yield
        return

    def hear() -> None:
        if news.has_appeared():
            appeared()

    loop = asyncio.get_running_loop()
    loop.add_reader(news.fileno(), hear)
    try:
        yield
    finally:
        loop.remove_reader(news.fileno())
