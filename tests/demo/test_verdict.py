from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.verdict import Order, Sent, VerdictRow, disagreements, table, verdict_row
from drivers.simulator.paper import Paper, Ruler
from passbook.document.plan import Eject, Line, Plan, Run, Turn

RULER = Ruler(1000, 360, 24)
TEXTS = {(3, 1): "alpha", (3, 2): "beta", (4, 1): "gamma"}
PLAN: Plan = (
    Line(3, 1, 1000, (Run(1, "alpha"),)),
    Line(3, 2, 1360, (Run(1, "beta"),)),
    Turn(4),
    Line(4, 1, 1000, (Run(1, "gamma"),)),
    Eject(4),
)
SENT = Sent("statement", "0a", "book-1", PLAN)
RESUMED = Order("0a", "Anna", "resume", 2, 2)
CLARA = Order("0a", "Clara", "print", 1, 0)


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return struck(tmp_path, *((page, line, text) for (page, line), text in TEXTS.items()))


def struck(folder: Path, *lines: tuple[int, int, str], book: str = "book-1") -> Paper:
    """Paper on which these lines were struck, one after the other."""
    paper = Paper(folder / "paper.json")
    for page, line, text in lines:
        strike(paper, page, line, text, book)
    return paper


def strike(paper: Paper, page: int, line: int, text: str, book: str = "book-1") -> None:
    paper.lay(book, page, RULER)
    paper.strike(book, page, RULER.y(line), [(1, text)])


def entry(kind: str, **record: Any) -> dict[str, Any]:
    return {"entry": {"kind": kind, "record": {"jobId": "0a", "state": "completed", "answered": None} | record}}


def answered(order: Order) -> dict[str, Any]:
    said = {"person": order.person, "verdict": order.verdict, "step": order.step}
    return entry("answered", state="pending", answered=said)


ENDED = entry("ended")


EXPIRED = Sent("forgotten", "0b", "book-2", PLAN)
GIVEN_UP = entry("ended", jobId="0b", state="aborted")


def wrong(
    paper: Paper, *orders: Order, history: list[dict[str, Any]] | None = None, findings: tuple[Any, ...] = ()
) -> list[str]:
    told: list[Mapping[str, Any]] = [*map(answered, orders), ENDED] if history is None else [*history]
    return disagreements([SENT], paper, list(orders), told, list(findings))


def test_what_is_as_it_should_be_agrees(paper: Paper) -> None:
    assert wrong(paper) == []
    assert verdict_row(SENT, paper, []) == VerdictRow("statement", 3, 3, 0, 0, 0, 0)


def test_a_dropped_line_is_found(tmp_path: Path) -> None:
    paper = struck(tmp_path, (3, 1, "alpha"), (4, 1, "gamma"))
    assert verdict_row(SENT, paper, []).missing == 1
    assert len(wrong(paper)) == 1


def test_a_line_that_was_struck_twice_is_found(paper: Paper) -> None:
    strike(paper, 3, 2, "beta")
    assert verdict_row(SENT, paper, [])[1:] == (3, 2, 1, 0, 0, 1)
    assert len(wrong(paper)) == 1


def test_a_line_that_was_ordered_again_may_be_there_twice_but_not_three_times(paper: Paper) -> None:
    strike(paper, 3, 2, "beta")
    assert verdict_row(SENT, paper, [RESUMED])[1:] == (3, 2, 1, 0, 1, 0)
    assert wrong(paper, RESUMED) == []
    strike(paper, 3, 2, "beta")
    assert len(wrong(paper, RESUMED)) == 1


def test_an_order_does_not_excuse_other_lines(paper: Paper) -> None:
    strike(paper, 3, 1, "alpha")
    assert len(wrong(paper, RESUMED)) == 1


def test_an_order_for_another_job_excuses_nothing(paper: Paper) -> None:
    strike(paper, 3, 2, "beta")
    other = RESUMED._replace(job="ff")
    assert len(disagreements([SENT], paper, [other], [ENDED], [])) == 1


def test_a_wrong_text_is_found(tmp_path: Path) -> None:
    paper = struck(tmp_path, (3, 1, "alpha"), (3, 2, "bet4"), (4, 1, "gamma"))
    assert verdict_row(SENT, paper, [])[4:] == (1, 0, 1)
    assert len(wrong(paper)) == 2  # the right one is missing, and another is struck


def test_another_text_over_the_right_one_is_found(paper: Paper) -> None:
    strike(paper, 3, 2, "other")
    assert verdict_row(SENT, paper, []).wrong == 1


@pytest.mark.parametrize("where", [(3, 7), (5, 1)])
def test_a_line_where_none_belongs_is_found(paper: Paper, where: tuple[int, int]) -> None:
    strike(paper, *where, "alpha")
    assert len(wrong(paper)) == 1


def test_a_line_off_the_rules_is_found(paper: Paper) -> None:
    paper.strike("book-1", 4, RULER.y(5) + 180, [(1, "gamma")])
    assert len(wrong(paper)) == 1


def test_a_foreign_book_is_found(paper: Paper) -> None:
    strike(paper, 3, 1, "alpha", book="book-9")
    assert ["book-9" in sentence for sentence in wrong(paper)] == [True]


def test_blank_paper_lacks_everything(tmp_path: Path) -> None:
    assert verdict_row(SENT, Paper(tmp_path / "paper.json"), []).missing == 3


def test_the_history_must_tell_of_one_completion(paper: Paper) -> None:
    for history in ([], [ENDED, ENDED], [entry("ended", state="canceled")], [entry("ended", jobId="ff")]):
        assert len(wrong(paper, history=history)) == 1


def test_the_history_must_tell_the_answers_in_their_order(paper: Paper) -> None:
    orders = (RESUMED, CLARA)
    told = [answered(order) for order in orders]
    assert wrong(paper, *orders, history=[*told, ENDED]) == []
    for history in ([*reversed(told), ENDED], [told[0], ENDED], [*told, told[0], ENDED], [ENDED]):
        assert len(wrong(paper, *orders, history=history)) == 1


@pytest.mark.parametrize("change", [{"person": "Otto"}, {"verdict": "discard"}, {"step": 3}])
def test_an_answer_that_nobody_gave_is_found(paper: Paper, change: dict[str, Any]) -> None:
    told = answered(RESUMED._replace(**change))
    assert len(wrong(paper, RESUMED, history=[told, ENDED])) == 1


def test_what_the_store_finds_is_a_disagreement(paper: Paper) -> None:
    assert ["history-broken" in sentence for sentence in wrong(paper, findings=({"sentence": "history-broken"},))] == [
        True
    ]


def test_the_table_is_aligned(paper: Paper) -> None:
    lines = table([verdict_row(SENT, paper, [])]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[-1].split() == ["statement", "3", "3", "0", "0", "0"]


def test_what_expired_ended_so_and_left_nothing_on_paper(paper: Paper) -> None:
    def judged(*history: Mapping[str, Any]) -> list[str]:
        return disagreements([SENT], paper, [], [ENDED, *history], [], [EXPIRED])

    assert judged(GIVEN_UP) == []
    assert len(judged()) == 1
    assert len(judged(GIVEN_UP, GIVEN_UP)) == 1
    strike(paper, 3, 1, "alpha", "book-2")
    assert [sentence for sentence in judged(GIVEN_UP) if "book-2" in sentence]
