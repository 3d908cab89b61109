from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.record import Verdict, Wrap
from passbook.protocol.messages import AnswerQuestion, Question
from storage.crypto.envelope import new_data_key, wrap_for_recovery, wrap_for_requester
from terminal.answers import all_on_paper, compose, needs_ring, step_of_line
from terminal.keyring import KeyRing, new_recovery_key
from terminal.picture import line_places
from tests.terminal.samples import TWENTY, question, stopped, view
from tests.terminal.test_picture import questions

IDENTITY = b'["aa11"]'
DATA_KEY = new_data_key(secrets.token_bytes)
KEY = secrets.token_bytes(32)
PRIVATE, PUBLIC = new_recovery_key()


def sealed(*, recovery: bool = True, readable: bool = False) -> Question:
    wraps: list[Wrap] = [wrap_for_requester(IDENTITY, DATA_KEY, KEY, "key-a", secrets.token_bytes)]
    if recovery:
        wraps.append(wrap_for_recovery(IDENTITY, DATA_KEY, PUBLIC, "branch-recovery"))
    return question(stopped(11, 12), TWENTY, wraps=wraps, readable=readable, identity=IDENTITY)


def test_a_line_is_gone_on_with_at_its_step() -> None:
    asked = question(stopped(11, 12), TWENTY)
    assert [step_of_line(asked, number) for number in (1, 11, 12)] == [1, 11, 12]


def test_a_turn_that_was_never_sent_is_done_before_the_line_behind_it() -> None:
    assert step_of_line(question(stopped(11, 12), TWENTY), 13) == 13
    assert step_of_line(question(stopped(12, 0), TWENTY), 13) == 13


def test_a_turn_that_was_sent_is_not_done_again() -> None:
    assert step_of_line(question(stopped(12, 13), TWENTY), 13) == 14
    assert step_of_line(question(stopped(13, 14), TWENTY), 13) == 14


def test_a_change_of_books_that_was_not_sent_is_done_before_the_line_behind_it() -> None:
    steps = (
        StepOutline(StepKind.LINE, 16, 24, (Bar(1, 6),)),
        StepOutline(StepKind.NEXT_BOOK, 1),
        StepOutline(StepKind.LINE, 1, 1, (Bar(1, 6),)),
        StepOutline(StepKind.EJECT, 1),
    )
    assert step_of_line(question(stopped(0, 1), steps), 2) == 2
    assert step_of_line(question(stopped(1, 2), steps), 2) == 3


def test_one_past_the_last_line_says_that_all_lines_are_on_paper() -> None:
    assert step_of_line(question(stopped(20, 21), TWENTY), 21) == 22
    assert step_of_line(question(stopped(21, 22), TWENTY), 21) == 23
    assert [all_on_paper(question(stopped(*sent), TWENTY)) for sent in ((20, 21), (21, 22))] == [22, 23]


@pytest.mark.parametrize("number", [-1, 0, 22, 1000])
def test_there_is_no_other_line(number: int) -> None:
    with pytest.raises(PassbookError) as caught:
        step_of_line(question(stopped(11, 12), TWENTY), number)
    assert caught.value.code == "answer-not-possible"


@given(questions(), st.data())
def test_going_on_prints_the_line_and_no_line_before_it(asked: Question, data: st.DataObject) -> None:
    lines = line_places(asked)
    number = data.draw(st.integers(1, len(lines)))
    step = step_of_line(asked, number)
    printed = [line.number for line in lines if line.step >= step]
    assert printed == list(range(number, len(lines) + 1))
    sent = max(asked.in_doubt, asked.job.confirmed, asked.sent_before)
    assert step <= sent + 1 or asked.outline[step - 2].kind is not StepKind.TURN


def test_the_requesters_key_is_taken_from_the_ring_by_the_name_that_the_question_says() -> None:
    ring = KeyRing().with_key("key-b", b"b" * 32).with_key("key-a", KEY)
    answer = compose(sealed(), Verdict.RESUME, "Ann", ring, step=12)
    assert answer == AnswerQuestion("aa11", 2, Verdict.RESUME, "Ann", step=12, in_doubt=12, key=KEY)


def test_a_representative_sends_the_data_key_of_this_job_and_never_its_own_key() -> None:
    ring = KeyRing().with_recovery("retired", new_recovery_key()[0]).with_recovery("branch-recovery", PRIVATE)
    answer = compose(sealed(), Verdict.PRINT, "Rita", ring)
    assert answer == AnswerQuestion("aa11", 2, Verdict.PRINT, "Rita", in_doubt=12, data_key=DATA_KEY)


@pytest.mark.parametrize("verdict", [Verdict.DISCARD, Verdict.HOLD])
def test_who_prints_nothing_needs_no_key(verdict: Verdict) -> None:
    assert not needs_ring(sealed(), verdict, "")
    answer = compose(sealed(), verdict, "Ann", None, step=5)
    assert answer == AnswerQuestion("aa11", 2, verdict, "Ann", in_doubt=12)


def test_a_job_that_the_appliance_can_read_needs_no_key() -> None:
    assert not needs_ring(sealed(readable=True), Verdict.PRINT, "")
    assert compose(sealed(readable=True), Verdict.PRINT, "Ann", None).key == b""
    assert needs_ring(sealed(), Verdict.PRINT, "")


def test_a_new_key_goes_along_with_its_name() -> None:
    ring = KeyRing().with_key("key-a", KEY).with_key("key-n", b"n" * 32)
    assert needs_ring(sealed(readable=True), Verdict.PRINT, "key-n")
    answer = compose(sealed(), Verdict.PRINT, "Ann", ring, new_key_ref="key-n")
    assert (answer.key, answer.new_key, answer.new_key_ref) == (KEY, b"n" * 32, "key-n")


@pytest.mark.parametrize(
    ("ring", "recovery", "code"),
    [
        (KeyRing(), True, "key-not-in-ring"),
        (KeyRing().with_key("key-b", KEY), False, "key-not-in-ring"),
        (KeyRing().with_recovery("branch-recovery", PRIVATE), False, "key-not-in-ring"),
        (KeyRing().with_recovery("branch-recovery", new_recovery_key()[0]), True, "wrong-key"),
    ],
)
def test_without_a_key_that_fits_nothing_is_sent(ring: KeyRing, recovery: bool, code: str) -> None:
    with pytest.raises(PassbookError) as caught:
        compose(sealed(recovery=recovery), Verdict.PRINT, "Ann", ring)
    assert caught.value.code == code


def test_a_key_of_another_job_is_not_given_away() -> None:
    other = question(stopped(0, key_ref="key-z"), TWENTY, wraps=sealed(recovery=False).wraps)
    assert view().key_ref == "key-a"
    with pytest.raises(PassbookError):
        compose(other, Verdict.PRINT, "Ann", KeyRing().with_key("key-a", KEY))


@pytest.mark.parametrize("verdict", [Verdict.PRINT, Verdict.RESUME])
def test_of_content_that_is_gone_no_key_is_asked_for(verdict: Verdict) -> None:
    asked = question(stopped(11, 12), TWENTY)
    gone = replace(asked, job=replace(asked.job, content_gone=True))
    assert needs_ring(asked, verdict, "")
    assert not needs_ring(gone, verdict, "")
    assert compose(gone, verdict, "Ann", None, step=23).key == b""
