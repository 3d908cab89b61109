"""A passbook update as CSV: lines `# key: value`, a header row, then one row for each entry (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final, Literal

from passbook.document.characters import LONGEST_LINE
from passbook.document.drafts import EntryDraft, StartLine, UpdateDraft
from passbook.document.layout_parts import FIELD_NAME
from passbook.errors import PassbookError

HEADER: Final = ["date", "text", "withdrawal", "deposit", "balance"]
_REQUIRED: Final = ("layout", "account", "currency")
_KEYS: Final = frozenset({*_REQUIRED, "start"})
_BLANKS: Final = " \t"
_OWN_COLUMN: Final = re.compile(FIELD_NAME)
_START: Final = re.compile(r"page ([0-9]{1,4}) line ([0-9]{1,4})")


def read_csv(text: str) -> UpdateDraft:
    """The update that the CSV says.  Raises PassbookError `document-malformed`, naming line or entry numbers only."""
    keys, rest, line = _split_keys(text)
    for key in _REQUIRED:
        if not keys.get(key):
            raise _malformed("the lines above the header", f"{key} is missing")
    return UpdateDraft(
        layout=keys["layout"],
        account=keys["account"],
        currency=keys["currency"],
        start=_read_start(keys.get("start", "ask")),
        entries=tuple(_read_entries(rest, line)),
    )


def _malformed(where: str, why: str) -> PassbookError:
    return PassbookError("document-malformed", where=where, why=why)


def _split_keys(text: str) -> tuple[dict[str, str], io.StringIO, int]:
    """The leading keys, the text behind them, and the number of its first line."""
    rest = io.StringIO(text, newline="")
    keys: dict[str, str] = {}
    number = 1
    while text.startswith("#", rest.tell()):
        key, value = _read_key(_bounded(rest.readline(), number), number)
        if key in keys:
            raise _malformed(f"line {number}", f"{key} is given twice")
        keys[key] = value
        number += 1
    return keys, rest, number


def _read_key(line: str, number: int) -> tuple[str, str]:
    # No pattern: one with blanks on both sides of the value takes time by the square of their number.
    key, colon, value = line.removeprefix("#").partition(":")
    key = key.strip(_BLANKS)
    if not colon or key not in _KEYS:
        raise _malformed(f"line {number}", f"it is not `# key: value` with one of {', '.join(sorted(_KEYS))}")
    return key, value.rstrip("\r\n").strip(_BLANKS)


def _read_start(text: str) -> StartLine | Literal["ask"]:
    if text == "ask":
        return "ask"
    match = _START.fullmatch(text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise _malformed("start", "it is neither `ask` nor `page 3 line 15`")
    return StartLine(int(match[1]), int(match[2]))


def _read_entries(rest: io.StringIO, line: int) -> Iterator[EntryDraft]:
    rows = _rows(rest, line)
    header = next(rows, [])
    own = header[len(HEADER) :]
    if header[: len(HEADER)] != HEADER or len(set(own)) < len(own) or not all(map(_OWN_COLUMN.fullmatch, own)):
        why = f"the header is not {','.join(HEADER)}, with names of own columns of the layout behind it or none"
        raise _malformed(f"line {line}", why)
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise _malformed(f"entry {number}", f"it has {len(row)} fields, not {len(header)}")
        date, text, withdrawal, deposit, balance, *others = row
        yield EntryDraft(date, text, withdrawal, deposit, balance, dict(zip(own, others, strict=True)))


def _rows(rest: io.StringIO, first_line: int) -> Iterator[list[str]]:
    """The rows that are not blank; an error of the csv module could quote the row, so it is not passed on."""
    reader = csv.reader(_lines(rest, first_line), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _malformed(f"line {first_line + reader.line_num - 1}", "it is not CSV") from None
        if row:
            yield row


def _lines(rest: io.StringIO, first_line: int) -> Iterator[str]:
    """The text line by line, so that other threads have their turn between any two lines."""
    for number, line in enumerate(rest, first_line):
        yield _bounded(line, number)


def _bounded(line: str, number: int) -> str:
    """The line; refuse a longer one before any other work on it."""
    if len(line) > LONGEST_LINE:
        raise _malformed(f"line {number}", f"it has more than {LONGEST_LINE} characters")
    return line
