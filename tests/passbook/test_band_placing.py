"""Drawn pages as bands: all of their ink, once, at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.band_placing import place_bands, request_pages
from passbook.document.documents import PdfDocument
from passbook.document.layout import BookLayout
from passbook.document.page_drawing import drawn_pages
from passbook.document.placing import place
from passbook.document.plan import (
    Band,
    DotPitch,
    Eject,
    NextSheet,
    Plan,
    Step,
    StepOutline,
    decode_plan,
    encode_plan,
    is_outline,
    outline,
)
from passbook.document.rendered_pages import RenderRequest, row_bytes
from passbook.errors import PassbookError
from passbook.job.step_machine import AskForMedium, DoStep, Finish, Happening, JournalStep, Phase, Work, after, next_act
from tests.passbook.strategies import SAVINGS, SHEET, shipped

PITCH = DotPitch(27, 30, 8)
SLIP = shipped("slip")


def page_of(dots: set[tuple[int, int]], width: int, height: int) -> bytes:
    """The page with these dots: column and row, from 0."""
    whole = row_bytes(width)
    page = bytearray(whole * height)
    for column, row in dots:
        page[row * whole + column // 8] |= 0x80 >> column % 8
    return bytes(page)


def ink_of(bands: list[Band]) -> list[tuple[int, int]]:
    """Left and top edge of each dot, in 1/2160 inch; a dot of two bands twice."""
    return sorted(
        (one.x + column * one.across, one.y + row * one.down)
        for one in bands
        for row in range(one.height)
        for column in range(one.width)
        if one.dots[row * row_bytes(one.width) + column // 8] >> (7 - column % 8) & 1
    )


def bands_of(plan: Plan, page: int) -> list[Band]:
    return [step for step in plan if isinstance(step, Band) and step.page == page]


@st.composite
def drawings(draw: st.DrawFn) -> tuple[RenderRequest, list[set[tuple[int, int]]], int]:
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    places = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    pages = draw(st.lists(st.sets(places, max_size=12), min_size=1, max_size=3).filter(any))
    return RenderRequest(b"", width, height, 27, 30, 10), pages, draw(st.integers(1, 9))


@given(drawings())
def test_the_bands_have_all_ink_once_and_nothing_else(
    drawn: tuple[RenderRequest, list[set[tuple[int, int]]], int],
) -> None:
    request, pages, rows = drawn
    plan = place_bands([page_of(page, request.width, request.height) for page in pages], request, rows)
    for number, page in enumerate(pages, 1):
        bands = bands_of(plan, number)
        assert ink_of(bands) == sorted((column * 27, row * 30) for column, row in page)
        assert all((one.line - 1) * rows * 30 == one.y and one.height <= rows for one in bands)
        assert all(any(one.dots) for one in bands)
    assert is_outline(outline(plan))
    assert decode_plan(encode_plan(plan)) == plan


@given(drawings())
def test_each_page_ends_with_its_sheet_given_back(drawn: tuple[RenderRequest, list[set[tuple[int, int]]], int]) -> None:
    request, pages, rows = drawn
    plan = place_bands([page_of(page, request.width, request.height) for page in pages], request, rows)
    inked = [number for number, page in enumerate(pages, 1) if page]
    assert [step.page for step in plan if isinstance(step, NextSheet)] == inked[1:]
    assert [step.page for step in plan if isinstance(step, Eject)] == inked[-1:]
    assert [step.page for step in plan] == sorted(step.page for step in plan)
    assert isinstance(plan[-1], Eject)


def two_pages() -> tuple[RenderRequest, Plan]:
    request = request_pages(b"", SLIP, PITCH)
    dots = {(80, row) for row in range(100, 130)}
    page = page_of(dots, request.width, request.height)
    return request, place_bands([page, page], request, 8)


def done_from(plan: Plan, step: int) -> list[Step | str]:
    """The steps that are done, and where a sheet is asked for, when a job goes on with `step`."""
    work = Work(Phase.READY, step)
    seen: list[Step | str] = []
    while (act := next_act(plan, work)) is not None:
        happening = Happening.CONFIRMED
        match act:
            case AskForMedium(page):
                seen.append(f"sheet {page}")
                happening = Happening.MEDIUM_IN
            case JournalStep():
                happening = Happening.JOURNALED
            case DoStep(done):
                seen.append(done)
            case Finish():
                happening = Happening.ALL_DONE
        work = after(plan, work, act, happening)
    return seen


def test_going_on_at_every_step_does_what_an_uninterrupted_print_does() -> None:
    _, plan = two_pages()
    assert [one for one in done_from(plan, 1) if not isinstance(one, str)] == list(plan)
    for step in range(1, len(plan) + 2):
        seen = done_from(plan, step)
        assert [one for one in seen if not isinstance(one, str)] == list(plan[step - 1 :])
        wanted = [one for one in plan[step - 1 :] if isinstance(one, Band)]
        assert [one for one in seen if isinstance(one, str)] == [
            f"sheet {page}" for page in sorted({b.page for b in wanted})
        ]


def test_an_outline_has_place_and_size_and_no_dots() -> None:
    request = request_pages(b"", SLIP, PITCH)
    page = page_of({(80, 100), (95, 101)}, request.width, request.height)
    [band, eject] = outline(place_bands([page], request, 8))
    assert band == replace(eject, kind=band.kind, line=13, bars=band.bars, band=(96 * 30, 8 * 30))
    assert [(bar.column, bar.width) for bar in band.bars] == [(11, 2)]
    assert str(Band(1, 1, 0, 0, 8, 1, 27, 30, b"\xff")) == "<Band>"


@pytest.mark.parametrize("band", [None, (-1, 240), (0, 70_000)])
def test_an_outline_of_a_band_without_a_possible_place_is_none(band: tuple[int, int] | None) -> None:
    good = outline(two_pages()[1])
    assert is_outline(good)
    assert not is_outline((replace(good[0], band=band), *good[1:]))


def test_an_outline_of_a_line_has_no_size() -> None:
    line = StepOutline(outline(two_pages()[1])[-1].kind, 1)
    assert not is_outline((replace(line, band=(0, 240)),))


def test_the_pages_are_asked_for_in_the_size_of_the_sheet() -> None:
    request = request_pages(b"%PDF-", SLIP, PITCH)
    # 148 x 210 mm at 80 x 72 dots to the inch.
    assert (request.width, request.height, request.across, request.down) == (466, 595, 27, 30)
    assert request.most_pages == 10


@pytest.mark.parametrize(
    "layout", [SAVINGS, replace(SHEET, page_width=20), replace(SHEET, page_height=600_000, page_width=400_000)]
)
def test_a_layout_that_is_no_sheet_is_refused(layout: BookLayout) -> None:
    with pytest.raises(PassbookError) as refused:
        request_pages(b"", layout, PITCH)
    assert refused.value.code == "layout-unfit"


def test_large_sheets_have_fewer_pages() -> None:
    assert request_pages(b"", replace(SHEET, page_width=60_000, page_height=90_000), PITCH).most_pages == 2


def test_white_pages_are_empty() -> None:
    request = request_pages(b"", SLIP, PITCH)
    with pytest.raises(PassbookError) as refused:
        place_bands([page_of(set(), request.width, request.height)], request, 8)
    assert refused.value.code == "document-empty"


def test_more_steps_than_a_job_has_are_refused() -> None:
    request = RenderRequest(b"", 8, 16_000, 27, 30, 10)
    page = bytes([0x80]) * 16_000
    with pytest.raises(PassbookError) as refused:
        place_bands([page, page], request, 1)
    assert refused.value.code == "pdf-too-costly"


def test_a_document_that_is_drawn_is_not_placed_by_lines() -> None:
    with pytest.raises(PassbookError) as refused:
        place(PdfDocument(b"%PDF-"), SHEET, codec="cp858", code_page="cp858")
    assert refused.value.code == "layout-unfit"


def test_a_preview_shows_the_bands_at_their_places() -> None:
    _, plan = two_pages()
    first, second = drawn_pages(plan, SLIP.sheet, SLIP)
    assert (first.number, second.number, first.width, first.is_layout_changed) == (1, 2, SLIP.page_width, False)
    assert first.dots == second.dots
    assert [(one.y, one.x, one.rows) for one in first.dots] == [(one.y, one.x, one.height) for one in bands_of(plan, 1)]
    assert not first.rules
