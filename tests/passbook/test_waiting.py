"""Why a job waits: judged by the value that terminals get, and by the sentence that people read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.document.plan import StepKind, StepOutline
from passbook.job.choice import Choice, Fed, Keep, Side
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Answered, Record, Verdict
from passbook.job.states import JobState
from passbook.job.waiting import NEXT, NO_PLACE, QueuePlace, Waiting, Why, waiting_of, waiting_words
from passbook.protocol.messages import view_of
from tests.passbook.test_changes_promises import NEW
from tests.terminal.samples import outline

FED_THERE = replace(NEW, choice=Choice(Keep.BOTH, Side.TERMINAL))
RIGHT_AWAY = replace(NEW, choice=Choice(Keep.BOTH), right=PrintRight(RightState.AWAY))
INVALID = replace(NEW, valid=False, state=JobState.PENDING_HELD)
AT_A_TURN = replace(NEW, state=JobState.PROCESSING_STOPPED, outline=outline((3, 24, 1), (4, 1, 2)))
AT_A_CHANGE = replace(
    NEW,
    state=JobState.PROCESSING_STOPPED,
    outline=(
        StepOutline(StepKind.LINE, 16, 24),
        StepOutline(StepKind.NEXT_BOOK, 1),
        StepOutline(StepKind.LINE, 1, 1),
        StepOutline(StepKind.LINE, 1, 2),
        StepOutline(StepKind.EJECT, 1),
    ),
)
ORDER = Answered(1, Verdict.PRINT, 1, 0, "till-1", "Ann")


@pytest.mark.parametrize(
    ("record", "place", "waiting"),
    [
        (NEW, QueuePlace(0), NEXT),
        (NEW, QueuePlace(2), Waiting(Why.TURN, 2)),
        (NEW, QueuePlace(2, book_left=True), Waiting(Why.BOOK_LEFT, 2)),
        (NEW, QueuePlace(0, book_left=True, not_ready="printer-silent"), Waiting(Why.BOOK_LEFT)),
        (NEW, QueuePlace(1, not_ready="printer-silent"), Waiting(Why.PRINTER, 1, "printer-silent")),
        (NEW, QueuePlace(1, not_ready=""), Waiting(Why.PRINTER, 1)),
        (replace(NEW, state=JobState.PROCESSING), QueuePlace(0), None),
        (replace(NEW, state=JobState.PROCESSING_STOPPED), QueuePlace(0, book_left=True), Waiting(Why.OWN_BOOK)),
        (replace(AT_A_TURN, confirmed=1), NO_PLACE, Waiting(Why.OWN_BOOK)),
        (replace(AT_A_TURN, confirmed=2), NO_PLACE, Waiting(Why.PAGE_TURN, page=4)),
        (replace(AT_A_TURN, confirmed=3), NO_PLACE, Waiting(Why.OWN_BOOK)),
        (replace(AT_A_CHANGE, confirmed=1), NO_PLACE, Waiting(Why.OWN_BOOK)),
        (replace(AT_A_CHANGE, confirmed=2), NO_PLACE, Waiting(Why.NEXT_BOOK, page=1)),
        (replace(AT_A_CHANGE, confirmed=3), NO_PLACE, Waiting(Why.OWN_BOOK)),
        (FED_THERE, QueuePlace(0), Waiting(Why.TERMINAL_COPY)),
        (FED_THERE, QueuePlace(1), Waiting(Why.TURN, 1)),
        (FED_THERE, QueuePlace(0, not_ready="printer-silent"), Waiting(Why.PRINTER, 0, "printer-silent")),
        (replace(FED_THERE, fed=Fed(Side.APPLIANCE, "terminal-silent")), QueuePlace(0), NEXT),
        (replace(FED_THERE, side=Side.TERMINAL), QueuePlace(0), NEXT),
        (RIGHT_AWAY, QueuePlace(0), Waiting(Why.TERMINAL_RIGHT)),
        (RIGHT_AWAY, QueuePlace(2), Waiting(Why.TURN, 2)),
        (replace(RIGHT_AWAY, handed=True), QueuePlace(2), Waiting(Why.AT_TERMINAL)),
        (replace(RIGHT_AWAY, side=Side.TERMINAL), QueuePlace(0), Waiting(Why.AT_APPLIANCE)),
        (INVALID, NO_PLACE, Waiting(Why.ANSWER)),
        (replace(INVALID, proposed=ORDER), NO_PLACE, Waiting(Why.SECOND_PERSON)),
        (replace(INVALID, asked=False), NO_PLACE, Waiting(Why.HELD)),
        (replace(NEW, valid=False, state=JobState.CANCELED), QueuePlace(3), None),
    ],
)
def test_a_job_waits_for_one_thing(record: Record, place: QueuePlace, waiting: Waiting | None) -> None:
    assert waiting_of(record, place) == waiting


def words(waiting: Waiting | None) -> str:
    return waiting_words(view_of(replace(NEW, printer="window-1", requester="till-1"), waiting))


@pytest.mark.parametrize(
    ("waiting", "sentence"),
    [
        (None, ""),
        (NEXT, "Waits for its turn: it is the next one."),
        (Waiting(Why.TURN, 1), "Waits for its turn: 1 job is before it."),
        (Waiting(Why.TURN, 2), "Waits for its turn: 2 jobs are before it."),
        (Waiting(Why.BOOK_LEFT, 2), "Waits: a book or sheet lies in window-1; it must be taken out first."),
        (Waiting(Why.PRINTER, 0, "cover-open"), "Waits: window-1 is not ready: a cover of the printer is open."),
        (Waiting(Why.PRINTER), "Waits: window-1 is not ready."),
        (Waiting(Why.TERMINAL_COPY), "Waits for the copy of its terminal till-1."),
        (Waiting(Why.TERMINAL_RIGHT), "Waits for its terminal till-1, which has its print right."),
        (Waiting(Why.AT_TERMINAL), "Waits: its terminal till-1 prints it at window-1."),
        (Waiting(Why.AT_APPLIANCE), "Waits: the appliance prints it at window-1."),
        (Waiting(Why.OWN_BOOK), "Waits for its book at window-1."),
        (Waiting(Why.PAGE_TURN, page=4), "Waits for its book to be turned to page 4 at window-1."),
        (Waiting(Why.NEXT_BOOK, page=1), "Waits at window-1 for a new book, opened at page 1: the one before is full."),
    ],
)
def test_people_read_one_sentence(waiting: Waiting | None, sentence: str) -> None:
    assert words(waiting) == sentence


def test_every_reason_has_a_sentence() -> None:
    assert all(words(Waiting(why)).startswith("Waits") for why in Why)
