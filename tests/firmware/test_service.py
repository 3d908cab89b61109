"""Who may call what: the catalogue's roles, and a refusal for everybody else."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Final

import pytest

from firmware.service.operations import OPERATIONS
from passbook.errors import CATALOGUE, PassbookError
from passbook.job.actor import Actor, Role
from passbook.job.record import OPERATOR
from passbook.protocol.messages import Payload
from passbook.protocol.operation import COMMON_ERRORS
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, TELLER, Bench, request
from tests.firmware.door import submission
from tests.firmware.operators import OTTO
from tests.firmware.rooms import ACTORS, AUDITOR, NOBODY, STATUS, WALL, Keeper, Rooms, sample

READING: Final = {
    *("ServicePublisher.GetServices", "Common.Status", "Common.Capabilities", "Spooler.GetHistoryHeads"),
    *(
        "Appliance.GetPrinter",
        "Appliance.ListAreas",
        "Appliance.ListHistory",
        "Appliance.ListStock",
        "Appliance.VerifyArea",
    ),
}
"""What an auditor may use: it reads the history and its heads, verifies, sees the status, and decides nothing."""


def code_of(rooms: Rooms, actor: Actor, name: str, payload: Any, **more: Any) -> str:
    """How a command came out: a stable code, or nothing."""
    try:
        asyncio.run(rooms.ask(actor, name, payload, **more))
    except PassbookError as error:
        return error.code
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(("actor", "name"), list(itertools.product([*ACTORS, NOBODY], OPERATIONS)))
def test_a_role_that_is_not_listed_is_refused_and_one_that_is_listed_is_not(
    bench: Bench, actor: Actor, name: str
) -> None:
    operation = OPERATIONS[name]
    code = code_of(Rooms(bench, Keeper()), actor, name, sample(operation))
    may = ACTORS.get(actor) in operation.roles
    assert (code != "not-permitted") == may
    assert not may or code in {"", *operation.errors}


def test_the_refusal_names_who_asked_what_and_whom_to_ask(bench: Bench) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Rooms(bench).ask(TELLER, "Spooler.ListTerminals", {}))
    assert str(caught.value) == (
        "teller-1 may not use Spooler.ListTerminals. Nothing was changed; ask a representative or an operator."
    )


def test_nobody_at_the_appliance_answers_a_question(bench: Bench) -> None:
    answers = {name for name in OPERATIONS if name.startswith("Recovery.Answer")}
    assert len(answers) == 2
    for name in answers:
        assert OPERATIONS[name].roles == {Role.REQUESTER, Role.REPRESENTATIVE}
    assert not OTTO.may_decide(TELLER.name)
    assert not OTTO.may_decide(OPERATOR + "1")
    assert bench.spool.records() == []


def test_an_auditor_reads_and_does_nothing_else(bench: Bench) -> None:
    assert {name for name, one in OPERATIONS.items() if Role.AUDITOR in one.roles} == READING
    told = asyncio.run(Rooms(bench).ask(AUDITOR, "Common.Capabilities", {}))
    assert {name for one in told.interfaces for name in one.commands} == READING
    assert not AUDITOR.may_order(TELLER.name)


def test_a_wall_sees_status_and_queue_and_does_nothing_else(bench: Bench) -> None:
    known = asyncio.run(Rooms(bench).ask(WALL, "Common.Capabilities", {}))
    commands = {name for one in known.interfaces for name in one.commands}
    assert commands == {*READING, "Spooler.ListJobs"} - {name for name in READING if name.startswith("Appliance.")}
    assert (known.name, known.roles, known.zone) == ("hall-1", (Role.WALL,), "Asia/Tokyo")
    assert not WALL.may_order(TELLER.name)


def test_a_wall_is_told_no_problem_since_sentences_may_name_people(bench: Bench) -> None:
    rooms = Rooms(bench)
    assert asyncio.run(rooms.ask(TELLER, "Common.Status", {})).problems == STATUS.problems != ()
    on_a_wall = asyncio.run(rooms.ask(WALL, "Common.Status", {}))
    assert (on_a_wall.problems, on_a_wall.findings) == ((), ())


def test_a_wall_is_shown_no_name_of_a_person_a_document_or_a_key(bench: Bench) -> None:
    rooms = Rooms(bench)
    shared = {"name": "Okafor", "documentDate": "2026-04-01", "sharesName": True}
    asyncio.run(rooms.ask(TELLER, "Spooler.SubmitJob", submission(keyRef="anna-1", **shared)))
    [job] = asyncio.run(rooms.ask(OTHER, "Spooler.ListJobs", {})).jobs
    assert (job.name, job.document_date, job.key_ref) == ("Okafor", "2026-04-01", "anna-1")
    [shown] = asyncio.run(rooms.ask(WALL, "Spooler.ListJobs", {})).jobs
    assert (shown.job, shown.requester, shown.printer) == (job.job, TELLER.name, job.printer)
    assert (shown.name, shown.document_date, shown.key_ref, shown.client_request) == ("", "", "", "")


@pytest.mark.parametrize("actor", [OTTO, AUDITOR])
def test_a_locked_appliance_serves_at_its_own_socket_what_needs_no_job(bench: Bench, actor: Actor) -> None:
    rooms = Rooms(bench)
    rooms.usable = False
    assert code_of(rooms, TELLER, "Common.Status", {}) == "appliance-locked"
    assert asyncio.run(rooms.ask(actor, "Common.Status", {})) == STATUS
    assert code_of(rooms, actor, "Appliance.VerifyArea", {"area": "a"}) == ""
    assert code_of(rooms, actor, "Appliance.ListHistory", {}) == "appliance-locked"
    assert code_of(rooms, OTTO, "Spooler.ListJobs", {}) == "appliance-locked"
    assert code_of(rooms, TELLER, "Spooler.Nonsense", {}) == "unknown-command"


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_field_that_is_not_known_is_refused_by_its_name(bench: Bench, name: str) -> None:
    operation = OPERATIONS[name]
    actor = next(actor for actor, role in ACTORS.items() if role in operation.roles)
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Rooms(bench).ask(actor, name, sample(operation) | {"colour": "red"}))
    assert (caught.value.code, caught.value.facts) == (
        "invalid-message",
        {"why": "colour is no field that is known here"},
    )


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, one in OPERATIONS.items() for field in sample(one)]
)
def test_a_field_that_a_command_must_have_is_asked_for_by_its_name(bench: Bench, name: str, field: str) -> None:
    operation = OPERATIONS[name]
    actor = next(actor for actor, role in ACTORS.items() if role in operation.roles)
    payload = sample(operation)
    del payload[field]
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Rooms(bench).ask(actor, name, payload))
    assert caught.value.facts == {"why": f"{field} is missing"}


def test_a_command_that_is_not_known_is_refused_by_its_name(bench: Bench) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Rooms(bench).ask(TELLER, "Spooler.Nonsense\n", {}))
    assert (caught.value.code, caught.value.facts) == ("unknown-command", {"command": "Spooler.Nonsense?"})


def test_a_command_without_a_name_is_said_to_have_none(bench: Bench) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Rooms(bench).ask(TELLER, "", {}))
    assert (caught.value.code, caught.value.facts) == ("invalid-message", {"why": "name is empty"})


@pytest.mark.parametrize("kind", ["event", "completion", "acknowledge", "unsolicited"])
def test_only_commands_are_taken(bench: Bench, kind: str) -> None:
    assert code_of(Rooms(bench), OTTO, "Common.Status", {}, kind=kind) == "invalid-message"


def test_people_are_named_to_an_operator_and_to_who_may_decide(bench: Bench) -> None:
    job = asyncio.run(bench.admission().submit(TELLER, request("r-1"), DOCUMENT)).job_id
    rooms = Rooms(bench)
    asyncio.run(rooms.ask(OTTO, "Spooler.HoldJob", {"job": job, "person": "Otto"}))
    for actor, person in ((TELLER, "Otto"), (MANAGER, "Otto"), (OTTO, "Otto"), (OTHER, "")):
        view = asyncio.run(rooms.ask(actor, "Spooler.GetJob", {"job": job}))
        assert view.held_by.person == person


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_row_of_the_catalogue_is_whole(name: str) -> None:
    operation = OPERATIONS[name]
    assert issubclass(operation.payload, Payload)
    assert operation.roles
    assert operation.says.endswith(".")
    assert set(operation.errors) <= set(CATALOGUE)
    assert not set(operation.errors) & set(COMMON_ERRORS)
    assert len(set(operation.errors)) == len(operation.errors)
