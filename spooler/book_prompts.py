"""The people at one mechanism: what they are asked to do with a book, and the wait until they have done it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from drivers.session import DocumentSession, SessionState
from drivers.stop import MechanismStop
from passbook.document.plan import book_number
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.protocol.messages import Prompt
from spooler.news import News, PromptChanged

MOST_TOO_EARLY: Final = 3
"""Media that are put in before they are asked for, until the job is stopped: a slot that flickers looks like them."""


class PeopleSettings(Protocol):
    """The settings for prompts at one printer; time-outs are seconds."""

    @property
    def name(self) -> str:
        """The name that jobs give the printer."""

    @property
    def insert_timeout(self) -> float:
        """For a person to put a book in."""

    @property
    def take_timeout(self) -> float:
        """For a person to take a book out."""


class People:
    """Used by the thread of one desk, for all sessions at its printer; waits raise MechanismStop."""

    def __init__(self, settings: PeopleSettings, tell: Callable[[News], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._asked: tuple[str, Prompt] | None = None

    def bring(self, session: DocumentSession, record: Record, page: int, confirmed: int) -> None:
        """Have the book of a job put in, opened at `page`, when `confirmed` steps are on paper.

        What lies in the mechanism must be taken out first: this book, to turn its page, or one that came unasked.  So
        must one that is there again before the mechanism is ready for it, a few times.
        """
        last = record.outline[confirmed - 1].kind.traits if confirmed else None
        # A line that was sent there once may be on paper, also where it was ordered again: then that book is meant.
        is_new = last is not None and last.opens_book and record.furthest_sent <= confirmed
        # The next one of several sheets is another sheet, which has no other page.
        is_turned = last is not None and last.opens_page and not last.ends_medium
        action = "turn" if session.state is SessionState.GIVEN_BACK and is_turned else "take"
        asked_for = Prompt(record.job_id, self._settings.name, action, page, record.layout, *_sheet_of(record, page))
        number = book_number(record.outline, confirmed)
        prompt = replace(asked_for, book=number.book, books=number.books, is_new_book=is_new)
        asked = functools.partial(self._ask, record.requester, replace(prompt, action="insert"))
        try:
            for _ in range(MOST_TOO_EARLY):
                self._await_taken(session, record.requester, prompt, self._settings.take_timeout)
                if self._insert(session, record, asked):
                    return
                # The same is asked once more, and told once more.
                self._ask_no_more()
                prompt = replace(prompt, action="take")
            raise MechanismStop(Reason.MEDIA_NOT_TAKEN, "too-early")
        finally:
            self._ask_no_more()

    def _insert(self, session: DocumentSession, record: Record, asked: Callable[[], None]) -> bool:
        """Whether a medium came when it was asked for; False when one was there before."""
        try:
            session.insert(record.sheet, self._settings.insert_timeout, asked)
        except MechanismStop:
            if session.state is SessionState.GIVEN_BACK:
                return False
            raise
        return True

    def take(self, session: DocumentSession, job: str, requester: str, look: float) -> bool:
        """Have what lies in the mechanism taken; whether it is gone after `look` seconds, else they stay asked."""
        try:
            self._await_taken(session, requester, Prompt(job, self._settings.name, "take", 0), look)
        except MechanismStop as stop:
            if stop.reason is not Reason.MEDIA_NOT_TAKEN:
                self._ask_no_more()
                raise
            return False
        self._ask_no_more()
        return True

    def _await_taken(self, session: DocumentSession, requester: str, prompt: Prompt, timeout: float) -> None:
        """Wait until nothing lies in the mechanism; people are asked only if something does."""
        try:
            session.wait_taken(0.0)
        except MechanismStop as stop:
            if stop.reason is not Reason.MEDIA_NOT_TAKEN:
                raise
            self._ask(requester, prompt)
            # One that was turned and is back again so soon must come out once more, as its insertion has no prompt.
            session.wait_taken(timeout, functools.partial(self._ask_again, requester, replace(prompt, action="take")))

    def _ask(self, requester: str, prompt: Prompt) -> None:
        """The same prompt is not told twice."""
        if self._asked != (requester, prompt):
            self._asked = (requester, prompt)
            self._tell(PromptChanged(self._settings.name, requester, prompt))

    def _ask_again(self, requester: str, prompt: Prompt) -> None:
        """A book was taken and is back: it must come out.  Where a new one is due, people are told that once more."""
        if prompt.is_new_book:
            self._ask_no_more()
        self._ask(requester, prompt)

    def _ask_no_more(self) -> None:
        if self._asked is not None:
            requester, _ = self._asked
            self._asked = None
            self._tell(PromptChanged(self._settings.name, requester, None))


def _sheet_of(record: Record, page: int) -> tuple[str, str, int]:
    """The kind of form, the cassette and the number of the sheet for a page; empty and 0 for a job without forms."""
    sheet = record.issue.in_use().get(page) if record.issue is not None else None
    return ("", "", 0) if record.issue is None or sheet is None else (record.issue.form, sheet.cassette, sheet.number)
