from __future__ import annotations

import asyncio
from itertools import product
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.decisions import already_answered
from passbook.job.print_right import RightState
from passbook.job.record import Answered, Verdict
from passbook.job.states import Reason
from passbook.job.waiting import Waiting, Why, waiting_words
from passbook.protocol.events import QUESTION
from passbook.protocol.messages import Question
from terminal.answers import compose, waits_for_second
from terminal.dialogue import SETTLE, Dialogue, Order, choices, is_grave, read_order
from terminal.keyring import KeyRing
from terminal.picture import question_summary
from tests.client.test_connection import refuse, within
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.person import Person
from tests.terminal.samples import TWENTY, question, stopped, view

ASKED = question(stopped(11, 12), TWENTY)
ORDERED = Answered(2, Verdict.RESUME, 5, 12, "teller-2", "Otto")
PROPOSED = msgspec.structs.replace(ASKED, proposed=ORDERED)


OWN = "teller-1"


def own_name() -> str:
    return OWN


async def at_once(_seconds: float) -> None:
    """Nobody waits in these stories."""


def answers_given(
    branch: Branch, person: Person, answer: Any, asked: Question = ASKED, name: str = "Ann", own: str = "teller-1"
) -> list[dict[str, Any]]:
    fake = FakeAppliance()
    fake.answers["Recovery.AnswerQuestion"] = answer
    ring = KeyRing().with_key("key-a", b"a" * 32)

    async def story() -> None:
        context = branch.terminal("teller-1").context()
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            await Dialogue(person, name, lambda: ring, lambda: own, at_once)(client, asked)

    within(story())
    return [payload for _, payload in fake.received]


@pytest.mark.parametrize(
    ("typed", "verdict", "step"),
    [
        (["12"], "resume", 12),
        (["13"], "resume", 13),
        (["1", "y"], "resume", 1),
        (["s", "yes"], "print", 0),
        (["d", "Y"], "discard", 0),
        (["h"], "hold", 0),
    ],
)
def test_a_choice_becomes_an_answer(branch: Branch, typed: list[str], verdict: str, step: int) -> None:
    (given,) = answers_given(branch, Person(*typed), lambda _: view())
    assert (given["job"], given["epoch"], given["verdict"], given["person"]) == ("aa11", 2, verdict, "Ann")
    assert (given.get("step", 0), given["inDoubt"]) == (step, 12)
    assert ("key" in given) is (verdict in {"resume", "print"})


def test_who_is_not_named_is_asked_for_the_name(branch: Branch) -> None:
    person = Person("", "Rita", "h")
    (given,) = answers_given(branch, person, lambda _: view(), name="")
    assert given["person"] == "Rita"
    assert person.asked == ["Your name: ", "Your name: ", "How shall it go on? "]
    assert "This is no name: expected 1 to 128 printable characters." in person.lines


def test_a_name_in_letters_that_the_screen_lost_is_asked_for_again_with_the_reason(branch: Branch) -> None:
    person = Person("J\N{REPLACEMENT CHARACTER}rg", "Joerg", "h")
    (given,) = answers_given(branch, person, lambda _: view(), name="")
    assert given["person"] == "Joerg"
    assert [line for line in person.lines if "letters were lost; use one with UTF-8" in line]


@pytest.mark.parametrize("typed", ["", "x", "0", "22", "-1", "1.5", "²", "\u0661"])
def test_what_is_no_choice_is_asked_again(branch: Branch, typed: str) -> None:
    person = Person(typed, "h")
    assert len(answers_given(branch, person, lambda _: view())) == 1
    assert person.errors == ["answer-not-possible"]


def test_an_answer_that_could_be_mended_is_asked_again(branch: Branch) -> None:
    results = [refuse(PassbookError("wrong-key", job="aa11", key_ref="key-a")), lambda _: view()]

    def answer(payload: dict[str, Any]) -> Any:
        return results.pop(0)(payload)

    person = Person("12", "h")
    assert len(answers_given(branch, person, answer)) == 2
    assert person.errors == ["wrong-key"]


@pytest.mark.parametrize(
    "error",
    [
        PassbookError("stale-question", job="aa11", epoch=3),
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
        dialogue = Dialogue(person, "Ann", lambda: KeyRing({"key-a": bytes(32)}), own_name, at_once)
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            asking = asyncio.create_task(dialogue(client, ASKED))
            await fake.arrived.get()
            fake.cut()
            await asking

    within(story())
    assert person.errors == ["connection-lost"]


def test_the_likely_choices_are_told_in_words() -> None:
    assert choices(ASKED, OWN)[:2] == [
        "   12  line 12 is not on paper: print it, then go on",
        "   13  go on with line 13",
    ]
    assert choices(question(stopped(12), TWENTY), OWN)[0] == "   13  go on with line 13"
    assert choices(question(stopped(20, 21), TWENTY), OWN)[:2] == [
        "   20  line 20 is not on paper: print it, then go on",
        "   21  every line is on paper",
    ]


def test_a_line_that_was_ordered_again_may_be_on_paper_so_the_one_behind_it_is_offered() -> None:
    """The picture says that it may be on paper; so people can say that it is."""
    asked = msgspec.structs.replace(question(stopped(13), TWENTY), sent_before=14)
    assert "line 13 is ordered again" in question_summary(asked)
    assert choices(asked, OWN)[:2] == [
        "   13  line 13 is not on paper: print it, then go on",
        "   14  go on with line 14",
    ]
    assert read_order(asked, "14", OWN) == Order(Verdict.RESUME, 15)
    whole = msgspec.structs.replace(question(stopped(0), TWENTY), sent_before=12)
    assert choices(whole, OWN)[:3] == [
        "    1  line 1 is not on paper: print it, then go on",
        "    2  or a later line up to 12: the first one that is not on paper",
        "   13  go on with line 13",
    ]


def test_each_choice_that_is_told_can_be_typed() -> None:
    for confirmed, before in product(range(22), (0, 5, 14, 22)):
        for sending in (0, confirmed + 1):
            asked = msgspec.structs.replace(question(stopped(confirmed, sending), TWENTY), sent_before=before)
            for choice in choices(asked, OWN):
                order = read_order(asked, choice.split()[0], OWN)
                assert order.step <= max(confirmed, sending, before) + 1
    assert read_order(ASKED, "13", OWN) == Order(Verdict.RESUME, 13)


def test_a_person_whose_order_takes_two_is_told_and_asked_on(branch: Branch) -> None:
    person = Person("1", "y", "12")
    replies = iter([stopped(11, 12), view()])
    given = answers_given(branch, person, lambda _: next(replies))
    assert [one["step"] for one in given] == [1, 12]
    assert person.errors == ["second-person-needed"]


@pytest.mark.parametrize(("typed", "words"), [("d", "discard it"), ("s", "print all"), ("11", "go on with line 11")])
@pytest.mark.parametrize("second", ["", "n", "d", "s", "11", "12"])
def test_what_cannot_be_undone_is_asked_once_more_in_the_persons_name(
    branch: Branch, typed: str, words: str, second: str
) -> None:
    person = Person(typed, second, "h")
    (given,) = answers_given(branch, person, lambda _: view())
    assert given["verdict"] == "hold"
    assert person.asked[1].startswith(f"Ann: {words}")


def test_what_goes_on_after_the_last_line_is_not_asked_twice() -> None:
    assert not is_grave(ASKED, Order(Verdict.RESUME, 12))
    assert not is_grave(question(stopped(0, begun=False), TWENTY), Order(Verdict.PRINT))


def test_an_order_that_takes_the_print_right_is_asked_once_more() -> None:
    job = replace(stopped(0, begun=False), reasons=(Reason.APPLIANCE_SILENT,), right=RightState.AWAY)
    for verdict, grave in ((Verdict.PRINT, True), (Verdict.RESUME, True), (Verdict.HOLD, False)):
        assert is_grave(question(job, TWENTY), Order(verdict, 1)) is grave
    here = replace(job, right=RightState.HERE)
    assert not is_grave(question(here, TWENTY), Order(Verdict.PRINT))


def test_who_answered_what_is_shown(branch: Branch) -> None:
    person = Person("Rita", "13")
    answers_given(branch, person, lambda _: view(), name="")
    assert person.lines[-1] == "Rita answers for job aa11: go on with line 13, after the turn to page 4."


def test_another_question_may_have_another_person(branch: Branch) -> None:
    fake, person = FakeAppliance(), Person("Ann", "h", "Bert", "h", "", "h")
    fake.answers["Recovery.AnswerQuestion"] = lambda _: view()

    async def story() -> None:
        context = branch.terminal("teller-1").context()
        dialogue = Dialogue(person, "", KeyRing, own_name, at_once)
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            for _ in range(3):
                await dialogue(client, ASKED)

    within(story())
    assert [payload["person"] for _, payload in fake.received] == ["Ann", "Bert", "Bert"]
    assert [one for one in person.asked if "name" in one][-1] == "Your name (Enter: Bert): "


@pytest.mark.parametrize("typed", [["^D"], ["Ann", "^D"], ["Ann", "d", "^D"]])
def test_a_question_that_is_left_is_said_how_to_come_back_to(branch: Branch, typed: list[str]) -> None:
    person = Person(*typed)
    assert answers_given(branch, person, lambda _: view(), name="") == []
    assert person.lines[-3:] == [
        "The question about job aa11 stays open. To be asked again, or to answer it by command:",
        "  teller follow aa11",
        "  teller answer aa11.2 --from-line N --person NAME",
    ]


def test_an_answer_is_to_the_question_that_was_shown_whatever_came_since(branch: Branch) -> None:
    """P7: the appliance has a newer question by then, and refuses the answer to the older one."""
    fake, person = FakeAppliance(), Person("13")
    fake.answers["Recovery.AnswerQuestion"] = refuse(PassbookError("stale-question", job="aa11", epoch=3))
    newer = question(msgspec.structs.replace(stopped(13, 14), epoch=3), TWENTY)
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [newer]}
    fake.greet = [(QUESTION, newer)]

    async def story() -> None:
        context = branch.terminal("teller-1").context()
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            await Dialogue(person, "Ann", lambda: KeyRing({"key-a": bytes(32)}), own_name, at_once)(client, ASKED)

    within(story())
    (name, given) = fake.received[-1]
    assert (name, given["epoch"], given["inDoubt"]) == ("Recovery.AnswerQuestion", 2, 12)
    assert person.errors == ["stale-question"]


def test_nothing_is_asked_before_a_person_can_have_read_the_question(branch: Branch) -> None:
    person = Person()
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        assert person.asked == []
        waited.append(seconds)
        raise EOFError

    async def story() -> None:
        fake, context = FakeAppliance(), branch.terminal("teller-1").context()
        async with running(branch, fake), TerminalClient(fake.address, context) as client:
            await Dialogue(person, "Ann", KeyRing, own_name, sleep)(client, ASKED)

    within(story())
    assert waited == [SETTLE]


def test_a_second_person_confirms_by_one_letter(branch: Branch) -> None:
    assert choices(PROPOSED, OWN)[-1] == "    c  confirm: go on with line 5, as Otto at teller-2 ordered"
    (given,) = answers_given(branch, Person("c", "y"), lambda _: view(), PROPOSED)
    assert (given["verdict"], given["step"], given["inDoubt"], given["person"]) == ("resume", 5, 12, "Ann")


def test_the_terminal_that_gave_an_order_is_not_offered_to_confirm_it(branch: Branch) -> None:
    person = Person("c", "h")
    (given,) = answers_given(branch, person, lambda _: view(), PROPOSED, own="teller-2")
    assert given["verdict"] == "hold"
    assert not [line for line in person.lines if "confirm" in line]
    assert person.errors == ["second-person-needed"]


def test_in_the_spool_of_a_terminal_another_person_confirms_there() -> None:
    """P3: another name is enough, as no other terminal reaches that spool."""
    order = replace(ORDERED, terminal=OWN)
    asked = replace(ASKED, proposed=order, job=replace(ASKED.job, side=Side.TERMINAL))
    assert "c  confirm: go on with line 5, as Otto" in choices(asked, OWN)[-1]
    assert read_order(asked, "c", OWN) == Order(Verdict.RESUME, 5)
    answer = compose(asked, Verdict.DISCARD, "Otto", None)
    waiting = waits_for_second(answer, asked.job)
    assert waiting is not None
    assert "must confirm with another name" in str(waiting)
    assert waiting_words(replace(asked.job, waiting=Waiting(Why.SECOND_PERSON))).endswith("with another name.")
    assert waits_for_second(compose(asked, Verdict.HOLD, "Otto", None), asked.job) is None


def test_an_order_from_the_start_is_confirmed_too() -> None:
    order = msgspec.structs.replace(ORDERED, verdict=Verdict.PRINT, step=1)
    asked = msgspec.structs.replace(ASKED, proposed=order)
    assert "confirm: print all of it from the start, as Otto" in choices(asked, OWN)[-1]
    assert read_order(asked, "c", OWN) == Order(Verdict.PRINT)


def test_where_nobody_ordered_anything_there_is_nothing_to_confirm() -> None:
    with pytest.raises(PassbookError):
        read_order(ASKED, "c", OWN)
