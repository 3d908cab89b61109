"""The caption of a page of a job that is previewed."""

from __future__ import annotations

from passbook.document.page_drawing import DrawnPage
from passbook.screen.columns import short


def caption(job: str, layout: str, page: DrawnPage, following: DrawnPage | None) -> str:
    """The job and its page, and the page to which a person turns then; None for the last one."""
    then = ""
    if following is not None:
        is_new = following.book != page.book
        then = f"; then a new book, page {following.number}" if is_new else f"; then turn to page {following.number}"
    changed = " (changed since: without its rules and edges)" if page.is_layout_changed else ""
    book = f", book {page.book}" if page.book > 1 else ""
    return f"Job {short(job)}, {layout}{changed}{book}, page {page.number}{then}"
