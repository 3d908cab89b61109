from __future__ import annotations

from msgspec.structs import replace

from passbook.document.documents import parse_document
from passbook.document.page_drawing import DrawnPage, drawn_pages
from passbook.document.placing import place
from passbook.document.plan import Plan
from tests.docs.screens import FORMAT, STATEMENT
from tests.passbook.strategies import SAVINGS

MEASURES = SAVINGS.sheet


def plan() -> Plan:
    return place(parse_document(FORMAT, STATEMENT), SAVINGS, codec="cp858", code_page="cp858")


def texts(page: DrawnPage) -> list[tuple[int, int, str]]:
    return [(text.y, text.column, text.text) for text in page.texts]


def test_each_page_has_its_lines_where_the_plan_places_them() -> None:
    third, fourth = drawn_pages(plan(), MEASURES, SAVINGS)
    assert (third.number, fourth.number) == (3, 4)
    assert [text for _, _, text in texts(third)][:3] == ["2026-02-02", "Salary Jan.", "2480.00"]
    assert {y for y, _, _ in texts(third)} == {SAVINGS.line_y(3, line) for line in (22, 23, 24)}
    assert {y for y, _, _ in texts(fourth)} == {SAVINGS.line_y(4, line) for line in (1, 2)}
    assert {(text.cpi, text.left) for text in third.texts} == {(SAVINGS.cpi, SAVINGS.left_units)}


def test_the_layout_gives_rules_fold_and_edges() -> None:
    page = drawn_pages(plan(), MEASURES, SAVINGS)[0]
    assert [rule.line for rule in page.rules] == list(range(1, SAVINGS.lines_per_page + 1))
    assert page.fold is not None
    assert not page.is_layout_changed
    assert SAVINGS.line_y(3, 12) < page.fold < SAVINGS.line_y(3, 13)
    assert (page.width, page.height) == (SAVINGS.page_width, SAVINGS.page_height)


def test_a_layout_that_was_changed_since_draws_no_rule_in_a_wrong_place_and_keeps_the_fold() -> None:
    usual = SAVINGS.usual_page
    moved = replace(SAVINGS, usual_page=replace(usual, first_y=SAVINGS.first_y + 12))
    other_fold = replace(SAVINGS, usual_page=replace(usual, fold=None))
    for layout in (moved, replace(SAVINGS, pages=(1, 3)), other_fold, None):
        page = drawn_pages(plan(), MEASURES, layout)[0]
        assert [(rule.line, rule.y) for rule in page.rules] == [(n, SAVINGS.line_y(3, n)) for n in (22, 23, 24)]
        assert page.fold == MEASURES.fold != 0
        assert (page.width, page.is_layout_changed) == (0, True)
        assert page.height == SAVINGS.page_height


def test_a_page_shows_nothing_of_its_text_in_a_log() -> None:
    assert "Salary" not in repr(drawn_pages(plan(), MEASURES, SAVINGS))
