"""Changes of a job whose destination is a next hop: its replies, further attempts, and dead letters (R2).

A next hop says in its replies, for each recipient, whether it took the message over.  So unlike at a printer a step can
be known to be undone.  A hop that takes the same message again for the same job may get it again without a person's
word (P4).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.changes import move_on
from passbook.job.mailed import Delivery, Mailed, Recipient
from passbook.job.record import Change, HistoryKind, Outcome, Record, entry_of
from passbook.job.states import JobEvent, Reason


def is_relay(record: Record) -> bool:
    """Whether the job hands a message on."""
    return record.mail is not None and record.mail.part == 0


def is_notification(record: Record) -> bool:
    """Whether the job hands on a message of the null sender, of whose fate no sender is told."""
    return record.mail is not None and record.mail.part == 0 and not record.mail.sender


def left_of(mail: Mailed) -> tuple[Recipient, ...]:
    """The recipients for whom the next hop has not taken the message over; one that it refused is tried if asked."""
    return tuple(one for one in mail.recipients if one.delivery is not Delivery.RELAYED)


def note_replies(replies: Mapping[str, tuple[Delivery, str]]) -> Change:
    """Note the words of the next hop for each address; a recipient that was taken over once stays so."""

    def change(record: Record) -> Outcome:
        if record.mail is None:
            raise PassbookError("not-allowed-in-state", job=record.job_id, state="no mail", event="relay")
        recipients = tuple(_after(one, replies) for one in record.mail.recipients)
        return Outcome(replace(record, mail=replace(record.mail, recipients=recipients)))

    return change


def _after(recipient: Recipient, replies: Mapping[str, tuple[Delivery, str]]) -> Recipient:
    if recipient.delivery is Delivery.RELAYED or recipient.address not in replies:
        return recipient
    delivery, reply = replies[recipient.address]
    return replace(recipient, delivery=delivery, reply=reply)


def postpone(reason: Reason, at: str) -> Change:
    """Try the step again later; nothing of it was done, or the hop drops doubles, and the job stays valid.

    Raises PassbookError `not-allowed-in-state` for any other step than a relay: of paper only a person can say so.
    """

    def change(record: Record) -> Outcome:
        _must_be_relay(record)
        sent = record.furthest_sent if reason is Reason.HOP_IN_DOUBT else record.sent_before
        return Outcome(replace(move_on(record, JobEvent.POSTPONE, reason, at=at), **_waiting(sent)))

    return change


def give_up(reason: Reason, at: str) -> Change:
    """Nothing more of the step is done without a person: the message is a dead letter.

    A message of the null sender, which is a notification itself, ends: people are not asked about it.

    Raises PassbookError `not-allowed-in-state` for any other step than a relay.
    """

    def change(record: Record) -> Outcome:
        _must_be_relay(record)
        if is_notification(record):
            ended = replace(move_on(record, JobEvent.ABORT, reason, at=at), sending=0)
            return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))
        moved = move_on(record, JobEvent.STOP, reason, at=at)
        waiting = replace(moved, **_waiting(record.sent_before))
        stopped = replace(waiting, valid=False, epoch=record.epoch + 1, asked=True)
        return Outcome(stopped, entry_of(HistoryKind.STOPPED, stopped, at))

    return change


def relay_again(at: str) -> Change:
    """After a boot: the message goes to the same hop again by rule, since that hop drops doubles (P4).

    A dead letter stays one, and so does a message that a person holds back.  Raises PassbookError
    `not-allowed-in-state` for any other job than a relay.
    """

    def change(record: Record) -> Outcome:
        _must_be_relay(record)
        stays = {Reason.HOP_REFUSED, Reason.GIVEN_UP, Reason.HELD_BY_PERSON, Reason.SENDER_UNPROVEN}
        if not record.is_open or record.held_by is not None or stays & set(record.reasons):
            return Outcome(record)
        again = replace(move_on(record, JobEvent.ANSWER, at=at), valid=True, **_waiting(record.furthest_sent))
        return Outcome(again, entry_of(HistoryKind.RELAYED_AGAIN, again, at))

    return change


def _waiting(sent: int) -> dict[str, int | bool]:
    """The fields of a relay that waits for an attempt; with `sent` above 0 an earlier one may have been taken.

    Such a relay counts as begun: it goes to the same hop only, and never to a substitute, which cannot drop the double.
    """
    return {"sending": 0, "sent_before": sent, "begun": sent > 0}


def _must_be_relay(record: Record) -> None:
    if not is_relay(record):
        raise PassbookError("not-allowed-in-state", job=record.job_id, state="no relay", event="relay")
