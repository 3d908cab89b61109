"""R4, P3: only an untouched job goes to a substitute; of a job that was begun a person decides at its own place."""

from __future__ import annotations

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.moving import ask_for_substitute, may_move, move_away, moves_by_itself
from passbook.job.record import Answered, Change, Record, Verdict
from passbook.job.relaying import give_up, postpone, relay_again
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.mail.test_relaying import AT, after, relay
from tests.passbook.test_changes import pending

CUT = changes.invalidate(Reason.POWER_LOSS, AT, 2)
BEGIN = changes.start(AT, 1)
SEND = changes.journal(0, 1)


def ordered(record: Record, verdict: Verdict = Verdict.PRINT) -> Change:
    """A person's order about the job as it is now."""
    given = Answered(record.epoch, verdict, 0, record.sending, "teller-1", "Ann")
    return changes.answer(given, at=AT, date=AT[:10], trusted=True)


@pytest.mark.parametrize("record", [relay(), relay(1), pending()], ids=["relay", "part", "terminal"])
def test_a_job_that_waits_untouched_is_ended_by_its_move(record: Record) -> None:
    moved = after(record, move_away("south", "1f0c", AT))
    assert (moved.state, moved.reasons, moved.moved_to) == (JobState.ABORTED, (Reason.MOVED,), "south 1f0c")
    assert not may_move(moved)


def test_a_job_that_is_sending_or_in_doubt_or_asked_about_does_not_move() -> None:
    for record in (relay(), relay(1), pending()):
        sending = after(record, BEGIN, SEND)
        stopped = after(sending, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
        for one in (sending, stopped, after(sending, CUT), after(record, CUT)):
            assert not may_move(one)
            with pytest.raises(PassbookError) as refused:
                move_away("south", "1f0c", AT)(one)
            assert refused.value.code == "cannot-move"


@pytest.mark.parametrize("record", [relay(), relay(1)], ids=["relay", "part"])
def test_a_begun_job_that_a_person_orders_again_stays_at_its_own_place(record: Record) -> None:
    cut = after(record, BEGIN, SEND, CUT)
    again = after(cut, ordered(cut))
    assert (again.state, again.valid, again.sending) == (JobState.PENDING, True, 0)
    assert not may_move(again)
    assert after(again, ask_for_substitute(AT)) == again


@pytest.mark.parametrize("doubt", [CUT, postpone(Reason.HOP_IN_DOUBT, AT)], ids=["cut", "no reply"])
def test_a_relay_in_doubt_goes_to_the_same_hop_only(doubt: Change) -> None:
    again = after(relay(), BEGIN, SEND, doubt)
    again = again if again.valid else after(again, relay_again(AT))
    assert again.valid
    later = after(again, BEGIN, SEND, postpone(Reason.HOP_UNREACHABLE, AT))
    dead = after(later, BEGIN, SEND, give_up(Reason.GIVEN_UP, AT))
    for one in (again, later, after(later, CUT, relay_again(AT)), dead, after(dead, ordered(dead))):
        assert not may_move(one)
        assert not moves_by_itself(one)


@pytest.mark.parametrize("reason", [Reason.HOP_BUSY, Reason.HOP_UNREACHABLE])
def test_a_relay_of_which_the_hop_took_nothing_moves_by_itself(reason: Reason) -> None:
    waits = after(relay(), BEGIN, SEND, postpone(reason, AT))
    assert moves_by_itself(waits)
    dead = after(waits, BEGIN, SEND, give_up(Reason.GIVEN_UP, AT))
    assert moves_by_itself(after(dead, ordered(dead)))
    assert moves_by_itself(after(waits, CUT, relay_again(AT)))
