"""PDF pages on slips: real processes, a power cut in a band, mail, a preview, and documents that are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo.mail_servers import free_address
from demo.people import Printing
from demo.world import CommandFailed, await_fact
from drivers.simulator.faults import AtLineByte, Target
from tests import pdfs
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import connect, ends_of, mail_settings, text_mail
from tests.scenarios.office import Office

SLIP = "slip-1"
SECRET = b"Okafor"
ACROSS, DOWN = 27, 30
FRAME = b"72 340 72 60 re f"
"""Content: a black rectangle 1 inch from the left edge, from 236 to 176 points below the top edge of 576."""
FRAME_DOTS = {(column * ACROSS, row * DOWN): 1 for column in range(80, 160) for row in range(176, 236)}
BANDS = (236 + 7) // 8 - 176 // 8


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An open office with a slip printer."""
    return open_office(dialect="escpos")


def write(office: Office, document: bytes, name: str = "page.pdf") -> Path:
    file = office.world.folder / name
    file.write_bytes(document)
    return file


def print_pdf(office: Office, document: bytes) -> Printing:
    return office.counter.print_in_background(write(office, document), SLIP, "slip", "--layout", "slip")


def ink(office: Office, page: int = 1) -> dict[tuple[int, int], int]:
    return dict(office.world.paper.ink(SLIP, page))


@pytest.mark.long
def test_two_pages_are_two_slips(office: Office) -> None:
    printing = print_pdf(office, pdfs.pdf(FRAME, b"0 18 Td", FRAME, title=SECRET))
    office.finish(printing)
    prompts = [(prompt["action"], prompt["page"]) for prompt in printing.events("Spooler.MediaPromptEvent")]
    assert [prompt for prompt in prompts if prompt[0] == "insert"] == [("insert", 1), ("insert", 3)]
    assert "turn" not in {action for action, _ in prompts}
    assert (ink(office), ink(office, 3)) == (FRAME_DOTS, FRAME_DOTS)


@pytest.mark.long
def test_power_is_cut_in_a_band_and_one_answer_completes_the_page(office: Office) -> None:
    office.arm_cut(Target.BOTH, AtLineByte(3, 30))
    printing = print_pdf(office, pdfs.pdf(FRAME))
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt, question.job.steps) == (2, 3, BANDS + 1)
    screen = office.counter.screen("questions")
    assert f"Line 1 is on paper; lines 2 to 3 are in doubt; lines 4 to {BANDS} are left." in screen
    assert "in doubt, 68 mm down" in screen
    assert set(ink(office)) == {place for place in FRAME_DOTS if place[1] < 24 * 8 * DOWN}
    office.answer(office.counter, question.job.job, "--from-line", "3")
    office.finish(printing)
    assert ink(office) == FRAME_DOTS


@pytest.mark.long
def test_a_preview_is_drawn_at_the_terminal(office: Office) -> None:
    printing = office.counter.print_in_background(
        write(office, pdfs.pdf(FRAME)), SLIP, "slip", "--layout", "slip", at_once=False
    )
    job = printing.job
    shown = office.counter.screen("preview", job, "--text")
    assert "a picture, 62 to 85 mm from the top edge" in shown
    pictures = office.world.folder / "preview.png"
    office.counter.run("preview", job, "--out", str(pictures))
    assert pictures.stat().st_size > 1000
    printing.hands_free.set()
    office.finish(printing)
    assert ink(office) == FRAME_DOTS


REFUSED = {
    "pdf-not-readable": b"no PDF",
    "pdf-encrypted": pdfs.encrypted(),
    "pdf-too-many-pages": pdfs.many_pages(10_000),
    "pdf-too-costly": pdfs.swelling(),
    "pdf-page-too-large": pdfs.pdf(FRAME, size=(595, 842)),
    "layout-not-printable": pdfs.pdf(b"0 560 100 16 re f"),
    "document-empty": pdfs.pdf(b""),
}


def refusal(office: Office, document: bytes, layout: str, name: str = "page.pdf") -> str:
    with pytest.raises(CommandFailed) as refused:
        office.counter.run("print", str(write(office, document, name)), "--layout", layout)
    return refused.value.error_code


@pytest.mark.long
def test_what_cannot_be_printed_is_refused_and_leaves_nothing(office: Office) -> None:
    assert [refusal(office, document, "slip") for document in REFUSED.values()] == list(REFUSED)
    assert refusal(office, pdfs.pdf(FRAME), "savings-24") == "layout-unfit"
    assert office.world.ctl("history", "--last", "10") == []


@pytest.mark.long
def test_a_pdf_comes_by_mail(open_office: OpenOffice) -> None:
    address = free_address()
    office = open_office(mail_settings(address) + 'layout = "slip"\n', own_key_jobs=True, dialect="escpos")
    mail = text_mail("Please print what is attached.\n", "<pdf-1@bank.example>")
    mail.add_attachment(pdfs.pdf(FRAME), maintype="application", subtype="pdf", filename="receipt.pdf")
    with BookClerk(office.manager, office.hands, lambda _view: SLIP), connect(address) as client:
        client.send_message(mail)
        await_fact(lambda: bool(ends_of(office)), lambda: ends_of(office))
    assert [end["state"] for end in ends_of(office)] == ["completed"]
    assert ink(office) == FRAME_DOTS


@pytest.mark.long
def test_others_print_while_a_document_is_drawn_that_takes_minutes(office: Office) -> None:
    with ThreadPoolExecutor(1) as another:
        hostile = another.submit(refusal, office, pdfs.endless(), "slip", "hostile.pdf")
        office.finish(print_text(office))
        office.finish(print_pdf(office, pdfs.pdf(FRAME)))
        assert hostile.result() == "pdf-too-costly"
    assert ink(office) == FRAME_DOTS


def print_text(office: Office) -> Printing:
    file = office.world.folder / "slip.txt"
    file.write_text("Einzahlung", "utf-8")
    return office.counter.print_in_background(file, SLIP, "slip", "--layout", "slip")


@pytest.mark.long
def test_nothing_of_a_document_is_on_the_disk_of_the_appliance(office: Office) -> None:
    office.finish(print_pdf(office, pdfs.pdf(FRAME, title=SECRET)))
    office.world.stop_appliance()
    found = [
        path
        for path in office.world.folder.rglob("*")
        if path.is_file() and path.name != "page.pdf" and SECRET in path.read_bytes()
    ]
    assert found == []


def test_a_passbook_printer_prints_no_pictures(open_office: OpenOffice) -> None:
    assert refusal(open_office(), pdfs.pdf(FRAME), "sheet") == "no-graphics"
