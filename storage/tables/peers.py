"""What areas remember of each other: so a rollback of one area, or the loss of its log, is found.

An area alone cannot know that: what is left of it verifies.  The functions work inside the caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import apsw

from passbook.errors import PassbookError, shown
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.chain import History
from storage.tables.row_sum import UNTOLD, RowSum
from storage.tables.schema import fetch

_AREA_ID: Final = re.compile(r"[0-9a-f]{32}")


class Extent(NamedTuple):
    """How far an area is: its head, and how many transactions have changed it; steps have no entry in the history."""

    entries: int
    chain: bytes
    sequence: int
    changes: int

    def beside(self, known: Extent | None) -> Extent:
        """The extent as another area notes it; that area had noted `known` before."""
        told = self.changes != UNTOLD
        return self if told else self._replace(changes=known.changes if known else 0)


class PeerMemory(NamedTuple):
    """The memory of one area about another.

    Attributes:
        by: name of the area that remembers.
        about: name of the other one.
        extent: how far that one surely was.
        accepted: an operator took it as it was then, though it had been further.
    """

    by: str
    about: str
    extent: Extent
    accepted: bool = False


class PeerMemories:
    """The memories of one area about its peers, on one connection."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, row_sum: RowSum
    ) -> None:
        """`area` is the name of the area that remembers; every change goes into `row_sum`."""
        self._connection = connection
        self._row_sum = row_sum
        self._area = area
        self._area_id = area_id
        self._key = key

    def all(self) -> list[PeerMemory]:
        """The memories that verify."""
        return [memory for memory in self._rows() if isinstance(memory, PeerMemory)]

    def ids(self) -> dict[str, str]:
        """Names and ids of the areas that were open beside this one, but those of which something was altered."""
        altered = self.altered()
        return {name: area_id for name, area_id in peer_ids(self._connection).items() if name not in altered}

    def altered(self) -> dict[str, PassbookError]:
        """The memories that do not verify: area name -> error."""
        names = [name for name in self._rows() if isinstance(name, str)]
        return {name: PassbookError("memory-altered", area=self._area, other=name) for name in names}

    def odd(self) -> Iterator[PassbookError]:
        """The errors in the rows of `peer` that cannot be true: these rows carry no MAC."""
        found = peer_ids(self._connection)
        for name, other in found.items():
            if not _AREA_ID.fullmatch(other):
                yield self._odd(f"{shown(name)} is given an id that is none")
            elif (other == self._area_id) is not (name == self._area):
                whose = "this" if other == self._area_id else "another"
                yield self._odd(f"{shown(name)} is given the id of {whose} area")
        if len({*found.values()}) < len(found):
            yield self._odd("two areas are given one id")
        if found and self._area not in found:
            yield self._odd("this area itself is missing")
        known = [one if isinstance(one, str) else one.about for one in self._rows()]
        for name in (name for name in known if name not in found):
            yield self._odd(f"{shown(name)} is missing, and how far it is is known")

    def _odd(self, why: str) -> PassbookError:
        return PassbookError("peers-altered", area=self._area, why=why)

    def note_peers(self, peers: Mapping[str, str]) -> None:
        """Note these areas, each under its own name only; others that are known stay."""
        for name, area_id in peers.items():
            sql = "DELETE FROM peer WHERE area_id = ? AND CAST(name AS BLOB) <> ?"
            self._connection.execute(sql, (area_id, name.encode()))
            self._connection.execute("INSERT OR REPLACE INTO peer VALUES (?, ?)", (name, area_id))

    def write(self, extents: Mapping[str, Extent], *, accepted: bool = False) -> None:
        """Remember these by area name, in place of what was known of them."""
        known = {memory.about: memory.extent for memory in self.all()}
        ids = peer_ids(self._connection)
        for name, extent in extents.items():
            memory = PeerMemory(self._area, name, extent.beside(known.get(name)), accepted)
            gone = fetch(self._connection, "SELECT mac FROM peer_head WHERE name = ?", name)
            come = self._mac(memory, ids)
            row = (name, *memory.extent, int(accepted), come)
            self._connection.execute("INSERT OR REPLACE INTO peer_head VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            place = (name.encode(), None, None)
            for (found,) in gone:
                self._row_sum.gone("peer_head", place, found)
            self._row_sum.come("peer_head", place, come)

    def forget_altered(self, peers: Mapping[str, str]) -> None:
        """Remember nothing that does not verify, and know no areas but these and those that are remembered.

        The caller sees to the row sum, as the rows cannot be weighed.
        """
        true = {memory.about.encode() for memory in self.all()}
        for table in ("peer_head", "peer"):
            for (name,) in fetch(self._connection, f"SELECT CAST(name AS BLOB) FROM {table}"):  # noqa: S608 - ours
                if name not in true:
                    sql = f"DELETE FROM {table} WHERE CAST(name AS BLOB) = ?"  # noqa: S608 - ours
                    self._connection.execute(sql, (name,))
        self.note_peers(peers)

    def _rows(self) -> Iterator[PeerMemory | str]:
        """Each memory, or the name of its area where the row does not verify."""
        columns = "CAST(name AS BLOB), entries, chain, sequence, changes, accepted, mac"
        sql = f"SELECT {columns} FROM peer_head ORDER BY name"  # noqa: S608 - names are ours
        ids = peer_ids(self._connection)
        for name, *extent, accepted, found in fetch(self._connection, sql):
            about = name.decode(errors="replace")
            memory = PeerMemory(self._area, about, Extent(*extent), bool(accepted))
            yield memory if is_same(found, self._mac(memory, ids)) else about

    def _mac(self, memory: PeerMemory, ids: Mapping[str, str]) -> bytes:
        # So the id that is noted of the other one is not to be altered either.
        about = memory.about, ids.get(memory.about, "")
        return mac(self._key.history, "memory", self._area_id, *about, *memory.extent, memory.accepted)


def peer_ids(connection: apsw.Connection) -> dict[str, str]:
    """Names and ids of the areas that were open beside this one before, itself too, as the file says."""
    rows = fetch(connection, "SELECT CAST(name AS BLOB), CAST(area_id AS BLOB) FROM peer ORDER BY name")
    return {name.decode(errors="replace"): area_id.decode(errors="replace") for name, area_id in rows}


def are_noted(peers: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Whether these areas are noted, and none of them under another name or id."""
    ids = set(peers.values())
    return {name: other for name, other in found.items() if name in peers or other in ids} == peers


def other_ids(area: str, area_id: str, noted: Mapping[str, Mapping[str, str]]) -> Iterator[PassbookError]:
    """Each area that has noted, by names, another one of that name; what `area` itself has noted counts for nothing.

    What the appliance has noted outside of its areas stands under the name "".
    """
    for by, peers in noted.items():
        if by != area and peers.get(area, area_id) != area_id:
            why = f"{f'area {by}' if by else 'the mark of the appliance'} knows another area of that name"
            yield PassbookError("area-rolled-back", area=area, by=by, missing=0, why=why)


def contradictions(
    area: str, extent: Extent, history: History, memories: Iterable[PeerMemory]
) -> Iterator[PassbookError]:
    """Each memory that `extent` and `history`, those of `area`, do not bear out."""
    for memory in memories:
        why = _contradiction(extent, history, memory) if memory.about == area else ""
        if why:
            missing = max(0, memory.extent.entries - extent.entries)
            yield PassbookError("area-rolled-back", area=area, by=memory.by, missing=missing, why=why)


def _contradiction(extent: Extent, history: History, memory: PeerMemory) -> str:
    entries, chain, sequence, changes = memory.extent
    # An area is its own witness where its files were not in their places while it was open.
    who = f"area {memory.by}" if memory.by != memory.about else "the appliance"
    if extent.entries < entries:
        return f"{who} knows {entries} entries of its history, and it has {extent.entries}"
    if extent.sequence < sequence:
        return f"{who} knows that it had job number {sequence}, and it knows none after {extent.sequence}"
    if UNTOLD != extent.changes < changes:
        return f"{who} knows that it was changed {changes} times, and it was {extent.changes} times"
    if history.chain_at(entries) not in {None, chain}:
        return f"entry {entries} of its history is not the one that {who} knows"
    return ""
