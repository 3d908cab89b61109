from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.plan import Relay, Sheet, outline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.mailed import Delivery, Mailed, Recipient
from passbook.job.record import Change, Encryption, HistoryKind, Record
from passbook.job.relaying import give_up, is_relay, left_of, note_replies, postpone, relay_again
from passbook.job.states import JobState, Reason
from passbook.mail.mail_address import MailAddress

AT = "2026-03-02T10:00:00.000+00:00"
ADDRESSES: Final = tuple(str(MailAddress(name, "b.example")) for name in ("one", "two", "three"))


def relay(part: int = 0, *, mail: bool = True) -> Record:
    """A job that hands a message on, valid and waiting; with a part it prints one."""
    mailed = Mailed("0" * 32, "a@b", "", "", tuple(map(Recipient, ADDRESSES)), part=part)
    plan = (Relay(),)
    return Record(
        job_id="0" * 32,
        requester="mail:a@b",
        request_id="r-1",
        sequence=1,
        accepted_at=AT,
        format="message",
        printer="other",
        encryption=Encryption.APPLIANCE,
        key_ref="",
        recovery_ref="",
        layout="",
        sheet=Sheet(0),
        steps=1,
        outline=outline(plan),
        size=1,
        boot=1,
        business_date=AT[:10],
        changed_at=AT,
        mail=mailed if mail else None,
    )


def after(record: Record, *applied: Change) -> Record:
    for one in applied:
        record = one(record).record
    return record


@pytest.fixture
def sending() -> Record:
    """Its step is under way."""
    started = after(relay(), changes.start(AT, 1), changes.journal(0, 1))
    assert (started.state, started.sending) == (JobState.PROCESSING, 1)
    return started


RULES: Final[dict[str, Callable[[], Change]]] = {
    "postpone": lambda: postpone(Reason.HOP_BUSY, AT),
    "give up": lambda: give_up(Reason.GIVEN_UP, AT),
    "relay again": lambda: relay_again(AT),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("record", [relay(1), relay(mail=False)], ids=["a part of a mail", "no mail"])
def test_a_step_on_paper_is_never_marked_undone_or_done_again_by_a_rule(record: Record, rule: str) -> None:
    assert not is_relay(record)
    begun = after(record, changes.start(AT, 1), changes.journal(0, 1))
    with pytest.raises(PassbookError) as refused:
        RULES[rule]()(begun)
    assert refused.value.code == "not-allowed-in-state"


def test_a_postponed_relay_is_as_before_its_attempt(sending: Record) -> None:
    outcome = postpone(Reason.HOP_BUSY, AT)(sending)
    record = outcome.record
    assert (record.state, record.sending, record.begun, record.valid) == (JobState.PENDING, 0, False, True)
    assert record.epoch == sending.epoch
    assert record.reasons == (Reason.HOP_BUSY,)
    assert outcome.entry is None, "it is no stop"


def test_a_dead_letter_is_a_question_with_nothing_in_doubt(sending: Record) -> None:
    outcome = give_up(Reason.GIVEN_UP, AT)(sending)
    record = outcome.record
    assert (record.sending, record.valid, record.asked, record.epoch) == (0, False, True, sending.epoch + 1)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.STOPPED


def test_a_relay_in_doubt_at_a_boot_goes_on_with_an_entry(sending: Record) -> None:
    invalid = after(sending, changes.invalidate(Reason.POWER_LOSS, AT, 1))
    assert not invalid.valid
    outcome = relay_again(AT)(invalid)
    assert (outcome.record.valid, outcome.record.sending, outcome.record.begun) == (True, 0, False)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.RELAYED_AGAIN


@pytest.mark.parametrize("reason", [Reason.HOP_REFUSED, Reason.GIVEN_UP])
def test_a_dead_letter_stays_one_over_a_boot(sending: Record, reason: Reason) -> None:
    dead = after(sending, give_up(reason, AT))
    assert after(dead, relay_again(AT)) == dead


replies = st.tuples(st.sampled_from(list(Delivery)), st.text(max_size=5))


@given(st.lists(st.dictionaries(st.sampled_from((*ADDRESSES, "stranger@b.example")), replies), max_size=5))
def test_a_recipient_is_taken_over_once_and_for_good(told: list[dict[str, tuple[Delivery, str]]]) -> None:
    record = relay()
    for one in told:
        before = record
        record = after(record, note_replies(one))
        assert record.mail is not None
        assert before.mail is not None
        assert [each.address for each in record.mail.recipients] == list(ADDRESSES)
        for was, now in zip(before.mail.recipients, record.mail.recipients, strict=True):
            if was.delivery is Delivery.RELAYED or was.address not in one:
                assert now == was
            else:
                assert (now.delivery, now.reply) == one[was.address]
        left = {each.address for each in left_of(record.mail)}
        assert left == {each.address for each in record.mail.recipients if each.delivery is not Delivery.RELAYED}
        assert replace(record, mail=before.mail) == before, "nothing else of the job changed"


def test_replies_are_noted_of_a_mail_alone() -> None:
    with pytest.raises(PassbookError) as refused:
        note_replies({})(relay(mail=False))
    assert refused.value.code == "not-allowed-in-state"
