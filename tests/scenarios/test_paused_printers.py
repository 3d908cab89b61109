"""R4: a printer that an operator paused finishes the job that it prints and starts no other, until it is resumed."""

from __future__ import annotations

import pytest

from demo.mail_servers import Mailbox, free_address
from demo.world import PRINTER, CommandFailed, World, await_fact
from passbook.protocol.messages import JobView
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import SENDER, WINDOW, connect, ends_of, jobs_of, mail_settings, text_mail
from tests.scenarios.office import Office, book_of


def pause(office: Office, *reason: str) -> None:
    """An operator pauses the only printer."""
    view = office.world.ctl("printer", "pause", "window-1", "--person", "Otto", *reason)
    assert view["status"]["conditions"][0] == "paused"


def waiting(office: Office) -> list[tuple[str, str]]:
    """Why each job of the list waits."""
    return [(one["waiting"]["why"], one["waiting"]["reason"]) for one in office.manager.run("jobs")]


@pytest.mark.long
def test_a_paused_printer_finishes_its_job_and_starts_no_other_also_after_a_boot(office: Office) -> None:
    first, second = Statement(770, 3), Statement(771, 2)
    printing = office.print(first)
    office.wait("struck")
    pause(office, "--reason", "its ribbon is changed")
    office.finish(printing)
    judge(office.world.paper, book_of(first), first.expected())
    later = office.print(second)
    job = later.job
    await_fact(lambda: waiting(office) == [("printer", "paused")], lambda: jobs_of(office))
    status = office.world.ctl("status")
    assert status["printers"][0]["status"]["conditions"] == ["paused"]
    assert office.world.ctl("environment", "--printer", PRINTER)["status"]["conditions"] == ["paused"]
    assert any("Otto paused printer window-1" in one and "its ribbon is changed" in one for one in status["problems"])
    later.kill()
    office.world.kill_appliance()
    office.world.start_appliance()
    office.answer(office.counter, job, "--print")
    await_fact(lambda: waiting(office) == [("printer", "paused")], lambda: jobs_of(office))
    strikes = office.world.paper.strikes

    def book(_view: JobView) -> str:
        return book_of(second)

    with BookClerk(office.manager, office.hands, book):
        assert office.world.paper.strikes == strikes
        assert office.world.ctl("printer", "resume", "window-1", "--person", "Otto")["status"]["conditions"] == []
        await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    judge(office.world.paper, book_of(second), second.expected())
    assert not any("paused" in one for one in office.world.ctl("status")["problems"])


@pytest.mark.long
def test_jobs_of_a_paused_printer_go_to_its_substitute(furnished: World) -> None:
    with Mailbox() as spare:
        door = free_address()
        hop = f'[[hop]]\nname = "spare"\naddress = "{spare.address}"\ntls = "none"\n'
        settings = mail_settings(door, more="grace_attention = 0.2\n", substitutes=["spare"]) + hop
        with an_office(furnished, settings, own_key_jobs=True) as office:
            pause(office)
            with connect(door) as client:
                client.send_message(text_mail("A text.\n"), SENDER, [WINDOW])
            await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
            assert office.world.paper.strikes == 0


def test_a_printer_that_is_not_here_is_not_paused(office: Office) -> None:
    with pytest.raises(CommandFailed) as refused:
        office.world.ctl("printer", "pause", "window-9", "--person", "Otto")
    assert "[unknown-printer]" in refused.value.error
