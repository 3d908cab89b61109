"""A job is opened and drawn at a terminal, from what a real appliance sent (C7, P12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from passbook.document.page_drawing import DrawnPage
from passbook.protocol.two_spools import SealedCopy
from passbook.screen.page_rows import page_rows
from terminal.keyring import KeyRing
from terminal.opened_copy import open_pages
from tests.firmware.branch import DOCUMENT, KEY
from tests.firmware.door import Connector, Door, at_the_door, submission
from tests.terminal.conftest import Branch


def pages(job: str, told: Any) -> tuple[DrawnPage, ...]:
    copy = msgspec.json.decode(json.dumps(told), type=SealedCopy)
    return open_pages(job, copy, KeyRing({"any": KEY}), "any")


def test_the_pages_of_a_job_are_seen_by_its_terminal_and_by_one_with_a_grant(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as mine, connector("teller-2") as other:
            job = (await mine.ask("Spooler.SubmitJob", submission()))["job"]
            (page,) = pages(job, await mine.ask("Spooler.GetSealed", {"job": job}))
            lines = DOCUMENT.decode().splitlines()
            assert page_rows(page, 80) == [f"{number:3} |{line}" for number, line in enumerate(lines, 1)]
            assert page.height > 0
            assert page.width > 0
            assert await other.refused("Spooler.GetSealed", {"job": job}) == "not-permitted"
            grant = {"job": job, "terminal": "teller-2", "person": "Anna"}
            assert (await mine.ask("Spooler.GrantPreview", grant))["job"] == job
            assert pages(job, await other.ask("Spooler.GetSealed", {"job": job})) == (page,)

    at_the_door(enrolled, tmp_path, story)
