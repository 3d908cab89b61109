"""Decisions about a job, and the people who made them, in words for people."""

from __future__ import annotations

from passbook.errors import PassbookError
from passbook.job.record import OPERATOR, Answered, Decider, Verdict


def by_words(who: Decider | Answered) -> str:
    """The decider: `by Ann at till-1`, `by Bernd, an operator`; without a name `at till-1` or `by an operator`."""
    second = who.seconded_by if isinstance(who, Answered) else None
    confirmed = "" if second is None else f", confirmed {by_words(second)}"
    if who.terminal == OPERATOR:
        return (f"by {who.person}, an operator" if who.person else "by an operator") + confirmed
    return (f"by {who.person} at {who.terminal}" if who.person else f"at {who.terminal}") + confirmed


def order_words(answered: Answered, steps: int) -> str:
    """The order of an answer for a job of `steps` steps, in lines: `go on with line 7`."""
    match answered.verdict:
        case Verdict.PRINT | Verdict.NEW_BOOK as verdict:
            return "print all of it" if verdict is Verdict.PRINT else "print it into a new book"
        case Verdict.DISCARD:
            return "discard it"
        case Verdict.HOLD:
            return "hold it"
        case Verdict.RESUME if answered.step > steps:
            return "all of it is on paper"
        case Verdict.RESUME if answered.step == steps:
            return "give the book back"
        case Verdict.RESUME:
            return f"go on with line {answered.line}" if answered.line else "go on with it"


def already_answered(job: str, won: Answered, steps: int) -> PassbookError:
    """The error for an answer that comes after `won`, the answer that counts; the error names people."""
    return PassbookError(
        "already-answered",
        job=job,
        verdict=won.verdict.value,
        by=by_words(won),
        order=order_words(won, steps),
        at=won.at or "at an unknown time",
    )
