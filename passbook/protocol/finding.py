"""An error for terminals and operators: code, sentence and facts."""

from __future__ import annotations

from typing import Self

import msgspec

from passbook.errors import PassbookError


class Finding(msgspec.Struct, frozen=True):
    """One entry of the catalogue of errors with its facts, and the sentence that they make."""

    code: str
    sentence: str
    facts: dict[str, str | int] = {}

    @classmethod
    def of(cls, error: PassbookError) -> Self:
        """What is told of `error`."""
        return cls(error.code, str(error), dict(error.facts))
