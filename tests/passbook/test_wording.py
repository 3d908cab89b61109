from __future__ import annotations

import pytest

from passbook.document.plan import StepKind, StepOutline
from passbook.job.wording import from_line_words, go_on_words, possible_words
from tests.terminal.samples import TWENTY, outline


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (1, "go on with line 1"),
        (12, "go on with line 12"),
        (13, "go on with line 13, after the turn to page 4"),
        (14, "go on with line 13"),
        (21, "go on with line 20"),
        (22, "every line is on paper"),
        (23, "every line is on paper"),
    ],
)
def test_people_read_lines_and_no_steps(step: int, words: str) -> None:
    assert go_on_words(TWENTY, step) == words


@pytest.mark.parametrize(
    ("furthest", "words"),
    [
        (1, "it can go on with line 1"),
        (12, "it can go on with one of the lines 1 to 12"),
        (13, "it can go on with one of the lines 1 to 13"),
        (14, "it can go on with one of the lines 1 to 13"),
        (21, "it can go on with one of the lines 1 to 20"),
        (22, "it can go on with one of the lines 1 to 20, or every line is on paper"),
        (23, "it can go on with one of the lines 1 to 20, or every line is on paper"),
    ],
)
def test_what_is_possible_is_said_in_lines(furthest: int, words: str) -> None:
    assert possible_words(TWENTY, furthest) == words


def test_the_change_of_books_is_named_before_the_line_behind_it() -> None:
    steps = (
        StepOutline(StepKind.LINE, 16, 24),
        StepOutline(StepKind.NEXT_BOOK, 1),
        StepOutline(StepKind.LINE, 1, 1),
        StepOutline(StepKind.EJECT, 1),
    )
    assert go_on_words(steps, 2) == "go on with line 2, after the change to a new book"
    assert go_on_words(steps, 3) == "go on with line 2"


def test_an_order_of_another_person_is_told_in_lines() -> None:
    assert [from_line_words(TWENTY, step) for step in (1, 12, 14)] == [
        "it from line 1 on",
        "it from line 12 on",
        "it from line 13 on",
    ]


def test_of_one_line_either_that_or_nothing_is_left() -> None:
    assert possible_words(outline((1, 1, 1)), 2) == "it can go on with line 1, or every line is on paper"
