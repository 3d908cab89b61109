"""Certificates from stock at a branch of real processes, judged by the paper (F6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demo.mail_servers import free_address
from demo.people import Printing
from demo.world import PRINTER, CommandFailed, await_fact
from drivers.simulator.faults import AfterStrike, Target
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import SENDER, WINDOW, connect, ends_of, mail_settings, text_mail
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


@pytest.mark.long
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


@pytest.mark.long
def test_a_power_cut_in_a_certificate_keeps_its_number_and_its_debit(open_office: OpenOffice) -> None:
    office = open_office(CERTIFICATES)
    replenish(office, 3, 101)
    office.arm_cut(Target.APPLIANCE, AfterStrike(2))
    printing = print_certificate(office, "Ada")
    office.await_cut(Target.APPLIANCE)
    office.give_power_back(Target.APPLIANCE)
    question = office.await_question(printing)
    assert stock(office) == {"left": 2, "level": "enough", "next": 102}
    office.take_book()
    office.answer(office.counter, question.job.job, "--from-line", str(office.world.paper.strikes + 1))
    office.finish(printing)
    assert number_on(office, "Ada") == ["0000000101"]
    assert stock(office) == {"left": 2, "level": "enough", "next": 102}


@pytest.mark.long
def test_a_form_comes_by_mail_and_another_appliance_asks_for_its_sheets_before(open_office: OpenOffice) -> None:
    address = free_address()
    office = open_office(CERTIFICATES + mail_settings(address), own_key_jobs=True)
    asked = ["XFORMAT=form:certificate", "XFORM=certificate:1"]
    with connect(address) as client:
        client.mail(SENDER)
        code, told = client.rcpt(WINDOW, asked)
        assert (code, told.split(b":")[0]) == (452, b"4.3.1 forms-short")
        replenish(office, 2, 101)
        assert client.rcpt(WINDOW, asked)[0] == 250
    mail = text_mail("Please print what is attached.\n", "<form-1@bank.example>")
    form = certificate(office, "Ada").read_bytes()
    mail.add_attachment(form, maintype="application", subtype="vnd.passbook-form+json", filename="certificate.json")
    with BookClerk(office.manager, office.hands, lambda _view: "Ada"), connect(address) as client:
        client.send_message(mail)
        await_fact(lambda: bool(ends_of(office)), lambda: ends_of(office))
    assert [end["state"] for end in ends_of(office)] == ["completed"]
    assert number_on(office, "Ada") == ["0000000101"]
    assert stock(office) == {"left": 1, "level": "low", "next": 102}


@pytest.mark.long
def test_each_copy_takes_a_sheet_of_its_own_and_a_canceled_job_gives_back_what_it_did_not_begin(
    open_office: OpenOffice,
) -> None:
    office = open_office(CERTIFICATES)
    replenish(office, 4, 101)
    both = print_certificate(office, "Ada", copies=2)
    office.finish(both)
    assert (number_on(office, "Ada"), number_on(office, "Ada", 2)) == (["0000000101"], ["0000000102"])
    prompts = both.events("Spooler.MediaPromptEvent")
    inserts = [
        (one["page"], one["form"], one["cassette"], one["number"]) for one in prompts if one["action"] == "insert"
    ]
    assert inserts == [(1, "certificate", "1", 101), (2, "certificate", "1", 102)]
    assert "turn" not in {one["action"] for one in prompts}
    waiting = office.counter.print_in_background(certificate(office, "Ben", 2), "Ben", "certificate", at_once=False)
    waiting.wait_for(lambda events: any("media-needed" in event["payload"].get("reasons", ()) for event in events))
    assert stock(office)["left"] == 0
    office.world.ctl("cancel", waiting.job, "--person", "Ann")
    waiting.hands_free.set()
    waiting.end()
    assert stock(office) == {"left": 2, "level": "enough", "next": 103}
    office.world.ctl(
        *("stock", "spoil", PRINTER, "certificate", "--count", "1", "--first", "103"),
        *("--reason", "torn", "--person", "Ann"),
    )
    assert moves(office)[-2:] == [("voided", 2, 103), ("spoiled", 1, 103)]


def test_what_cannot_be_printed_from_stock_is_refused_when_it_is_sent(open_office: OpenOffice) -> None:
    office = open_office()
    with pytest.raises(CommandFailed) as refused:
        office.counter.run("print", str(certificate(office, "Ada")), "--printer", PRINTER, "--no-wait")
    assert refused.value.error_code == "unknown-form"
    with pytest.raises(CommandFailed) as refused:
        replenish(office, 2, 101)
    assert "[stock-refused]" in refused.value.error
