"""Layout files of the operator."""

from __future__ import annotations

from passbook.document.layout_file import parse_layout
from passbook.errors import PassbookError


def check(data: bytes) -> None:
    """Any bytes are `layout-malformed`, or a layout of which every line lies on its page and below the one before."""
    try:
        layout = parse_layout("drawn", data, "drawn.toml")
    except PassbookError as error:
        assert error.code == "layout-malformed"
        return
    first, last = layout.pages
    for page in {first, last}:
        heights = [layout.line_y(page, line) for line in layout.page_lines(page).numbers()]
        assert heights == sorted(set(heights))
        assert all(0 <= y <= layout.page_height for y in heights)
        free = layout.entry_lines(page)
        assert layout.start_at(page, free[0]) == (page, free[0])
        assert layout.place_after(page, free[0], 0) == (page, free[0])
        assert layout.lines_left(page, free[0]) > 0
