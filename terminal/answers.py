"""From the order of a person to the answer for the appliance: its step, and the key of the ring."""

from __future__ import annotations

from passbook.errors import PassbookError
from passbook.job.record import Holder, Verdict
from passbook.job.states import TERMINAL
from passbook.job.wording import second_place
from passbook.protocol.document import GetDocument
from passbook.protocol.messages import AnswerQuestion, JobView, Question
from storage import unwrap_for_recovery
from terminal.keyring import KeyRing
from terminal.picture import line_places


def step_of_line(question: Question, number: int) -> int:
    """The step from which the job goes on at line `number` of the document (1-based).

    One past the last line says that every line is on paper.  Raises PassbookError `answer-not-possible` for any other
    number.
    """
    lines = line_places(question)
    if not 1 <= number <= len(lines) + 1:
        why = f"the document has the lines 1 to {len(lines)}"
        raise PassbookError("answer-not-possible", job=question.job.job, step=number, why=why)
    sent = question.furthest_sent
    if number > len(lines):
        # The book is given back again only if that step was never sent.
        return max(lines[-1].step, sent) + 1
    step = lines[number - 1].step
    # Turns on the way that were never sent have to be done first.
    while step > sent + 1 and question.outline[step - 2].kind.traits.opens_page:
        step -= 1
    return step


def all_on_paper(question: Question) -> int:
    """The step with which a job goes on whose lines are all on paper."""
    return step_of_line(question, len(line_places(question)) + 1)


def compose(
    question: Question, verdict: Verdict, person: str, ring: KeyRing | None, *, step: int = 0, new_key_ref: str = ""
) -> AnswerQuestion:
    """The answer to `question`, with its epoch and the step that the person saw in doubt.

    Args:
        question: the question.
        verdict: the order.
        person: the name of the person who decided.
        ring: the keys of this terminal; None if needs_ring says that the answer needs none.
        step: the first step to do, for Verdict.RESUME.
        new_key_ref: the key of the ring that seals the job from now on; empty for no change.

    Raises:
        PassbookError: `key-not-in-ring`; `wrong-key` when no recovery key of the ring opens the job.
    """
    ring = ring or KeyRing()
    key, data_key = opening(question, ring) if _needs_key(question, verdict) else (b"", b"")
    return AnswerQuestion(
        job=question.job.job,
        epoch=question.job.epoch,
        verdict=verdict,
        person=person,
        step=step if verdict is Verdict.RESUME else 0,
        in_doubt=question.in_doubt,
        key=key,
        data_key=data_key,
        new_key=ring.key(new_key_ref) if new_key_ref else b"",
        new_key_ref=new_key_ref,
        side=question.job.side,
    )


def waits_for_second(answer: AnswerQuestion, job: JobView) -> PassbookError | None:
    """The error for the person when `job`, the answer's result, does not follow this answer alone."""
    if answer.verdict is Verdict.HOLD or job.valid or job.epoch != answer.epoch or job.state in TERMINAL:
        return None
    facts = {"person": answer.person, "terminal": "this terminal", "job": job.job}
    return PassbookError("second-person-needed", where=second_place(job.side), **facts)


def needs_ring(question: Question, verdict: Verdict, new_key_ref: str) -> bool:
    """Whether the answer takes a key of the ring."""
    return bool(new_key_ref) or _needs_key(question, verdict)


def document_order(view: JobView, question: Question | None, ring: KeyRing, person: str) -> GetDocument:
    """The command of `person` for the document of a job, with its key from the ring.

    A question lets a recovery key open it.

    Raises PassbookError `key-not-in-ring`; `wrong-key` when no recovery key of the ring opens the job.
    """
    if not view.key_ref:
        return GetDocument(view.job, person)
    if view.key_ref in ring.keys or question is None:
        return GetDocument(view.job, person, key=ring.key(view.key_ref))
    key, data_key = opening(question, ring)
    return GetDocument(view.job, person, key, data_key)


def _needs_key(question: Question, verdict: Verdict) -> bool:
    # A key opens nothing of destroyed content, and closing a job needs no key.
    return verdict.prints and not (question.readable or question.job.content_gone)


def opening(question: Question, ring: KeyRing) -> tuple[bytes, bytes]:
    """The requester's key, or the data key opened by a recovery key; the other one is empty.

    Raises PassbookError `key-not-in-ring`; `wrong-key` when no recovery key of the ring opens the job.
    """
    if question.job.key_ref in ring.keys:
        return ring.key(question.job.key_ref), b""
    wraps = [wrap for wrap in question.wraps if wrap.holder is Holder.RECOVERY]
    if not wraps or not ring.recovery:
        raise PassbookError("key-not-in-ring", key_ref=question.job.key_ref)
    for private in ring.recovery.values():
        try:
            return b"", unwrap_for_recovery(question.identity, wraps[0], private)
        except PassbookError:
            continue
    raise PassbookError("wrong-key", job=question.job.job, key_ref=question.recovery_ref)
