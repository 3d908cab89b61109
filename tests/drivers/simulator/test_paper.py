from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.paper import TOLERANCE, DotColumns, Paper, Ruler, line_text
from drivers.simulator.render import render_sheet
from passbook.errors import PassbookError

RULER = Ruler(first_y=1800, pitch=360, lines=20, fold_after=10, fold_gap=900)

rulers = st.builds(
    Ruler,
    first_y=st.integers(0, 4000),
    pitch=st.integers(2 * TOLERANCE + 1, 720),
    lines=st.integers(1, 40),
    fold_after=st.none() | st.integers(1, 40),
    fold_gap=st.integers(0, 2000),
)


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    paper = Paper(tmp_path / "paper.json")
    paper.lay("B1", 3, RULER)
    return paper


@given(rulers, st.data(), st.integers(-TOLERANCE, TOLERANCE))
def test_what_stands_on_a_rule_within_the_tolerance_is_that_line(ruler: Ruler, data: st.DataObject, off: int) -> None:
    line = data.draw(st.integers(1, ruler.lines))
    assert ruler.line_at(ruler.y(line) + off) == line


@given(rulers, st.integers(0, 30_000))
def test_what_is_further_off_is_no_line(ruler: Ruler, y: int) -> None:
    near = [line for line in range(1, ruler.lines + 1) if abs(ruler.y(line) - y) <= TOLERANCE]
    assert ruler.line_at(y) == (near[0] if near else None)


def test_the_fold_pushes_the_lines_behind_it_down() -> None:
    assert RULER.y(11) - RULER.y(10) == 360 + 900
    assert RULER.line_at(RULER.y(10) + 360) is None


def test_a_page_without_rules_has_no_lines() -> None:
    assert Ruler(1800, 360, 0).line_at(1800) is None


def test_a_line_struck_once_is_one_text_once(paper: Paper) -> None:
    paper.strike("B1", 3, RULER.y(1), [(1, "01.05."), (10, "Cash")])
    assert paper.lines("B1") == {(3, 1): [("01.05.   Cash", 1)]}
    assert paper.times("B1", 3, 1) == 1
    assert paper.times("B1", 3, 2) == 0


def test_the_same_line_struck_again_counts_twice(paper: Paper) -> None:
    for _ in range(2):
        paper.strike("B1", 3, RULER.y(1), [(1, "01.05."), (10, "Cash")])
    assert paper.lines("B1") == {(3, 1): [("01.05.   Cash", 2)]}


def test_half_a_line_and_then_the_whole_are_two_texts(paper: Paper) -> None:
    paper.strike("B1", 3, RULER.y(1), [(1, "01.05."), (10, "Ca")])
    paper.strike("B1", 3, RULER.y(1), [(1, "01.05."), (10, "Cash")])
    assert paper.lines("B1") == {(3, 1): [("01.05.   Ca", 1), ("01.05.   Cash", 1)]}
    assert paper.times("B1", 3, 1) == 2


def test_what_stands_off_the_rules_is_line_none(paper: Paper) -> None:
    paper.strike("B1", 3, RULER.y(1) + 100, [(1, "x")])
    assert paper.lines("B1") == {(3, None): [("x", 1)]}


def test_the_same_text_at_another_place_across_is_another_run(paper: Paper) -> None:
    for cpi, left in ((10.0, 0), (12.0, 0), (10.0, 18), (10.0, 0)):
        paper.strike("B1", 3, 1800, [(1, "x")], cpi, left)
    assert [run.times for _, _, run in paper.runs("B1")] == [2, 1, 1]


def test_blanks_leave_no_mark(paper: Paper) -> None:
    assert paper.strike("B1", 3, 1800, [(1, "  ")]) == 1
    assert paper.lines("B1") == {}


def test_books_and_pages_are_apart(paper: Paper) -> None:
    paper.lay("B2", 1, RULER)
    paper.lay("B1", 4, None)
    paper.strike("B2", 1, 1800, [(1, "b2")])
    paper.strike("B1", 4, 1800, [(1, "b1")])
    assert paper.lines("B1") == {(4, 1): [("b1", 1)]}
    assert paper.lines("B2") == {(1, 1): [("b2", 1)]}
    assert paper.lines("B3") == {}
    with pytest.raises(ValueError, match="ruler"):
        paper.lay("B3", 1, None)


@given(st.lists(st.tuples(st.integers(1, 60), st.text("abc ", min_size=1, max_size=9)), max_size=5))
def test_a_line_as_text_has_every_run_at_its_column_unless_another_covers_it(runs: list[tuple[int, str]]) -> None:
    text = line_text(runs).ljust(80)
    column, last = max(runs, default=(1, ""))
    assert text[column - 1 : column - 1 + len(last)] == last


def test_the_file_is_as_documented_and_comes_back(paper: Paper) -> None:
    paper.strike("B1", 3, RULER.y(11), [(12, "Überweisung €")], 12.0, 252)
    paper.strike("B1", 3, 4530, [], dots=[DotColumns(540, b"\x81\xff", 27, 30, 7)])
    paper.save()
    assert json.loads(paper.path.read_text()) == {
        "format": "passbook-paper/1",
        "strikes": 2,
        "books": {
            "B1": {
                "ruler": {"firstY": 1800, "pitch": 360, "lines": 20, "foldAfter": 10, "foldGap": 900},
                "pages": {
                    "3": {
                        "runs": [
                            {
                                "line": 11,
                                "y": 6300,
                                "column": 12,
                                "text": "Überweisung €",
                                "times": 1,
                                "strikes": [1],
                                "cpi": 12.0,
                                "left": 252,
                                "wide": False,
                            }
                        ],
                        "dots": [{"y": 4320, "x": 540, "columns": "gf8=", "across": 27, "down": 30, "strike": 2}],
                    }
                },
            }
        },
    }
    again = Paper.load(paper.path)
    assert again.lines("B1") == paper.lines("B1")
    assert again.strike("B1", 3, 1800, [(1, "next")]) == 3
    assert again.ink("B1", 3) == {(540, 4320): 1, (540, 4530): 1} | {(567, 4320 + 30 * row): 1 for row in range(8)}
    assert sorted(path.name for path in paper.path.parent.iterdir()) == ["paper.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace("passbook-paper/1", "passbook-paper/9"),
        lambda text: text.replace('"times": 1', '"times": 2'),
        lambda _: "[]",
    ],
)
def test_a_damaged_file_is_refused(paper: Paper, damage: object) -> None:
    paper.strike("B1", 3, 1800, [(1, "x")])
    paper.save()
    assert callable(damage)
    paper.path.write_text(damage(paper.path.read_text()))
    with pytest.raises(PassbookError, match=r"paper\.json"):
        Paper.load(paper.path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PassbookError, match="No such file"):
        Paper.load(tmp_path / "none.json")


@pytest.mark.slow
def test_every_page_becomes_a_picture_and_only_what_was_struck_twice_is_red(paper: Paper, tmp_path: Path) -> None:
    paper.lay("../odd name", 1, RULER)
    paper.strike("B1", 3, 1800, [(1, "Überweisung €Ω")])
    first = render_sheet(paper, tmp_path / "out")
    assert [path.name for path in first] == ["B1-page-3.png", "___odd_name-page-1.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in first)
    once = red_dots(first[0])
    paper.strike("B1", 3, 1800, [(1, "Überweisung €Ω")])
    twice = red_dots(render_sheet(paper, tmp_path / "out")[0])
    assert once == 0
    assert twice > 100


def red_dots(path: Path) -> int:
    from PIL import Image  # noqa: PLC0415

    with Image.open(path) as picture:
        return sum(count for count, colour in picture.getcolors(2**24) or [] if colour == (0xC0, 0x18, 0x18))
