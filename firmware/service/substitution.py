"""Substitutes: a job whose destination cannot do it goes to the first one of its list that can (R4).

A destination counts as down when it has been so for the grace of its trouble: a cover is closed within minutes, and a
printer without power is missed sooner.  Then each untouched job that waits there goes by itself, in the order of its
queue, to the first substitute that can take it: a printer here that is ready and whose layouts take the document, or a
next hop that takes its envelope.  A passbook update goes only when a person says so.  When no substitute can, jobs wait
and the status says it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime
from collections.abc import Callable, Mapping, Sequence
from email.header import Header
from email.utils import format_datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware.config.mail_settings import MailConfig
from firmware.service.acceptance import Acceptance, Attributes, Posted
from passbook.document.documents import NAMING_FORMATS, Hints
from passbook.document.import_profile import Imports
from passbook.document.update_writing import without_hints
from passbook.errors import PassbookError
from passbook.job.issuing import pages_due
from passbook.job.mailed import Mailed, Recipient
from passbook.job.moving import BOUND_TO_BOOK, ask_for_substitute, line_there, may_move, moves_by_itself
from passbook.job.record import Record
from passbook.job.relaying import is_relay, left_of
from passbook.job.states import Reason
from passbook.mail.mail_address import parse_mail_address
from passbook.mail.message_reading import PART_HEADER, SENDER_HEADER, TRACE_HEADER, UNPROVEN
from passbook.mail.part_formats import MIME_TYPES
from passbook.mail.routes import Route, find_route
from passbook.mail.smtp_envelope import Need
from passbook.protocol.media import Device
from passbook.protocol.messages import SubmitJob
from spooler.clock import Clock, stamp
from spooler.desks import Desks
from spooler.jobs import Jobs
from spooler.logs import Log
from spooler.next_hop import MAIL_FORMAT, NextHop, Relays
from storage import envelope

_LOG: Final = Log("substitutes")

SUBSTITUTES_LOOK: Final = 1.0
"""Seconds between two looks at what is down."""
CRLF: Final = "\r\n"
MOST_AT_ONCE: Final = 20
"""Jobs of one destination that go in one look."""


class Substitutes:
    """Moves jobs to substitutes; lives in the event loop."""

    def __init__(
        self,
        mail: MailConfig,
        routes: Sequence[Route],
        hops: Mapping[str, NextHop],
        *,
        jobs: Jobs,
        desks: Desks,
        acceptance: Acceptance,
        relays: Relays,
        can_issue: Callable[[str, str, int], bool],
        imports: Imports,
        clock: Clock,
        now: Callable[[], datetime.datetime],
    ) -> None:
        """`now` is aware wall time, for what is written into messages; `can_issue` as in FormStock."""
        self._can_issue = can_issue
        self._imports = imports
        self._mail = mail
        self._routes = routes
        self._hops = hops
        self._jobs = jobs
        self._desks = desks
        self._acceptance = acceptance
        self._relays = relays
        self._clock = clock
        self._now = now
        self._down_since: dict[str, float] = {}
        self._left: dict[str, int] = {}
        self._asked: set[str] = set()
        self._short_since: dict[str, dict[str, float]] = {}

    def problems(self) -> list[PassbookError]:
        """Destinations that are down, and whose jobs no substitute takes."""
        return [
            PassbookError("no-substitute", printer=goal, count=count) for goal, count in self._left.items() if count
        ]

    def has_substitute(self, record: Record) -> bool:
        """Whether a job has a substitute to which it may go, by itself or by a person's word; from any thread."""
        return bool(self._substitutes_of(record))

    async def run(self) -> None:
        """Look for jobs that go to a substitute, until cancelled."""
        goals = {route.goal for route in self._routes if route.substitutes}
        goals |= {one for route in self._routes for one in route.substitutes}
        while True:
            for goal in sorted(goals):
                self._left[goal] = (
                    await self._look_at(goal) if self._is_down(goal) else await self._look_for_short(goal)
                )
            await asyncio.sleep(SUBSTITUTES_LOOK)

    async def move(self, record: Record, to: str, line: int) -> Record:
        """A person sends a job to a substitute of its list; returns the job that stands in for it.

        `line` is the line with which a begun job goes on there, as the person saw it; 0 for an untouched one.  Raises
        PassbookError `cannot-move`, `no-way-there`, and what the acceptance there raises.
        """
        why = self._objection(record, to, line)
        if why:
            raise PassbookError("cannot-move", job=record.job_id, why=why)
        if to not in self._substitutes_of(record):
            known = ", ".join(self._substitutes_of(record)) or "none"
            raise PassbookError("no-way-there", job=record.job_id, to=to, known=known)
        return await self._move(record, to)

    def _objection(self, record: Record, to: str, line: int) -> str:
        """Why a person's order does not move a job, in words; empty where it does."""
        if not may_move(record):
            is_question = record.is_open and not (record.untouched or is_relay(record))
            asked = "an answer must first say with which line it goes on, and that moves nothing"
            return asked if is_question else "it does not wait for its turn or for a substitute"
        there = line_there(record)
        if not record.untouched and line != there:
            return f"it was begun, and goes on there with line {there}; the order must name that line"
        if not self._is_whole_enough(record, to):
            return f"{to} prints it whole, and {there - 1} of its lines are on paper; an answer can order them again"
        return ""

    def _is_whole_enough(self, record: Record, to: str) -> bool:
        """Whether a destination can go on where the job stands: a next hop hands on a whole document."""
        return to not in self._hops or record.confirmed == 0

    def told_route(self, route: Route) -> list[str]:
        """The present state of the goal of a route and of its substitutes, in words."""
        told = [f"{route.goal}: {self._told(route.goal)}"]
        for place, one in enumerate(route.substitutes, 1):
            told.append(f"Substitute {place} is {one}: {self._told(one)}")
        if route.substitutes:
            told.append("An untouched text goes to a substitute by itself, other jobs when a person says so.")
        return told

    def _told(self, goal: str) -> str:
        kind = "a next hop" if goal in self._hops else "a printer here"
        grace = self._trouble(goal)
        if grace is None:
            return f"{kind}; nothing is known to be wrong with it."
        since = self._clock.monotonic() - self._down_since.get(goal, self._clock.monotonic())
        return f"{kind}; it cannot work now, for {since:.0f} s; after {grace:.0f} s its jobs may go to a substitute."

    async def _look_at(self, goal: str) -> int:
        """Move what waits at a destination that is down; returns how many jobs stay there."""
        left = 0
        for job in self._desks.queues.waiting(goal)[:MOST_AT_ONCE]:
            try:
                left += await self._is_left(job)
            except PassbookError as error:
                # Its area may be out of use, or it ended meanwhile; the others go on.
                _LOG.limited(job).warning("substitute-not-tried", job=job, printer=goal, code=error.code)
        return left

    async def _look_for_short(self, goal: str) -> int:
        """Move what waits for forms at a destination that works otherwise; returns 0: it waits for a person there."""
        before, now = self._short_since.get(goal, {}), self._clock.monotonic()
        short = {job: before.get(job, now) for job in self._desks.queues.short_of_forms(goal)[:MOST_AT_ONCE]}
        self._short_since[goal] = short
        for job, since in short.items():
            if now - since >= self._mail.grace_attention:
                try:
                    await self._is_left(job)
                except PassbookError as error:
                    _LOG.limited(job).warning("substitute-not-tried", job=job, printer=goal, code=error.code)
        return 0

    async def _is_left(self, job: str) -> bool:
        """Do for a job at a destination that is down what can be done; whether it stays.  Raises PassbookError."""
        record = await asyncio.to_thread(self._jobs.spool.record, job)
        if not may_move(record) or (moves_by_itself(record) and await self._moved(record)):
            return False
        if not moves_by_itself(record) and job not in self._asked:
            await self._ask(record)
        return True

    async def _ask(self, record: Record) -> None:
        """Ask people about a passbook update that a substitute could take, once for each time of trouble."""
        for to in self._substitutes_of(record):
            if await self._can_take(record, to):
                await asyncio.wrap_future(
                    self._jobs.change(record.job_id, ask_for_substitute(stamp(self._clock)), urgent=True)
                )
                self._asked.add(record.job_id)
                _LOG.info("substitute-asked", job=record.job_id, printer=to)
                return

    async def _moved(self, record: Record) -> bool:
        """Whether a substitute took the job."""
        for to in self._substitutes_of(record):
            if not await self._can_take(record, to):
                continue
            try:
                await self._move(record, to)
            except PassbookError as error:
                _LOG.limited(record.job_id).warning(
                    "substitute-refused", job=record.job_id, printer=to, code=error.code
                )
            else:
                return True
        return False

    def _is_down(self, goal: str) -> bool:
        """Whether a destination has been down for the grace of its trouble."""
        grace = self._trouble(goal)
        if grace is None:
            if self._down_since.pop(goal, None) is not None:
                self._asked.clear()
            return False
        since = self._down_since.setdefault(goal, self._clock.monotonic())
        return self._clock.monotonic() - since >= grace

    def _trouble(self, goal: str) -> float | None:
        """The grace of what is wrong with a destination; None where nothing is."""
        if goal in self._hops:
            return self._mail.grace_unreachable if self._relays.is_failing(goal) else None
        for view in self._desks.views():
            if view.printer == goal and Reason.PAUSED.value in view.status.conditions:
                return self._mail.grace_attention
            if view.printer == goal:
                match view.status.device:
                    case Device.OFFLINE:
                        return self._mail.grace_offline
                    case Device.USER_ERROR | Device.HARDWARE_ERROR:
                        return self._mail.grace_attention
                    case _:
                        return None
        return None

    async def _can_take(self, record: Record, to: str) -> bool:
        """Whether a substitute says that it can: it is ready and has the forms, or a next hop takes the envelope.

        A printer here judges format and layout when the job is moved to it.
        """
        form, sheets = ("", 0) if record.issue is None else (record.issue.form, len(pages_due(record)))
        if to not in self._hops:
            return self._trouble(to) is None and self._can_issue(to, form, sheets)
        if not self._is_whole_enough(record, to):
            return False
        need = Need(form=form, sheets=sheets)
        if not is_relay(record):
            # Other documents get the layout of the route there.
            layout = record.layout if record.format in NAMING_FORMATS else ""
            need = need._replace(format=record.format, layout=layout)
        return await asyncio.to_thread(self._hops[to].takes, self._mail_of(record), need)

    def _substitutes_of(self, record: Record) -> tuple[str, ...]:
        """The substitutes that a job has left: those behind the one where it is."""
        route = self._route_of(record)
        if route is None:
            return ()
        order = (route.goal, *route.substitutes)
        return order[order.index(record.printer) + 1 :] if record.printer in order else route.substitutes

    def _route_of(self, record: Record) -> Route | None:
        """The route by which a job, or the one for which it stands in, came to its first destination.

        It is that of a mail's recipient.  For a job of a terminal it is the one that leads to the printer and has
        substitutes; of several the one whose addresses come first in the alphabet, wherever the file has it.
        """
        first = self._first_of(record)
        if first.mail is not None and record.mail is not None:
            return find_route(self._routes, parse_mail_address(record.mail.recipients[0].address))
        own = (route for route in self._routes if route.goal == first.printer and route.substitutes)
        return min(own, key=lambda route: route.to, default=None)

    def _first_of(self, record: Record) -> Record:
        """The job as it was accepted first; where that is not to be read any more, the earliest that is."""
        with contextlib.suppress(PassbookError):
            while record.stands_for:
                record = self._jobs.spool.record(record.stands_for)
        return record

    def _mail_of(self, record: Record) -> Mailed:
        """The mail of a job; that of a terminal becomes one."""
        if record.mail is not None:
            recipients = left_of(record.mail) if is_relay(record) else record.mail.recipients
            name = record.mail.message_id or f"<{record.job_id}@{self._mail.hostname}>"
            return replace(record.mail, recipients=recipients, message_id=name)
        host = self._mail.hostname
        return Mailed(
            submission=record.job_id,
            sender=f"{record.requester}@{host}",
            vouched_by=record.requester,
            message_id=f"<{record.job_id}@{host}>",
            recipients=(Recipient(f"{record.printer}@{host}"),),
            part=1,
        )

    async def _move(self, record: Record, to: str) -> Record:
        """Accept the job that stands in, and end this one.  Raises PassbookError."""
        document, attributes = await asyncio.to_thread(self._opened, record)
        request = SubmitJob(
            client_request=f"moved-{record.job_id}",
            printer=to,
            format=record.format,
            name=attributes.name,
            layout="" if is_relay(record) else record.layout,
            priority=record.priority,
            application=record.application,
            import_name=record.import_name,
            document_date=attributes.document_date,
            shares_name=bool(record.shared),
        )
        if not is_relay(record):
            request = replace(request, start=await self._acceptance.start_of(record, request, document))
        mail = record.mail
        if to in self._hops:
            mail = self._mail_of(record)
            if request.start is not None:
                why = "a person gave the place of its first line, and a mail does not carry that"
                raise PassbookError("cannot-move", job=record.job_id, why=why)
            if not is_relay(record):
                kind, document = await asyncio.to_thread(self._said_alone, record, document)
                document = self._message(mail, kind, document, attributes)
                mail = replace(mail, part=0)
            request = replace(request, format=MAIL_FORMAT, layout="", import_name="")
        moved = await self._acceptance.move(record, Posted(request, document, mail, document))
        _LOG.info("job-moved", job=record.job_id, printer=to, requester=record.requester)
        return moved

    def _opened(self, record: Record) -> tuple[bytes, Attributes]:
        """Document and attributes of a job.  Raises PassbookError `key-needed` and what a store that fails raises."""
        key = self._jobs.keys.get(record.job_id)
        if key is None:
            raise PassbookError("key-needed", job=record.job_id, key_ref=record.key_ref)
        sealed, identity = self._jobs.spool.sealed(self._jobs.spool.job(record.job_id)), record.identity()
        attributes = msgspec.json.decode(envelope.open_attributes(identity, sealed, key), type=Attributes)
        return envelope.open_document(identity, sealed, key), attributes

    def _said_alone(self, record: Record, document: bytes) -> tuple[str, bytes]:
        """Format and bytes of a document as another appliance gets it, which knows no layout or profile that was named.

        Raises PassbookError for an update that today's import profiles do not read.
        """
        if not record.format.startswith(BOUND_TO_BOOK):
            return record.format, document
        return without_hints(record.format, document, Hints(self._imports, record.import_name, record.layout))

    def _message(self, mail: Mailed, kind: str, document: bytes, attributes: Attributes) -> bytes:
        """One part as a message of its own, which names the part that it was."""
        # The library's class for messages judges headers, and raises for a Message-ID that other systems let pass.
        at = format_datetime(self._now())
        lines = [
            f"Received: by {self._mail.hostname} with ESMTP id {mail.submission}; {at}",
            f"From: <{mail.sender or f'postmaster@{self._mail.hostname}'}>",
            f"To: <{mail.recipients[0].address}>",
            f"Subject: {Header(attributes.name, header_name='Subject').encode(linesep=CRLF)}",
            f"Date: {at}",
            f"Message-ID: {mail.message_id}",
            f"{PART_HEADER}: {mail.part}",
            f"{TRACE_HEADER}: {' '.join([*mail.trace, self._mail.hostname])}",
            *([] if mail.vouched_by else [f"{SENDER_HEADER}: {UNPROVEN}"]),
            "MIME-Version: 1.0",
            f"Content-Type: {MIME_TYPES[kind]}; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment; filename="document"',
            "",
            *base64.encodebytes(document).decode().splitlines(),
            "",
        ]
        return CRLF.join(lines).encode()
