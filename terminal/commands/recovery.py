"""`teller questions` and `teller answer`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from client.connection import TerminalClient
from client.reconnecting import PASSING, PAUSES, Reconnecting
from client.remote import RemoteError
from passbook.errors import PassbookError
from passbook.job.actor import may_not_decide
from passbook.job.decisions import already_answered
from passbook.job.record import Verdict
from passbook.job.states import TERMINAL, JobState
from passbook.job.waiting import present_words
from passbook.protocol.answer_all import AnsweredOne
from passbook.protocol.messages import AnswerQuestion, JobView, Question
from passbook.protocol.progress import medium_of, state_words
from passbook.screen.arguments import short_text, short_text_or_none, whole
from passbook.screen.nothing import NO_ROWS_SAID
from terminal.answer_many import answer_all
from terminal.answers import all_on_paper, compose, needs_ring, step_of_line, waits_for_second
from terminal.commands import QUESTION_HELP, AddCommand
from terminal.follow import Follower
from terminal.leaving import order_left
from terminal.tables_of_jobs import answer_command, drawn
from terminal.workplace import Workplace

_LAST_LINE: Final = 999_999
"""A number above the lines of any job."""
_MANY_LEFT: Final = (
    "The terminal does not know for which jobs the answer was taken. The rest is asked about as before:",
    "  teller questions",
)
VERDICTS: Final = {"from_start": Verdict.PRINT, "discard": Verdict.DISCARD, "hold": Verdict.HOLD}
"""Option -> its order for a whole job."""


def add(command: AddCommand) -> None:
    """Add the commands."""
    listing = command("questions", help="the open questions that this terminal may answer")
    listing.set_defaults(run=run_questions)
    answer = command("answer", help="decide how a stopped job goes on")
    which = answer.add_mutually_exclusive_group(required=True)
    which.add_argument("job", type=short_text, nargs="?", metavar="JOB[.N]", help=QUESTION_HELP)
    which.add_argument("--all", action="store_true", help="every job of which no line was ever sent to a printer")
    answer.add_argument(
        "--requester",
        type=short_text_or_none,
        default="",
        metavar="NAME",
        help="with --all: the terminal whose jobs are meant (default: this one)",
    )
    order = answer.add_mutually_exclusive_group(required=True)
    order.add_argument("--print", action="store_true", dest="from_start", help="print all of it from the start")
    line = "go on with this line of the document; one past the last line: every line is on paper"
    order.add_argument("--from-line", type=whole(1, _LAST_LINE), metavar="N", help=line)
    order.add_argument("--all-on-paper", action="store_true", help="every line is on paper; end the job")
    new_book = "print all of it into a new book, with which the memory of the customer's book begins anew"
    order.add_argument("--new-book", action="store_true", help=new_book)
    order.add_argument("--discard", action="store_true", help="end the job")
    hold = "keep the job and ask no question about it until it is released or the appliance boots"
    order.add_argument("--hold", action="store_true", help=hold)
    answer.add_argument(
        "--person", type=short_text, required=True, metavar="NAME", help="name of the person who decides"
    )
    answer.add_argument(
        "--new-key", type=short_text_or_none, default="", metavar="REF", help="seal the job with this key of the ring"
    )
    answer.add_argument("--follow", action="store_true", help="follow the job to its end")
    answer.set_defaults(run=run_answer, usage_error=answer.error)


async def run_questions(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Show each question as a picture of the pages."""
    async with workplace.client() as client:
        questions = await client.questions()
    pictures = [line for one in questions for line in (*drawn(one, workplace.console.width), *_answer_lines(one), "")]
    workplace.console.show(questions, pictures[:-1] or [NO_ROWS_SAID["questions"]])
    return 0


def _answer_lines(question: Question) -> list[str]:
    """The lines with the command to answer; none for a held job, since the picture says so."""
    return [answer_command(question.job)] if question.asked else []


async def run_answer(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Find the question, compose the answer with the keys of the ring, and send it."""
    if arguments.all:
        return await _answer_all(workplace, arguments)
    if arguments.requester:
        arguments.usage_error("--requester goes with --all")
    if arguments.new_key and (arguments.discard or arguments.hold or arguments.all_on_paper):
        arguments.usage_error("--new-key goes with --print and --from-line")
    async with workplace.client() as client:
        question = await _find(client, arguments.job)
    verdict, step = _ordered(arguments, question)
    ring = workplace.ring() if needs_ring(question, verdict, arguments.new_key) else None
    answer = compose(question, verdict, arguments.person, ring, step=step, new_key_ref=arguments.new_key)
    with workplace.left.during(order_left(answer.job)):
        job = await _send(workplace, answer)
    waiting = waits_for_second(answer, job)
    if not arguments.follow:
        workplace.console.show(job, [state_words(job)])
        if waiting is not None:
            raise waiting
        return 0
    workplace.console.show({"event": "Recovery.AnswerQuestion", "payload": job}, [state_words(job)])
    if waiting is not None:
        workplace.console.fail(waiting)
    resolve = workplace.dialogue(arguments.person)
    follower = Follower(
        workplace.client, workplace.console, resolve, acknowledge=workplace.acknowledge, left=workplace.left
    )
    ended = await follower.stay(job.job)
    return 0 if ended.state is JobState.COMPLETED else 1


async def _answer_all(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Show one job a line; return the highest exit code of their errors."""
    ordered = [verdict for name, verdict in VERDICTS.items() if getattr(arguments, name)]
    if not ordered or arguments.new_key or arguments.follow:
        arguments.usage_error("--all goes with --print, --discard or --hold, and without --new-key and --follow")
    async with workplace.client() as client:
        with workplace.left.during(_MANY_LEFT):
            done = await answer_all(client, ordered[0], arguments.person, arguments.requester, workplace.ring)
    workplace.console.show(done, [*map(_line, done), *_skipped(done)] or [NO_ROWS_SAID["answers"]])
    return max((RemoteError(one.error).exit_code for one in done if one.error is not None), default=0)


def _skipped(done: Sequence[AnsweredOne]) -> list[str]:
    """The line with the number of jobs that the answer passed over because an operator holds them."""
    held = sum(one.error is not None and one.error.error_code == "held-by-operator" for one in done)
    return [f"Passed over, because an operator holds them: {held} of {len(done)}."] if held else []


def _line(one: AnsweredOne) -> str:
    if one.view is not None:
        return state_words(one.view)
    why = f"{RemoteError(one.error)} [{one.error.error_code}]" if one.error is not None else ""
    return f"{one.job}  {why}"


async def _send(workplace: Workplace, answer: AnswerQuestion) -> JobView:
    """Send an answer until its outcome is known; over new connections the very same one, which counts once."""
    again = Reconnecting(workplace.client, workplace.console, PAUSES, asyncio.sleep, was_connected=True)
    try:
        return await again.persist(lambda client: client.answer(answer))
    except PassbookError as error:
        if error.code not in PASSING:
            raise
        # An earlier attempt may have been taken, so "nothing was sent" would not be true.
        raise PassbookError("connection-lost") from None


async def _find(client: TerminalClient, name: str) -> Question:
    """The question that a person named by the beginning of the job's id, and by its number if the person typed it."""
    job, _, number = name.partition(".")
    view = await client.job(job)
    for question in await client.questions():
        if question.job.job == view.job:
            if number not in {"", str(question.job.epoch)}:
                raise PassbookError("stale-question", job=view.job, epoch=question.job.epoch)
            return question
    if not view.valid and view.state not in TERMINAL:
        raise may_not_decide("This terminal", view.job)
    if view.answered is not None:
        raise already_answered(view.job, view.answered, view.steps)
    state = present_words(view.state, view.waiting, medium_of(view))
    raise PassbookError("not-allowed-in-state", job=view.job, state=state, event="an answer")


def _ordered(arguments: argparse.Namespace, question: Question) -> tuple[Verdict, int]:
    if arguments.from_start:
        return Verdict.PRINT, 0
    if arguments.new_book:
        return Verdict.NEW_BOOK, 0
    if arguments.all_on_paper:
        return Verdict.RESUME, all_on_paper(question)
    if arguments.from_line is not None:
        return Verdict.RESUME, step_of_line(question, arguments.from_line)
    return (Verdict.DISCARD if arguments.discard else Verdict.HOLD), 0
