"""The people at one mechanism: what they are asked to do with a book, and the wait until they have done it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from msgspec.structs import replace

from drivers.session import DocumentSession, SessionState
from drivers.stop import MechanismStop
from firmware.config import PrinterConfig
from firmware.news import News, PromptChanged
from passbook.job import Reason
from passbook.messages import Prompt
from passbook.record import Record


class People:
    """Used by the thread of one print desk; waits raise MechanismStop."""

    def __init__(self, settings: PrinterConfig, tell: Callable[[News], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._asked: tuple[str, Prompt] | None = None

    def bring(self, session: DocumentSession, record: Record, page: int) -> None:
        """Have the book of a job put in, opened at `page`.

        What lies in the mechanism must be taken out first: this book, to turn its page, or one that came unasked.
        """
        turn = session.state is SessionState.GIVEN_BACK
        prompt = Prompt(record.job_id, self._settings.name, "turn" if turn else "take", page, record.layout)
        asked = functools.partial(self._ask, record.requester, replace(prompt, action="insert"))
        try:
            self._await_taken(session, record.requester, prompt, self._settings.take_timeout)
            session.insert(record.sheet, self._settings.insert_timeout, asked)
        finally:
            self._ask_no_more()

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
            session.wait_taken(timeout)

    def _ask(self, requester: str, prompt: Prompt) -> None:
        """Whoever is asked already is not asked again."""
        if self._asked != (requester, prompt):
            self._asked = (requester, prompt)
            self._tell(PromptChanged(self._settings.name, requester, prompt))

    def _ask_no_more(self) -> None:
        if self._asked is not None:
            requester, _ = self._asked
            self._asked = None
            self._tell(PromptChanged(self._settings.name, requester, None))
