"""The dialogue with a person about a stopped job.

An answer belongs to the question that its person read: it carries that question's epoch and the step that was shown in
doubt, also after later messages of the appliance (P7).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from client.connection import TerminalClient
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.record import Answered, Verdict
from passbook.job.wording import go_on_words, second_place
from passbook.protocol.copies_words import takes_claim
from passbook.protocol.messages import Question
from passbook.protocol.naming import why_no_name
from passbook.screen.columns import short
from terminal.answers import compose, step_of_line, waits_for_second
from terminal.console import Console
from terminal.keyring import KeyRing
from terminal.picture import Standing, line_places, standing_of
from terminal.tables_of_jobs import answer_command, is_about_book

OVER: Final = frozenset({"stale-question", "already-answered", "unknown-job", "connection-lost"})
"""Errors after which it is useless to ask the same question again."""
SETTLE: Final = 0.4
"""Seconds between a question and its prompt: an earlier key was meant for the text before the question."""
_WORDS: Final = {"s": Verdict.PRINT, "n": Verdict.NEW_BOOK, "d": Verdict.DISCARD, "h": Verdict.HOLD}
_WHOLE: Final = {
    Verdict.PRINT: "print all of it from the start",
    Verdict.NEW_BOOK: "print all of it into a new book, with which the memory begins anew",
    Verdict.DISCARD: "discard it",
    Verdict.HOLD: "hold it; ask no more",
}


class Order(NamedTuple):
    """The person's choice; `step` is 0 unless the verdict resumes."""

    verdict: Verdict
    step: int = 0


class Dialogue:
    """Asks until the appliance took an answer, the question is over, or the person leaves it open (Ctrl-D)."""

    def __init__(
        self,
        console: Console,
        person: str,
        ring: Callable[[], KeyRing],
        terminal: Callable[[], str],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Answer in the name of `person` (empty: ask for it) at `terminal`, with the keys of `ring`.

        `sleep` waits seconds.
        """
        self._console = console
        self._person = person
        self._ring = ring
        self._terminal = terminal
        self._sleep = sleep
        self._last = ""

    async def __call__(self, client: TerminalClient, question: Question) -> None:
        """Ask about one question and send the answer; show errors, and ask again if that helps."""
        own = self._terminal()
        self._console.show(question, choices(question, own))
        try:
            await self._sleep(SETTLE)
            person = self._person or await self._ask_name()
            while not await self._ask_order(client, question, person, own):
                pass
        except EOFError:
            self._console.show(question, later_words(question))

    async def _ask_name(self) -> str:
        """The name of the person who answers; many people use a keyboard, so each question asks again."""
        offer = f" (Enter: {self._last})" if self._last else ""
        while why := why_no_name(name := await self._console.ask(f"Your name{offer}: ") or self._last):
            self._console.show({}, [f"This is no name: {why}."])
        self._last = name
        return name

    async def _ask_order(self, client: TerminalClient, question: Question, person: str, own: str) -> bool:
        """Whether the question is over for this person at the terminal `own`."""
        try:
            order = read_order(question, await self._console.ask("How shall it go on? "), own)
            if not await self._is_meant(question, order, person):
                return False
            answer = compose(question, order.verdict, person, self._ring(), step=order.step)
            # Shown before it is sent: a consequence of the answer may come before its own result, and ends this task.
            self._console.show(
                question, [f"{person} answers for job {short(answer.job)}: {spoken_order(question, order)}."]
            )
            job = await client.answer(answer)
        except PassbookError as error:
            self._console.fail(error)
            return error.code in OVER
        waiting = waits_for_second(answer, job)
        if waiting is not None:
            self._console.fail(waiting)
        return waiting is None

    async def _is_meant(self, question: Question, order: Order, person: str) -> bool:
        """Whether the person means a grave order, asked once more; the usual one, to go on, is not asked."""
        if not is_grave(question, order):
            return True
        said = await self._console.ask(f"{person}: {spoken_order(question, order)}. Is that meant (y or n)? ")
        return said.casefold() in {"y", "yes"}


def choices(question: Question, own: str) -> list[str]:
    """The possible answers at the terminal `own`, the likely ones in words."""
    lines = line_places(question)
    in_doubt = _numbers(question, Standing.IN_DOUBT)
    again = _numbers(question, Standing.AGAIN)
    offered = [_not_on_paper(number) for number in (*in_doubt, *again[:1])]
    if len(again) > 1:
        offered.append(f"  {again[1]:3}  or a later line up to {again[-1]}: the first one that is not on paper")
    next_line = 1 + sum(line.step <= question.furthest_sent for line in lines)
    if next_line <= len(lines):
        before = question.outline[: lines[next_line - 1].step - 1]
        where = ", in a new book" if before and before[-1].kind.traits.opens_book else ""
        offered.append(f"  {next_line:3}  go on with line {next_line}{where}")
    else:
        offered.append(f"  {next_line:3}  every line is on paper")
    offered += [f"    {letter}  {_WHOLE[verdict]}" for letter, verdict in _letters(question).items()]
    proposed = question.proposed
    if proposed is not None and _may_confirm(question, proposed, own):
        words = spoken_order(question, Order(proposed.verdict, proposed.step))
        offered.append(f"    c  confirm: {words}, as {proposed.person} at {proposed.terminal} ordered")
    return offered


def _letters(question: Question) -> dict[str, Verdict]:
    """The letters of the orders that the question takes."""
    return {
        letter: verdict
        for letter, verdict in _WORDS.items()
        if verdict is not Verdict.NEW_BOOK or is_about_book(question.job)
    }


def _numbers(question: Question, standing: Standing) -> list[int]:
    """The numbers of the document's lines with that standing."""
    return [line.number for line in line_places(question) if standing_of(question, line.step) is standing]


def _not_on_paper(number: int) -> str:
    return f"  {number:3}  line {number} is not on paper: print it, then go on"


def read_order(question: Question, text: str, own: str) -> Order:
    """The choice typed at the terminal `own`: a line's number, or a letter of `choices`.

    Raises PassbookError `answer-not-possible`, or `second-person-needed` if `own` itself gave the order that it would
    confirm.
    """
    letters = _letters(question)
    if text in letters:
        return Order(letters[text])
    proposed = question.proposed
    if text == "c" and proposed is not None:
        if not _may_confirm(question, proposed, own):
            where = second_place(question.job.side)
            facts = {"person": proposed.person, "terminal": own, "job": question.job.job}
            raise PassbookError("second-person-needed", where=where, **facts)
        return Order(proposed.verdict, proposed.step if proposed.verdict is Verdict.RESUME else 0)
    if text.isdecimal() and text.isascii():
        return Order(Verdict.RESUME, step_of_line(question, int(text)))
    raise PassbookError("answer-not-possible", job=question.job.job, step=0, why="this is not one of the choices")


def _may_confirm(question: Question, proposed: Answered, own: str) -> bool:
    """Whether an order may be confirmed at the terminal `own`; its own spool asks for another person only."""
    return question.job.side is Side.TERMINAL or proposed.terminal != own


def spoken_order(question: Question, order: Order) -> str:
    """An order in words, in lines and pages."""
    if order.verdict is Verdict.RESUME:
        return go_on_words(question.outline, order.step)
    return _WHOLE[order.verdict]


def is_grave(question: Question, order: Order) -> bool:
    """Whether an order ends the job unprinted, may strike a line again that is on paper, or forgets a book."""
    match order.verdict:
        case Verdict.DISCARD | Verdict.NEW_BOOK:
            return True
        case Verdict.PRINT | Verdict.RESUME if takes_claim(question):
            return True
        case Verdict.PRINT:
            return question.job.begun or question.job.book is not None
        case Verdict.RESUME:
            return order.step <= question.job.confirmed
        case Verdict.HOLD:
            return False


def later_words(question: Question) -> list[str]:
    """The lines that tell how to answer an open question later."""
    job = short(question.job.job)
    return [
        f"The question about job {job} stays open. To be asked again, or to answer it by command:",
        f"  teller follow {job}",
        answer_command(question.job),
    ]
