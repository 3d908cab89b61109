"""The look for substitutes goes on, whatever is wrong with one job (P3)."""

from __future__ import annotations

import asyncio
import datetime
from types import SimpleNamespace
from typing import Any

from firmware.config.mail_settings import MailConfig
from firmware.service.substitution import Substitutes
from passbook.errors import PassbookError
from passbook.mail.routes import Route
from passbook.protocol.media import Device
from spooler.clock import SystemClock


class Broken:
    """A store that can read no job: its area is out of use."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.all_asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def record(self, job: str) -> None:
        """See Spool.record."""
        self.asked.append(job)
        if len(self.asked) == 2:
            self._loop.call_soon_threadsafe(self.all_asked.set)
        raise PassbookError("area-fenced", area="a", why="it was damaged")


def test_a_job_that_cannot_be_read_does_not_end_the_look() -> None:
    async def look() -> None:
        spool = Broken()
        off = SimpleNamespace(printer="window-1", status=SimpleNamespace(device=Device.OFFLINE))
        parts: Any = {
            "jobs": SimpleNamespace(spool=spool),
            "desks": SimpleNamespace(
                views=lambda: (off,), queues=SimpleNamespace(waiting=lambda _printer: ["job-1", "job-2"])
            ),
            "acceptance": None,
            "relays": None,
        }
        substitutes = Substitutes(
            MailConfig("127.0.0.1:25", "branch.example", grace_offline=0.0),
            [Route(("@branch.example",), "window-1", ("window-1",))],
            {},
            can_issue=lambda _printer, _form, _sheets: True,
            clock=SystemClock(),
            now=lambda: datetime.datetime.now(datetime.UTC),
            **parts,
        )
        looking, told = asyncio.create_task(substitutes.run()), asyncio.create_task(spool.all_asked.wait())
        done, _ = await asyncio.wait([looking, told], timeout=30.0, return_when=asyncio.FIRST_COMPLETED)
        assert done == {told}
        assert spool.asked == ["job-1", "job-2"]
        looking.cancel()

    asyncio.run(look())
