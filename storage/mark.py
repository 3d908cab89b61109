"""What is known of the areas outside of all of them: that there was a store, and which area was refused.

An area is what its own file says, and what the areas beside it remember of it.  When all of them are missing at once,
an empty folder looks like a new disk.  When an area was refused and the one that knew better breaks, none is left to
refuse it.  So one small file in the state folder names every area that was ever made.  It also keeps what refused an
area, as the words of the witness: an area that bears them out again is not refused, and any other one stays refused
until an operator takes it unchanged.

Example: area b knows 7 entries of area a, and a has 5.  The mark keeps b's memory.  Then b's disk breaks: at the next
boot a still has 5, the mark says 7, and a stays closed.

The file is replaced whole and synced, under a MAC of the appliance key.  It holds names, ids and numbers of entries.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.errors import PassbookError
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.files import PRIVATE, save_file
from storage.tables.peers import Extent, PeerMemory

FILE: Final = "areas.mark"
"""Its name in the state folder."""
MOST_MARK_BYTES: Final = 1 << 20
"""A longer file is none of ours: an area takes less than a thousand bytes for each that is beside it."""


class Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The extent that an area must reach, by the word of another area or of the mark.

    Attributes:
        by: name of the area that said so.
        accepted: an operator took the area as it was then, and the boot that uses it has not come yet.
    """

    by: str
    entries: int
    chain: bytes
    sequence: int
    changes: int
    accepted: bool = False

    @classmethod
    def of(cls, memory: PeerMemory) -> Witness:
        """The words of a memory."""
        return cls(memory.by, *memory.extent, memory.accepted)

    def about(self, name: str) -> PeerMemory:
        """These words as a memory of area `name`."""
        extent = Extent(self.entries, self.chain, self.sequence, self.changes)
        return PeerMemory(self.by, name, extent, self.accepted)


class KnownArea(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one area.

    Attributes:
        area_id: "" where it was never read.
        made: False from just before it is made until it is there.
        witnesses: what it must bear out before it is used.
        doubt: areas whose word about it was altered when they were open last; an operator's word ends it.
    """

    area_id: str = ""
    made: bool = True
    witnesses: tuple[Witness, ...] = ()
    doubt: tuple[str, ...] = ()

    def opened(self, area_id: str, doubt: Collection[str]) -> KnownArea:
        """The same once it is open: it bore out what it was held against."""
        # That an operator took it must be known until the boot that uses it has begun.
        accepted = tuple(witness for witness in self.witnesses if witness.accepted)
        return KnownArea(area_id, witnesses=accepted, doubt=tuple(sorted(doubt)))


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    appliance: str
    areas: dict[str, KnownArea]


class StoreMark:
    """The mark of one appliance.

    Attributes:
        known: every area that was ever made, by name; those that a word about a new store gave up are not among them.
        is_there: a mark was read, or written since.
        trouble: why the file that lies there cannot be believed; then nothing is known by it.
        doubted: areas of which only the mark remembers the doubt.
    """

    def __init__(self, folder: Path, key: ApplianceKey, appliance: str) -> None:
        """Read the mark in `folder`."""
        self._file = folder / FILE
        self._lock = threading.RLock()
        self._key = key.mark
        self._appliance = appliance
        self.known: dict[str, KnownArea] = {}
        self.is_there = False
        self.trouble: PassbookError | None = None
        self.doubted: set[str] = set()
        try:
            content = self._read()
        except PassbookError as error:
            self.trouble = error
        else:
            self.is_there = content is not None
            self.known = {} if content is None else content.areas

    @property
    def names(self) -> frozenset[str]:
        """The areas that were made."""
        return frozenset(name for name, known in self.known.items() if known.made)

    @property
    def ids(self) -> dict[str, str]:
        """The id of each area that was made, where it is known."""
        return {name: known.area_id for name, known in self.known.items() if known.made and known.area_id}

    @property
    def memories(self) -> list[PeerMemory]:
        """The memories that the areas must bear out."""
        return [witness.about(name) for name, known in self.known.items() for witness in known.witnesses]

    def doubt(self, name: str) -> tuple[str, ...]:
        """The areas whose word about this one was altered; "" stands for an earlier mark."""
        return self.known.get(name, KnownArea()).doubt

    def write(self, areas: Mapping[str, KnownArea]) -> None:
        """Replace all that is known, durable when this returns.  Raises PassbookError `mark-not-written`."""
        if self.is_there and dict(areas) == self.known:
            return
        said = msgspec.json.encode(_Content(self._appliance, dict(areas)), order="deterministic")
        try:
            save_file(self._file, b"%s\n%s\n" % (self._mac(said).hex().encode(), said), PRIVATE)
        except PassbookError as error:
            raise PassbookError("mark-not-written", file=str(self._file), why=str(error.facts["why"])) from None
        self.known, self.is_there, self.trouble = dict(areas), True, None

    def change(self, name: str, known: KnownArea) -> None:
        """Replace what is known of one area, unless nothing is known.  Raises PassbookError `mark-not-written`."""
        # One that cannot be believed is evidence: it is replaced only by a whole new one.
        with self._lock:
            if self.trouble is None:
                self.write({**self.known, name: known})

    def open(self, name: str, area_id: str, doubt: Collection[str]) -> None:
        """An area is open.  Raises PassbookError `mark-not-written`."""
        self.change(name, self.known.get(name, KnownArea()).opened(area_id, doubt))

    def accept(self, name: str, area_id: str, extent: Extent) -> None:
        """An operator takes an area unchanged that is not open.  Raises PassbookError `mark-not-written`."""
        self.change(name, KnownArea(area_id, witnesses=(Witness.of(PeerMemory(name, name, extent, accepted=True)),)))

    def witness(self, name: str, extent: Extent) -> None:
        """An area was so far, and its files were not in their places: it must bear that out at its next boot.

        From any thread.  Raises PassbookError `mark-not-written`.
        """
        with self._lock:
            known = self.known.get(name, KnownArea())
            witness = Witness.of(PeerMemory(name, name, extent))
            self.change(name, replace(known, witnesses=(*known.witnesses, witness)))

    def trust(self, names: Collection[str]) -> None:
        """An operator has looked: these areas are in no doubt any more.  Raises PassbookError `mark-not-written`."""
        self._replace(names, doubt=())

    def used(self, names: Collection[str]) -> None:
        """These areas are in use, and remember each other.  Raises PassbookError `mark-not-written`."""
        self._replace(names, witnesses=())

    def missing(self) -> PassbookError:
        """The error that tells of a mark that is not there, although areas are."""
        return self._unusable("it is missing")

    def _replace(self, names: Collection[str], **facts: tuple[()]) -> None:
        with self._lock:
            if self.trouble is None:
                known = self.known.items()
                self.write({name: replace(one, **facts) if name in names else one for name, one in known})

    def _read(self) -> _Content | None:
        """The content of the file; None where there is none.  Raises PassbookError `mark-unusable`."""
        try:
            data = _bounded(self._file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(f"it cannot be read ({error.strerror or 'it fails'})") from None
        if data is None:
            raise self._unusable("it is no file of this program")
        found, _, said = data.removesuffix(b"\n").partition(b"\n")
        if not is_same(found, self._mac(said).hex().encode()):
            raise self._unusable("it was altered or damaged, or it is of another appliance key")
        try:
            content = msgspec.json.decode(said, type=_Content)
        except msgspec.DecodeError:
            raise self._unusable("it is of another version") from None
        if content.appliance != self._appliance:
            raise self._unusable("it is of another appliance")
        return content

    def _unusable(self, why: str) -> PassbookError:
        return PassbookError("mark-unusable", file=str(self._file), why=why)

    def _mac(self, said: bytes) -> bytes:
        return mac(self._key, "areas", said)


def _bounded(file: Path) -> bytes | None:
    """All of a regular file; None for anything else, and for one that is too long.  Raises OSError."""
    # A pipe would be waited for, and a link could lead anywhere.
    if not stat.S_ISREG(file.lstat().st_mode):
        return None
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        data = opened.read(MOST_MARK_BYTES + 1)
    return data if len(data) <= MOST_MARK_BYTES else None
