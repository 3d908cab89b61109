"""R2: retries to a hop that stays silent hold up no first attempt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.job.record import Record
from passbook.job.states import JobState
from spooler.next_hop import FIRST_PAUSE, Relays, RelayTurns
from tests.firmware.branch import StandingClock
from tests.passbook.mail.test_relaying import relay

TRIED = relay()
NEW = replace(TRIED, job_id="0b" * 16)


@pytest.fixture
def relays() -> Relays:
    """One job was tried once, and its pause is over."""
    clock = StandingClock()
    relays = Relays(clock, lambda: 0.5, lambda: None)
    relays.note_failure(TRIED.job_id)
    relays.note(TRIED)
    clock.seconds += FIRST_PAUSE
    return relays


@pytest.mark.parametrize("over", [replace(NEW, valid=False), replace(NEW, state=JobState.PROCESSING)])
def test_a_first_attempt_goes_before_a_further_one_of_another_job(relays: Relays, over: Record) -> None:
    turns = RelayTurns(relays)
    relays.note(replace(NEW, printer="elsewhere"))
    assert turns.may_begin(TRIED)
    relays.note(NEW)
    assert (turns.may_begin(NEW), turns.may_begin(TRIED)) == (True, False)
    relays.note(over)
    assert turns.may_begin(TRIED), "it waits for nothing that is not tried now"


def test_after_its_first_attempt_a_job_takes_its_turn_with_the_others(relays: Relays) -> None:
    turns = RelayTurns(relays)
    relays.note(NEW)
    relays.note_attempt(NEW.printer, NEW)
    relays.note_failure(NEW.job_id)
    relays.note(NEW)
    assert (turns.may_begin(NEW), turns.may_begin(TRIED)) == (False, True)
