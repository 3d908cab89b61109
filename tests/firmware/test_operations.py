from __future__ import annotations

import asyncio
from typing import Any

import pytest

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import builtin_escpos
from firmware.config.layouts import load_layouts
from firmware.service.operations import OPERATIONS
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role
from passbook.job.record import OPERATOR, Record
from passbook.protocol.messages import Nothing
from passbook.protocol.operators import Revocations
from passbook.protocol.printer_setup import RulerPlace
from tests.firmware.branch import DOCUMENT, MANAGER, TELLER, Bench, Ear, request, unconnected
from tests.firmware.operators import OTTO
from tests.firmware.rooms import NETWORK_PRINTER, SLIP_PRINTER, STATUS, Rooms


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


class Office:
    """The operators' commands over a store with one job."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.keeper = bench, Keeper()
        self.job = self.accept("r-1").job_id

    def accept(self, number: str) -> Record:
        return asyncio.run(self.bench.admission().submit(TELLER, request(number), DOCUMENT))

    def ask(self, name: str, **payload: Any) -> Any:
        async def asked() -> Any:
            return await Rooms(self.bench, self.keeper).ask(OTTO, name, payload)

        return asyncio.run(asked())

    def refused(self, name: str, **payload: Any) -> str:
        with pytest.raises(PassbookError) as caught:
            self.ask(name, **payload)
        return caught.value.code


NO_PAYLOAD = tuple(name for name, one in OPERATIONS.items() if one.payload is Nothing and Role.OPERATOR in one.roles)


@pytest.fixture
def office(bench: Bench) -> Office:
    return Office(bench)


def test_status_jobs_and_areas_are_told(office: Office) -> None:
    assert office.ask("Common.Status") == STATUS
    assert [view.job for view in office.ask("Spooler.ListJobs").jobs] == [office.job]
    areas = office.ask("Appliance.ListAreas").areas
    assert [(area.name, area.state) for area in areas] == [("a", "ready"), ("b", "ready")]


def test_the_terminals_are_told_with_what_they_own(office: Office) -> None:
    office.bench.hub.join(Ear(TELLER))
    [row] = [row for row in office.ask("Spooler.ListTerminals").terminals if row.terminal == TELLER.name]
    assert (row.connections, row.pending) == (1, 1)


@pytest.mark.slow
def test_long_lists_are_told_in_pages(office: Office) -> None:
    jobs = [office.job, *(office.accept(f"r-{number}").job_id for number in range(2, 5))]
    for job in jobs:
        office.ask("Spooler.HoldJob", job=job, person="Otto")
    first = office.ask("Spooler.ListJobs", limit=3)
    assert first.more
    rest = office.ask("Spooler.ListJobs", after=first.jobs[-1].sequence)
    assert [view.job for view in (*first.jobs, *rest.jobs)] == jobs
    page = office.ask("Recovery.ListQuestions", limit=3)
    assert (page.more, page.count) == (True, 4)
    others = office.ask("Recovery.ListQuestions", after=page.questions[-1].job.sequence)
    assert [one.job.job for one in (*page.questions, *others.questions)] == jobs


def test_an_operator_sees_questions_but_nothing_that_opens_a_job(office: Office) -> None:
    office.ask("Spooler.HoldJob", job=office.job, person="Otto")
    [question] = office.ask("Recovery.ListQuestions").questions
    assert (question.job.job, question.wraps) == (office.job, ())


def test_a_held_job_that_is_released_is_a_question_that_people_are_asked(office: Office) -> None:
    office.ask("Spooler.HoldJob", job=office.job, person="Otto")
    assert not office.ask("Spooler.ReleaseJob", job=office.job, person="Otto").valid
    assert office.bench.spool.record(office.job).asked


def test_an_order_stands_in_the_history_with_its_person(office: Office) -> None:
    assert office.ask("Appliance.CancelJob", job=office.job, person="Otto").job.state == "canceled"
    [told] = office.ask("Appliance.ListHistory", job=office.job).entries
    assert (told.entry.record.answered.terminal, told.entry.record.answered.person) == (OPERATOR, "Otto")


@pytest.mark.slow
def test_history_is_of_one_job_or_of_all_and_as_long_as_asked(office: Office) -> None:
    other = office.accept("r-2").job_id
    for job in (office.job, other):
        office.ask("Spooler.HoldJob", job=job, person="Otto")
        office.ask("Appliance.CancelJob", job=job, person="Otto")
    assert len(office.ask("Appliance.ListHistory").entries) == 4
    assert {told.entry.record.job_id for told in office.ask("Appliance.ListHistory", job=other).entries} == {other}
    assert len(office.ask("Appliance.ListHistory", last=3).entries) == 3


def test_history_is_searched_and_counted(office: Office) -> None:
    office.ask("Appliance.CancelJob", job=office.job, person="Otto")
    assert (
        len(office.ask("Appliance.ListHistory", person="otto", outcome="canceled", requester=TELLER.name).entries) == 1
    )
    assert office.ask("Appliance.ListHistory", person="Anna").entries == ()
    assert office.ask("Appliance.ListHistory", since="2099").entries == ()
    [group] = office.ask("Appliance.ListHistory", summary="outcome").summary
    assert (group.group, group.jobs) == ("canceled (job-canceled-by-user)", 1)


@pytest.mark.slow
def test_only_an_area_that_was_put_back_is_accepted(office: Office) -> None:
    assert office.refused("Appliance.AcceptRollback", area="a", person="Otto") == "nothing-to-accept"
    assert office.refused("Appliance.AcceptRollback") == "invalid-message"
    assert office.refused("Appliance.AcceptRollback", area="nobody", person="Otto") == "unknown-area"


@pytest.mark.parametrize("person", ["", "\n", "x" * 129])
def test_a_word_about_the_store_names_a_person(office: Office, person: str) -> None:
    assert office.refused("Appliance.AcceptRollback", area="a", person=person) == "invalid-message"
    assert office.refused("Appliance.AcceptNewStore", person=person) == "invalid-message"


def test_a_store_that_is_in_use_is_not_taken_as_new(office: Office) -> None:
    assert office.refused("Appliance.AcceptNewStore", person="Otto") == "not-a-new-store"
    assert [one.job for one in office.ask("Spooler.ListJobs").jobs] == [office.job]


def test_a_sound_store_has_no_findings(office: Office) -> None:
    looked = [office.ask("Appliance.VerifyArea", area=area) for area in ("a", "b")]
    assert sum(one.unfinished for one in looked) == 1
    assert {one.findings for one in looked} == {()}
    assert office.refused("Appliance.VerifyArea", area="c") == "unknown-area"


def test_a_revocation_closes_the_connections_of_those_on_the_list(office: Office) -> None:
    ears = [Ear(TELLER), Ear(TELLER), Ear(MANAGER)]
    for ear in ears:
        office.bench.hub.join(ear)
    assert office.ask("Appliance.ReadRevocations") == Revocations((), 0)
    office.keeper.names = {TELLER.name}
    assert office.ask("Appliance.ReadRevocations") == Revocations((TELLER.name,), 1)
    assert office.keeper.reloads == 2
    assert [ear.closed for ear in ears] == [["certificate-revoked"], ["certificate-revoked"], []]


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("Appliance.CancelJob", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("Spooler.HoldJob", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("Spooler.ReleaseJob", {"job": "ff", "person": "Otto"}, "unknown-job"),
        ("Spooler.ReleaseJob", {"job": "ff"}, "invalid-message"),
        ("Appliance.CancelJob", {}, "invalid-message"),
        ("Appliance.CancelJob", {"job": 5}, "invalid-message"),
        ("Spooler.HoldJob", {"person": "Otto"}, "invalid-message"),
        ("Appliance.ListHistory", {"last": "many"}, "invalid-message"),
        ("Appliance.ListHistory", {"last": 0}, "invalid-message"),
        ("Appliance.ListHistory", {"last": -1}, "invalid-message"),
        ("Appliance.ListHistory", {"since": "yesterday"}, "not-a-time"),
        ("Appliance.ListHistory", {"until": "2026-02-30"}, "not-a-time"),
        ("Appliance.ListHistory", {"since": "2027", "until": "2026"}, "times-exchanged"),
        ("Appliance.ListHistory", {"outcome": "nonsense", "summary": "hour"}, "unknown-outcome"),
        ("Appliance.ListHistory", {"summary": "moon"}, "invalid-message"),
        ("Spooler.GetEnvironment", {"printer": "none"}, "unknown-printer"),
        ("Spooler.GetEnvironment", {"printer": 5}, "invalid-message"),
        ("Spooler.ListJobs", {"limit": 0}, "invalid-message"),
        ("Recovery.ListQuestions", {"after": -1}, "invalid-message"),
        ("Spooler.ListJobs", {"after": 2**63}, "invalid-message"),
        ("Spooler.ListJobs", {"limit": 2**63}, "invalid-message"),
        ("Recovery.ListQuestions", {"after": 2**64}, "invalid-message"),
        ("Spooler.ListNotices", {"after": 10**30}, "invalid-message"),
        ("Appliance.ListHistory", {"last": 2**63}, "invalid-message"),
    ],
)
def test_what_cannot_be_done_is_said_so(office: Office, command: str, arguments: dict[str, Any], code: str) -> None:
    assert office.refused(command, **arguments) == code


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("Appliance.CancelJob", {"person": "Otto"}, "job is missing"),
        ("Appliance.CancelJob", {"job": 5}, "job must be str, not int"),
        ("Appliance.ListHistory", {"last": 0}, "last must be int >= 1"),
        ("Appliance.ListHistory", {"summary": "moon"}, "summary must be one of terminal, hour, outcome, waiting, side"),
        ("Spooler.ListJobs", {"limit": "many"}, "limit must be int, not str"),
        ("Appliance.VerifyArea", {"area": "a", "deep": True}, "deep is no field that is known here"),
        ("Spooler.GetEnvironment", {"colour": "red"}, "colour is no field that is known here"),
        ("Spooler.HoldJob", {"job": "a", "person": "Otto", "why": "red"}, "why is no field that is known here"),
        *((one, {"colour": "red"}, "colour is no field that is known here") for one in NO_PAYLOAD),
    ],
)
def test_the_argument_that_is_wrong_is_named(office: Office, command: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(PassbookError) as caught:
        office.ask(command, **arguments)
    assert caught.value.facts == {"why": why}


def test_an_order_without_a_person_is_none(office: Office) -> None:
    assert office.refused("Appliance.CancelJob", job=office.job) == "invalid-message"


def test_a_printer_is_told_with_its_set_up_and_what_is_assumed(office: Office) -> None:
    found = office.ask("Appliance.GetPrinter", printer=NETWORK_PRINTER)
    assert (found.dialect, found.profile, found.elementary_step) == ("pr2", "pr2", 240)
    assert (found.x_offset, found.y_offset, found.read_back) == (0, 0, None)
    assert "own_setup" in {one.key for one in found.assumed}
    assert found.ruler is not None
    assert found.ruler.layout == "sheet"
    assert office.refused("Appliance.GetPrinter", printer="elsewhere") == "unknown-printer"


RULER: dict[str, Any] = {"clientRequest": "ruler-1", "key": "A" * 43 + "=", "person": "Otto"}


def test_a_ruler_is_one_job_however_often_it_is_ordered(office: Office) -> None:
    first = office.ask("Appliance.PrintRuler", printer=NETWORK_PRINTER, **RULER)
    assert (first.requester, first.printer, first.layout, first.lines) == (OPERATOR, NETWORK_PRINTER, "sheet", 60)
    assert office.ask("Appliance.PrintRuler", printer=NETWORK_PRINTER, **RULER).job == first.job
    assert (
        office.ask("Appliance.PrintRuler", printer=NETWORK_PRINTER, **RULER | {"clientRequest": "r"}).job != first.job
    )


def test_a_ruler_is_for_a_slip_where_the_printer_reaches_no_whole_sheet(office: Office) -> None:
    told = office.ask("Appliance.GetPrinter", printer=SLIP_PRINTER).ruler
    assert told == RulerPlace.on(load_layouts(None)["slip"])
    job = office.ask("Appliance.PrintRuler", printer=SLIP_PRINTER, **RULER)
    assert (job.printer, job.layout, job.lines) == (SLIP_PRINTER, "slip", 38)


def test_a_printer_that_prints_none_of_the_layouts_has_no_ruler() -> None:
    layouts = load_layouts(None)
    slips = unconnected({"sheet": layouts["sheet"]}, EscposSlip(builtin_escpos()))
    assert slips.details().ruler is None
    assert unconnected({"slip": layouts["savings-24"]}).details().ruler is None


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"printer": "elsewhere"}, "unknown-printer"),
        ({"key": "AAAA"}, "key-malformed"),
        ({"person": ""}, "invalid-message"),
        ({"clientRequest": ""}, "invalid-message"),
    ],
)
def test_a_ruler_that_cannot_be_ordered_is_refused(office: Office, wrong: dict[str, Any], code: str) -> None:
    before = office.ask("Spooler.ListJobs").jobs
    assert office.refused("Appliance.PrintRuler", **{"printer": NETWORK_PRINTER} | RULER | wrong) == code
    assert office.ask("Spooler.ListJobs").jobs == before


def test_a_question_about_a_ruler_is_not_for_the_operator_to_answer(office: Office) -> None:
    ruler = office.ask("Appliance.PrintRuler", printer=NETWORK_PRINTER, **RULER)
    answer = {"job": ruler.job, "epoch": 0, "verdict": "discard", "step": 0, "inDoubt": 0, "person": "Otto"}
    assert office.refused("Recovery.AnswerQuestion", **answer) == "not-permitted"
