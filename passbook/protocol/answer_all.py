"""`Recovery.AnswerAll`: one answer for every untouched job of a requester."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.job.record import Verdict
from passbook.protocol.messages import ErrorPayload, JobView, Number, Payload

ANSWERED_AT_ONCE: Final = 100
"""Jobs that one command answers, and keys that it may bring of each kind."""


class AnswerAll(Payload, frozen=True):
    """What a person orders for every job of one requester of which no step was ever sent.

    Attributes:
        verdict: `print`, `discard` or `hold`.
        requester: whose jobs; empty for those of the terminal that asks.
        after: only jobs whose `sequence` is higher, to go on where the command before left off.
        keys: the requester's keys (32 bytes) by their names; each opens all jobs that are under it.
        data_keys: by job, data keys that a representative's key ring has opened.
    """

    verdict: Verdict
    person: str
    requester: str = ""
    after: Number = 0
    keys: dict[str, bytes] = msgspec.field(default_factory=dict)
    data_keys: dict[str, bytes] = msgspec.field(default_factory=dict)


class AnsweredOne(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one job: how it stands now, or why it was not answered and is as it was."""

    job: str
    view: JobView | None = None
    error: ErrorPayload | None = None


class AnsweredAll(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Recovery.AnswerAll`.

    Attributes:
        answers: the jobs in the order of acceptance, at most ANSWERED_AT_ONCE.
        last: the `sequence` of the last of them.
        left: how many such jobs come after it.
    """

    answers: tuple[AnsweredOne, ...]
    last: int
    left: int
