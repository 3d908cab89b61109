"""Books against a second opinion: a person who sees each book; jobs, cuts, answers, and areas that are lost."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from passbook.book.claim import BookClaim, BookPlace
from passbook.document.plan import StepKind, StepOutline
from passbook.job import changes
from passbook.job.record import Answered, Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.media import Media
from spooler.data_keys import DataKeys
from spooler.jobs import Jobs
from spooler.known_books import KnownBooks
from tests.firmware.branch import StandingClock
from tests.storage.store import AT, Store

LINES = 1000
"""Lines of the one page of these books: none is ever full."""
MOST_JOBS = 4
"""Unfinished jobs at a time."""
ASKED = frozenset({Reason.BOOK_OVER_LINES, Reason.BOOK_REPEATED, Reason.BOOK_GAP})


def names_of(book: int) -> tuple[str, ...]:
    return (f"{book:064x}",)


@dataclass
class Book:
    """A book as its owner sees it.

    Attributes:
        next: the line behind the last one that may be printed.
        content: the number of the content of the last update; 0 for none.
        changes: how often lines came into it.
        is_new: people once said that a new book takes the place of one before.
        is_vague: lines came into it since then while an area was away.  Each area may tell of another of these books,
            so the memory may stand further than the book, and never before it.
    """

    next: int = 1
    content: int = 0
    changes: int = 0
    is_new: bool = False
    is_vague: bool = False


@dataclass
class Sent:
    """One job, as its teller knows it.

    Attributes:
        permitted: the changes of the book at which people ordered it printed, whatever the memory says.
        area: the area in which it lies.
        is_new_book: people said that it is for a new book, in which nothing of it is yet.
    """

    book: int
    first: int
    count: int
    content: int
    area: str
    permitted: int = -1
    begun: bool = False
    is_new_book: bool = False


@dataclass
class Model:
    books: dict[int, Book] = field(default_factory=lambda: {number: Book() for number in (1, 2)})
    jobs: dict[str, Sent] = field(default_factory=dict)


class BooksMachine(RuleBasedStateMachine):
    """Updates of two books over two areas.  The books are those of a single appliance."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.model = Model()
        self.away = ""
        self.open()

    def open(self) -> None:
        self.spool = self.store.open()
        self.jobs = Jobs(self.spool, DataKeys(), lambda _news: None)
        self.books = KnownBooks(self.jobs, StandingClock())

    def teardown(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self.store.close()
        self.folder.cleanup()

    def seen(self) -> list[str]:
        """The unfinished jobs whose area is there."""
        return [job for job, sent in self.model.jobs.items() if sent.area != self.away]

    @rule(
        book=st.sampled_from((1, 2)),
        shift=st.sampled_from((0, 0, -1, -3, 1)),
        count=st.integers(1, 3),
        repeats=st.sampled_from((False, False, True)),
        steps=st.sampled_from((LINES, LINES, LINES, 0, 1)),
        insists=st.sampled_from((None, Verdict.RESUME, Verdict.NEW_BOOK)),
    )
    @precondition(lambda self: len(self.seen()) < MOST_JOBS)
    def send(self, book: int, shift: int, count: int, repeats: bool, steps: int, insists: Verdict | None) -> None:
        """An update comes, and has its turn at once, for so many steps; people may insist where they are asked."""
        truth = self.model.books[book]
        first = max(1, truth.next + shift)
        number = next(self.store.numbers) + 1000
        content = truth.content if repeats and truth.content else number
        places = [*range(first, first + count)]
        outline = (*(StepOutline(StepKind.LINE, 1, line) for line in places), StepOutline(StepKind.EJECT, 1))
        claim = BookClaim(
            names_of(book),
            (f"{content:064x}",),
            BookPlace(1, 1),
            BookPlace(1, first),
            BookPlace(1, first + count),
            is_single=True,
        )
        facts = {"outline": outline, "steps": len(outline), "book": claim, "size": 20_000, "first": True}
        record = self.store.accepted(self.spool, **facts)
        area = next(area.name for area in self.spool._areas if record.job_id in area.usage)
        self.model.jobs[record.job_id] = Sent(book, first, count, content, area)
        if steps:
            self.have_turn(record.job_id, steps)
            if insists is not None and record.job_id in self.asked():
                self.insist(record.job_id, insists, steps)

    def judged_rightly(self, job: str, *, admitted: bool) -> None:
        """An update goes into its book where that stands, or by the order of people who know how it stands."""
        sent, truth = self.model.jobs[job], self.model.books[self.model.jobs[job].book]
        others = [one for other, one in self.model.jobs.items() if other != job and one.book == sent.book]
        fits = sent.first == truth.next and sent.content != truth.content
        is_first = truth.changes == 0
        if admitted:
            seen = [one for one in others if one.area != self.away]
            assert sent.begun or not any(one.begun for one in seen), "another job of the book was begun"
            assert sent.begun or sent.permitted == truth.changes or (self.away == "" and (fits or is_first))
            return
        record = self.spool.record(job)
        if not record.valid:
            reason = record.reasons[0]
            assert reason in ASKED | {Reason.BOOK_NOT_KNOWN}
            knows = not (self.away or truth.is_vague)
            assert not (fits or is_first) or not knows, "a book that is known has no question about what fits"
            assert not (reason is Reason.BOOK_GAP and self.away), "what is missing may fill the gap"
            assert record.book is not None
            assert record.book.objection is not None
            assert record.book.objection.may_be_more is bool(self.away)
            if not self.away and not any(one.begun for one in others):
                assert self.agrees(record.book.objection.place, truth)
        else:
            assert others, "nothing is in its way"

    @rule(data=st.data(), steps=st.sampled_from((LINES, 1, 2)))
    @precondition(lambda self: self.seen())
    def take_up(self, data: st.DataObject, steps: int) -> None:
        """The turn of a job that waits."""
        self.have_turn(data.draw(st.sampled_from(self.seen())), steps)

    def have_turn(self, job: str, steps: int) -> None:
        """Where the job is admitted so many steps of it are printed, to its end, or to a stop."""
        record = self.spool.record(job)
        if not record.valid:
            return
        admitted = self.books.admits(record)
        self.judged_rightly(job, admitted=admitted)
        if not admitted:
            return
        self.spool.change(job, changes.start(AT, 1)).result(timeout=30)
        last = min(record.confirmed + steps, record.steps)
        sent = self.model.jobs[job]
        for step in range(record.confirmed + 1, last + 1):
            self.spool.change(job, changes.journal(step - 1, step)).result(timeout=30)
            self.touch(sent, min(step, sent.count))
        if last == record.steps:
            self.spool.change(job, changes.finish_job(AT)).result(timeout=30)
            del self.model.jobs[job]
        else:
            self.spool.change(job, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)).result(timeout=30)
        self.books.over(job)

    def touch(self, sent: Sent, lines: int) -> None:
        """Lines of an update may be in its book now."""
        truth = self.model.books[sent.book]
        sent.begun = True
        # What is on paper stays there, also where people had an update printed over it.
        truth.is_new |= sent.is_new_book
        truth.is_vague = truth.is_new and (bool(self.away) or (truth.is_vague and not sent.is_new_book))
        truth.next = sent.first + lines if sent.is_new_book else max(truth.next, sent.first + lines)
        truth.content, sent.is_new_book = sent.content, False
        truth.changes += 1

    def asked(self) -> list[str]:
        """The jobs that people are asked about."""
        return [job for job in self.seen() if self.spool.record(job).is_open]

    @rule(
        data=st.data(),
        verdict=st.sampled_from((Verdict.RESUME, Verdict.RESUME, Verdict.NEW_BOOK, Verdict.DISCARD)),
        steps=st.sampled_from((LINES, LINES, 1, 0)),
    )
    @precondition(lambda self: self.asked())
    def answer(self, data: st.DataObject, verdict: Verdict, steps: int) -> None:
        """People who look at the book answer."""
        job = data.draw(st.sampled_from(self.asked()))
        if verdict is not Verdict.DISCARD:
            self.insist(job, verdict, steps)
        else:
            self.give(self.spool.record(job), Verdict.DISCARD, 0, "Ann", "t")
            del self.model.jobs[job]

    def insist(self, job: str, verdict: Verdict, steps: int) -> None:
        """People order a job printed, into a new book where that is the verdict and they are asked about its book."""
        about_book = self.asks_about_book(self.spool.record(job)) and not self.model.jobs[job].begun
        if verdict is Verdict.NEW_BOOK and about_book and not self.away:
            self.order_new_book(job, steps)
        else:
            self.order(job, steps)

    def order(self, job: str, steps: int) -> None:
        """People order a job printed, which takes two of them where the memory says otherwise; then it has a turn."""
        record = self.spool.record(job)
        sent, truth = self.model.jobs[job], self.model.books[self.model.jobs[job].book]
        step = record.furthest_sent + 1 if sent.begun else 1
        once = self.give(record, Verdict.RESUME, step, "Ann", "t")
        if not ASKED.isdisjoint(record.reasons):
            assert not once.valid, "one person is not enough"
            once = self.give(record, Verdict.RESUME, step, "Ben", "u")
        if once.ended:
            del self.model.jobs[job]
            return
        if self.asks_about_book(record):
            sent.permitted, sent.is_new_book = truth.changes, False
        if steps:
            self.have_turn(job, steps)

    def asks_about_book(self, record: Record) -> bool:
        """Whether people are asked about the book of a job, and not about its place in it alone."""
        return Reason.POWER_LOSS not in record.reasons or record.reasons[-1] in ASKED | {Reason.BOOK_NOT_KNOWN}

    def order_new_book(self, job: str, steps: int) -> None:
        """The customer has a new book, as two people say; then the job has a turn."""
        record, sent = self.spool.record(job), self.model.jobs[job]
        assert not self.give(record, Verdict.NEW_BOOK, 1, "Ann", "t").valid, "one person is not enough"
        self.give(record, Verdict.NEW_BOOK, 1, "Ben", "u")
        sent.permitted, sent.is_new_book = self.model.books[sent.book].changes, True
        if steps:
            self.have_turn(job, steps)

    def give(self, record: Record, verdict: Verdict, step: int, person: str, terminal: str) -> Record:
        given = Answered(record.epoch, verdict, step, record.sending, terminal, person)
        answered = changes.answer(given, at=AT, date=AT[:10], trusted=True)
        return self.spool.change(record.job_id, answered).result(timeout=30)

    @rule()
    def cut(self) -> None:
        """The power goes, and comes back."""
        self.open()

    @rule(name=st.sampled_from(("a", "b")))
    @precondition(lambda self: not self.away)
    def lose_area(self, name: str) -> None:
        """A disk is pulled out."""
        self.store.close()
        (self.store.folder / name).rename(self.store.folder / "away")
        self.away = name
        self.open()

    @rule()
    @precondition(lambda self: self.away)
    def give_area_back(self) -> None:
        """It is put in again."""
        self.store.close()
        folder = self.store.folder / self.away
        if folder.exists():
            folder.rename(self.store.folder / f"empty-{next(self.store.numbers)}")
        (self.store.folder / "away").rename(folder)
        self.away = ""
        self.open()

    @invariant()
    def memory_and_book_agree(self) -> None:
        """With all areas there, and no job begun, the row of each book tells its next line, which never falls."""
        if self.away:
            return
        for number, truth in self.model.books.items():
            if any(sent.begun for sent in self.model.jobs.values() if sent.book == number):
                continue
            known = self.spool.books.known(names_of(number))
            assert (known is None) == (truth.changes == 0)
            assert known is None or self.agrees(known.row.place, truth)

    def agrees(self, place: BookPlace | None, truth: Book) -> bool:
        """Whether the memory tells the next line of a book."""
        exact = BookPlace(1, truth.next)
        return place == exact or (truth.is_vague and place is not None and place > exact)


BooksTest = pytest.mark.slow(BooksMachine.TestCase)
# To make a failure short takes longer than a test may; without it the steps that failed are told.
_PHASES: Final = [phase for phase in Phase if phase not in {Phase.shrink, Phase.explain}]
BooksTest.settings = hypothesis_settings(max_examples=40, stateful_step_count=30, deadline=None, phases=_PHASES)


class Branch:
    """A machine whose steps a test chooses; one job at a time."""

    def __init__(self) -> None:
        self.machine = BooksMachine()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.teardown()

    def send(self, steps: int, *, count: int = 1, shift: int = 0, insists: Verdict | None = None) -> str:
        """An update of book 1; the id of its job."""
        before = set(self.machine.model.jobs)
        self.machine.send(book=1, shift=shift, count=count, repeats=False, steps=0, insists=None)
        [job] = set(self.machine.model.jobs) - before
        if steps:
            self.machine.have_turn(job, steps)
        if insists is not None:
            self.machine.insist(job, insists, LINES)
        return job


def test_an_order_about_a_book_ends_with_the_boot_in_which_it_was_given() -> None:
    """Without an area the memory may look as it did in the question, though lines came into the book meanwhile."""
    with Branch() as branch:
        machine = branch.machine
        machine.lose_area("b")
        ordered = branch.send(LINES)
        machine.give_area_back()
        machine.order(ordered, 0)
        later = branch.send(0)
        assert machine.model.jobs[later].area == "b"
        machine.have_turn(later, LINES)
        assert machine.model.books[1].next == 2
        machine.lose_area("b")
        machine.order(ordered, LINES)
        record = machine.spool.record(ordered)
        assert (record.untouched, record.reasons[0]) == (True, Reason.BOOK_NOT_KNOWN)


@pytest.mark.parametrize(("first", "then"), [("a", "b"), ("b", "a")])
def test_lines_of_a_new_book_are_known_after_each_area_was_away_in_turn(first: str, then: str) -> None:
    """The area that comes back knew nothing of the new book, and neither row knew of the other."""
    with Branch() as branch:
        machine = branch.machine
        branch.send(LINES, count=3)
        branch.send(LINES, shift=-1, insists=Verdict.NEW_BOOK)
        machine.memory_and_book_agree()
        for away, count in ((first, 1), (then, 2)):
            machine.lose_area(away)
            branch.send(LINES, count=count, insists=Verdict.RESUME)
            machine.give_area_back()
        assert machine.model.books[1].next == 7
        machine.memory_and_book_agree()
        # A book that people then say is new begins anew for all areas.
        branch.send(LINES, shift=-3, insists=Verdict.NEW_BOOK)
        assert machine.model.books[1].next == 5
        machine.memory_and_book_agree()


@pytest.mark.parametrize(("first", "then"), [("a", "b"), ("b", "a")])
def test_a_new_book_makes_lines_forgotten_also_when_the_area_that_had_them_is_away_later(first: str, then: str) -> None:
    with Branch() as branch:
        machine = branch.machine
        for away, count, shift, insists in (
            (first, 5, 0, Verdict.RESUME),
            ("", 1, -5, Verdict.NEW_BOOK),
            (then, 2, 0, Verdict.RESUME),
        ):
            if away:
                machine.lose_area(away)
            branch.send(LINES, count=count, shift=shift, insists=insists)
            if away:
                machine.give_area_back()
        assert machine.model.books[1].next == 4
        machine.memory_and_book_agree()
