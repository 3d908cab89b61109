"""What happens inside the appliance that terminals are told: values, handed from any thread to the event loop."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.protocol.messages import PrinterView, Prompt


class JobChanged(msgspec.Struct, frozen=True):
    """A job is in a new state, or its question was answered; `was_asked`: people were asked about it until then."""

    record: Record
    was_asked: bool = False


class EndAcknowledged(msgspec.Struct, frozen=True):
    """A terminal took note of a job's end."""

    record: Record


class StepDone(msgspec.Struct, frozen=True):
    """It is durable that one more step of a job is on paper."""

    record: Record


class PromptChanged(msgspec.Struct, frozen=True):
    """A person is asked to handle a book at `printer`; None: no longer."""

    printer: str
    requester: str
    prompt: Prompt | None


class PrinterChanged(msgspec.Struct, frozen=True):
    """A mechanism said something new of itself."""

    view: PrinterView


class DeskGaveUp(msgspec.Struct, frozen=True):
    """A desk gave a job up because its storage failed: no state of it can be stored, or told, before another boot."""

    job: str
    requester: str
    error: PassbookError


News: TypeAlias = DeskGaveUp | JobChanged | EndAcknowledged | StepDone | PromptChanged | PrinterChanged
