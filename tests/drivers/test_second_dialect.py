"""A printer family that has nothing in common with PR2 goes through the same document session."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.dialects.dialect import Dialect
from drivers.session import DocumentSession, SessionMisuse, SessionState
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Run, Sheet
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.words import ROW, WordPrinter, Words

SHEET = Sheet(24 * ROW)
WAIT = 10.0
WORDS: Dialect = Words()


@pytest.fixture
def printer() -> WordPrinter:
    return WordPrinter()


@pytest.fixture
def session(printer: WordPrinter) -> Iterator[DocumentSession]:
    session = DocumentSession(printer, WORDS, code_page="ascii", clock=time.monotonic)
    assert session.clean_up() is Media.NOT_PRESENT
    yield session
    session.close()


def line(number: int, page: int = 3, text: str = "") -> Line:
    return Line(page, number, number * ROW, (Run(1, "12.05."), Run(9, text or f"entry {number}")))


def print_line(session: DocumentSession, number: int, page: int = 3) -> None:
    session.print_line(line(number, page))
    session.confirm()


def test_a_book_is_printed_turned_printed_and_given_back(session: DocumentSession, printer: WordPrinter) -> None:
    session.insert(SHEET, WAIT, printer.put_in)
    print_line(session, 23)
    print_line(session, 24)
    session.eject()
    printer.take()
    session.wait_taken(WAIT)
    session.insert(SHEET, WAIT, printer.put_in)
    print_line(session, 1, page=4)
    session.eject()
    printer.take()
    session.wait_taken(WAIT)
    assert session.state is SessionState.READY
    assert printer.paper == {23: "12.05. entry 23", 24: "12.05. entry 24", 1: "12.05. entry 1"}
    assert [word for word in printer.heard if word.startswith("rows")] == ["rows 24", "rows 24"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("jam", Reason.MEDIA_JAM), ("fire", Reason.ATTENTION), ("none", Reason.ATTENTION), (None, Reason.UNPLUGGED)],
)
def test_a_fault_in_mid_line_leaves_the_line_in_doubt_and_nothing_is_sent_again(
    session: DocumentSession, printer: WordPrinter, trouble: str | None, reason: Reason
) -> None:
    session.insert(SHEET, WAIT, printer.put_in)
    print_line(session, 1)
    printer.trouble_after, printer.trouble = 1, trouble
    session.print_line(line(2))
    with pytest.raises(MechanismStop) as stopped:
        session.confirm()
    assert stopped.value.reason is reason
    assert session.state is SessionState.UNKNOWN
    sent = list(printer.heard)
    with pytest.raises(SessionMisuse):
        session.print_line(line(2))
    assert printer.heard == sent
    assert printer.paper == {1: "12.05. entry 1"}


def test_a_book_left_inside_is_given_back_before_the_next_one_is_asked_for(printer: WordPrinter) -> None:
    printer.media = "in"
    session = DocumentSession(printer, WORDS, code_page="ascii", clock=time.monotonic)
    assert session.clean_up() is Media.PRESENT
    assert printer.media == "slot"
    printer.take()
    session.wait_taken(WAIT)
    session.insert(SHEET, WAIT, printer.put_in)
    assert session.state is SessionState.MEDIUM_IN
    session.close()


def test_a_book_put_in_again_at_once_announces_itself(session: DocumentSession, printer: WordPrinter) -> None:
    session.insert(SHEET, WAIT, printer.put_in)
    session.eject()
    seen = []

    def put_back() -> None:
        seen.append(printer.media)
        printer.take()

    printer.put_in()
    session.wait_taken(WAIT, put_back)
    assert seen == ["in"]


def test_text_that_it_cannot_print_is_refused_before_anything_is_sent(
    session: DocumentSession, printer: WordPrinter
) -> None:
    session.insert(SHEET, WAIT, printer.put_in)
    sent = list(printer.heard)
    with pytest.raises(PassbookError, match="ascii"):
        session.print_line(line(1, text="é"))
    assert printer.heard == sent


def test_how_many_lines_may_be_in_doubt_is_said_by_the_dialect() -> None:
    assert WORDS.profile.lines_in_doubt == 2


def test_a_code_page_that_it_has_not_is_refused_at_once(printer: WordPrinter) -> None:
    with pytest.raises(PassbookError, match="known: ascii"):
        DocumentSession(printer, WORDS, code_page="cp858", clock=time.monotonic)
