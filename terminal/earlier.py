"""Sentences about an earlier job: one that was sent again, or that has ended already."""

from __future__ import annotations

import datetime as dt
from typing import Final

from passbook.job.states import TERMINAL, JobState, Reason
from passbook.protocol.copies_words import moved_words
from passbook.protocol.messages import JobView
from passbook.protocol.progress import reason_words, standing_words
from passbook.screen.columns import short
from terminal.tables_of_jobs import local_time

_NEW: Final = "To print it after all, send it as a new request, without --request."


def accepted_words(view: JobView, now: dt.datetime, *, known: bool) -> list[str]:
    """The sentence at the acceptance of a request; `known`: the appliance had the job before."""
    if known and view.state in TERMINAL:
        return ended_words(view, now)
    if known:
        return [f"Job {short(view.job)} was sent before and {standing_words(view)}. It is not printed a second time."]
    said = [f"Job {short(view.job)} was accepted."]
    if view.substituted:
        said.append(substituted_words(view.substituted, view.layout))
    return [*said, moved_words(view)] if view.moved else said


def substituted_words(count: int, layout: str) -> str:
    """The sentence that tells how many characters of a document are printed as others."""
    what, them = ("1 character is", "it") if count == 1 else (f"{count} characters are", "them")
    return f"{what} printed as the layout {layout} declares, since the printer lacks {them}."


def ended_words(view: JobView, now: dt.datetime) -> list[str]:
    """The sentence for a job that ended before a person looked."""
    at = f"at {local_time(view.changed_at, now)}"
    if view.state is JobState.COMPLETED and Reason.CLOSED_BY_ANSWER not in view.reasons:
        return [f"Job {short(view.job)} was printed before, {at}; nothing is printed now."]
    if view.state is JobState.COMPLETED:
        why = "by the answer that every line is on paper"
        return [f"Job {short(view.job)} was ended before, {at}, {why}; nothing is printed now."]
    if view.state is JobState.CANCELED:
        return [f"Job {short(view.job)} was canceled before, {at}; nothing is printed now.", _NEW]
    why = f", because {words}" if (words := reason_words(view)) else ""
    return [f"Job {short(view.job)} was ended by the appliance before, {at}{why}; nothing is printed now.", _NEW]
