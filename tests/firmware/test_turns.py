"""Turns: an agent does its part, lies about it, or is silent; the job falls back or a person is asked (C3, C4, P13)."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import Any

import pytest

from passbook.document.plan import encode_plan
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Fed, Keep, Side
from passbook.job.print_right import RightReply, RightState
from passbook.job.record import Decider, Record, fed_now
from passbook.job.states import Reason
from passbook.protocol.two_spools import TurnTaken
from tests.firmware.agency import BOTH, JOB, ONLY, Agency, refused, told
from tests.firmware.branch import PRINTER, TELLER
from tests.firmware.rooms import NETWORK_PRINTER, Alone


async def outline_of(agency: Agency) -> dict[str, Any]:
    """The outline and sheet of the document, as an appliance that keeps it says."""
    known = await agency.submit("r-known", "f" * 32, **BOTH)
    steps = [
        {
            "kind": step.kind.value,
            "page": step.page,
            "line": step.line,
            "bars": [[bar.column, bar.width] for bar in step.bars],
        }
        for step in known.outline
    ]
    return {"outline": steps, "sheet": [known.sheet.height, known.sheet.cpi, known.sheet.left], "document": ""}


async def choose(agency: Agency, side: Side) -> None:
    """A person at the terminal chooses the copy that feeds the printer."""
    await agency.ask("Spooler.SetFeed", {"job": JOB, "feed": side.value, "person": "Anna"})
    await asyncio.sleep(0)


def test_the_terminals_copy_feeds_the_printer_at_its_turn(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        assert (record.choice.keep, record.choice.feed, record.job_id) == (Keep.BOTH, Side.TERMINAL, JOB)
        event = await agency.called(record)
        assert (event.turn, event.wants_document, event.wants_right) == (1, True, False)
        assert await agency.take(event) == TurnTaken()
        assert agency.turns.may_begin(agency.record())
        assert agency.turns.plan_for(agency.record()) is not None
        assert PRINTER in agency.rooms.woken

    told(agency, story)


def test_a_document_that_the_terminal_alone_keeps_is_not_on_the_disk_and_prints(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        record = await agency.submit(**ONLY, **shape)
        assert (record.keeps_document, record.size) == (False, 0)
        with pytest.raises(PassbookError, match="document"):
            agency.bench.spool.sealed(agency.bench.spool.job(JOB))
        await agency.take(await agency.called(record))
        plan = agency.turns.plan_for(agency.record())
        assert plan is not None
        assert encode_plan(plan)

    told(agency, story)


def test_the_right_is_taken_before_the_job_begins(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(keep="both", feed="appliance", ifApart="terminal")
        assert record.right.state is RightState.AWAY
        event = await agency.called(record)
        assert (event.wants_right, event.wants_document) == (True, False)
        taken = await agency.take(event, offered=1)
        assert taken.right is RightReply.TAKEN
        assert agency.record().right.state is RightState.HERE
        assert await agency.take(event, offered=1) == taken

    told(agency, story)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"document": base64.b64encode(b"other text\n").decode()}, "document-differs"),
        ({"digestKey": base64.b64encode(bytes(32)).decode()}, "document-differs"),
        ({"digestKey": ""}, "document-differs"),
        ({"document": ""}, "document-differs"),
    ],
)
def test_another_document_is_not_printed_and_a_person_is_asked(agency: Agency, lie: Any, code: str) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**ONLY, **(await outline_of(agency)))
        assert await refused(agency.take(await agency.called(record), **lie)) == code
        asked = agency.record()
        assert (asked.valid, asked.reasons) == (False, (Reason.DIFFERS,))

    told(agency, story)


def test_a_document_with_another_outline_than_was_announced_is_not_printed(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        shape["outline"][0]["bars"] = [[1, 3]]
        record = await agency.submit(**ONLY, **shape)
        assert await refused(agency.take(await agency.called(record))) == "document-differs"
        assert agency.record().is_open

    told(agency, story)


def test_an_outline_that_no_document_has_is_refused_when_the_job_is_sent(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        steps: list[Any] = shape["outline"]
        for outline in (steps[:0], steps[:-1], steps[::-1]):
            assert await refused(agency.submit(**ONLY, **(shape | {"outline": outline}))) == "invalid-message"
        with pytest.raises(PassbookError, match="There is no job"):
            agency.record()

    told(agency, story)


@pytest.mark.parametrize("wrong", [{"turn": 2}, {"epoch": 7}, {"turn": 0}])
def test_data_at_the_wrong_turn_is_refused_and_the_turn_stays_open(agency: Agency, wrong: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        assert await refused(agency.take(event, **wrong)) == "turn-over"
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


@pytest.mark.parametrize(("if_apart", "is_valid", "fed"), [("appliance", True, Side.APPLIANCE), ("ask", False, None)])
def test_silence_closes_the_turn_and_later_data_is_refused(
    agency: Agency, if_apart: str, is_valid: bool, fed: Side | None
) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, ifApart=if_apart))
        await agency.silence()
        record = agency.record()
        assert (record.valid, record.turn) == (is_valid, 1)
        assert (record.fed.by if record.fed else None) is fed
        if is_valid:
            assert agency.turns.may_begin(record)
            assert agency.turns.plan_for(record) is None
        assert await refused(agency.take(event)) == "turn-over"

    told(agency, story)


def test_a_terminal_without_its_agent_is_silent_and_one_that_comes_back_is_told(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        agency.bench.hub.join(agency.agent)
        agency.bench.hub.leave(agency.agent)
        assert not agency.turns.may_begin(record)
        assert not agency.agent.told
        again = Alone(TELLER)
        await agency.register(again)
        assert [name for name, _ in again.told] == ["Spooler.YourTurnEvent"]

    told(agency, story)


def test_an_agent_that_has_no_copy_says_so_and_a_person_is_asked(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        await agency.take(event, answer="not-spooled", document="")
        assert (agency.record().valid, agency.record().reasons) == (False, (Reason.NOT_SPOOLED,))

    told(agency, story)


def test_only_the_registered_agent_of_the_requester_does_its_part(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        stranger = Alone(TELLER)
        payload = {"job": event.job, "epoch": 0, "turn": 1, "answer": "ready"}
        assert await refused(agency.ask("Spooler.TakeTurn", payload, stranger)) == "agent-needed"
        assert await refused(agency.register(stranger, "spool-2")) == "agent-connected"
        await agency.register(stranger, "spool-1")
        assert agency.agent.closed == "agent-connected"
        assert await refused(agency.take(event)) == "agent-needed"

    told(agency, story)


def test_a_job_id_of_another_request_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        first = await agency.submit(**BOTH)
        assert await refused(agency.submit("r-2", **BOTH)) == "job-id-taken"
        assert await agency.submit(**BOTH) == first
        assert await refused(agency.submit("r-3", "XYZ", **BOTH)) == "invalid-message"

    told(agency, story)


@pytest.mark.parametrize(
    "choice",
    [
        {"keep": "appliance", "feed": "terminal"},
        {"keep": "terminal", "feed": "appliance"},
        {"keep": "appliance", "ifApart": "terminal"},
        {"keep": "terminal", "feed": "terminal", "ifApart": "appliance"},
    ],
)
def test_a_choice_of_a_copy_that_is_not_kept_is_refused(agency: Agency, choice: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        assert await refused(agency.submit(**choice)) == "choice-not-possible"

    told(agency, story)


def test_no_more_turns_of_a_terminal_are_open_at_a_printer_than_its_limit(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        for number in range(6):
            agency.turns.may_begin(await agency.submit(f"r-{number}", f"{number:032x}", **BOTH))
        assert len(agency.agent.told) == 2

    told(agency, story)


def test_the_feed_is_chosen_until_the_turn(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**BOTH)
        order = {"job": JOB, "feed": "appliance", "person": "Anna"}
        view = await agency.ask("Spooler.SetFeed", order)
        assert view.choice.feed is Side.APPLIANCE
        assert agency.turns.may_begin(agency.record())

    told(agency, story)


def test_an_answer_that_comes_again_while_it_is_judged_gets_the_same_result(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, ifApart="terminal"))
        first, second = await asyncio.gather(agency.take(event, offered=1), agency.take(event, offered=1))
        assert first == second == TurnTaken(RightReply.TAKEN)
        assert agency.turns.may_begin(agency.record())

    told(agency, story)


def test_a_turn_is_not_closed_for_silence_while_its_answer_is_judged(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        agency.destination.meanwhile = lambda: (loop.call_soon_threadsafe(begun.set), go_on.wait())
        watching = asyncio.create_task(agency.turns.run())
        taking = asyncio.create_task(agency.take(event))
        await begun.wait()
        agency.bench.clock.seconds += 11.0
        other = await agency.submit("r-2", "e" * 32, **BOTH)
        assert not agency.turns.may_begin(other)
        go_on.set()
        assert await taking == TurnTaken()
        watching.cancel()
        assert (agency.record().valid, agency.record().turn) == (True, 0)

    told(agency, story)


def test_an_answer_whose_connection_ends_while_it_is_judged_may_come_again(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        agency.destination.meanwhile = lambda: (loop.call_soon_threadsafe(begun.set), go_on.wait())
        taking = asyncio.create_task(agency.take(event))
        await begun.wait()
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        go_on.set()
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


def test_a_job_that_ends_while_its_document_is_judged_is_not_fed(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        ending = changes.cancel("2026-03-02T09:30:00.000+00:00", "teller-1", "Anna")
        agency.destination.meanwhile = lambda: agency.bench.jobs.change(JOB, ending).result()
        assert await refused(agency.take(event)) == "turn-over"
        assert not agency.turns.is_open(JOB)

    told(agency, story)


def test_the_agent_of_another_terminal_does_nothing_for_a_job(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        thief = await agency.other("teller-2")
        orders: dict[str, dict[str, Any]] = {
            "TakeTurn": {"epoch": event.epoch, "turn": event.turn, "answer": "not-spooled"},
            "OfferRight": {"token": 1},
            "ConfirmRight": {"token": 1, "right": "taken"},
            "ReportJob": {"told": {"state": "canceled"}},
            "SetFeed": {"feed": "appliance", "person": "Eve"},
        }
        for name, facts in orders.items():
            assert await refused(agency.ask(f"Spooler.{name}", {"job": JOB, **facts}, thief)) == "not-permitted"
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


def test_the_open_turns_of_a_printer_are_limited_and_absent_terminals_take_no_place(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        agents = [await agency.other(f"counter-{number}") for number in range(10)]
        jobs = [
            await agency.submit(f"r-{number}", f"{number:032x}", connection=agent, **BOTH)
            for number, agent in enumerate(agents)
        ]
        for agent in agents[:5]:
            agency.bench.hub.join(agent)
            agency.bench.hub.leave(agent)
        for record in jobs:
            assert not agency.turns.may_begin(record)
        assert [len(agent.told) for agent in agents] == [0] * 5 + [1] * 4 + [0]

    told(agency, story)


def test_another_turn_that_ends_makes_room_for_the_next_one(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        jobs = [await agency.submit(f"r-{number}", f"{number:032x}", **BOTH) for number in range(3)]
        events = [await agency.called(record) for record in jobs[:2]]
        assert not agency.turns.may_begin(jobs[2])
        await agency.take(events[0])
        agency.turns.over(jobs[0].job_id)
        assert (await agency.called(jobs[2])).job == jobs[2].job_id

    told(agency, story)


def test_a_new_choice_of_the_feed_ends_the_open_turn(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        await choose(agency, Side.APPLIANCE)
        assert not agency.turns.is_open(JOB)
        assert await refused(agency.take(event)) == "turn-over"

    told(agency, story)


@pytest.mark.parametrize(
    ("facts", "answer", "chosen"),
    [
        ({"feed": "terminal", "printer": NETWORK_PRINTER}, {"document": "", "digestKey": ""}, Side.APPLIANCE),
        ({"feed": "appliance", "printer": PRINTER}, {"offered": 1}, Side.TERMINAL),
        ({"feed": "terminal", "printer": PRINTER}, {"offered": 1}, Side.APPLIANCE),
    ],
)
def test_after_a_new_choice_only_the_next_turn_has_the_job_printed_from_the_chosen_copy(
    agency: Agency, facts: Any, answer: Any, chosen: Side
) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        before = await agency.called(await agency.submit(keep="both", ifApart="terminal", **facts))
        await choose(agency, chosen)
        assert await refused(agency.take(before, **answer)) == "turn-over"
        assert (agency.record().right.state, agency.record().handed) == (RightState.AWAY, False)
        event = await agency.called(agency.record())
        assert (event.turn, event.hands_over, event.wants_right) == (before.turn + 1, False, True)
        await agency.take(event, offered=1)
        assert agency.turns.may_begin(agency.record())
        is_sent = agency.turns.plan_for(agency.record()) is not None
        assert is_sent == (chosen is Side.TERMINAL)
        assert fed_now(agency.record(), "") == Fed(chosen)

    told(agency, story)


def test_a_new_choice_after_the_document_was_sent_forgets_the_document(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.take(await agency.called(await agency.submit(**BOTH)))
        await choose(agency, Side.APPLIANCE)
        assert agency.turns.may_begin(agency.record())
        assert agency.turns.plan_for(agency.record()) is None
        assert fed_now(agency.record(), "") == Fed(Side.APPLIANCE)

    told(agency, story)


def test_a_choice_while_the_printer_is_handed_over_keeps_it_here(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        choosing = changes.choose_feed(Side.APPLIANCE, Decider(TELLER.name, "Anna"), "2026-03-02T09:30:00.000+00:00")

        def chosen_meanwhile(record: Record) -> bool:
            agency.bench.jobs.change(record.job_id, choosing).result()
            return True

        agency.rooms.known_books.admits = chosen_meanwhile  # type: ignore[method-assign]
        assert await refused(agency.take(event, document="", digestKey="")) == "turn-over"
        record = agency.record()
        assert (record.handed, record.right.state) == (False, RightState.HERE)
        assert not agency.turns.is_lent(NETWORK_PRINTER)
        assert agency.turns.may_begin(record)

    told(agency, story)


def test_after_a_boot_only_an_answer_calls_the_turn_again(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        before = await agency.called(await agency.submit(**BOTH))
        agency.boot()
        await agency.register()
        assert not agency.agent.told
        assert await refused(agency.take(before)) == "turn-over"
        answer = {"job": JOB, "epoch": 1, "verdict": "print", "person": "Anna", "step": 1}
        await agency.ask("Recovery.AnswerQuestion", answer | {"key": base64.b64encode(bytes(range(32))).decode()})
        event = await agency.called(agency.record())
        assert (event.epoch, event.turn) == (1, 1)
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


def test_a_job_of_a_document_that_is_not_kept_is_asked_about_after_a_boot_and_fed_again(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**ONLY, **(await outline_of(agency)))
        agency.boot()
        await agency.register()
        answer = {"job": JOB, "epoch": 1, "verdict": "print", "person": "Anna", "step": 1}
        await agency.ask("Recovery.AnswerQuestion", answer)
        await agency.take(await agency.called(agency.record()))
        assert agency.turns.plan_for(agency.record()) is not None

    told(agency, story)
