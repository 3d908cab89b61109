"""Notifications by mail: tells the senders of mails their outcome, over the routes of the set-up file (F5).

Each notification is a job of a next hop, named by job, outcome and epoch; so it is durable, sent once, and made again
after a boot without becoming a second one (P10).
"""

from __future__ import annotations

import asyncio
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
from passbook.protocol.messages import SubmitJob
from spooler.logs import Log
from spooler.next_hop import MAIL_FORMAT

_LOG: Final = Log("mail")

MOST_WAITING: Final = 10_000
"""Outcomes that wait to be told; more are left to the next boot."""


class MailNotices:
    """Lives in the event loop; run() writes the notifications one after the other."""

    def __init__(
        self,
        mail: MailConfig,
        routes: Sequence[Route],
        hops: Iterable[str],
        acceptance: Acceptance,
        *,
        now: Callable[[], datetime.datetime],
    ) -> None:
        """`now` is aware wall time, for what is written into messages."""
        self._hostname = mail.hostname
        self._routes = routes
        self._hops = frozenset(hops)
        self._acceptance = acceptance
        self._now = now
        self._waiting: asyncio.Queue[tuple[Record, MailOutcome]] = asyncio.Queue(MOST_WAITING)

    def note(self, record: Record) -> None:
        """A job changed: its sender may have to be told."""
        outcome = outcome_of(record) if record.mail is not None else None
        if outcome is None or record.mail is None or not told_recipients(record.mail, outcome):
            return
        try:
            self._waiting.put_nowait((record, outcome))
        except asyncio.QueueFull:
            _LOG.limited().warning("notification-left", job=record.job_id)

    async def run(self) -> None:
        """Tell the senders, until cancelled."""
        while True:
            record, outcome = await self._waiting.get()
            try:
                await self._tell(record, outcome)
            except PassbookError as error:
                _LOG.warning("notification-left", job=record.job_id, code=error.code)

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
