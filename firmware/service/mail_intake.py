"""Mail of an envelope into jobs: who vouches for the sender, which route each recipient has, one job for each part.

The envelope decides everything.  All jobs of a mail are accepted in one commit or none is, so a reply of 250 means that
each of them is durable (P1).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from firmware.config.configuration import Config
from firmware.config.mail_settings import MailConfig
from firmware.service.acceptance import SMALL, Acceptance, Posted
from passbook.errors import PassbookError, shown
from passbook.job.actor import Actor
from passbook.job.mailed import Mailed, Notify, Recipient
from passbook.job.record import Record
from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.message_reading import MailMessage, MailPart, read_message
from passbook.mail.routes import Caller, Route, judge_recipient
from passbook.protocol.messages import SubmitJob
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

    def __init__(self, config: Config, mail: MailConfig, acceptance: Acceptance, rng: Rng) -> None:
        self._mail = mail
        self._appliance = config.appliance
        self._routes = [one.route for one in config.routes]
        self._hops = {one.name for one in config.hops}
        self._acceptance = acceptance
        self._rng = rng

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

    async def take(self, envelope: MailEnvelope, data: bytes) -> list[Record]:
        """Accept all jobs of a mail; returns after their one commit.  The same mail again is the same jobs (P10).

        Raises PassbookError; but for `outcome-unknown` nothing was changed.
        """
        if len(data) <= SMALL:
            message = read_message(data)
        else:
            message = await asyncio.to_thread(read_message, data)
        if self._appliance in message.trace:
            raise PassbookError("mail-loop", why=f"{', then '.join(map(shown, message.trace))} handed it on already")
        actor = self._actor(envelope)
        space = self._space(envelope, actor)
        submission = self._rng(16).hex()
        posted: list[Posted] = []
        for recipient in _distinct(envelope.recipients):
            mail = Mailed(
                submission=submission,
                sender=envelope.sender,
                vouched_by=envelope.caller.name,
                message_id=message.message_id,
                recipients=(Recipient(str(recipient.address), recipient.original, recipient.notify),),
                envelope_id=envelope.envelope_id,
                wants_headers=envelope.wants_headers,
                trace=message.trace,
            )
            posted += [
                self._printed(recipient, part, message, mail, space)
                for part in message.parts
                if recipient.route.goal not in self._hops
            ]
        return await self._acceptance.submit_together(actor, posted)

    def _actor(self, envelope: MailEnvelope) -> Actor:
        """Whose jobs they are: a terminal that sends under its own name here is asked about them itself."""
        caller, sender = envelope.caller, envelope.sender
        local, _, domain = sender.rpartition("@")
        if caller.name and domain.lower() == self._mail.hostname.lower():
            return Actor.of_mail_terminal(local.lower(), caller.name)
        return Actor.of_mail(sender.lower(), caller.name)

    def _space(self, envelope: MailEnvelope, actor: Actor) -> str:
        """What else names a request: unproven senders of one network share a space, and none with a proven one."""
        if envelope.caller.name:
            return actor.name
        networks = sorted({network for one in envelope.recipients for network in one.route.networks})
        return f"{actor.name} {' '.join(networks)}"

    def _printed(self, recipient: Addressed, part: MailPart, message: MailMessage, mail: Mailed, space: str) -> Posted:
        """One part as a job of one printer."""
        name = message.message_id or self._acceptance.content_name(space, part.document)
        request = SubmitJob(
            client_request=_request_id(space, name, recipient.address.key, part.number),
            printer=recipient.route.goal,
            format=part.format,
            name=message.subject,
            layout=recipient.route.layout,
            application="mail",
            document_date=message.date,
            shares_name=True,
        )
        facts = msgspec.structs.replace(mail, part=part.number)
        return Posted(request, part.document, facts, held=recipient.held)


def _distinct(recipients: Sequence[Addressed]) -> list[Addressed]:
    """The recipients, each once, however often the envelope names it."""
    return list({one.address.key: one for one in reversed(recipients)}.values())[::-1]


def _request_id(space: str, message: str, recipient: str, part: int) -> str:
    """The name of a request; a digest, since Message-ID and address may be longer than a name."""
    told = msgspec.msgpack.encode((space, message, recipient, part))
    return f"mail-{hashlib.sha256(told).hexdigest()}"
