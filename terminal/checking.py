"""A document judged at the terminal as the appliance would judge it, so that it need not be sent.

Theory of operation.  The document stays here: the terminal asks for the layouts, the import profiles and the facts of
the printers, and places the document by the code that the appliance has too. An agent answers for an appliance that
is away. Where neither is reached, the layouts that come with the product count, and people are told so.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec.structs import replace

from drivers.dialects.known import DIALECTS
from drivers.session import DocumentSession
from passbook.document.documents import FORMATS
from passbook.document.drafts import StartLine
from passbook.document.layout import BookLayout
from passbook.document.page_drawing import DrawnPage, drawn_pages
from passbook.errors import PassbookError, shown
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.messages import SubmitJob
from passbook.protocol.two_spools import PrinterFacts
from spooler.destination import Prepared
from spooler.printer import Printer
from spooler.shipped import shipped_imports, shipped_layouts

USUAL_PRINTER: Final = PrinterFacts("printer", "pr2", "cp858", "", False, 0.0, 0.0)  # a word of the protocol


class Checked(NamedTuple):
    """A document that can be printed.

    Attributes:
        start: the place of its first line where neither the document nor a person gives one.
        substituted: how many characters are replaced as the layout declares.
    """

    layout: str
    pages: tuple[DrawnPage, ...]
    start: StartLine | None
    substituted: int


def shipped_reply() -> LayoutsReply:
    """What comes with the product, and a printer of the usual dialect and code page."""
    return LayoutsReply(
        (USUAL_PRINTER,), tuple(shipped_layouts().values()), tuple(shipped_imports().values()), tuple(FORMATS)
    )


def check_document(told: LayoutsReply, request: SubmitJob, document: bytes) -> Checked:
    """Judge a document for a printer; one that names no place is shown from the first line of its book.

    Raises PassbookError as an acceptance would.
    """
    layouts = {one.name: one for one in told.layouts}
    printer = _printer(told, request.printer, layouts)
    start = None
    try:
        prepared = printer.prepare(request, document)
    except PassbookError as error:
        if error.code != "start-not-given":
            raise
        prepared, start = _from_first_line(printer, request, document, layouts)
    layout = layouts[prepared.layout]
    return Checked(layout.name, drawn_pages(prepared.plan, prepared.sheet, layout), start, prepared.substituted)


def _from_first_line(
    printer: Printer, request: SubmitJob, document: bytes, layouts: dict[str, BookLayout]
) -> tuple[Prepared, StartLine]:
    for page in sorted({one.pages[0] for one in layouts.values()}):
        start = StartLine(page, 1)
        try:
            prepared = printer.prepare(replace(request, start=start), document)
        except PassbookError as error:
            if error.code != "start-not-in-book":
                raise
        else:
            return prepared, start
    raise PassbookError("start-not-given")


def _printer(told: LayoutsReply, name: str, layouts: dict[str, BookLayout]) -> Printer:
    """The printer of that name, or the only one; it has no port here.  Raises PassbookError `unknown-printer`."""
    found = [one for one in told.printers if name in {"", one.name} and one.dialect in DIALECTS]
    if len(found) != 1:
        known = ", ".join(one.name for one in told.printers)
        raise PassbookError("unknown-printer", printer=shown(name) or "(not named)", known=known)
    facts = found[0]
    dialect = DIALECTS[facts.dialect](facts.setup, facts.name)
    imports = {one.name: one for one in told.imports}
    return Printer(facts, dialect, layouts, connect=_no_port, tell=lambda _news: None, imports=imports)


def _no_port() -> DocumentSession:
    raise AssertionError("a document is judged without a port")
