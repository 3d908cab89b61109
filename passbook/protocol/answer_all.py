"""`Recovery.AnswerAll`: one answer for every untouched job of a requester."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.job.record import Verdict
from passbook.protocol.messages import ErrorPayload, JobView, Number, Payload

ANSWERED_AT_ONCE: Final = 100
"""The most jobs that one command answers, and the most keys that it may bring of each kind."""


class AnswerAll(Payload, frozen=True):
    """A person's order for every job of one requester of which no step was ever sent.

    Attributes:
        verdict: `print`, `discard` or `hold`.
        requester: the terminal that sent the jobs; empty for the terminal that asks.
        after: only jobs with a higher `sequence`, to go on behind the last command.
        keys: the requester's keys (32 bytes) by their names; each opens all jobs under it.
        data_keys: by job, data keys that a representative's key ring has opened.
    """

    verdict: Verdict
    person: str
    requester: str = ""
    after: Number = 0
    keys: dict[str, bytes] = msgspec.field(default_factory=dict)
    data_keys: dict[str, bytes] = msgspec.field(default_factory=dict)


class AnsweredOne(msgspec.Struct, frozen=True, rename="camel"):
    """The result for one job: its new state, or the error for which it was not answered and stays unchanged."""

    job: str
    view: JobView | None = None
    error: ErrorPayload | None = None


class AnsweredAll(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Recovery.AnswerAll`.

    Attributes:
        answers: the jobs in the order of acceptance, at most ANSWERED_AT_ONCE.
        last: the `sequence` of the last of them.
        left: the number of such jobs after it.
    """

    answers: tuple[AnsweredOne, ...]
    last: int
    left: int
