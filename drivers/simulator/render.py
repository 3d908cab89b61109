"""The paper as pictures, one for each page, drawn by the same pen as a preview."""

from __future__ import annotations

from pathlib import Path

from drivers.page_picture import draw_page
from drivers.simulator.paper import Paper, PaperPage, Ruler, StruckRun
from passbook.document.page_drawing import DrawnPage, PlacedText, Rule


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
        PlacedText(run.y, run.column, run.text, run.cpi, run.left, _times_at(page.runs, run.y)) for run in page.runs
    ]
    rules = tuple(Rule(line, ruler.y(line)) for line in range(1, ruler.lines + 1))
    return DrawnPage(number, rules, tuple(texts), _fold(ruler))


def _fold(ruler: Ruler) -> int | None:
    if ruler.fold_after is None or ruler.fold_after >= ruler.lines:
        return None
    return (ruler.y(ruler.fold_after) + ruler.y(ruler.fold_after + 1)) // 2


def _times_at(runs: list[StruckRun], y: int) -> int:
    return len({strike for run in runs if run.y == y for strike in run.strikes})
