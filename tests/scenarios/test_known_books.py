"""The memory of books, with real processes: a double update, a stale place, two people, and a job in doubt."""

from __future__ import annotations

import pytest

from tests.scenarios.books import Statement
from tests.scenarios.office import Office

FIRST = Statement(71, 3, page=1, line=1)


@pytest.fixture
def remembering(office: Office) -> Office:
    """An office whose counter has a book key."""
    office.counter.run("keys", "book-new")
    return office


def known(office: Office, statement: Statement) -> tuple[int, int]:
    """The place at which the book of a statement stands, as the appliance tells it."""
    [book] = office.counter.run("book", statement.account)["books"]
    page, line = book["place"]
    return page, line


def test_an_update_that_is_sent_twice_is_asked_about_and_printed_once(remembering: Office) -> None:
    remembering.finish(remembering.print(FIRST))
    assert known(remembering, FIRST) == (1, 4)
    again = remembering.print(FIRST)
    question = remembering.await_question(again)
    assert question.job.reasons == ("book-content-repeated",)
    told = remembering.answer(remembering.counter, question.job.job, "--discard")
    assert (told["state"], told["book"]["place"]) == ("canceled", [1, 4])
    assert again.end() == 1
    remembering.judge(FIRST)
