"""An auditor at a running appliance reads and verifies; it orders nothing, and a stranger hears one sentence."""

from __future__ import annotations

import functools
import grp
import json
import os
import subprocess
import sys
from typing import Any, Final

import pytest

from client.connection import TerminalClient
from client.control import ask
from passbook.errors import PassbookError
from passbook.protocol.messages import Nothing, Payload
from tests.house import ROOT
from tests.scenarios import another_user
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office
from tests.scenarios.test_bad_storage import still_office, submit

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
GROUP: Final = grp.getgrgid(1)
"""A group that every machine has."""
STRANGER: Final = 4712
"""A user, and a group, that no machine has."""


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    office = still_office(open_office, extra=f'[operators]\nauditors = ["{GROUP.gr_name}"]\n')
    office.world.folder.chmod(0o711)
    return office


def ctl(office: Office, gid: int, *words: str) -> tuple[int, Any, str]:
    """What `passbookctl` says to a user of this group: exit code, result, and what stands on standard error."""
    control = str(office.world.folder / "control")
    done = subprocess.run(
        [sys.executable, *another_user.PROGRAM, str(STRANGER), str(gid), "--control", control, "--json", *words],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


@pytest.mark.long
def test_an_auditor_reads_and_verifies_and_orders_nothing(office: Office) -> None:
    job = submit(office, "r-1").job
    office.world.ctl("cancel", job, "--person", "Otto")
    code, told, _ = ctl(office, GROUP.gr_gid, "history")
    assert (code, [one["entry"]["record"]["jobId"] for one in told]) == (0, [job])
    assert ctl(office, GROUP.gr_gid, "verify")[:2] == (0, [])
    assert ctl(office, GROUP.gr_gid, "status")[1]["terminals"] == []
    live = submit(office, "r-2").job
    for words in (("cancel", live), ("hold", live), ("jobs",), ("questions",), ("accept-rollback", "a"), ("clock",)):
        code, told, said = ctl(office, GROUP.gr_gid, *words)
        assert (code, told["error"]["code"]) == (3, "not-permitted")
        assert said.startswith("passbookctl: @auditor may not use ")
    assert [one["job"] for one in office.told("jobs")] == [live]


@pytest.mark.long
def test_a_stranger_at_the_socket_hears_one_sentence(office: Office) -> None:
    for words in (("status",), ("history",), ("accept-new-store",)):
        code, told, said = ctl(office, STRANGER, *words)
        assert (code, told["error"]["code"]) == (3, "not-permitted")
        assert said == (
            f"passbookctl: User {STRANGER} may not use the operators' socket. "
            "Nothing was changed; ask an operator of the appliance. [not-permitted]\n"
        )
    assert office.told("jobs") == []


class Area(Payload, frozen=True):
    area: str


async def verify(client: TerminalClient, *, name: str) -> Any:
    return await client.command(name, Area("a"), Any)


def test_a_command_of_the_other_side_is_refused_by_its_role_at_each_door(office: Office) -> None:
    control = office.world.folder / "control"
    for name in ("Spooler.SubmitJob", "Recovery.AnswerQuestion", "Recovery.AnswerAll", "Spooler.GetHistory"):
        with pytest.raises(PassbookError) as refused:
            ask(control, name, Nothing())
        assert refused.value.code == "not-permitted"
    for terminal, name in (
        (office.counter, "Appliance.VerifyArea"),
        (office.manager, "Appliance.ListHistory"),
        (office.manager, "Appliance.AcceptRollback"),
    ):
        with pytest.raises(PassbookError) as refused:
            as_terminal(terminal, functools.partial(verify, name=name))
        assert refused.value.code == "not-permitted"
