"""The renderer as a process: what it draws, what it refuses, and the limits that no document gets past."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from passbook.document.rendered_pages import (
    MEMORY_BYTES,
    MOST_REQUEST,
    RenderRequest,
    encode_rendering,
    read_rendering,
    row_bytes,
)
from passbook.errors import PassbookError
from tests import pdfs

WIDTH, HEIGHT, ACROSS, DOWN = 400, 576, 27, 30
"""The dots of a page of 5 x 8 inches at 80 and 72 to the inch."""
PROGRAM = [sys.executable, "-m", "drivers.renderer"]


def request(document: bytes, most_pages: int = 10, width: int = WIDTH, height: int = HEIGHT) -> RenderRequest:
    return RenderRequest(document, width, height, ACROSS, DOWN, most_pages)


def drawn(asked: RenderRequest, program: list[str] | None = None) -> tuple[bytes, ...]:
    done = subprocess.run(program or PROGRAM, input=encode_rendering(asked), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return read_rendering(done.stdout, asked)


def refusal(asked: RenderRequest, program: list[str] | None = None) -> PassbookError:
    with pytest.raises(PassbookError) as refused:
        drawn(asked, program)
    return refused.value


def ink(page: bytes, width: int = WIDTH) -> set[tuple[int, int]]:
    """The dots of a page: column and row, from 0."""
    whole = row_bytes(width)
    return {
        (column, at // whole)
        for at in range(0, len(page), whole)
        for column in range(width)
        if page[at + column // 8] >> (7 - column % 8) & 1
    }


def edges(dots: set[tuple[int, int]]) -> tuple[int, int, int, int]:
    """The first and last column, and the first and last row; all dots between them are ink."""
    columns, rows = {column for column, _ in dots}, {row for _, row in dots}
    assert len(dots) == len(columns) * len(rows)
    return min(columns), max(columns), min(rows), max(rows)


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT), (413, 700)])
def test_a_page_is_drawn_in_its_own_size_from_the_top_left_corner_of_the_sheet(width: int, height: int) -> None:
    [page] = drawn(request(pdfs.pdf(pdfs.BOX), width=width, height=height))
    # 72 points are 80 columns and 72 rows, and the page is 576 points high; an edge between two dots inks both.
    assert edges(ink(page, width)) == (80, 120, 576 - 410, 576 - 400 - 1)


def test_a_hair_line_and_text_leave_ink() -> None:
    line, text = drawn(request(pdfs.pdf(b"0.01 w 10 300 m 100 300 l S", pdfs.TEXT)))
    assert {column for column, _ in ink(line)} == set(range(11, 111))
    assert len({row for _, row in ink(line)}) <= 2
    assert 100 < len(ink(text)) < 1000


def test_the_pages_come_in_their_order() -> None:
    pages = drawn(request(pdfs.pdf(pdfs.BOX, b"", pdfs.TEXT)))
    assert [bool(ink(page)) for page in pages] == [True, False, True]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "pdf-not-readable"),
        (b"%PDF-1.7 and no more", "pdf-not-readable"),
        (pdfs.pdf(pdfs.TEXT)[:300], "pdf-not-readable"),
        (b"%PDF-1.4\n" + b"<<" * 300_000, "pdf-not-readable"),
        (pdfs.encrypted(), "pdf-encrypted"),
        (pdfs.many_pages(10_000), "pdf-too-many-pages"),
        (pdfs.pdf(b"", size=(420, 576)), "pdf-page-too-large"),
        (pdfs.pdf(b"", size=(360, 14_400)), "pdf-page-too-large"),
        (pdfs.swelling(), "pdf-too-costly"),
    ],
)
def test_what_cannot_be_drawn_has_its_code(document: bytes, code: str) -> None:
    assert refusal(request(document)).code == code


@pytest.mark.slow
def test_a_refusal_names_what_is_wrong() -> None:
    many = refusal(request(pdfs.many_pages(10_000), most_pages=3))
    assert (many.facts["pages"], many.facts["most"]) == (10_000, 3)
    large = refusal(request(pdfs.pdf(b"", b"", size=(420, 576))))
    assert (large.facts["page"], large.facts["size"], large.facts["sheet"]) == (1, "148 x 203 mm", "127 x 203 mm")
    costly = refusal(request(pdfs.swelling()))
    assert f"{MEMORY_BYTES // 1024**2} MiB of memory" in str(costly)


WHOLE = b"360 0 0 576 0 0 cm /F Do"
"""Draws F over the whole page."""
STAMP = b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 360 576] /AP << /N 5 0 R >> >>"


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        lambda: pdfs.with_object(WHOLE, pdfs.black(13_000)),
        lambda: pdfs.with_object(b"/F Do", pdfs.form(WHOLE), pdfs.black(8_000)),
    ],
    ids=["on the page", "in a form"],
)
def test_a_large_picture_is_drawn_whole(document: Callable[[], bytes]) -> None:
    [page] = drawn(request(document()))
    assert len(ink(page)) == WIDTH * HEIGHT


@pytest.mark.long
@pytest.mark.parametrize(
    "document",
    [
        pdfs.bomb,
        lambda: pdfs.with_object(b"36 400 36 10 re f " + WHOLE, pdfs.black(20_000)),
        lambda: pdfs.with_object(b"q 360 0 0 200 0 0 cm /F Do Q " * 2, pdfs.black(10_200)),
        lambda: pdfs.with_object(b"/F Do", pdfs.form(WHOLE), pdfs.black(27_000, b"RGB")),
    ],
    ids=["packed twice", "beside other ink", "two of half the size", "above what the library asks memory for"],
)
def test_pictures_above_half_the_memory_are_refused_and_none_is_left_out(document: Callable[[], bytes]) -> None:
    assert refusal(request(document())).code == "pdf-too-costly"


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        lambda: pdfs.with_object(WHOLE, pdfs.black(100, keys=b"/SMask 6 0 R"), pdfs.black(20_000)),
        lambda: pdfs.with_object(b"", pdfs.form(WHOLE), pdfs.black(20_000), STAMP, more=b"/Annots [7 0 R]"),
    ],
    ids=["a mask", "a stamp"],
)
def test_a_picture_that_is_not_counted_is_not_left_out_when_memory_is_short(document: Callable[[], bytes]) -> None:
    assert refusal(request(document())).code == "pdf-too-costly"


def test_a_stamp_with_a_picture_is_drawn() -> None:
    document = pdfs.with_object(b"", pdfs.form(WHOLE), pdfs.black(100), STAMP, more=b"/Annots [7 0 R]")
    assert len(ink(drawn(request(document))[0])) == WIDTH * HEIGHT


@pytest.mark.long
def test_a_document_that_takes_minutes_is_ended() -> None:
    assert "seconds" in str(refusal(request(pdfs.endless())))


# A drawer that does what a broken library could do.

_BROKEN = """
import os, sys, time, types
from drivers.renderer import __main__ as program
from passbook.document.rendered_pages import DrawnDots

def draw(request):
{deed}

program.WALL_SECONDS = {wall}
program._LIMITS[program.resource.RLIMIT_CPU] = {cpu}
sys.modules["drivers.renderer.pdf_drawing"] = types.SimpleNamespace(draw=draw)
sys.exit(program.main())
"""


def broken(deed: str, *, wall: float = 30.0, cpu: int = 20) -> PassbookError:
    source = _BROKEN.format(deed=textwrap.indent(textwrap.dedent(deed), "    "), wall=wall, cpu=cpu)
    return refusal(request(b""), [sys.executable, "-c", source])


@pytest.mark.parametrize(
    "deed",
    [
        f"bytes({MEMORY_BYTES})",
        "os.abort()",
        "os.kill(os.getpid(), 9)",
        "raise ValueError",
        "os._exit(0)",
        "return DrawnDots((bytes(3_000_000),))",
    ],
)
def test_a_drawer_that_breaks_is_answered_for(deed: str) -> None:
    assert "MiB of memory" in str(broken(deed))


@pytest.mark.slow
def test_a_drawer_that_computes_for_ever_is_ended() -> None:
    assert "seconds" in str(broken("while True: pass", cpu=1))


_CLOSES_ITS_PIPE = """
for number in range(3, 9):
    try:
        os.close(number)
    except OSError:
        pass
time.sleep(60)
"""


@pytest.mark.long
@pytest.mark.parametrize("deed", ["time.sleep(60)", _CLOSES_ITS_PIPE])
def test_a_drawer_that_does_nothing_is_ended(deed: str) -> None:
    assert "seconds" in str(broken(deed, wall=1.0))


def test_a_drawer_writes_no_file(tmp_path: Path) -> None:
    """The first byte would end it; one that is deaf to that gets an error."""
    file = tmp_path / "kept"
    deed = f"import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nopen({str(file)!r}, 'wb', 0).write(b'x')"
    assert "damaged" in str(broken(deed))
    assert file.read_bytes() == b""


@pytest.mark.parametrize("data", [b"", b"x", bytes(MOST_REQUEST + 1)])
def test_what_is_no_request_gets_no_answer(data: bytes) -> None:
    done = subprocess.run(PROGRAM, input=data, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
