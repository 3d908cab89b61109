"""What happens inside the appliance that terminals are told: values, handed from any thread to the event loop."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from passbook.messages import PrinterView, Prompt
from passbook.record import Record


class JobChanged(msgspec.Struct, frozen=True):
    """A job is in a new state, or its question was answered."""

    record: Record


class StepDone(msgspec.Struct, frozen=True):
    """A job's progress is durable."""

    record: Record


class PromptChanged(msgspec.Struct, frozen=True):
    """A person is asked to handle a book at `printer`; None: no longer."""

    printer: str
    requester: str
    prompt: Prompt | None


class PrinterChanged(msgspec.Struct, frozen=True):
    """A mechanism said something new of itself."""

    view: PrinterView


News: TypeAlias = JobChanged | StepDone | PromptChanged | PrinterChanged
