"""The paper as pictures, one for each page, drawn by the same pen as a preview."""

from __future__ import annotations

from pathlib import Path

from drivers.page_picture import draw_page
from drivers.simulator.paper import Paper, PaperPage, Ruler, StruckDots, StruckRun
from passbook.document.page_drawing import DrawnPage, PlacedDots, PlacedText, Rule


def render_sheet(paper: Paper, folder: Path) -> list[Path]:
    """One PNG for each page that ever lay in the mechanism, as `BOOK-page-N.png`; the paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, book in paper.books.items():
        for number, page in sorted(book.pages.items()):
            picture = draw_page(f"book {name}, page {number}", _drawn(number, page, book.ruler))
            path = folder / f"{_file_name(name)}-page-{number}.png"
            picture.save(path)
            pictures.append(path)
    return pictures


def _file_name(book: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in book)


def _drawn(number: int, page: PaperPage, ruler: Ruler) -> DrawnPage:
    texts = [
        PlacedText(run.y, run.column, run.text, run.cpi, run.left, _times_at(page.runs, run.y), run.wide)
        for run in page.runs
    ]
    rules = tuple(Rule(line, ruler.y(line)) for line in range(1, ruler.lines + 1))
    dots = tuple(_placed(part, _overlaps(part, page.dots)) for part in page.dots if part.columns)
    return DrawnPage(number, rules, tuple(texts), _fold(ruler), dots=dots)


def _placed(part: StruckDots, times: int) -> PlacedDots:
    """The part in rows."""
    width, whole = len(part.columns), (len(part.columns) + 7) // 8
    rows = [
        sum(1 << (whole * 8 - 1 - at) for at, column in enumerate(part.columns) if column >> (7 - row) & 1)
        for row in range(8)
    ]
    dots = b"".join(bits.to_bytes(whole, "big") for bits in rows)
    return PlacedDots(part.y, part.x, width, part.across, part.down, dots, times)


def _overlaps(part: StruckDots, parts: list[StruckDots]) -> int:
    """The number of strikes that put dots where this part lies."""
    right = part.x + len(part.columns) * part.across
    return len(
        {
            one.strike
            for one in parts
            if one.y == part.y and one.x < right and part.x < one.x + len(one.columns) * one.across
        }
    )


def _fold(ruler: Ruler) -> int | None:
    if ruler.fold_after is None or ruler.fold_after >= ruler.lines:
        return None
    return (ruler.y(ruler.fold_after) + ruler.y(ruler.fold_after + 1)) // 2


def _times_at(runs: list[StruckRun], y: int) -> int:
    return len({strike for run in runs if run.y == y for strike in run.strikes})
