"""JSON of peers: what is wrong with its form, with the name of the field and its place (line and character)."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from passbook.errors import shown

DEEPEST: Final = 20
"""Objects and arrays in each other below which no name of ours stands; no format has more than four."""

_END: Final = "\n"
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_TOKENS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]', re.DOTALL)
_DECODER: Final = json.JSONDecoder()


class JsonFormError(ValueError):
    """What is wrong with the form of a JSON text."""

    def __init__(self, where: str, why: str, how: str) -> None:
        """Keep place, cause and remedy, none of them with a value of the text."""
        super().__init__(why)
        self.where, self.why, self.how = where, why, how


class _TwiceError(Exception):
    """A name stands twice in one object."""

    def __init__(self, name: str) -> None:
        self.name = name


def check_json(text: str) -> None:
    """Refuse a text that is no JSON, is nested too deep, or has a name twice in an object.  Raises JsonFormError."""
    try:
        json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        how = 'Write names and texts as "name": "text", with commas between'
        raise JsonFormError(where, "it is not JSON there", how) from None
    except _TwiceError as twice:
        name = name_shown(twice.name)
        raise JsonFormError(name, "the name stands twice in one object", f"Write {name} once") from None
    except RecursionError:
        name = _deep_name(text)
        why = "objects and arrays lie too deep in each other"
        raise JsonFormError(name, why, "Write no field but those of the format") from None
    except ValueError:
        # Python reads no number of more than 4300 digits.
        raise JsonFormError(
            "the top level", "a number in it is too long", 'Write an amount as a text, such as "2500.00"'
        ) from None


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise _TwiceError(name)
        seen.add(name)


def name_shown(name: str) -> str:
    """A field's name for an error; only one that looks like a name, since a peer may write anything there."""
    return name if re.fullmatch(r"[a-z][A-Za-z0-9_-]{0,39}", name) else f"a name of {len(shown(name))} characters"


def _deep_name(text: str) -> str:
    """The name below which the text lies too deep in itself."""
    depth, last = 0, ""
    for token in _TOKENS.finditer(text):
        match token[0]:
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
            case name:
                last = name
        if depth > DEEPEST:
            break
    return name_shown(last.strip('"')) if last else "the top level"


def spot_of(text: str, path: list[str | int]) -> str:
    """The place of the value at the end of a path, or of the last value on the way that is there."""
    at = _skip(text, 0)
    for step in path:
        below = _below(text, at, step)
        if below is None:
            break
        at = below
    return f"line {text.count(_END, 0, at) + 1}, character {at - text.rfind(_END, 0, at)}"


def _below(text: str, at: int, step: str | int) -> int | None:
    """The beginning of a member or element; None where there is none."""
    is_object = text.startswith("{", at)
    if not is_object and not text.startswith("[", at):
        return None
    number, at = 0, _skip(text, at + 1)
    while not text.startswith(("}", "]"), at):
        name: str | int = number
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == step:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        number += 1
    return None


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found is not None else at
