"""R4: a job whose destination cannot do it goes to the first substitute that can, and people are told."""

from __future__ import annotations

import functools
import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.policy import SMTP as SMTP_POLICY
from typing import Final

import pytest
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as MailEnvelope

from client.connection import Client
from client.transport import TlsTransport
from demo.mail_servers import Mailbox, free_address
from demo.world import PRINTER, CommandFailed, World, await_fact
from drivers.simulator.faults import AfterStrike, Now, Target
from passbook.job.states import JobState
from passbook.protocol.events import JOB, PROMPT
from passbook.protocol.messages import Envelope, Nothing, Prompt, StatusReport, read_payload
from terminal.home import Home
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, converse
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import (
    DOMAIN,
    SENDER,
    WINDOW,
    await_printer,
    connect,
    ends_of,
    jobs_of,
    mail_settings,
    text_mail,
    update_mail,
)
from tests.scenarios.office import Office

FAR: Final = "window-1@far.example"
TEXT: Final = "A text that goes elsewhere.\n"
GRACES: Final = "grace_offline = 0.2\ngrace_unreachable = 0.2\n"

OpenBranch = Callable[..., tuple[Office, str]]


class Unwilling(Mailbox):
    """A mail server that takes no recipient."""

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, _envelope: MailEnvelope, _address: str, _options: list[str]
    ) -> str:
        """The library calls it with each recipient."""
        return "550 5.1.1 not here"


def hop(name: str, address: str) -> str:
    """TOML of a next hop."""
    return f'[[hop]]\nname = "{name}"\naddress = "{address}"\ntls = "none"\n'


@pytest.fixture
def spare() -> Iterator[Mailbox]:
    """The mail server of a branch that stands in."""
    with Mailbox() as box:
        yield box


@pytest.fixture
def open_branch(furnished: World) -> Iterator[OpenBranch]:
    """Open an office whose printer has the substitutes `hops` (name -> address), and the address of its mail door."""
    with ExitStack() as offices:

        def opened(more: str = "", **hops: str) -> tuple[Office, str]:
            door = free_address()
            settings = mail_settings(door, more=GRACES, substitutes=list(hops))
            settings += "".join(hop(name, address) for name, address in hops.items()) + more
            return offices.enter_context(an_office(furnished, settings, own_key_jobs=True)), door

        yield opened


def send_text(door: str, to: str = WINDOW) -> None:
    """A mail that is a text, always the same one."""
    with connect(door) as client:
        client.send_message(text_mail(TEXT, "<text@bank.example>"), SENDER, [to])


def texts_of(box: Mailbox) -> list[str]:
    """What the attachments and the bodies of its mails say."""
    found = []
    for _, _, mail in box.mails:
        part = next(part for part in mail.walk() if not part.is_multipart())
        content = part.get_content()
        found.append(content if isinstance(content, str) else content.decode())
    return [text.replace("\r\n", "\n") for text in found]


def notice_of(office: Office, job: str) -> dict[str, object]:
    """The notice of an end, as the requester's terminal is told of it."""
    [found] = [one for one in office.counter.run("notices") if one["job"]["job"] == job]
    view: dict[str, object] = found["job"]
    return view


@pytest.mark.long
def test_the_first_substitute_that_cannot_take_it_is_passed_over(open_branch: OpenBranch, spare: Mailbox) -> None:
    with Unwilling() as unwilling:
        office, door = open_branch(gone=free_address(), unwilling=unwilling.address, spare=spare.address)
        office.hands.cut(Target.PRINTER, Now())
        send_text(door)
        await_fact(lambda: bool(spare.mails), lambda: jobs_of(office))
    assert texts_of(spare) == [TEXT]
    assert [to for _, to, _ in spare.mails] == [[WINDOW]]
    assert unwilling.mails == []
    await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    [away] = [end for end in ends_of(office) if end["printer"] == PRINTER]
    assert away["movedTo"].startswith("spare ")


@pytest.mark.long
def test_a_mail_whose_headers_are_odd_goes_as_well(open_branch: OpenBranch, spare: Mailbox) -> None:
    office, door = open_branch(spare=spare.address)
    office.hands.cut(Target.PRINTER, Now())
    with connect(door) as client:
        for name in ("<@bank.example>", "<[@bank.example>", "<a@[>"):
            head = f"From: x\r\nMessage-ID: {name}\r\nSubject: =?utf-8?q?Gr=C3=BC=0D=0ATo:_all?=\r\n\r\n"
            client.sendmail(SENDER, [WINDOW], (head + TEXT.replace("\n", "\r\n")).encode())
    await_fact(lambda: len(spare.mails) == 3, lambda: jobs_of(office))
    assert texts_of(spare) == [TEXT] * 3
    assert [str(mail["Subject"]) for _, _, mail in spare.mails] == ["Grü To: all"] * 3
    assert office.world.ctl("jobs") == []


@pytest.mark.long
def test_a_mail_whose_job_went_away_is_the_same_request_again_and_is_not_taken_back(
    open_branch: OpenBranch, spare: Mailbox
) -> None:
    office, door = open_branch(spare=spare.address)
    office.hands.cut(Target.PRINTER, Now())
    send_text(door)
    await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    office.hands.restore()
    send_text(door)
    # It comes back from the substitute, and a mail server on its way took the trace off.
    back = text_mail(TEXT, "<text@bank.example>")
    back["Received"] = f"from spare.example by {DOMAIN.upper()} with ESMTP; Mon, 02 Mar 2026 10:00:00 +0100"
    for _ in range(2):
        with connect(door) as client, pytest.raises(smtplib.SMTPDataError) as refused:
            client.send_message(back, SENDER, [WINDOW])
        assert refused.value.smtp_code == 450
        assert b"mail-moved-away" in refused.value.smtp_error
    assert jobs_of(office) == []
    assert len(spare.mails) == 1


@pytest.mark.long
def test_a_new_recipient_beside_one_whose_job_went_away_is_taken(open_branch: OpenBranch, spare: Mailbox) -> None:
    second = f"desk@{DOMAIN}"
    route = f'[[route]]\nto = ["{second}"]\nprinter = "{PRINTER}"\nnetworks = ["127.0.0.0/8"]\n'
    office, door = open_branch(route, spare=spare.address)
    office.hands.cut(Target.PRINTER, Now())
    send_text(door)
    await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    answers = []
    for _ in range(2):
        with connect(door) as client:
            client.mail(SENDER)
            for one in (WINDOW, second):
                client.rcpt(one)
            answers.append(client.data(text_mail(TEXT, "<text@bank.example>").as_bytes(policy=SMTP_POLICY)))
    assert [code for code, _ in answers] == [250, 250]
    assert answers[0] == answers[1], "a repeated mail has the first one's answer"
    [mail] = [job["mail"] for job in office.manager.run("jobs")]
    assert [one["address"] for one in mail["recipients"]] == [second]
    assert len(spare.mails) == 1


@pytest.mark.long
def test_a_job_waits_while_all_are_down_and_prints_at_home(open_branch: OpenBranch) -> None:
    office, door = open_branch(one=free_address(), two=free_address())
    office.hands.cut(Target.PRINTER, Now())
    send_text(door)
    await_fact(lambda: "no substitute takes them by itself" in str(office.world.ctl("status")), lambda: jobs_of(office))
    assert [job["printer"] for job in jobs_of(office)] == [PRINTER]
    with BookClerk(office.manager, office.hands, lambda _view: "a sheet", "sheet"):
        office.hands.restore()
        await_fact(lambda: bool(ends_of(office)), lambda: jobs_of(office))
    assert [(end["printer"], end["state"]) for end in ends_of(office)] == [(PRINTER, JobState.COMPLETED)]
    assert [text for text, _ in office.world.paper.lines("a sheet")[1, 1]] == [TEXT.strip()]
    await_fact(lambda: "no substitute" not in str(office.world.ctl("status")), lambda: office.world.ctl("status"))


@pytest.mark.long
def test_of_two_appliances_that_stand_in_for_each_other_the_second_keeps_the_mail_until_it_can_print(
    furnished: World,
) -> None:
    here, there = free_address(), free_address()
    first = mail_settings(here, more=GRACES, substitutes=["there"], domain="here.example") + hop("there", there)
    second = mail_settings(
        there, more=GRACES, substitutes=["here"], domain="there.example", also=["window-1@here.example"]
    ) + hop("here", here)
    with (
        an_office(furnished, first + "appliance = true\n", own_key_jobs=True) as one,
        an_office(furnished, second + "appliance = true\n", own_key_jobs=True) as other,
    ):
        for office in (one, other):
            office.hands.cut(Target.PRINTER, Now())
        send_text(here, "window-1@here.example")
        status = functools.partial(other.world.ctl, "status")
        await_fact(lambda: "no substitute takes them by itself" in str(status()), lambda: jobs_of(other))
        assert other.manager.run("questions") == []
        with BookClerk(other.manager, other.hands, lambda _view: "a sheet", "sheet"):
            other.hands.restore()
            await_fact(lambda: bool(ends_of(other)), lambda: jobs_of(other))
        assert [(end["printer"], end["state"]) for end in ends_of(other)] == [(PRINTER, JobState.COMPLETED)]
        assert [text for text, _ in other.world.paper.lines("a sheet")[1, 1]] == [TEXT.strip()]
        assert one.world.paper.strikes == 0


@pytest.mark.long
def test_a_relay_goes_to_its_substitute_when_the_next_hop_cannot_be_reached(
    open_branch: OpenBranch, spare: Mailbox
) -> None:
    route = '[[route]]\nto = ["@far.example"]\nhop = "far"\nsubstitutes = ["spare"]\nnetworks = ["127.0.0.0/8"]\n'
    office, door = open_branch(hop("far", free_address()) + route, spare=spare.address)
    send_text(door, FAR)
    await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    assert [(end["printer"], end["state"]) for end in ends_of(office)] == [
        ("far", JobState.ABORTED),
        ("spare", JobState.COMPLETED),
    ]
    assert texts_of(spare) == [TEXT]
    assert [to for _, to, _ in spare.mails] == [[FAR]]


def test_a_relay_whose_time_is_over_at_a_boot_is_asked_about_and_not_sent_by_rule(
    open_branch: OpenBranch, spare: Mailbox
) -> None:
    nowhere = free_address()
    far = hop("far", nowhere) + "appliance = true\ngive_up_hours = 24\n"
    route = '[[route]]\nto = ["@far.example"]\nhop = "far"\nnetworks = ["127.0.0.0/8"]\n'
    office, door = open_branch(far + route)
    send_text(door, FAR)
    office.world.kill_appliance()
    config = office.world.config_file
    config.write_text(config.read_text().replace(nowhere, spare.address).replace("hours = 24", "hours = 0.000001"))
    office.world.start_appliance()
    await_fact(lambda: bool(office.manager.run("questions")), lambda: jobs_of(office))
    [question] = office.manager.run("questions")
    assert spare.mails == []
    office.manager.run("answer", question["job"]["job"], "--print", "--person", "Ms Okafor")
    await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
    assert texts_of(spare) == [TEXT]


@pytest.mark.long
def test_a_job_of_a_terminal_goes_while_its_key_is_in_memory_and_its_requester_is_told(
    open_branch: OpenBranch, spare: Mailbox
) -> None:
    office, _ = open_branch(spare=spare.address)
    office.hands.cut(Target.PRINTER, Now())
    file = office.world.folder / "notice.txt"
    file.write_text(TEXT)
    printing = office.counter.print_in_background(file, "a sheet", "sheet")
    assert printing.end() != 0
    [moved] = [view for view in printing.events(JOB) if view["movedTo"]]
    assert (moved["job"], moved["state"]) == (printing.job, JobState.ABORTED)
    assert moved["movedTo"].startswith("spare ")
    await_fact(lambda: bool(spare.mails), lambda: jobs_of(office))
    assert texts_of(spare) == [TEXT]
    assert office.world.paper.strikes == 0


@pytest.mark.long
def test_a_job_of_a_terminal_whose_key_is_gone_is_asked_about_instead(open_branch: OpenBranch, spare: Mailbox) -> None:
    later = free_address()
    office, door = open_branch(spare=later)
    office.hands.cut(Target.PRINTER, Now())
    file = office.world.folder / "notice.txt"
    file.write_text(TEXT)
    printing = office.counter.print_in_background(file, "a sheet", "sheet")
    job = printing.job
    office.world.kill_appliance()
    office.world.config_file.write_text(office.world.config_file.read_text().replace(later, spare.address))
    office.world.start_appliance()
    printing.kill()
    [question] = office.manager.run("questions")
    assert question["job"]["job"] == job
    with pytest.raises(CommandFailed) as refused:
        office.manager.run("move", job, "spare", "--person", "Ms Okafor")
    assert refused.value.error_code == "cannot-move"
    # Another job goes, so this one could have gone too.
    send_text(door)
    await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
    assert [one["job"] for one in jobs_of(office)] == [job]
    office.counter.run("answer", job, "--print", "--person", "Mr Adler")
    await_fact(lambda: len(spare.mails) == 2, lambda: jobs_of(office))
    assert str(notice_of(office, job)["movedTo"]).startswith("spare ")
    assert "a substitute stands in for it" in office.counter.screen("notices", job)


@pytest.mark.long
def test_a_text_that_waits_for_its_sheet_goes_when_the_printer_fails(open_branch: OpenBranch, spare: Mailbox) -> None:
    office, door = open_branch(spare=spare.address)
    await_printer(office)
    send_text(door)
    await_fact(lambda: bool(prompts_of(office)), lambda: jobs_of(office))
    office.hands.cut(Target.PRINTER, Now())
    await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    assert [(end["printer"], end["reasons"]) for end in ends_of(office)] == [
        (PRINTER, ["moved-to-substitute"]),
        ("spare", ["job-completed-successfully"]),
    ]
    assert prompts_of(office) == []
    # The next job is the first one that the printer asks a sheet for, and its text alone is on paper there.
    other = "Another text.\n"
    with BookClerk(office.manager, office.hands, lambda _view: "a sheet", "sheet"):
        office.hands.restore()
        await_printer(office)
        with connect(door) as client:
            client.send_message(text_mail(other, "<other@bank.example>"), SENDER, [WINDOW])
        await_fact(lambda: len(ends_of(office)) == 3, lambda: jobs_of(office))
    assert [text for text, _ in office.world.paper.lines("a sheet")[1, 1]] == [other.strip()]
    assert texts_of(spare) == [TEXT]


@pytest.mark.long
def test_an_update_that_waits_for_its_book_is_asked_about_when_the_printer_fails(
    open_branch: OpenBranch, spare: Mailbox
) -> None:
    office, door = open_branch(spare=spare.address)
    await_printer(office)
    with connect(door) as client:
        client.send_message(update_mail(Statement(741, 2)), SENDER, [WINDOW])
    await_fact(lambda: bool(prompts_of(office)), lambda: jobs_of(office))
    office.hands.cut(Target.PRINTER, Now())
    await_fact(lambda: bool(office.manager.run("questions")), lambda: jobs_of(office))
    [question] = office.manager.run("questions")
    assert question["job"]["reasons"] == ["substitute-ready"]
    assert spare.mails == []
    office.manager.run("move", question["job"]["job"], "spare", "--person", "Ms Okafor")
    await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
    assert office.world.paper.strikes == 0


def prompts_of(office: Office) -> list[Prompt]:
    """What a person who sits down at the representative's terminal is asked to do at the printer."""
    home, heard = Home(office.manager.home), list[Envelope]()

    async def connected() -> None:
        async with Client(TlsTransport(home.address(), home.context()), heard=heard.append) as client:
            await client.command("Common.Status", Nothing(), StatusReport)

    converse(connected())
    return [read_payload(one, Prompt) for one in heard if one.header.name == PROMPT]


@pytest.mark.long
def test_an_update_that_was_begun_goes_nowhere(open_branch: OpenBranch, spare: Mailbox) -> None:
    office, door = open_branch(spare=spare.address)
    await_printer(office)
    statement = Statement(740, 4)
    office.arm_cut(Target.PRINTER, AfterStrike(2))
    with BookClerk(office.manager, office.hands, lambda _view: "a book"):
        with connect(door) as client:
            client.send_message(update_mail(statement), SENDER, [WINDOW])
        office.wait("cut")
        await_fact(lambda: bool(office.manager.run("questions")), lambda: jobs_of(office))
    [question] = office.manager.run("questions")
    with pytest.raises(CommandFailed) as refused:
        office.manager.run("move", str(question["job"]["job"]), "spare", "--person", "Ms Okafor")
    assert refused.value.error_code == "cannot-move"
    # The substitute is there, and takes another job.
    send_text(door)
    await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
    assert texts_of(spare) == [TEXT]
    assert [one["job"] for one in jobs_of(office)] == [question["job"]["job"]]
