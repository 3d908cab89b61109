"""Asking a person how a stopped job shall go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from passbook.errors import PassbookError
from passbook.messages import Inquiry
from passbook.naming import is_name
from passbook.record import Verdict
from terminal.answers import compose, step_of_line, waits_for_second
from terminal.client import TerminalClient
from terminal.console import Console
from terminal.keyring import KeyRing
from terminal.picture import Standing, line_places, standing_of

OVER: Final = frozenset({"stale-inquiry", "already-answered", "unknown-job", "connection-lost"})
"""Errors after which asking the same question again is of no use."""
_WORDS: Final = {"s": Verdict.PRINT, "d": Verdict.DISCARD, "h": Verdict.HOLD}


class Order(NamedTuple):
    """What the person chose; `step` is 0 unless the verdict resumes."""

    verdict: Verdict
    step: int = 0


class Dialogue:
    """Asks until an answer was taken or is of no use any more."""

    def __init__(self, console: Console, person: str, ring: Callable[[], KeyRing]) -> None:
        """Answer in the name of `person` (empty: ask for it), with the keys of `ring`."""
        self._console = console
        self._person = person
        self._ring = ring

    async def __call__(self, client: TerminalClient, inquiry: Inquiry) -> None:
        """Ask about one question and send the answer; errors are shown, and where it helps it is asked again."""
        self._console.show(inquiry, choices(inquiry))
        while not is_name(self._person):
            self._person = await self._console.ask("Your name: ")
        while True:
            try:
                order = read_order(inquiry, await self._console.ask("How shall it go on? "))
                answer = compose(inquiry, order.verdict, self._person, self._ring(), step=order.step)
                waiting = waits_for_second(answer, await client.answer(answer))
                if waiting is None:
                    return
                self._console.fail(waiting)
            except PassbookError as error:
                self._console.fail(error)
                if error.code in OVER:
                    return


def choices(inquiry: Inquiry) -> list[str]:
    """What may be answered, the likely ones in words."""
    lines = line_places(inquiry)
    doubtful = [line.number for line in lines if standing_of(inquiry, line.step) is Standing.IN_DOUBT]
    offered = [f"  {number:3}  line {number} is not on paper: print it, then go on" for number in doubtful]
    next_line = 1 + sum(line.step <= max(inquiry.in_doubt, inquiry.job.confirmed) for line in lines)
    if next_line <= len(lines):
        offered.append(f"  {next_line:3}  go on with line {next_line}")
    else:
        offered.append(f"  {next_line:3}  every line is on paper")
    return [*offered, "    s  print all of it from the start", "    d  discard it", "    h  hold it; ask no more"]


def read_order(inquiry: Inquiry, text: str) -> Order:
    """The choice that was typed: a line's number, or a letter of `choices`.  Raises `answer-not-possible`."""
    if text in _WORDS:
        return Order(_WORDS[text])
    if text.isdecimal() and text.isascii():
        return Order(Verdict.RESUME, step_of_line(inquiry, int(text)))
    raise PassbookError("answer-not-possible", job=inquiry.job.job, step=0, why="that is not one of the choices")
