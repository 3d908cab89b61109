"""A peer of the mail door that takes too long is told so and hung up on, at whatever point (P14)."""

from __future__ import annotations

import asyncio
import ssl
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.doors import mail_door
from firmware.doors.mail_door import MailDoor
from firmware.service.mail_intake import Addressed
from passbook.mail.message_reading import LONGEST_MESSAGE
from passbook.mail.routes import Route

ENVELOPE = b"EHLO slow.example\r\nMAIL FROM:<a@bank.example>\r\nRCPT TO:<w@here.example>\r\nDATA\r\n"


async def answers(begin: bytes) -> bytes:
    """All that a peer hears which sends a beginning and nothing more."""
    intake: Any = SimpleNamespace(
        longest=LONGEST_MESSAGE,
        judge_sender=lambda _caller, _sender: None,
        judge_recipient=lambda _caller, address: Addressed(address, Route(("*",), "window-1")),
        judge_need=lambda _route, _need: None,
    )
    door = MailDoor("here.example", intake, judge=lambda _certificate: "", is_usable=lambda: True)
    async with door.open("127.0.0.1", 0, ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)) as server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(begin)
        heard = await asyncio.wait_for(reader.read(), 30.0)
        writer.close()
        return heard


@pytest.mark.slow
@pytest.mark.parametrize("begin", [b"", b"NO", ENVELOPE, ENVELOPE + b"Subject: x\r\n\r\nx"])
def test_a_peer_that_takes_too_long_is_told_so_and_hung_up_on(monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    monkeypatch.setattr(mail_door, "CONVERSATION_TIME", 1.0)
    lines = asyncio.run(answers(begin)).splitlines()
    assert lines[-1][:9] == b"421 4.4.2"
    assert any(line.startswith(b"354 ") for line in lines) == begin.startswith(b"EHLO")
