"""The caption of a page of a job that is previewed."""

from __future__ import annotations

from passbook.document.page_drawing import DrawnPage
from passbook.screen.columns import short


def caption(job: str, layout: str, page: DrawnPage, next_page: int | None) -> str:
    """The job and its page, and the page to which a person turns then; None for the last one."""
    then = "" if next_page is None else f"; then turn to page {next_page}"
    changed = " (changed since: without its rules and edges)" if page.is_layout_changed else ""
    return f"Job {short(job)}, {layout}{changed}, page {page.number}{then}"
