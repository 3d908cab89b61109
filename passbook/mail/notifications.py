"""Delivery status notifications (RFC 3464): the outcome of a mail for each recipient, written for its sender (F5).

*Relayed* is not *on paper*: a next hop took the message over, and only the appliance that prints it can say more.
*Printed* rests on the printer's own confirmation of each line, or names the person who said so.  A notification quotes
nothing of the mail and gives no authority: an answer to it decides nothing.
"""

from __future__ import annotations

import datetime
from email.utils import format_datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from passbook.job.mailed import Delivery, Mailed, Notify, Recipient
from passbook.job.record import Record, on_paper_of
from passbook.job.relaying import is_relay
from passbook.job.states import JobState, Reason
from passbook.job.wording import REASON_WORDS, doubt_words
from passbook.mail.smtp_envelope import read_xtext


class MailOutcome(StrEnum):
    """The outcome of a job that came by mail, as far as its sender is told."""

    RELAYED = "relayed"
    """The next hop took it over."""
    PRINTED = "printed"
    """Every line is on paper, as the printer confirmed."""
    CLOSED = "closed"
    """A person said that all of it is on paper."""
    WAITING = "waiting"
    """A person has to decide before it goes on."""
    DISCARDED = "discarded"
    """A person ended it."""
    FAILED = "failed"
    """It was not printed, and is not tried again."""
    EXPIRED = "expired"
    """Its day was over before a person decided (F4)."""


WANTED: Final = MappingProxyType(
    {
        MailOutcome.RELAYED: Notify.SUCCESS,
        MailOutcome.PRINTED: Notify.SUCCESS,
        MailOutcome.CLOSED: Notify.SUCCESS,
        MailOutcome.WAITING: Notify.DELAY,
        MailOutcome.DISCARDED: Notify.FAILURE,
        MailOutcome.FAILED: Notify.FAILURE,
        MailOutcome.EXPIRED: Notify.FAILURE,
    }
)
"""Outcome -> what a sender must want in order to be told of it."""
WANTED_UNSAID: Final = frozenset({Notify.FAILURE, Notify.DELAY})
"""The wish of a sender that says none (RFC 3461, 4.1)."""


class _Status(NamedTuple):
    """Action and status of RFC 3464 (2.3.3, 2.3.4), and the sentence for people."""

    action: str
    status: str
    sentence: str


STATUS: Final = MappingProxyType(
    {
        MailOutcome.RELAYED: _Status(
            "relayed", "2.0.0", "The next hop took it over. Whether it is on paper is not known here."
        ),
        MailOutcome.PRINTED: _Status("delivered", "2.0.0", "Every line is on paper, as the printer confirmed."),
        MailOutcome.CLOSED: _Status("delivered", "2.0.0", "A person said that all of it is on paper."),
        MailOutcome.WAITING: _Status("delayed", "4.0.0", "It waits for the decision of a person there."),
        MailOutcome.DISCARDED: _Status("failed", "5.0.0", "A person ended it; nothing more of it is printed."),
        MailOutcome.FAILED: _Status("failed", "5.0.0", "It ended without being printed."),
        MailOutcome.EXPIRED: _Status("failed", "5.4.7", "Its business day ended before a person decided."),
    }
)
"""Outcome -> how it is told."""
_REFUSED: Final = _Status("failed", "5.0.0", "The next hop refused it.")


def outcome_of(record: Record) -> MailOutcome | None:
    """What its sender can be told of now; None for nothing."""
    if record.is_open:
        return MailOutcome.WAITING if record.asked else None
    # The job at the substitute tells what becomes of it.
    return None if Reason.MOVED in record.reasons else _end_of(record)


def _end_of(record: Record) -> MailOutcome | None:
    match record.state:
        case JobState.COMPLETED if is_relay(record):
            return MailOutcome.RELAYED
        case JobState.COMPLETED:
            return MailOutcome.CLOSED if Reason.CLOSED_BY_ANSWER in record.reasons else MailOutcome.PRINTED
        case JobState.CANCELED:
            return MailOutcome.DISCARDED
        case JobState.ABORTED:
            return MailOutcome.EXPIRED if Reason.EXPIRED in record.reasons else MailOutcome.FAILED
        case _:
            return None


def told_recipients(mail: Mailed, outcome: MailOutcome) -> tuple[Recipient, ...]:
    """The recipients of whom the sender wants to be told; none for an unproven sender, and for the null sender."""
    if not mail.sender or not mail.vouched_by:
        return ()
    return tuple(one for one in mail.recipients if WANTED[outcome] in (one.notify or WANTED_UNSAID))


def write_notification(
    record: Record, outcome: MailOutcome, hostname: str, notification: str, at: datetime.datetime
) -> bytes:
    """The notification as a message, with CR LF; `notification` makes its Message-ID.  The record must have a mail.

    Raises ValueError for a record without one.
    """
    if record.mail is None:
        raise ValueError("the job came from a terminal")
    mail, boundary = record.mail, f"passbook-{notification}"
    told = told_recipients(mail, outcome)
    names = ", ".join(one.address for one in told)
    lines = [
        f"From: Passbook printing <postmaster@{hostname}>",
        f"To: <{mail.sender}>",
        f"Subject: {outcome.value}: {names}"[:200],
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{notification}@{hostname}>",
        "Auto-Submitted: auto-replied",
        *([f"In-Reply-To: {mail.message_id}"] if mail.message_id else []),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        *_for_people(record, mail, outcome, told),
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        *([f"Original-Envelope-Id: {read_xtext(mail.envelope_id)}"] if mail.envelope_id else []),
        f"Reporting-MTA: dns; {hostname}",
        f"Arrival-Date: {format_datetime(datetime.datetime.fromisoformat(record.accepted_at))}",
        "",
        *(line for one in told for line in _for_programs(one, record, outcome)),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(map(_plain, lines)).encode()


def _for_people(record: Record, mail: Mailed, outcome: MailOutcome, told: tuple[Recipient, ...]) -> list[str]:
    paper = on_paper_of(record)
    part = f", part {mail.part}" if mail.part else ""
    lines = [f"Your mail {mail.message_id or 'without a Message-ID'}{part}, which is job {record.job_id[:8]}:", ""]
    lines += [f"{one.address}: {_status(one, outcome).sentence}" for one in told]
    why = [REASON_WORDS[reason] for reason in record.reasons if reason in REASON_WORDS]
    # The words of a job that ended well tell of paper, and a relay knows of none.
    if outcome not in {MailOutcome.PRINTED, MailOutcome.RELAYED} and why:
        lines += ["", f"The reason: {' and '.join(why)}."]
    decided = record.answered
    if outcome in {MailOutcome.DISCARDED, MailOutcome.CLOSED} and decided is not None:
        lines += ["", f"{decided.person} decided it at {decided.terminal}."]
    if paper is not None and outcome is not MailOutcome.PRINTED and not is_relay(record):
        doubt = doubt_words(paper)
        doubt = f"; {doubt}" if doubt else ""
        lines += ["", f"{paper.confirmed - paper.unsure} of {paper.lines} lines are on paper{doubt}."]
    return [*lines, "", "An answer to this mail reaches no person and decides nothing."]


def _for_programs(recipient: Recipient, record: Record, outcome: MailOutcome) -> list[str]:
    status = _status(recipient, outcome)
    return [
        *([f"Original-Recipient: {read_xtext(recipient.original)}"] if recipient.original else []),
        f"Final-Recipient: rfc822; {recipient.address}",
        f"Action: {status.action}",
        f"Status: {status.status}",
        *([f"Diagnostic-Code: smtp; {recipient.reply}"] if recipient.reply else []),
        f"X-Passbook-Outcome: {outcome.value} {' '.join(record.reasons)}".rstrip(),
        "",
    ]


def _status(recipient: Recipient, outcome: MailOutcome) -> _Status:
    """The words about one recipient: the next hop may have taken the mail for one and not for another."""
    match recipient.delivery:
        case Delivery.RELAYED:
            return STATUS[MailOutcome.RELAYED]
        case Delivery.REFUSED:
            return _REFUSED
        case Delivery.WAITING:
            return STATUS[outcome]


def _plain(line: str) -> str:
    """The line as printable ASCII: nothing of a peer can begin a header of its own."""
    return "".join(char if " " <= char <= "~" else "?" for char in line)
