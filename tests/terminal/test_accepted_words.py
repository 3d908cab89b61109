"""The sentences at the acceptance of a job."""

from __future__ import annotations

import datetime as dt

import pytest

from passbook.job.states import Reason
from terminal.earlier import accepted_words
from tests.terminal.samples import view

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, []),
        (1, ["1 character is printed as the layout savings-24 declares, since the printer lacks it."]),
        (3, ["3 characters are printed as the layout savings-24 declares, since the printer lacks them."]),
    ],
)
def test_the_number_of_replaced_characters_is_said(count: int, words: list[str]) -> None:
    said = accepted_words(view(substituted=count), NOW, known=False)
    assert said == ["Job aa11 was accepted.", *words]
    moved = view(substituted=count, moved=Reason.BY_RULE.value)
    assert accepted_words(moved, NOW, known=False)[:-1] == said
