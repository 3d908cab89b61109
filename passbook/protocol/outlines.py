"""The steps of a job without its text, for a terminal that draws a job while it prints."""

from __future__ import annotations

import msgspec

from passbook.document.plan import StepOutline
from passbook.protocol.messages import Payload


class GetOutline(Payload, frozen=True):
    """`Spooler.GetOutline`: the unfinished job whose steps are wanted."""

    job: str


class JobOutline(msgspec.Struct, frozen=True):
    """Completion of `Spooler.GetOutline`: places and sizes of all steps, as in a question, and no text."""

    job: str
    outline: tuple[StepOutline, ...]
