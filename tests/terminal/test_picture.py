from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import Answered, Verdict
from passbook.job.states import Reason
from passbook.protocol.messages import Question
from terminal.picture import Standing, line_places, picture, question_summary, standing_of
from tests.terminal.samples import TWENTY, outline, question, stopped


@st.composite
def questions(draw: st.DrawFn) -> Question:
    pages = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    steps = outline(*((number, 1, count) for number, count in enumerate(pages, 1)))
    confirmed = draw(st.integers(0, len(steps) - 1))
    sending = draw(st.sampled_from([0, confirmed + 1]))
    asked = question(stopped(confirmed, sending), steps, lines_in_doubt=draw(st.integers(1, 4)))
    return replace(asked, sent_before=draw(st.integers(0, len(steps))))


def test_the_picture_of_a_line_in_doubt() -> None:
    drawn = picture(question(stopped(3, 4), outline((3, 22, 3), (4, 1, 2))))
    assert drawn == [
        "Job aa11 of teller-1 for window-1 waits for an answer: the power failed.",
        "Lines 1 to 3 are on paper; lines 4 to 5 are left; the turn to page 4 is in doubt.",
        "page 3",
        "  1  line 22 |########## ######| on paper",
        "  2  line 23 |########## ######| on paper",
        "  3  line 24 |########## ######| on paper",
        "page 4",
        "  4  line  1 |.......... ......| left",
        "  5  line  2 |.......... ......| left",
    ]


@pytest.mark.parametrize(
    ("confirmed", "sending", "sentence"),
    [
        (0, 0, "lines 1 to 20 are left."),
        (0, 1, "line 1 is in doubt; lines 2 to 20 are left."),
        (11, 12, "lines 1 to 11 are on paper; line 12 is in doubt; lines 13 to 20 are left."),
        (12, 0, "lines 1 to 12 are on paper; lines 13 to 20 are left."),
        (20, 21, "lines 1 to 19 are on paper; line 20 is in doubt."),
        (21, 22, "lines 1 to 20 are on paper; whether the book was given back is in doubt."),
    ],
)
def test_the_sentence_counts_lines_of_the_document(confirmed: int, sending: int, sentence: str) -> None:
    assert question_summary(question(stopped(confirmed, sending), TWENTY)) == sentence


def test_a_dialect_that_confirms_late_leaves_more_lines_in_doubt() -> None:
    asked = question(stopped(14, 15), TWENTY, lines_in_doubt=3)
    assert (
        question_summary(asked) == "lines 1 to 11 are on paper; lines 12 to 14 are in doubt; lines 15 to 20 are left."
    )
    at_rest = question(stopped(5), TWENTY, lines_in_doubt=3)
    assert question_summary(at_rest) == "lines 1 to 3 are on paper; lines 4 to 5 are in doubt; lines 6 to 20 are left."


@given(questions())
def test_every_line_is_drawn_once_with_its_place_and_standing(asked: Question) -> None:
    rows = [row for row in picture(asked)[2:] if not row.startswith(("page", "The lines"))]
    lines = line_places(asked)
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        match = re.fullmatch(r" *(\d+)  line +(\d+) \|([#?+. ]*)\| (.+)", row)
        assert match
        assert (int(match[1]), int(match[2])) == (line.number, line.outline.line)
        assert match[4] in standing_of(asked, line.step)
        assert [len(bar) for bar in match[3].split()] == [bar.width for bar in line.outline.bars]


@given(questions())
def test_what_is_on_paper_comes_before_what_is_in_doubt_and_that_before_what_is_left(asked: Question) -> None:
    order = [list(Standing).index(standing_of(asked, line.step)) for line in line_places(asked)]
    assert order == sorted(order)
    doubtful = order.count(list(Standing).index(Standing.IN_DOUBT))
    assert doubtful <= asked.lines_in_doubt
    if asked.in_doubt:
        assert standing_of(asked, asked.in_doubt) is Standing.IN_DOUBT


def test_the_own_copy_stands_where_the_bars_are() -> None:
    asked = question(stopped(1, 2), outline((3, 1, 3)))
    texts = [["2026-05-04", "salary"], ["2026-05-05", "rent"], ["2026-05-06", "grocer"]]
    drawn = picture(asked, texts)
    assert drawn[3] == "  1  line  1 |2026-05-04 salary| on paper"
    assert drawn[4] == "  2  line  2 |?????????? ??????| in doubt"
    assert drawn[5] == "  3  line  3 |2026-05-06 grocer| left"


def test_a_copy_of_another_document_is_not_shown() -> None:
    asked = question(stopped(1, 2), outline((3, 1, 3)))
    assert picture(asked, [["2026-05-04", "salary"]]) == picture(asked)


def test_lines_ordered_again_are_not_said_to_be_left() -> None:
    asked = replace(question(stopped(1, 2), outline((3, 1, 5))), sent_before=4)
    assert picture(asked) == [
        "Job aa11 of teller-1 for window-1 waits for an answer: the power failed.",
        "Line 1 is on paper; line 2 is in doubt; lines 3 to 4 are ordered again; line 5 is left.",
        "page 3",
        "  1  line  1 |########## ######| on paper",
        "  2  line  2 |?????????? ??????| in doubt",
        "  3  line  3 |++++++++++ ++++++| again",
        "  4  line  4 |++++++++++ ++++++| again",
        "  5  line  5 |.......... ......| left",
        "The lines that are ordered again were sent before: they may be on paper already. Look at the book.",
    ]


def test_a_job_without_lines_can_be_drawn() -> None:
    steps = (StepOutline(StepKind.EJECT, 1),)
    assert picture(question(stopped(0, 1), steps)) == [
        "Job aa11 of teller-1 for window-1 waits for an answer: the power failed.",
        "Whether the book was given back is in doubt.",
    ]


@pytest.mark.parametrize(
    ("side", "other", "where"),
    [(Side.APPLIANCE, "terminal teller-1", ", at two terminals"), (Side.TERMINAL, "the appliance", "")],
)
def test_a_copy_without_the_print_right_says_who_may_have_printed_it(side: Side, other: str, where: str) -> None:
    """P13: an order there is a reprint."""
    job = stopped(0, side=side, right=RightState.AWAY)
    silent = replace(job, reasons=(Reason.TERMINAL_SILENT,))
    assert picture(question(silent, TWENTY))[-1] == (
        f"It may already be printed by {other}, which has its print right: look at the paper. "
        f"An order to print it here is a reprint: two people must give it{where}."
    )
    assert picture(question(job, TWENTY))[-1].lower() == (
        f"{other} has its print right: after an order to print, the job waits for it."
    )
    assert picture(question(replace(silent, right=RightState.HERE), TWENTY))[-1].endswith("left")


def test_what_a_person_must_know_stands_below() -> None:
    asked = question(stopped(3, 4), TWENTY)
    back = replace(asked, job=replace(asked.job, reasons=(Reason.POWER_LOSS, Reason.ROLLED_BACK)))
    assert picture(back)[-1].startswith("The storage was rolled back or altered")
    gone = replace(asked, job=replace(asked.job, content_gone=True))
    assert picture(gone)[-1].startswith("Its text was destroyed")
    order = Answered(2, Verdict.RESUME, 2, 4, "till-1", "Ann")
    assert picture(replace(asked, proposed=order))[-1] == (
        "Ann at till-1 ordered it from line 2 on printed again. "
        "A second person must confirm that at another terminal, or answer otherwise."
    )
    own = replace(asked, proposed=order, job=replace(asked.job, side=Side.TERMINAL))
    assert picture(own)[-1].endswith("A second person must confirm that with another name, or answer otherwise.")
    discarded = replace(order, verdict=Verdict.DISCARD, step=0)
    assert "ordered it discarded. " in picture(replace(asked, proposed=discarded))[-1]
    closed = replace(order, step=asked.job.steps + 1)
    assert "ordered it closed: every line is on paper. " in picture(replace(asked, proposed=closed))[-1]
    whole = replace(order, verdict=Verdict.PRINT)
    assert "ordered all of it printed again" in picture(replace(asked, proposed=whole))[-1]
    assert picture(asked)[-1].endswith("left")


@given(questions(), st.integers(40, 120), st.booleans())
def test_no_row_is_wider_than_the_screen(asked: Question, width: int, own: bool) -> None:
    texts = [["2026-05-04", "salary"]] * len(line_places(asked)) if own else None
    rows = [row for row in picture(asked, texts, width=width) if "|" in row]
    assert len(rows) == len(line_places(asked))
    assert max(map(len, rows)) <= width


def test_on_a_narrow_screen_blanks_go_first_and_the_end_of_a_text_then() -> None:
    bars = (Bar(1, 10), Bar(12, 11), Bar(42, 7), Bar(53, 7))
    asked = question(stopped(0, 1), (StepOutline(StepKind.LINE, 3, 22, bars), StepOutline(StepKind.EJECT, 3)))
    own = [["2026-02-02", "Salary Jan.", "2480.00", "8600.55"]]
    assert "|2026-02-02 Salary Jan. 2480.00 8600.55   |" in picture(asked, own, width=60)[-1]
    assert "|2026-02-02 Salary Ja~|" in picture(asked, own, width=40)[-1]
    assert "|???????       ??? ???|" in picture(asked, width=40)[-1]


def test_the_question_says_since_when_it_is_open() -> None:
    drawn = picture(question(stopped(3, 4), TWENTY), when="19:20")
    assert drawn[0] == "Job aa11 of teller-1 for window-1 waits for an answer since 19:20: the power failed."
