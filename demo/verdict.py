"""The verdict: the paper, compared with the documents, the orders of people, and the history.

The paper file is the judge. The expected lines come from the documents, read here once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.simulator.paper import Paper, line_text
from passbook.document.documents import parse_document
from passbook.document.layout import BookLayout
from passbook.document.placing import place
from passbook.document.plan import Line, Plan

Place = tuple[int, int | None]
CODE_PAGE: Final = "cp858"


class Sent(NamedTuple):
    """A document that a teller sent: its job, its book, and its expected steps."""

    title: str
    job: str
    book: str
    plan: Plan

    def lines(self) -> dict[Place, str]:
        """(page, line) -> the text that must stand there."""
        return {
            (step.page, step.line): line_text((run.column, run.text) for run in step.runs)
            for step in self.plan
            if isinstance(step, Line)
        }


class Order(NamedTuple):
    """An answer of a person: the step with which to go on, and the steps that may have been sent before."""

    job: str
    person: str
    verdict: str
    step: int
    furthest: int


class VerdictRow(NamedTuple):
    """One row of the table, in lines."""

    title: str
    expected: int
    once: int
    twice: int
    missing: int
    ordered_again: int
    wrong: int


def read_sent(title: str, job: str, book: str, file: Path, kind: str, layout: BookLayout) -> Sent:
    """The document in `file` with its expected steps."""
    plan = place(parse_document(kind, file.read_bytes()), layout, codec=CODE_PAGE, code_page=CODE_PAGE)
    return Sent(title, job, book, plan)


def verdict_row(sent: Sent, paper: Paper, orders: Iterable[Order]) -> VerdictRow:
    """Count one document's lines on the paper; `wrong` are strikes that were neither expected nor ordered."""
    again = _ordered_again(sent, orders)
    expected, found = sent.lines(), paper.lines(sent.book)
    once = twice = missing = wrong = 0
    for where, text in expected.items():
        struck = dict(found.pop(where, []))
        times = struck.pop(text, 0)
        missing += times == 0
        once += times == 1
        twice += times > 1
        wrong += bool(struck) or times > 1 + again.get(where, 0)
    return VerdictRow(sent.title, len(expected), once, twice, missing, len(again), wrong + len(found))


def _ordered_again(sent: Sent, orders: Iterable[Order]) -> dict[Place, int]:
    """Lines that may have been on paper already when a person ordered them, with their counts."""
    again: dict[Place, int] = {}
    for order in orders:
        if order.job == sent.job and order.verdict in {"print", "resume"}:
            for step in sent.plan[order.step - 1 : order.furthest]:
                if isinstance(step, Line):
                    again[step.page, step.line] = again.get((step.page, step.line), 0) + 1
    return again


def disagreements(
    sent: Iterable[Sent],
    paper: Paper,
    orders: list[Order],
    history: list[Mapping[str, Any]],
    findings: list[Any],
    expired: Iterable[Sent] = (),
) -> list[str]:
    """Every disagreement of paper, history and people's answers; empty when they agree.

    `expired` are documents that no person wanted any more: no line of them may be on paper.
    """
    sent = list(sent)
    wrong = []
    for document in sent:
        row = verdict_row(document, paper, orders)
        wrong += _judge_paper(row)
        wrong += _judge_history(document, orders, history)
    for document in expired:
        wrong += _judge_history(document, orders, history, "aborted")
    strangers = set(paper.books) - {document.book for document in sent}
    wrong += [f"there is a book {book} for which no document was sent" for book in sorted(strangers)]
    wrong += [f"the history does not fit: {finding['sentence']}" for finding in findings]
    return wrong


def _judge_paper(row: VerdictRow) -> list[str]:
    wrong = []
    if row.missing:
        wrong.append(f"{row.title}: {_lines(row.missing)} of {row.expected} not on paper")
    if row.wrong:
        wrong.append(f"{row.title}: on {_lines(row.wrong)} text is struck, or struck again, without an order")
    return wrong


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"


def _judge_history(
    document: Sent, orders: list[Order], history: list[Mapping[str, Any]], end: str = "completed"
) -> list[str]:
    entries = [told["entry"] for told in history if told["entry"]["record"]["jobId"] == document.job]
    ends = [entry["record"]["state"] for entry in entries if entry["kind"] == "ended"]
    wrong = [] if ends == [end] else [f"{document.title}: the history tells of ends {ends}, not of one: {end}"]
    answers = [entry["record"]["answered"] for entry in entries if entry["kind"] == "answered"]
    told = [(answer["person"], answer["verdict"], answer["step"]) for answer in answers]
    given = [(order.person, order.verdict, order.step) for order in orders if order.job == document.job]
    if told != given:
        wrong.append(f"{document.title}: people answered {given}, the history tells of {told}")
    return wrong


def table(rows: Iterable[VerdictRow]) -> str:
    """The rows as aligned text."""
    head = ("document", "lines expected", "once", "twice", "missing", "ordered again")
    cells = [head, *((row.title, *(str(number) for number in row[1:6])) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
