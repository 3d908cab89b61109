"""The steps of a job in words for people, who know lines and pages and no steps."""

from __future__ import annotations

from collections.abc import Sequence

from passbook.plan import StepKind, StepOutline


def step_name(outline: Sequence[StepOutline], step: int) -> str:
    """A step, counted from 1, as a noun: `line 7`, `the turn to page 4`, `the giving back of the book`.

    The step after the last one is `the end of the job`; where no outline is kept, a step is `the rest of it`.
    """
    if not outline or step < 1:
        return "the rest of it"
    if step > len(outline):
        return "the end of the job"
    match outline[step - 1].kind:
        case StepKind.LINE:
            return f"line {next_line(outline, step)}"
        case StepKind.TURN:
            return f"the turn to page {outline[step - 1].page}"
        case StepKind.EJECT:
            return "the giving back of the book"


def next_line(outline: Sequence[StepOutline], step: int) -> int:
    """The number of the first line that is printed when a job goes on with `step`; one past the last for none.

    It is 0 where no outline is kept.
    """
    return 1 + sum(one.kind is StepKind.LINE for one in outline[: max(0, step - 1)]) if outline else 0
