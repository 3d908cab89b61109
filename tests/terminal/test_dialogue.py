from __future__ import annotations

import asyncio
from typing import Any

import pytest

from passbook.decisions import already_answered
from passbook.errors import PassbookError
from passbook.messages import Inquiry
from passbook.record import Answered, Verdict
from terminal.client import TerminalClient
from terminal.dialogue import Dialogue, Order, choices, read_order
from terminal.keyring import KeyRing
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.person import Person
from tests.terminal.samples import TWENTY, inquiry, stopped, view
from tests.terminal.test_client import refuse, within

ASKED = inquiry(stopped(11, 12), TWENTY)


def answers_given(
    branch: Branch, person: Person, answer: Any, asked: Inquiry = ASKED, name: str = "Ann"
) -> list[dict[str, Any]]:
    fake = FakeAppliance()
    fake.answers["Recovery.AnswerInquiry"] = answer
    ring = KeyRing().with_key("key-a", b"a" * 32)

    async def story() -> None:
        context = branch.terminal("teller-1").context()
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            await Dialogue(person, name, lambda: ring)(client, asked)

    within(story())
    return [payload for _, payload in fake.received]


@pytest.mark.parametrize(
    ("typed", "verdict", "step"),
    [
        ("12", "resume", 12),
        ("13", "resume", 13),
        ("1", "resume", 1),
        ("s", "print", 0),
        ("d", "discard", 0),
        ("h", "hold", 0),
    ],
)
def test_a_choice_becomes_an_answer(branch: Branch, typed: str, verdict: str, step: int) -> None:
    (given,) = answers_given(branch, Person(typed), lambda _: view())
    assert (given["job"], given["epoch"], given["verdict"], given["person"]) == ("aa11", 2, verdict, "Ann")
    assert (given.get("step", 0), given["inDoubt"]) == (step, 12)
    assert ("key" in given) is (verdict in {"resume", "print"})


def test_who_is_not_named_is_asked_for_the_name(branch: Branch) -> None:
    person = Person("", "Rita", "d")
    (given,) = answers_given(branch, person, lambda _: view(), name="")
    assert given["person"] == "Rita"
    assert person.asked == ["Your name: ", "Your name: ", "How shall it go on? "]


@pytest.mark.parametrize("typed", ["", "x", "0", "22", "-1", "1.5", "²", "\u0661"])
def test_what_is_no_choice_is_asked_again(branch: Branch, typed: str) -> None:
    person = Person(typed, "d")
    assert len(answers_given(branch, person, lambda _: view())) == 1
    assert person.errors == ["answer-not-possible"]


def test_an_answer_that_could_be_mended_is_asked_again(branch: Branch) -> None:
    results = [refuse(PassbookError("wrong-key", job="aa11", key_ref="key-a")), lambda _: view()]

    def answer(payload: dict[str, Any]) -> Any:
        return results.pop(0)(payload)

    person = Person("12", "d")
    assert len(answers_given(branch, person, answer)) == 2
    assert person.errors == ["wrong-key"]


@pytest.mark.parametrize(
    "error",
    [
        PassbookError("stale-inquiry", job="aa11", epoch=3),
        already_answered("aa11", Answered(2, Verdict.PRINT, 1, 0, "till-9", "Bernd"), 22),
        PassbookError("unknown-job", job="aa11"),
    ],
)
def test_a_question_that_is_over_is_left(branch: Branch, error: PassbookError) -> None:
    person = Person("12")
    assert len(answers_given(branch, person, refuse(error))) == 1
    assert person.errors == [error.code]


def test_a_lost_connection_leaves_the_question_to_the_next_one(branch: Branch) -> None:
    person = Person("12")
    fake = FakeAppliance()

    async def story() -> None:
        context = branch.terminal("teller-1").context()
        dialogue = Dialogue(person, "Ann", lambda: KeyRing({"key-a": bytes(32)}))
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            asking = asyncio.create_task(dialogue(client, ASKED))
            await fake.arrived.get()
            fake.cut()
            await asking

    within(story())
    assert person.errors == ["connection-lost"]


def test_the_likely_choices_are_told_in_words() -> None:
    assert choices(ASKED)[:2] == ["   12  line 12 is not on paper: print it, then go on", "   13  go on with line 13"]
    assert choices(inquiry(stopped(12), TWENTY))[0] == "   13  go on with line 13"
    assert choices(inquiry(stopped(20, 21), TWENTY))[:2] == [
        "   20  line 20 is not on paper: print it, then go on",
        "   21  every line is on paper",
    ]


def test_each_choice_that_is_told_can_be_typed() -> None:
    for confirmed in range(22):
        for sending in (0, confirmed + 1):
            asked = inquiry(stopped(confirmed, sending), TWENTY)
            for choice in choices(asked):
                order = read_order(asked, choice.split()[0])
                assert order.step <= max(confirmed, sending) + 1
    assert read_order(ASKED, "13") == Order(Verdict.RESUME, 13)


def test_a_person_whose_order_takes_two_is_told_and_asked_on(branch: Branch) -> None:
    person = Person("1", "12")
    replies = iter([stopped(11, 12), view()])
    given = answers_given(branch, person, lambda _: next(replies))
    assert [one["step"] for one in given] == [1, 12]
    assert person.errors == ["second-person-needed"]
