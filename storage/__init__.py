"""What survives a power cut.

Theory of operation.  The store is several areas; each is one SQLite file with a folder, a lock and a quota of its own,
so one that breaks takes only what lies in it (F8).  One writer thread for each area gathers the changes of a moment and
commits them with one sync; what is acknowledged is on disk, and a change that failed to commit is neither (P1).  A job
lies whole in one area, sealed under a data key of its own; its record beside it, in clear, says how far it is and in
which boot it may be printed (P2, P4, P5, P6).  Each row carries a MAC, all rows of an area add up to a keyed sum, and
areas note how far the others are.  So an attacker with the disks can neither forge a row, nor put an older row or file
back, without being found (N2, P11).

This module is the face of the room: other packages import from here, and from nowhere else.  Inside,
`crypto` has no I/O, `tables` works in its caller's transaction, `area` is one area with its files and threads, and
`spool` is all areas together.

    spool = Spool(areas, limits, ...)
    ticket = spool.reserve(requester, request_id, content, size)     # claims the request, chooses the area
    spool.accept(ticket, record, sealed, wraps).result()             # returns when it is on disk
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

_PLACES: Final = {
    "storage.admission": ("Child", "Claim", "Limits", "Ticket"),
    "storage.area.area": ("AreaSettings",),
    "storage.area.capacity": ("Division",),
    "storage.area.reports": ("AreaStatus", "Examined"),
    "storage.area.writer": ("Progress",),
    "storage.crypto.envelope": ("Rng", "SealedJob", "open_plan", "unwrap_for_recovery"),
    "storage.crypto.keys": ("ApplianceKey",),
    "storage.queries": ("Ended", "HeadAt"),
    "storage.spool": ("LEAST_OF_ID", "Spool"),
    "storage.tables.chain": ("ToldEntry",),
    "storage.tables.printed": ("PrinterFigures",),
    "storage.tables.rows": ("JobRow",),
    "storage.tables.usage": ("HeldUsage",),
}
_MODULES: Final = {
    "book_secrets": "storage.crypto.book_secrets",
    "envelope": "storage.crypto.envelope",
    "files": "storage.files",
    "offline": "storage.offline",
    "self_test": "storage.crypto.self_test",
}

if TYPE_CHECKING:
    from storage import files, offline
    from storage.admission import Child, Claim, Limits, Ticket
    from storage.area.area import AreaSettings
    from storage.area.capacity import Division
    from storage.area.reports import AreaStatus, Examined
    from storage.area.writer import Progress
    from storage.crypto import book_secrets, envelope, self_test
    from storage.crypto.envelope import Rng, SealedJob, open_plan, unwrap_for_recovery
    from storage.crypto.keys import ApplianceKey
    from storage.queries import Ended, HeadAt
    from storage.spool import LEAST_OF_ID, Spool
    from storage.tables.chain import ToldEntry
    from storage.tables.printed import PrinterFigures
    from storage.tables.rows import JobRow
    from storage.tables.usage import HeldUsage
else:

    def __getattr__(name: str) -> object:
        """Import a name when it is first used: a command of `teller` needs few of them, and a customer waits for it."""
        if name in _MODULES:
            return import_module(_MODULES[name])
        for place, names in _PLACES.items():
            if name in names:
                return getattr(import_module(place), name)
        raise AttributeError(name)


__all__ = [
    "LEAST_OF_ID",
    "ApplianceKey",
    "AreaSettings",
    "AreaStatus",
    "Child",
    "Claim",
    "Division",
    "Ended",
    "Examined",
    "HeadAt",
    "HeldUsage",
    "JobRow",
    "Limits",
    "PrinterFigures",
    "Progress",
    "Rng",
    "SealedJob",
    "Spool",
    "Ticket",
    "ToldEntry",
    "book_secrets",
    "envelope",
    "files",
    "offline",
    "open_plan",
    "self_test",
    "unwrap_for_recovery",
]
