from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from firmware.config.configuration import RecoveryConfig
from firmware.identity.doorkeeper import Doorkeeper
from firmware.people.recovery_desk import RecoveryDesk
from firmware.people.roll import Roll
from firmware.service.operations import Operations
from firmware.system.joining import Joining
from firmware.system.problems import Problems
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import OPERATOR, Record
from passbook.protocol.messages import StatusReport, view_of
from spooler.desks import Desks
from tests.firmware.branch import DOCUMENT, MANAGER, PRINTER, TELLER, Bench, Ear, request

STATUS = StatusReport(())


class Keeper:
    """A doorkeeper whose list is given."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.reloads = 0

    @property
    def revoked(self) -> int:
        return len(self.names)

    def reload(self) -> None:
        self.reloads += 1

    def is_revoked(self, actor: Actor) -> bool:
        return actor.name in self.names


class Desk:
    """The operator's desk over a store with one job."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.keeper, self.problems = bench, Keeper(), Problems()
        self.job = self.accept("r-1").job_id

    def accept(self, number: str) -> Record:
        return asyncio.run(self.bench.admission().submit(TELLER, request(number), DOCUMENT))

    def ask(self, command: str, **arguments: Any) -> Any:
        async def asked() -> Any:
            bench = self.bench
            recovery = RecoveryDesk(
                bench.jobs,
                bench.hub,
                RecoveryConfig(),
                bench.appliance_key,
                printers={PRINTER},
                view=view_of,
                clock=bench.clock,
                rng=bench.rng,
            )
            operations = Operations(
                spool=bench.spool,
                recovery=recovery,
                desks=Desks({}, bench.jobs, bench.hub, bench.clock),
                hub=bench.hub,
                roll=Roll(bench.hub, bench.spool, bench.clock),
                doorkeeper=cast("Doorkeeper", self.keeper),
                status=lambda: STATUS,
                problems=self.problems,
                joining=Joining(bench.spool, self.problems, bench.clock, report=self.problems.add, begun=lambda: None),
            )
            return await operations.handlers()[command](arguments)

        return asyncio.run(asked())

    def refused(self, command: str, **arguments: Any) -> str:
        with pytest.raises(PassbookError) as caught:
            self.ask(command, **arguments)
        return caught.value.code


NO_ARGUMENTS = ("status", "terminals", "areas", "verify", "revocations")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def test_status_jobs_and_areas_are_told(desk: Desk) -> None:
    assert desk.ask("status") == STATUS
    assert [view.job for view in desk.ask("jobs")] == [desk.job]
    assert [(area.name, area.state) for area in desk.ask("areas")] == [("a", "ready"), ("b", "ready")]


def test_the_terminals_are_told_with_what_they_own(desk: Desk) -> None:
    desk.bench.hub.join(Ear(TELLER))
    [row] = [row for row in desk.ask("terminals") if row.terminal == TELLER.name]
    assert (row.connections, row.pending) == (1, 1)


def test_long_lists_are_told_in_pages(desk: Desk) -> None:
    jobs = [desk.job, *(desk.accept(f"r-{number}").job_id for number in range(2, 5))]
    for job in jobs:
        desk.ask("hold", job=job, person="Otto")
    first = desk.ask("jobs", limit=3)
    assert [view.job for view in (*first, *desk.ask("jobs", after=first[-1].sequence))] == jobs
    first = desk.ask("questions", limit=3)
    assert [one.job.job for one in (*first, *desk.ask("questions", after=first[-1].job.sequence))] == jobs


def test_an_operator_sees_questions_but_nothing_that_opens_a_job(desk: Desk) -> None:
    desk.ask("hold", job=desk.job, person="Otto")
    [question] = desk.ask("questions")
    assert (question.job.job, question.wraps) == (desk.job, ())


def test_a_held_job_that_is_released_is_a_question_that_people_are_asked(desk: Desk) -> None:
    desk.ask("hold", job=desk.job, person="Otto")
    assert not desk.ask("release", job=desk.job, person="Otto").valid
    assert desk.bench.spool.record(desk.job).asked


def test_an_order_stands_in_the_history_with_its_person(desk: Desk) -> None:
    assert desk.ask("cancel", job=desk.job, person="Otto").job.state == "canceled"
    [told] = desk.ask("history", job=desk.job)
    assert (told.entry.record.answered.terminal, told.entry.record.answered.person) == (OPERATOR, "Otto")


def test_history_is_of_one_job_or_of_all_and_as_long_as_asked(desk: Desk) -> None:
    other = desk.accept("r-2").job_id
    for job in (desk.job, other):
        desk.ask("hold", job=job, person="Otto")
        desk.ask("cancel", job=job, person="Otto")
    assert len(desk.ask("history")) == 4
    assert {told.entry.record.job_id for told in desk.ask("history", job=other)} == {other}
    assert len(desk.ask("history", last=3)) == 3


def test_history_is_searched_and_counted(desk: Desk) -> None:
    desk.ask("cancel", job=desk.job, person="Otto")
    assert len(desk.ask("history", person="otto", outcome="canceled", requester=TELLER.name)) == 1
    assert desk.ask("history", person="Anna") == []
    assert desk.ask("history", since="2099") == []
    [group] = desk.ask("history", summary="outcome")
    assert (group.group, group.jobs) == ("canceled (job-canceled-by-user)", 1)


def test_only_an_area_that_was_put_back_is_accepted(desk: Desk) -> None:
    assert desk.refused("accept-rollback", area="a", person="Otto") == "nothing-to-accept"
    assert desk.refused("accept-rollback") == "invalid-message"
    assert desk.refused("accept-rollback", area="nobody", person="Otto") == "unknown-area"


@pytest.mark.parametrize("person", ["", "\n", "x" * 129])
def test_a_word_about_the_store_names_a_person(desk: Desk, person: str) -> None:
    assert desk.refused("accept-rollback", area="a", person=person) == "invalid-message"
    assert desk.refused("accept-new-store", person=person) == "invalid-message"


def test_a_store_that_is_in_use_is_not_taken_as_new(desk: Desk) -> None:
    assert desk.refused("accept-new-store", person="Otto") == "not-a-new-store"
    assert [one.job for one in desk.ask("jobs")] == [desk.job]


def test_a_sound_store_has_no_findings(desk: Desk) -> None:
    assert desk.ask("verify") == []
    looked = [desk.ask("verify-area", area=area) for area in ("a", "b")]
    assert sum(one.live for one in looked) == 1
    assert {one.findings for one in looked} == {()}
    assert desk.refused("verify-area", area="c") == "unknown-area"


def test_a_revocation_closes_the_connections_of_those_on_the_list(desk: Desk) -> None:
    ears = [Ear(TELLER), Ear(TELLER), Ear(MANAGER)]
    for ear in ears:
        desk.bench.hub.join(ear)
    assert desk.ask("revocations") == {"closed": [], "revoked": 0}
    desk.keeper.names = {TELLER.name}
    assert desk.ask("revocations") == {"closed": [TELLER.name], "revoked": 1}
    assert desk.keeper.reloads == 2
    assert [ear.closed for ear in ears] == [["certificate-revoked"], ["certificate-revoked"], []]


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("cancel", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("hold", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("release", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("release", {"job": "ff"}, "invalid-message"),
        ("cancel", {}, "invalid-message"),
        ("cancel", {"job": 5}, "invalid-message"),
        ("hold", {"person": "Otto"}, "invalid-message"),
        ("history", {"last": "many"}, "invalid-message"),
        ("history", {"last": 0}, "invalid-message"),
        ("history", {"last": -1}, "invalid-message"),
        ("history", {"since": "yesterday"}, "not-a-time"),
        ("history", {"until": "2026-02-30"}, "not-a-time"),
        ("history", {"since": "2027", "until": "2026"}, "times-exchanged"),
        ("history", {"outcome": "nonsense", "summary": "hour"}, "unknown-outcome"),
        ("history", {"summary": "moon"}, "invalid-message"),
        ("environment", {"printer": "none"}, "unknown-printer"),
        ("environment", {"printer": 5}, "invalid-message"),
        ("environment", {"timeout": 0}, "invalid-message"),
        ("environment", {"timeout": 301}, "invalid-message"),
        ("jobs", {"limit": 0}, "invalid-message"),
        ("questions", {"after": -1}, "invalid-message"),
        ("jobs", {"after": 2**63}, "invalid-message"),
        ("jobs", {"limit": 2**63}, "invalid-message"),
        ("questions", {"after": 2**64}, "invalid-message"),
        ("notices", {"after": 10**30}, "invalid-message"),
        ("history", {"last": 2**63}, "invalid-message"),
    ],
)
def test_what_cannot_be_done_is_said_so(desk: Desk, command: str, arguments: dict[str, Any], code: str) -> None:
    assert desk.refused(command, **arguments) == code


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("cancel", {"person": "Otto"}, "job is missing"),
        ("cancel", {"job": 5}, "job must be str, not int"),
        ("history", {"last": 0}, "last must be int >= 1"),
        ("history", {"summary": "moon"}, "summary must be one of terminal, hour, outcome, waiting"),
        ("environment", {"timeout": 0}, "timeout must be float > 0.0"),
        ("jobs", {"limit": "many"}, "limit must be int, not str"),
        ("verify-area", {"area": "a", "deep": True}, "deep is no field that is known here"),
        ("environment", {"colour": "red"}, "colour is no field that is known here"),
        ("hold", {"job": "a", "person": "Otto", "why": "red"}, "why is no field that is known here"),
        *((one, {"colour": "red"}, "colour is no field that is known here") for one in NO_ARGUMENTS),
    ],
)
def test_the_argument_that_is_wrong_is_named(desk: Desk, command: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(PassbookError) as caught:
        desk.ask(command, **arguments)
    assert caught.value.facts == {"why": why}


def test_an_order_without_a_person_is_none(desk: Desk) -> None:
    assert desk.refused("cancel", job=desk.job) == "invalid-message"
