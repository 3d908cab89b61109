"""The memory of books, with real processes: a double update, a stale place, two people, and a job in doubt."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from demo.people import Printing
from demo.secrets_search import search_files
from demo.world import PRINTER, CommandFailed
from drivers.simulator.faults import AfterStrike, Target
from passbook.errors.kinds import EXIT_CODES, Mender
from tests.house import ROOT
from tests.scenarios import two_books
from tests.scenarios.books import Place, Statement, judge
from tests.scenarios.clerk import ring_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import LAYOUT, Office, book_of
from tests.scenarios.two_books import LAYOUTS, Account

FIRST = Statement(71, 3, page=1, line=1)
STALE = Statement(72, 2, page=1, line=2)
NEXT = Statement(73, 2, page=1, line=4)
AFRESH = Statement(77, 2, page=1, line=1)
BEHIND = Statement(78, 2, page=1, line=3)
FAR = Statement(74, 2, page=1, line=9)


@pytest.fixture
def remembering(office: Office) -> Office:
    """An office whose counter has a book key."""
    office.counter.run("keys", "book-new")
    return office


def update(office: Office, statement: Statement, book: str = "", *options: str) -> Printing:
    """`teller print` of the entries of a statement into the book of FIRST, or another one of its owner."""
    file = office.world.folder / f"update-{statement.number}.csv"
    file.write_text(statement.csv().replace(statement.account, FIRST.account), "utf-8")
    return office.counter.print_in_background(file, book or book_of(FIRST), LAYOUT, *options)


def asked(office: Office, printing: Printing, reason: str, place: Place = (1, 4)) -> str:
    """The job about whose book people are asked, for this reason; the question tells where the book stands."""
    question = office.await_question(printing)
    assert question.job.reasons == (reason,)
    assert question.job.book is not None
    assert question.job.book.place is not None
    assert (question.job.book.place.page, question.job.book.place.line) == place
    return question.job.job


def known(office: Office) -> dict[str, Any]:
    """What the appliance tells of the book of FIRST."""
    [book] = office.counter.run("book", FIRST.account)["books"]
    return dict(book)


def on_paper(office: Office, *statements: Statement) -> None:
    """The book of FIRST has these lines, each once."""
    lines = {place: text for one in statements for place, text in one.expected().items()}
    judge(office.world.paper, book_of(FIRST), lines)


@pytest.mark.long
def test_an_update_that_is_sent_twice_is_asked_about_and_printed_once(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    assert known(remembering)["place"] == [1, 4]
    again = update(remembering, FIRST)
    job = asked(remembering, again, "book-content-repeated")
    told = remembering.answer(remembering.counter, job, "--discard")
    assert (told["state"], told["book"]["place"]) == ("canceled", [1, 4])
    assert again.end() == 1
    remembering.finish(update(remembering, NEXT))
    on_paper(remembering, FIRST, NEXT)
    assert known(remembering)["place"] == [1, 6]


@pytest.mark.long
def test_a_stale_place_is_printed_over_only_by_two_people(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    stale = update(remembering, STALE)
    job = asked(remembering, stale, "book-over-known-lines")
    with pytest.raises(CommandFailed) as one_person:
        remembering.answer(remembering.counter, job, "--print")
    assert one_person.value.error_code == "second-person-needed"
    assert remembering.world.paper.strikes == FIRST.count
    assert "takes two people" in remembering.counter.screen("questions")
    remembering.answer(remembering.manager, job, "--print")
    remembering.finish(stale)
    assert remembering.world.paper.strikes == FIRST.count + STALE.count
    assert known(remembering)["place"] == [1, 4]


@pytest.mark.long
def test_two_people_say_that_a_book_is_a_new_one_and_the_memory_begins_anew(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    lost = update(remembering, AFRESH, "new book")
    job = asked(remembering, lost, "book-over-known-lines")
    with pytest.raises(CommandFailed) as one_person:
        remembering.answer(remembering.counter, job, "--new-book")
    assert one_person.value.error_code == "second-person-needed"
    assert "printed into a new book" in remembering.manager.screen("questions")
    remembering.answer(remembering.manager, job, "--new-book")
    remembering.finish(lost)
    judge(remembering.world.paper, "new book", AFRESH.expected())
    assert known(remembering)["place"] == [1, 3]
    entries = remembering.counter.run("history", "--job", job)
    told = [one["answered"] for one in entries if one["kind"] == "answered"]
    assert [(one["verdict"], one["secondedBy"]["terminal"]) for one in told] == [("new-book", "manager")]
    # The next update fits to the new book, and no one is asked.
    remembering.finish(update(remembering, BEHIND, "new book"))
    assert known(remembering)["place"] == [1, 5]


@pytest.mark.long
def test_a_gap_is_asked_about_and_the_answer_names_the_line(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    far = update(remembering, FAR)
    job = asked(remembering, far, "book-gap")
    said = remembering.counter.screen("answer", job, "--discard", "--person", "Ann")
    assert "Its book stands at page 1, line 4: send it again at page 1, line 4." in " ".join(said.split())
    assert far.end() == 1
    on_paper(remembering, FIRST)


@pytest.mark.long
def test_a_question_and_its_answer_name_the_line_at_which_the_book_stands_meanwhile(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    remembering.world.ctl("printer", "pause", PRINTER, "--person", "Ann")
    earlier = update(remembering, NEXT)
    assert earlier.job
    far = update(remembering, FAR, "", "--priority", "90")
    assert far.job
    remembering.world.ctl("printer", "resume", PRINTER, "--person", "Ann")
    job = asked(remembering, far, "book-gap")
    remembering.finish(earlier)
    [question] = remembering.questions()
    assert question["job"]["book"]["place"] == [1, 6]
    said = remembering.counter.screen("answer", job, "--discard", "--person", "Ann")
    assert "Its book stands at page 1, line 6: send it again at page 1, line 6." in " ".join(said.split())
    assert far.end() == 1
    on_paper(remembering, FIRST, NEXT)


@pytest.mark.long
def test_a_job_in_doubt_holds_the_next_one_of_its_book_and_no_other(remembering: Office) -> None:
    remembering.arm_cut(Target.BOTH, AfterStrike(2))
    doubtful = update(remembering, FIRST)
    remembering.await_cut(Target.BOTH)
    remembering.give_power_back(Target.BOTH)
    remembering.wait("taken")
    question = remembering.await_question(doubtful)
    assert (known(remembering)["place"], known(remembering)["mayBeLess"]) == ([1, 3], True)
    later = update(remembering, NEXT)
    other = Statement(75, 2)
    remembering.finish(remembering.print(other))
    remembering.judge(other)
    waits = _view(remembering, later.job)
    assert (waits["state"], waits["waiting"]["why"]) == ("pending", "same-book")
    assert waits["waiting"]["job"] == question.job.job
    assert known(remembering)["unfinished"] == [question.job.job, later.job]
    assert "of the same book" in " ".join(remembering.counter.screen("jobs").split())
    remembering.answer(remembering.counter, question.job.job, "--from-line", "3")
    remembering.finish(doubtful)
    remembering.finish(later)
    on_paper(remembering, FIRST, NEXT)


def _view(office: Office, job: str) -> dict[str, Any]:
    """A job as its terminal sees it."""
    return next(dict(one) for one in office.counter.run("jobs") if one["job"] == job)


@pytest.mark.long
def test_the_memory_survives_the_appliance_and_neither_secret_nor_account_is_on_its_disk(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    remembering.world.kill_appliance()
    remembering.world.start_appliance()
    again = update(remembering, FIRST)
    job = asked(remembering, again, "book-content-repeated")
    ring = ring_of(remembering.counter)
    [secret] = ring.book_secrets(FIRST.account)
    secrets: dict[str, str | bytes] = {
        "account": FIRST.account,
        "book secret": secret,
        "book key": next(iter(ring.books.values())),
    }
    places = [remembering.world.data, remembering.world.state, remembering.world.log_file]
    assert search_files(places, secrets) == []
    remembering.search_disk(FIRST)
    remembering.answer(remembering.counter, job, "--discard")
    assert again.end() == 1
    assert remembering.told("verify") == []


@pytest.mark.long
def test_a_new_book_key_knows_the_books_of_the_earlier_one(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    remembering.counter.run("keys", "book-new")
    again = update(remembering, FIRST)
    job = asked(remembering, again, "book-content-repeated")
    remembering.answer(remembering.counter, job, "--discard")
    assert again.end() == 1
    remembering.finish(update(remembering, NEXT))
    assert known(remembering)["place"] == [1, 6]
    remembering.counter.run("keys", "book-new")
    remembering.counter.run("keys", "book-new")
    # Under two newer keys no name fits any more: that is no knowledge, and no objection.
    assert remembering.counter.run("book", FIRST.account)["books"] == []


@pytest.mark.long
def test_terminals_of_a_branch_share_the_key_by_a_file(remembering: Office) -> None:
    file = remembering.world.folder / "book.key"
    told = remembering.counter.run("keys", "book-save", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert remembering.manager.run("keys", "book-add", str(file))["keyRef"] == told["keyRef"]
    remembering.finish(update(remembering, FIRST))
    [book] = remembering.manager.run("book", FIRST.account)["books"]
    assert book["place"] == [1, 4]
    with pytest.raises(CommandFailed) as taken:
        remembering.manager.run("keys", "book-add", str(file))
    assert taken.value.error_code == "key-exists"


def test_an_account_can_be_asked_about_without_a_trace_in_the_list_of_processes(remembering: Office) -> None:
    remembering.finish(update(remembering, FIRST))
    command = remembering.counter.command("book", "-")
    for given, code in ((FIRST.account, 0), ("", EXIT_CODES[Mender.CALLER])):
        done = subprocess.run(command, input=f"{given}\n", cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert (json.loads(done.stdout)["books"][0]["place"] == [1, 4]) if given else not done.stdout


@pytest.mark.long
def test_without_a_book_key_all_works_as_before_and_the_status_says_so(office: Office) -> None:
    for _ in range(2):
        office.finish(office.print(FIRST))
    office.judge(FIRST, *FIRST.expected())
    assert str(office.world.ctl("status")["books"]).startswith("Books are not remembered")
    with pytest.raises(CommandFailed) as refused:
        office.counter.run("book", FIRST.account)
    assert refused.value.error_code == "no-book-key"
    office.counter.run("keys", "book-new")
    office.finish(office.print(Statement(76, 1)))
    assert str(office.world.ctl("status")["books"]).startswith("Books are remembered: where 1 of them")


@pytest.mark.long
def test_the_book_of_a_document_in_a_banks_own_words_is_known_too(remembering: Office) -> None:
    file = ROOT / "tests" / "cases" / "documents" / "20-semicolon-german-excel.csv"
    named = ("--import", "german-excel")
    remembering.finish(remembering.counter.print_in_background(file, "book-20", LAYOUT, *named))
    [book] = remembering.counter.run("book", "001-22-334455")["books"]
    assert book["place"] == [1, 2]
    again = remembering.counter.print_in_background(file, "book-20", LAYOUT, *named)
    job = asked(remembering, again, "book-content-repeated", (1, 2))
    remembering.answer(remembering.counter, job, "--discard")
    assert again.end() == 1


@pytest.mark.long
def test_the_memory_knows_the_full_book_and_the_new_one(open_office: OpenOffice) -> None:
    office = open_office(layouts=LAYOUTS)
    office.counter.run("keys", "book-new")
    account = Account("memory", 6)
    file = account.save(office.world.folder)
    printing = office.counter.print_in_background(file, account.book, two_books.LAYOUT)
    assert printing.end(60) == 0, printing.error()
    [book] = office.counter.run("book", "4711")["books"]
    # Heading, brought balance and entries 3 to 6 stand in the new book.
    assert (book["kind"], book["place"], book["isFull"]) == (two_books.LAYOUT, [1, 7], False)
    again = office.counter.print_in_background(file, account.book, two_books.LAYOUT)
    job = asked(office, again, "book-content-repeated", (1, 7))
    office.answer(office.counter, job, "--discard")
    assert again.end() == 1
    # An update that names the same lines of the full book was made before that job.
    stale = office.world.folder / "stale.csv"
    stale.write_text(Account("stale", 1).save(office.world.folder).read_text().replace("entry 1", "made before"))
    late = office.counter.print_in_background(stale, account.book, two_books.LAYOUT)
    job = asked(office, late, "book-over-known-lines", (1, 7))
    office.answer(office.counter, job, "--discard")
    assert late.end() == 1
    two_books.judge(office.world.paper, account)


@pytest.mark.long
def test_a_job_that_is_given_up_between_two_books_leaves_the_new_one_at_its_begin(open_office: OpenOffice) -> None:
    office = open_office(layouts=LAYOUTS)
    office.counter.run("keys", "book-new")
    account = Account("between", 6)
    office.arm_cut(Target.BOTH, AfterStrike(3))
    file = account.save(office.world.folder)
    printing = office.counter.print_in_background(file, account.book, two_books.LAYOUT)
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    question = office.await_question(printing)
    told = office.answer(office.counter, question.job.job, "--discard")
    assert told["state"] == "canceled"
    [book] = office.counter.run("book", "4711")["books"]
    assert (book["place"], book["mayBeLess"]) == ([1, 1], True)
    assert printing.end() == 1
