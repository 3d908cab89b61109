"""What a person reads about a book: where it stands, why an update was not printed, and what to do then."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookObjection, BookPlace
from passbook.errors import PassbookError
from passbook.job.record import Answered, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.book_words import BookReport, BookView, book_lines, check_book
from passbook.protocol.messages import SubmitJob
from passbook.protocol.progress import state_words
from terminal.dialogue import Order, choices, is_grave, read_order
from terminal.keyring import KeyRing, book_key_ref
from terminal.own_copy import account_of
from terminal.picture import picture
from terminal.tables_of_jobs import answer_command
from tests.terminal.samples import question, view

OBJECTION = BookObjection(Reason.BOOK_OVER_LINES, 7, BookPlace(1, 13), job="7f3a09c2d1e84b55", at="2026-05-04T09:00Z")


def asked(objection: BookObjection = OBJECTION) -> Any:
    job = view(
        state=JobState.PENDING_HELD, valid=False, epoch=1, begun=False, reasons=(objection.reason,), book=objection
    )
    return question(job, steps=())


def test_the_question_says_where_the_book_stands_and_what_can_be_done() -> None:
    assert picture(asked())[-1] == (
        "Its book stands at page 1, line 13, as job 7f3a09c2 left it. An order to print it all the same, or into a new "
        "book, takes two people; to have it where the book stands, discard it and send it again at page 1, line 13."
    )
    unknown = picture(asked(BookObjection(Reason.BOOK_NOT_KNOWN)))[-1]
    assert unknown == (
        "A storage area is out of use, so it is not known where its book stands. Look at the book before it is printed."
    )
    repeated = picture(asked(replace(OBJECTION, reason=Reason.BOOK_REPEATED)))[-1]
    assert repeated.endswith("discard it and send it again at page 1, line 13 unless the book has it already.")
    full = picture(asked(replace(OBJECTION, is_full=True)))[-1]
    assert full.startswith("Its book is full, as job 7f3a09c2 left it.")


def test_while_an_area_is_away_no_place_is_told_as_certain() -> None:
    stale = replace(OBJECTION, may_be_more=True)
    assert picture(asked(stale))[-1] == (
        "Its book stands at least at page 1, line 13, as job 7f3a09c2 left it, and a storage area is out of use that "
        "may know more. An order to print it all the same, or into a new book, takes two people; to have it where the "
        "book stands, discard it and send it again behind the last line on its paper."
    )
    assert picture(asked(replace(stale, reason=Reason.BOOK_NOT_KNOWN)))[-1] == (
        "A storage area is out of use; by the others its book stands at least at page 1, line 13, as job 7f3a09c2 left "
        "it. Look at the book before it is printed."
    )
    full = picture(asked(replace(stale, is_full=True)))[-1]
    assert full.startswith("Its book is full, unless a new one was begun, as job 7f3a09c2 left it")
    canceled = view(state=JobState.CANCELED, valid=False, reasons=(Reason.DISCARDED_BY_ANSWER,), book=stale)
    assert state_words(canceled).endswith(
        " Its book stands at least at page 1, line 13: send it again behind the last line on its paper."
    )


def test_an_order_of_one_person_is_shown_to_the_second_one() -> None:
    order = Answered(1, Verdict.PRINT, 1, 0, "teller-1", "Ann")
    lines = picture(replace(asked(), proposed=order))
    assert "Ann at teller-1 ordered it printed all the same." in lines[-1]
    assert is_grave(asked(), Order(Verdict.PRINT))
    new = picture(replace(asked(), proposed=replace(order, verdict=Verdict.NEW_BOOK)))
    assert "Ann at teller-1 ordered it printed into a new book." in new[-1]


def test_a_new_book_is_offered_where_people_are_asked_about_a_book_and_nowhere_else() -> None:
    letter = "    n  print all of it into a new book, with which the memory begins anew"
    assert letter in choices(asked(), "teller-1")
    order = read_order(asked(), "n", "teller-1")
    assert order == Order(Verdict.NEW_BOOK)
    assert is_grave(asked(), order)
    for other in (question(view(), steps=()), replace(asked(), job=replace(asked().job, begun=True))):
        assert letter not in choices(other, "teller-1")
        with pytest.raises(PassbookError, match="not one of the choices"):
            read_order(other, "n", "teller-1")


def test_an_untouched_update_is_printed_or_discarded_whole() -> None:
    offered = "  teller answer 7f3a09c2.1 --print --person NAME   (all the same; or --discard, --new-book)"
    job = replace(asked().job, job="7f3a09c2d1e84b55")
    assert answer_command(job) == offered
    assert answer_command(replace(job, reasons=(Reason.POWER_LOSS, *job.reasons))) == offered
    for other in (replace(job, begun=True), replace(job, reasons=(Reason.SILENT,)), replace(job, book=None)):
        assert "--from-line N" in answer_command(other)


def test_after_a_discard_the_answer_names_the_line_to_send_again_at() -> None:
    canceled = view(state=JobState.CANCELED, valid=False, reasons=(Reason.DISCARDED_BY_ANSWER,), book=OBJECTION)
    assert state_words(canceled).endswith(" Its book stands at page 1, line 13: send it again at page 1, line 13.")
    overruled = replace(canceled, book=replace(OBJECTION, is_overruled=True))
    assert "send it again" not in state_words(overruled)
    assert "Its book" not in state_words(view(book=OBJECTION))


def test_the_answer_about_an_account_is_a_sentence_for_each_book() -> None:
    known = BookView("savings-24", BookPlace(2, 5), False, True, "2026-05-04T09:00:00Z", "7f3a09c2d1e84b55", ("aa11",))
    less = ", and the last line before that may not be on paper"
    assert book_lines(BookReport((known,), is_whole=False), {known.at: "10:00"}) == [
        f"Book savings-24 stands at least at page 2, line 5{less}: job 7f3a09c2 left it there at 10:00.",
        "Job aa11 for book savings-24 has not ended.",
        "A storage area is out of use, and may know more.",
    ]
    assert book_lines(BookReport(), {}) == ["Nothing is known of a book of that account."]


def test_the_newest_book_key_is_todays_and_the_one_before_it_counts_too() -> None:
    one, two, three = (bytes(range(number, number + 32)) for number in (1, 2, 3))
    ring = KeyRing()
    assert ring.book_secrets("4711") == ()
    for key in (one, two, three):
        ring = ring.with_book_key(key)
    both = ring.book_secrets("4711")
    assert len(set(both)) == 2
    assert both == (
        *KeyRing().with_book_key(three).book_secrets("4711"),
        *KeyRing().with_book_key(two).book_secrets("4711"),
    )
    # A key that comes again is today's one from then on.
    assert list(ring.with_book_key(one).books)[-1] == book_key_ref(one)
    for key, code in ((three, "key-exists"), (b"short", "key-malformed")):
        with pytest.raises(PassbookError) as refused:
            ring.with_book_key(key)
        assert refused.value.code == code


@pytest.mark.parametrize("byte", [0, 7, 255])
def test_a_book_key_that_anybody_guesses_is_refused(byte: int) -> None:
    with pytest.raises(PassbookError, match="not a secret: all of its bytes are the same") as refused:
        KeyRing().with_book_key(bytes([byte] * 32))
    assert refused.value.code == "key-malformed"


def test_the_account_is_that_of_an_update_and_of_no_other_document() -> None:
    assert account_of("text", b"hello\n") == ""
    assert account_of("passbook-update+csv", b"nothing") == ""


CLAIM = BookClaim(("ab" * 32,), ("cd" * 32,), BookPlace(1, 1), BookPlace(1, 5), BookPlace(1, 6))


@pytest.mark.parametrize(
    "facts",
    [
        {"book_secrets": (b"short",)},
        {"book_secrets": (bytes(32),) * 3},
        {"book": replace(CLAIM, names=())},
        {"book": replace(CLAIM, names=("ab" * 32,) * 3, digests=("cd" * 32,) * 3)},
        {"book": replace(CLAIM, names=("../a",))},
        {"book": replace(CLAIM, digests=("x" * 64,))},
        {"book": replace(CLAIM, first=BookPlace(0, 1))},
        {"book": replace(CLAIM, end=BookPlace(1, 2**40))},
        {"book": replace(CLAIM, objection=OBJECTION)},
    ],
)
def test_what_a_request_says_of_its_book_is_judged(facts: dict[str, Any]) -> None:
    check_book(SubmitJob("r", "p", "text", book=CLAIM, book_secrets=(bytes(32), bytes(32))))
    with pytest.raises(PassbookError) as refused:
        check_book(SubmitJob("r", "p", "text", **facts))
    assert refused.value.code == "invalid-message"
