"""F5: an outcome that could not be told is told later, from what the store keeps."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from firmware.config.mail_settings import MailConfig
from firmware.service import mail_notices
from firmware.service.acceptance import Posted
from firmware.service.mail_notices import MOST_WAITING, MailNotices
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.mailed import Mailed, Recipient
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.mail.routes import Route
from tests.passbook.mail.test_relaying import relay


def ended(number: int) -> Record:
    """A job of a proven sender that a person ended."""
    mail = Mailed(f"{number:032x}", "a@bank.example", "counter-1", "", (Recipient("w@here"),), part=1)
    record = replace(relay(1), job_id=f"{number:032x}", mail=mail, valid=False, state=JobState.CANCELED)
    return replace(record, reasons=(Reason.CANCELED_BY_PERSON,))


class Store:
    """Accepts notifications, each once, and refuses those that come while it is full."""

    usual_priority = 50

    def __init__(self, *, full_for: int = 0) -> None:
        self.taken: list[str] = []
        self.refused = 0
        self._full_for = full_for
        self.changed = asyncio.Event()

    async def submit_together(self, _actor: Actor, posted: list[Posted]) -> None:
        """See Acceptance."""
        if self.refused < self._full_for:
            self.refused += 1
            raise PassbookError("spool-stopped", side="appliance", why="it is nearly full")
        [one] = posted
        self.changed.set()
        if one.request.client_request not in self.taken:
            self.taken.append(one.request.client_request)


async def told(store: Any, kept: list[Record], note: list[Record], count: int) -> None:
    """Run until so many notifications were accepted."""
    notices = MailNotices(
        MailConfig("127.0.0.1:25", "here"),
        [Route(("*",), "bank")],
        ["bank"],
        store,
        kept=lambda: kept,
        now=lambda: datetime.datetime.now(datetime.UTC),
    )
    for record in note:
        notices.note(record)
    running = asyncio.create_task(notices.run())
    async with asyncio.timeout(30.0):
        while len(store.taken) < count:
            store.changed.clear()
            await store.changed.wait()
    running.cancel()


def test_what_a_full_store_refused_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_notices, "AGAIN", 0.0)
    store = Store(full_for=3)
    asyncio.run(told(store, [ended(1)], [ended(1)], 1))
    assert store.refused == 3


def test_more_outcomes_than_can_wait_are_told_from_the_store() -> None:
    many = [ended(number) for number in range(MOST_WAITING + 5)]
    store = Store()
    asyncio.run(told(store, many, many, len(many)))
    assert len(store.taken) == len(many)
