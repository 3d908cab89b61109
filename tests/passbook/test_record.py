from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookPlace
from passbook.document.plan import Bar, Sheet, StepKind, StepOutline
from passbook.job.choice import Choice, Fed, IfApart, Keep, Side
from passbook.job.issue import FormIssue, IssuedSheet, IssueState
from passbook.job.mailed import Mailed, Recipient
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import (
    IMMUTABLE,
    Acknowledged,
    Answered,
    Decider,
    Encryption,
    HistoryKind,
    OnPaper,
    Record,
    Reported,
    Verdict,
    entry_of,
    without_outline,
)
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media

RECORD = Record(
    job_id="0a1b",
    requester="teller-1",
    request_id="r-1",
    sequence=7,
    accepted_at="2026-03-02T09:30:00Z",
    format="text",
    printer="pr-1",
    encryption=Encryption.REQUESTER,
    steps=2,
    outline=(StepOutline(StepKind.LINE, 1, 5, (Bar(3, 12),)), StepOutline(StepKind.EJECT, 1)),
    size=400,
)
OTHERS = {
    "job_id": "0a1c",
    "requester": "teller-2",
    "request_id": "r-2",
    "accepted_at": "2026-03-02T09:30:01Z",
    "format": "passbook-update",
    "printer": "pr-2",
    "encryption": Encryption.APPLIANCE,
    "steps": 3,
    "outline": (StepOutline(StepKind.LINE, 1, 5, (Bar(3, 13),)), StepOutline(StepKind.EJECT, 1)),
    "size": 401,
    "layout": "savings-12",
    "sheet": Sheet(18000, 12, 60),
}
MUTABLE = {
    "key_ref": "k-2",
    "recovery_ref": "branch",
    "priority": 1,
    "valid": False,
    "state": JobState.PROCESSING,
    "reasons": (Reason.RESTART,),
    "sequence": 8,
    "boot": 4,
    "epoch": 3,
    "asked": False,
    "held_by": Decider("@operator", "Otto"),
    "released_by": Decider("manager", "Ms Okafor"),
    "business_date": "2026-03-02",
    "clock_trusted": True,
    "confirmed": 1,
    "sending": 2,
    "sent_before": 3,
    "lines_in_doubt": 4,
    "media": Media.JAMMED,
    "answered": Answered(3, Verdict.RESUME, 2, 2, "teller-1", "Ms Okafor"),
    "proposed": Answered(3, Verdict.PRINT, 1, 2, "teller-1", "Ms Okafor"),
    "reprints": 2,
    "changed_at": "2026-03-02T09:31:00Z",
    "begun": False,
    "acknowledged": Acknowledged("teller-1", "2026-03-02T09:32:00Z"),
    "content_gone": True,
    "right": PrintRight(RightState.OFFERED, 3),
    "side": Side.TERMINAL,
    "choice": Choice(Keep.BOTH, Side.TERMINAL, IfApart.TERMINAL),
    "moved": "spool-nearly-full",
    "digest": "0b",
    "application": "ledger",
    "import_name": "german-excel",
    "shared": b"sealed",
    "turn": 2,
    "handed": True,
    "fed": Fed(Side.TERMINAL, "terminal-silent", "other"),
    "reported": Reported("2026-03-02T09:33:00.000+00:00", clock_trusted=True, area="a", entry=3, chain="0c" * 32),
    "stands_for": "0d" * 16,
    "moved_to": "window-2 " + "0e" * 16,
    "mail": Mailed("0c" * 16, "anna@bank.example", "", "<1@bank.example>", (Recipient("window-1@branch.example"),)),
    "book": BookClaim(("ab" * 32,), ("cd" * 32,), BookPlace(1, 1), BookPlace(1, 5), BookPlace(1, 6)),
    "substituted": 4,
    "issue": FormIssue("certificate", (IssuedSheet(1, "1", 101, IssueState.SPOILED, "ordered-again"),)),
    "on_paper": OnPaper(lines=4, confirmed=1, in_doubt=2, again=3, unsure=5),
}


def test_every_field_either_never_changes_or_may() -> None:
    assert set(OTHERS) == set(IMMUTABLE)
    assert set(OTHERS) | set(MUTABLE) == set(Record.__struct_fields__)


@pytest.mark.parametrize("name", OTHERS)
def test_the_identity_speaks_of_every_field_that_never_changes(name: str) -> None:
    assert replace(RECORD, **{name: OTHERS[name]}).identity() != RECORD.identity()


@given(st.sets(st.sampled_from(sorted(MUTABLE))))
def test_the_identity_does_not_speak_of_what_changes(names: set[str]) -> None:
    changed = replace(RECORD, **{name: MUTABLE[name] for name in names})
    assert changed.identity() == RECORD.identity()


def test_the_first_word_of_an_identity_is_the_job() -> None:
    assert msgspec.json.decode(RECORD.identity())[0] == RECORD.job_id


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_identities_of_two_requests_never_meet(requester: str, request_id: str) -> None:
    one = replace(RECORD, requester=requester, request_id=request_id)
    two = replace(RECORD, requester=requester + request_id, request_id="")
    assert (one.identity() == two.identity()) == (one == two)


@given(st.sets(st.sampled_from(sorted(MUTABLE))))
def test_a_record_survives_being_written_down(names: set[str]) -> None:
    changed = replace(RECORD, **{name: MUTABLE[name] for name in names})
    assert msgspec.json.decode(msgspec.json.encode(changed), type=Record) == changed


def test_history_leaves_the_outline_out() -> None:
    entry = entry_of(HistoryKind.STOPPED, RECORD, "2026-03-02T09:31:00Z")
    assert entry.record == without_outline(RECORD)
    assert entry.kind is HistoryKind.STOPPED


@pytest.mark.parametrize(
    ("confirmed", "sending", "before", "on_paper"),
    [
        (0, 0, 0, OnPaper(2, 0)),
        (0, 1, 0, OnPaper(2, 0, 1)),
        (1, 2, 0, OnPaper(2, 1)),
        (2, 3, 0, OnPaper(2, 1, 2)),
        (4, 0, 0, OnPaper(2, 2)),
        (0, 0, 4, OnPaper(2, 0, 0, 2)),
        (0, 1, 3, OnPaper(2, 0, 1, 2)),
        (0, 1, 2, OnPaper(2, 0, 1)),
        (1, 0, 2, OnPaper(2, 1)),
        (4, 0, 4, OnPaper(2, 2)),
    ],
)
def test_without_its_outline_a_record_still_says_which_lines_are_on_paper(
    confirmed: int, sending: int, before: int, on_paper: OnPaper
) -> None:
    kinds = (StepKind.LINE, StepKind.TURN, StepKind.LINE, StepKind.EJECT)
    outline = tuple(StepOutline(kind, 1) for kind in kinds)
    record = replace(RECORD, steps=4, outline=outline, confirmed=confirmed, sending=sending, sent_before=before)
    kept = without_outline(record)
    assert kept == replace(record, outline=(), on_paper=on_paper)
    assert without_outline(kept) == kept


def test_states_say_whether_a_job_has_ended() -> None:
    ended = {state for state in JobState if replace(RECORD, state=state).ended}
    assert ended == {JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED}


def test_untouched_is_a_job_of_which_no_step_was_ever_sent() -> None:
    new = RECORD
    assert new.untouched
    for touched in (replace(new, confirmed=1), replace(new, sending=1), replace(new, begun=True)):
        assert not touched.untouched
