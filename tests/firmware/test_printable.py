"""What a printer cannot put on a layout is refused before anything is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from firmware.config.configuration import KeysConfig, LimitsConfig
from firmware.config.toml import KeySource
from firmware.service.acceptance import Acceptance
from passbook.document.layout_file import parse_layout
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import Record
from passbook.protocol.messages import SubmitJob
from spooler.data_keys import DataKeys
from spooler.fullness import Fullness, Marks
from spooler.jobs import Jobs
from spooler.shared_names import SharedNames
from storage.crypto.keys import ApplianceKey
from storage.spool import Spool
from tests.firmware.branch import unconnected
from tests.firmware.counter import TELLER, StandingClock
from tests.storage.store import REQUESTER_KEY, SECRET, Store, seeded

SHEET = (files("passbook.layouts") / "sheet.toml").read_text()
PR2 = builtin_pr2()

Submit = Callable[..., Record]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    store = Store(tmp_path)
    yield store.open()
    store.close()


@pytest.fixture
def submit(spool: Spool) -> Submit:
    """Sends one line of text on the sheet layout with changes in its file."""

    def send(*changes: tuple[str, str], pitches: int = 2) -> Record:
        text = SHEET
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        profile = replace(PR2, pitches=PR2.pitches[:pitches])
        layout = parse_layout("sheet", text.encode(), "sheet.toml")
        admission = Acceptance(
            Jobs(spool, DataKeys(), lambda _news: None),
            {"front": unconnected({"sheet": layout}, Pr2(profile))},
            KeysConfig(KeySource(Path("/nowhere"))),
            LimitsConfig(),
            appliance_key=ApplianceKey(SECRET),
            recovery_public=None,
            names=SharedNames(ApplianceKey(SECRET), seeded(7)),
            fullness=Fullness(spool.percent_used, Marks()),
            clock=StandingClock(),
            rng=seeded(7),
        )
        request = SubmitJob("request-1", "front", "text", layout="sheet", key=REQUESTER_KEY, key_ref="key-1")
        return asyncio.run(
            admission.submit(Actor.of_terminal(TELLER, representative=False, serial=1), request, b"Okafor " * 10)
        )

    return send


def test_the_sheet_is_pinned_in_the_record_as_the_layout_has_it(submit: Submit) -> None:
    record = submit(("cpi = 10", "cpi = 12"))
    layout = parse_layout("sheet", SHEET.encode(), "sheet.toml")
    assert record.sheet == replace(layout.sheet, cpi=12)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([('"1 in"', '"1/8 in"')], "page 1 line 1 is less than 0.29 inch below the top edge"),
        ([('"297 mm"', '"501 mm"')], "the page is not between 70 and 500 mm high"),
        (
            [('"10 mm"', '"100 mm"'), ('"210 mm"', '"500 mm"')],
            "page 1 line 1 needs more than the 54 columns that the carriage has there",
        ),
    ],
)
def test_a_layout_that_the_printer_cannot_print_is_refused_and_nothing_accepted(
    submit: Submit, spool: Spool, changes: list[tuple[str, str]], why: str
) -> None:
    with pytest.raises(PassbookError) as caught:
        submit(*changes)
    assert caught.value.code == "layout-not-printable"
    assert caught.value.facts == {"layout": "sheet", "printer": "front", "why": why}
    assert "Okafor" not in str(caught.value)
    assert spool.records() == []
    assert submit().valid


def test_a_pitch_that_the_printer_does_not_have_is_refused(submit: Submit, spool: Spool) -> None:
    with pytest.raises(PassbookError, match="there is no pitch of 12 characters to the inch, only 10"):
        submit(("cpi = 10", "cpi = 12"), pitches=1)
    assert spool.records() == []
