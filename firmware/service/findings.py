"""An error as operators are told of it: over their socket, by `--json`, and as a finding of `verify`."""

from __future__ import annotations

from typing import Self

import msgspec

from passbook.errors import PassbookError
from storage import Examined


class Finding(msgspec.Struct, frozen=True):
    """One entry of the catalogue with its facts, and the sentence that they make."""

    code: str
    sentence: str
    facts: dict[str, str | int] = {}

    @classmethod
    def of(cls, error: PassbookError) -> Self:
        """What is told of `error`."""
        return cls(error.code, str(error), dict(error.facts))


class LookedAt(msgspec.Struct, frozen=True):
    """What one area was found to have, as operators are told of it; see storage.area.reports.Examined."""

    area: str
    findings: tuple[Finding, ...]
    live: int
    ended: int
    entries: int

    @classmethod
    def of(cls, one: Examined) -> Self:
        """What is told of it."""
        return cls(one.area, tuple(map(Finding.of, one.findings)), one.live, one.ended, one.entries)
