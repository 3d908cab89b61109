"""TOML tables as frozen Structs: an error names the dotted key and the expected value."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec import Meta

from passbook.document.lengths import LengthError, parse_offset, shown_length
from passbook.errors import PassbookError
from passbook.errors.decoding import toml_text
from passbook.protocol.printer_setup import MOST_OFFSET
from storage import files

MEBIBYTE: Final = 1024 * 1024
SHOWN: Final = 80
"""The most characters of a value that an error repeats."""


class Size(int):
    """A number of bytes; in the file a whole number, or text such as "256 MiB"."""


class Offset(int):
    """A length in 1/2160 inch; in the file text such as "1.5 mm" or "-1/16 in"."""


class KeySource(msgspec.Struct, frozen=True):
    """The source of the appliance key: a plain file, or a credential that systemd hands over by name.

    Attributes:
        path: the plain file; None for a credential.
        credential: the credential's name; empty for a plain file.
    """

    path: Path | None = None
    credential: str = ""

    def file(self, environ: Mapping[str, str] = os.environ) -> Path:
        """The file to read now. Raises PassbookError `file-problem` if systemd handed no credential over."""
        if self.path is not None:
            return self.path
        folder = environ.get("CREDENTIALS_DIRECTORY", "")
        if not folder:
            why = "there is no credentials folder, so it was not started by systemd with this credential"
            raise PassbookError("file-problem", file=f"credential:{self.credential}", why=why)
        return Path(folder) / self.credential


class Misfit(Exception):  # noqa: N818  # half an error: the caller that knows the file makes a PassbookError of it
    """The value at `key` does not fit."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(key, why)
        self.key = key
        self.why = why


def parse(file: Path) -> dict[str, Any]:
    """The file's top table. Raises Misfit if the file cannot be read or is not TOML."""
    try:
        return tomllib.loads(toml_text(files.read(file)))
    except PassbookError as error:
        raise Misfit("file", f"it cannot be read: {error.facts['why']}") from None
    except UnicodeDecodeError as error:
        raise Misfit(f"byte {error.start}", "expected UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Misfit("file", f"expected TOML: {shown_value(str(error))}") from None


_T = TypeVar("_T", bound=msgspec.Struct)


def read_table(
    kind: type[_T], where: str, value: object, folder: Path, given: Mapping[str, object] | None = None
) -> _T:
    """One table as `kind`; unknown keys first, as a misspelt key is also a missing one."""
    if not isinstance(value, dict):
        raise Misfit(where, f"expected a table, got {shown_value(value)}")
    found: dict[str, object] = dict(given or {})
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind) if field.name not in found}
    for key in value:
        if key not in fields:
            raise Misfit(_join(where, key), _unknown(key, fields))
    for key, field in fields.items():
        if key in value:
            found[field.name] = _value(field.type, _join(where, key), value[key], folder)
        elif field.required:
            raise Misfit(_join(where, key), f"it is missing; expected {expected(field.type)}")
    return kind(**found)


def _value(kind: Any, where: str, value: object, folder: Path) -> object:
    bare = _bare(kind)
    if bare in READERS:
        return READERS[bare](where, value, folder)
    if _is_struct(bare):
        return read_table(bare, where, value, folder)
    if get_origin(bare) is tuple and _is_struct(get_args(bare)[0]):
        if not isinstance(value, list):
            raise Misfit(where, f"expected {expected(bare)}, got {shown_value(value)}")
        return tuple(read_table(get_args(bare)[0], f"{where}[{n}]", one, folder) for n, one in enumerate(value))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise Misfit(where, f"expected {expected(kind)}, got {shown_value(value)}") from None


def _path(where: str, value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Misfit(where, f"expected {expected(Path)}, got {shown_value(value)}")
    return folder / value


def _size(where: str, value: object, _folder: Path) -> Size:
    size = 0
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (match := re.fullmatch(r"([0-9]{1,9}) ?(KiB|MiB|GiB|B)", value, re.ASCII)):
        size = int(match[1]) * UNITS[match[2]]
    if not 0 < size < LARGEST:
        raise Misfit(where, f"expected {expected(Size)}, got {shown_value(value)}")
    return Size(size)


def _key_source(where: str, value: object, folder: Path) -> KeySource:
    if isinstance(value, str) and value.startswith("credential:"):
        name = value.removeprefix("credential:")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name, re.ASCII):
            raise Misfit(where, f"expected {expected(KeySource)}, got {shown_value(value)}")
        return KeySource(credential=name)
    if not isinstance(value, str):
        raise Misfit(where, f"expected {expected(KeySource)}, got {shown_value(value)}")
    return KeySource(path=_path(where, value, folder))


def _offset(where: str, value: object, _folder: Path) -> Offset:
    try:
        return Offset(parse_offset(value if isinstance(value, str) else "", MOST_OFFSET))
    except LengthError:
        raise Misfit(where, f"expected {expected(Offset)}, got {shown_value(value)}") from None


UNITS: Final = {"B": 1, "KiB": 1024, "MiB": MEBIBYTE, "GiB": 1024 * MEBIBYTE}
LARGEST: Final = 2**47
"""The most bytes of a size; beyond it SQLite's page numbers end (its largest database is 2**48 bytes less a little)."""
READERS: Final[dict[Any, Callable[[str, object, Path], object]]] = {
    Path: _path,
    Size: _size,
    KeySource: _key_source,
    Offset: _offset,
}
EXPECTED: Final[dict[Any, str]] = {
    Path: "a path of printable characters",
    Size: 'a size above 0 such as "256 MiB"',
    Offset: f'a length such as "1.5 mm" or "-1/16 in", at most {shown_length(MOST_OFFSET)} either way',
    KeySource: 'a path, or "credential:NAME" for a systemd credential',
}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _bare(kind: Any) -> Any:
    """`kind` without an alternative None: in TOML a value that is not given is missing."""
    rest = [one for one in get_args(kind) if one is not type(None)]
    return rest[0] if type(None) in get_args(kind) and len(rest) == 1 else kind


def expected(kind: Any) -> str:
    """The form of a value of `kind`, for a person."""
    bare = _bare(kind)
    if bare in EXPECTED:
        return EXPECTED[bare]
    texts = [one.description for one in getattr(bare, "__metadata__", ()) if isinstance(one, Meta)]
    if texts:
        return cast("str", texts[0])
    return "a list of tables" if get_origin(bare) is tuple else "a table"


def _unknown(key: str, fields: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, fields, n=1, cutoff=0.5)
    return f"there is no such key; did you mean {near[0]}?" if near else f"there is no such key; known: {_list(fields)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _join(where: str, key: str) -> str:
    text = key if re.fullmatch(r"[A-Za-z0-9_-]+", key, re.ASCII) else shown_value(key)
    return f"{where}.{text}" if where else text


def shown_value(value: object) -> str:
    """A short, printable form of a value in the file."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = ascii(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
