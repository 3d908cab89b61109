"""A printer on the network at the turn of a job: it has one owner, and comes back by report or silence (P15)."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from passbook.job import changes
from passbook.job.choice import Fed, Side
from passbook.job.print_right import RightState
from passbook.job.states import JobState, Reason
from passbook.protocol.copies_words import elsewhere_words
from spooler.news import JobChanged, StepDone
from tests.firmware.agency import BOTH, JOB, KEY, Agency, refused, told
from tests.firmware.branch import MANAGER, PRINTER, TELLER
from tests.firmware.operators import OTTO
from tests.firmware.rooms import NETWORK_PRINTER, Alone

PROGRESS = {"state": "processing", "confirmed": 1, "sending": 2, "begun": True, "fed": {"by": "terminal"}}
STOPPED = {**PROGRESS, "state": "processing-stopped", "reasons": ["media-jam"], "valid": False}
SECOND = "second-person-needed"
KEY_SHOWN = base64.b64encode(KEY).decode()
RESUMED = {**PROGRESS, "state": "pending", "sending": 0, "sentBefore": 2}


def test_a_printer_on_the_network_is_lent_and_comes_back_with_the_reported_end(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH, printer=NETWORK_PRINTER)
        event = await agency.called(record)
        assert event.hands_over
        assert agency.turns.is_lent(NETWORK_PRINTER)
        taken = await agency.take(event, document="", digestKey="")
        assert (taken.offered, taken.printer and taken.printer.name) == (1, NETWORK_PRINTER)
        assert (agency.record().right.state, agency.record().handed) == (RightState.OFFERED, True)
        await agency.ask("Spooler.ConfirmRight", {"job": JOB, "token": 1, "right": "taken"})
        progress = {"state": "processing", "confirmed": 1, "begun": True, "fed": {"by": "terminal"}}
        await agency.ask("Spooler.ReportJob", {"job": JOB, "told": progress})
        assert (agency.record().confirmed, agency.turns.is_lent(NETWORK_PRINTER)) == (1, True)
        end = {**progress, "state": "completed", "reasons": ["job-completed-successfully"], "confirmed": record.steps}
        view = await agency.ask("Spooler.ReportJob", {"job": JOB, "told": end})
        assert (view.state, view.fed.by) == (JobState.COMPLETED, Side.TERMINAL)
        while agency.turns.is_lent(NETWORK_PRINTER):  # noqa: ASYNC110 - the news of the end comes in the same loop
            await asyncio.sleep(0)
        assert await agency.ask("Spooler.ReportJob", {"job": JOB, "told": end}) == view

    told(agency, story)


async def missed(agency: Agency, *, at_the_end: bool = False) -> None:
    """The terminal has the printer, perhaps sent the last step there, and is silent."""
    await agency.register()
    steps = (await agency.lent()).steps
    if at_the_end:
        await agency.report({**PROGRESS, "confirmed": steps - 1, "sending": steps})
    agency.bench.clock.seconds += 60.0
    await agency.silence()


def ordered(verdict: str, person: str, epoch: int = 1, **facts: Any) -> dict[str, Any]:
    return {"job": JOB, "epoch": epoch, "verdict": verdict, "person": person, **facts}


def test_silence_of_a_terminal_that_prints_is_a_question_and_the_printer_waits(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await missed(agency)
        record = agency.record()
        assert (record.valid, record.reasons, record.asked) == (False, (Reason.TERMINAL_SILENT,), True)
        own = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", printer=NETWORK_PRINTER)
        assert agency.turns.is_lent(NETWORK_PRINTER)
        assert not agency.turns.may_begin(own)
        [problem] = agency.turns.problems()
        assert (problem.code, problem.facts["requester"]) == ("printer-not-back", TELLER.name)
        assert "may still print" in str(problem)
        [question] = agency.rooms.recovery.questions(MANAGER)
        said = elsewhere_words(question)
        assert "may already be printed by terminal teller-1" in said
        assert "Printer hall waits" in said

    told(agency, story)


@pytest.mark.parametrize(
    "order", [{"verdict": "discard"}, {"verdict": "resume", "step": "past"}, {"verdict": "print", "key": KEY_SHOWN}]
)
def test_the_printer_of_a_silent_terminal_comes_back_by_two_people(agency: Agency, order: dict[str, Any]) -> None:
    async def story(agency: Agency) -> None:
        await missed(agency, at_the_end="step" in order)
        steps = agency.record().steps
        given = order | ({"step": steps + 1, "inDoubt": steps} if "step" in order else {})
        first = await agency.ask("Recovery.AnswerQuestion", ordered(person="Ann", **given))
        assert (first.valid, first.lent) == (False, True)
        assert agency.turns.is_lent(NETWORK_PRINTER)
        assert await refused(agency.ask("Recovery.AnswerQuestion", ordered(person="Ben", **given))) == SECOND
        await agency.ask("Recovery.AnswerQuestion", ordered(person="Ben", **given), Alone(MANAGER))
        await asyncio.sleep(0)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.turns.problems() == []

    told(agency, story)


@pytest.mark.parametrize("name", ["Spooler.CancelJob", "Appliance.CancelJob"])
def test_no_order_of_one_person_takes_the_printer_of_a_silent_terminal(agency: Agency, name: str) -> None:
    async def story(agency: Agency) -> None:
        await missed(agency)
        who = Alone(OTTO if name.startswith("Appliance") else MANAGER)
        assert await refused(agency.ask(name, {"job": JOB, "person": "Ann"}, who)) == "job-at-terminal"
        await agency.ask("Recovery.AnswerQuestion", ordered("hold", "Ann"))
        assert agency.turns.is_lent(NETWORK_PRINTER)

    told(agency, story)


@pytest.mark.parametrize("name", ["Spooler.CancelJob", "Spooler.HoldJob"])
@pytest.mark.parametrize("fed", [{}, {"fed": {"by": "terminal", "printer": "desk-7"}}])
def test_an_order_about_a_job_that_its_terminal_prints_says_so(agency: Agency, name: str, fed: dict[str, Any]) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        await agency.report(PROGRESS | fed)
        known = agency.record()
        code = "right-elsewhere" if fed and "Cancel" in name else "job-at-terminal"
        for who in (TELLER, MANAGER, OTTO) if "Hold" in name else (TELLER, MANAGER):
            order = agency.ask(name, {"job": JOB, "person": "Ann"}, Alone(who))
            assert await refused(order) == code
        assert agency.record() == known

    told(agency, story)


def test_a_job_whose_terminal_asks_a_person_can_be_held(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        await agency.report(STOPPED)
        view = await agency.ask("Spooler.HoldJob", {"job": JOB, "person": "Ann"}, Alone(MANAGER))
        assert view.held_by is not None

    told(agency, story)


def test_a_silent_terminal_that_is_heard_again_goes_on_and_gives_the_printer_back(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await missed(agency)
        await agency.report(PROGRESS)
        assert agency.turns.problems() == []
        assert agency.turns.is_lent(NETWORK_PRINTER)
        await agency.report(STOPPED)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        agency.boot()
        assert not agency.turns.is_lent(NETWORK_PRINTER), "what it gave back is not lent after a boot"

    told(agency, story)


def test_a_terminal_that_tells_no_further_step_for_long_is_silent_until_it_tells_one(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        for _ in range(20):
            await agency.report(PROGRESS)
            agency.bench.clock.seconds += 30.0
        async with asyncio.timeout(10.0):
            await agency.silence()
        record = agency.record()
        assert (record.valid, record.reasons, record.asked) == (False, (Reason.TERMINAL_SILENT,), True)
        assert agency.turns.is_lent(NETWORK_PRINTER), "it may still print"
        await agency.report(PROGRESS)
        assert [one.code for one in agency.turns.problems()] == ["printer-not-back"]
        await agency.report({**PROGRESS, "confirmed": 2, "sending": 0})
        assert agency.turns.problems() == []

    told(agency, story)


def test_a_terminal_whose_person_takes_long_with_the_book_is_not_silent(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        watching = asyncio.create_task(agency.turns.run())
        for _ in range(9):
            agency.bench.clock.seconds += 30.0
            await agency.report({**PROGRESS, "confirmed": 0, "sending": 0})
        assert (agency.turns.problems(), agency.record().valid) == ([], True)
        watching.cancel()

    told(agency, story)


def test_a_terminal_that_comes_again_and_does_not_drive_the_printer_gives_it_back(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await missed(agency)
        again = Alone(TELLER)
        await agency.register(again)
        [(name, event)] = again.told
        assert (name, event.hands_over) == ("Spooler.YourTurnEvent", True)
        agency.agent = again
        await agency.take(event, answer="not-spooled", document="", digestKey="")
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        assert await refused(agency.take(event, document="", digestKey="")) == "turn-over"

    told(agency, story)


def test_a_terminal_that_did_not_hear_of_its_printer_is_told_again_and_gets_the_same_answer(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        first = await agency.take(event, document="", digestKey="")
        agency.agent = Alone(TELLER)
        await agency.register()
        [(_, again)] = agency.agent.told
        assert again == event
        assert await agency.take(again, document="", digestKey="") == first
        word = {"job": JOB, "token": first.offered, "right": "taken"}
        assert await agency.ask("Spooler.ConfirmRight", word) == await agency.ask("Spooler.ConfirmRight", word)

    told(agency, story)


def test_a_terminal_whose_port_does_not_open_yet_keeps_the_printer(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        await agency.report({"state": "pending"})
        assert agency.turns.is_lent(NETWORK_PRINTER)

    told(agency, story)


def test_a_report_about_a_job_whose_right_is_here_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        lie = {"state": "completed", "confirmed": record.steps, "begun": True}
        assert await refused(agency.report(lie)) == "not-allowed-in-state"

    told(agency, story)


def end_of(steps: int, **facts: Any) -> dict[str, Any]:
    end = {"state": "completed", "reasons": ["job-completed-successfully"], "confirmed": steps, "sending": 0}
    return {**PROGRESS, **end, **facts}


def test_the_desk_leaves_the_port_before_the_terminal_is_told_and_begins_nothing_meanwhile(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        lent = await agency.submit(**BOTH, printer=NETWORK_PRINTER)
        own = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", printer=NETWORK_PRINTER)
        assert agency.turns.may_begin(own)
        assert not agency.turns.may_begin(lent)
        assert (agency.turns.is_lent(NETWORK_PRINTER), agency.agent.told) == (True, [])
        assert not agency.turns.may_begin(own)
        agency.turns.note_left(PRINTER)
        assert not agency.agent.told
        agency.turns.note_left(NETWORK_PRINTER)
        assert [event.job for _, event in agency.agent.told] == [JOB]
        agency.turns.note_left(NETWORK_PRINTER)
        assert len(agency.agent.told) == 1
        assert not agency.turns.may_begin(own)

    told(agency, story)


def test_a_printer_is_lent_to_one_terminal_at_a_time(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        other = await agency.other("teller-2")
        await agency.lent()
        facts = BOTH | {"printer": NETWORK_PRINTER}
        second = await agency.submit("r-2", "e" * 32, connection=other, **facts)
        assert not agency.turns.may_begin(second)
        agency.turns.note_left(NETWORK_PRINTER)
        assert not other.told

    told(agency, story)


def test_a_hand_over_takes_two_commits(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        before = len(agency.bench.told)
        await agency.take(event, document="", digestKey="")
        await agency.ask("Spooler.ConfirmRight", {"job": JOB, "token": 1, "right": "taken"})
        assert len([one for one in agency.bench.told[before:] if isinstance(one, JobChanged)]) == 2

    told(agency, story)


def test_a_terminal_that_refuses_the_right_leaves_the_job_to_the_own_copy(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH, printer=NETWORK_PRINTER, ifApart="appliance")
        await agency.take(await agency.called(record), document="", digestKey="")
        refusal = {"job": JOB, "token": 1, "right": "refused"}
        await agency.ask("Spooler.ConfirmRight", refusal)
        await asyncio.sleep(0)
        back = agency.record()
        assert (back.right.state, back.handed, back.turn) == (RightState.HERE, False, 1)
        assert back.fed == Fed(Side.APPLIANCE, Reason.NOT_SPOOLED.value)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.turns.may_begin(back)
        await agency.ask("Spooler.ConfirmRight", refusal)
        assert agency.record() == back

    told(agency, story)


def test_the_printer_comes_back_while_a_person_is_asked_at_the_terminal(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        own = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", printer=NETWORK_PRINTER)
        await agency.report(STOPPED)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.turns.may_begin(own)
        assert not agency.turns.may_begin(agency.record())
        assert len(agency.agent.told) == 1
        await agency.report(RESUMED)
        event = await agency.called(agency.record())
        assert event.hands_over
        assert (await agency.take(event, document="", digestKey="")).offered == 0
        assert agency.turns.is_lent(NETWORK_PRINTER)

    told(agency, story)


def test_silence_while_a_person_is_asked_at_the_terminal_is_a_question_here(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        await agency.report(STOPPED)
        agency.bench.clock.seconds += 60.0
        await agency.silence()
        assert (agency.record().valid, agency.record().reasons) == (False, (Reason.TERMINAL_SILENT,))

    told(agency, story)


def test_a_job_that_another_printer_prints_keeps_this_one_free(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(keep="both", feed="terminal", ifApart="terminal", printer=NETWORK_PRINTER)
        await agency.report({**PROGRESS, "fed": {"by": "terminal", "why": "appliance-silent", "printer": "desk-7"}})
        assert not agency.turns.may_begin(agency.record())
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        fed = {"by": "terminal", "why": "appliance-silent", "printer": "desk-7"}
        await agency.report(end_of(record.steps, fed=fed))
        ended = agency.record()
        assert (ended.state, ended.fed) == (JobState.COMPLETED, Fed(Side.TERMINAL, "appliance-silent", "desk-7"))
        counted = {
            printer: sum(one.printed.lines for one in agency.bench.spool.figures(printer).values())
            for printer in (NETWORK_PRINTER, "desk-7")
        }
        assert counted == {NETWORK_PRINTER: 0, "desk-7": sum(step.kind.traits.is_line for step in record.outline)}

    told(agency, story)


def test_a_boot_does_not_take_a_printer_from_the_terminal_that_drives_it(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.lent()
        agency.boot()
        assert agency.turns.is_lent(NETWORK_PRINTER)
        await agency.register()
        await agency.report(PROGRESS)
        assert agency.turns.is_lent(NETWORK_PRINTER)
        await agency.report(end_of(record.steps))
        await asyncio.sleep(0)
        assert (agency.record().state, agency.turns.is_lent(NETWORK_PRINTER)) == (JobState.COMPLETED, False)

    told(agency, story)


def test_after_a_boot_silence_is_in_the_question_and_the_printer_waits(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        agency.boot()
        await agency.register()
        assert agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.record().reasons == (Reason.POWER_LOSS,)
        agency.bench.clock.seconds += 60.0
        await agency.silence()
        assert agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.record().reasons == (Reason.TERMINAL_SILENT, Reason.POWER_LOSS)

    told(agency, story)


def test_a_silent_terminal_keeps_a_printer_once_only(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        await agency.silence()
        second = await agency.submit("r-2", "e" * 32, **BOTH, printer=NETWORK_PRINTER)
        assert not (await agency.called(second)).hands_over
        assert not agency.turns.is_lent(NETWORK_PRINTER)

    told(agency, story)


@pytest.mark.parametrize(
    "lie",
    [
        {"confirmed": 99},
        {"confirmed": -1, "sending": 0},
        {"confirmed": 0, "sending": 2},
        {"confirmed": 0, "sending": 1},
        {"begun": False},
        {"state": "completed", "sending": 0},
        {"fed": {"by": "terminal", "printer": "x" * 200}},
    ],
)
def test_a_report_that_cannot_be_true_is_refused_and_changes_nothing(agency: Agency, lie: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent()
        await agency.report(PROGRESS)
        known = agency.record()
        assert await refused(agency.report({**PROGRESS, **lie})) == "report-not-credible"
        assert agency.record() == known

    told(agency, story)


def test_steps_that_are_reported_are_told_as_steps_and_the_end_drops_the_data_key(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.lent()
        await agency.report({**PROGRESS, "confirmed": 0, "sending": 1})
        before = len(agency.bench.told)
        await agency.report(PROGRESS)
        await agency.report(PROGRESS)
        assert [type(one) for one in agency.bench.told[before:]] == [StepDone]
        assert agency.bench.keys.get(JOB) is not None
        await agency.report(end_of(record.steps))
        assert agency.bench.keys.get(JOB) is None
        assert [one.entry.kind.value for one in agency.bench.spool.history(JOB)][-1] == "ended"
        ended = agency.record()
        await agency.report({**PROGRESS, "confirmed": 0, "sending": 0})
        assert agency.record() == ended

    told(agency, story)


def claim(first: int, content: str) -> dict[str, Any]:
    """An update of one line, as the agent of its terminal names its book."""
    places = {"opensAt": [1, 1], "first": [1, first], "end": [1, first + 1]}
    return {"names": ["ab" * 32], "digests": [content * 64], **places}


@pytest.mark.parametrize("ends", [False, True])
def test_a_book_that_another_desk_took_up_meanwhile_is_handed_to_no_terminal(agency: Agency, ends: bool) -> None:
    async def story(agency: Agency) -> None:
        books = agency.rooms.known_books
        await agency.register()
        lent = await agency.submit(**BOTH, printer=NETWORK_PRINTER, book=claim(1, "a"))
        mine = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", book=claim(1, "b"))
        # The desk of the printer on the network calls the turn, and then another desk begins with the same book.
        assert books.admits(lent)
        event = await agency.called(lent)
        books.over(lent.job_id)
        assert books.admits(mine)
        agency.bench.jobs.change(mine.job_id, changes.start("now", 1)).result()
        if ends:
            for step in range(1, mine.steps + 1):
                agency.bench.jobs.change(mine.job_id, changes.journal(step - 1, step)).result()
            agency.bench.jobs.change(mine.job_id, changes.finish_job("now")).result()
        books.over(mine.job_id)
        taken = await agency.take(event, document="", digestKey="")
        assert (taken.printer, taken.offered, taken.right) == (None, 0, None)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        found = agency.record()
        assert (found.handed, found.right.state) == (False, RightState.HERE)
        # After the end of the other update the memory knows its lines, so a person is asked.
        assert (found.valid, found.reasons) == ((False, (Reason.BOOK_OVER_LINES,)) if ends else (True, ()))

    told(agency, story)


def test_a_book_that_was_handed_to_a_terminal_is_taken_up_by_no_desk(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.lent(book=claim(1, "a"))
        mine = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", book=claim(1, "b"))
        assert not agency.rooms.known_books.admits(mine)
        assert agency.bench.spool.record(mine.job_id).valid

    told(agency, story)


def test_a_terminal_that_was_refused_a_book_has_its_turn_when_that_is_free(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        books = agency.rooms.known_books
        await agency.register()
        lent = await agency.submit(**BOTH, printer=NETWORK_PRINTER, book=claim(1, "a"))
        mine = await agency.submit("r-2", "e" * 32, keep="both", feed="appliance", book=claim(1, "b"))
        event = await agency.called(lent)
        assert books.admits(mine)
        assert (await agency.take(event, document="", digestKey="")).printer is None
        # The other desk gave its job up before it began.
        books.over(mine.job_id)
        again = await agency.called(agency.record())
        assert (await agency.take(again, document="", digestKey="")).printer is not None

    told(agency, story)
