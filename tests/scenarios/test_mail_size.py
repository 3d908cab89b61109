"""R1, R2: what the door says of the size is true also where a mail goes on, and its trace makes it longer."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest

from demo.mail_servers import Mailbox, free_address
from demo.world import World, await_fact
from passbook.mail.message_reading import LONGEST_MESSAGE, TRACE_ROOM
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import SENDER, connect, jobs_of, mail_settings
from tests.scenarios.office import Office

FAR: Final = "window-1@far.example"
LINE: Final = b"x" * 78 + b"\r\n"


class _Way:
    """An office whose mail for one domain goes on to a mail server."""

    def __init__(self, office: Office, door: str, box: Mailbox) -> None:
        self.office, self.door, self.box = office, door, box


@pytest.fixture
def way(furnished: World) -> Iterator[_Way]:
    with ExitStack() as stack:
        box, door = stack.enter_context(Mailbox()), free_address()
        hop = f'[[hop]]\nname = "far"\naddress = "{box.address}"\ntls = "none"\n'
        route = '[[route]]\nto = ["@far.example"]\nhop = "far"\nnetworks = ["127.0.0.0/8"]\n'
        office = stack.enter_context(an_office(furnished, mail_settings(door) + hop + route, own_key_jobs=True))
        yield _Way(office, door, box)


def of_size(size: int, *headers: bytes) -> bytes:
    """A text mail of exactly so many bytes."""
    head = b"\r\n".join((b"Subject: large", *headers, b"", b""))
    lines, rest = divmod(size - len(head), len(LINE))
    return head + LINE * (lines - 1) + b"x" * (78 + rest) + b"\r\n"


def reply(way: _Way, data: bytes) -> str:
    """The code of the reply to a message."""
    with connect(way.door) as client:
        try:
            client.sendmail(SENDER, [FAR], data)
        except smtplib.SMTPDataError as refused:
            return f"{refused.smtp_code} {str(refused.smtp_error)[2:7]}"
    return "250"


def test_a_mail_of_the_announced_size_goes_on_and_stays_below_the_limit_of_the_next_appliance(way: _Way) -> None:
    with connect(way.door) as client:
        announced = int(client.esmtp_features["size"])
    assert announced == LONGEST_MESSAGE - TRACE_ROOM
    assert reply(way, of_size(announced)) == "250"
    await_fact(lambda: len(way.box.mails) == 1, lambda: jobs_of(way.office))
    [(_, _, mail)] = way.box.mails
    assert announced < len(mail.as_bytes()) < LONGEST_MESSAGE
    assert reply(way, of_size(announced + 1)) == "552 5.3.4"


def test_a_mail_that_another_appliance_handed_on_may_fill_the_room_that_was_left_to_it(way: _Way) -> None:
    assert reply(way, of_size(LONGEST_MESSAGE - 1000, b"Passbook-Trace: north.example")) == "250"
    await_fact(lambda: len(way.box.mails) == 1, lambda: jobs_of(way.office))
