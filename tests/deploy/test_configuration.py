"""deploy/passbook.toml says of every key what it is."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from firmware.config.configuration import Config
from firmware.config.toml import KeySource
from tests.house import ROOT

TEXT = (ROOT / "deploy" / "passbook.toml").read_text("utf-8")
TABLE = re.compile(r"(?:##? )?\[{1,2}([a-z_.]+)\]{1,2}$")
KEY = re.compile(r"(?:##? )?([a-z_]+) = [^#]*(#.*)?$")
GIVEN = {"file"}


def inner(kind: Any) -> Any:
    """The Struct that a field's table, or each of its tables, is read into; None for a plain value."""
    one = get_args(kind)[0] if get_origin(kind) in {tuple, types.UnionType} else kind
    is_table = isinstance(one, type) and issubclass(one, msgspec.Struct) and one is not KeySource
    return one if is_table else None


def fields(kind: type[msgspec.Struct], where: str = "") -> Iterator[str]:
    """Every key that a file may have; a credential and a path are one text, and rules below a table are one list."""
    for field in msgspec.structs.fields(kind):
        table = inner(field.type)
        name = f"{where}{field.encode_name}"
        is_list = bool(where) and get_origin(field.type) is tuple
        if table is None or is_list:
            yield name
        else:
            yield from fields(table, f"{name}.")


def described(text: str) -> Iterator[tuple[str, bool]]:
    """Each key that stands in the file, in use or as a comment, and whether something is said of it."""
    table, comment = "", False
    for line in text.splitlines():
        if header := TABLE.fullmatch(line):
            table = f"{header[1]}."
        elif key := KEY.fullmatch(line):
            yield f"{table}{key[1]}", comment or key[2] is not None
        comment = line.startswith("#") and not header


def test_every_key_is_described_and_no_other() -> None:
    assert {name for name, _ in described(TEXT)} == set(fields(Config)) - GIVEN


def test_something_is_said_of_every_key() -> None:
    said = {name for name, said in described(TEXT) if said}
    assert {name for name, _ in described(TEXT)} - said == set()


def test_a_key_without_a_word_would_be_found() -> None:
    assert list(described("[a]\nb = 1\n\n# about c\nc = 2\nd = 3 # about d\n# [e]\n# f = 4\n")) == [
        ("a.b", False),
        ("a.c", True),
        ("a.d", True),
        ("e.f", False),
    ]
