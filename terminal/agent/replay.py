"""What the appliance told the agent and what still stands: each program that comes to the agent is told it too."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.job.states import JobState
from passbook.protocol.events import ENDED, JOB, PROMPT, QUESTION, QUESTION_CLOSED
from passbook.protocol.messages import Envelope, JobView, Prompt, Question, encode, read_payload
from passbook.protocol.notice import Notice

MOST: Final = 100
"""Questions, and as many ends, that are told at once; others can be listed."""


class Replay:
    """In memory; forgotten when the appliance goes, which tells all of it again."""

    def __init__(self) -> None:
        self._asked: dict[str, bytes] = {}
        self._prompts: dict[str, tuple[str, bytes]] = {}
        self._ended: dict[str, bytes] = {}

    def note(self, message: Envelope) -> None:
        """Take one message of the appliance.  Raises PassbookError `invalid-message`."""
        name = message.header.name
        data = encode(message.header, msgspec.Raw(bytes(message.payload)))
        if name == QUESTION:
            _keep(self._asked, read_payload(message, Question).job.job, data)
        elif name == PROMPT:
            prompt = read_payload(message, Prompt)
            self._prompts[prompt.printer] = (prompt.job, data)
        elif name == ENDED:
            _keep(self._ended, read_payload(message, Notice).job.job, data)
        elif name in {JOB, QUESTION_CLOSED}:
            self._note_view(read_payload(message, JobView))

    def _note_view(self, view: JobView) -> None:
        if view.valid or view.state not in {JobState.PENDING_HELD, JobState.PROCESSING_STOPPED}:
            self._asked.pop(view.job, None)
        job, _ = self._prompts.get(view.printer, ("", b""))
        if view.state is JobState.PROCESSING or (job == view.job and not view.valid):
            # A book that was asked for is in, or is asked for no more.
            self._prompts.pop(view.printer, None)

    def seen(self, job: str) -> None:
        """The end of a job was acknowledged."""
        self._ended.pop(job, None)

    def forget(self) -> None:
        """The appliance is away."""
        self._asked.clear()
        self._prompts.clear()
        self._ended.clear()

    def messages(self) -> list[bytes]:
        """The messages that still stand."""
        return [*self._asked.values(), *(data for _, data in self._prompts.values()), *self._ended.values()]


def _keep(kept: dict[str, bytes], job: str, data: bytes) -> None:
    kept.pop(job, None)
    kept[job] = data
    if len(kept) > MOST:
        del kept[next(iter(kept))]
