"""Ctrl-C while the reply to an order is on its way: the order may have been carried out, and the person hears that."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from passbook.errors.kinds import INTERRUPTED
from passbook.job.states import JobState
from passbook.protocol.answer_all import AnsweredAll
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import Teller, asking, enrolled, teller
from tests.terminal.samples import notice, view

__all__ = ["enrolled", "teller"]

pytestmark = pytest.mark.slow
JOB_ID = "7f3a09c2d1e84b557f3a09c2d1e84b55"


def leave_at(teller: Teller, fake: FakeAppliance, operation: str, *words: str) -> str:
    """What `teller` shows when the person leaves before the reply to `operation`."""
    gone = threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def no_reply(_payload: Any) -> Any:
        signal.pthread_kill(main, signal.SIGINT)
        gone.wait(20)
        return AnsweredAll((), 0, 0) if operation == "Recovery.AnswerAll" else view(job=JOB_ID)

    fake.answers[operation] = no_reply
    try:
        said = teller.run(*words)
    finally:
        gone.set()
    assert said.code == INTERRUPTED
    return said.out


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("Spooler.CancelJob", ("cancel", JOB_ID)),
        ("Spooler.HoldJob", ("hold", JOB_ID)),
        ("Spooler.ReleaseJob", ("release", JOB_ID)),
        ("Spooler.SetPriority", ("priority", JOB_ID, "90")),
        ("Spooler.MoveJob", ("move", JOB_ID, "window-2")),
        ("Spooler.SetFeed", ("feed", JOB_ID, "terminal")),
        ("Spooler.GrantPreview", ("grant", JOB_ID, "till-4")),
    ],
)
def test_a_person_who_leaves_an_order_hears_where_to_look(
    enrolled: tuple[Teller, FakeAppliance], operation: str, words: tuple[str, ...]
) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.GetJob"] = lambda _: view(job=JOB_ID)
    first, second = leave_at(teller, fake, operation, *words, "--person", "Ann").splitlines()[-2:]
    assert "does not know whether the order for job 7f3a09c2 was carried out." in first
    assert second.startswith("  teller --home ")
    assert second.endswith(" follow 7f3a09c2")


def test_a_person_who_leaves_an_answer_for_all_hears_where_to_look(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    asking(fake)
    said = leave_at(teller, fake, "Recovery.AnswerAll", "answer", "--all", "--discard", "--person", "Ann")
    assert said.endswith(" questions\n")


def test_a_person_who_leaves_acknowledgements_hears_where_to_look(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    ended = notice(view(job=JOB_ID, state=JobState.COMPLETED))
    fake.answers["Spooler.ListNotices"] = lambda _: {"notices": [ended]}
    said = leave_at(teller, fake, "Spooler.AcknowledgeNotice", "notices", "--acknowledge")
    assert said.endswith(" notices\n")
