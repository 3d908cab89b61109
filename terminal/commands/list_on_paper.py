"""A list printed on sheets of paper: text documents that go the way of every job."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from passbook.protocol.messages import JobView, SubmitJob
from passbook.screen.columns import filled
from terminal.follow import Follower
from terminal.workplace import Workplace

SHEET_COLUMNS: Final = 75
"""The characters of a line of the sheet that comes with this software."""
SHEET_LINES: Final = 60
"""The lines of that sheet."""


async def print_list(workplace: Workplace, printer: str, name: str, lines: Sequence[str]) -> list[JobView]:
    """Have the lines accepted as documents, one for each sheet, sealed by the newest key of the ring; their jobs."""
    ring = workplace.ring()
    rows = [row for line in lines for row in filled([line], SHEET_COLUMNS)]
    sheets = [rows[first : first + SHEET_LINES] for first in range(0, len(rows), SHEET_LINES)]
    follower = Follower(workplace.client, workplace.console, left=workplace.left)
    accepted = []
    for number, sheet in enumerate(sheets, 1):
        job = SubmitJob(
            client_request=secrets.token_hex(8),
            first=True,
            printer=printer,
            format="text",
            name=f"{name}, sheet {number} of {len(sheets)}",
            document="".join(f"{row[:SHEET_COLUMNS]}\n" for row in sheet).encode(),
            key=ring.key(ring.newest),
            key_ref=ring.newest,
        )
        accepted.append(await follower.run(job, wait=False))
    return accepted
