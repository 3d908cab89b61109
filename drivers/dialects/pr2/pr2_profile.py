"""PR2 as data: its commands, its state codes, its set-up and its pitches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from drivers.profile import Profile, parse_profile, read_builtin
from passbook.job.states import Reason
from passbook.protocol.media import Media

_PRINTABLE_FROM: Final = 0x20


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command: leading bytes (hexadecimal), an optional number as ASCII digits of fixed width, closing bytes."""

    send: str
    digits: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0
    end: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not hexadecimal."""
        _from_hex(self.send)
        _from_hex(self.end)

    def encode(self, value: int | None = None) -> bytes:
        """The bytes to send.  Raises ValueError when the number does not fit its digits."""
        number = b"" if value is None else b"%0*d" % (self.digits, value)
        if len(number) != self.digits or (value is not None and value < 0):
            raise ValueError(f"the number does not fit {self.digits} digits")
        return _from_hex(self.send) + number + _from_hex(self.end)


class Commands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The commands that a document session uses; the profile's comments name them."""

    procedure: Command
    reset_error: Command
    front_stand: Command
    document_length: Command
    top_of_form: Command
    bottom_of_form: Command
    line_spacing: Command
    left_margin: Command
    horizontal_offset: Command
    code_page: Command
    automatic_booking: Command
    vertical: Command
    horizontal: Command
    strike: Command
    discard: Command
    eject: Command
    status: Command
    document_status: Command


class CleanUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that end every open escape, drop the print memory and ask for the identity; they strike nothing."""

    send: str
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not hexadecimal."""
        _from_hex(self.send)

    def encode(self) -> bytes:
        """The bytes to send."""
        return _from_hex(self.send)


class HoldsText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether text waits for the strike byte, and nothing else prints it: no motion, request, key, pause, full line."""

    holds: bool
    assumed: bool = False


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values that are set before an insertion, each in the units of its command."""

    first_column: int
    top_of_form: int
    bottom_of_form: int
    left_margin: int
    line_spacing: int
    assumed: bool = False


class Pitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One width of characters: how many come to the inch, and how many the carriage has."""

    cpi: Annotated[int, msgspec.Meta(ge=1)]
    command: Command
    columns: Annotated[int, msgspec.Meta(ge=1)]
    assumed: bool = False


class StatusCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of the machine status: ready, or the reason why not."""

    code: str
    ready: bool = False
    reason: Reason | None = None
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a code that is not one character, and one that is both or neither."""
        _one_character(self.code)
        if self.ready == (self.reason is not None):
            raise ValueError("say either ready = true or a reason")


class DocumentCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of the document status."""

    code: str
    media: Media
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a code that is not one character."""
        _one_character(self.code)


class Pr2Profile(Profile, frozen=True, forbid_unknown_fields=True):
    """A printer of the PR2 family."""

    identity: str
    vertical_unit: Literal[240, 216]
    commands: Commands
    clean_up: CleanUp
    holds_text: HoldsText
    form: Form
    pitches: tuple[Pitch, ...]
    status: tuple[StatusCode, ...]
    document: tuple[DocumentCode, ...]

    def __post_init__(self) -> None:
        """Refuse what stands twice."""
        _one_character(self.identity)
        _distinct("status code", (entry.code for entry in self.status))
        _distinct("document code", (entry.code for entry in self.document))
        _distinct("pitch", (str(entry.cpi) for entry in self.pitches))

    @property
    def sends_text_ahead(self) -> bool:
        """Whether text may go ahead: it was verified that it waits, and that it can be dropped again."""
        verified = not (self.holds_text.assumed or self.commands.discard.assumed or self.clean_up.assumed)
        return self.holds_text.holds and verified

    def pitch(self, cpi: int) -> Pitch | None:
        """The pitch of `cpi` characters to the inch, if the mechanism has it."""
        return next((entry for entry in self.pitches if entry.cpi == cpi), None)

    def stop_reason(self, code: int) -> Reason | None:
        """The reason that a status code stands for: None for ready, `needs-attention` for a code that is not listed."""
        for entry in self.status:
            if ord(entry.code) == code:
                return entry.reason
        return Reason.ATTENTION

    def media(self, code: int) -> Media:
        """The place of a document by its document status; unknown for a code that is not listed."""
        for entry in self.document:
            if ord(entry.code) == code:
                return entry.media
        return Media.UNKNOWN


def load_pr2(data: bytes, file: str) -> Pr2Profile:
    """A profile from TOML.  Raises PassbookError `profile-malformed` naming `file`, the key and what is wrong."""
    return parse_profile(data, file, Pr2Profile)


def builtin_pr2() -> Pr2Profile:
    """The profile that comes with the product."""
    return load_pr2(read_builtin("pr2"), "pr2.toml")


def _from_hex(text: str) -> bytes:
    return bytes.fromhex(text)


def _one_character(code: str) -> None:
    if len(code) != 1 or not code.isascii() or ord(code) < _PRINTABLE_FROM:
        raise ValueError("expected one printable ASCII character")


def _distinct(what: str, values: Iterable[str]) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise ValueError(f"a {what} stands twice")
