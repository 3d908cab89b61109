"""A question about a job as lines of text: lines on paper, in doubt, and left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple

from passbook.document.plan import MM_PER_UNIT, Bar, StepOutline, books_of
from passbook.job.mailed import Delivery, MailView
from passbook.job.record import Answered, Verdict
from passbook.job.states import Reason
from passbook.job.wording import from_line_words, next_line, second_place
from passbook.protocol.book_words import asked_book_words
from passbook.protocol.copies_words import elsewhere_words
from passbook.protocol.messages import Question
from passbook.protocol.progress import MORE_ON_PAPER, held_words, is_operators_hold, reason_words
from passbook.screen.columns import capital, short
from passbook.screen.screen_cells import cut_to, pad_to, screen_cells


class Standing(StrEnum):
    """The standing of one step."""

    ON_PAPER = "on paper"
    """The printer or a person confirmed it."""
    IN_DOUBT = "in doubt"
    """It was sent; only the paper says whether it was done."""
    AGAIN = "ordered again"
    """It was sent before, and an answer ordered it again; only the paper says whether it is there already."""
    LEFT = "left"
    """No byte of it was sent."""


_SHORT: Final = {Standing.AGAIN: "again"}
"""The short form in a row of words that are longer in a sentence."""
_FILL: Final = {Standing.ON_PAPER: "#", Standing.IN_DOUBT: "?", Standing.AGAIN: "+", Standing.LEFT: "."}

MESSAGE: Final = "message"
"""The format of a document that is a whole message."""
USUAL_WIDTH: Final = 80
"""The characters of a screen whose width is not known."""

Texts = Sequence[Sequence[str]]
"""For each line of a document the texts of its runs, from left to right."""


class LinePlace(NamedTuple):
    """One line of the document: its number (1-based), its step, and the outline of the step."""

    number: int
    step: int
    outline: StepOutline


def line_places(question: Question) -> tuple[LinePlace, ...]:
    """The lines of the document in order."""
    steps = [(n, one) for n, one in enumerate(question.outline, 1) if one.kind.traits.is_line]
    return tuple(LinePlace(number, step, one) for number, (step, one) in enumerate(steps, 1))


def standing_of(question: Question, step: int) -> Standing:
    """The standing of a step; the dialect may leave lines before the sent one in doubt too (P3)."""
    if step == question.in_doubt or step in _unconfirmed_lines(question):
        return Standing.IN_DOUBT
    if step <= question.job.confirmed:
        return Standing.ON_PAPER
    return Standing.AGAIN if step <= question.sent_before else Standing.LEFT


def picture(question: Question, texts: Texts | None = None, *, when: str = "", width: int = USUAL_WIDTH) -> list[str]:
    """The pages with each line as a bar.

    Args:
        question: the question.
        texts: the terminal's own copy; a line of it stands in place of its bars if it fits them exactly.
        when: the time since which the question is open, in words for people; empty to omit it.
        width: characters of the screen; bars and texts are drawn narrower if necessary.
    """
    if question.job.mail is not None and question.job.format == MESSAGE:
        return [_heading(question, when), *_relay(question.job.mail, question), *_warnings(question)]
    lines = line_places(question)
    drawn = [_heading(question, when), capital(question_summary(question))]
    frame = _Frame.of(lines, width)
    books = books_of(question.outline)
    for (book, page), group in groupby(lines, key=lambda line: (books[line.step - 1], line.outline.page)):
        drawn.append(f"book {book}, page {page}" if books[-1] > 1 else f"page {page}")
        drawn += [_row(question, line, frame, texts) for line in group]
    return drawn + list(_warnings(question))


def _relay(mail: MailView, question: Question) -> Iterator[str]:
    """A message that is handed on: how far it is for each recipient."""
    yield f"It is a mail of {mail.sender or 'no sender'} that is handed on:"
    for one in mail.recipients:
        said = f" ({one.reply})" if one.reply else ""
        yield f"  {one.address}: {_DELIVERED[one.delivery]}{said}"
    if question.in_doubt:
        yield "The next hop got it and did not say whether it took it: sent again, it may be printed twice."


_DELIVERED: Final = {
    Delivery.WAITING: "not handed on yet",
    Delivery.RELAYED: "the next hop took it",
    Delivery.REFUSED: "refused",
}


def _heading(question: Question, when: str) -> str:
    """The first line: requester and printer of the job, and since when and why it waits."""
    job = question.job
    why = f": {words}" if (words := reason_words(job)) else ""
    since = f" since {when}" if when else ""
    return f"Job {short(job.job)} of {job.requester} for {job.printer} waits for an answer{since}{why}."


def _warnings(question: Question) -> Iterator[str]:
    """The warnings for a person who decides."""
    if Reason.ROLLED_BACK in question.job.reasons:
        yield MORE_ON_PAPER
    if elsewhere := elsewhere_words(question):
        yield elsewhere
    if question.job.book is not None and question.job.book.reason in question.job.reasons:
        yield asked_book_words(question.job.book)
    if Reason.SUBSTITUTE_READY in question.job.reasons:
        line = next_line(question.outline, question.job.confirmed + 1)
        named = f" --from-line {line}" if question.furthest_sent else ""
        yield f"teller move {short(question.job.job)} TO{named} --person NAME sends it to the substitute TO."
        yield f"The answer {named.strip() or '--print'} has it wait for its printer."
    if question.job.content_gone:
        yield (
            "Its text was destroyed, because its question had no answer in time: close it, or say that everything is "
            "on paper."
        )
    if any(standing_of(question, line.step) is Standing.AGAIN for line in line_places(question)):
        yield "The lines that are ordered again were sent before: they may be on paper already. Look at the book."
    held = held_words(question.job)
    if held:
        stands = "it asks no question until it is released"
        if is_operators_hold(question.job):
            stands = "it takes no answer until an operator or a representative releases it"
        yield f"It is {held}: {stands}."
    proposed = question.proposed
    if proposed is not None:
        yield (
            f"{proposed.person} at {proposed.terminal} ordered {_proposed_words(question, proposed)}. "
            f"A second person must confirm that{second_place(question.job.side)}, or answer otherwise."
        )


def _proposed_words(question: Question, proposed: Answered) -> str:
    """The order that waits for a second person, behind `ordered`."""
    match proposed.verdict:
        case Verdict.NEW_BOOK:
            return "it printed into a new book"
        case Verdict.PRINT | Verdict.RESUME if question.job.book is not None and not question.job.begun:
            return "it printed all the same"
        case Verdict.PRINT:
            return "all of it printed again"
        case Verdict.RESUME if proposed.step <= question.job.steps:
            return f"{from_line_words(question.outline, proposed.step)} printed again"
        case Verdict.RESUME:
            return "it closed: every line is on paper"
        case _:
            return "it discarded"


def question_summary(question: Question) -> str:
    """One sentence with the numbers of the document's lines."""
    lines = line_places(question)
    parts = []
    for standing in Standing:
        numbers = [line.number for line in lines if standing_of(question, line.step) is standing]
        if numbers:
            parts.append(f"{_span(numbers)} {standing}")
    return "; ".join((*parts, *_other_doubt(question))) + "."


def _span(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"line {first} is" if first == last else f"lines {first} to {last} are"


def _other_doubt(question: Question) -> Iterator[str]:
    """The sentence for a turn or an ejection that was sent and not confirmed."""
    if 0 < question.in_doubt <= len(question.outline):
        step = question.outline[question.in_doubt - 1]
        if step.kind.traits.doubt:
            yield step.kind.traits.doubt.format(page=step.page)


def _unconfirmed_lines(question: Question) -> tuple[int, ...]:
    sent = max(question.in_doubt, question.job.confirmed)
    lines = [line.step for line in line_places(question) if line.step <= sent and line.step != question.in_doubt]
    # A line in doubt is among the lines; a dialect that confirms each line leaves no other step in doubt.
    others = question.lines_in_doubt - 1
    return tuple(lines[-others:]) if others > 0 else ()


class _Frame(NamedTuple):
    """The widths of a row.

    Attributes:
        label: the word before the number of a line of the page; empty on a narrow screen.
        own: characters of the lines of the layout.
        drawn: characters that the screen has for them.
    """

    label: str
    own: int
    drawn: int

    @classmethod
    def of(cls, lines: Sequence[LinePlace], width: int) -> _Frame:
        own = max((bar.column + bar.width - 1 for line in lines for bar in line.outline.bars), default=0)
        label = "line "
        bare = width - len(_ROW.format(number=0, label="", line=0, drawn="", standing=Standing.IN_DOUBT))
        if own <= bare - len(label):
            return cls(label, own, own)
        return cls("", own, min(own, max(bare, _LEAST_DRAWN)))


_ROW: Final = "{number:3}  {label}{line:2} |{drawn}| {standing}"
_LEAST_DRAWN: Final = 8
"""The least characters of a row for bars, on any screen."""
_CUT: Final = "~"
"""The end of a text that is longer than its row."""


def _row(question: Question, line: LinePlace, frame: _Frame, texts: Texts | None) -> str:
    standing = standing_of(question, line.step)
    own = texts[line.number - 1] if texts and len(texts) == len(line_places(question)) else ()
    drawn = _draw(line.outline.bars, own, _FILL[standing], frame)
    row = _ROW.format(
        number=line.number,
        label=frame.label,
        line=line.outline.line,
        drawn=pad_to(drawn, frame.drawn),
        standing=_SHORT.get(standing, standing),
    )
    band = line.outline.band
    return row if band is None or standing is Standing.ON_PAPER else f"{row}, {round(band[0] * MM_PER_UNIT)} mm down"


def _draw(bars: Sequence[Bar], texts: Sequence[str], fill: str, frame: _Frame) -> str:
    fits = [len(text) for text in texts] == [bar.width for bar in bars]
    if fits and frame.own > frame.drawn:
        # The row drops blanks between the columns first: they say the least.
        text = " ".join(texts)
        return text if screen_cells(text) <= frame.drawn else cut_to(text, frame.drawn - len(_CUT)) + _CUT
    drawn = ""
    for number, bar in enumerate(bars):
        start = (bar.column - 1) * frame.drawn // max(frame.own, 1)
        end = max(start + 1, (bar.column - 1 + bar.width) * frame.drawn // max(frame.own, 1))
        drawn = pad_to(drawn, start) + (texts[number] if fits else fill * (end - start))
    return cut_to(drawn, frame.drawn)
