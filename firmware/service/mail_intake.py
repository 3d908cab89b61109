"""Mail of an envelope into jobs: who vouches for the sender, which route each recipient has, one job for each part.

The envelope decides everything.  All jobs of a mail are accepted in one commit or none is, so a reply of 250 means that
each of them is durable (P1).
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import hashlib
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from firmware.config.configuration import Config
from firmware.config.mail_settings import MailConfig
from firmware.service.acceptance import SMALL, Acceptance, Posted
from passbook.document.documents import names_layout
from passbook.errors import PassbookError, shown
from passbook.job.actor import Actor
from passbook.job.mailed import Mailed, Notify, Recipient
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.message_reading import (
    LONGEST_MESSAGE,
    SENDER_HEADER,
    TRACE_HEADER,
    TRACE_ROOM,
    UNPROVEN,
    MailMessage,
    MailPart,
    read_message,
)
from passbook.mail.routes import Caller, Route, judge_recipient
from passbook.mail.smtp_envelope import Need
from passbook.protocol.messages import SubmitJob
from spooler.next_hop import MAIL_FORMAT, Relays
from storage import Rng

MOST_RECIPIENTS: Final = 100
"""Recipients of one mail (RFC 5321, 4.5.3.1.8)."""


class Addressed(NamedTuple):
    """One recipient that was accepted, with its route and its options.

    Attributes:
        held: its jobs wait for a representative, because the sender proved nothing.
    """

    address: MailAddress
    route: Route
    original: str = ""
    notify: tuple[Notify, ...] = ()
    held: bool = False


class MailEnvelope(NamedTuple):
    """The envelope of one mail; `sender` is empty for the null sender."""

    caller: Caller
    sender: str
    recipients: tuple[Addressed, ...]
    envelope_id: str = ""
    wants_headers: bool = False


class MailIntake:
    """Judges recipients while they are named, and accepts whole mails."""

    def __init__(
        self,
        config: Config,
        mail: MailConfig,
        acceptance: Acceptance,
        relays: Relays,
        *,
        can_issue: Callable[[str, str, int], bool],
        now: Callable[[], datetime.datetime],
        rng: Rng,
    ) -> None:
        """`now` is aware wall time, for what is written into messages; `can_issue` as in FormStock."""
        self._can_issue = can_issue
        self._relays = relays
        self._now = now
        self._mail = mail
        self._routes = [one.route for one in config.routes]
        self._hops = {one.name for one in config.hops}
        self._acceptance = acceptance
        self._rng = rng

    @property
    def longest(self) -> int:
        """The bytes of a message that every route of this appliance takes."""
        return LONGEST_MESSAGE - TRACE_ROOM if self._hops else LONGEST_MESSAGE

    def judge_sender(self, caller: Caller, sender: str) -> None:
        """Refuse a sender of this mail system's own domain that another one names.

        Raises PassbookError `mail-address` and `mail-sender-foreign`.
        """
        if not sender:
            return
        address = parse_mail_address(sender)
        is_own = address.domain == self._mail.hostname.lower()
        if is_own and not caller.hands_on and caller.name != address.local.lower():
            raise PassbookError("mail-sender-foreign", address=str(address), who=caller.name or caller.address)

    def judge_recipient(self, caller: Caller, address: MailAddress) -> Addressed:
        """The route of a recipient.  Raises PassbookError `mail-recipient-unknown` and `mail-sender-unknown`."""
        judged = judge_recipient(self._routes, address, caller)
        if judged.error is not None:
            is_held = judged.error.code == "mail-sender-unknown" and self._mail.unknown_senders == "hold"
            if not is_held or judged.route is None:
                raise judged.error
            return Addressed(address, judged.route, held=True)
        if judged.route is None:
            raise PassbookError("mail-recipient-unknown", address=str(address))
        return Addressed(address, judged.route)

    def judge_need(self, route: Route, need: Need) -> None:
        """Refuse a recipient whose printer here lacks what a document needs; a next hop is asked itself.

        Raises PassbookError `forms-short`, for now, and what a printer says of a format or layout that it never prints.
        """
        if route.goal in self._hops:
            return
        if need.format:
            self._acceptance.judge_kind(route.goal, need.format, need.layout or route.layout)
        if not self._can_issue(route.goal, need.form, need.sheets):
            raise PassbookError("forms-short", form=need.form, printer=route.goal, needed=need.sheets)

    async def take(self, envelope: MailEnvelope, data: bytes) -> list[Record]:
        """Accept all jobs of a mail; returns after their one commit.  The same mail again is the same jobs (P10).

        Raises PassbookError; but for `outcome-unknown` nothing was changed.
        """
        message = await self._read(envelope, data)
        # A mail server with a certificate of its own vouches itself for all that it sends.
        is_unproven = envelope.caller.hands_on and message.unproven
        vouched_by = "" if is_unproven else envelope.caller.name
        actor = self._actor(envelope, vouched_by)
        mail = Mailed(
            submission=self._rng(16).hex(),
            sender=envelope.sender,
            vouched_by=vouched_by,
            message_id=message.message_id,
            recipients=(),
            envelope_id=envelope.envelope_id,
            wants_headers=envelope.wants_headers,
            trace=message.trace,
        )
        posted = self._posted(envelope, message, data, mail, functools.partial(self._space, envelope, actor))
        self._relays.expect(
            mail.submission, [one.request.printer for one in posted if one.request.printer in self._hops]
        )
        new: list[Record] = []
        try:
            records = await self._acceptance.submit_together(actor, posted)
            new = [one for one in records if one.mail is not None and one.mail.submission == mail.submission]
        finally:
            self._relays.expect_only(mail.submission, [one.printer for one in new])
        if not new and self._mail.hostname.lower() in message.received_by:
            _must_be_here(records)
        return records

    async def _read(self, envelope: MailEnvelope, data: bytes) -> MailMessage:
        """The message, whose trace is judged before anything else.  Raises PassbookError."""
        goes = [one.route.goal in self._hops for one in envelope.recipients]
        # A notification is no document, and this appliance may stand on its way to a mail server.
        prints = bool(envelope.sender) or not all(goes)
        read = functools.partial(read_message, data, goes_on=any(goes), prints=prints)
        message = read() if len(data) <= SMALL else await asyncio.to_thread(read)
        if self._mail.hostname in message.trace:
            raise PassbookError("mail-loop", why=f"{', then '.join(map(shown, message.trace))} handed it on already")
        if envelope.caller.hands_on and message.was_part and len(message.parts) == 1:
            # Another appliance took this part out of a mail; it is the same request by whatever way it comes (P10).
            [part] = message.parts
            return replace(message, parts=(replace(part, number=message.was_part),))
        return message

    def _posted(
        self,
        envelope: MailEnvelope,
        message: MailMessage,
        data: bytes,
        mail: Mailed,
        space: Callable[[Sequence[Addressed]], str],
    ) -> list[Posted]:
        """The jobs of a mail: one for each next hop, and one for each part at each printer."""
        by_goal: dict[str, list[Addressed]] = {}
        for recipient in _distinct(envelope.recipients):
            by_goal.setdefault(recipient.route.goal, []).append(recipient)
        relayed = [
            self._relayed(goal, recipients, message, data, mail, space(recipients))
            for goal, recipients in by_goal.items()
            if goal in self._hops
        ]
        printed = [
            self._printed(recipient, part, message, mail, space([recipient]))
            for goal, recipients in by_goal.items()
            if goal not in self._hops
            for recipient in recipients
            for part in message.parts
        ]
        return [*relayed, *printed]

    def _actor(self, envelope: MailEnvelope, vouched_by: str) -> Actor:
        """The requester of the jobs; a terminal that proved its own name here is asked about them itself.

        An appliance that hands mail on proves no terminal of this one: its sender may have named any other domain.
        """
        local, _, domain = envelope.sender.lower().rpartition("@")
        if vouched_by and vouched_by == local and domain == self._mail.hostname.lower():
            return Actor.of_mail_terminal(local, vouched_by)
        return Actor.of_mail(envelope.sender.lower(), vouched_by)

    def _space(self, envelope: MailEnvelope, actor: Actor, recipients: Sequence[Addressed]) -> str:
        """The space of the request for these recipients: their routes' networks, for an unproven sender.

        Such senders of one network share a space, and none with a proven one.  The other recipients of the envelope do
        not count: the same mail may come again without them (P10).
        """
        if envelope.caller.name:
            return actor.name
        networks = sorted({network for one in recipients for network in one.route.networks})
        return f"{actor.name} {' '.join(networks)}"

    def _relayed(
        self,
        hop: str,
        recipients: Sequence[Addressed],
        message: MailMessage,
        data: bytes,
        mail: Mailed,
        space: str,
    ) -> Posted:
        """The whole message as one job of a next hop, for all recipients behind it."""
        parts = [part.document for part in message.parts] or [data.partition(b"\r\n\r\n")[2]]
        content = msgspec.msgpack.encode(parts)
        name = message.message_id or self._acceptance.content_name(space, content)
        request = SubmitJob(
            client_request=_request_id(space, name, " ".join(sorted(one.address.key for one in recipients)), 0),
            printer=hop,
            format=MAIL_FORMAT,
            name=message.subject,
            priority=self._acceptance.usual_priority,
            application="mail",
            document_date=message.date,
            shares_name=True,
        )
        named = tuple(Recipient(str(one.address), one.original, one.notify) for one in recipients)
        facts = replace(mail, recipients=named)
        return Posted(request, self._traced(data, mail), facts, content, held=any(one.held for one in recipients))

    def _traced(self, data: bytes, mail: Mailed) -> bytes:
        """The message for the next hop: unchanged but for who received it and the trace (R4)."""
        trace = " ".join([*mail.trace, self._mail.hostname])
        at = format_datetime(self._now())
        received = f"Received: by {self._mail.hostname} with ESMTP id {mail.submission};\r\n\t{at}\r\n"
        unproven = "" if mail.vouched_by else f"{SENDER_HEADER}: {UNPROVEN}\r\n"
        return f"{received}{TRACE_HEADER}: {trace}\r\n{unproven}".encode() + data

    def _printed(self, recipient: Addressed, part: MailPart, message: MailMessage, mail: Mailed, space: str) -> Posted:
        """One part as a job of one printer."""
        name = message.message_id or self._acceptance.content_name(space, part.document)
        request = SubmitJob(
            client_request=_request_id(space, name, recipient.address.key, part.number),
            printer=recipient.route.goal,
            format=part.format,
            name=message.subject,
            layout="" if names_layout(part.format, part.document) else recipient.route.layout,
            priority=self._acceptance.usual_priority,
            application="mail",
            document_date=message.date,
            shares_name=True,
        )
        named = (Recipient(str(recipient.address), recipient.original, recipient.notify),)
        facts = replace(mail, part=part.number, recipients=named)
        return Posted(request, part.document, facts, part.document, held=recipient.held)


def _must_be_here(records: Sequence[Record]) -> None:
    """Raise PassbookError `mail-moved-away` where a job of a mail that was here before went to a substitute.

    It may have come back from there without its trace, and must not take this for a sign that its copy is needless.
    """
    for record in records:
        if Reason.MOVED in record.reasons:
            to, _, job = record.moved_to.partition(" ")
            raise PassbookError("mail-moved-away", to=to, job=job[:8])


def _distinct(recipients: Sequence[Addressed]) -> list[Addressed]:
    """The recipients, each once, however often the envelope names it."""
    return list({one.address.key: one for one in reversed(recipients)}.values())[::-1]


def _request_id(space: str, message: str, recipient: str, part: int) -> str:
    """The name of a request; a digest, since Message-ID and address may be longer than a name."""
    told = msgspec.msgpack.encode((space, message, recipient, part))
    return f"mail-{hashlib.sha256(told).hexdigest()}"
