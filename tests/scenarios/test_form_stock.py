"""Certificates from stock at a branch of real processes, judged by the paper (F6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from demo.people import Printing
from demo.world import PRINTER
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

CERTIFICATES = '[[printer.form]]\nkind = "certificate"\nnumbered = true\nlow = 1\n'


def certificate(office: Office, holder: str, copies: int = 1) -> Path:
    fields = {"holder": holder, "account": "4711", "amount": "1,250.00", "until": "2027-11-29", "note": ""}
    file = office.world.folder / f"{holder}.form"
    file.write_text(json.dumps({"form": "certificate", "fields": fields, "copies": copies}))
    return file


def print_certificate(office: Office, holder: str, *arguments: str, copies: int = 1) -> Printing:
    file = certificate(office, holder, copies)
    return office.counter.print_in_background(file, holder, "certificate", *arguments)


def stock(office: Office) -> dict[str, Any]:
    [row] = office.world.ctl("stock", "list")
    return {name: row[name] for name in ("left", "level", "next")}


def replenish(office: Office, count: int, first: int) -> Any:
    return office.world.ctl(
        *("stock", "replenish", PRINTER, "certificate", "--count", str(count), "--first", str(first)),
        *("--person", "Ann"),
    )


def moves(office: Office) -> list[tuple[Any, ...]]:
    told = office.world.ctl("stock", "log")
    return [(one["move"]["kind"], one["move"].get("count", 1), one["move"].get("first", 0)) for one in told]


def number_on(office: Office, holder: str, page: int = 1) -> list[str]:
    """What is struck where the number of a certificate stands."""
    return [run.text for _, at, run in office.world.paper.runs(holder) if at == page and run.column == 60]


def test_the_third_certificate_waits_until_sheets_are_put_in(open_office: OpenOffice) -> None:
    office = open_office(CERTIFICATES)
    assert stock(office) == {"left": 0, "level": "empty", "next": 0}
    replenish(office, 2, 101)
    assert stock(office) == {"left": 2, "level": "enough", "next": 101}
    for number, holder in ((101, "Ada"), (102, "Ben")):
        office.finish(print_certificate(office, holder))
        assert number_on(office, holder) == [f"{number:010}"]
    third = print_certificate(office, "Cyd")
    third.wait_for(lambda events: any("media-empty" in event["payload"].get("reasons", ()) for event in events))
    assert office.world.ctl("job", third.job)["waiting"]["why"] == "forms"
    status = office.world.ctl("status")
    assert any("is used up" in problem for problem in status["problems"])
    figures = office.counter.run("environment")
    assert figures["needed"] == [{"form": "certificate", "pending": 1, "held": 0}]
    assert [one["left"] for one in figures["stock"]] == [0]
    replenish(office, 5, 201)
    office.finish(third)
    assert number_on(office, "Cyd") == ["0000000201"]
    assert stock(office) == {"left": 4, "level": "enough", "next": 202}
    assert moves(office) == [
        ("replenished", 2, 101),
        ("debited", 1, 101),
        ("debited", 1, 102),
        ("replenished", 5, 201),
        ("debited", 1, 201),
    ]
    assert office.world.ctl("verify") == []
