"""A question about a job as lines of text: what is on paper, what is in doubt, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple

from passbook.job import Reason
from passbook.messages import Inquiry
from passbook.plan import Bar, StepKind, StepOutline
from passbook.progress import MORE_ON_PAPER, held_words
from passbook.record import OPERATOR, Verdict


class Standing(StrEnum):
    """What is known of one step."""

    ON_PAPER = "on paper"
    """The printer confirmed it, or a person did."""
    IN_DOUBT = "in doubt"
    """It was sent; only the paper says whether it was done."""
    AGAIN = "ordered again"
    """It was sent before, and an answer ordered it again; whether it is on paper already only the paper says."""
    LEFT = "left"
    """Nothing of it was sent."""


_FILL: Final = {Standing.ON_PAPER: "#", Standing.IN_DOUBT: "?", Standing.AGAIN: "+", Standing.LEFT: "."}

Texts = Sequence[Sequence[str]]
"""For each line of a document the texts of its runs, from left to right."""


class LinePlace(NamedTuple):
    """One line of the document: its number in it (1-based), its step, and what the step is."""

    number: int
    step: int
    outline: StepOutline


def line_places(inquiry: Inquiry) -> tuple[LinePlace, ...]:
    """The lines of the document in order."""
    steps = [(n, one) for n, one in enumerate(inquiry.outline, 1) if one.kind is StepKind.LINE]
    return tuple(LinePlace(number, step, one) for number, (step, one) in enumerate(steps, 1))


def standing_of(inquiry: Inquiry, step: int) -> Standing:
    """What is known of a step: besides the one that was sent, the dialect may leave lines before it in doubt (P3)."""
    if step == inquiry.in_doubt or step in _unconfirmed_lines(inquiry):
        return Standing.IN_DOUBT
    if step <= inquiry.job.confirmed:
        return Standing.ON_PAPER
    return Standing.AGAIN if step <= inquiry.sent_before else Standing.LEFT


def picture(inquiry: Inquiry, texts: Texts | None = None) -> list[str]:
    """The pages with each line as a bar.

    Args:
        inquiry: the question.
        texts: the terminal's own copy; a line of it stands in place of its bars where it fits them exactly.
    """
    lines = line_places(inquiry)
    width = max((bar.column + bar.width - 1 for line in lines for bar in line.outline.bars), default=0)
    drawn = [f"Job {inquiry.job.job} for {inquiry.job.printer}: {summary(inquiry)}"]
    for page, group in groupby(lines, key=lambda line: line.outline.page):
        drawn.append(f"page {page}")
        drawn += [_row(inquiry, line, width, texts) for line in group]
    return drawn + list(_warnings(inquiry))


def _warnings(inquiry: Inquiry) -> Iterator[str]:
    """What a person must know before deciding."""
    if Reason.ROLLED_BACK in inquiry.job.reasons:
        yield MORE_ON_PAPER
    if inquiry.job.content_gone:
        yield "Its text was destroyed, for nobody answered in time: close it, or say that everything is on paper."
    if any(standing_of(inquiry, line.step) is Standing.AGAIN for line in line_places(inquiry)):
        yield "What is ordered again was sent before: it may be on paper already. Look at the book."
    held = held_words(inquiry.job)
    if held:
        stands = "no answer counts until an operator or a representative releases it"
        operators = inquiry.job.held_by is not None and inquiry.job.held_by.terminal == OPERATOR
        yield f"It is {held}: {stands if operators else 'nobody is asked until it is released'}."
    proposed = inquiry.proposed
    if proposed is not None:
        order = "all of it" if proposed.verdict is Verdict.PRINT else f"it from step {proposed.step} on"
        yield (
            f"{proposed.person} at {proposed.terminal} ordered {order} printed again. "
            "A second person must confirm at another terminal by the same answer."
        )


def summary(inquiry: Inquiry) -> str:
    """One sentence with the numbers of the document's lines."""
    lines = line_places(inquiry)
    parts = []
    for standing in Standing:
        numbers = [line.number for line in lines if standing_of(inquiry, line.step) is standing]
        if numbers:
            parts.append(f"{_span(numbers)} {standing}")
    return "; ".join((*parts, *_other_doubt(inquiry))) + "."


def _span(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"line {first} is" if first == last else f"lines {first} to {last} are"


def _other_doubt(inquiry: Inquiry) -> Iterator[str]:
    """A turn or an ejection that was sent and not confirmed."""
    if 0 < inquiry.in_doubt <= len(inquiry.outline):
        step = inquiry.outline[inquiry.in_doubt - 1]
        if step.kind is StepKind.TURN:
            yield f"the turn to page {step.page} is in doubt"
        if step.kind is StepKind.EJECT:
            yield "whether the book was given back is in doubt"


def _unconfirmed_lines(inquiry: Inquiry) -> tuple[int, ...]:
    sent = max(inquiry.in_doubt, inquiry.job.confirmed)
    lines = [line.step for line in line_places(inquiry) if line.step <= sent and line.step != inquiry.in_doubt]
    # The step in doubt is one of them when it is a line; a dialect that confirms each line leaves no other.
    others = inquiry.lines_in_doubt - 1
    return tuple(lines[-others:]) if others > 0 else ()


def _row(inquiry: Inquiry, line: LinePlace, width: int, texts: Texts | None) -> str:
    standing = standing_of(inquiry, line.step)
    own = texts[line.number - 1] if texts and len(texts) == len(line_places(inquiry)) else ()
    drawn = _draw(line.outline.bars, own, _FILL[standing])
    return f"{line.number:4}  line {line.outline.line:3} |{drawn:{width}}| {standing}"


def _draw(bars: Sequence[Bar], texts: Sequence[str], fill: str) -> str:
    fits = [len(text) for text in texts] == [bar.width for bar in bars]
    drawn = ""
    for number, bar in enumerate(bars):
        drawn = drawn.ljust(bar.column - 1) + (texts[number] if fits else fill * bar.width)
    return drawn
