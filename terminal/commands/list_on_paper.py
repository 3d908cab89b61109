"""A list printed on sheets of paper: text documents that go the way of every job."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.protocol.messages import JobView, SheetView, SubmitJob
from passbook.screen.columns import filled
from terminal.follow import Follower
from terminal.workplace import Workplace

USUAL: Final = "sheet"
"""The name of the layout of text that names none."""


async def sheet_for_lists(client: TerminalClient) -> SheetView:
    """The sheet of the appliance on which a list is printed: that of text, else the widest one.

    Raises PassbookError `no-sheet` where the appliance tells of none.
    """
    sheets = (await client.status()).sheets
    if not sheets:
        raise PassbookError("no-sheet")
    return max(sheets, key=lambda one: (one.name == USUAL, one.columns, one.lines))


async def print_list(
    workplace: Workplace, printer: str, name: str, lines: Sequence[str], sheet: SheetView
) -> list[JobView]:
    """Have the lines accepted as documents, one for each sheet, sealed by the newest key of the ring; their jobs."""
    ring = workplace.ring()
    rows = [row for line in lines for row in filled([line], sheet.columns)]
    pages = [rows[first : first + sheet.lines] for first in range(0, len(rows), sheet.lines)]
    follower = Follower(workplace.client, workplace.console, left=workplace.left)
    accepted = []
    for number, page in enumerate(pages, 1):
        job = SubmitJob(
            client_request=secrets.token_hex(8),
            first=True,
            printer=printer,
            format="text",
            layout=sheet.name,
            name=f"{name}, sheet {number} of {len(pages)}",
            document="".join(f"{row[: sheet.columns]}\n" for row in page).encode(),
            key=ring.key(ring.newest),
            key_ref=ring.newest,
        )
        accepted.append(await follower.run(job, wait=False))
    return accepted
