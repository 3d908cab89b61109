"""What operators may ask and do through the control socket; never answer a question (docs/security.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from firmware.identity.doorkeeper import Doorkeeper
from firmware.people.notice_desk import LISTED_AT_ONCE, told
from firmware.people.recovery_desk import RecoveryDesk
from firmware.people.roll import Roll
from firmware.service.findings import Finding, LookedAt
from firmware.system.joining import Joining
from firmware.system.problems import Problems
from passbook.job.record import OPERATOR, Record, without_outline
from passbook.job.states import JobState
from passbook.protocol.environment import LONGEST_WAIT, USUAL_WAIT
from passbook.protocol.history_reply import MOST_LISTED, GetHistory
from passbook.protocol.messages import Nothing, Payload, StatusReport, read_arguments, view_of
from passbook.protocol.naming import check_name
from passbook.protocol.notice import Canceled, notice_of
from passbook.protocol.pages import Page, page_of
from passbook.protocol.progress import paper_words, state_words, take_words
from spooler.desks import Desks
from spooler.hub import Hub
from spooler.logs import Log
from storage import Spool

_LOG: Final = Log("operations")

OperatorHandler: TypeAlias = Callable[[dict[str, Any]], Awaitable[Any]]
"""Takes a command's arguments and gives what msgspec can write as JSON; a PassbookError it raises is told."""

CANCEL_WAIT: Final = 45.0
"""Seconds for the line under way to be finished and the book to be given back; passbookctl waits a little longer."""


class Operations:
    """The commands of the control socket."""

    def __init__(
        self,
        *,
        spool: Spool,
        recovery: RecoveryDesk,
        desks: Desks,
        hub: Hub,
        roll: Roll,
        doorkeeper: Doorkeeper,
        status: Callable[[], StatusReport],
        problems: Problems,
        joining: Joining,
    ) -> None:
        self._spool = spool
        self._recovery = recovery
        self._desks = desks
        self._hub = hub
        self._roll = roll
        self._doorkeeper = doorkeeper
        self._status = status
        self._problems = problems
        self._joining = joining

    def handlers(self) -> dict[str, OperatorHandler]:
        """Command name -> handler."""
        return {
            "status": self._report_status,
            "jobs": self._jobs,
            "job": self._job,
            "questions": self._questions,
            "notices": self._notices,
            "terminals": self._terminals,
            "areas": self._areas,
            "environment": self._environment,
            "history": self._history,
            "accept-rollback": self._accept_rollback,
            "accept-new-store": self._accept_new_store,
            "verify": self._verify,
            "verify-area": self._verify_area,
            "revocations": self._revocations,
            "cancel": self._cancel,
            "hold": self._hold,
            "release": self._release,
        }

    async def _report_status(self, arguments: dict[str, Any]) -> Any:
        read_arguments(arguments, Nothing)
        return self._status()

    async def _jobs(self, arguments: dict[str, Any]) -> Any:
        page = read_arguments(arguments, Page)
        records = await asyncio.to_thread(self._spool.records, page.after, page.read)
        return page_of(map(self._desks.queues.view, records), page.limit)[0]

    async def _job(self, arguments: dict[str, Any]) -> Any:
        """One job, by its id or the beginning of it."""
        asked = read_arguments(arguments, _Job)
        check_name("job", asked.job)
        return self._desks.queues.view(self._spool.find(asked.job))

    async def _questions(self, arguments: dict[str, Any]) -> Any:
        page = read_arguments(arguments, Page)
        rows, _ = await asyncio.to_thread(page_of, self._recovery.all_questions(page.after), page.limit)
        return [msgspec.structs.replace(question, wraps=()) for question in rows]

    async def _terminals(self, arguments: dict[str, Any]) -> Any:
        read_arguments(arguments, Nothing)
        return self._roll.terminals()

    async def _notices(self, arguments: dict[str, Any]) -> Any:
        page = read_arguments(arguments, Page)
        found = await asyncio.to_thread(self._spool.notices.oldest, after=page.after, limit=LISTED_AT_ONCE)
        return [told(ended) for ended in found]

    async def _areas(self, arguments: dict[str, Any]) -> Any:
        read_arguments(arguments, Nothing)
        return self._spool.areas()

    async def _environment(self, arguments: dict[str, Any]) -> Any:
        wanted = read_arguments(arguments, _Environment)
        return await self._desks.environment(wanted.printer, wanted.timeout)

    async def _history(self, arguments: dict[str, Any]) -> Any:
        asked = read_arguments(arguments, _History)
        if asked.summary is not None:
            return await asyncio.to_thread(self._spool.summary, asked.summary, asked.wanted)
        return await asyncio.to_thread(self._spool.history, "", asked.last, asked.wanted)

    async def _accept_rollback(self, arguments: dict[str, Any]) -> Any:
        """An operator takes an area as it is though it was put back; its jobs are asked about with that reason."""
        word = read_arguments(arguments, _AreaWord)
        check_name("person", word.person)
        if self._spool.is_usable():
            await asyncio.to_thread(self._spool.upkeep.accept_rollback, word.area)
        else:
            await asyncio.to_thread(self._spool.accept_closed, word.area)
        self._problems.accepted(word.area)
        _LOG.warning("rollback-accepted", area=word.area, person=word.person)
        await self._joining.look(word=True)
        return {"area": word.area, "accepted": True, "state": self._spool.states()[word.area]}

    async def _accept_new_store(self, arguments: dict[str, Any]) -> Any:
        """An operator says that all that the areas held is lost: new ones are made."""
        word = read_arguments(arguments, _StoreWord)
        check_name("person", word.person)
        await asyncio.to_thread(self._spool.accept_new_store)
        _LOG.warning("new-store-accepted", person=word.person)
        await self._joining.look(word=True)
        return {"accepted": True, "areas": self._spool.states()}

    async def _verify(self, arguments: dict[str, Any]) -> Any:
        read_arguments(arguments, Nothing)
        return [Finding.of(problem) for problem in await asyncio.to_thread(self._spool.verify)]

    async def _verify_area(self, arguments: dict[str, Any]) -> Any:
        """One area at a time, for who shows how far it is."""
        return LookedAt.of(await asyncio.to_thread(self._spool.examine, read_arguments(arguments, _Area).area))

    async def _revocations(self, arguments: dict[str, Any]) -> Any:
        """Read the revocation list again and close the connections of those on it."""
        read_arguments(arguments, Nothing)
        self._doorkeeper.reload()
        closed = [listener for listener in self._hub.everybody() if self._doorkeeper.is_revoked(listener.actor)]
        for listener in closed:
            _LOG.warning("terminal-hung-up", terminal=listener.actor.name, code="certificate-revoked")
            self._hub.expel(listener, "certificate-revoked")
        names = sorted({listener.actor.name for listener in closed})
        return {"closed": names, "revoked": self._doorkeeper.revoked}

    async def _cancel(self, arguments: dict[str, Any]) -> Any:
        order = read_arguments(arguments, _Order)
        ordered = await self._desks.cancel(self._spool.record(order.job), OPERATOR, order.person, senior=True)
        return _canceled(ordered, await self._desks.settled(ordered, CANCEL_WAIT))

    async def _hold(self, arguments: dict[str, Any]) -> Any:
        order = read_arguments(arguments, _Order)
        return self._desks.queues.view(await self._desks.hold(order.job, OPERATOR, order.person))

    async def _release(self, arguments: dict[str, Any]) -> Any:
        order = read_arguments(arguments, _Order)
        return self._desks.queues.view(await self._desks.release(order.job, OPERATOR, order.person, senior=True))


def _canceled(ordered: Record, record: Record) -> Canceled:
    """What became of a job that was as `ordered` when its end was ordered, and is `record` now."""
    notice = notice_of(without_outline(record) if record.ended else record, None)
    words = [state_words(notice.job)]
    if record.valid:
        words.append("It ends before its next step; the one under way has not been finished yet.")
    elif not record.ended:
        words.append("It is not ended: look at the paper. Who is asked about it decides.")
    elif record.state is not JobState.COMPLETED:
        words += [paper_words(notice), *take_words(view_of(ordered), notice)]
    return Canceled(" ".join(words), notice.job, notice.on_paper)


class _History(GetHistory, frozen=True):
    last: Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)] = 50


class _Area(Payload, frozen=True):
    area: str


class _AreaWord(Payload, frozen=True):
    area: str
    person: str = ""


class _StoreWord(Payload, frozen=True):
    person: str = ""


class _Environment(Payload, frozen=True):
    printer: str = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_WAIT)] = USUAL_WAIT


class _Job(Payload, frozen=True):
    job: str


class _Order(Payload, frozen=True):
    job: str
    person: str = ""
