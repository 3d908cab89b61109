"""ESC/POS for the document session: how the printer is asked, a slip held, and a line placed and confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.conversation import Conversation
from drivers.dialects.dialect import Ahead, Answer, LineBytes, Look
from drivers.dialects.escpos import slip_commands
from drivers.dialects.escpos.escpos_profile import EscposProfile, builtin_escpos, load_escpos
from drivers.dialects.escpos.slip_answers import AutomaticStatus, RealTimeStatus, SlipReader
from drivers.dialects.escpos.slip_commands import SlipLine
from drivers.dialects.escpos.slip_graphics import SlipGraphics
from drivers.dialects.printable import require_printable
from drivers.stop import MechanismStop
from passbook.document.plan import Band, Line, Plan, Sheet
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup, ReadBack

_PRINTER, _SLIP = 1, 5
"""Numbers of DLE EOT."""
_OFFLINE: Final = 3
_NOT_SELECTED, _WAITING, _NOT_AT_INSERTION, _NOT_AT_EJECTION = 2, 3, 5, 6
"""Bits of the slip's status."""


@dataclass(frozen=True)
class EscposSlip:
    """The slip station of one profile."""

    profile: EscposProfile
    setup: PrinterSetup = USUAL_SETUP

    @property
    def elementary_step(self) -> int:
        """None that its own set-up chooses."""
        return 0

    @property
    def graphics(self) -> SlipGraphics | None:
        """Its bit image, where the profile has one."""
        return None if self.profile.dots is None else SlipGraphics(self.profile, self.profile.dots, self.setup)

    @property
    def takes_any_byte(self) -> bool:
        """Code pages, ways and widths are bytes: the number of cp858 is 13 hex, and 17 steps down are 11 hex."""
        return True

    def reader(self) -> SlipReader:
        """A new reader of its answers."""
        return SlipReader()

    def check_printable(self, sheet: Sheet, plan: Plan, *, layout: str, printer: str) -> None:
        """Refuse a plan that it cannot put on such slips."""
        graphics = self.graphics

        def check(setup: PrinterSetup) -> None:
            moved_sheet, moved_plan = setup.moved_sheet(sheet), setup.moved_plan(plan)
            for step in moved_plan:
                if isinstance(step, Band) and graphics is not None:
                    graphics.check_band(moved_sheet, step)
            slip_commands.check_slip(self.profile, moved_sheet, moved_plan)

        require_printable(check, self.setup, layout=layout, printer=printer)

    def set_up(self, sheet: Sheet, code_page: str) -> bytes:
        """The bytes that must reach the printer before a slip does; it waits for one then."""
        return slip_commands.slip_set_up(self.profile, self.setup.moved_sheet(sheet), code_page)

    def encode_line(self, sheet: Sheet, code_page: str, line: Line, from_y: int | None) -> LineBytes:
        """The bytes of a line at its absolute place; its strike is the beginning of its confirmation."""
        moved_from = None if from_y is None else from_y + self.setup.y_offset
        sheet, line = self.setup.moved_sheet(sheet), self.setup.moved_line(line)
        return slip_commands.encode_slip_line(self.profile, sheet, code_page, line, moved_from)

    def discard(self) -> bytes:
        """Nothing: no text goes ahead."""
        return b""

    def eject(self, talk: Conversation) -> None:
        """Give the slip back, and ask where it is until it moved: real time is faster than the motion."""
        times = self.profile.times
        talk.tell(slip_commands.EJECT)
        request = slip_commands.ask_in_real_time(_SLIP)
        for _ in range(int(times.motion / times.settle)):
            if _media_of(talk.ask_afresh(request, RealTimeStatus, times.answer, times.settle)) is not Media.PRESENT:
                break

    def clean_up(self, talk: Conversation) -> None:
        """Drop all memory and end every wait and error, until the printer answers in order.

        A slip that lies at the insertion sensor is loaded, so that it can be ejected.
        """
        times = self.profile.times
        begin = slip_commands.CLEAN_UP + slip_commands.ask_in_real_time(_PRINTER)
        talk.ask_afresh(begin, RealTimeStatus, times.motion, times.settle)
        _refuse(self.ask(talk, times.answer))
        self._ask_in_order(talk)
        talk.tell(slip_commands.INITIALIZE)
        slip = self._ask_in_real_time(talk, _SLIP, times.answer)
        if not slip.has(_NOT_AT_INSERTION):
            talk.tell(slip_commands.SELECT_SLIP)
            if not self._is_loaded(talk):
                talk.tell(slip_commands.END_WAIT)

    def read_setup(self, talk: Conversation, code_page: str) -> ReadBack | None:  # noqa: ARG002 - names of Dialect
        """None: it cannot be asked for its own set-up."""
        return None

    def _is_loaded(self, talk: Conversation) -> bool:
        """Whether the slip was loaded; a printer that waits for one, as that moved out meanwhile, gives no answer."""
        try:
            return self._ask_in_order(talk).has_slip
        except MechanismStop as stop:
            if stop.reason is Reason.SILENT:
                return False
            raise

    def ask(self, talk: Conversation, timeout: float) -> Answer:
        """Ask in real time for the printer's and the slip's status, and for the causes where it is off line."""
        is_offline = self._ask_in_real_time(talk, _PRINTER, timeout).has(_OFFLINE)
        against = self._causes(talk, timeout) if is_offline else ()
        slip = self._ask_in_real_time(talk, _SLIP, timeout)
        if is_offline and not against and not slip.has(_WAITING):
            against = ((Reason.ATTENTION, "off-line"),)
        return Answer(against, _media_of(slip))

    def _causes(self, talk: Conversation, timeout: float) -> tuple[tuple[Reason, str], ...]:
        requests = sorted({cause.request for cause in self.profile.causes})
        told = {number: self._ask_in_real_time(talk, number, timeout) for number in requests}
        return tuple(
            (cause.reason, f"status-{cause.request}-bit-{cause.bit}")
            for cause in self.profile.causes
            if told[cause.request].has(cause.bit)
        )

    def _ask_in_real_time(self, talk: Conversation, number: int, timeout: float) -> RealTimeStatus:
        heard = talk.ask(slip_commands.ask_in_real_time(number), RealTimeStatus, timeout)
        if len(heard) == 1 and isinstance(heard[0], RealTimeStatus):
            return heard[0]
        raise MechanismStop(Reason.GARBLED, "unasked-answer")

    def _ask_in_order(self, talk: Conversation) -> AutomaticStatus:
        """The status that the printer sends when it has read everything before.

        Without one, the stop says what real time tells of the printer.
        """
        times = self.profile.times
        try:
            heard = talk.ask(slip_commands.ASK_IN_ORDER, AutomaticStatus, times.motion)
        except MechanismStop as stop:
            if stop.reason is Reason.SILENT:
                _refuse(self.ask(talk, times.answer))
            raise
        if len(heard) == 1 and isinstance(heard[0], AutomaticStatus):
            return heard[0]
        raise MechanismStop(Reason.GARBLED, "unasked-answer")

    def take_hold(self, talk: Conversation) -> None:
        """Require that the slip was loaded: a printer whose wait was over before the slip came prints on its roll."""
        status = self._ask_in_order(talk)
        if not status.has_slip:
            raise MechanismStop(Reason.MEDIA_NEEDED, _slip_detail(status))

    def take_way(self, talk: Conversation, line: LineBytes, look: Look) -> None:
        """Move the slip to the line, and require it loaded before any text leaves."""
        talk.tell(line.position)
        look(self.ask(talk, self.profile.times.motion))

    def confirm(
        self,
        talk: Conversation,
        line: LineBytes,
        following: LineBytes | None,  # noqa: ARG002 - names of Dialect
        look: Look,  # noqa: ARG002 - names of Dialect
    ) -> Ahead:
        """Send the rest of the text, strike it, and require an answer behind it.

        A printer whose power failed meanwhile has no slip selected any more, so each piece waits for its answer, and
        the strike for the last one.
        """
        for piece in line.rest if isinstance(line, SlipLine) else ():
            self._require_slip(talk)
            talk.tell(piece)
        self._require_slip(talk)
        talk.tell(slip_commands.STRIKE)
        self._require_slip(talk)
        return Ahead.NOTHING

    def _require_slip(self, talk: Conversation) -> None:
        status = self._ask_in_order(talk)
        if status.is_offline:
            _refuse(self.ask(talk, self.profile.times.answer))
            raise MechanismStop(Reason.ATTENTION, "off-line")
        if not status.has_slip:
            raise MechanismStop(Reason.ATTENTION, _slip_detail(status))


def make_escpos(setup: PrinterSetup = USUAL_SETUP, file: str = "") -> EscposSlip:
    """The dialect of a printer that is set up so; `file` is that of its own profile.

    Raises PassbookError `profile-malformed`.
    """
    profile = load_escpos(setup.profile.encode(), file) if setup.profile else builtin_escpos()
    if setup.elementary_step:
        why = "a slip printer has no elementary step in its own set-up; expected none"
        raise PassbookError("profile-malformed", file=file, where="elementary_step", why=why)
    return EscposSlip(profile, setup)


def _refuse(answer: Answer) -> None:
    for reason, detail in answer.against:
        raise MechanismStop(reason, detail)


def _slip_detail(status: AutomaticStatus) -> str:
    return "slip-not-loaded" if status.is_slip_selected else "slip-not-selected"


def _media_of(slip: RealTimeStatus) -> Media:
    """The place of the slip; one that a waiting printer has not loaded yet can still be pulled out."""
    if slip.has(_WAITING) or (slip.has(_NOT_AT_INSERTION) and slip.has(_NOT_AT_EJECTION)):
        return Media.NOT_PRESENT
    is_held = not slip.has(_NOT_SELECTED) and not slip.has(_NOT_AT_INSERTION)
    return Media.PRESENT if is_held else Media.ENTERING
