"""What operators and auditors are told of the store: areas, entries as they lie there, and what does not fit."""

from __future__ import annotations

from typing import Self

import msgspec

from passbook.job.record import HistoryEntry
from passbook.protocol.finding import Finding
from passbook.protocol.history_reply import Summary
from spooler.shared_names import SharedName
from storage import AreaStatus, Examined, ToldEntry


class LookedAt(msgspec.Struct, frozen=True):
    """Completion of `Appliance.VerifyArea`: what one area holds, and what does not fit.

    Attributes:
        unfinished: jobs in it that have not ended.
        ended: jobs that have ended and are kept.
        entries: entries of its history.
    """

    area: str
    findings: tuple[Finding, ...]
    unfinished: int
    ended: int
    entries: int

    @classmethod
    def of(cls, one: Examined) -> Self:
        """Make the reply of it."""
        return cls(one.area, tuple(map(Finding.of, one.findings)), one.unfinished, one.ended, one.entries)


class AreaList(msgspec.Struct, frozen=True):
    """Completion of `Appliance.ListAreas`."""

    areas: tuple[AreaStatus, ...]


class ListedEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One entry as it lies in its area, and the name and date of its document where the owner shares them (C6)."""

    area: str
    n: int
    entry: HistoryEntry
    name: str = ""
    document_date: str = ""

    @classmethod
    def of(cls, told: ToldEntry, shared: SharedName) -> Self:
        """Make the reply of it."""
        return cls(told.area, told.n, told.entry, shared.name, shared.document_date)


class EntryList(msgspec.Struct, frozen=True):
    """Completion of `Appliance.ListHistory`: entries as they lie in their areas, the newest last, or a summary."""

    entries: tuple[ListedEntry, ...] = ()
    summary: tuple[Summary, ...] = ()
