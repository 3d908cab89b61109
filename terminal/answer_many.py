"""One answer for all untouched jobs of a requester, with the keys for it, in as many commands as it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.job.record import Verdict
from passbook.protocol.answer_all import ANSWERED_AT_ONCE, AnswerAll, AnsweredOne
from passbook.protocol.messages import Question
from terminal.answers import needs_ring, opening
from terminal.keyring import KeyRing


async def answer_all(
    client: TerminalClient, verdict: Verdict, person: str, requester: str, ring: Callable[[], KeyRing]
) -> list[AnsweredOne]:
    """Answer until no such job is left; return each result. `requester` is empty for this terminal's own jobs."""
    asked = [one for one in await client.questions() if not one.job.begun and requester in {"", one.job.requester}]
    locked = [one for one in asked if needs_ring(one, verdict, "")]
    keys = ring() if locked else KeyRing()
    answered: list[AnsweredOne] = []
    after, left = 0, 1
    while left:
        order = _order([one for one in locked if one.job.sequence > after], keys)
        done = await client.answer_all(AnswerAll(verdict, person, requester, after, *order))
        answered += done.answers
        after, left = done.last, done.left
    return answered


def _order(locked: Sequence[Question], ring: KeyRing) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The keys of the ring that open the next jobs, by name and by job, without a job that no key opens."""
    keys: dict[str, bytes] = {}
    data_keys: dict[str, bytes] = {}
    for question in locked[:ANSWERED_AT_ONCE]:
        try:
            key, data_key = opening(question, ring)
        except PassbookError:
            # The appliance refuses this job, and answers the others.
            continue
        if key:
            keys[question.job.key_ref] = key
        else:
            data_keys[question.job.job] = data_key
    return keys, data_keys
