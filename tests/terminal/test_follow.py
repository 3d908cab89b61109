from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from client.connection import TerminalClient
from passbook.document.plan import StepKind
from passbook.errors import PassbookError
from passbook.job.record import OnPaper
from passbook.job.states import JobState, Reason
from passbook.job.waiting import NEXT, Waiting, Why
from passbook.protocol.events import ENDED, JOB, LEFT, PROMPT, QUESTION, QUESTION_CLOSED, STEP
from passbook.protocol.messages import ErrorPayload, JobLeft, JobView, Prompt, Question, StepReport, SubmitJob
from passbook.protocol.notice import NoticePage
from terminal.dialogue import Dialogue
from terminal.follow import Follower, Resolve
from terminal.keyring import KeyRing
from terminal.leaving import LeftBehind
from tests.client.test_connection import refuse, within
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.person import Person
from tests.terminal.samples import TWENTY, notice, outline, question, stopped, view

JOB_SENT = SubmitJob("r1", "window-1", "passbook-update+csv", document=b"content", first=True)
EVENING = dt.datetime(2026, 5, 4, 20, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
AGAIN = msgspec.structs.replace(JOB_SENT, first=False)
COMPLETED = view(state=JobState.COMPLETED, reasons=(Reason.COMPLETED,), confirmed=22)


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def follower(
    branch: Branch, fake: FakeAppliance, person: Person, resolve: Resolve | None = None, **options: Any
) -> Follower:
    context = branch.terminal("teller-1").context()

    options = {"pauses": (1.0, 1.0), "sleep": no_pause, **options}
    return Follower(lambda: TerminalClient(fake.address, context), person, resolve, **options)


async def told(fake: FakeAppliance, *events: tuple[str, Any]) -> None:
    for name, payload in events:
        await fake.tell(name, payload)


def accepting(then: Callable[[], Any] | None = None) -> FakeAppliance:
    fake = FakeAppliance()
    fake.answers["Spooler.SubmitJob"] = lambda _: view()
    fake.answers["Spooler.GetJob"] = lambda _: then() if then else view()
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": []}
    return fake


async def submitted(fake: FakeAppliance) -> None:
    while await fake.arrived.get() != "Spooler.SubmitJob":
        pass


def test_a_job_is_followed_to_its_end_in_words(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person, texts=[["a"]] * 21).run(JOB_SENT, wait=True))
            await submitted(fake)
            await told(
                fake,
                (PROMPT, Prompt("aa11", "window-1", "insert", 3)),
                (JOB, view(state=JobState.PROCESSING)),
                (STEP, StepReport("aa11", 0, 1, 22)),
                (STEP, StepReport("aa11", 1, 2, 22, StepKind.LINE, 1, 21)),
                (STEP, StepReport("bb22", 9, 10, 22)),
                (JOB, view(job="bb22", state=JobState.COMPLETED)),
                (PROMPT, Prompt("bb22", "window-2", "insert", 9)),
                (PROMPT, Prompt("aa11", "window-1", "turn", 4)),
                (PROMPT, Prompt("", "window-1", "take", 4)),
                (JOB, COMPLETED),
            )
            assert (await run).state is JobState.COMPLETED
        assert person.lines == [
            "Job aa11 was accepted.",
            "Put the book into window-1, opened at page 3.",
            "Job aa11 is printing.",
            "Line 1 of 21 is on paper.",
            "Take the book out of window-1 and turn it to page 4.",
            "Take the book or sheet out of window-1.",
            "Job aa11 is completed. Take the book out of window-1.",
        ]

    within(story())


def test_who_does_not_wait_leaves_with_the_acceptance(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        async with running(branch, fake):
            assert await follower(branch, fake, person).run(JOB_SENT, wait=False) == view()
        assert person.lines == ["Job aa11 was accepted."]

    within(story())


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({"state": JobState.COMPLETED}, "was printed before, at 19:20; nothing is printed now."),
        (
            {"state": JobState.COMPLETED, "reasons": (Reason.CLOSED_BY_ANSWER,)},
            "was ended before, at 19:20, by the answer that every line is on paper; nothing is printed now.",
        ),
        ({"state": JobState.CANCELED}, "was canceled before, at 19:20; nothing is printed now."),
        (
            {"state": JobState.ABORTED, "reasons": (Reason.EXPIRED,)},
            (
                "was ended by the appliance before, at 19:20, because its day is over and "
                "its question was not answered; nothing is printed now."
            ),
        ),
    ],
)
def test_a_request_that_is_sent_again_after_its_end_says_how_that_was(
    branch: Branch, ended: dict[str, Any], words: str, *, wait: bool
) -> None:
    """No book lies there, so nobody is told to take one."""
    job = view(**ended, changed_at="2026-05-04T17:20:00+00:00")

    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.SubmitJob"] = lambda _: job
        async with running(branch, fake):
            assert await follower(branch, fake, person, now=lambda: EVENING).run(AGAIN, wait=wait) == job
        assert person.lines[0] == f"Job aa11 {words}"
        assert [line for line in person.lines if "Take" in line or "accepted" in line] == []

    within(story())


def test_a_request_that_is_sent_again_while_its_job_waits_is_followed(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view()]}
        fake.greet = [(JOB, COMPLETED)]
        async with running(branch, fake):
            await follower(branch, fake, person).run(AGAIN, wait=True)
        assert person.lines == [
            "Job aa11 was sent before and waits for its turn. It is not printed a second time.",
            "Job aa11 is completed. Take the book out of window-1.",
        ]

    within(story())


def test_a_request_that_is_sent_again_and_had_never_come_is_accepted(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view(job="bb22")]}
        async with running(branch, fake):
            await follower(branch, fake, person).run(AGAIN, wait=False)
        assert person.lines == ["Job aa11 was accepted."]

    within(story())


def test_a_job_that_ended_before_it_was_followed_says_so(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(lambda: COMPLETED), Person()
        async with running(branch, fake):
            assert await follower(branch, fake, person, now=lambda: EVENING).stay("aa11") == COMPLETED
        assert person.lines == ["Job aa11 was printed before, at 11:00; nothing is printed now."]

    within(story())


def test_an_end_is_acknowledged_after_it_was_shown(branch: Branch) -> None:
    """P8: never by mere delivery."""

    async def story() -> None:
        fake, person = accepting(), Person()
        shown: list[tuple[str, str]] = []

        async def acknowledge(client: TerminalClient, job: str) -> None:
            shown.append((job, person.lines[-1]))
            await client.acknowledge(job)

        fake.greet = [(ENDED, notice(COMPLETED)), (JOB, COMPLETED)]
        async with running(branch, fake):
            await follower(branch, fake, person, acknowledge=acknowledge).run(JOB_SENT, wait=True)
        assert shown == [("aa11", "Job aa11 is completed. Take the book out of window-1.")]
        assert fake.unasked == [("Spooler.AcknowledgeNotice", {"job": "aa11"})]

    within(story())


def test_who_follows_a_job_that_somebody_else_cancels_is_told_what_is_on_paper_before_its_end_is_acknowledged(
    branch: Branch,
) -> None:
    canceled = view(state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,), confirmed=4)

    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.ListNotices"] = lambda _: NoticePage((notice(canceled, OnPaper(20, 4)),))
        seen: list[list[str]] = []

        async def acknowledge(_client: TerminalClient, _job: str) -> None:
            seen.append(list(person.lines))

        async with running(branch, fake), asyncio.TaskGroup() as group:
            group.create_task(follower(branch, fake, person, acknowledge=acknowledge).run(JOB_SENT, wait=True))
            await submitted(fake)
            await told(fake, (JOB, canceled))
        [lines] = seen
        assert lines[-2:] == ["Lines 1 to 4 are on paper, of 20.", "Take the book out of window-1."]

    within(story())


@pytest.mark.parametrize("wait", [True, False])
def test_who_did_not_see_the_end_acknowledges_nothing(branch: Branch, wait: bool) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.greet = [(ENDED, notice(COMPLETED))]

        async def acknowledge(client: TerminalClient, job: str) -> None:
            await client.acknowledge(job)

        async with running(branch, fake):
            run = asyncio.create_task(
                follower(branch, fake, person, acknowledge=acknowledge, pauses=()).run(JOB_SENT, wait=wait)
            )
            await submitted(fake)
            if wait:
                await fake.drop()
            await asyncio.gather(run, return_exceptions=True)
        assert fake.unasked == []

    within(story())


def test_an_end_that_came_while_nobody_was_connected_is_shown_and_acknowledged(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(lambda: COMPLETED), Person()
        noted: list[str] = []

        async def acknowledge(_client: TerminalClient, job: str) -> None:
            noted.append(job)

        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person, acknowledge=acknowledge).run(JOB_SENT, wait=True))
            await submitted(fake)
            await fake.drop()
            await run
        assert person.lines[-1] == "Job aa11 is completed. Take the book out of window-1."
        assert noted == ["aa11"]

    within(story())


def test_a_job_that_is_known_already_is_stayed_with_over_connections(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(lambda: view(state=JobState.PROCESSING)), Person()
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person).stay("aa11"))
            await fake.arrived.get()
            fake.greet = [(JOB, COMPLETED)]
            fake.cut()
            assert await run == COMPLETED
        assert [name for name, _ in fake.received] == ["Spooler.GetJob"] * 2

    within(story())


def test_a_sheet_is_not_called_a_book(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.SubmitJob"] = lambda _: view(format="text")
        fake.greet = [(PROMPT, Prompt("aa11", "window-1", "insert", 1)), (JOB, COMPLETED)]
        async with running(branch, fake):
            await follower(branch, fake, person).run(JOB_SENT, wait=True)
        assert "Put the sheet into window-1." in person.lines

    within(story())


@pytest.mark.parametrize("cut", [True, False])
def test_after_a_lost_connection_the_job_is_found_again_and_not_sent_anew(branch: Branch, cut: bool) -> None:
    async def story() -> None:
        fake, person = accepting(lambda: stopped(11, 12)), Person()
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person).run(JOB_SENT, wait=True))
            await submitted(fake)
            fake.greet = [(QUESTION, question(stopped(11, 12), TWENTY)), (JOB, COMPLETED)]
            await told(fake, (STEP, StepReport("aa11", 3, 4, 22)))
            fake.cut() if cut else await fake.drop()
            await run
        assert [name for name, _ in fake.received] == ["Spooler.SubmitJob", "Spooler.GetJob"]
        assert "The appliance has not answered yet; trying again. Ctrl-C ends this command." in person.lines
        assert "The appliance answers again." in person.lines
        assert any("Lines 1 to 11 are on paper; line 12 is in doubt" in line for line in person.lines)

    within(story())


def test_a_request_whose_answer_was_lost_is_sent_again_unchanged(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        answers: list[Callable[[], Any]] = [fake.cut, lambda: COMPLETED]
        fake.answers["Spooler.SubmitJob"] = lambda _: answers.pop(0)()
        async with running(branch, fake):
            assert await follower(branch, fake, person).run(JOB_SENT, wait=True) == COMPLETED
        (_, first), (_, second) = fake.received
        assert first.pop("first")
        assert first == second

    within(story())


def test_who_does_not_wait_is_told_at_once_that_the_connection_was_lost_and_how_to_send_again(branch: Branch) -> None:
    """No pause comes before the error: every other command ends then too."""

    async def never(_seconds: float) -> None:
        pytest.fail("it waits for an appliance that has died")

    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.SubmitJob"] = lambda _: fake.cut()
        async with running(branch, fake):
            again = "teller print d.csv --no-wait --request r1"
            with pytest.raises(PassbookError) as caught:
                await follower(branch, fake, person, sleep=never, again=again).run(JOB_SENT, wait=False)
        assert caught.value.code == "connection-lost"
        assert [name for name, _ in fake.received] == ["Spooler.SubmitJob"]
        assert person.lines == [
            (
                "The terminal does not know whether request r1 was accepted. Send the same document again; it never "
                "prints twice:"
            ),
            f"  {again}",
        ]

    within(story())


def test_an_appliance_that_stays_away_is_given_up(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        async with running(branch, fake):
            run = asyncio.create_task(follower(branch, fake, person).run(JOB_SENT, wait=True))
            await submitted(fake)
        with pytest.raises(PassbookError) as caught:
            await run
        assert caught.value.code == "appliance-unreachable"
        assert person.lines.count("The appliance has not answered yet; trying again. Ctrl-C ends this command.") == 1

    within(story())


def test_a_job_whose_storage_failed_is_told_and_waited_for(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person).run(JOB_SENT, wait=True))
            await submitted(fake)
            sentence = "Storage area a is out of use."
            left = JobLeft("aa11", ErrorPayload("area-fenced", sentence, {"area": "a"}))
            await told(fake, (LEFT, left), (PROMPT, Prompt("aa11", "window-1", "take", 4)), (JOB, COMPLETED))
            assert (await run).state is JobState.COMPLETED
        assert person.lines[1:3] == [sentence, "Take the book out of window-1."]

    within(story())


def test_an_appliance_that_was_never_there_is_not_waited_for(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        async with running(branch, fake):
            pass
        with pytest.raises(PassbookError) as caught:
            await follower(branch, fake, person).run(JOB_SENT, wait=True)
        assert caught.value.code == "appliance-unreachable"
        assert person.lines == []

    within(story())


def test_a_refusal_is_not_tried_again(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.SubmitJob"] = refuse(PassbookError("document-empty"))
        async with running(branch, fake):
            with pytest.raises(PassbookError) as caught:
                await follower(branch, fake, person).run(JOB_SENT, wait=True)
        assert caught.value.code == "document-empty"
        assert len(fake.received) == 1

    within(story())


class Resolver:
    """Waits for ever on each question and keeps which were put and which were given up."""

    def __init__(self) -> None:
        self.put: asyncio.Queue[Question] = asyncio.Queue()
        self.given_up: list[int] = []

    async def __call__(self, _client: TerminalClient, asked: Question) -> None:
        self.put.put_nowait(asked)
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.append(asked.job.epoch)


def test_a_question_is_put_while_events_go_on_and_given_up_when_answered_elsewhere(branch: Branch) -> None:
    async def story() -> None:
        fake, person, resolver = accepting(), Person(), Resolver()
        steps = outline((3, 1, 2))
        first, other = question(stopped(0, 1), steps), question(stopped(0, 1, job="bb22"), steps)
        again = question(stopped(1, 2), steps)
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person, resolver).run(JOB_SENT, wait=True))
            await submitted(fake)
            await told(fake, (QUESTION, other), (QUESTION, first))
            assert await resolver.put.get() == first
            await told(fake, (QUESTION, again))
            assert await resolver.put.get() == again
            assert resolver.given_up == [2]
            await told(
                fake,
                (QUESTION_CLOSED, again.job),
                (STEP, StepReport("aa11", 1, 2, 3, StepKind.LINE, 1, 2)),
                (JOB, COMPLETED),
            )
            assert isinstance(await run, JobView)
        assert resolver.given_up == [2, 2]
        assert resolver.put.empty()
        assert "The question was answered; the job waits." in person.lines
        assert "Line 1 of 2 is on paper." in person.lines

    within(story())


def test_a_defect_in_asking_is_not_swallowed(branch: Branch) -> None:
    async def story() -> None:
        put = asyncio.Event()

        async def broken(_client: TerminalClient, _asked: Question) -> None:
            put.set()
            raise ZeroDivisionError

        fake, person = accepting(), Person()
        fake.greet = [(QUESTION, question(stopped(0, 1), TWENTY))]
        async with running(branch, fake):
            run = asyncio.create_task(follower(branch, fake, person, broken).run(JOB_SENT, wait=True))
            await put.wait()
            await told(fake, (JOB, COMPLETED))
            with pytest.raises(ZeroDivisionError):
                await run

    within(story())


def test_a_question_that_the_person_leaves_open_is_no_end_and_the_next_one_is_asked(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person("^D", "h")
        dialogue = Dialogue(person, "Ann", KeyRing, lambda: "teller-1", no_pause)
        fake.greet = [(QUESTION, question(stopped(0, 1), TWENTY))]
        fake.answers["Recovery.AnswerQuestion"] = lambda _: view()
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person, dialogue).run(JOB_SENT, wait=True))
            await submitted(fake)
            while not any("stays open" in line for line in person.lines):
                await person.shown()
            again = msgspec.structs.replace(stopped(1, 2), epoch=3)
            await told(fake, (QUESTION, question(again, TWENTY)))
            while await fake.arrived.get() != "Recovery.AnswerQuestion":
                pass
            await told(fake, (JOB, COMPLETED))
            assert await run == COMPLETED
        assert fake.received[-1][1]["epoch"] == 3

    within(story())


IN_THE_WAY = Waiting(Why.BOOK_LEFT, 1)


def test_why_a_job_does_not_begin_is_said_at_once_and_when_that_changes(branch: Branch) -> None:
    async def story() -> None:
        fake, person = accepting(), Person()
        fake.answers["Spooler.SubmitJob"] = lambda _: view(waiting=IN_THE_WAY)
        async with running(branch, fake), asyncio.TaskGroup() as group:
            run = group.create_task(follower(branch, fake, person).run(JOB_SENT, wait=True))
            await submitted(fake)
            await told(
                fake,
                (JOB, view(waiting=IN_THE_WAY)),
                (JOB, view(waiting=Waiting(Why.TURN, 1))),
                (JOB, view(job="bb22", waiting=IN_THE_WAY)),
                (JOB, view(waiting=NEXT)),
                (JOB, view(waiting=IN_THE_WAY)),
                (JOB, view(state=JobState.PROCESSING)),
                (JOB, view(state=JobState.PROCESSING_STOPPED, waiting=Waiting(Why.OWN_BOOK))),
                (JOB, COMPLETED),
            )
            await run
        assert person.lines == [
            "Job aa11 was accepted.",
            "Waits: a book or sheet lies in window-1; it must be taken out first.",
            "Waits for its turn: 1 job is before it.",
            "Waits: a book or sheet lies in window-1; it must be taken out first.",
            "Job aa11 is printing.",
            "Job aa11 waits for its book.",
            "Job aa11 is completed. Take the book out of window-1.",
        ]

    within(story())


def left_by(branch: Branch, fake: FakeAppliance, until: str) -> list[str]:
    """What a person is told who leaves when the appliance has got that command, or at the end."""
    left = LeftBehind()

    async def story() -> None:
        async with running(branch, fake):
            run = asyncio.create_task(
                follower(branch, fake, Person(), left=left, again="teller print f --request r1").run(
                    JOB_SENT, wait=True
                )
            )
            while until and await fake.arrived.get() != until:
                pass
            if until:
                run.cancel()
            await asyncio.gather(run, return_exceptions=True)

    within(story())
    return list(left.lines)


def test_who_leaves_before_the_acceptance_is_told_how_to_send_it_again(branch: Branch) -> None:
    fake = accepting()
    del fake.answers["Spooler.SubmitJob"]
    assert left_by(branch, fake, "Spooler.SubmitJob") == [
        (
            "The terminal does not know whether request r1 was accepted. Send the same document again; it never prints "
            "twice:"
        ),
        "  teller print f --request r1",
    ]


def test_who_leaves_after_the_acceptance_is_told_how_to_come_back(branch: Branch) -> None:
    fake = accepting()
    fake.answers["Spooler.GetJob"] = lambda _: view(state=JobState.PROCESSING)
    fake.answers["Spooler.SubmitJob"] = lambda _: fake.cut() if len(fake.received) == 1 else view()
    fake.greet = [(STEP, StepReport("aa11", 1, 2, 22, StepKind.LINE, 1, 21))]
    left = LeftBehind()

    async def story() -> None:
        person = Person()
        async with running(branch, fake):
            run = asyncio.create_task(follower(branch, fake, person, left=left).run(JOB_SENT, wait=True))
            while "Line 1 of 21 is on paper." not in person.lines:
                await person.shown()
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)

    within(story())
    assert list(left.lines) == [
        "The appliance keeps job aa11; only this screen has left it. Follow it again, or end it:",
        "  teller follow aa11",
        "  teller cancel aa11 --person NAME",
    ]


def test_who_saw_the_end_leaves_nothing_behind(branch: Branch) -> None:
    fake = accepting()
    fake.greet = [(JOB, COMPLETED)]
    assert left_by(branch, fake, "") == []
