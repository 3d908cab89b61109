"""The look for substitutes goes on, whatever is wrong with one job (P3)."""

from __future__ import annotations

import asyncio
import datetime
import itertools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from firmware.config.mail_settings import MailConfig
from firmware.service.substitution import Substitutes
from passbook.document.import_profile import NO_IMPORTS
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.issue import FormIssue
from passbook.job.record import Record
from passbook.mail.routes import Route
from passbook.mail.smtp_envelope import Need
from passbook.protocol.media import Device, MechanismStatus, Media
from spooler.clock import SystemClock
from storage import Ticket
from tests.storage.store import make_record


class Broken:
    """A store that can read no job: its area is out of use."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.all_asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def record(self, job: str) -> None:
        """See Spool.record."""
        self.asked.append(job)
        if len(self.asked) == 2:
            self._loop.call_soon_threadsafe(self.all_asked.set)
        raise PassbookError("area-fenced", area="a", why="it was damaged")


def test_a_job_that_cannot_be_read_does_not_end_the_look() -> None:
    async def look() -> None:
        spool = Broken()
        off = SimpleNamespace(printer="window-1", status=MechanismStatus(Device.OFFLINE, Media.UNKNOWN))
        parts: Any = {
            "jobs": SimpleNamespace(spool=spool),
            "desks": SimpleNamespace(
                views=lambda: (off,), queues=SimpleNamespace(waiting=lambda _printer: ["job-1", "job-2"])
            ),
            "acceptance": None,
            "relays": None,
        }
        substitutes = Substitutes(
            MailConfig("127.0.0.1:25", "branch.example", grace_offline=0.0),
            [Route(("@branch.example",), "window-1", ("window-1",))],
            {},
            can_issue=lambda _printer, _form, _sheets: True,
            imports=NO_IMPORTS,
            clock=SystemClock(),
            now=lambda: datetime.datetime.now(datetime.UTC),
            **parts,
        )
        looking, told = asyncio.create_task(substitutes.run()), asyncio.create_task(spool.all_asked.wait())
        done, _ = await asyncio.wait([looking, told], timeout=30.0, return_when=asyncio.FIRST_COMPLETED)
        assert done == {told}
        assert spool.asked == ["job-1", "job-2"]
        looking.cancel()

    asyncio.run(look())


class AskedHop:
    """A next hop that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Need] = []

    def takes(self, _mail: object, need: Need) -> bool:
        """See NextHop.takes."""
        self.asked.append(need)
        return False


def test_a_substitute_is_asked_for_what_the_job_needs() -> None:
    ready = SimpleNamespace(printer="window-2", status=MechanismStatus(Device.ONLINE, Media.UNKNOWN))
    asked: list[tuple[str, str, int]] = []

    def can_issue(printer: str, form: str, sheets: int) -> bool:
        asked.append((printer, form, sheets))
        return False

    hop = AskedHop()
    parts: Any = {"jobs": None, "desks": SimpleNamespace(views=lambda: (ready,)), "acceptance": None, "relays": None}
    hops: Any = {"far": hop}
    substitutes = Substitutes(
        MailConfig("127.0.0.1:25", "branch.example"),
        [],
        hops,
        can_issue=can_issue,
        imports=NO_IMPORTS,
        clock=SystemClock(),
        now=lambda: datetime.datetime.now(datetime.UTC),
        **parts,
    )
    lines = (StepOutline(StepKind.LINE, 1, 1), StepOutline(StepKind.LINE, 2, 1), StepOutline(StepKind.EJECT, 2))
    ticket = Ticket("a", "0a" * 16, 1, "teller-1", "r-1", 10, b"")
    record = make_record(ticket, outline=lines, steps=3, issue=FormIssue("certificate"), format="form", layout="kit")
    text = make_record(ticket, outline=lines, steps=3, format="text", layout="sheet")
    assert not asyncio.run(substitutes._can_take(record, "window-2"))
    assert not asyncio.run(substitutes._can_take(record, "far"))
    assert asked == [("window-2", "certificate", 2)]
    assert not asyncio.run(substitutes._can_take(text, "far"))
    assert hop.asked == [Need("form", "kit", "certificate", 2), Need("text")]


def known_ways(routes: Sequence[Route], record: Record, *earlier: Record) -> str:
    """The substitutes that an order to a wrong place is told; `earlier` are the jobs for which this one stands in."""
    store = {one.job_id: one for one in earlier}

    def read(job: str) -> Record:
        if job not in store:
            raise PassbookError("unknown-job", job=job)
        return store[job]

    parts: Any = {"jobs": SimpleNamespace(spool=SimpleNamespace(record=read)), "desks": None, "acceptance": None}
    substitutes = Substitutes(
        MailConfig("127.0.0.1:25", "branch.example"),
        routes,
        {},
        relays=parts["desks"],
        can_issue=lambda _printer, _form, _sheets: True,
        imports=NO_IMPORTS,
        clock=SystemClock(),
        now=lambda: datetime.datetime.now(datetime.UTC),
        **parts,
    )
    with pytest.raises(PassbookError) as refused:
        asyncio.run(substitutes.move(record, "nowhere", 0))
    assert refused.value.code == "no-way-there"
    return str(refused.value.facts["known"])


ROUTES = (
    Route(("one@here",), "window-1", ("window-2", "window-3")),
    Route(("two@here",), "window-2", ("window-4",)),
    Route(("also@here",), "window-1", ("window-5",)),
    Route(("@plain",), "window-1"),
)


@pytest.mark.parametrize("routes", list(itertools.permutations(ROUTES)))
def test_the_order_of_routes_decides_nothing_for_a_job_of_a_terminal(routes: Sequence[Route]) -> None:
    job = make_record(Ticket("a", "0a" * 16, 1, "teller-1", "r-1", 10, b""))
    told = {goal: known_ways(routes, replace(job, printer=goal)) for goal in ("window-1", "window-2", "window-3")}
    assert told == {"window-1": "window-5", "window-2": "window-4", "window-3": "none"}


def test_a_job_that_stands_in_goes_on_by_the_route_of_the_one_that_was_sent() -> None:
    sent = replace(make_record(Ticket("a", "0a" * 16, 1, "teller-1", "r-1", 10, b"")), printer="window-1")
    second = replace(sent, job_id="0b" * 16, printer="window-2", stands_for=sent.job_id)
    third = replace(sent, job_id="0c" * 16, printer="window-3", stands_for=second.job_id)
    assert known_ways(ROUTES[:2], second, sent) == "window-3"
    assert known_ways(ROUTES[:2], third, sent, second) == "none"
    assert known_ways(ROUTES[:2], second) == "window-4", "the job before it is not kept any more"
