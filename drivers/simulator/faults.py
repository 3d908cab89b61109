"""Scripted faults: the armed ones and their moments; every one fires once."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Literal, TypeAlias

import msgspec

GARBAGE: Final = b"\x1br\x1b\x00\xff?\x1bB"
"""Broken frame heads and bytes of no frame."""


class Target(StrEnum):
    """The target of a power cut."""

    PRINTER = "printer"
    APPLIANCE = "appliance"
    BOTH = "both"


class Now(msgspec.Struct, frozen=True, tag_field="at", tag="now"):
    """At once, between two bytes."""


class AtByte(msgspec.Struct, frozen=True, tag_field="at", tag="byte"):
    """After the mechanism took in the `byte`-th byte from the host, counted from the arming or from the start."""

    byte: int
    since: Literal["now", "start"] = "now"


class AtLineByte(msgspec.Struct, frozen=True, tag_field="at", tag="line-byte"):
    """At byte `byte` of the `line`-th line that begins from now on.

    A line's bytes go in both directions: from the ESC of its vertical positioning to the last byte of the answer to
    the first document status request after its strike.  A positioning between the two is a question about the line and
    belongs to it; an eject there ends the line before its ESC.  A number beyond the bytes means the last.
    """

    line: int
    byte: int


class DuringStrike(msgspec.Struct, frozen=True, tag_field="at", tag="strike"):
    """In the strike of the `line`-th line from now on, when `characters` of it are on paper."""

    line: int
    characters: int


class AfterStrike(msgspec.Struct, frozen=True, tag_field="at", tag="after-strike"):
    """Right after the strike of the `line`-th line from now on, before any answer."""

    line: int


When: TypeAlias = Now | AtByte | AtLineByte | DuringStrike | AfterStrike


class Cut(msgspec.Struct, frozen=True):
    """A power cut; `pid` is the appliance's main process, which is ended at exactly that moment."""

    target: Target
    when: When
    pid: int | None = None


class FaultKind(StrEnum):
    """A fault besides a loss of power."""

    JAM = "jam"
    """The book is stuck after `characters` of the line."""
    COVER_OPEN = "cover-open"
    """No line is struck; it stays in the print memory. Until mended."""
    RIBBON_OUT = "ribbon-out"
    """The same as an open cover. Until mended."""
    SILENT = "silent"
    """It does every command and answers nothing. Until mended."""
    GARBAGE = "garbage"
    """In place of one answer it sends bytes that are no frame."""
    HALF_REPLY = "half-reply"
    """Of one answer it sends only the first half."""
    EARLY_REPLIES = "early-replies"
    """It answers while the line is still buffered; the next motion strikes it, a power cut loses it.  Until mended."""
    PULLED_OUT = "pulled-out"
    """A person pulls the book out of the mechanism by force."""
    INSERTION_TIMEOUT = "insertion-timeout"
    """An ESC/POS printer that waits for a slip gives up, and goes on with its roll."""
    WRONG_PAGE = "wrong-page"
    """The next book that is put in lies open at `page`, also when the person gives another page."""


class Fault(msgspec.Struct, frozen=True):
    """One fault, at once or at the strike of the `line`-th line from now on."""

    kind: FaultKind
    line: int | None = None
    characters: int = 0
    page: int = 1


class Script:
    """The armed faults and cuts; arming makes line and byte numbers absolute."""

    def __init__(self) -> None:
        self._cuts: list[Cut] = []
        self._faults: list[Fault] = []
        self.silent = False
        self._spoilers: list[FaultKind] = []
        self._wrong_page: int | None = None

    @property
    def armed(self) -> list[str]:
        """The cuts and faults that have not fired, in words."""
        words = [f"cut {cut.target.value}" for cut in self._cuts]
        return words + [fault.kind.value for fault in self._faults]

    def arm_cut(self, cut: Cut, received: int, lines: int) -> None:
        """Arm a cut, counted from `received` bytes and `lines` lines begun so far."""
        when = cut.when
        if isinstance(when, AtByte) and when.since == "now":
            when = msgspec.structs.replace(when, byte=received + when.byte, since="start")
        elif isinstance(when, AtLineByte | DuringStrike | AfterStrike):
            when = msgspec.structs.replace(when, line=lines + when.line)
        self._cuts.append(msgspec.structs.replace(cut, when=when))

    def arm_fault(self, fault: Fault, lines: int) -> None:
        """Arm a fault for a later line, counted from `lines` begun so far."""
        self._faults.append(msgspec.structs.replace(fault, line=lines + (fault.line or 0)))

    def cut_at_byte(self, received: int) -> Cut | None:
        """The cut at this byte."""
        return self._take(lambda when: isinstance(when, AtByte) and when.byte == received)

    def cut_at_line_byte(self, line: int, byte: int, *, last: bool = False) -> Cut | None:
        """The cut at this byte of a line; the `last` byte of a line stands for all beyond it."""
        return self._take(
            lambda when: (
                isinstance(when, AtLineByte)
                and when.line == line
                and (when.byte == byte or (last and when.byte > byte))
            )
        )

    def cut_in_strike(self, line: int) -> Cut | None:
        """The cut that falls into this line's strike."""
        return self._take(lambda when: isinstance(when, DuringStrike) and when.line == line)

    def cut_after_strike(self, line: int) -> Cut | None:
        """The cut that comes right after this line's strike."""
        return self._take(lambda when: isinstance(when, AfterStrike) and when.line == line)

    def _take(self, fits: Callable[[When], bool]) -> Cut | None:
        for cut in self._cuts:
            if fits(cut.when):
                self._cuts.remove(cut)
                return cut
        return None

    def faults_at(self, line: int) -> list[Fault]:
        """The faults of this line, which fire now."""
        due = [fault for fault in self._faults if fault.line == line]
        self._faults = [fault for fault in self._faults if fault not in due]
        return due

    def spoil_next(self, kind: FaultKind) -> None:
        """Let the next answer be garbage or half of itself."""
        self._spoilers.append(kind)

    def spoiled(self, answer: bytes) -> bytes:
        """The part of an answer that leaves the mechanism."""
        if self.silent:
            return b""
        if not self._spoilers:
            return answer
        return GARBAGE if self._spoilers.pop(0) is FaultKind.GARBAGE else answer[: len(answer) // 2]

    def expect_wrong_page(self, page: int) -> None:
        """Let the next book lie open at `page`."""
        self._wrong_page = page

    def page(self, said: int) -> int:
        """The page at which a book lies open that is put in now."""
        page, self._wrong_page = self._wrong_page or said, None
        return page
