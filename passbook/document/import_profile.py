"""Import profiles: how the CSV files of one program are written, as an operator's TOML file declares it.

    encoding = "windows-1252"
    delimiter = ";"

    [columns]
    date = "Date"
    text = "Description"
    withdrawal = "Out"
    deposit = "In"
    ignored = ["Interestdate"]

    [dates]
    order = "day-month-year"

    [amounts]
    decimal = ","

Every column of the file is named: a changed export is refused instead of read wrongly.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec

from passbook.document.currencies import MINOR_DIGITS
from passbook.document.date_style import Calendar
from passbook.document.layout import LAYOUT_NAME
from passbook.document.layout_parts import FIELD_NAME
from passbook.document.reading_rules import AmountRule, DateOrder, DateRule, WrittenSign
from passbook.errors import PassbookError, shown
from passbook.errors.decoding import found_complaint, toml_table

MOST_SOURCE_COLUMNS: Final = 400
_OWN_COLUMN: Final = re.compile(FIELD_NAME)


class Encoding(StrEnum):
    """The encodings of files."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    """With its mark, or the lower byte first."""
    WINDOWS_1250 = "windows-1250"
    WINDOWS_1252 = "windows-1252"
    WINDOWS_1253 = "windows-1253"
    WINDOWS_1254 = "windows-1254"
    CP437 = "cp437"
    CP850 = "cp850"
    SHIFT_JIS = "shift-jis"
    TIS_620 = "tis-620"


CODECS: Final = MappingProxyType(
    {
        Encoding.UTF_8: "utf-8",
        Encoding.UTF_16: "utf-16-le",
        Encoding.WINDOWS_1250: "cp1250",
        Encoding.WINDOWS_1252: "cp1252",
        Encoding.WINDOWS_1253: "cp1253",
        Encoding.WINDOWS_1254: "cp1254",
        Encoding.CP437: "cp437",
        Encoding.CP850: "cp850",
        Encoding.SHIFT_JIS: "cp932",
        Encoding.TIS_620: "tis-620",
    }
)
"""Encoding -> Python's codec of it; files of Shift-JIS have the characters that Windows added."""


class Delimiter(StrEnum):
    """The character between two cells."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "tab"
    BAR = "|"

    @property
    def character(self) -> str:
        """The character itself."""
        return "\t" if self is Delimiter.TAB else self.value


_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MOST_SOURCE_COLUMNS)]
_Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
SourceColumn: TypeAlias = _Number | _Name
"""A column of the file: its name in the row of names, or its number from 1 where there is no such row."""


class ColumnPlaces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column of the file for each part of an entry; None where the file has none.

    Attributes:
        amount: one column for both directions; below zero is a withdrawal.
        account: the same in every row; so is the currency.
        others: columns of the layout's own, by the names that the layout gives them.
        ignored: columns that are passed over.
    """

    date: SourceColumn
    text: SourceColumn | None = None
    withdrawal: SourceColumn | None = None
    deposit: SourceColumn | None = None
    balance: SourceColumn | None = None
    amount: SourceColumn | None = None
    account: SourceColumn | None = None
    currency: SourceColumn | None = None
    others: dict[str, SourceColumn] = msgspec.field(default_factory=dict)
    ignored: tuple[SourceColumn, ...] = ()

    def named(self) -> Iterator[tuple[str, SourceColumn]]:
        """Each part that the file has, with its column."""
        for part in PARTS:
            place = getattr(self, part)
            if place is not None:
                yield part, place
        yield from self.others.items()


PARTS: Final = ("date", "text", "withdrawal", "deposit", "balance", "amount", "account", "currency")
USUAL_COLUMNS: Final = ColumnPlaces("date", "text", "withdrawal", "deposit", "balance")


class ImportProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The way in which the files of one program are written.

    Attributes:
        name: by which documents, layouts and people name it; not a key of its file.
        head_lines: lines that are passed over at the beginning.
        names: whether a row of names stands above the entries.
        layout: of a file that names none; empty for none.  So is the currency.
    """

    name: str = ""
    encoding: Encoding = Encoding.UTF_8
    delimiter: Delimiter = Delimiter.COMMA
    head_lines: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    names: bool = True
    columns: ColumnPlaces = USUAL_COLUMNS
    dates: DateRule = DateRule()
    amounts: AmountRule = AmountRule()
    layout: str = ""
    currency: str = ""


def parse_import(name: str, data: bytes, file: str) -> ImportProfile:
    """The import profile that a TOML file describes.

    Args:
        name: the name by which it is known.
        data: the file's bytes.
        file: the name of the file in an error.

    Raises:
        PassbookError: `import-malformed`, with the key and what is allowed.
    """
    table: dict[str, Any] = {}
    try:
        table = toml_table(data.removeprefix(codecs.BOM_UTF8))
        profile = msgspec.convert(table, ImportProfile)
    except (ValueError, RecursionError) as error:
        found = found_complaint(error, ImportProfile, table)
        raise PassbookError("import-malformed", file=file, where=found.where, why=found.why) from None
    for where, why, wrong in _faults(name, profile):
        if wrong:
            raise PassbookError("import-malformed", file=file, where=where, why=why)
    return msgspec.structs.replace(profile, name=name)


def _faults(name: str, profile: ImportProfile) -> Iterator[tuple[str, str, bool]]:
    """The faults by which no document could be read: the key, the cause, and whether it is so."""
    why = "it is not 1 to 40 of a-z, 0-9 and hyphen, so that no document could name it"
    yield "name", why, not LAYOUT_NAME.fullmatch(name)
    yield "name", "the name of the file is its name; allowed is no key name", bool(profile.name)
    yield "layout", "it is not the name of a layout", bool(profile.layout) and not LAYOUT_NAME.fullmatch(profile.layout)
    yield (
        "currency",
        "allowed is a code of ISO 4217, such as EUR",
        bool(profile.currency) and profile.currency not in MINOR_DIGITS,
    )
    columns, wanted = profile.columns, str if profile.names else int
    places = [*(place for _, place in columns.named()), *columns.ignored]
    why = "allowed are names where the file has a row of names, else numbers (names = false)"
    yield "columns", why, not all(isinstance(place, wanted) for place in places)
    why = "allowed are names of 1 to 40 of a-z, 0-9 and hyphen that are no part of every entry"
    bad = [name for name in columns.others if not _OWN_COLUMN.fullmatch(name) or name in PARTS]
    yield "columns.others", why, bool(bad)
    yield "columns", "two are the same column of the file", len({_folded(place) for place in places}) < len(places)
    both = columns.amount is not None and (columns.withdrawal is not None or columns.deposit is not None)
    yield "columns.amount", "allowed is either amount, or withdrawal and deposit", both
    marks = profile.amounts.decimal.value == profile.amounts.grouping.value
    yield "amounts.grouping", "allowed is another mark than the decimal one", marks
    twice = profile.amounts.negative_withdrawals and profile.amounts.sign is WrittenSign.CR_DR
    yield "amounts.negative_withdrawals", "allowed is false with cr-dr, whose DR is a plain withdrawal", twice
    short = profile.dates.short_years and profile.dates.calendar is not Calendar.GREGORIAN
    yield "dates.short_years", "allowed is false with this calendar", short
    era = profile.dates.calendar is Calendar.JAPANESE and profile.dates.order is not DateOrder.YMD
    yield "dates.order", f"allowed is {DateOrder.YMD.value} with this calendar", era


def _folded(place: SourceColumn) -> SourceColumn:
    return place.casefold() if isinstance(place, str) else place


NO_PROFILES: Final[Mapping[str, ImportProfile]] = MappingProxyType({})
_NO_LAYOUTS: Final[Mapping[str, str]] = MappingProxyType({})


class Imports(NamedTuple):
    """The import profiles that are known, by name, and the layouts that name one."""

    profiles: Mapping[str, ImportProfile] = NO_PROFILES
    by_layout: Mapping[str, str] = _NO_LAYOUTS

    def named(self, name: str) -> ImportProfile:
        """The profile of that name.  Raises PassbookError `unknown-import`."""
        if name not in self.profiles:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise PassbookError("unknown-import", profile=shown(name), known=known)
        return self.profiles[name]

    def of_layout(self, layout: str) -> ImportProfile | None:
        """The profile that a layout names; None where it names none.  Raises PassbookError `unknown-import`."""
        name = self.by_layout.get(layout, "")
        return self.named(name) if name else None


NO_IMPORTS: Final = Imports()
