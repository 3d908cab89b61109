"""What the tests of the print desk have in common."""

from __future__ import annotations

from collections.abc import Callable

from firmware.config.configuration import PrinterConfig
from spooler.news import JobChanged, News, PromptChanged, StepDone
from tests.firmware.counter import (
    PRINTER,
    Counter,
)

EJECT = len(b"\x7f\x1bO")

SHORT = PrinterConfig(PRINTER, "tcp://127.0.0.1:1", insert_timeout=0.5, take_timeout=0.5)


def asked(counter: Counter) -> list[tuple[str, int]]:
    return [(prompt.action, prompt.page) for prompt in counter.prompts]


def watcher(*, confirmed: int, then: Callable[[], object]) -> Callable[[News], None]:
    """Does `then` once, between the journal and the bytes of the step after `confirmed`."""
    left = [then]

    def watch(news: News) -> None:
        if isinstance(news, StepDone) and news.record.confirmed == confirmed and left:
            left.pop()()

    return watch


def changed(counter: Counter) -> list[JobChanged]:
    return [one for one in counter.news if isinstance(one, JobChanged)]


def is_end(news: News, job: str) -> bool:
    return isinstance(news, JobChanged) and news.record.job_id == job and news.record.ended


def taken_from(counter: Counter) -> list[tuple[str, str]]:
    """Whose book people were asked to take out: the job, and who is asked."""
    told = [one for one in counter.news if isinstance(one, PromptChanged) and one.prompt is not None]
    return [(one.prompt.job, one.requester) for one in told if one.prompt and one.prompt.action == "take"]
