from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import pytest

from bench.__main__ import BEGIN, END, PARTS, run, write_down
from bench.plot import svg
from bench.report import Bound, Curve, Figure, Line, Reach, Results, markdown, table

RATE = Figure("jobs", 50.0, "/s", "echoes", 0.4, Reach(Bound.LEAST, 0.5))
SIZE = Figure("idle", 44.0, "MiB", reach=Reach(Bound.MOST, 45))
CURVE = Curve("memory-jobs", "Memory <by> jobs", "jobs", "MiB", (Line("all", ((0, 40), (100, 44.5))),))
RESULTS = Results("Some", (RATE, SIZE, Figure("alone", 1.0, "ms")), (CURVE,), ("How it was done.",))


@pytest.mark.soak
@pytest.mark.parametrize("part", PARTS)
def test_every_part_gives_figures_that_can_be(part: str) -> None:
    # The path of a Unix socket must be short.
    with TemporaryDirectory(prefix="pb-") as folder:
        results = run(part, Path(folder) / "p", quick=True)
    assert results.figures
    assert len({figure.what for figure in results.figures}) == len(results.figures)
    for figure in results.figures:
        assert math.isfinite(figure.value)
        assert figure.value >= 0
        assert (figure.ratio is None) == (not figure.reference)
        assert figure.ratio is None or figure.ratio > 0
        assert figure.what in table(results)
        assert figure.what in "".join(markdown(results))
    for curve in results.curves:
        assert all(line.points for line in curve.lines)
        ET.fromstring(svg(curve))  # noqa: S314  # ours


def test_a_figure_is_judged_by_its_ratio_where_it_has_one() -> None:
    assert [figure.reached for figure in RESULTS.figures] == [False, True, None]
    assert Figure("jobs", 1.0, "/s", "echoes", 0.5, Reach(Bound.LEAST, 0.5)).reached
    assert not Figure("idle", 45.5, "MiB", reach=Reach(Bound.MOST, 45)).reached


def test_the_page_says_what_was_not_reached() -> None:
    [jobs] = [line for line in markdown(RESULTS) if line.startswith("| jobs")]
    assert jobs == "| jobs | 50.0 /s | echoes | 0.40 | at least 0.5 | **not reached** |"
    assert "| idle | 44.0 MiB |  |  | at most 45 | reached |" in markdown(RESULTS)


def test_only_what_stands_between_the_marks_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    (tmp_path / "pictures").mkdir()
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_down("one machine", [RESULTS], page)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text
    assert "one machine" in text
    assert "(pictures/memory-jobs.svg)" in text
    assert (tmp_path / "pictures" / "memory-jobs.svg").exists()


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_plot_has_every_point_inside_its_axes_and_larger_values_higher(*, logarithmic: bool) -> None:
    points = ((100.0, 1.0), (1_000.0, 1.5), (1_000_000.0, 3.25))
    drawn = svg(Curve("c", "Title", "jobs", "ms", (Line("a & b", points), Line("other", points[:1])), logarithmic))
    picture = ET.fromstring(drawn)  # noqa: S314  # ours
    names = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Title", "jobs", "ms", "a & b", "other", "1M"} <= set(names)
    dots = [
        (float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in picture.iter("{http://www.w3.org/2000/svg}circle")
    ]
    assert len(dots) == 4
    assert all(64 <= x <= 490 and 32 <= y <= 276 for x, y in dots)
    (x1, y1), (x2, y2), (x3, y3), _ = dots
    assert x1 < x2 < x3
    assert y1 > y2 > y3
    # On a logarithmic axis a thousandfold is three times as far as a tenfold.
    assert ((x3 - x2) == pytest.approx(3 * (x2 - x1), abs=0.5)) is logarithmic


def test_nothing_cannot_be_plotted() -> None:
    with pytest.raises(ValueError, match="nothing"):
        svg(Curve("c", "Title", "x", "y", (Line("a", ()),)))
