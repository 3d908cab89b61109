"""The data that every dialect has: its name, its waits, its code pages; and the reading of a profile's file."""

from __future__ import annotations

import bisect
import codecs
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Annotated, Any, Final, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import asdict

from passbook.document.characters import control_refusal
from passbook.document.plan import Run
from passbook.errors import PassbookError, shown
from passbook.errors.decoding import full_complaint, toml_text
from passbook.protocol.printer_setup import Assumed

_SPACE: Final = 0x20
_DELETE: Final = 0x7F
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that leave no mark, or that a printer may take for a command."""


WaitSeconds: TypeAlias = Annotated[float, Meta(gt=0, le=600)]
PageNumber: TypeAlias = Annotated[int, Meta(ge=0, le=999)]


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits, in seconds.

    Attributes:
        answer: for a request that moves nothing.
        motion: for a motion, a strike or an ejection.
        settle: of silence, after which no answer to an earlier request is under way.
        insertion_poll: between two looks whether a medium was put in.
        taken_poll: between two looks whether it was taken.
        assumed: no manual at hand gives these values.
    """

    answer: WaitSeconds
    motion: WaitSeconds
    settle: WaitSeconds
    insertion_poll: WaitSeconds
    taken_poll: WaitSeconds
    assumed: bool = False


class WideCharacters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a printer is told that pairs of bytes follow, each a character of two cells; bytes in hexadecimal.

    Attributes:
        begin: behind it every two bytes are one character.
        end: behind it every byte is one again.
        set_up: sent once before a medium, where the printer has to be told which pairs it will get.
    """

    begin: str
    end: str
    set_up: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not hexadecimal, and a switch of no bytes."""
        if not (hex_bytes("begin", self.begin) and hex_bytes("end", self.end)):
            raise ValueError('expected the bytes of both switches, such as begin = "1C 26" and end = "1C 2E"')
        hex_bytes("set_up", self.set_up)


class CodePage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code page: the printer's number for it and Python's name.

    Attributes:
        wide: how its characters of two bytes are printed; None where they are not.
    """

    number: PageNumber
    codec: str
    wide: WideCharacters | None = None
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a codec that Python does not have or that takes more than one byte for a letter."""
        try:
            single = len("A".encode(codecs.lookup(self.codec).name)) == 1
        except (LookupError, UnicodeError):
            single = False
        if not single:
            raise ValueError(
                f"codec {shown(self.codec)} is no code page of Python; expected one such as cp858 or cp932"
            )

    @property
    def set_up(self) -> bytes:
        """The bytes that a printer gets once before a medium, beside the number; here a lost end is sent again."""
        return b"" if self.wide is None else bytes.fromhex(self.wide.set_up) + bytes.fromhex(self.wide.end)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data that the document session and people need of every dialect.

    Attributes:
        lines_in_doubt: how many sent lines may be unconfirmed at a stop (P3).
    """

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    lines_in_doubt: Annotated[int, Meta(ge=1, le=1000)]
    times: Times
    code_pages: dict[str, CodePage]

    def find_code_page(self, code_page: str) -> CodePage:
        """The code page of that name.  Raises PassbookError `profile-malformed` when there is none."""
        try:
            return self.code_pages[code_page]
        except KeyError:
            known = ", ".join(sorted(self.code_pages))
            why = f"there is no code page {code_page}; known: {known}"
            raise PassbookError("profile-malformed", file=self.name, where="code_pages", why=why) from None


class _PerInch(Protocol):
    @property
    def cpi(self) -> float: ...


_Pitch = TypeVar("_Pitch", bound=_PerInch)


def find_pitch(pitches: Collection[_Pitch], cpi: float) -> _Pitch:
    """The pitch of `cpi` characters to the inch.  Raises ValueError, with the known ones, where there is none."""
    for pitch in pitches:
        if pitch.cpi == cpi:
            return pitch
    known = ", ".join(str(pitch.cpi) for pitch in pitches)
    raise ValueError(f"there is no pitch of {cpi} characters to the inch, only {known}")


_P = TypeVar("_P", bound=Profile)


def parse_profile(
    data: bytes,
    file: str,
    kind: type[_P],
    contradictions: Callable[[_P], Iterable[tuple[str, str]]],
    shipped: Collection[str] = (),
) -> _P:
    """A profile from TOML; it may extend one of `shipped`, and then says only what differs.

    Tables are merged, key by key; any other value, a list of tables too, takes the place of the extended one.
    `contradictions` finds key and cause of each value with which nothing could be printed, or that another contradicts.
    Raises PassbookError `profile-malformed` naming `file`, the key and what is allowed.
    """
    table = _table(data, file, shipped)
    try:
        profile = msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        why = full_complaint(error, kind).why
        raise PassbookError("profile-malformed", file=file, where=_place(error, table, kind), why=why) from None
    for where, why in contradictions(profile):
        raise PassbookError("profile-malformed", file=file, where=where, why=why)
    return profile


def _table(data: bytes, file: str, shipped: Collection[str]) -> dict[str, Any]:
    """The table of a profile with all that it extends."""
    try:
        table = tomllib.loads(toml_text(data.removeprefix(codecs.BOM_UTF8)))
        return deep_merge(_extended(table.pop(EXTENDS), file, shipped), table) if EXTENDS in table else table
    except (ValueError, RecursionError) as error:
        raise PassbookError("profile-malformed", file=file, where="text", why=str(error)) from None


def _place(error: msgspec.ValidationError, table: dict[str, Any], kind: type[Profile]) -> str:
    """The key of an error; of a table whose keys are names msgspec says none, so its entries are tried."""
    _, _, found = str(error).partition(" - at `$.")
    above, unnamed, below = found.rstrip("`").partition("[...]")
    if not unnamed:
        return above or "top"
    *way, last = above.split(".")
    holder = table
    for step in way:
        holder = holder[step]
    entries = list(holder[last].items())

    def is_among(count: int) -> bool:
        holder[last] = dict(entries[:count])
        try:
            msgspec.convert(table, kind)
        except msgspec.ValidationError as other:
            return str(other) == str(error)
        return False

    number = bisect.bisect_left(range(len(entries)), True, key=lambda at: is_among(at + 1))
    return f"{above}.{shown(entries[number][0])}{below}"


EXTENDS: Final = "extends"
"""The key of a profile that names the shipped one from which it differs."""


def _extended(name: object, file: str, shipped: Collection[str]) -> dict[str, Any]:
    if not isinstance(name, str) or name not in shipped:
        why = f"{shown(str(name))} comes not with this dialect; expected {' or '.join(shipped)}"
        raise PassbookError("profile-malformed", file=file, where=EXTENDS, why=why)
    return tomllib.loads(read_builtin(name).decode())


def deep_merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables as one, where `over` wins; tables within are merged likewise.

    >>> deep_merge({"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"y": 3}, "b": [2]})
    {'a': {'x': 1, 'y': 3}, 'b': [2]}
    """
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        found[key] = deep_merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def repeated(table: str, key: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Key and cause of each value of a list of tables that one before it has already."""
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            yield f"{table}[{number}].{key}", f"{value} stands twice; expected each {key} once"
        seen.add(value)


def hex_bytes(key: str, text: str) -> bytes:
    """The bytes that the hexadecimal text of a key says.  Raises ValueError."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"expected hexadecimal bytes such as 1B 4F for {key}") from None


def assumed_values(profile: Profile) -> tuple[Assumed, ...]:
    """Every value that a profile only assumes, with its key, in the order of the file."""
    return tuple(_assumed("", profile))


def _assumed(where: str, value: object) -> Iterator[Assumed]:
    if isinstance(value, msgspec.Struct):
        facts = asdict(value)
        if facts.pop("assumed", False):
            yield Assumed(where, ", ".join(_told(facts)))
        for key, one in facts.items():
            yield from _assumed(f"{where}.{key}" if where else key, one)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _assumed(f"{where}.{key}", one)
    elif isinstance(value, tuple):
        for number, one in enumerate(value, 1):
            yield from _assumed(f"{where}[{number}]", one)


def _told(facts: Mapping[str, object]) -> Iterator[str]:
    """The plain values of a table, as a person writes them; those of tables within tell of themselves."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _told(value)
        elif value is not None and value != "" and not isinstance(value, msgspec.Struct | tuple):
            yield f"{key} = {value}"


def read_builtin(name: str) -> bytes:
    """The file of a profile that comes with the product."""
    return (files("drivers.profiles") / f"{name}.toml").read_bytes()


def encode_run(page: CodePage, code_page: str, run: Run, where: str) -> list[bytes]:
    """The text of a run in the code page, in parts that must not be cut: letters, and the switches around wide ones.

    Raises PassbookError `control-byte` or `not-in-code-page`, which give the place and number of the character, not
    itself.
    """
    letters = []
    for number, character in enumerate(run.text, start=1):
        if unicodedata.category(character) in _UNPRINTABLE:
            raise control_refusal(character, where, number)
        try:
            code = character.encode(page.codec)
        except UnicodeEncodeError:
            raise PassbookError("not-in-code-page", where=where, number=number, code_page=code_page) from None
        if len(code) != run.cells // len(run.text) or any(byte < _SPACE or byte == _DELETE for byte in code):
            raise PassbookError("not-in-code-page", where=where, number=number, code_page=code_page)
        letters.append(code)
    if page.wide is None:
        return letters
    end = bytes.fromhex(page.wide.end)
    # Each run says how it is to be read, so that a switch that was lost spoils one run at most.
    return [bytes.fromhex(page.wide.begin), *letters, end] if run.wide else [end, *letters]
