"""Where a job leaves its book, what is asked before an update is printed, and which jobs of one book wait."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookObjection, BookPlace
from passbook.book.holding import BookHold, book_job
from passbook.book.judging import KnownBook, objection_to, united
from passbook.book.standing import BookRow, row_after
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.book_question import ask_about_book
from passbook.job.decisions import order_words
from passbook.job.record import Answered, Encryption, Record, Verdict, without_outline
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media

AT = "2026-03-02T09:30:00Z"
NAME, EARLIER = "a" * 64, "e" * 64
CONTENT, OTHER = "c" * 64, "d" * 64
OUTLINE = (
    StepOutline(StepKind.LINE, 1, 23),
    StepOutline(StepKind.LINE, 1, 24),
    StepOutline(StepKind.TURN, 2),
    StepOutline(StepKind.LINE, 2, 1),
    StepOutline(StepKind.EJECT, 2),
)
CLAIM = BookClaim((NAME,), (CONTENT,), BookPlace(1, 1), BookPlace(1, 23), BookPlace(2, 2))
ROW = BookRow(7, 1, 1, BookPlace(1, 23), False, False, OTHER, AT, "job-0")


def job(**facts: Any) -> Record:
    known: dict[str, Any] = {
        "job_id": "job-1",
        "requester": "counter-1",
        "request_id": "r",
        "sequence": 5,
        "accepted_at": AT,
        "format": "passbook-update+csv",
        "printer": "window-1",
        "encryption": Encryption.REQUESTER,
        "steps": len(OUTLINE),
        "outline": OUTLINE,
        "size": 1,
        "book": CLAIM,
    }
    return Record(**(known | facts))


def begun(confirmed: int, sending: int) -> Record:
    return job(state=JobState.PROCESSING, begun=True, confirmed=confirmed, sending=sending)


def stopped(confirmed: int, sending: int) -> Record:
    return changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(begun(confirmed, sending)).record


def row(before: Record, after: Record, known: BookRow | None = None) -> BookRow | None:
    return row_after(before, after, known, 8)


@pytest.mark.parametrize(
    ("confirmed", "sending", "place", "may_be_less"),
    [
        (0, 1, (1, 24), True),
        (1, 0, (1, 24), False),
        (1, 2, (2, 1), True),
        (2, 3, (2, 1), False),
        (3, 4, (2, 2), True),
        (4, 5, (2, 2), False),
    ],
)
def test_a_stop_leaves_the_book_behind_the_last_line_that_may_be_on_paper(
    confirmed: int, sending: int, place: tuple[int, int], may_be_less: bool
) -> None:
    found = row(begun(confirmed, sending), stopped(confirmed, sending))
    assert found == BookRow(8, 1, 1, BookPlace(*place), False, may_be_less, CONTENT, AT, "job-1")


def test_a_dialect_that_cannot_confirm_each_line_may_have_less_on_paper() -> None:
    before = replace(begun(2, 0), lines_in_doubt=3)
    found = row(before, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(before).record)
    assert found is not None
    assert (found.place, found.may_be_less) == (BookPlace(2, 1), True)


def test_a_line_that_is_drawn_in_part_is_no_free_line() -> None:
    parts = [(StepKind.LINE, 23), (StepKind.BAND, 23), (StepKind.BAND, 23), (StepKind.LINE, 24), (StepKind.BAND, 24)]
    outline = (*(StepOutline(kind, 1, line) for kind, line in parts), StepOutline(StepKind.EJECT, 1))
    claim = replace(CLAIM, end=BookPlace(2, 1))
    for confirmed, place, may_be_less in (
        (1, (1, 24), True),
        (3, (1, 24), False),
        (4, (2, 1), True),
        (5, (2, 1), False),
    ):
        before = replace(begun(confirmed, 0), outline=outline, steps=len(outline), book=claim)
        found = row(before, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(before).record)
        assert found is not None
        assert (found.place, found.may_be_less) == (BookPlace(*place), may_be_less)


def test_a_job_of_which_nothing_was_sent_leaves_no_row() -> None:
    ended = changes.cancel(AT, "counter-1", "Ann")(job()).record
    assert row(job(), ended) is None


def test_a_line_that_was_sent_before_and_ordered_again_may_be_on_paper() -> None:
    before = replace(job(), begun=True, confirmed=0, sent_before=4)
    ended = changes.cancel(AT, "counter-1", "Ann")(before).record
    found = row(before, ended)
    assert found is not None
    assert (found.place, found.may_be_less) == (BookPlace(2, 2), True)


def test_a_person_who_says_that_all_is_on_paper_leaves_the_book_behind_the_last_line() -> None:
    record = stopped(4, 5)
    given = Answered(record.epoch, Verdict.RESUME, 6, 5, "counter-1", "Ann")
    ended = changes.answer(given, at=AT, date=AT[:10], trusted=True)(record).record
    found = row(record, ended, ROW)
    assert found is not None
    assert (found.place, found.may_be_less, ended.state) == (BookPlace(2, 2), False, JobState.COMPLETED)


def test_a_full_book_and_the_next_one_are_counted() -> None:
    full = replace(CLAIM, fills=True, end=BookPlace(3, 1))
    done = changes.finish_job(AT)(replace(begun(5, 0), book=full)).record
    first = row(begun(5, 0), done)
    assert first is not None
    assert (first.is_full, first.number) == (True, 1)
    new = replace(CLAIM, first=BookPlace(1, 1))
    second = row_after(begun(5, 0), replace(done, job_id="job-2", book=new), first, 9)
    assert second is not None
    assert (second.is_full, second.number, second.started) == (False, 2, 2)
    again = row_after(begun(5, 0), replace(done, job_id="job-2", book=new), second, 10)
    assert again is not None
    assert again.number == 2


def test_lines_that_the_last_update_filled_in_the_full_book_are_known_lines_too() -> None:
    outline = (
        StepOutline(StepKind.LINE, 16, 23),
        StepOutline(StepKind.LINE, 16, 24),
        StepOutline(StepKind.NEXT_BOOK, 1),
        StepOutline(StepKind.LINE, 1, 1),
        StepOutline(StepKind.EJECT, 1),
    )
    claim = replace(CLAIM, first=BookPlace(16, 23), end=BookPlace(1, 2))
    before = replace(begun(5, 0), outline=outline, book=claim)
    both = row(before, changes.finish_job(AT)(before).record)
    assert both is not None
    assert (both.place, both.number, both.began_at) == (BookPlace(1, 2), 2, BookPlace(16, 23))

    def reason(place: BookPlace) -> Reason | None:
        later = replace(CLAIM, digests=(OTHER,), first=place)
        asked = objection_to(later, KnownBook(both, 0), is_whole=True, asks_gaps=True)
        return None if asked is None else asked.reason

    assert reason(BookPlace(16, 23)) is Reason.BOOK_OVER_LINES
    assert reason(BookPlace(16, 24)) is Reason.BOOK_OVER_LINES
    # Another appliance may have printed the lines between.
    assert reason(BookPlace(1, 2)) is None
    assert reason(BookPlace(16, 22)) is None
    only_full = replace(begun(2, 0), outline=outline, book=claim)
    stopped_there = row(only_full, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(only_full).record)
    assert stopped_there is not None
    # The next line of that job stands in the new book already.
    assert (stopped_there.place, stopped_there.began_at) == (BookPlace(1, 1), BookPlace(16, 23))
    new = replace(begun(5, 0), outline=(StepOutline(StepKind.NEXT_BOOK, 1), *outline[3:]), steps=3, confirmed=3)
    first_in_new = row(new, changes.finish_job(AT)(new).record, replace(ROW, number=1))
    assert first_in_new is not None
    assert (first_in_new.number, first_in_new.began_at) == (2, None)


FAR = replace(ROW, place=BookPlace(2, 20), may_be_less=True)


def test_an_update_that_people_had_printed_over_known_lines_takes_none_of_them_away() -> None:
    done = changes.finish_job(AT)(begun(5, 0)).record
    assert row(begun(5, 0), done, FAR) == replace(FAR, ordinal=8, digest=CONTENT)
    assert row(begun(1, 2), stopped(1, 2), FAR) == replace(FAR, ordinal=8, digest=CONTENT)
    full = replace(FAR, is_full=True)
    assert row(begun(5, 0), done, full) == replace(full, ordinal=8, digest=CONTENT)
    # One that ends at the known place tells of the last lines itself.
    level = row(begun(5, 0), done, replace(FAR, place=BookPlace(2, 2)))
    assert level is not None
    assert (level.place, level.may_be_less, level.job) == (BookPlace(2, 2), False, "job-1")


def test_only_a_new_book_stands_before_the_known_place() -> None:
    opens = replace(CLAIM, first=BookPlace(1, 1))
    done = changes.finish_job(AT)(replace(begun(5, 0), book=opens)).record
    lost = row_after(begun(5, 0), done, FAR, 8)
    assert lost is not None
    assert (lost.number, lost.place) == (1, FAR.place)
    after_full = row_after(begun(5, 0), done, replace(FAR, is_full=True), 8)
    assert after_full is not None
    assert (after_full.number, after_full.place) == (2, BookPlace(2, 2))
    outline = (*OUTLINE[:2], StepOutline(StepKind.NEXT_BOOK, 1), *OUTLINE[3:])
    changed = row_after(begun(5, 0), replace(done, outline=outline, book=CLAIM), FAR, 8)
    assert changed is not None
    assert (changed.number, changed.place) == (2, BookPlace(2, 2))


def judged(claim: BookClaim = CLAIM, known: BookRow | None = ROW, *, whole: bool = True, gaps: bool = True) -> Any:
    found = None if known is None else KnownBook(known, 0)
    objection = objection_to(claim, found, is_whole=whole, asks_gaps=gaps)
    return None if objection is None else objection.reason


def at(page: int, line: int) -> BookClaim:
    return replace(CLAIM, first=BookPlace(page, line))


SINGLE = replace(CLAIM, first=BookPlace(1, 24), is_single=True)
FULL = replace(ROW, is_full=True, place=BookPlace(3, 1))


@pytest.mark.parametrize(
    ("claim", "known", "reason"),
    [
        (CLAIM, None, None),
        (CLAIM, ROW, None),
        (at(1, 22), ROW, Reason.BOOK_OVER_LINES),
        (at(1, 22), replace(ROW, place=BookPlace(2, 1)), Reason.BOOK_OVER_LINES),
        (at(1, 24), ROW, None),
        (SINGLE, ROW, Reason.BOOK_GAP),
        (CLAIM, replace(ROW, digest=CONTENT), Reason.BOOK_REPEATED),
        (at(1, 1), FULL, None),
        (at(2, 1), FULL, Reason.BOOK_OVER_LINES),
        (at(1, 1), replace(FULL, digest=CONTENT), Reason.BOOK_REPEATED),
        (at(1, 1), ROW, Reason.BOOK_OVER_LINES),
    ],
)
def test_an_update_is_asked_about_where_the_memory_says_otherwise(
    claim: BookClaim, known: BookRow | None, reason: Reason | None
) -> None:
    assert judged(claim, known) is reason


def stands(*rows: BookRow) -> tuple[int, BookPlace, bool, str]:
    known = united(KnownBook(one, n) for n, one in enumerate(rows))
    assert known is not None
    assert (known.name, known.row.ordinal) == max((n, one.ordinal) for n, one in enumerate(rows))
    return known.row.number, known.row.place, known.row.is_full, known.row.digest


def test_rows_that_did_not_know_of_each_other_tell_the_furthest_place_and_the_last_update() -> None:
    blind = replace(ROW, ordinal=2**32, place=BookPlace(1, 5), digest=CONTENT)
    assert united(()) is None
    assert stands(ROW, blind) == (1, ROW.place, False, CONTENT)
    assert stands(replace(ROW, place=BookPlace(1, 3)), blind) == (1, blind.place, False, CONTENT)
    # The update that was printed blindly counted no books.
    third = replace(ROW, number=3)
    assert stands(third, blind) == (3, ROW.place, False, CONTENT)
    assert stands(replace(third, place=BookPlace(1, 3)), blind) == (3, blind.place, False, CONTENT)
    assert stands(replace(FULL, number=3), blind) == (4, blind.place, False, CONTENT)
    assert stands(third, replace(blind, number=4)) == (4, blind.place, False, CONTENT)


def test_an_order_is_over_when_an_area_comes_back_that_knows_more() -> None:
    twice = ordered(ordered(asked(), "Ann", "counter-1"), "Ben", "manager")
    assert twice.book is not None
    assert judged(twice.book, replace(ROW, place=BookPlace(2, 1))) is None
    assert judged(twice.book, replace(ROW, place=BookPlace(2, 9))) is Reason.BOOK_OVER_LINES


def test_the_digest_counts_under_the_key_of_the_row() -> None:
    claim = replace(CLAIM, names=(NAME, EARLIER), digests=(OTHER, CONTENT))
    found = KnownBook(replace(ROW, digest=CONTENT), 1)
    objection = objection_to(claim, found, is_whole=True, asks_gaps=True)
    assert objection is not None
    assert objection.reason is Reason.BOOK_REPEATED
    assert judged(claim, replace(ROW, digest=CONTENT)) is None


def test_while_an_area_is_away_a_book_is_not_known_and_a_gap_is_asked_about_by_the_appliance_alone() -> None:
    assert judged(known=None, whole=False) is Reason.BOOK_NOT_KNOWN
    assert judged(whole=False) is Reason.BOOK_NOT_KNOWN
    assert judged(at(1, 1), FULL, whole=False) is Reason.BOOK_NOT_KNOWN
    assert judged(SINGLE, whole=False) is Reason.BOOK_NOT_KNOWN
    assert judged(at(1, 1), whole=False) is Reason.BOOK_OVER_LINES
    # Whether the area that is away has a new book behind the full one is seen by two people, as over any known line.
    assert judged(at(2, 1), FULL, whole=False) is Reason.BOOK_OVER_LINES
    for whole in (True, False):
        objection = objection_to(at(1, 1), KnownBook(ROW, 0), is_whole=whole, asks_gaps=True)
        assert objection is not None
        assert objection.may_be_more is not whole
    assert judged(SINGLE, gaps=False) is None


def asked(reason: Reason = Reason.BOOK_OVER_LINES, ordinal: int = 7) -> Record:
    return ask_about_book(BookObjection(reason, ordinal, BookPlace(2, 1), job="job-0", at=AT), AT)(job()).record


def ordered(record: Record, person: str, terminal: str, verdict: Verdict = Verdict.PRINT) -> Record:
    given = Answered(record.epoch, verdict, 1, 0, terminal, person)
    return changes.answer(given, at=AT, date=AT[:10], trusted=True)(record).record


def test_the_question_is_a_question_like_any_other() -> None:
    record = asked()
    assert (record.state, record.valid, record.asked, record.epoch) == (JobState.PENDING_HELD, False, True, 1)
    assert record.reasons == (Reason.BOOK_OVER_LINES,)
    for other in (stopped(1, 2), changes.cancel(AT, "t", "Ann")(job()).record, begun(0, 0), job(book=None)):
        assert ask_about_book(BookObjection(Reason.BOOK_GAP), AT)(other).record == other


@pytest.mark.parametrize("reason", [Reason.BOOK_OVER_LINES, Reason.BOOK_REPEATED, Reason.BOOK_GAP])
def test_to_print_all_the_same_takes_two_people(reason: Reason) -> None:
    once = ordered(asked(reason), "Ann", "counter-1")
    assert (once.valid, once.proposed is None) == (False, False)
    with pytest.raises(PassbookError, match="second person"):
        ordered(once, "Ann", "manager")
    twice = ordered(once, "Ben", "manager")
    assert (twice.valid, twice.state) == (True, JobState.PENDING)
    # The order is about the book as it stood then.
    assert twice.book is not None
    seen = replace(ROW, place=BookPlace(2, 1))
    assert judged(twice.book, seen) == (None if reason is Reason.BOOK_OVER_LINES else Reason.BOOK_OVER_LINES)
    assert judged(twice.book, replace(seen, ordinal=8)) is Reason.BOOK_OVER_LINES


@pytest.mark.parametrize(("first", "second"), [(Verdict.PRINT, Verdict.RESUME), (Verdict.RESUME, Verdict.PRINT)])
def test_two_people_agree_whichever_form_their_orders_have(first: Verdict, second: Verdict) -> None:
    once = ordered(asked(), "Ann", "counter-1", first)
    assert not once.valid
    # The same person's other form is the same order again, and no second voice.
    assert ordered(once, "Ann", "counter-1", second) == once
    twice = ordered(once, "Ben", "manager", second)
    assert twice.valid
    assert ordered(twice, "Ben", "manager", second) == twice


def test_to_look_at_a_book_that_is_not_known_takes_one_person() -> None:
    assert ordered(asked(Reason.BOOK_NOT_KNOWN), "Ann", "counter-1").valid


def test_a_new_book_takes_two_people_whatever_the_question_says() -> None:
    for reason in (Reason.BOOK_OVER_LINES, Reason.BOOK_REPEATED, Reason.BOOK_GAP, Reason.BOOK_NOT_KNOWN):
        once = ordered(asked(reason), "Ann", "counter-1", Verdict.NEW_BOOK)
        assert not once.valid
        # One who says it is a new book, and one who says print it over the lines, do not agree.
        assert not ordered(once, "Ben", "manager").valid or reason is Reason.BOOK_NOT_KNOWN
        twice = ordered(once, "Ben", "manager", Verdict.NEW_BOOK)
        assert (twice.valid, twice.state, twice.untouched) == (True, JobState.PENDING, True)
        assert order_words(answered(twice), twice.steps) == "print it into a new book"


def answered(record: Record) -> Answered:
    assert record.answered is not None
    return record.answered


def in_new_book() -> Record:
    """An update that two people ordered into a new book, when FAR was known of the one before."""
    seen = BookObjection(Reason.BOOK_OVER_LINES, FAR.ordinal, FAR.place, job="job-0", at=AT)
    once = ordered(ask_about_book(seen, AT)(job()).record, "Ann", "counter-1", Verdict.NEW_BOOK)
    return ordered(once, "Ben", "manager", Verdict.NEW_BOOK)


def test_the_memory_begins_anew_with_a_new_book() -> None:
    record = in_new_book()
    assert record.book is not None
    assert judged(record.book, FAR) is None
    going = replace(record, state=JobState.PROCESSING, begun=True, confirmed=1, sending=2)
    halted = changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(going).record
    first = row(going, halted, FAR)
    assert first is not None
    assert (first.number, first.place, first.job) == (2, BookPlace(2, 1), "job-1")
    # The end of the same job is in the same book.
    done = changes.finish_job(AT)(replace(going, confirmed=5, sending=0)).record
    last = row_after(replace(going, confirmed=5, sending=0), done, first, 9)
    assert last is not None
    assert (last.number, last.place) == (2, BookPlace(2, 2))
    # Later updates are judged against the new book.
    assert judged(replace(at(2, 2), digests=(OTHER,)), last) is None
    assert judged(replace(at(2, 1), digests=(OTHER,)), last) is Reason.BOOK_OVER_LINES
    # A row of the lost book that lies in another area says nothing of it.
    assert united((KnownBook(FAR, 0), KnownBook(last, 0))) == KnownBook(last, 0)


def test_a_new_book_is_one_behind_the_book_that_people_saw() -> None:
    record = in_new_book()
    going = replace(record, state=JobState.PROCESSING, begun=True, confirmed=5)
    done = changes.finish_job(AT)(going).record
    # An area came back meanwhile, and its row says more than people were told.
    assert row(going, done, replace(FAR, ordinal=9)) == replace(FAR, ordinal=8, digest=CONTENT)
    assert record.book is not None
    assert record.book.objection is not None
    unseen = replace(record.book, objection=replace(record.book.objection, ordinal=0, place=None))
    blind = row(going, replace(done, book=unseen))
    assert blind is not None
    assert blind.number == 2
    outline = (StepOutline(StepKind.NEXT_BOOK, 1), *OUTLINE[1:])
    changed = row(going, replace(done, outline=outline), FAR)
    assert changed is not None
    assert (changed.number, changed.started) == (2, 1)


def test_a_new_book_answers_only_a_question_about_a_book() -> None:
    going = replace(in_new_book(), state=JobState.PROCESSING, begun=True, confirmed=1)
    halted = changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(going).record
    no_question = changes.hold(AT, "t", "Ann")(job()).record
    for record in (halted, stopped(1, 2), no_question):
        given = Answered(record.epoch, Verdict.NEW_BOOK, 1, record.sending, "counter-1", "Ann")
        with pytest.raises(PassbookError) as refused:
            changes.answer(given, at=AT, date=AT[:10], trusted=True)(record)
        assert refused.value.code == "answer-not-possible"


def test_a_power_cut_leaves_the_question_one_for_two_people() -> None:
    record = changes.invalidate(Reason.POWER_LOSS, AT)(asked()).record
    assert record.reasons == (Reason.POWER_LOSS, Reason.BOOK_OVER_LINES)
    assert not ordered(record, "Ann", "counter-1").valid


def test_what_is_kept_for_long_names_no_book() -> None:
    kept = without_outline(asked())
    assert kept.book is not None
    assert (kept.book.names, kept.book.digests) == ((), ())
    assert kept.book.objection is not None


@pytest.mark.parametrize(
    ("record", "hold"),
    [
        (job(), BookHold.NOTHING),
        (begun(1, 2), BookHold.ALL),
        (stopped(1, 2), BookHold.ALL),
        (job(state=JobState.PROCESSING), BookHold.ALL),
        (asked(), BookHold.LATER),
        (changes.hold(AT, "t", "Ann")(job()).record, BookHold.NOTHING),
        (job(begun=True, confirmed=1), BookHold.ALL),
    ],
)
def test_a_job_holds_others_back_for_as_long_as_the_book_is_in_doubt(record: Record, hold: BookHold) -> None:
    found = book_job(record)
    assert found is not None
    assert found.hold is hold


def test_jobs_wait_for_the_one_that_was_begun_and_never_for_each_other() -> None:
    first, later = book_job(stopped(1, 2)), book_job(job(sequence=9))
    both = book_job(replace(stopped(1, 2), sequence=9))
    question = book_job(asked())
    assert first is not None
    assert later is not None
    assert both is not None
    assert question is not None
    assert first.holds(later)
    assert first.holds(replace_sequence(later, 1))
    assert first.holds(both)
    assert not both.holds(first)
    assert question.holds(later)
    assert not question.holds(replace_sequence(later, 1))
    assert not question.holds(both)
    assert not later.holds(first)
    assert book_job(job(book=None)) is None


def replace_sequence(one: Any, sequence: int) -> Any:
    return one._replace(sequence=sequence)
