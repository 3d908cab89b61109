"""PR2 for the document session: how its state is asked for, how a line is placed and confirmed.

A status request is answered after everything before it was done; a command that was rejected is silent until then.  So
each thing that matters is followed by a question, and a line in doubt is at most one.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.conversation import Conversation
from drivers.dialects.dialect import Answer, LineBytes, Look
from drivers.dialects.pr2 import commands
from drivers.dialects.pr2.frames import DocumentStatus, FrameReader, Identity, Status
from drivers.dialects.pr2.pr2_profile import Pr2Profile
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Plan, Sheet
from passbook.job.states import Reason
from passbook.protocol.media import Media


@dataclass(frozen=True)
class Pr2:
    """The PR2 family with the codes of one profile."""

    profile: Pr2Profile
    graphics: None = None
    """Its bit image is known by one manual alone, and not in which mode its answers come behind it."""

    def reader(self) -> FrameReader:
        """A new reader of its answers."""
        return FrameReader()

    def check_printable(self, sheet: Sheet, plan: Plan, *, layout: str, printer: str) -> None:
        """Refuse a plan that it cannot put on such sheets."""
        commands.check_printable(self.profile, sheet, plan, layout=layout, printer=printer)

    def set_up(self, sheet: Sheet, code_page: str) -> bytes:
        """The bytes that must reach the mechanism before a medium does."""
        return commands.set_up(self.profile, sheet, code_page)

    def encode_line(self, sheet: Sheet, code_page: str, line: Line, from_y: int) -> LineBytes:  # noqa: ARG002
        """The bytes of a line at its absolute place."""
        return commands.encode_line(self.profile, sheet, code_page, line)

    def eject(self, talk: Conversation) -> None:
        """Give the medium back; each answer comes after the motion."""
        talk.tell(self.profile.commands.eject.encode())

    def clean_up(self, talk: Conversation) -> None:
        """End every open escape and drop the print memory, until the mechanism says its identity."""
        times = self.profile.times
        answer = talk.ask_afresh(self.profile.clean_up.encode(), Identity, times.motion, times.settle)
        if answer != Identity(ord(self.profile.identity)):
            raise MechanismStop(Reason.GARBLED, "other-identity")

    def ask(self, talk: Conversation, timeout: float) -> Answer:
        """Ask for the status and then for the document's place, whose answer no announcement can look like."""
        request = self.profile.commands.status.encode() + self.profile.commands.document_status.encode()
        heard = talk.ask(request, DocumentStatus, timeout)
        statuses = sum(isinstance(frame, Status) for frame in heard)
        if not statuses:
            raise MechanismStop(Reason.GARBLED, "no-status")
        against: list[tuple[Reason, str]] = []
        media = Media.UNKNOWN
        for frame in heard:
            found, media = self._read(frame)
            against += found
        return Answer(tuple(against), media, statuses > 1)

    def take_hold(self, talk: Conversation) -> None:
        """The way to the first line draws the medium in."""

    def take_way(self, talk: Conversation, line: LineBytes, look: Look) -> None:
        """Go to the place of a line, twice.

        A power dip may swallow the way and let its question through, but then the second way is rejected.
        """
        _take_way(talk, line, look)
        _take_way(talk, line, look)

    def confirm(self, talk: Conversation, line: LineBytes, look: Look) -> None:
        """Require an answer behind the line, then take the way to the line once more.

        The way moves nothing, and a mechanism whose power failed meanwhile and came back, perhaps with part of the line
        lost, rejects it because its set-up is gone.  It is sent only to a mechanism that answers: a dip that swallowed
        the line could swallow the way too, and let the question behind it through.
        """
        self._require_answer(talk)
        _take_way(talk, line, look)

    def _require_answer(self, talk: Conversation) -> None:
        """A status alone: no insertion can announce itself by the same frame while a medium is inside."""
        for frame in talk.ask(self.profile.commands.status.encode(), Status, self.profile.times.motion):
            for reason, detail in self._read(frame)[0]:
                raise MechanismStop(reason, detail)

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


def _take_way(talk: Conversation, line: LineBytes, look: Look) -> None:
    """Send the way to the line; a rejected command is silent until the status that is asked for behind it."""
    talk.tell(line.position)
    look()
