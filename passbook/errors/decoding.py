"""Place and cause of a decoder's error in our words, never with a value from the document."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from passbook.errors.catalogue import shown

LONGEST_SETTING: Final = 2000
"""Characters of a line of an operator's file."""
_AT: Final = " - at `$"
_SINGULAR: Final = {
    "entries": "entry",
    "columns": "column",
    "fields": "field",
    "texts": "text",
    "heading": "heading",
    "footer": "footer",
    "staggering": "staggering, page",
}
_ITEM: Final = re.compile(rf"({'|'.join(_SINGULAR)})\[([0-9]+)\]")
_HARMLESS: Final = re.compile(r"Expected `[a-z]+` (?:of length )?(?:>=|<=) [0-9]+")
"""The messages of msgspec that name only types, bounds and our own fields; others may quote the input."""
_KIND: Final = re.compile(r"Expected `([a-z |]+)`, got `([a-z |]+)`")
_BOUND: Final = re.compile(r"Expected `([a-z]+)` ((?:of length )?(?:>=|<=|>|<) [0-9.]+)")
_PATTERN: Final = "Expected `str` matching regex "
_MISSING: Final = re.compile(r"Object missing required field `([A-Za-z_]+)`")
_UNKNOWN: Final = "Object contains unknown field `"
_LINE_OF_ERROR: Final = re.compile(r"\(at line ([0-9]+), column [0-9]+\)")
_KEY_OF_LINE: Final = re.compile(r"[ \t]*\[{0,2}[ \t]*([A-Za-z0-9_.-]{1,60})[ \t]*[=\]]")
_STEP: Final = re.compile(r"\[[^\]]*\]|[^.\[]+")


class Complaint(NamedTuple):
    """The place (`entry 7, date`) and the cause of an error, both without a full stop."""

    where: str
    why: str


def complaint(error: ValueError, kind: Any, otherwise: str) -> Complaint:
    """Place and cause of a decoder's error about a document that was read as a `kind`.

    `otherwise` replaces a cause that would quote the document.
    """
    why, place = _split(error)
    if found := _KIND.fullmatch(why):
        why = f"it is {_PLAIN.get(found[2], found[2])}, and must be {_kinds(found[1])}"
    elif found := _MISSING.fullmatch(why):
        why = f"{found[1]} is missing"
    elif why.startswith(_UNKNOWN):
        keys = dict.fromkeys(_keys(inspect.type_info(kind), _STEP.findall(place)))
        # A name may look like the way to a place; behind a way of ours there are fields.
        place, keys = (place, keys) if keys else ("", dict.fromkeys(_keys(inspect.type_info(kind), ())))
        name = name_shown(why.removeprefix(_UNKNOWN).removesuffix("`"))
        why = f"it has {name}, which is no field of the format; known: {', '.join(keys)}"
    elif not _HARMLESS.fullmatch(why):
        why = otherwise
    return Complaint(_counted(place), why)


def name_shown(name: str) -> str:
    """A field's name as an error says it: its length alone unless it looks like a name, since a peer may write any."""
    return name if re.fullmatch(r"[a-z][A-Za-z0-9_-]{0,39}", name) else f"a name of {len(shown(name))} characters"


def full_complaint(error: Exception, kind: Any) -> Complaint:
    """Place and cause of a decoder's error about a file of the operator that was read as a `kind`; it may be quoted."""
    why, place = _split(error)
    form, steps = inspect.type_info(kind), _STEP.findall(place)
    if why.startswith(_UNKNOWN):
        keys = ", ".join(dict.fromkeys(_keys(form, steps)))
        name = shown(why.removeprefix(_UNKNOWN).removesuffix("`"))
        return Complaint(_counted(place), f"there is no key {name}" + (f"; known: {keys}" if keys else ""))
    words = ", ".join(dict.fromkeys(_words(form, steps)))
    allowed = f"; it must be one of {words}" if words else ""
    return Complaint(_counted(place), why.rstrip(".") + allowed)


def found_complaint(error: Exception, kind: Any, table: object) -> Complaint:
    """The same, with the value that was found in the `table` of the file, where that is no table itself."""
    told = full_complaint(error, kind)
    why, place = _split(error)
    steps = _STEP.findall(place)
    words = ", ".join(dict.fromkeys(_words(inspect.type_info(kind), steps)))
    if missing := _MISSING.fullmatch(why):
        words = ", ".join(dict.fromkeys(_words(inspect.type_info(kind), [*steps, missing[1]])))
        return Complaint(told.where, f"{missing[1]} is missing" + (f"; it must be one of {words}" if words else ""))
    if not place or not table or why.startswith(_UNKNOWN):
        return told
    found: Any = table
    for step in steps:
        found = found[int(step[1:-1]) if step.startswith("[") else step]
    shape = "a table" if isinstance(found, dict) else "a list" if isinstance(found, list) else shown(str(found))
    # A number in quotes would look like one.
    shape = f"the text {shape}" if isinstance(found, str) and _KIND.fullmatch(why) else shape
    shape = shape or "empty"
    expected = _plainly(why, words)
    if expected.endswith(_PLAIN["object"]) and (
        keys := ", ".join(dict.fromkeys(_keys(inspect.type_info(kind), steps)))
    ):
        expected += f" with {keys}"
    return Complaint(told.where, f"it is {shape}; {expected or told.why}")


_PLAIN: Final = {
    "int | float": "a number",
    "int": "a whole number",
    "str": "a text",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
}
_BOUNDS: Final = {
    "of length >=": "with at least",
    "of length <=": "with at most",
    ">=": "of at least",
    "<=": "of at most",
}


def _kinds(kinds: str) -> str:
    """The types that msgspec expects, as an operator says them; what may be left out is still of a type."""
    wanted = kinds.removesuffix(" | null")
    return _PLAIN.get(wanted) or " or ".join(_PLAIN.get(one, one) for one in wanted.split(" | "))


def _plainly(why: str, words: str) -> str:
    """The expected value as an operator says it; empty where msgspec says nothing of it."""
    if words:
        return f"it must be one of {words}"
    if found := _KIND.fullmatch(why):
        return f"it must be {_kinds(found[1])}"
    if found := _BOUND.fullmatch(why):
        bound, _, number = found[2].rpartition(" ")
        unit = "" if not bound.startswith("of") else " character" if found[1] == "str" else " item"
        unit += "s" if unit and number != "1" else ""
        return f"it must be {_PLAIN.get(found[1], found[1])} {_BOUNDS.get(bound, bound)} {number}{unit}"
    # Of the texts in such files only names have a pattern.
    return "it must be a name of 1 to 40 of a-z, 0-9 and hyphen" if why.startswith(_PATTERN) else ""


def toml_text(data: bytes) -> str:
    """The text of an operator's file. Raises ValueError for bytes that are not UTF-8, or for a line that is too long.

    tomllib takes time by the square of the parts of a key; a key stands on one line.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {number} is not UTF-8; save the file as UTF-8") from None
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_SETTING:
            raise ValueError(f"line {number} has more than {LONGEST_SETTING} characters")
    return text


def toml_table(data: bytes) -> dict[str, Any]:
    """The table of an operator's file.  Raises ValueError naming the key where it is not TOML or nested too deep."""
    text = toml_text(data)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why = str(error)
    except RecursionError:
        raise ValueError(f"it is nested too deep{_AT}.{_deepest_key(text)}`") from None
    found, lines = _LINE_OF_ERROR.search(why), text.split("\n")
    key = _key_at(lines if found is None else lines[: int(found[1])])
    raise ValueError(f"{why}{_AT}.{key}`" if key else why)


def _key_at(lines: Sequence[str]) -> str:
    """The last key or table that begins on one of the lines; empty for none."""
    keys = (_KEY_OF_LINE.match(line) for line in reversed(lines))
    return next((key[1] for key in keys if key is not None), "")


def _deepest_key(text: str) -> str:
    """The key below which the most brackets are open; their number in texts says little, but no key has so many."""
    key, deepest, depth, most = "", "", 0, 0
    for line in text.split("\n"):
        begun = _KEY_OF_LINE.match(line)
        if begun is not None:
            key, depth = begun[1], 0
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
        if depth > most:
            deepest, most = key, depth
    return deepest


def field_complaint(error: Exception, kind: type[Any], whole: str) -> str:
    """The wrong field of a message and the expected value, as words; never the value of the message.

    Args:
        error: the error of decoding a `kind`.
        kind: a structure; the answer lists the allowed words of its enums.
        whole: the name of the message, used when all of it is of another type.
    """
    if not isinstance(error, msgspec.ValidationError):
        return "it is not JSON of the described form"
    why, place = _split(error)
    # The peer chose the name of an unknown field, so it could be any text, also one that looks like a path.
    place = shown(place)
    if found := _MISSING.fullmatch(why):
        return f"{_below(place)}{found[1]} is missing"
    if why.startswith(_UNKNOWN):
        name = shown(why.removeprefix(_UNKNOWN).removesuffix("`"))
        return f"{_below(place)}{name} is no field that is known here"
    words = ", ".join(dict.fromkeys(_words(inspect.type_info(kind), _STEP.findall(place))))
    return f"{place or whole} {_wanted(why, words)}"


def _below(place: str) -> str:
    return f"{place}." if place else ""


def _wanted(why: str, words: str) -> str:
    """The expected value, as msgspec says in `why`; for a value of an enum, its `words`."""
    if found := _KIND.fullmatch(why):
        return f"must be {found[1]}, not {found[2]}"
    if found := _BOUND.fullmatch(why):
        return f"must be {found[1]} {found[2]}"
    if why.startswith("Invalid base64"):
        return "must be base64"
    return f"must be one of {words}" if words else "is not as described"


def _words(kind: inspect.Type, steps: Sequence[str]) -> Iterator[str]:
    """The values that the enum or literal at the end of a path may have; the path begins at `kind`."""
    match kind:
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _words(one, steps)
        case inspect.StructType(tag_field=str() as key, tag=tag) if steps == [key]:
            yield str(tag)
        case inspect.StructType(fields=fields) if steps:
            for field in fields:
                if field.encode_name == steps[0]:
                    yield from _words(field.type, steps[1:])
        case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner) if steps:
            yield from _words(inner, steps[1:])
        case inspect.EnumType(cls=members) if not steps:
            yield from (str(member.value) for member in members)
        case inspect.LiteralType(values=values) if not steps:
            yield from map(str, values)
        case _:
            pass


def _keys(kind: inspect.Type, steps: Sequence[str]) -> Iterator[str]:
    """The keys of the table at the end of a path; the path begins at `kind`."""
    match kind:
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _keys(one, steps)
        case inspect.StructType(fields=fields) if steps:
            for field in fields:
                if field.encode_name == steps[0]:
                    yield from _keys(field.type, steps[1:])
        case inspect.StructType(fields=fields):
            yield from (field.encode_name for field in fields)
        case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner) if steps:
            yield from _keys(inner, steps[1:])
        case _:
            pass


def _split(error: Exception) -> tuple[str, str]:
    """The words of msgspec about the value, and its path, empty for the whole."""
    message = str(error)
    why, at, place = message.rpartition(_AT)
    if not at or not place.endswith("`"):
        return message, ""
    return why, place.removesuffix("`").removeprefix(".")


def _counted(place: str) -> str:
    return _ITEM.sub(_count_from_one, place).replace(".", ", ") if place else "the top level"


def _count_from_one(item: re.Match[str]) -> str:
    return f"{_SINGULAR[item[1]]} {int(item[2]) + 1}"
