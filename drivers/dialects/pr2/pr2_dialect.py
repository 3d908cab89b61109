"""PR2 for the document session: how its state is asked for, how a line is placed and confirmed.

A status request is answered after everything before it was done; a command that was rejected is silent until then.  So
each thing that matters is followed by a question, and a line in doubt is at most one.  The host does not wait between
them: it counts the answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.conversation import Conversation
from drivers.dialects.dialect import Ahead, Answer, LineBytes, Look
from drivers.dialects.pr2 import commands
from drivers.dialects.pr2.frames import DocumentStatus, FrameReader, Identity, OwnSetup, Status
from drivers.dialects.pr2.own_setup import explain_setup
from drivers.dialects.pr2.pr2_profile import Pr2Profile, pr2_profile_of
from drivers.dialects.printable import require_printable
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Plan, Sheet
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup, ReadBack


@dataclass(frozen=True)
class Pr2:
    """The PR2 family with the codes of one profile, and the set-up of one printer."""

    profile: Pr2Profile
    setup: PrinterSetup = USUAL_SETUP
    graphics: None = None
    """Its bit image is known by one manual alone, and not in which mode its answers come behind it."""

    @property
    def elementary_step(self) -> int:
        """Steps to the inch in which it counts down the page, as configured."""
        return self.profile.vertical_unit

    @property
    def takes_any_byte(self) -> bool:
        """Its numbers are digits, and it prints no pictures."""
        return False

    def reader(self) -> FrameReader:
        """A new reader of its answers."""
        return FrameReader()

    def check_printable(self, sheet: Sheet, plan: Plan, *, layout: str, printer: str) -> None:
        """Refuse a plan that it cannot put on such sheets."""

        def check(setup: PrinterSetup) -> None:
            commands.check_places(self.profile, setup.moved_sheet(sheet), setup.moved_plan(plan))

        require_printable(check, self.setup, layout=layout, printer=printer)

    def set_up(self, sheet: Sheet, code_page: str) -> bytes:
        """The bytes that must reach the mechanism before a medium does."""
        return commands.set_up(self.profile, self.setup.moved_sheet(sheet), code_page)

    def encode_line(
        self,
        sheet: Sheet,
        code_page: str,
        line: Line,
        from_y: int | None,  # noqa: ARG002 - names of Dialect
    ) -> LineBytes:
        """The bytes of a line at its absolute place."""
        sheet, line = self.setup.moved_sheet(sheet), self.setup.moved_line(line)
        return commands.encode_line(self.profile, sheet, code_page, line)

    def discard(self) -> bytes:
        """The bytes that clear the print memory."""
        return self.profile.commands.discard.encode()

    def eject(self, talk: Conversation) -> None:
        """Give the medium back; each answer comes after the motion.

        An ejection strikes the print memory, and a way that met a power dip may have left digits there.
        """
        talk.tell(self.discard() + self.profile.commands.eject.encode())

    def clean_up(self, talk: Conversation) -> None:
        """End every open escape and drop the print memory, until the mechanism says its identity."""
        times = self.profile.times
        answer = talk.ask_afresh(self.profile.clean_up.encode(), Identity, times.motion, times.settle)
        if answer != Identity(ord(self.profile.identity)):
            raise MechanismStop(Reason.GARBLED, "other-identity")

    def read_setup(self, talk: Conversation, code_page: str) -> ReadBack:
        """Ask for the printer's own set-up.

        What is no such answer, or none, is not explained, and stops nothing; a mechanism that does not answer at all
        stops.
        """
        times, sent = self.profile.times, self.profile.commands
        try:
            told = talk.ask_afresh(sent.own_setup.encode(), OwnSetup, times.answer, times.settle)
        except MechanismStop as stop:
            if stop.reason not in {Reason.SILENT, Reason.GARBLED}:
                raise
            # A printer without this request may have rejected it, or left half an answer.
            again = sent.reset_error.encode() + sent.document_status.encode()
            talk.ask_afresh(again, DocumentStatus, times.answer, times.settle)
            return ReadBack(unexplained="no answer came that can be read")
        return explain_setup(self.profile, told.body, code_page)

    def ask(self, talk: Conversation, timeout: float) -> Answer:
        """Ask for the status and then for the document's place, whose answer no announcement can look like."""
        return self._hear(talk, self._question(), 1, timeout)

    def take_hold(self, talk: Conversation) -> None:
        """The way to the first line draws the medium in."""

    def take_way(self, talk: Conversation, line: LineBytes, look: Look) -> None:
        """Go to the place of a line."""
        look(self._hear(talk, self.discard() + self._asked_way(line), 2, self.profile.times.motion))

    def confirm(self, talk: Conversation, line: LineBytes, following: LineBytes | None, look: Look) -> Ahead:
        """Require the answer behind the strike, and the ways of the next line, or else of this one, behind that.

        All of it leaves at once and is read while the line is struck.  Nothing is dropped before the first way: as a
        motion it strikes a line whose strike byte was lost, and an answer is missed otherwise.
        """
        request = self.profile.commands.status.encode() + self._asked_way(following or line)
        ahead = Ahead.NOTHING if following is None else Ahead.WAY
        if following is not None and self.profile.sends_text_ahead:
            request += following.text
            ahead = Ahead.TEXT
        look(self._hear(talk, request, 3, self.profile.times.motion))
        return ahead

    def _question(self) -> bytes:
        return self.profile.commands.status.encode() + self.profile.commands.document_status.encode()

    def _asked_way(self, line: LineBytes) -> bytes:
        """The way to a line, twice, with a question behind each; a rejected command is silent until its question.

        A power dip may swallow the first way and let its question through, but then the second way is rejected.  The
        cable may lose bytes of the first way: its rest was read as text, which the second one must not strike.
        """
        first = line.position + self.profile.commands.status.encode()
        return first + self.discard() + line.position + self._question()

    def _hear(self, talk: Conversation, request: bytes, statuses: int, timeout: float) -> Answer:
        """Send a request that asks for so many statuses and ends with a question for the document's place.

        Each answer must have come: the questions that a power dip swallowed are missed by their number.
        """
        heard = talk.ask(request, DocumentStatus, timeout)
        against: list[tuple[Reason, str]] = []
        media = Media.UNKNOWN
        for frame in heard:
            found, media = self._read(frame)
            against += found
        came = sum(isinstance(frame, Status) for frame in heard)
        if came < statuses:
            raise MechanismStop(*(against[0] if against else (Reason.GARBLED, "no-status")))
        return Answer(tuple(against), media, came > statuses)

    def _read(self, frame: object) -> tuple[list[tuple[Reason, str]], Media]:
        match frame:
            case Status(code):
                reason = self.profile.stop_reason(code)
                return ([] if reason is None else [(reason, f"status-{code:02x}")]), Media.UNKNOWN
            case DocumentStatus(_, position):
                return [], self.profile.media(position)
            case Identity():
                # A clean-up asks for it twice when nothing was open, and the second answer may come late.
                return [], Media.UNKNOWN
            case _:
                raise MechanismStop(Reason.GARBLED, "unasked-answer")


def make_pr2(setup: PrinterSetup = USUAL_SETUP, file: str = "") -> Pr2:
    """The dialect of a printer that is set up so; `file` is that of its own profile.

    Raises PassbookError `profile-malformed`.
    """
    return Pr2(pr2_profile_of(setup, file), setup)
