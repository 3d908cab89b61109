"""The examples of docs/layouts.md: a whole layout, keys that change it, and what its pages look like then."""

from __future__ import annotations

from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.page_drawing import drawn_pages
from passbook.document.placing import place
from passbook.document.sample_document import sample_document
from passbook.screen.page_rows import page_rows

_FIRST_TABLE = "[[columns]]"


def with_keys(whole: str, keys: str) -> str:
    """The layout with more keys at its top level; a key that it has is replaced, and so are its columns."""
    head, table, columns = whole.partition(_FIRST_TABLE)
    names = {line.split("=")[0].strip() for line in keys.splitlines() if "=" in line}
    kept = [line for line in head.splitlines() if line.split("=")[0].strip() not in names]
    own_columns = "" if _FIRST_TABLE in keys else table + columns
    return "\n".join([*kept, keys, own_columns])


def layout_of(text: str) -> BookLayout:
    return parse_layout("small", text.encode(), "small.toml")


def picture_of(text: str) -> list[str]:
    """The pages with the widest contents, as `passbookctl layout show` draws them."""
    layout = layout_of(text)
    plan = place(sample_document(layout, "EUR"), layout, codec="", code_page="")
    pages = drawn_pages(plan, layout.sheet, layout)
    return [row for page in pages for row in (f"Layout small, page {page.number}", *page_rows(page, None))]
