"""Damage done on purpose, so that the verdict can be seen to find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import apsw
import msgspec

from demo.world import World


def plant(name: str, world: World) -> str:
    """Do the damage of that name in a stopped world; return it in words."""
    return _DAMAGES[name](world)


def _drop(world: World) -> str:
    paper, page = _paper(world)
    gone = page["runs"].pop(0)
    _write(world, paper)
    return f"a run of line {gone['line']} was taken off the paper"


def _twice(world: World) -> str:
    paper, page = _paper(world)
    for run in page["runs"]:
        if run["line"] == page["runs"][0]["line"]:
            run["times"] += 1
            run["strikes"].append(paper["strikes"] + 1)
    paper["strikes"] += 1
    _write(world, paper)
    return f"line {page['runs'][0]['line']} was struck once more"


def _history(world: World) -> str:
    for area in sorted(world.data.glob("*/area.sqlite")):
        connection = apsw.Connection(str(area))
        try:
            connection.execute("UPDATE history SET entry = replace(entry, 'Anna', 'Otto') WHERE entry LIKE '%Anna%'")
            changed = connection.changes()
        finally:
            connection.close()
        if changed:
            return f"{changed} history entries say that another person decided"
    raise RuntimeError("no history to damage")


def _paper(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """The paper as JSON values, and the first page of the first book in it."""
    paper = msgspec.json.decode(world.paper_file.read_bytes())
    book = next(iter(paper["books"].values()))
    return paper, next(iter(book["pages"].values()))


def _write(world: World, paper: dict[str, Any]) -> None:
    world.paper_file.write_bytes(msgspec.json.encode(paper))


_DAMAGES: Final[dict[str, Callable[[World], str]]] = {"drop": _drop, "twice": _twice, "history": _history}
PLANTS: Final = tuple(_DAMAGES)
