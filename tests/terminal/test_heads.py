from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.protocol.notice import HistoryHead, HistoryHeads
from terminal.heads import RememberedHeads

CHAINS = {number: bytes([number]) * 32 for number in range(20)}


def head(entries: int, chain: bytes | None = None, area: str = "a") -> HistoryHead:
    return HistoryHead(area, entries, chain or CHAINS[entries])


class Appliance:
    """Answers with the chain of its area `a`: one value for each number of entries."""

    def __init__(self, entries: int) -> None:
        self.chain = dict(CHAINS)
        self.entries = entries
        self.cut = 0
        self.asked: list[dict[str, int]] = []

    async def history_heads(self, entries: dict[str, int]) -> HistoryHeads:
        self.asked.append(entries)
        known = entries.get("a", 0)
        then = [head(known, self.chain[known])] if self.cut < known <= self.entries else []
        return HistoryHeads((head(self.entries, self.chain[self.entries]),), tuple(then))


def compare(memory: RememberedHeads, appliance: Any) -> list[PassbookError]:
    return asyncio.run(memory.compare(appliance))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "history-heads.json"


def test_a_history_that_grows_is_remembered_and_asked_about(file: Path) -> None:
    appliance = Appliance(3)
    for entries in (3, 3, 7):
        appliance.entries = entries
        assert compare(RememberedHeads(file, "branch-17"), appliance) == []
    assert compare(RememberedHeads(file, "branch-17"), appliance) == []
    assert appliance.asked == [{}, {"a": 3}, {"a": 3}, {"a": 7}]


def test_a_history_that_is_shorter_than_it_was_is_told_every_time(file: Path) -> None:
    appliance = Appliance(7)
    compare(RememberedHeads(file, "branch-17"), appliance)
    appliance.entries = 4
    for _ in range(2):
        [error] = compare(RememberedHeads(file, "branch-17"), appliance)
        assert (error.code, error.facts) == (
            "history-rolled-back",
            {"area": "a", "appliance": "branch-17", "entries": 7},
        )


@pytest.mark.parametrize("entries", [7, 9])
def test_another_history_is_told_also_when_it_is_as_long_or_longer(file: Path, entries: int) -> None:
    appliance = Appliance(7)
    compare(RememberedHeads(file, "branch-17"), appliance)
    appliance.entries = entries
    appliance.chain = {number: b"other" + chain[5:] for number, chain in CHAINS.items()}
    for _ in range(2):
        assert [error.code for error in compare(RememberedHeads(file, "branch-17"), appliance)] == [
            "history-rolled-back"
        ]


def test_a_notice_of_a_history_in_doubt_is_not_remembered_instead(file: Path) -> None:
    appliance, memory = Appliance(7), RememberedHeads(file, "branch-17")
    compare(memory, appliance)
    appliance.entries = 4
    compare(memory, appliance)
    memory.remember([head(9)])
    assert [error.facts["entries"] for error in compare(RememberedHeads(file, "branch-17"), appliance)] == [7]


def test_a_notice_is_remembered_and_an_older_one_changes_nothing(file: Path) -> None:
    """Two commands of one terminal hear of the same history in any order."""
    memory = RememberedHeads(file, "branch-17")
    for entries in (5, 9, 6):
        memory.remember([head(entries)])
    appliance = Appliance(9)
    assert compare(RememberedHeads(file, "branch-17"), appliance) == []
    assert appliance.asked == [{"a": 9}]


def test_what_was_cut_off_by_age_is_no_other_history(file: Path) -> None:
    appliance = Appliance(5)
    compare(RememberedHeads(file, "branch-17"), appliance)
    appliance.entries, appliance.cut = 9, 8
    assert compare(RememberedHeads(file, "branch-17"), appliance) == []


def test_an_area_that_is_out_of_use_is_not_judged_and_not_forgotten(file: Path) -> None:
    class Failing(Appliance):
        async def history_heads(self, entries: dict[str, int]) -> HistoryHeads:  # type: ignore[explicit-override]
            self.asked.append(entries)
            return HistoryHeads((), ())

    compare(RememberedHeads(file, "branch-17"), Appliance(5))
    failing = Failing(0)
    assert compare(RememberedHeads(file, "branch-17"), failing) == []
    assert compare(RememberedHeads(file, "branch-17"), failing) == []
    assert failing.asked == [{"a": 5}] * 2


def test_appliances_are_told_apart(file: Path) -> None:
    compare(RememberedHeads(file, "branch-17"), Appliance(7))
    other = Appliance(2)
    assert compare(RememberedHeads(file, "branch-18"), other) == []
    assert other.asked == [{}]
    assert len(compare(RememberedHeads(file, "branch-17"), Appliance(2))) == 1


def test_what_an_operator_accepted_is_remembered_from_then_on(file: Path) -> None:
    appliance, memory = Appliance(7), RememberedHeads(file, "branch-17")
    compare(memory, appliance)
    appliance.entries = 4
    assert asyncio.run(memory.accept(_as_client(appliance))).now[0].entries == 4
    assert compare(RememberedHeads(file, "branch-17"), appliance) == []


def _as_client(appliance: Any) -> TerminalClient:
    client: TerminalClient = appliance
    return client


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"branch-17": {"a": 7}}', b"\xff\x00"])
def test_a_damaged_memory_is_named_and_left_as_it_is(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    doings: list[Callable[[RememberedHeads], Awaitable[Any]]] = [
        lambda memory: memory.compare(_as_client(Appliance(3))),
        lambda memory: asyncio.to_thread(memory.remember, [head(3)]),
    ]
    for doing in doings:
        with pytest.raises(PassbookError) as caught:
            asyncio.run(_awaited(doing(RememberedHeads(file, "branch-17"))))
        assert (caught.value.code, caught.value.facts["file"]) == ("file-problem", str(file))
    assert file.read_bytes() == content


async def _awaited(doing: Awaitable[Any]) -> Any:
    return await doing


def test_what_is_accepted_takes_the_place_of_a_damaged_memory(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"{")
    asyncio.run(RememberedHeads(file, "branch-17").accept(_as_client(Appliance(3))))
    appliance = Appliance(5)
    assert compare(RememberedHeads(file, "branch-17"), appliance) == []
    assert appliance.asked == [{"a": 3}]
