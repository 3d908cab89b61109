"""PR2 as data: its commands, its state codes, its set-up and its pitches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from drivers.dialects.pr2.geometry import MOST_DOCUMENT, TOP_UNIT, spacing_steps
from drivers.dialects.steps import whole_steps
from drivers.profile import Profile, hex_bytes, parse_profile, read_builtin, repeated
from passbook.errors import PassbookError, shown
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import PrinterSetup

SHIPPED: Final = ("pr2",)
"""The profiles of this family that come with the product."""
STEPS: Final = (240, 216)
"""The elementary steps that the printer's own set-up offers, to the inch."""
_ASK_IDENTITY: Final = b"\x1bZ"
"""The request that every printer of the family answers with its identity."""
_NUMBERED: Final = frozenset(
    {
        *("document_length", "top_of_form", "bottom_of_form", "line_spacing", "left_margin", "horizontal_offset"),
        *("code_page", "vertical", "horizontal"),
    }
)
"""Commands that end with a number."""

ElementaryStep: TypeAlias = Literal[240, 216]
Digits: TypeAlias = Annotated[int, Meta(ge=0, le=999)]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command: leading bytes (hexadecimal), an optional number as ASCII digits of fixed width, closing bytes."""

    send: str
    digits: Annotated[int, Meta(ge=0, le=9)] = 0
    end: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not hexadecimal, and a command of no bytes."""
        if not self.sent:
            raise ValueError("expected at least one byte for send, such as 1B 4F")
        hex_bytes("end", self.end)

    @property
    def sent(self) -> bytes:
        """Its leading bytes, by which a printer knows it."""
        return hex_bytes("send", self.send)

    def encode(self, value: int | None = None) -> bytes:
        """The bytes to send.  Raises ValueError when the number does not fit its digits."""
        number = b"" if value is None else b"%0*d" % (self.digits, value)
        if len(number) != self.digits or (value is not None and value < 0):
            raise ValueError(f"the number does not fit {self.digits} digits")
        return self.sent + number + bytes.fromhex(self.end)


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
    own_setup: Command

    def __post_init__(self) -> None:
        """Refuse a command that lacks the digits of its number, and one that has digits and no number."""
        for name in self.__struct_fields__:
            if (getattr(self, name).digits > 0) is not (name in _NUMBERED):
                raise ValueError(f"{name} {'needs its digits' if name in _NUMBERED else 'has no number, so no digits'}")


class CleanUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that end every open escape, drop the print memory and ask for the identity; they strike nothing."""

    send: str
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not hexadecimal."""
        self.encode()

    def encode(self) -> bytes:
        """The bytes to send."""
        return hex_bytes("send", self.send)


class HoldsText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether text waits for the strike byte, and nothing else prints it: no motion, request, key, pause, full line."""

    holds: bool
    assumed: bool = False


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values that are set before an insertion, each in the units of its command."""

    first_column: Annotated[int, Meta(ge=0, le=9)]
    top_of_form: Digits
    bottom_of_form: Digits
    left_margin: Digits
    assumed: bool = False


class Pitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One width of characters: how many come to the inch, and how many the carriage has."""

    cpi: Annotated[int, Meta(ge=1, le=60)] | Annotated[float, Meta(ge=1, le=60)]
    command: Command
    columns: Annotated[int, Meta(ge=1, le=999)]
    assumed: bool = False


class StatusCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of the machine status: ready, or the reason why not."""

    code: str
    ready: bool = False
    reason: Reason | None = None
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a code that is not one character, and one that is both or neither."""
        _must_be_one_character(self.code)
        if self.ready == (self.reason is not None):
            raise ValueError("say either ready = true or a reason")


class DocumentCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of the document status."""

    code: str
    media: Media
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a code that is not one character."""
        _must_be_one_character(self.code)


Place: TypeAlias = Annotated[int, Meta(ge=1, le=48)]
"""The number of a byte, the first one is 1."""


class StepByte(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The byte of the printer's own set-up that says its elementary step; `means` has keys of two hex digits."""

    byte: Place
    means: dict[str, ElementaryStep]
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse keys that are no bytes."""
        _bytes_of(self.means)


class CodePageByte(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The byte of the printer's own set-up that says its code page, likewise."""

    byte: Place
    means: dict[str, str]
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse keys that are no bytes."""
        _bytes_of(self.means)


class SetupLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the answer about the printer's own set-up is read; one of another length is not explained."""

    length: Place
    elementary_step: StepByte | None = None
    code_page: CodePageByte | None = None
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse bytes behind the end, and two meanings of one byte."""
        places = [one.byte for one in (self.elementary_step, self.code_page) if one is not None]
        if any(place > self.length for place in places):
            raise ValueError(f"a byte is behind the last one; expected at most {self.length}")
        if len(set(places)) < len(places):
            raise ValueError("a byte stands twice; expected another byte for each meaning")


class Pr2Profile(Profile, frozen=True, forbid_unknown_fields=True):
    """A printer of the PR2 family."""

    identity: str
    vertical_unit: ElementaryStep
    commands: Commands
    clean_up: CleanUp
    holds_text: HoldsText
    form: Form
    pitches: tuple[Pitch, ...]
    status: tuple[StatusCode, ...]
    document: tuple[DocumentCode, ...]
    own_setup: SetupLayout

    @property
    def sends_text_ahead(self) -> bool:
        """Whether text may go ahead: it was verified that it waits, and that it can be dropped again."""
        verified = not (self.holds_text.assumed or self.commands.discard.assumed or self.clean_up.assumed)
        return self.holds_text.holds and verified

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
    """A profile from TOML.  Raises PassbookError `profile-malformed` naming `file`, the key and what is allowed."""
    return parse_profile(data, file, Pr2Profile, _contradictions, SHIPPED)


def _contradictions(profile: Pr2Profile) -> Iterator[tuple[str, str]]:
    yield from _wrong_codes(profile)
    yield from _wrong_commands(profile)
    yield from _wrong_clean_up(profile)


def _wrong_codes(profile: Pr2Profile) -> Iterator[tuple[str, str]]:
    """What is wrong with the answers that the profile knows."""
    if not _is_one_character(profile.identity):
        yield "identity", 'expected one printable ASCII character, such as "7"'
    yield from repeated("status", "code", [entry.code for entry in profile.status])
    yield from repeated("document", "code", [entry.code for entry in profile.document])
    if not any(entry.ready for entry in profile.status):
        yield "status", "no code has ready = true, so that the printer would never be ready"
    for media in (Media.NOT_PRESENT, Media.ENTERING, Media.PRESENT):
        if not any(entry.media is media for entry in profile.document):
            yield "document", f"no code has media = {media.value}"
    page = profile.own_setup.code_page
    for key, name in page.means.items() if page is not None else ():
        if name not in profile.code_pages:
            known = ", ".join(profile.code_pages)
            yield f"own_setup.code_page.means.{key}", f"{shown(name)} is no code page here; expected one of {known}"


def _wrong_commands(profile: Pr2Profile) -> Iterator[tuple[str, str]]:
    """What is wrong with the commands beside each other, and with those for which a number is too long."""
    commands, pitches = profile.commands, profile.pitches
    if not pitches:
        yield "pitches", "there is none; expected at least one"
    yield from repeated("pitches", "cpi", [str(entry.cpi) for entry in pitches])
    for number, entry in enumerate(pitches):
        if entry.command.digits:
            yield f"pitches[{number}].command.digits", "a pitch has no number, so no digits"
    known = [(f"commands.{name}", getattr(commands, name)) for name in commands.__struct_fields__]
    known += [(f"pitches[{number}].command", entry.command) for number, entry in enumerate(pitches)]
    keys: dict[bytes, str] = {}
    for key, command in known:
        if (first := keys.setdefault(command.sent, key)) != key:
            yield f"{key}.send", f"{first} has the same bytes; expected other bytes for each command"
    for name, value, source in _numbers(profile):
        if len(str(value)) > (digits := getattr(commands, name).digits):
            yield (
                f"commands.{name}.digits",
                f"{digits} cannot say {value} ({source}); expected {len(str(value))}",
            )


def _numbers(profile: Pr2Profile) -> Iterator[tuple[str, int, str]]:
    """Commands, the numbers of the profile that they have to say, and the keys of these; a sheet may ask for more."""
    form = profile.form
    yield "document_length", MOST_DOCUMENT, "the lines of the longest sheet"
    yield "top_of_form", form.top_of_form, "form.top_of_form"
    yield "bottom_of_form", form.bottom_of_form, "form.bottom_of_form"
    yield "left_margin", form.left_margin, "form.left_margin"
    for name, page in profile.code_pages.items():
        yield "code_page", page.number, f"code_pages.{shown(name)}.number"
    for number, pitch in enumerate(profile.pitches):
        yield "horizontal", pitch.columns - 1 + form.first_column, f"the last of pitches[{number}].columns"
    for unit in STEPS:
        yield "line_spacing", spacing_steps(unit), f"the steps of 1/6 inch at vertical_unit = {unit}"
        yield "vertical", whole_steps(form.top_of_form * TOP_UNIT, unit), f"form.top_of_form at vertical_unit = {unit}"


def _wrong_clean_up(profile: Pr2Profile) -> Iterator[tuple[str, str]]:
    """What is wrong with the bytes that end what an earlier owner left open."""
    sent = profile.clean_up.encode()
    for name in ("strike", "eject"):
        command: Command = getattr(profile.commands, name)
        if command.sent in sent:
            yield "clean_up.send", f"{command.send} stands in it, which is commands.{name}; expected none"
    if not sent.endswith(_ASK_IDENTITY):
        yield "clean_up.send", f"expected {_ASK_IDENTITY.hex(' ').upper()} at its end, which asks for the identity"


def builtin_pr2() -> Pr2Profile:
    """The profile that comes with the product."""
    return load_pr2(read_builtin("pr2"), "pr2.toml")


def pr2_profile_of(setup: PrinterSetup, file: str) -> Pr2Profile:
    """The profile of a printer that is set up so; `file` is that of its own profile.

    Raises PassbookError `profile-malformed`.
    """
    profile = load_pr2(setup.profile.encode(), file) if setup.profile else builtin_pr2()
    if not setup.elementary_step:
        return profile
    if setup.elementary_step not in STEPS:
        why = f"expected {' or '.join(map(str, STEPS))} steps to the inch, as in the printer's own set-up"
        raise PassbookError("profile-malformed", file=file, where="elementary_step", why=why)
    return replace(profile, vertical_unit=setup.elementary_step)


def _bytes_of(means: Iterable[str]) -> None:
    for key in means:
        if len(key) != 2 or not set(key) <= set("0123456789ABCDEF"):  # noqa: PLR2004  # two digits are one byte
            raise ValueError(f'{shown(key)} is no key of means; expected two hexadecimal digits, such as "3A"')


def _is_one_character(code: str) -> bool:
    return len(code) == 1 and code.isascii() and code.isprintable()


def _must_be_one_character(code: str) -> None:
    if not _is_one_character(code):
        raise ValueError('expected one printable ASCII character for code, such as "0"')
