"""Notifications by mail: tells the senders of mails their outcome, over the routes of the set-up file (F5).

Each notification is a job of a next hop, named by job, outcome and epoch; so it is durable, sent once, and made again
after a boot without becoming a second one (P10).

What is still to be told is in memory only.  What was told is not noted, but every outcome stays in the store: the
question of a job, and the entry of its end, whether or not a person acknowledged that.  So after a boot, and when an
outcome could not be told, the newest of them are all gone through again.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from firmware.config.mail_settings import MailConfig
from firmware.service.acceptance import Acceptance, Posted
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.mailed import Mailed, Recipient
from passbook.job.record import Record
from passbook.mail.mail_address import parse_mail_address
from passbook.mail.notifications import MailOutcome, outcome_of, told_recipients, write_notification
from passbook.mail.routes import Route, find_route
from passbook.mail.smtp_replies import is_temporary
from passbook.protocol.messages import SubmitJob
from spooler.logs import Log
from spooler.next_hop import MAIL_FORMAT

_LOG: Final = Log("mail")

MOST_WAITING: Final = 1000
"""Outcomes that wait to be told; the store has the others."""
AGAIN: Final = 60.0
"""Seconds until the outcomes in the store are gone through again, after one could not be told."""


class MailNotices:
    """Lives in the event loop; run() writes the notifications one after the other."""

    def __init__(
        self,
        mail: MailConfig,
        routes: Sequence[Route],
        hops: Iterable[str],
        acceptance: Acceptance,
        *,
        kept: Callable[[], Iterable[Record]],
        now: Callable[[], datetime.datetime],
    ) -> None:
        """`kept` gives the jobs of mails in the store whose outcome may be untold, in another thread.

        `now` is aware wall time, for what is written into messages.
        """
        self._kept = kept
        self._is_untold = False
        self._hostname = mail.hostname
        self._routes = routes
        self._hops = frozenset(hops)
        self._acceptance = acceptance
        self._now = now
        self._waiting: asyncio.Queue[Record | None] = asyncio.Queue(MOST_WAITING)

    def note(self, record: Record) -> None:
        """A job changed: its sender may have to be told."""
        if _told(record) is not None:
            self._put(record)

    def look(self) -> None:
        """Areas came into use: the outcomes in the store are gone through."""
        self._is_untold = True
        self._put(None)

    def _put(self, record: Record | None) -> None:
        try:
            self._waiting.put_nowait(record)
        except asyncio.QueueFull:
            self._is_untold = True

    async def run(self) -> None:
        """Tell the senders, until cancelled."""
        time = asyncio.get_running_loop().time
        again_at = 0.0
        while True:
            if self._is_untold and self._waiting.empty() and time() >= again_at:
                self._is_untold, again_at = False, time() + AGAIN
                for one in await asyncio.to_thread(lambda: list(self._kept())):
                    await self._try(one)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(again_at if self._is_untold else None):
                    record = await self._waiting.get()
                if record is not None:
                    await self._try(record)

    async def _try(self, record: Record) -> None:
        """Tell of one job, if that is wanted; what cannot be told now is untold."""
        outcome = _told(record)
        try:
            if outcome is not None:
                await self._tell(record, outcome)
        except PassbookError as error:
            self._is_untold |= is_temporary(error)
            _LOG.limited(record.job_id).warning("notification-left", job=record.job_id, code=error.code)

    async def _tell(self, record: Record, outcome: MailOutcome) -> None:
        """Accept one notification as a job.  Raises PassbookError."""
        mail = record.mail
        if mail is None:
            return
        sender = parse_mail_address(mail.sender)
        route = find_route(self._routes, sender)
        if route is None or route.goal not in self._hops:
            _LOG.limited().warning("notification-left", job=record.job_id, why="no route to a next hop leads there")
            return
        name = f"notice-{record.job_id}-{outcome.value}-{record.epoch}"
        message = write_notification(record, outcome, self._hostname, name, self._now())
        request = SubmitJob(client_request=name, printer=route.goal, format=MAIL_FORMAT, application="mail")
        request = replace(request, priority=self._acceptance.usual_priority)
        facts = Mailed(
            submission=record.job_id,
            sender="",
            vouched_by=self._hostname,
            message_id=f"<{name}@{self._hostname}>",
            recipients=(Recipient(str(sender)),),
            trace=(self._hostname,),
        )
        posted = Posted(request, message, facts, name.encode())
        _ = await self._acceptance.submit_together(Actor.of_mail("", self._hostname), [posted])
        _LOG.info("notification-made", job=record.job_id, state=outcome.value)


def _told(record: Record) -> MailOutcome | None:
    """The outcome of which the sender of its mail is told; None where no mail brought it, or nothing is told."""
    outcome = None if record.mail is None else outcome_of(record)
    if outcome is None or record.mail is None:
        return None
    return outcome if told_recipients(record.mail, outcome) else None
