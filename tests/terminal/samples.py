"""Jobs and questions as an appliance would tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.job.record import Encryption, OnPaper, Wrap
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from passbook.protocol.messages import JobView, Question
from passbook.protocol.notice import HistoryHead, Notice

_VIEW = {
    "job": "aa11",
    "requester": "teller-1",
    "clientRequest": "r1",
    "sequence": 1,
    "acceptedAt": "2026-05-04T09:00:00+00:00",
    "format": "passbook-update+csv",
    "layout": "savings-24",
    "printer": "window-1",
    "priority": 50,
    "state": "pending",
    "reasons": [],
    "valid": True,
    "epoch": 0,
    "steps": 22,
    "confirmed": 0,
    "sending": 0,
    "keyRef": "key-a",
    "changedAt": "2026-05-04T09:00:00+00:00",
}


def view(**changes: Any) -> JobView:
    """A job; the changes are by field name."""
    return msgspec.structs.replace(msgspec.convert(_VIEW, JobView), **changes)


def stopped(confirmed: int, sending: int = 0, **changes: Any) -> JobView:
    """A job that waits for an answer."""
    return view(
        state=JobState.PROCESSING_STOPPED,
        reasons=(Reason.POWER_LOSS,),
        valid=False,
        epoch=2,
        confirmed=confirmed,
        sending=sending,
        **changes,
    )


def notice(job: JobView, on_paper: OnPaper | None = None, head: HistoryHead | None = None) -> Notice:
    """The end of `job`, of which nobody took note."""
    return Notice(job, on_paper, head, None)


def outline(*pages: tuple[int, int, int]) -> tuple[StepOutline, ...]:
    """Steps for each (page, first line, count), with turns between and the ejection at the end."""
    steps: list[StepOutline] = []
    for page, first, count in pages:
        if steps:
            steps.append(StepOutline(StepKind.TURN, page))
        bars = (Bar(1, 10), Bar(12, 6))
        steps += [StepOutline(StepKind.LINE, page, line, bars) for line in range(first, first + count)]
    steps.append(StepOutline(StepKind.EJECT, pages[-1][0]))
    return tuple(steps)


def question(
    job: JobView,
    steps: tuple[StepOutline, ...],
    *,
    wraps: Sequence[Wrap] = (),
    readable: bool = False,
    lines_in_doubt: int = 1,
    identity: bytes = b'["aa11"]',
) -> Question:
    """The question about `job`."""
    return Question(
        job=msgspec.structs.replace(job, steps=len(steps)),
        media=Media.UNKNOWN,
        in_doubt=job.sending,
        lines_in_doubt=lines_in_doubt,
        outline=steps,
        encryption=Encryption.REQUESTER,
        recovery_ref="branch-recovery",
        wraps=tuple(wraps),
        readable=readable,
        asked=True,
        identity=identity,
        answered=None,
    )


TWENTY = outline((3, 13, 12), (4, 1, 8))
"""Twenty lines over two pages: steps 1-12, the turn 13, steps 14-21, the ejection 22."""
