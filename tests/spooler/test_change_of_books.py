"""The print desk at the change to a new book: what people are asked, what they do wrong, and stops there."""

from __future__ import annotations

import pytest

from drivers.simulator.faults import AtLineByte, Cut, Target
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper
from passbook.document.plan import Eject, NextBook, Plan
from passbook.job.states import JobState, Reason
from passbook.job.waiting import NO_PLACE, Waiting, Why, waiting_of
from passbook.protocol.media import Media
from passbook.protocol.messages import Prompt
from spooler.news import JobChanged, News, PrinterChanged
from tests.drivers.workbench import RULER, line
from tests.firmware.counter import Counter, OpenCounter, helpful
from tests.spooler.desk_story import SHORT, asked

LAST = 1_000_000
"""A byte number that stands for the last byte of a line."""
CHANGE = 3
"""The step of the change."""
OVER: Plan = (line(19), line(20), NextBook(1), line(1, page=1), line(2, page=1), Eject(1))
"""Two lines in the full book, a change, two lines in the new one."""
WHOLE = {"book-1": {(3, 19): 1, (3, 20): 1}, "book-2": {(1, 1): 1, (1, 2): 1}}


def careful(machine: Machine, prompt: Prompt) -> None:
    """A person who puts in the book that the prompt names."""
    if prompt.action == "insert":
        machine.insert(f"book-{prompt.book}", prompt.page, RULER)
    else:
        machine.take()


def on_paper(counter: Counter) -> dict[str, dict[tuple[int, int | None], int]]:
    """Book -> each line on it, and how often it was struck."""
    counter.machine.state()
    paper = Paper.load(counter.mechanism.paper_file)
    return {
        book: {place: times for place, runs in paper.lines(book).items() for _, times in runs} for book in paper.books
    }


def spoken(counter: Counter) -> list[tuple[str, int, int, int, bool]]:
    return [(one.action, one.page, one.book, one.books, one.is_new_book) for one in counter.prompts]


def test_the_full_book_is_taken_out_and_a_new_one_is_asked_for_by_its_own_prompt(counter: Counter) -> None:
    counter.hands = careful
    counter.start()
    job = counter.accept(OVER)
    assert counter.await_end(job).state is JobState.COMPLETED
    counter.await_prompt("take")
    assert spoken(counter)[:3] == [
        ("insert", 3, 1, 2, False),
        ("take", 1, 2, 2, True),
        ("insert", 1, 2, 2, True),
    ]
    assert on_paper(counter) == WHOLE
    waits = [waiting_of(one.record, NO_PLACE) for one in counter.news if isinstance(one, JobChanged)]
    assert Waiting(Why.NEXT_BOOK, page=1) in waits


def test_a_new_book_is_asked_for_also_where_its_page_has_the_number_of_the_full_one(counter: Counter) -> None:
    counter.hands = careful
    counter.start()
    job = counter.accept((line(20), NextBook(3), line(1), Eject(3)))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert on_paper(counter) == {"book-1": {(3, 20): 1}, "book-2": {(3, 1): 1}}


def test_a_job_of_one_book_names_no_number_of_a_book(counter: Counter) -> None:
    counter.start()
    counter.await_end(counter.accept((line(19), Eject(3))))
    assert spoken(counter)[0] == ("insert", 3, 0, 0, False)


def test_the_full_book_that_is_back_at_once_is_noticed_and_nothing_is_printed_in_it(counter: Counter) -> None:
    """It comes back before the printer was asked where it is: only its insertion tells."""
    back: list[Prompt] = []

    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.is_new_book and prompt.action == "take" and not back:
            back.append(prompt)
            machine.turn(1)
        else:
            careful(machine, prompt)

    counter.hands = hands
    counter.start()
    assert counter.await_end(counter.accept(OVER)).state is JobState.COMPLETED
    assert asked(counter)[:4] == [("insert", 3), ("take", 1), ("take", 1), ("insert", 1)]
    assert on_paper(counter) == WHOLE


def test_a_book_that_is_in_before_it_is_asked_for_is_noticed_and_nothing_is_printed_in_it(counter: Counter) -> None:
    back: list[str] = []

    def watch(news: News) -> None:
        asks = counter.prompts[-1:] and counter.prompts[-1].is_new_book
        if isinstance(news, PrinterChanged) and news.view.status.media is Media.NOT_PRESENT and asks and not back:
            back.append("book-1")
            counter.machine.insert("book-1", 1, RULER)

    counter.hands = careful
    counter.watch = watch
    counter.start()
    assert counter.await_end(counter.accept(OVER)).state is JobState.COMPLETED
    assert back
    assert on_paper(counter) == WHOLE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "reason", "media"),
    [("take", Reason.MEDIA_NOT_TAKEN, Media.ENTERING), ("insert", Reason.MEDIA_NEEDED, Media.NOT_PRESENT)],
)
def test_a_new_book_that_does_not_come_in_time_stops_the_job_with_nothing_in_doubt(
    open_counter: OpenCounter, action: str, reason: Reason, media: Media
) -> None:
    def hands(machine: Machine, prompt: Prompt) -> None:
        if not (prompt.is_new_book and prompt.action == action):
            careful(machine, prompt)

    counter = open_counter(settings=SHORT, hands=hands)
    counter.start()
    record = counter.await_question(counter.accept(OVER))
    assert (record.reasons, record.confirmed, record.sending, record.media) == ((reason,), CHANGE, 0, media)
    counter.hands = careful
    before = len(counter.prompts)
    counter.resume(record.job_id, CHANGE + 1)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    inserted = [one for one in counter.prompts[before:] if one.action == "insert"]
    assert [(one.page, one.book, one.is_new_book) for one in inserted] == [(1, 2, True)]
    assert on_paper(counter) == WHOLE


def test_a_printer_that_loses_power_in_the_change_leaves_the_change_in_doubt_and_no_line(counter: Counter) -> None:
    """The eject ends the last line's bytes; the power goes with the first byte of the eject."""
    counter.hands = careful
    counter.machine.cut(Cut(Target.PRINTER, AtLineByte(2, LAST)))
    counter.start()
    record = counter.await_question(counter.accept(OVER))
    assert (record.confirmed, record.sending) == (CHANGE - 1, CHANGE)
    counter.machine.restore()
    before = len(counter.prompts)
    counter.resume(record.job_id, CHANGE + 1)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    inserted = [one for one in counter.prompts[before:] if one.action == "insert"]
    assert [(one.page, one.book, one.is_new_book) for one in inserted] == [(1, 2, True)]
    assert on_paper(counter) == WHOLE


@pytest.mark.parametrize("doubtful", [4, 5])
def test_a_line_that_stops_in_the_new_book_goes_on_in_that_book_and_no_third_one(
    counter: Counter, doubtful: int
) -> None:
    counter.hands = careful
    counter.machine.cut(Cut(Target.PRINTER, AtLineByte(doubtful - 1, 1)))
    counter.start()
    record = counter.await_question(counter.accept(OVER))
    assert record.sending == doubtful
    counter.machine.restore()
    before = len(counter.prompts)
    counter.resume(record.job_id, doubtful)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    inserted = [one for one in counter.prompts[before:] if one.action == "insert"]
    assert [(one.page, one.book, one.books, one.is_new_book) for one in inserted] == [(1, 2, 2, False)]
    assert on_paper(counter) == WHOLE


def test_a_line_of_the_full_book_that_is_ordered_again_asks_for_the_full_book_first(counter: Counter) -> None:
    counter.hands = careful
    counter.machine.cut(Cut(Target.PRINTER, AtLineByte(2, 1)))
    counter.start()
    record = counter.await_question(counter.accept(OVER))
    counter.machine.restore()
    before = len(counter.prompts)
    counter.resume(record.job_id, record.sending)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    inserted = [one for one in counter.prompts[before:] if one.action == "insert"]
    assert [(one.page, one.book, one.is_new_book) for one in inserted] == [(3, 1, False), (1, 2, True)]
    assert on_paper(counter) == WHOLE


def test_a_book_that_was_full_before_the_job_is_not_asked_for(counter: Counter) -> None:
    counter.hands = careful
    counter.start()
    job = counter.accept((NextBook(1), line(1, page=1), Eject(1)))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert spoken(counter)[0] == ("insert", 1, 2, 2, True)
    assert on_paper(counter) == {"book-2": {(1, 1): 1}}
    assert counter.steps() == [(1, 0), (2, 3)]


def test_people_who_know_nothing_of_new_books_are_told_the_same_deeds(counter: Counter) -> None:
    """A terminal of before reads the action and the page alone."""
    counter.hands = helpful
    counter.start()
    assert counter.await_end(counter.accept(OVER)).state is JobState.COMPLETED
    assert asked(counter)[:3] == [("insert", 3), ("take", 1), ("insert", 1)]
