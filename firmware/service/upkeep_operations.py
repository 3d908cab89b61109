"""The operations of the appliance's upkeep: areas, clock, certificates, printers, routes and stock.

Operators order them, and auditors may look.  They touch no job; what a person does with a job is in `operations`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from firmware.identity.doorkeeper import Doorkeeper
from firmware.service.clock_report import ClockReporter
from firmware.service.mail_orders import MailOrders
from firmware.service.printer_report import PrinterReporter
from firmware.service.refusals import (
    STOCKED,
    TAKEN_OVER,
)
from firmware.service.replies import AreaList, LookedAt
from firmware.service.roles import LOOKING, OPERATORS
from firmware.system.joining import Joining
from passbook.protocol.messages import (
    Nothing,
    PrinterView,
)
from passbook.protocol.naming import check_name
from passbook.protocol.operation import Call, operation
from passbook.protocol.operators import (
    AcceptedArea,
    AcceptedStore,
    AcceptNewStore,
    AcceptRollback,
    AreaRef,
    AskRoute,
    ClockReport,
    PausePrinter,
    ResumePrinter,
    Revocations,
    RouteTest,
    VouchForClock,
)
from passbook.protocol.printer_setup import PrinterDetails, PrinterRef
from passbook.protocol.stock_orders import ListStock, ReplenishStock, SpoilStock, StockList
from spooler.desks import Desks
from spooler.form_stock import FormStock
from spooler.hub import Hub
from spooler.logs import Log
from spooler.problems import Problems
from storage import Spool

_LOG: Final = Log("upkeep")


class UpkeepOperations:
    """The handlers of these operations."""

    def __init__(
        self,
        *,
        spool: Spool,
        desks: Desks,
        hub: Hub,
        doorkeeper: Doorkeeper,
        clock: ClockReporter,
        problems: Problems,
        joining: Joining,
        mailing: MailOrders,
        stock: FormStock,
        printers: PrinterReporter,
    ) -> None:
        self._spool = spool
        self._desks = desks
        self._hub = hub
        self._doorkeeper = doorkeeper
        self._clock = clock
        self._problems, self._joining = problems, joining
        self._mailing, self._stock = mailing, stock
        self._printers = printers

    @operation("Appliance.ListAreas", LOOKING, is_served_locked=True)
    async def list_areas(self, _call: Call, _payload: Nothing) -> AreaList:
        """List the storage areas with state and capacity."""
        return AreaList(tuple(self._spool.areas()))

    @operation("Appliance.VerifyArea", LOOKING, "unknown-area", "area-fenced", is_served_locked=True)
    async def verify_area(self, _call: Call, asked: AreaRef) -> LookedAt:
        """Check every record and the history's chain of one area."""
        return LookedAt.of(await asyncio.to_thread(self._spool.examine, asked.area))

    @operation("Appliance.AcceptRollback", OPERATORS, *TAKEN_OVER, "nothing-to-accept", is_served_locked=True)
    async def accept_rollback(self, _call: Call, word: AcceptRollback) -> AcceptedArea:
        """Go on with an area that was rolled back; people are asked about its jobs."""
        check_name("person", word.person)
        if self._spool.is_usable():
            await asyncio.to_thread(self._spool.upkeep.accept_rollback, word.area)
        else:
            await asyncio.to_thread(self._spool.accept_closed, word.area)
        self._problems.accepted(word.area)
        _LOG.warning("rollback-accepted", area=word.area, person=word.person)
        await self._joining.look(word=True)
        return AcceptedArea(word.area, accepted=True, state=self._spool.states()[word.area])

    @operation(
        "Appliance.AcceptNewStore",
        OPERATORS,
        "not-a-new-store",
        "area-not-made",
        "mark-not-written",
        is_served_locked=True,
    )
    async def accept_new_store(self, _call: Call, word: AcceptNewStore) -> AcceptedStore:
        """Make new areas for a locked appliance: all that its store held is lost."""
        check_name("person", word.person)
        await asyncio.to_thread(self._spool.accept_new_store)
        _LOG.warning("new-store-accepted", person=word.person)
        await self._joining.look(word=True)
        return AcceptedStore(accepted=True, areas=self._spool.states())

    @operation("Appliance.ReadRevocations", OPERATORS, "file-problem", is_served_locked=True)
    async def read_revocations(self, _call: Call, _payload: Nothing) -> Revocations:
        """Read the revocation list again, and end the connections of the terminals on it."""
        self._doorkeeper.reload()
        closed = [listener for listener in self._hub.everybody() if self._doorkeeper.is_revoked(listener.actor)]
        for listener in closed:
            _LOG.warning("terminal-hung-up", terminal=listener.actor.name, code="certificate-revoked")
            self._hub.expel(listener, "certificate-revoked")
        names = sorted({listener.actor.name for listener in closed})
        return Revocations(tuple(names), self._doorkeeper.revoked)

    @operation("Appliance.GetClock", OPERATORS, is_served_locked=True)
    async def clock(self, _call: Call, _payload: Nothing) -> ClockReport:
        """Tell what the appliance believes of time, and why."""
        return self._clock.report()

    @operation("Appliance.VouchForClock", OPERATORS, is_served_locked=True)
    async def vouch_for_clock(self, _call: Call, word: VouchForClock) -> ClockReport:
        """Trust the clock by an operator's word, until the next boot or until the clock jumps."""
        self._clock.vouch(word.person)
        return self._clock.report()

    @operation("Appliance.PausePrinter", OPERATORS, "unknown-printer", "file-problem")
    async def pause_printer(self, _call: Call, order: PausePrinter) -> PrinterView:
        """Have a printer finish the job that it prints and start no other, until it is resumed."""
        return await self._desks.pause(order.printer, order.person, order.reason)

    @operation("Appliance.ResumePrinter", OPERATORS, "unknown-printer", "file-problem")
    async def resume_printer(self, _call: Call, order: ResumePrinter) -> PrinterView:
        """Have a paused printer start jobs again."""
        return await self._desks.resume(order.printer, order.person)

    @operation("Appliance.GetPrinter", LOOKING, "unknown-printer", is_served_locked=True)
    async def printer(self, _call: Call, asked: PrinterRef) -> PrinterDetails:
        """Tell how a printer is set up, what it told of its own set-up, and what is only assumed of it."""
        return self._printers.details(asked.printer)

    @operation("Appliance.TestRoute", OPERATORS)
    async def say_route(self, _call: Call, asked: AskRoute) -> RouteTest:
        """Say what would happen to a mail for an address, step by step, and why; nothing is sent."""
        return self._mailing.say_route(asked)

    @operation("Appliance.ListStock", LOOKING, "unknown-printer", "stock-not-known")
    async def list_stock(self, _call: Call, asked: ListStock) -> StockList:
        """List the forms in the cassettes of printers, and the last moves of this stock."""
        return await asyncio.to_thread(self._stock.told, asked)

    @operation("Appliance.ReplenishStock", OPERATORS, *STOCKED)
    async def replenish_stock(self, _call: Call, order: ReplenishStock) -> StockList:
        """Note sheets that a person put into a cassette; jobs that wait for them begin."""
        return await asyncio.to_thread(self._stock.replenish, order)

    @operation("Appliance.SpoilStock", OPERATORS, *STOCKED)
    async def spoil_stock(self, _call: Call, order: SpoilStock) -> StockList:
        """Note sheets of a cassette that are no good, or missing, with the reason."""
        return await asyncio.to_thread(self._stock.spoil, order)
