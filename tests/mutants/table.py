"""The mutants, read from the files beside this one: each breaks one promise, and names the tests that see it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.mutants.damage import Change
from tests.mutants.harness import Mutant

FOLDER: Final = Path(__file__).parent


_MUTANT: Final = frozenset({"name", "says", "tests", "change"})
_CHANGE: Final = frozenset({"in", "file", "old", "new"})


def _must_be_known(row: Mapping[str, object], keys: frozenset[str]) -> None:
    """Raise ValueError for other keys: a lost header would hide a mutant among the keys of the one before."""
    if unknown := row.keys() - keys:
        raise ValueError(f"not known here: {', '.join(sorted(unknown))} of {row.get('name') or row.get('in')}")


def _mutants(path: Path) -> Iterator[Mutant]:
    for row in tomllib.loads(path.read_text("utf-8"))["mutant"]:
        _must_be_known(row, _MUTANT)
        changes = tuple(_change(one) for one in row["change"])
        yield Mutant(path.stem, row["name"], tuple(row["tests"]), row["says"].strip(), changes)


def _change(row: Mapping[str, Any]) -> Change:
    _must_be_known(row, _CHANGE)
    return Change(row.get("in") or row["file"], row["old"], row["new"], is_file="file" in row)


def _order(path: Path) -> tuple[str, int]:
    return path.stem[0], int(path.stem[1:])


MUTANTS: Final = tuple(mutant for path in sorted(FOLDER.glob("*.toml"), key=_order) for mutant in _mutants(path))
