"""F5: a notification names a mail and a recipient as their sender wrote them."""

from __future__ import annotations

import datetime

import pytest
from msgspec.structs import replace

from passbook.job.mailed import Mailed, Recipient
from passbook.mail.notifications import MailOutcome, write_notification
from tests.passbook.mail.test_relaying import relay


def notification(envelope_id: str, original: str) -> str:
    """A notification about a mail with these options."""
    to = Recipient("w@here", original)
    mail = Mailed("0" * 32, "a@bank.example", "counter-1", "", (to,), part=1, envelope_id=envelope_id)
    record = replace(relay(1), mail=mail)
    at = datetime.datetime.now(datetime.UTC)
    return write_notification(record, MailOutcome.DISCARDED, "branch.example", "notice-1", at).decode()


def test_a_notification_tells_the_options_as_the_sender_meant_them() -> None:
    told = notification("a+2Bb+3Dc", "rfc822;w+2Bx@branch.example").split("\r\n")
    assert "Original-Envelope-Id: a+b=c" in told
    assert "Original-Recipient: rfc822;w+x@branch.example" in told


@pytest.mark.parametrize("value", ["x+0D+0AAction:+20delivered", "x+0", "x+00", "x\r\nAction: delivered"])
def test_an_option_that_says_no_text_brings_no_line_of_its_own(value: str) -> None:
    told = notification(value, f"rfc822;{value}")
    assert told.count("\r\nAction: ") == 1
    assert "\x00" not in told
