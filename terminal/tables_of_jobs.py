"""Lists for a person's screen: jobs, ends, terminals and history, in local time and no wider than the screen."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from passbook.job.choice import Side
from passbook.job.decisions import by_words, order_words
from passbook.job.record import Answered, ChosenAnew, HistoryKind
from passbook.job.states import JobState
from passbook.job.waiting import Waiting, Why, waiting_words
from passbook.protocol.copies_words import feeding_side, has_two_copies, moved_words, reported_words, shared_words
from passbook.protocol.history_reply import HistoryLine, Summary
from passbook.protocol.messages import JobView, Question
from passbook.protocol.progress import held_words, is_operators_hold, lines_words, medium_of, reason_words
from passbook.protocol.terminal_list import TerminalView
from passbook.screen import moments
from passbook.screen.columns import Row, capital, short, table
from passbook.screen.way_back import with_places
from terminal.picture import MESSAGE, USUAL_WIDTH, Texts, picture

STATES: Final = {
    JobState.PENDING: "waiting",
    JobState.PENDING_HELD: "stopped",
    JobState.PROCESSING: "printing",
    JobState.PROCESSING_STOPPED: "stopped",
    JobState.CANCELED: "canceled",
    JobState.ABORTED: "ended",
    JobState.COMPLETED: "completed",
}
"""State -> the word for it in a table."""


def local_time(at: str, now: datetime.datetime | None = None) -> str:
    """A stamp of the protocol (ISO 8601, UTC) in this machine's time zone: the time of day, with the date unless today.

    `now` is a moment of today in that zone; None takes the clock's. Text that is no stamp comes back unchanged.
    """
    return moments.time_of_day(at, (now or datetime.datetime.now().astimezone()).date(), now.tzinfo if now else None)


def question_name(job: JobView) -> str:
    """The words that name the present question of a job in a command: the id and the question's number."""
    return f"{short(job.job)}.{job.epoch}"


ANSWER_BY: Final = "Look at the paper, then answer (teller questions shows the choices):"
"""The line before answer_command()."""


def answer_command(job: JobView) -> str:
    """The command that answers the present question of a job, on a line of its own."""
    if job.format == MESSAGE:
        return f"  teller answer {question_name(job)} --print --person NAME   (sends it again; or --discard)"
    if is_about_book(job):
        return f"  teller answer {question_name(job)} --print --person NAME   (all the same; or --discard, --new-book)"
    return f"  teller answer {question_name(job)} --from-line N --person NAME"


def is_about_book(job: JobView) -> bool:
    """Whether people are asked since the memory of its book objects to a job of which nothing was sent."""
    return not job.begun and job.book is not None and job.book.reason in job.reasons


def drawn(question: Question, width: int | None, texts: Texts | None = None) -> list[str]:
    """The picture of a question on this screen, with the time since which it is open by the clock on the wall."""
    return picture(question, texts, when=local_time(question.job.changed_at), width=width or USUAL_WIDTH)


def jobs_table(jobs: Sequence[JobView], width: int | None, places: Sequence[str] = ()) -> list[str]:
    """The jobs, one a row; below a row why its job stands still, the next deed of a person, and what is shared of it.

    Commands name the `places`. The side that feeds the printer is told where any of the jobs has two copies.
    """
    fed_by = any(map(has_two_copies, jobs))
    rows = [
        Row(
            (
                short(job.job),
                _state(job),
                lines_words(job),
                job.requester,
                job.printer,
                local_time(job.accepted_at),
                *((feeding_side(job).value,) if fed_by else ()),
                str(job.priority),
            ),
            _sentences(shared_words(job), *with_places([_note(job)], places), moved_words(job)),
        )
        for job in jobs
    ]
    side = ("FED BY",) if fed_by else ()
    return table(("JOB", "STATE", "LINES", "FROM", "PRINTER", "SENT", *side, "PRIORITY"), rows, width)


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _state(job: JobView) -> str:
    if job.state is JobState.PROCESSING_STOPPED and job.valid:
        match job.waiting:
            case Waiting(Why.PAGE_TURN):
                return "turn page"
            case Waiting(Why.NEXT_BOOK):
                return "new book"
            case _:
                return f"needs {medium_of(job)}"
    return "held" if not job.valid and held_words(job) else STATES[job.state]


def _note(job: JobView) -> str:
    """The reason for which a job waits and the next deed of a person; empty for a job that prints or has ended."""
    if job.moved_to:
        to, _, other = job.moved_to.partition(" ")
        return f"It went to {to}: job {short(other)} stands in for it."
    if job.valid and job.format == MESSAGE and job.reasons:
        return f"{capital(reason_words(job))}. It is tried again by itself."
    if job.valid:
        return waiting_words(job)
    why = reason_words(job)
    held = held_words(job)
    next_ = f"Answer: teller follow {short(job.job)}"
    if held:
        next_ = "An answer prints it (teller questions); nobody is asked before its release"
    if is_operators_hold(job):
        next_ = "It prints after a release and an answer"
    return capital(": ".join(part for part in (held or "waits for an answer", why) if part)) + f". {next_}."


def terminals_table(terminals: Sequence[TerminalView], width: int | None) -> list[str]:
    """The terminals, one a row."""
    rows = [
        Row(
            (
                one.terminal,
                "yes" if one.connections else "no",
                f"{local_time(one.heard_at)}, {span(one.silent)} ago" if one.heard_at else "never",
                str(one.questions),
                str(one.held),
                str(one.pending),
                "yes" if one.representative else "no",
            )
        )
        for one in terminals
    ]
    headings = ("TERMINAL", "CONNECTED", "LAST HEARD", "QUESTIONS", "STOPPED", "WAITING", "REPRESENTATIVE")
    return table(headings, rows, width)


def span(seconds: int) -> str:
    """A length of time in the largest unit that it fills."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def history_table(lines: Sequence[HistoryLine], width: int | None) -> list[str]:
    """The entries, one a row; below a row the decision and the person who made it, and what is shared of the job.

    The side that fed the printer is told where any of the jobs has two copies.
    """
    fed_by = any(has_two_copies(line.job) for line in lines)
    rows = [
        Row(
            (
                local_time(line.at),
                line.kind.value,
                short(line.job.job),
                lines_words(line.job),
                line.job.requester,
                line.job.printer,
                *((feeding_side(line.job).value,) if fed_by else ()),
                local_time(line.job.accepted_at),
            ),
            _sentences(shared_words(line.job), _told(line), moved_words(line.job), _reported(line.job)),
        )
        for line in lines
    ]
    side = ("FED BY",) if fed_by else ()
    return table(("AT", "WHAT", "JOB", "LINES", "FROM", "PRINTER", *side, "SENT"), rows, width)


def _reported(job: JobView) -> str:
    """The spool in which the entry lies, where that is the terminal's, or the end that the terminal told."""
    if job.side is Side.TERMINAL:
        return "In the terminal's spool."
    return "" if job.reported is None else reported_words(job, local_time(job.reported.at))


_BY_THEMSELVES: Final = frozenset({HistoryKind.STOPPED, HistoryKind.INVALIDATED})
"""Entries of events that no person ordered."""


def _told(line: HistoryLine) -> str:
    """The rest of the entry beside its columns, as sentences."""
    parts: list[str] = []
    if line.kind is HistoryKind.RELEASED and line.released_by is not None:
        parts.append(f"Released {by_words(line.released_by)}.")
    elif line.chosen is not None:
        parts.append(f"{_chosen(line.kind, line.chosen)} {by_words(line.chosen.by)}.")
    elif line.kind is HistoryKind.PROPOSED and line.proposed is not None:
        parts.append(f"{_ordered(line.proposed, line.job.steps)}; a second person must confirm it.")
    elif line.answered is not None:
        parts.append(f"{_ordered(line.answered, line.job.steps)}.")
    why = reason_words(line.job)
    if why and (line.kind in _BY_THEMSELVES or (line.kind is HistoryKind.ENDED and line.answered is None)):
        parts.insert(0, f"{capital(why)}.")
    if line.reprints:
        parts.append(f"{line.reprints} lines were ordered again.")
    return " ".join(parts)


def _chosen(kind: HistoryKind, chosen: ChosenAnew) -> str:
    """The choice as words: the priority, or the copy."""
    if kind is HistoryKind.PRIORITY_SET:
        return f"Priority {chosen.now} in place of {chosen.before} set"
    return f"The {chosen.now}'s copy in place of the {chosen.before}'s chosen"


def _ordered(answer: Answered, steps: int) -> str:
    """The order and the person who gave it."""
    return f"Ordered to {order_words(answer, steps)} {by_words(answer)}"


def summary_table(groups: Sequence[Summary], width: int | None) -> list[str]:
    """The groups, one a row."""
    rows = [
        Row(
            (
                one.group,
                str(one.jobs),
                str(one.completed),
                str(one.canceled),
                str(one.aborted),
                str(one.reprinted),
                "-" if one.median_waiting is None else span(one.median_waiting),
                "-" if one.worst_waiting is None else span(one.worst_waiting),
            )
        )
        for one in groups
    ]
    headings = ("GROUP", "JOBS", "COMPLETED", "CANCELED", "ENDED", "REPRINTED", "MEDIAN", "WORST")
    return table(headings, rows, width)
