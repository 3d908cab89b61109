"""F5: the sender of a mail is told of each outcome by mail, from confirmed paper; an unproven one is told nothing."""

from __future__ import annotations

import datetime
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from demo.mail_servers import Mailbox, free_address
from demo.world import World, await_fact
from drivers.simulator.faults import Now, Target
from passbook.job.mailed import Mailed, Recipient
from passbook.mail.notifications import MailOutcome, write_notification
from tests.passbook.mail.test_relaying import relay
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import (
    SENDER,
    WINDOW,
    connect,
    ends_of,
    jobs_of,
    mail_settings,
    update_mail,
)
from tests.scenarios.office import Office, book_of


class Place(NamedTuple):
    """An office with a mail door, and the mail server of its senders' domain."""

    office: Office
    address: str
    box: Mailbox

    def send(self, statement: Statement, notify: str = "") -> None:
        """The counter sends a mail, with its certificate, for a person of the bank."""
        options = [f"NOTIFY={notify}"] if notify else []
        with connect(self.address, self.office.counter) as client:
            mail = update_mail(statement, f"<{statement.number}@bank.example>")
            assert client.send_message(mail, SENDER, [WINDOW], ["ENVID=e1"], options) == {}

    def reports(self, count: int) -> list[str]:
        """The delivery status parts that came, once there are so many."""
        await_fact(lambda: len(self.box.mails) >= count, lambda: (ends_of(self.office), jobs_of(self.office)))
        assert {(sender, *to) for sender, to, _ in self.box.mails} == {("<>", SENDER)}
        return [status_of(mail) for _, _, mail in self.box.mails]


def status_of(mail: EmailMessage) -> str:
    """The part for programs."""
    assert mail.get_content_type() == "multipart/report"
    [status] = [part for part in mail.walk() if part.get_content_type() == "message/delivery-status"]
    return "".join(str(block) for block in status.get_payload())


@pytest.fixture
def place(furnished: World) -> Iterator[Place]:
    with ExitStack() as stack:
        box = stack.enter_context(Mailbox())
        address = free_address()
        hop = f'[[hop]]\nname = "bank"\naddress = "{box.address}"\ntls = "none"\n'
        route = '[[route]]\nto = ["@bank.example", "@open.example"]\nhop = "bank"\nnetworks = ["127.0.0.0/8"]\n'
        office = stack.enter_context(an_office(furnished, mail_settings(address) + hop + route, own_key_jobs=True))
        yield Place(office, address, box)


def test_a_sender_is_told_when_the_last_line_is_on_paper(place: Place) -> None:
    statement = Statement(720, 3)
    with BookClerk(place.office.manager, place.office.hands, lambda _view: book_of(statement)):
        place.send(statement, "SUCCESS,FAILURE")
        [report] = place.reports(1)
    for line in ("Action: delivered", "Original-Envelope-Id: e1", f"Final-Recipient: rfc822; {WINDOW}"):
        assert line in report
    assert "X-Passbook-Outcome: printed" in report


@pytest.mark.long
def test_a_notification_of_another_appliance_passes_to_the_mail_server_and_other_mail_is_refused(place: Place) -> None:
    to = Recipient("w@far.example")
    mail = Mailed("0" * 32, SENDER, "counter-1", "<m@bank.example>", (to,), part=1)
    ended = replace(relay(1), mail=mail)
    at = datetime.datetime.now(datetime.UTC)
    message = write_notification(ended, MailOutcome.DISCARDED, "far.example", "notice-1", at)
    for _ in range(2):
        with connect(place.address) as client:
            assert client.sendmail("", [SENDER], message) == {}
    [report] = place.reports(1)
    assert "X-Passbook-Outcome: discarded" in report
    for sender, goal in ((SENDER, SENDER), ("", WINDOW)):
        with connect(place.address) as client, pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(sender, [goal], message.replace(b"notice-1", b"notice-2"))
        assert (refused.value.smtp_code, b"mail-part-unknown" in refused.value.smtp_error) == (554, True)
    assert len(place.box.mails) == 1


@pytest.mark.long
def test_after_a_power_cut_the_sender_is_told_that_a_person_decides_and_then_who_did(place: Place) -> None:
    place.office.hands.cut(Target.PRINTER, Now())
    place.send(Statement(721, 3))
    place.office.world.kill_appliance()
    place.office.world.start_appliance()
    [waiting] = place.reports(1)
    assert "Action: delayed" in waiting
    assert "power-loss" in waiting
    [question] = place.office.manager.run("questions")
    place.office.manager.run("answer", str(question["job"]["job"]), "--discard", "--person", "Ms Okafor")
    [_, discarded] = place.reports(2)
    assert "Action: failed" in discarded
    assert "X-Passbook-Outcome: discarded" in discarded
    assert "Ms Okafor" in place.box.mails[1][2].as_string()


@pytest.mark.long
def test_a_sender_is_told_after_a_boot_also_of_an_end_that_was_acknowledged(place: Place) -> None:
    """So it is where the power failed after the acknowledgement and before the notification was on disk."""
    office, config = place.office, place.office.world.config_file
    settings = config.read_text()
    office.world.stop_appliance()
    # No way leads to the sender yet, so nothing is made of the end.
    config.write_text(settings.replace('"@bank.example", ', ""))
    office.world.start_appliance()
    office.hands.cut(Target.PRINTER, Now())
    place.send(Statement(726, 2))
    [job] = jobs_of(office)
    office.manager.run("cancel", str(job["job"]), "--person", "Ms Okafor")
    office.world.await_log("notification-left")
    assert office.manager.run("notices") == []
    office.world.stop_appliance()
    config.write_text(settings)
    office.world.start_appliance()
    [report] = place.reports(1)
    assert "X-Passbook-Outcome: discarded" in report
    # A further boot tells it no second time: this outcome is the next one that is told.
    office.world.stop_appliance()
    office.world.start_appliance()
    place.send(Statement(727, 2))
    [other] = jobs_of(office)
    office.manager.run("cancel", str(other["job"]), "--person", "Ms Okafor")
    [first, second] = place.reports(2)
    assert first != second


@pytest.mark.long
def test_an_unproven_sender_is_told_nothing(place: Place) -> None:
    place.office.hands.cut(Target.PRINTER, Now())
    with connect(place.address) as client:
        client.send_message(update_mail(Statement(722, 3)), SENDER, [WINDOW])
    [job] = jobs_of(place.office)
    place.office.manager.run("cancel", str(job["job"]), "--person", "Ms Okafor")
    place.send(Statement(723, 3))
    [other] = [one for one in jobs_of(place.office) if one["job"] != job["job"]]
    place.office.manager.run("cancel", str(other["job"]), "--person", "Ms Okafor")
    [report] = place.reports(1)
    assert "X-Passbook-Outcome: discarded" in report


def test_a_message_of_an_unproven_sender_says_so_to_the_next_hop(place: Place) -> None:
    """Otherwise an appliance there would take this one's word for it, and notify a person who sent nothing."""
    for terminal in (None, place.office.counter):
        with connect(place.address, terminal) as client:
            mail = update_mail(Statement(724, 3), f"<{terminal is None}@bank.example>")
            client.send_message(mail, SENDER, ["other@open.example"])
    await_fact(lambda: len(place.box.mails) == 2, lambda: jobs_of(place.office))
    said = {str(mail["Message-ID"]): mail["Passbook-Sender"] for _, _, mail in place.box.mails}
    assert said == {"<True@bank.example>": "unproven", "<False@bank.example>": None}


def test_relayed_is_not_said_to_be_on_paper(place: Place) -> None:
    with connect(place.address, place.office.counter) as client:
        mail = update_mail(Statement(725, 3), "<725@bank.example>")
        client.send_message(mail, SENDER, ["other@open.example"], [], ["NOTIFY=SUCCESS"])
    await_fact(lambda: len(place.box.mails) == 2, lambda: jobs_of(place.office))
    told = next(mail.as_string() for sender, _, mail in place.box.mails if sender == "<>")
    assert "Action: relayed" in told
    assert "Whether it is on paper is not known here." in told
    assert "every line is on paper" not in told


@pytest.mark.long
def test_a_dead_letter_is_listed_and_sent_again(place: Place) -> None:
    office, box = place.office, place.box
    box.replies = ["550 5.7.1 not today"]
    with connect(place.address, office.counter) as client:
        client.send_message(update_mail(Statement(724, 3), "<724@bank.example>"), SENDER, ["otto@bank.example"])
    await_fact(lambda: bool(office.manager.run("questions")), lambda: jobs_of(office))
    shown = office.manager.screen("questions")
    for words in (
        "the next hop refused the message",
        "otto@bank.example: refused (550 5.7.1 not today)",
        "sends it again",
    ):
        assert words in shown
    [question] = office.manager.run("questions")
    job = str(question["job"]["job"])
    office.manager.run("answer", job, "--print", "--person", "Ms Okafor")
    await_fact(lambda: bool(ends_of(office)), lambda: jobs_of(office))
    assert [mail["Subject"] for _, to, mail in box.mails if to == ["otto@bank.example"]] == ["Update 724"]
