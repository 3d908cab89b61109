"""R1: mail of clients that nobody here wrote becomes jobs, each durable before 250, and prints."""

from __future__ import annotations

import smtplib

import pytest

from demo.mail_servers import free_address
from demo.world import PRINTER, await_fact
from drivers.simulator.faults import Now, Target
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import (
    DOMAIN,
    SENDER,
    WINDOW,
    connect,
    ends_of,
    jobs_of,
    mail_settings,
    update_mail,
)
from tests.scenarios.office import Office, book_of


@pytest.fixture
def mail_office(open_office: OpenOffice) -> tuple[Office, str]:
    """An office with a mail door, and the door's address."""
    address = free_address()
    return open_office(mail_settings(address), own_key_jobs=True), address


@pytest.mark.long
def test_an_update_that_came_by_mail_is_printed(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    statement = Statement(700, 3)
    with BookClerk(office.manager, office.hands, lambda _view: book_of(statement)):
        with connect(address) as client:
            assert client.send_message(update_mail(statement), SENDER, [WINDOW]) == {}
        await_fact(lambda: bool(ends_of(office)), lambda: ends_of(office))
    assert [end["state"] for end in ends_of(office)] == ["completed"]
    judge(office.world.paper, book_of(statement), statement.expected())


def test_the_same_mail_again_is_the_same_job(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    office.hands.cut(Target.PRINTER, Now())
    mail = update_mail(Statement(701, 3), "<one@bank.example>")
    for _ in range(2):
        with connect(address) as client:
            client.send_message(mail, SENDER, [WINDOW, WINDOW.upper()])
    # Headers and encoding of a mail change on its way.
    mail["Received"] = "from elsewhere by relay.example; Mon, 02 Mar 2026 10:00:01 +0100"
    mail.replace_header("Subject", "changed by a relay")
    with connect(address) as client:
        client.send_message(mail, SENDER, [WINDOW])
    assert len(jobs_of(office)) == 1
    other = update_mail(Statement(702, 3), "<one@bank.example>")
    with connect(address) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(other, SENDER, [WINDOW])
    assert refused.value.smtp_code == 554
    assert b"request-reused" in refused.value.smtp_error
    assert len(jobs_of(office)) == 1


def test_a_part_of_an_unknown_type_refuses_the_whole_mail(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    mail = update_mail(Statement(703, 3))
    mail.add_attachment(b"not printed", maintype="image", subtype="png", filename="logo.png")
    with connect(address) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(mail, SENDER, [WINDOW])
    assert refused.value.smtp_code == 554
    assert b"logo.png" in refused.value.smtp_error
    assert jobs_of(office) == []


def test_mail_is_taken_under_a_low_ceiling_of_priority(open_office: OpenOffice) -> None:
    """A mail asks for no priority, so none can be too high."""
    address = free_address()
    office = open_office(mail_settings(address) + "[limits]\npriority_ceiling = 10\n", own_key_jobs=True)
    office.hands.cut(Target.PRINTER, Now())
    with connect(address) as client:
        client.send_message(update_mail(Statement(703, 3)), SENDER, [WINDOW])
    assert [job["priority"] for job in jobs_of(office)] == [10]


@pytest.mark.long
@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("text", b"2.1.5"),
        ("passbook-update+csv:savings-24", b"2.1.5"),
        ("passbook-update+csv:postbank-28", b"5.6.0 unknown-layout"),
        ("postscript", b"5.6.0 unknown-format"),
        ("pdf", b"5.6.0 no-graphics"),
    ],
)
def test_another_appliance_learns_whether_its_job_can_print_here(
    mail_office: tuple[Office, str], asked: str, reply: bytes
) -> None:
    _, address = mail_office
    with connect(address) as client:
        assert client.has_extn("XFORMAT")
        client.mail(SENDER)
        code, told = client.rcpt(WINDOW, [f"XFORMAT={asked}"])
    assert (code, told[: len(reply)]) == (250 if reply == b"2.1.5" else 554, reply)


@pytest.mark.long
def test_the_same_mail_is_the_same_job_whoever_else_gets_it(open_office: OpenOffice) -> None:
    address, second = free_address(), f"desk@{DOMAIN}"
    route = f'[[route]]\nto = ["{second}"]\nprinter = "{PRINTER}"\nnetworks = ["127.0.0.1/32"]\n'
    office = open_office(mail_settings(address) + route, own_key_jobs=True)
    office.hands.cut(Target.PRINTER, Now())
    mail = update_mail(Statement(703, 2), "<three@bank.example>")
    for recipients in ([WINDOW, second], [WINDOW], [second]):
        with connect(address) as client:
            client.send_message(mail, SENDER, recipients)
    assert len(jobs_of(office)) == 2


@pytest.mark.long
def test_beside_next_hops_the_only_printer_need_not_be_named(open_office: OpenOffice) -> None:
    hop = f'[[hop]]\nname = "bank"\naddress = "{free_address()}"\ntls = "none"\n'
    office = open_office(mail_settings(free_address()) + hop, own_key_jobs=True)
    assert office.counter.run("environment")["printer"] == PRINTER
    office.hands.cut(Target.PRINTER, Now())
    file = office.world.folder / "notice.txt"
    file.write_text("A text.\n")
    assert office.counter.run("print", str(file), "--no-wait")["payload"]["printer"] == PRINTER
