"""The part of a record about the mail that brought its job: the envelope and the options of notifications (R1, F5)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Notify(StrEnum):
    """The outcomes of which the sender wants to be notified (RFC 3461, 4.1)."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


class Delivery(StrEnum):
    """How far the mail for one recipient is, at this appliance."""

    WAITING = "waiting"
    """Nothing of it left this appliance, and nothing is on paper."""
    RELAYED = "relayed"
    """The next hop took it over; whether it is on paper is not known here."""
    REFUSED = "refused"
    """The next hop refused it for good."""


class Recipient(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One recipient of an envelope.

    Attributes:
        address: as the envelope names it here.
        original: the address that the first sender named (ORCPT), as `rfc822;xtext`; empty for none.
        notify: what the sender wants to be notified of; none for what RFC 3461 has as the default.
        delivery: how far it is.
        reply: the words of the next hop; empty before.
    """

    address: str
    original: str = ""
    notify: tuple[Notify, ...] = ()
    delivery: Delivery = Delivery.WAITING
    reply: str = ""


class MailView(msgspec.Struct, frozen=True, rename="camel"):
    """The mail of a job, for the people who decide about it; `sender` is empty for the null sender."""

    sender: str
    recipients: tuple[Recipient, ...]


def mail_view(mail: Mailed) -> MailView:
    """The part of a mail that is told."""
    return MailView(mail.sender, mail.recipients)


class Mailed(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The mail of a job.

    Attributes:
        submission: what all jobs of one mail have in common; 32 lower-case hexadecimal digits.
        sender: the sender of the envelope; empty for the null sender, which is never notified.
        vouched_by: the terminal or the appliance that proved the sender; empty for an unproven one.
        message_id: the Message-ID with its angle brackets; empty for none.
        recipients: of a printed job one; of a relay all that share its next hop.
        part: the number of the printed part; 0 for a whole message that is handed on.
        envelope_id: ENVID of RFC 3461, as it came; empty for none.
        wants_headers: a notification returns the headers alone (RET=HDRS).
        trace: the appliances that handed the message on, the first one first.
    """

    submission: str
    sender: str
    vouched_by: str
    message_id: str
    recipients: tuple[Recipient, ...]
    part: int = 0
    envelope_id: str = ""
    wants_headers: bool = False
    trace: tuple[str, ...] = ()
