"""JSON of peers: what is wrong with its form, with the name of the field and its place (line and character)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from passbook.errors.decoding import name_shown

DEEPEST: Final = 20
"""The most objects and arrays in each other; no format has more than four.

So Python's parser never comes near the end of its stack, whose depth hangs on the callers.
"""

_END: Final = "\n"
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_TOKENS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]', re.DOTALL)
_LONG_NUMBER: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(?P<number>-?[0-9]{4301,})', re.DOTALL)
_DECODER: Final = json.JSONDecoder()


class JsonFormError(ValueError):
    """What is wrong with the form of a JSON text."""

    def __init__(self, where: str, why: str, how: str) -> None:
        """Keep place, cause and remedy, none of them with a value of the text."""
        super().__init__(why)
        self.where, self.why, self.how = where, why, how


class _TwiceError(Exception):
    """A name stands twice in one object."""


def check_json(text: str) -> None:
    """Refuse a text that is no JSON, is nested too deep, or has a name twice in an object.  Raises JsonFormError."""
    _refuse_depth(text)
    try:
        json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        where = _shown_spot(text, error.pos)
        how = 'Write names and texts as "name": "text", with commas between'
        raise JsonFormError(where, "it is not JSON there", how) from None
    except _TwiceError:
        found, at = _second_name(text)
        name = name_shown(found)
        where = f"{name} ({_shown_spot(text, at)})"
        raise JsonFormError(where, "the name stands twice in one object", f"Write {name} once") from None
    except ValueError:
        # Python reads no number of more than 4300 digits.
        at = next((token.start() for token in _LONG_NUMBER.finditer(text) if token["number"]), 0)
        how = 'Write an amount as a text, such as "2500.00"'
        raise JsonFormError(_shown_spot(text, at), "a number there is too long", how) from None


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _TwiceError


def _second_name(text: str) -> tuple[str, int]:
    """The first name that its object had already, and where it stands; the text has one."""
    names: list[set[str]] = []
    for token in _TOKENS.finditer(text):
        if token[0] in {"{", "["}:
            names.append(set())
        elif token[0] in {"}", "]"}:
            names.pop()
        elif text.startswith(":", _skip(text, token.end())):
            name: str = json.loads(token[0], strict=False)
            if name in names[-1]:
                return name, token.start()
            names[-1].add(name)
    raise AssertionError("no name stands twice")


def _shown_spot(text: str, at: int) -> str:
    """A place of the text as people count it."""
    return f"line {text.count(_END, 0, at) + 1}, character {at - text.rfind(_END, 0, at)}"


def _refuse_depth(text: str) -> None:
    """Refuse what lies deeper than DEEPEST, by the last name before it; what is no JSON may pass."""
    depth, last = 0, ""
    for token in _TOKENS.finditer(text):
        if token[0] in {"{", "["}:
            depth += 1
        elif token[0] in {"}", "]"}:
            depth -= 1
        elif text.startswith(":", _skip(text, token.end())):
            last = token[0]
        if depth > DEEPEST:
            name = name_shown(last.strip('"')) if last else "the top level"
            why = f"more than {DEEPEST} objects and arrays lie in each other"
            raise JsonFormError(name, why, "Write no field but those of the format")


def spot_of(text: str, path: list[str | int]) -> str:
    """The place of the value at the end of a path, or of the last value on the way that is there."""
    at = _skip(text, 0)
    for step in path:
        below = _below(text, at, step)
        if below is None:
            break
        at = below
    return _shown_spot(text, at)


def path_at(text: str, at: int) -> list[str | int]:
    """The way to the innermost value that has the character `at`, which is counted from 0."""
    path: list[str | int] = []
    value = _skip(text, 0)
    while (inner := next((one for one in _members(text, value) if one[1] <= at < one[2]), None)) is not None:
        path.append(inner[0])
        value = inner[1]
    return path


def _below(text: str, at: int, step: str | int) -> int | None:
    """The beginning of a member or element; None where there is none."""
    return next((begin for name, begin, _ in _members(text, at) if name == step), None)


def _members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """The name or number, the beginning and the end of each member of the object or array that begins at a place."""
    is_object = text.startswith("{", at)
    if not is_object and not text.startswith("[", at):
        return
    number, at = 0, _skip(text, at + 1)
    while not text.startswith(("}", "]"), at):
        name: str | int = number
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield name, at, end
        at = _skip(text, end)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        number += 1


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found is not None else at
