"""Which terminals there are, when they were last heard, and what of them is open."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import pytest

from firmware.config.configuration import LimitsConfig
from firmware.people.roll import REMEMBERED, Roll
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.protocol.terminal_list import TerminalView
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, TELLER, Bench, Ear, request
from tests.firmware.door import Connector, Door, Wire, at_the_door, submission
from tests.firmware.rooms import SUPERVISOR
from tests.terminal.conftest import Branch


@pytest.fixture
def roll(bench: Bench) -> Roll:
    return Roll(bench.hub, bench.spool, bench.clock, [SUPERVISOR])


def rows(roll: Roll) -> dict[str, TerminalView]:
    return {row.terminal: row for row in roll.terminals()}


def heard(bench: Bench, seconds: int) -> str:
    """The time so many seconds ago."""
    return (bench.clock.now() - datetime.timedelta(seconds=seconds)).isoformat(timespec="seconds")


def test_a_configured_representative_is_known_before_it_came(roll: Roll) -> None:
    assert rows(roll) == {SUPERVISOR: TerminalView(SUPERVISOR, representative=True)}


def test_connections_are_counted_and_silence_is_since_the_last_message(bench: Bench, roll: Roll) -> None:
    ears = [Ear(TELLER), Ear(TELLER), Ear(MANAGER)]
    for ear in ears:
        bench.hub.join(ear)
    bench.clock.seconds += 60
    roll.heard(TELLER)
    bench.clock.seconds += 5
    found = rows(roll)
    at = (heard(bench, 5), heard(bench, 65))
    assert found[TELLER.name] == TerminalView(TELLER.name, False, connections=2, silent=5, heard_at=at[0])
    assert found[MANAGER.name] == TerminalView(MANAGER.name, True, connections=1, silent=65, heard_at=at[1])


def test_a_terminal_that_went_is_remembered_with_its_role(bench: Bench, roll: Roll) -> None:
    ear = Ear(MANAGER)
    bench.hub.join(ear)
    bench.clock.seconds += 7
    bench.hub.leave(ear)
    at = heard(bench, 7)
    assert rows(roll)[MANAGER.name] == TerminalView(MANAGER.name, True, connections=0, silent=7, heard_at=at)


def test_who_owns_jobs_is_known_although_it_never_came(bench: Bench, roll: Roll) -> None:
    """After a boot: one job waits for an answer and stands, one was held back on order, one may print."""

    async def accept(actor: Actor, number: str) -> str:
        return (await bench.admission().submit(actor, request(number), DOCUMENT)).job_id

    asyncio.run(accept(TELLER, "r-1"))
    bench.power_cycle()
    roll = Roll(bench.hub, bench.spool, bench.clock, [SUPERVISOR])
    held = asyncio.run(accept(TELLER, "r-2"))
    asyncio.run(accept(TELLER, "r-3"))
    asyncio.run(accept(OTHER, "r-1"))
    bench.jobs.change(held, changes.hold("t", "counter-1", "Ann")).result(30)
    found = rows(roll)
    assert found[TELLER.name] == TerminalView(TELLER.name, representative=False, questions=2, held=2, pending=1)
    assert found[OTHER.name] == TerminalView(OTHER.name, representative=False, pending=1)


def test_of_many_names_the_one_that_is_silent_longest_is_forgotten_and_no_connected_one(
    bench: Bench, roll: Roll
) -> None:
    stays = Ear(TELLER)
    bench.hub.join(stays)
    for number in range(REMEMBERED + 5):
        roll.heard(Actor.of_terminal(f"t-{number}", representative=False, serial=number))
    names = set(rows(roll))
    assert len(names) == REMEMBERED + len({SUPERVISOR})
    assert TELLER.name in names
    assert "t-5" not in names
    assert f"t-{REMEMBERED + 4}" in names


def test_representatives_see_the_state_of_every_terminal_and_others_do_not(enrolled: Branch, tmp_path: Path) -> None:
    """P12 and F3: enrolled as one, or configured as one."""

    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as teller, connector("teller-1"):
            assert await teller.ask("Spooler.SubmitJob", submission())
            refused = await teller.answer_to(await teller.send("Spooler.ListTerminals"))
            assert refused["header"]["completionCode"] == "authorisationRequired"
            assert refused["payload"]["errorCode"] == "not-permitted"
            for name, enrolled_as_one in (("manager", True), (SUPERVISOR, False)):
                async with connector(name, representative=enrolled_as_one) as wire:
                    told = (await wire.ask("Spooler.ListTerminals"))["terminals"]
                    found = {row["terminal"]: row for row in told}
                    assert found["teller-1"]["connections"] == 2
                    assert (found["teller-1"]["pending"], found["teller-1"]["representative"]) == (1, False)
                    assert found[name]["representative"]

    at_the_door(enrolled, tmp_path, story)


def test_a_message_is_heard_whatever_it_says(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1") as teller, connector("manager", representative=True) as manager:
            assert await teller.ask("Common.Status")
            door.bench.clock.seconds += 90
            assert await silence(manager, "teller-1") == 90
            await teller.socket.send("no message")
            await teller.read()
            assert await silence(manager, "teller-1") == 0

    async def silence(wire: Wire, name: str) -> int:
        told = await wire.ask("Spooler.ListTerminals")
        return next(int(row["silent"]) for row in told["terminals"] if row["terminal"] == name)

    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(commands_per_second=1000))
