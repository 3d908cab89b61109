"""A person in a test: keeps what was shown and answers what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from passbook.errors import PassbookError


class Person:
    """A console.  Answers are taken in order; with none left, asking waits for ever as a person may."""

    def __init__(self, *answers: str) -> None:
        self.interactive = True
        self.width: int | None = None
        self.lines: list[str] = []
        self.values: list[Any] = []
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.waits = asyncio.Event()
        self._answers = list(answers)
        self._changed = asyncio.Event()

    def show(self, value: Any, lines: Sequence[str]) -> None:
        self.values.append(value)
        self.lines += lines
        self._changed.set()

    async def shown(self) -> None:
        """Wait until something more is shown."""
        self._changed.clear()
        await self._changed.wait()

    def write(self, text: str) -> None:
        self.lines.append(text)

    def fail(self, error: PassbookError) -> None:
        self.errors.append(error.code)

    async def ask(self, question: str) -> str:
        self.asked.append(question)
        if not self._answers:
            self.waits.set()
            await asyncio.Event().wait()
        answer = self._answers.pop(0)
        if answer == "^D":
            raise EOFError
        return answer
