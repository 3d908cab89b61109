"""The judge must see what is wrong with a paper before it may be believed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from demo.world import ruler_of, shipped_layout
from drivers.simulator.paper import Paper
from tests.scenarios.books import Place, Statement, judge

STATEMENT = Statement(7, 3, page=1, line=23)


def printed(path: Path, places: Iterable[Place], text: str | None = None) -> Paper:
    """A paper on which lines of STATEMENT were struck, one strike for each place."""
    layout = shipped_layout("savings-24")
    paper = Paper(path / "paper.json")
    ruler = ruler_of(layout)
    for page in (1, 2):
        paper.lay("book", page, ruler)
    for place in places:
        paper.strike("book", place[0], ruler.y(place[1]), [(1, text or STATEMENT.expected()[place])])
    return paper


def test_lines_are_placed_over_the_page_turn() -> None:
    assert list(STATEMENT.expected()) == [(1, 23), (1, 24), (2, 1)]


def test_a_whole_paper_is_good(tmp_path: Path) -> None:
    judge(printed(tmp_path, STATEMENT.expected()), "book", STATEMENT.expected())


@pytest.mark.parametrize(
    "places",
    [
        [(1, 23), (1, 24)],
        [(1, 23), (1, 24), (2, 1), (2, 1)],
        [(1, 23), (1, 24), (2, 1), (1, 22)],
    ],
    ids=["missing", "twice", "elsewhere"],
)
def test_a_wrong_paper_is_found(tmp_path: Path, places: list[Place]) -> None:
    expected = STATEMENT.expected() | {(1, 22): "x"}
    paper = printed(tmp_path, [place for place in places if place != (1, 22)])
    if (1, 22) in places:
        paper.strike("book", 1, paper.books["book"].ruler.y(22), [(1, expected[1, 22])])
    with pytest.raises(AssertionError):
        judge(paper, "book", STATEMENT.expected())


def test_a_line_ordered_again_must_be_there_twice_and_whole_at_the_end(tmp_path: Path) -> None:
    twice = printed(tmp_path, [*STATEMENT.expected(), (1, 24)])
    judge(twice, "book", STATEMENT.expected(), {(1, 24)})
    with pytest.raises(AssertionError):
        judge(twice, "book", STATEMENT.expected(), {(2, 1)})


def test_another_text_is_found(tmp_path: Path) -> None:
    paper = printed(tmp_path, [(1, 23), (1, 24)])
    paper.strike("book", 2, paper.books["book"].ruler.y(1), [(1, "another text")])
    with pytest.raises(AssertionError):
        judge(paper, "book", STATEMENT.expected())
