"""A document that is judged before it is sent: the same refusals, the pages, and nothing that stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from passbook.errors import PassbookError
from tests.firmware.branch import DOCUMENT, PRINTER, TELLER, Bench
from tests.firmware.door import b64, submission
from tests.firmware.rooms import Rooms

ASKED = {"printer": PRINTER, "format": "text", "layout": "sheet"}


def checked(bench: Bench, **facts: Any) -> Any:
    asked = {**ASKED, "document": b64(DOCUMENT), **facts}
    return asyncio.run(Rooms(bench).ask(TELLER, "Spooler.CheckDocument", asked))


def test_the_pages_are_what_the_job_will_print_and_nothing_is_kept(bench: Bench) -> None:
    shown = checked(bench)
    assert bench.spool.records() == []
    [page] = shown.pages
    assert [text.text for text in page.texts] == DOCUMENT.decode().splitlines()
    asyncio.run(Rooms(bench).ask(TELLER, "Spooler.SubmitJob", submission()))
    [record] = bench.spool.records()
    assert (record.outline, record.layout) == (shown.outline, shown.layout)
    assert (record.sheet.height, record.sheet.cpi) == (page.height, page.texts[0].cpi)


def test_an_import_profile_is_used_and_the_account_of_an_update_is_told(bench: Bench) -> None:
    export = "# layout: savings-24\n# account: 001-22\n# currency: EUR\n# start: page 1 line 1\n"
    export += "date;text;withdrawal;deposit;balance\n05.01.2026;Gehalt;;2.500,00;\n"
    facts = {"format": "passbook-update+csv", "layout": "", "document": b64(export.encode("cp1252"))}
    with pytest.raises(PassbookError) as refused:
        checked(bench, **facts)
    assert refused.value.code == "two-readings"
    shown = checked(bench, **facts, importName="german-excel")
    assert [text.text for text in shown.pages[0].texts] == ["2026-01-05", "Gehalt", "2500.00"]
    assert shown.account == "001-22"
    assert "001-22" not in repr(shown)
    assert checked(bench).account == ""


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"printer": "none"}, "unknown-printer"),
        ({"format": "odd"}, "unknown-format"),
        ({"layout": "odd"}, "unknown-layout"),
        ({"format": "passbook-update+csv", "importName": "odd"}, "unknown-import"),
        ({"document": ""}, "document-empty"),
        ({"document": b64(b"a\x07b")}, "control-byte"),
        ({"document": b64(b"x\n" * 10_000)}, "past-last-line"),
        ({"document": "", "upload": "never-sent"}, "unknown-upload"),
        ({"format": "mail"}, "unknown-format"),
        ({"key": b64(bytes(32))}, "invalid-message"),
    ],
)
def test_what_an_acceptance_refuses_is_refused_before(bench: Bench, facts: dict[str, Any], code: str) -> None:
    with pytest.raises(PassbookError) as refused:
        checked(bench, **facts)
    assert refused.value.code == code
    assert bench.spool.records() == []


def test_the_layouts_are_those_of_today(bench: Bench) -> None:
    told = asyncio.run(Rooms(bench).ask(TELLER, "Spooler.GetLayouts", {}))
    assert {"sheet", "savings-24"} <= {one.name for one in told.layouts}
    assert "text" in told.formats
