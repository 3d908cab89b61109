"""A printer as a destination: documents are placed by layouts, steps go through a document session, books to people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

import msgspec

from drivers.dialects.dialect import Dialect
from drivers.ports.port import PortError, open_port
from drivers.profile import assumed_values
from drivers.session import DocumentSession, SessionState
from drivers.stop import MechanismStop
from passbook.book.claim import BookPlace, BookShape
from passbook.document.band_placing import place_bands, request_pages
from passbook.document.characters import CodePageText
from passbook.document.documents import DRAWN_FORMATS, Hints, PassbookUpdate, PdfDocument, check_format, parse_document
from passbook.document.import_profile import NO_PROFILES, ImportProfile, Imports
from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.next_book import most_rows, new_book_start
from passbook.document.placing import place
from passbook.document.plan import Band, Line, Plan
from passbook.document.ruler import ruler_text
from passbook.document.substitutes import TextSubstitutes
from passbook.document.text_bands import DrawTexts, Pen
from passbook.errors import PassbookError, shown
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.job.step_machine import AskForMedium, DoStep, Happening
from passbook.protocol.media import MechanismStatus, Media
from passbook.protocol.messages import SubmitJob
from passbook.protocol.printer_setup import RULER_LAYOUTS, PrinterDetails, ReadBack, RulerPlace
from spooler.book_prompts import People, PeopleSettings
from spooler.clock import Clock
from spooler.destination import DestinationAct, Heard, Prepared
from spooler.logs import Log
from spooler.news import News
from spooler.page_renderer import Render, render_pages, render_texts

_LOG: Final = Log("printer")


class PrinterSettings(PeopleSettings, Protocol):
    """The settings of one printer."""

    @property
    def port(self) -> str:
        """The address of its port."""

    @property
    def code_page(self) -> str:
        """The code page of its dialect in which it prints."""

    @property
    def dialect(self) -> str:
        """The name of its dialect."""


class Printer:
    """A printer of one dialect.  `connect` opens a session at it, or raises MechanismStop; `render` draws pages."""

    def __init__(
        self,
        settings: PrinterSettings,
        dialect: Dialect,
        layouts: Mapping[str, BookLayout],
        *,
        connect: Callable[[], DocumentSession],
        tell: Callable[[News], None],
        render: Render = render_pages,
        draw: DrawTexts = render_texts,
        font: bytes = b"",
        forms: Collection[str] | None = None,
        imports: Mapping[str, ImportProfile] = NO_PROFILES,
    ) -> None:
        """`font` is the file with which `draw` draws text that its code page lacks; empty where none is drawn.

        `forms` are the kinds that are kept in stock for it; None where another process judges that.
        """
        self._imports = Imports(imports, {name: one.import_name for name, one in layouts.items()})
        self._forms = forms
        self.name = settings.name
        self.lines_in_doubt = dialect.profile.lines_in_doubt
        self._code_page = settings.code_page
        self._dialect = dialect
        self._layouts = layouts
        # What no layout has room for is not looked at: a terminal may send it again and again.
        self._most_lines = max((most_rows(one, new_book_start(one)) for one in layouts.values()), default=0)
        self._connect = connect
        self._render = render
        self._draw = draw
        self._font = font
        self._people = People(settings, tell)
        self._settings = settings
        self._read_back: ReadBack | None = None

    def prepare(self, request: SubmitJob, document: bytes) -> Prepared:
        """Read the document, place it whole by its layout, and refuse what this printer cannot print.

        Raises PassbookError.
        """
        hints = Hints(self._imports, request.import_name, request.layout)
        parsed = parse_document(request.format, document, self._most_lines, hints)
        layout = self._layout_of(request.layout or parsed.layout)
        if layout.form and self._forms is not None and layout.form not in self._forms:
            known = ", ".join(sorted(self._forms)) or "none"
            raise PassbookError("unknown-form", form=layout.form, printer=self.name, layout=layout.name, known=known)
        page, name = self._dialect.profile.find_code_page(self._code_page), self._code_page
        text = CodePageText(page.codec, name, page.wide is not None)
        pen = self._pen()
        substitutes = TextSubstitutes(layout, text, draws=pen is not None)
        if isinstance(parsed, PdfDocument):
            plan = self._drawn(parsed, layout)
        else:
            plan = place(
                parsed,
                layout,
                codec=page.codec,
                code_page=name,
                has_wide=text.has_wide,
                start=request.start,
                substitutes=substitutes,
                pen=pen,
            )
        sheet = layout.sheet
        self._dialect.check_printable(sheet, plan, layout=layout.name, printer=self.name)
        prepared = Prepared(plan, layout.name, sheet, layout.form, substituted=substitutes.replaced)
        if not isinstance(parsed, PassbookUpdate):
            return prepared
        return prepared._replace(book=_book_shape(parsed, layout, plan), account=parsed.account)

    def draws(self, request: SubmitJob, document: bytes) -> bool:
        """Whether another process may draw for this document: a PDF, or text beyond ASCII where there is a font."""
        if request.format in DRAWN_FORMATS:
            return True
        # JSON may write any character in ASCII.
        return bool(self._font) and (not document.isascii() or b"\\u" in document)

    def _pen(self) -> Pen | None:
        graphics = self._dialect.graphics
        if graphics is None or not self._font:
            return None
        return Pen(self._font, graphics.pitch, graphics.base_rows, self._draw)

    def _drawn(self, document: PdfDocument, layout: BookLayout) -> Plan:
        """The plan of a document that is printed as pictures."""
        graphics = self._dialect.graphics
        if graphics is None:
            raise PassbookError("no-graphics", printer=self.name, format="pdf")
        wanted = request_pages(document.data, layout, graphics.pitch)
        return place_bands(self._render(wanted), wanted, graphics.pitch.rows)

    def judge_announced(self, request: SubmitJob) -> None:
        """Refuse an unknown format or layout, and a sheet that is not that of the layout.  Raises PassbookError.

        So is one that takes forms from stock, which the appliance keeps.
        """
        self.judge_kind(request.format, request.layout)
        form = self._layout_of(request.layout).form
        if form:
            raise PassbookError("form-needs-appliance", form=form)
        if request.sheet != self._layout_of(request.layout).sheet:
            raise PassbookError("document-differs", job=request.job, why="its sheet")

    def judge_kind(self, format: str, layout: str) -> None:  # noqa: A002  # the word of the protocol
        """Refuse a format, and a layout if one is named, that it cannot print.  Raises PassbookError."""
        check_format(format)
        if format in DRAWN_FORMATS and self._dialect.graphics is None:
            raise PassbookError("no-graphics", printer=self.name, format=format)
        if layout:
            self._dialect.check_printable(self._layout_of(layout).sheet, (), layout=layout, printer=self.name)

    def _layout_of(self, named: str) -> BookLayout:
        if named not in self._layouts:
            raise PassbookError("unknown-layout", layout=shown(named), known=", ".join(self._layouts))
        return self._layouts[named]

    def open(self, heard: Heard) -> PrinterLink:
        """Open a session at it.  Raises MechanismStop."""
        session = self._connect()
        session.heard = heard
        return PrinterLink(session, self._people, self._note_setup)

    def _note_setup(self, read: ReadBack | None) -> None:
        """Keep what the printer told; stop where lines would come to wrong places, and log any other difference once.

        Raises MechanismStop.
        """
        is_news, self._read_back = read != self._read_back, read
        if is_news:
            for problem in self.problems():
                _LOG.warning("set-up-read", printer=self.name, code=problem.code, why=str(problem))
        for value in read.values if read is not None else ():
            if value.prints_wrong:
                cause = (
                    f"{value.key} is {value.found} in the printer's own set-up, and {value.configured} is configured"
                )
                raise MechanismStop(Reason.SETUP_DIFFERS, f"{value.key}-{value.found}", cause)

    def problems(self) -> list[PassbookError]:
        """The differences of the printer's own set-up, and its unexplained bytes; its status tells what stops it."""
        read = self._read_back
        if read is None:
            return []
        found = [
            PassbookError(
                "printer-set-up-other", printer=self.name, key=one.key, found=one.found, configured=one.configured
            )
            for one in read.values
            if one.differs and not one.prints_wrong
        ]
        if read.unexplained:
            why = f"{read.unexplained}; it answered {read.answer}" if read.answer else read.unexplained
            found.append(PassbookError("printer-set-up-unexplained", printer=self.name, why=why))
        return found

    def details(self) -> PrinterDetails:
        """How the printer is set up, and what is only assumed of it."""
        profile, setup = self._dialect.profile, self._dialect.setup
        return PrinterDetails(
            printer=self.name,
            dialect=self._settings.dialect,
            profile=profile.name,
            port=self._settings.port,
            code_page=self._code_page,
            elementary_step=self._dialect.elementary_step,
            x_offset=setup.x_offset,
            y_offset=setup.y_offset,
            read_back=self._read_back,
            problems=tuple(map(str, self.problems())),
            assumed=assumed_values(profile),
            ruler=next((RulerPlace.on(one) for one in self._layouts_for_ruler() if self._can_print_ruler(one)), None),
        )

    def _layouts_for_ruler(self) -> list[BookLayout]:
        found = [self._layouts.get(name) for name in RULER_LAYOUTS]
        return [one for one in found if one is not None and one.kind is LayoutKind.TEXT]

    def _can_print_ruler(self, layout: BookLayout) -> bool:
        text = ruler_text(layout.lines_per_page, layout.columns_total)
        try:
            self.prepare(SubmitJob("ruler", self.name, "text", layout=layout.name, first=True), text.encode())
        except PassbookError:
            return False
        return True


def _book_shape(update: PassbookUpdate, layout: BookLayout, plan: Plan) -> BookShape:
    """The update as it lies in its book."""
    lines = [(step.page, step.line) for step in plan if isinstance(step, Line | Band)]
    entries = [(page, line) for page, line in lines if line in layout.entry_lines(page)] or lines
    end = layout.place_after(*entries[-1], 1)
    return BookShape(
        kind=layout.book or layout.name,
        content=msgspec.msgpack.encode([msgspec.structs.astuple(entry) for entry in update.entries]),
        opens_at=BookPlace(layout.pages[0], 1),
        first=_book_place(layout, *entries[0]),
        end=_book_place(layout, *end),
        fills=not layout.has(*end),
        is_single=layout.single_appliance,
    )


def _book_place(layout: BookLayout, page: int, line: int) -> BookPlace:
    """The place of a line; that of the first entry of a page is its begin, since heading and balance come with it."""
    return BookPlace(page, 1 if line == layout.entry_lines(page)[0] else line)


class PrinterLink:
    """A printer with an open session."""

    def __init__(self, session: DocumentSession, people: People, note_setup: Callable[[ReadBack | None], None]) -> None:
        """`note_setup` judges what the printer told of its own set-up; it may raise MechanismStop."""
        self._session = session
        self._people = people
        self._note_setup = note_setup

    def clean_up(self) -> Media:
        """Make the mechanism usable; a medium inside is ejected, so that people can look at it."""
        return self._session.clean_up()

    def check_setup(self) -> None:
        """Read the printer's own set-up; stop where lines would come to wrong places by it."""
        self._note_setup(self._session.read_setup())

    def status(self) -> MechanismStatus:
        """Ask the mechanism about itself, and return its answer."""
        return self._session.status()

    def run(self, record: Record, act: DestinationAct) -> Happening:
        """Have the book put in, or do a step: a line is struck and confirmed, any other step gives the book back."""
        match act:
            case AskForMedium(page, confirmed):
                self._people.bring(self._session, record, page, confirmed)
                return Happening.MEDIUM_IN
            case DoStep(Line() | Band() as line, following=following):
                self._session.print_line(line)
                self._session.confirm(following)
            case DoStep(medium_in=True):
                self._session.eject()
            case DoStep():
                pass  # a person has the book already
        return Happening.CONFIRMED

    def give_back(self) -> None:
        """Eject a medium that is in the mechanism."""
        if self._session.state in {SessionState.MEDIUM_IN, SessionState.POSITIONED, SessionState.BUFFERED}:
            self._session.eject()

    def take(self, job: str, requester: str, patience: float) -> bool:
        """Have the book taken out; whether it is gone after `patience` seconds."""
        return self._people.take(self._session, job, requester, patience)

    def interrupt(self) -> None:
        """End the wait for a person; never a step."""
        self._session.interrupt()

    def close(self) -> None:
        """Give the port back."""
        self._session.close()


def connect_mechanism(settings: PrinterSettings, dialect: Dialect, clock: Clock) -> DocumentSession:
    """A document session over a newly opened port.  Raises MechanismStop when the port cannot be opened."""
    try:
        port = open_port(settings.port)
    except PortError as error:
        raise MechanismStop.at_port(error) from None
    except ValueError as error:
        # A device told what its library does not expect; a desk that fails would tell no person why.
        raise MechanismStop.at_port(PortError.of(error)) from error
    try:
        return DocumentSession(port, dialect, code_page=settings.code_page, clock=clock.monotonic)
    except BaseException:
        port.close()
        raise
