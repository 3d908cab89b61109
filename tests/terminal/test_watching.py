from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.job.states import JobState
from passbook.protocol.events import ENDED, JOB, LEFT, PROMPT, QUESTION, QUESTION_CLOSED
from passbook.protocol.messages import ErrorPayload, JobLeft, Prompt, Question
from terminal.dialogue import Dialogue
from terminal.follow import Resolve
from terminal.keyring import KeyRing
from terminal.leaving import LeftBehind
from terminal.tables_of_jobs import local_time
from terminal.watching import Watcher
from tests.client.test_connection import within
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.person import Person
from tests.terminal.samples import TWENTY, notice, question, stopped, view

FIRST = question(stopped(11, 12), TWENTY)
OTHER = question(stopped(3, 4, job="bb22", requester="teller-2"), TWENTY)
LINE = (
    f"Question: job aa11 of teller-1 for window-1, since {local_time(FIRST.job.changed_at)}: the power failed. "
    "Lines 1 to 11 are on paper; line 12 is in doubt; lines 13 to 20 are left. "
    "Look at the paper; to answer it: teller follow aa11"
)
ENDED_JOB = notice(view(job="cc33", state=JobState.COMPLETED))

Story = Callable[[FakeAppliance], Coroutine[Any, Any, None]]


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def asking(person: Person) -> Dialogue:
    return Dialogue(person, "Rita", KeyRing, lambda: "manager", no_pause)


def watching(
    branch: Branch, fake: FakeAppliance, person: Person, story: Story, resolve: Resolve | None = None
) -> LeftBehind:
    """Watch until the story is over; what is left then."""
    left = LeftBehind()
    context = branch.terminal("rep-1").context()

    async def acknowledge(client: TerminalClient, job: str) -> None:
        await client.acknowledge(job)

    async def whole() -> None:
        async with running(branch, fake):
            watcher = Watcher(
                lambda: TerminalClient(fake.address, context), person, resolve, acknowledge, left=left, sleep=no_pause
            )
            watch = asyncio.create_task(watcher.run())
            telling = asyncio.create_task(story(fake))
            await asyncio.wait({watch, telling}, return_when=asyncio.FIRST_COMPLETED)
            watch.cancel()
            telling.cancel()
            await asyncio.wait({watch, telling})
            assert watch.cancelled(), watch.exception()
            assert not telling.cancelled()
            telling.result()

    fake.answers.setdefault("Recovery.ListQuestions", lambda _: {"questions": []})
    within(whole())
    return left


async def seen(person: Person, text: str) -> None:
    while not any(text in line for line in person.lines):
        await person.shown()


def test_what_comes_is_one_line_each_with_who_where_and_what_to_do(branch: Branch) -> None:
    person, fake = Person(), FakeAppliance()

    async def story(fake: FakeAppliance) -> None:
        await seen(person, "Open now")
        await fake.tell(QUESTION, FIRST)
        await fake.tell(PROMPT, Prompt("aa11", "window-1", "insert", 3))
        await fake.tell(PROMPT, Prompt("", "window-1", "take", 0))
        await fake.tell(JOB, view(job="dd44"))
        await fake.tell(LEFT, JobLeft("aa11", ErrorPayload("area-fenced", "Storage area a is out of use.")))
        await fake.tell(QUESTION_CLOSED, view())
        await fake.tell(ENDED, ENDED_JOB)
        await seen(person, "Notice")

    left = watching(branch, fake, person, story)
    assert person.lines == [
        "Open now: 0 questions, 0 notices.",
        LINE,
        "window-1 (job aa11): Put the book into window-1, opened at page 3.",
        "window-1: Take the book or sheet out of window-1.",
        "Job aa11: Storage area a is out of use.",
        "The question was answered: Job aa11 waits for its turn.",
        "Notice: Job cc33 of teller-1 for window-1 is completed.",
    ]
    assert [name for name, _ in fake.unasked if name == "Spooler.AcknowledgeNotice"] == []
    assert list(left.lines) == [
        "Still open: 0 questions (teller questions), 1 notice (teller notices).",
        "Come back:",
        "  teller watch",
    ]


def test_at_its_start_it_shows_what_is_open_and_shows_it_once(branch: Branch) -> None:
    person, fake = Person(), FakeAppliance()
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [FIRST]}
    fake.answers["Spooler.ListNotices"] = lambda _: {"notices": [ENDED_JOB]}
    fake.greet = [(QUESTION, FIRST), (ENDED, ENDED_JOB), (QUESTION, OTHER)]

    async def story(_fake: FakeAppliance) -> None:
        await seen(person, "job bb22 of teller-2")

    watching(branch, fake, person, story)
    assert person.lines[:2] == ["Open now: 1 question, 1 notice.", LINE]
    assert len([line for line in person.lines if "aa11" in line]) == 1
    assert len([line for line in person.lines if "cc33" in line]) == 1


def test_a_question_of_a_job_that_has_ended_is_asked_no_longer(branch: Branch) -> None:
    person, fake = Person(), FakeAppliance()
    fake.greet = [(QUESTION, FIRST), (QUESTION, OTHER)]

    async def story(fake: FakeAppliance) -> None:
        await person.waits.wait()
        person.waits.clear()
        await fake.tell(JOB, view(state=JobState.CANCELED, valid=False))
        await person.waits.wait()

    watching(branch, fake, person, story, asking(person))
    assert person.asked == ["How shall it go on? "] * 2


def test_questions_are_answered_right_there_the_oldest_first(branch: Branch) -> None:
    person, fake = Person("h", "h"), FakeAppliance()
    fake.greet = [(QUESTION, FIRST), (QUESTION, OTHER)]

    async def answer(asked: dict[str, Any]) -> Any:
        await fake.tell(QUESTION_CLOSED, view(job=asked["job"]))
        return view(job=asked["job"])

    fake.answers["Recovery.AnswerQuestion"] = answer

    async def story(fake: FakeAppliance) -> None:
        for _ in range(2):
            await fake.until_it_came("Recovery.AnswerQuestion")
        await seen(person, "The question was answered: Job bb22")

    left = watching(branch, fake, person, story, asking(person))
    answers = [payload for name, payload in fake.received if name == "Recovery.AnswerQuestion"]
    assert [(given["job"], given["verdict"], given["person"]) for given in answers] == [
        ("aa11", "hold", "Rita"),
        ("bb22", "hold", "Rita"),
    ]
    assert "  4  line 16 |?????????? ??????| in doubt" in person.lines
    assert list(left.lines) == ["Nothing is open. Come back:", "  teller watch"]


@pytest.mark.parametrize("closed", [True, False])
def test_a_question_that_is_answered_elsewhere_or_replaced_is_asked_no_more(branch: Branch, *, closed: bool) -> None:
    person, fake = Person(), FakeAppliance()
    fake.greet = [(QUESTION, FIRST)]
    put: asyncio.Queue[Question] = asyncio.Queue()
    gone: list[int] = []

    async def resolve(_client: TerminalClient, asked: Question) -> None:
        put.put_nowait(asked)
        try:
            await asyncio.Event().wait()
        finally:
            gone.append(asked.job.epoch)

    newer = question(msgspec.structs.replace(stopped(12, 13), epoch=3), TWENTY)

    async def story(fake: FakeAppliance) -> None:
        assert await put.get() == FIRST
        await fake.tell(*((QUESTION_CLOSED, view()) if closed else (QUESTION, newer)))
        await fake.tell(QUESTION, OTHER)
        assert await put.get() == (OTHER if closed else newer)
        assert gone == [2]

    watching(branch, fake, person, story, resolve)


def test_a_notice_is_acknowledged_when_somebody_pressed_enter_below_it(branch: Branch) -> None:
    person, fake = Person(""), FakeAppliance()
    fake.greet = [(ENDED, ENDED_JOB)]
    noted = asyncio.Event()

    def acknowledge(_asked: dict[str, Any]) -> Any:
        assert any("cc33" in line for line in person.lines)
        assert person.asked == ["Press Enter when you have read 1 notice: "]
        noted.set()
        return ENDED_JOB

    fake.answers["Spooler.AcknowledgeNotice"] = acknowledge

    async def story(_fake: FakeAppliance) -> None:
        await noted.wait()

    watching(branch, fake, person, story, asking(person))
    assert ("Spooler.AcknowledgeNotice", {"job": "cc33"}) in fake.unasked


def test_a_notice_that_nobody_read_stays_open(branch: Branch) -> None:
    person, fake = Person("^D"), FakeAppliance()
    fake.greet = [(ENDED, ENDED_JOB)]

    async def story(_fake: FakeAppliance) -> None:
        await seen(person, "They stay open; see teller notices.")

    watching(branch, fake, person, story, asking(person))
    assert "Spooler.AcknowledgeNotice" not in [name for name, _ in fake.unasked]


def test_a_question_comes_before_notices(branch: Branch) -> None:
    person, fake = Person(), FakeAppliance()
    fake.greet = [(ENDED, ENDED_JOB)]
    put = asyncio.Event()

    async def resolve(_client: TerminalClient, _asked: Question) -> None:
        put.set()

    async def story(fake: FakeAppliance) -> None:
        await person.waits.wait()
        person.waits.clear()
        await fake.tell(QUESTION, FIRST)
        await put.wait()
        # And then the notice is asked about again.
        await person.waits.wait()

    watching(branch, fake, person, story, resolve)
    assert person.asked == ["Press Enter when you have read 1 notice: "] * 2


def test_an_outage_is_told_once_and_its_end_and_what_is_open_then(branch: Branch) -> None:
    person, fake = Person(), FakeAppliance()

    async def story(fake: FakeAppliance) -> None:
        await seen(person, "Open now")
        fake.cut()
        await seen(person, "The appliance answers again.")
        await fake.tell(QUESTION, FIRST)
        await seen(person, "Question")

    watching(branch, fake, person, story)
    assert person.lines == [
        "Open now: 0 questions, 0 notices.",
        "The appliance has not answered yet; trying again. Ctrl-C ends this command.",
        "The appliance answers again.",
        "Open now: 0 questions, 0 notices.",
        LINE,
    ]


def test_an_appliance_that_was_never_there_is_an_error(branch: Branch) -> None:
    context = branch.terminal("rep-1").context()
    fake = FakeAppliance()

    async def acknowledge(_client: TerminalClient, _job: str) -> None:
        raise AssertionError

    async def story() -> None:
        async with running(branch, fake):
            pass
        with pytest.raises(PassbookError) as caught:
            await Watcher(lambda: TerminalClient(fake.address, context), Person(), None, acknowledge).run()
        assert caught.value.code == "appliance-unreachable"

    within(story())


def test_a_defect_in_asking_ends_it(branch: Branch) -> None:
    fake, context = FakeAppliance(), branch.terminal("rep-1").context()
    fake.greet = [(QUESTION, FIRST)]
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}

    async def broken(_client: TerminalClient, _asked: Question) -> None:
        raise ZeroDivisionError

    async def acknowledge(_client: TerminalClient, _job: str) -> None:
        raise AssertionError

    async def story() -> None:
        async with running(branch, fake):
            with pytest.raises(ZeroDivisionError):
                await Watcher(lambda: TerminalClient(fake.address, context), Person(), broken, acknowledge).run()

    within(story())
