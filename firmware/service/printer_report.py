"""The set-up of printers for operators, and the ruler that is printed to measure where their ink stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.ruler import ruler_text
from passbook.errors import PassbookError, shown
from passbook.protocol.messages import SubmitJob
from passbook.protocol.printer_setup import RULER_LAYOUTS, PrinterDetails, PrintRuler


class ToldPrinter(Protocol):
    """A printer that can tell of its set-up."""

    def details(self) -> PrinterDetails:
        """Its set-up, and the part of it that is only assumed."""


class PrinterReporter:
    """Tells of the printers of the configuration, by name; none of a next hop."""

    def __init__(self, printers: Mapping[str, ToldPrinter], layouts: Iterable[BookLayout]) -> None:
        self._printers = printers
        self._layouts = {one.name: one for one in layouts}

    def details(self, name: str) -> PrinterDetails:
        """How a printer is set up.  Raises PassbookError `unknown-printer`."""
        if name not in self._printers:
            raise PassbookError("unknown-printer", printer=shown(name), known=", ".join(self._printers))
        return self._printers[name].details()

    def ruler(self, order: PrintRuler, priority: int) -> tuple[SubmitJob, bytes]:
        """The request and the document of a ruler.  Raises PassbookError `unknown-printer` and `layout-unfit`."""
        found = self.details(order.printer)
        # Where none can be printed, acceptance says why the first of them cannot.
        name = RULER_LAYOUTS[0] if found.ruler is None else found.ruler.layout
        layout = self._layouts.get(name)
        if layout is None or layout.kind is not LayoutKind.TEXT:
            raise PassbookError("layout-unfit", layout=name, kind="no text")
        request = SubmitJob(
            order.client_request,
            found.printer,
            "text",
            layout=name,
            first=True,
            key=order.key,
            priority=priority,
            application="ruler",
        )
        return request, ruler_text(layout.lines_per_page, layout.columns_total).encode()
