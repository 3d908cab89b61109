"""A passbook update as JSON: exactly the structures of passbook.document.drafts."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from passbook.document.decoding_text import decoded_text
from passbook.document.drafts import ReadUpdate, UpdateDraft
from passbook.document.json_text import JsonFormError, check_json, path_at, spot_of
from passbook.document.reading_rules import CORRECT, STRICT_AMOUNTS, STRICT_DATES
from passbook.errors import PassbookError
from passbook.errors.decoding import complaint

AMOUNTS: Final = frozenset({"withdrawal", "deposit", "balance"})
_EXAMPLES: Final = {
    "layout": '"layout": "savings-24"',
    "account": '"account": "001-22-334455"',
    "currency": '"currency": "EUR"',
    "start": '"start": {"page": 3, "line": 15}, or "ask"',
    "start, page": '"page": 3',
    "start, line": '"line": 15',
    "entries": '"entries": [{"date": "2026-01-05", "text": "Salary", "deposit": "2500.00"}]',
    "date": '"date": "2026-01-05"',
    "text": '"text": "Salary"',
}
"""Field -> how it is written."""
_STEP: Final = re.compile(r"([a-z]+)(?:\[([0-9]+)\])?")
_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_OUR_PATH: Final = re.compile(r"\.[a-z]+(?:\[[0-9]+\](?:\.[a-z]+)?)?|\.start\.[a-z]+")
_BYTE: Final = re.compile(r"JSON is malformed: (.*) \(byte ([0-9]+)\)")


def read_json(data: bytes) -> ReadUpdate:
    """The update that the JSON says.

    Raises PassbookError `document-malformed` or `amount-not-decimal`, naming field and place only.
    """
    text = decoded_text(data)
    try:
        check_json(text)
        draft = msgspec.json.decode(text, type=UpdateDraft)
    except JsonFormError as fault:
        raise PassbookError("document-malformed", where=fault.where, why=fault.why, how=fault.how) from None
    except ValueError as error:
        raise _refusal(text, _with_path(text, error)) from None
    return ReadUpdate(
        draft,
        0,
        lambda number, column: _place(text, number, column),
        STRICT_DATES,
        STRICT_AMOUNTS,
        takes_import=False,
    )


def _place(text: str, number: int, column: str) -> str:
    spot = spot_of(text, ["entries", number - 1, *([column] if column else [])])
    return f"entry {number}{f', {column}' if column else ''} ({spot})"


def _refusal(text: str, error: ValueError) -> PassbookError:
    """The error of a document that does not fit the format, with field and place."""
    found = complaint(error, UpdateDraft, otherwise="it is not what the format allows there")
    path = _PATH.search(str(error))
    where = f"{found.where} ({spot_of(text, _steps(path[1]) if path is not None else [])})"
    entry, _, column = found.where.partition(", ")
    if column in AMOUNTS:
        return PassbookError(
            "amount-not-decimal",
            where=where,
            column=column,
            found="without quotes",
            why="an amount is a text, since a number of JSON may be rounded",
            example=f'"{column}": "2500.00"',
            how=CORRECT,
        )
    field = found.where if found.where in _EXAMPLES else column or entry
    if field in _EXAMPLES:
        how = f"Write {_EXAMPLES[field]}"
    elif entry.startswith("entry "):
        how = f"Write only date, text, withdrawal, deposit, balance and others, such as {_EXAMPLES['entries']}"
    else:
        how = f"Write only layout, account, currency, start and entries, such as {_EXAMPLES['account']}"
    return PassbookError("document-malformed", where=where, why=found.why, how=how)


def _with_path(text: str, error: ValueError) -> ValueError:
    """The error with the way to its field, where the decoder names a byte alone."""
    found = _BYTE.fullmatch(str(error))
    if found is None:
        return error
    at = len(text.encode()[: int(found[2])].decode("utf-8", "ignore"))
    # Half a pair of surrogates is noticed up to two characters behind it.
    path = max((path_at(text, at), path_at(text, at - 2)), key=len)
    way = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return ValueError(f"{found[1]} - at `${way}`") if _OUR_PATH.fullmatch(way) else ValueError(found[1])


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    for name, number in _STEP.findall(path):
        steps += [name, int(number)] if number else [name]
    return steps
