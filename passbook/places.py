"""Steps of a plan in the words of people, who see lines and pages and never a step."""

from __future__ import annotations

from collections.abc import Sequence

from passbook.plan import StepKind, StepOutline


def go_on_words(outline: Sequence[StepOutline], step: int) -> str:
    """What an order to go on with `step` says: which line comes next, or that every line is on paper."""
    before = lines_in(outline[: step - 1])
    if before == lines_in(outline):
        return "every line is on paper"
    turn = outline[step - 1]
    after = f", after the turn to page {turn.page}" if turn.kind is StepKind.TURN else ""
    return f"go on with line {before + 1}{after}"


def from_line_words(outline: Sequence[StepOutline], step: int) -> str:
    """What is printed by an order to go on with `step`, as `it from line 11 on`."""
    return f"it from line {lines_in(outline[: step - 1]) + 1} on"


def possible_words(outline: Sequence[StepOutline], furthest: int) -> str:
    """Which orders to go on are possible when `furthest` is the last step that can come next."""
    done = lines_in(outline[: furthest - 1])
    all_done = done == lines_in(outline)
    # The line behind a turn that comes next is reached by way of that turn.
    last = done if all_done else done + 1
    which = "line 1" if last == 1 else f"one of the lines 1 to {last}"
    return f"it can go on with {which}{', or every line is on paper' if all_done else ''}"


def lines_in(outline: Sequence[StepOutline]) -> int:
    """How many of these steps are lines."""
    return sum(step.kind is StepKind.LINE for step in outline)
