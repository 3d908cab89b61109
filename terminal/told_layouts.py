"""The layouts, import profiles and facts of printers by which a document is judged at the terminal."""

from __future__ import annotations

from typing import Final

from passbook.document.import_profile import Imports
from passbook.errors import PassbookError
from passbook.protocol.layouts_reply import LayoutsReply
from terminal.workplace import Workplace

_AWAY: Final = frozenset(
    {
        *("not-enrolled", "connection-lost", "appliance-unreachable", "appliance-stopping", "appliance-locked"),
        *("too-many-connections", "file-problem"),
    }
)
"""Codes after which those that come with the product count."""


async def told_layouts(workplace: Workplace) -> LayoutsReply | None:
    """The answer of the appliance or the agent; None where neither is reached.

    Raises PassbookError for any other failure.
    """
    try:
        async with workplace.client(compares=False) as client:
            return await client.layouts()
    except PassbookError as error:
        if error.code not in _AWAY:
            raise
    return None


def imports_of(told: LayoutsReply) -> Imports:
    """The import profiles of an answer, and those that its layouts name."""
    return Imports({one.name: one for one in told.imports}, {one.name: one.import_name for one in told.layouts})
