"""Layout files of the operator."""

from __future__ import annotations

from passbook.document.layout import parse_layout
from passbook.errors import PassbookError


def check(data: bytes) -> None:
    """Any bytes are `layout-malformed`, or a layout of which every line lies on its page and below the one before."""
    try:
        layout = parse_layout("drawn", data, "drawn.toml")
    except PassbookError as error:
        assert error.code == "layout-malformed"
        return
    lines = range(1, min(layout.lines_per_page, 200) + 1)
    heights = [layout.line_y(line) for line in lines]
    assert heights == sorted(set(heights))
    assert all(0 <= y <= layout.page_height for y in heights)
    first = layout.pages[0]
    assert layout.place_after(first, 1, 0) == (first, 1)
    assert layout.lines_left(first, 1) > 0
