"""What the appliance told of its printers and layouts, kept for the time when it is away."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path

import msgspec

from drivers.dialects.known import DIALECTS
from drivers.ports.place import place_of
from passbook.document.import_profile import NO_IMPORTS, Imports
from passbook.document.layout import BookLayout
from passbook.document.page_drawing import drawn_pages
from passbook.document.plan import outline
from passbook.errors import PassbookError, shown
from passbook.protocol.document_check import CheckDocument, CheckedDocument
from passbook.protocol.messages import SheetView, SubmitJob
from passbook.protocol.printer_setup import PrinterSetup
from passbook.protocol.two_spools import AgentWelcome, PrinterFacts, sheets_of
from spooler.clock import Clock
from spooler.destination import Prepared
from spooler.news import News
from spooler.printer import Printer, PrinterSettings, connect_mechanism
from storage import files


class KnownAppliance:
    """The last welcome, in memory and in `file`."""

    def __init__(self, file: Path, clock: Clock, machine: str) -> None:
        """Read the file; one that cannot be read is learned anew.  `machine` is the name of this machine."""
        self._machine = machine
        self._file = file
        self._clock = clock
        self.welcome: AgentWelcome | None = None
        try:
            if files.exists(file):
                self.welcome = msgspec.json.decode(files.read(file), type=AgentWelcome)
        except (PassbookError, ValueError, RecursionError):
            self.welcome = None

    def learn(self, welcome: AgentWelcome) -> None:
        """Keep what the appliance says of itself now, durably.  Raises PassbookError `file-problem`."""
        known = self.welcome
        self.welcome = welcome
        if known is None or _told(known) != _told(welcome):
            files.save_file(self._file, msgspec.json.encode(welcome), files.PRIVATE)

    def prepare(self, request: SubmitJob, document: bytes) -> Prepared:
        """Place a document as the appliance would.  Raises PassbookError, `unknown-printer` for one not known here."""
        facts = self._facts(request.printer)
        return self.make_printer(facts, facts.setup, tell=lambda _news: None).prepare(request, document)

    def check(self, asked: CheckDocument, document: bytes) -> CheckedDocument:
        """Judge a document as the appliance would, and give its pages.  Raises as prepare() does."""
        prepared = self.prepare(asked.request, document)
        pages = drawn_pages(prepared.plan, prepared.sheet, self.layout(prepared.layout))
        steps = outline(prepared.plan)
        return CheckedDocument(prepared.layout, prepared.form, steps, pages, prepared.account, prepared.substituted)

    def make_printer(self, settings: PrinterSettings, setup: PrinterSetup, *, tell: Callable[[News], None]) -> Printer:
        """A printer to place documents for, or to drive.

        Raises PassbookError `profile-malformed` for a profile of a newer appliance.
        """
        spoken = DIALECTS[settings.dialect](setup, settings.name)
        layouts = {} if self.welcome is None else {one.name: one for one in self.welcome.layouts}
        connect = functools.partial(connect_mechanism, settings, spoken, self._clock)
        return Printer(settings, spoken, layouts, connect=connect, tell=tell, imports=self.imports().profiles)

    def imports(self) -> Imports:
        """The appliance's import profiles, and the layouts that name one."""
        if self.welcome is None:
            return NO_IMPORTS
        by_layout = {one.name: one.import_name for one in self.welcome.layouts}
        return Imports({one.name: one for one in self.welcome.imports}, by_layout)

    def printers(self) -> list[str]:
        """The names of the appliance's printers."""
        return [] if self.welcome is None else [one.name for one in self.welcome.printers]

    @property
    def report_wait(self) -> float:
        """Seconds without a report after which the appliance asks people; without end where it is not known yet."""
        return math.inf if self.welcome is None else self.welcome.report_wait

    def sheets(self) -> tuple[SheetView, ...]:
        """The appliance's layouts on which a text is printed."""
        return () if self.welcome is None else sheets_of(self.welcome.layouts)

    def layout(self, name: str) -> BookLayout | None:
        """A layout of the appliance; None for one that it does not have."""
        layouts = () if self.welcome is None else self.welcome.layouts
        return next((one for one in layouts if one.name == name), None)

    def draws(self, printer: str) -> bool:
        """Whether the appliance draws text for a printer that its code page lacks."""
        return self._facts(printer).draws

    def has_port(self, port: str) -> bool:
        """Whether the appliance configures a printer at the place of this port, however it is written."""
        told = () if self.welcome is None else self.welcome.printers
        try:
            place = place_of(port, self._machine)
        except ValueError:
            return False
        return any(one.place == place for one in told)

    def _facts(self, name: str) -> PrinterFacts:
        told = {} if self.welcome is None else {one.name: one for one in self.welcome.printers}
        facts = told.get(name)
        if facts is None or facts.dialect not in DIALECTS:
            raise PassbookError("unknown-printer", printer=shown(name), known=", ".join(told))
        return facts


def _told(welcome: AgentWelcome) -> tuple[object, ...]:
    """The parts of a welcome that are kept for the time when the appliance is away."""
    return welcome.printers, welcome.layouts, welcome.imports
