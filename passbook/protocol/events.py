"""The events: messages that an appliance or an agent sends unasked, each by its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final, TypeAlias

from passbook.protocol.messages import JobLeft, JobView, Prompt, Question, StepReport
from passbook.protocol.notice import Notice

JOB: Final = "Spooler.JobEvent"
STEP: Final = "Spooler.StepEvent"
PROMPT: Final = "Spooler.MediaPromptEvent"
QUESTION: Final = "Recovery.QuestionEvent"
QUESTION_CLOSED: Final = "Recovery.QuestionClosedEvent"
LEFT: Final = "Spooler.JobLeftEvent"
ENDED: Final = "Spooler.JobEndedEvent"
TURN_CALL: Final = "Spooler.YourTurnEvent"
"""For agents alone."""

ToldEvent: TypeAlias = JobView | StepReport | Prompt | Question | JobLeft | Notice
EVENTS: Final[MappingProxyType[str, type[Any]]] = MappingProxyType(
    {
        JOB: JobView,
        STEP: StepReport,
        PROMPT: Prompt,
        QUESTION: Question,
        QUESTION_CLOSED: JobView,
        LEFT: JobLeft,
        ENDED: Notice,
    }
)
"""Name of an event for terminals -> what it carries; others are passed over, so that an appliance may tell more."""
