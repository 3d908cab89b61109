"""R4, P3: an untouched job goes to a substitute by itself; a begun one by an answer and an order of people."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.issue import FormIssue
from passbook.job.moving import (
    ask_for_substitute,
    line_there,
    may_move,
    move_away,
    moves_by_itself,
    stand_in,
    wait_again,
)
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
    moved = after(record, move_away(record, "south", "1f0c", AT))
    assert (moved.state, moved.reasons, moved.moved_to) == (JobState.ABORTED, (Reason.MOVED,), "south 1f0c")
    assert not may_move(moved)


def test_a_job_that_is_sending_or_in_doubt_or_asked_about_does_not_move() -> None:
    for record in (relay(), relay(1), pending()):
        sending = after(record, BEGIN, SEND)
        stopped = after(sending, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
        for one in (sending, stopped, after(sending, CUT), after(record, CUT)):
            assert not may_move(one)
            with pytest.raises(PassbookError) as refused:
                move_away(one, "south", "1f0c", AT)(one)
            assert refused.value.code == "cannot-move"


def begun() -> Record:
    """A job of three lines that stopped with the second one in doubt, and was ordered to go on with that."""
    sent = after(three_lines(), BEGIN, SEND, changes.journal(1, 2))
    stopped = after(sent, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
    assert not may_move(stopped)
    given = Answered(stopped.epoch, Verdict.RESUME, 2, 2, "teller-1", "Ann")
    return after(stopped, changes.answer(given, at=AT, date=AT[:10], trusted=True))


def three_lines() -> Record:
    """A job of a terminal that waits untouched."""
    steps = tuple(StepOutline(StepKind.LINE, 1, line) for line in (1, 2, 3))
    return replace(pending(4), outline=(*steps, StepOutline(StepKind.EJECT, 1)))


def test_a_relay_that_was_begun_and_that_a_person_orders_again_stays_at_its_own_hop() -> None:
    cut = after(relay(), BEGIN, SEND, CUT)
    again = after(cut, ordered(cut))
    assert (again.state, again.valid, again.sending) == (JobState.PENDING, True, 0)
    assert not may_move(again)
    assert after(again, ask_for_substitute(AT)) == again


def test_a_begun_job_moves_by_people_alone_and_goes_on_with_the_line_of_their_answer() -> None:
    record = begun()
    assert (may_move(record), moves_by_itself(record), line_there(record)) == (True, False, 2)
    asked = after(record, ask_for_substitute(AT))
    assert (asked.valid, asked.reasons, may_move(asked)) == (False, (Reason.SUBSTITUTE_READY,), True)
    there = stand_in(replace(three_lines(), job_id="1f0c", printer="south"), asked)
    assert (there.confirmed, there.sending, there.sent_before, there.begun) == (1, 0, 2, True)
    assert (there.stands_for, there.valid) == (record.job_id, True)
    assert not moves_by_itself(there)
    ended = after(asked, move_away(asked, "south", "1f0c", AT))
    assert (ended.state, ended.confirmed) == (JobState.ABORTED, 1)


def test_a_begun_job_whose_lines_have_other_places_there_stays() -> None:
    other = replace(three_lines(), outline=three_lines().outline[1:])
    with pytest.raises(PassbookError) as refused:
        stand_in(other, begun())
    assert refused.value.code == "cannot-move"


def test_a_begun_form_moves_only_to_a_clean_sheet() -> None:
    record = replace(begun(), issue=FormIssue("certificate"))
    there = replace(three_lines(), job_id="1f0c", printer="south", issue=FormIssue("certificate"))
    with pytest.raises(PassbookError) as refused:
        stand_in(there, record)
    assert refused.value.code == "cannot-move"
    again = replace(record, confirmed=0)
    moved = stand_in(there, again)
    assert (moved.confirmed, moved.sent_before, moved.begun) == (0, 0, True)


@pytest.mark.parametrize("reason", [Reason.POWER_LOSS, Reason.ROLLED_BACK])
def test_a_boot_ends_what_an_answer_said_of_a_begun_job(reason: Reason) -> None:
    asked = after(begun(), ask_for_substitute(AT))
    for record in (begun(), asked):
        assert not may_move(after(record, changes.invalidate(reason, AT, 2)))
    untouched = after(three_lines(), ask_for_substitute(AT), changes.invalidate(Reason.ROLLED_BACK, AT, 2))
    assert not may_move(untouched), "more may be on paper than its record says"


def test_a_job_that_was_begun_or_ordered_otherwise_meanwhile_is_not_ended_by_its_move() -> None:
    for seen, now in ((three_lines(), begun()), (begun(), replace(begun(), confirmed=0))):
        assert may_move(now)
        with pytest.raises(PassbookError) as refused:
            move_away(seen, "south", "1f0c", AT)(now)
        assert refused.value.code == "cannot-move"


def test_a_job_of_which_nothing_was_sent_waits_for_its_turn_again() -> None:
    starting = after(three_lines(), BEGIN)
    asking = after(starting, changes.wait_for_people(Reason.MEDIA_NEEDED, AT))
    for one in (starting, asking):
        again = after(one, wait_again(AT))
        assert (again.state, again.valid, again.untouched) == (JobState.PENDING, True, True)
        assert moves_by_itself(again)
    sending = after(starting, SEND)
    for begun_one in (sending, after(sending, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)), begun()):
        with pytest.raises(PassbookError) as refused:
            wait_again(AT)(begun_one)
        assert refused.value.code == "not-allowed-in-state"


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
