"""Commands about jobs: lists, cancels, holds, documents, one answer for all."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.record import OPERATOR, Acknowledged, Decider, OnPaper
from passbook.job.states import JobState
from passbook.protocol.answer_all import AnsweredAll, AnsweredOne
from passbook.protocol.document import StoredDocument
from passbook.protocol.events import JOB, LEFT
from passbook.protocol.messages import (
    ErrorPayload,
    JobLeft,
    JobView,
)
from passbook.protocol.notice import Notice, NoticePage
from passbook.protocol.terminal_list import TerminalView
from storage.crypto.envelope import wrap_for_recovery
from terminal import keyring
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import Teller, document, enrolled, teller
from tests.terminal.samples import TWENTY, question, stopped, view

__all__ = ["document", "enrolled", "teller"]

pytestmark = pytest.mark.slow


def test_jobs_are_listed(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view(), view(job="bb22")]}
    said = teller.run("jobs")
    assert [line.split()[0] for line in said.out.splitlines()] == ["JOB", "aa11", "bb22"]
    assert [job["job"] for job in teller.json("jobs")] == ["aa11", "bb22"]


def test_terminals_are_listed(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    rows = [
        TerminalView("rep-1", representative=True, connections=1, silent=0),
        TerminalView("till-4", representative=False),
    ]
    fake.answers["Spooler.ListTerminals"] = lambda _: {"terminals": rows}
    assert [line.split()[0] for line in teller.run("terminals").out.splitlines()] == ["TERMINAL", "rep-1", "till-4"]
    assert [row["terminal"] for row in teller.json("terminals")] == ["rep-1", "till-4"]


def test_a_job_is_cancelled_in_somebodys_name(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    job = ended(fake, begun=False)
    fake.answers["Spooler.CancelJob"] = lambda _: job
    assert "canceled.\nNothing of it is on paper.\n" in teller.run("cancel", "aa11", "--person", "Ann").out
    assert fake.received[1] == ("Spooler.CancelJob", {"job": "aa11", "person": "Ann"})


def ended(fake: FakeAppliance, *, noted: bool = False, **facts: Any) -> JobView:
    """The appliance has the notice of this end; `noted`: somebody took note of it already."""
    job = view(**({"state": JobState.CANCELED, "valid": False} | facts))
    notice = Notice(job, OnPaper(20, 5), None, Acknowledged("teller-2", "t") if noted else None)
    fake.answers["Spooler.ListNotices"] = lambda _: NoticePage(() if noted else (notice,))
    fake.answers["Spooler.AcknowledgeNotice"] = lambda _: notice
    return job


@pytest.mark.parametrize("noted", [False, True])
def test_who_cancels_a_job_that_prints_is_told_what_is_on_paper(
    enrolled: tuple[Teller, FakeAppliance], *, noted: bool
) -> None:
    teller, fake = enrolled
    job = ended(fake, noted=noted, confirmed=5)
    fake.answers["Spooler.CancelJob"] = lambda _: view(state=JobState.PROCESSING, confirmed=4, sending=5)
    other = msgspec.structs.replace(job, job="bb22")
    fake.greet = [(JOB, view(state=JobState.PROCESSING)), (JOB, other), (JOB, job)]
    said = teller.run("cancel", "aa11", "--person", "Ann")
    assert (said.code, said.err) == (0, "")
    assert "Lines 1 to 5 are on paper, of 20.\nTake the book out of window-1." in said.out
    assert ("Spooler.AcknowledgeNotice", {"job": "aa11"}) in fake.unasked


def test_a_cancel_that_came_after_the_last_line_says_so(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    job = ended(fake, state=JobState.COMPLETED, confirmed=22)
    fake.answers["Spooler.CancelJob"] = lambda _: view(state=JobState.PROCESSING)
    fake.greet = [(JOB, job)]
    said = teller.run("cancel", "aa11", "--person", "Ann")
    assert (said.code, said.out) == (1, "Job aa11 is completed. Take the book out of window-1.\n")


def test_a_cancel_in_doubt_says_that_it_is_asked_about(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.CancelJob"] = lambda _: view(state=JobState.PROCESSING)
    fake.greet = [(JOB, stopped(4, 5))]
    said = teller.run("cancel", "aa11", "--person", "Ann")
    assert said.code == 1
    assert "  teller answer aa11.2 --from-line N --person NAME" in said.out


def test_a_cancel_of_a_job_whose_storage_fails_says_that(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.CancelJob"] = lambda _: view(state=JobState.PROCESSING)
    fake.greet = [(LEFT, JobLeft("aa11", ErrorPayload("area-fenced", "Storage area a is out of use.")))]
    assert teller.run("cancel", "aa11", "--person", "Ann").err == "Storage area a is out of use. [area-fenced]\n"


def test_a_document_is_asked_for_with_the_key_of_the_ring_and_shown(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    teller.run("keys", "new", "key-a")
    key = keyring.load_ring(teller.folder / "keyring", b"open sesame").keys["key-a"]
    fake.answers["Spooler.GetJob"] = lambda _: view(key_ref="key-a")
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.answers["Spooler.GetDocument"] = lambda _: StoredDocument(
        "aa11", "text", b"Good \x1b[2Jmorning\nAnna\n", "Greeting"
    )
    assert teller.run("document", "aa11", "--person", "Ann").out == "Good  [2Jmorning\nAnna\n"
    shown = base64.b64encode(key).decode()
    assert fake.received[-1] == ("Spooler.GetDocument", {"job": "aa11", "person": "Ann", "key": shown})
    fake.answers["Spooler.GetJob"] = lambda _: view(key_ref="key-b")
    assert teller.run("document", "aa11", "--person", "Ann").err.endswith("[key-not-in-ring]\n")


def test_a_representative_opens_a_document_with_the_recovery_key(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    teller.run("keys", "recovery-new", teller.folder / "recovery.pub")
    private = keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"]
    public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    wrap = wrap_for_recovery(b'["aa11"]', bytes(range(32)), public, "branch-recovery")
    fake.answers["Spooler.GetJob"] = lambda _: view(key_ref="of-another")
    asked = question(stopped(4, 5, key_ref="of-another"), TWENTY, wraps=[wrap])
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [asked]}
    fake.answers["Spooler.GetDocument"] = lambda _: StoredDocument("aa11", "text", b"Good morning\n", "Greeting")
    assert teller.run("document", "aa11", "--person", "Ann").out == "Good morning\n"
    shown = base64.b64encode(bytes(range(32))).decode()
    assert fake.received[-1] == ("Spooler.GetDocument", {"job": "aa11", "person": "Ann", "dataKey": shown})


@pytest.mark.parametrize(("word", "command"), [("hold", "Spooler.HoldJob"), ("release", "Spooler.ReleaseJob")])
def test_a_job_is_held_and_released_in_somebodys_name(
    enrolled: tuple[Teller, FakeAppliance], word: str, command: str
) -> None:
    teller, fake = enrolled
    fake.answers[command] = lambda _: view(state=JobState.PENDING_HELD, valid=False)
    assert "waits for an answer" in teller.run(word, "aa11", "--person", "Ann").out
    assert fake.received == [("Spooler.GetJob", {"job": "aa11"}), (command, {"job": "aa11", "person": "Ann"})]


JOB_ID = "7f3a09c2d1e84b557f3a09c2d1e84b55"
TYPED = "--home {0} --passphrase-file {0}.passphrase"
"""The words with which every command here names its places."""


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("jobs",), ["Answer: teller {typed} follow 7f3a09c2"]),
        (("release", JOB_ID), ["  teller {typed} answer 7f3a09c2.2 --from-line N --person NAME"]),
        (("hold", JOB_ID), ["  teller {typed} release 7f3a09c2 --person NAME"]),
    ],
)
def test_a_command_that_is_told_names_the_places_that_were_typed(
    enrolled: tuple[Teller, FakeAppliance], words: tuple[str, ...], hints: list[str]
) -> None:
    teller, fake = enrolled
    job = stopped(2, job=JOB_ID)
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [job]}
    fake.answers["Spooler.ReleaseJob"] = lambda _: job
    fake.answers["Spooler.HoldJob"] = lambda _: replace(job, held_by=Decider("till-1", "Ann"))
    said = teller.run(*words, *(() if words == ("jobs",) else ("--person", "Ann")))
    for hint in hints:
        assert hint.format(typed=TYPED.format(teller.folder)) in said.out


@pytest.mark.parametrize("holder", [OPERATOR, "till-1"])
def test_a_hold_names_who_may_release_it(enrolled: tuple[Teller, FakeAppliance], holder: str) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.HoldJob"] = lambda _: stopped(2, held_by=Decider(holder, "Otto"))
    said = teller.run("hold", "aa11", "--person", "Ann").out
    representative = "An operator (passbookctl release) or a representative (teller release) releases it." in said
    assert representative is (holder == OPERATOR)
    assert ("  teller release aa11 --person NAME" in said) is (holder != OPERATOR)


def test_one_answer_for_all_jobs_shows_each_and_the_exit_code_of_the_worst(
    enrolled: tuple[Teller, FakeAppliance],
) -> None:
    teller, fake = enrolled
    missing = AnsweredOne("bb22", error=ErrorPayload("key-needed", "Job bb22 can only be printed with a key."))
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.answers["Recovery.AnswerAll"] = lambda _: AnsweredAll((AnsweredOne("aa11", view=view()), missing), 2, 0)
    said = teller.run("answer", "--all", "--print", "--person", "Ann")
    assert said.code == 3
    first, second = said.out.splitlines()
    assert first.startswith("Job aa11 waits for its turn")
    assert second == "bb22  Job bb22 can only be printed with a key. [key-needed]"
    assert fake.received[1] == ("Recovery.AnswerAll", {"verdict": "print", "person": "Ann"})


def test_one_answer_for_all_counts_the_jobs_that_an_operator_holds(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    why = PassbookError("held-by-operator", job="bb22", person="Otto")
    held = AnsweredOne("bb22", error=ErrorPayload(why.code, str(why), why.facts))
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.answers["Recovery.AnswerAll"] = lambda _: AnsweredAll((AnsweredOne("aa11", view=view()), held), 2, 0)
    said = teller.run("answer", "--all", "--discard", "--person", "Ann")
    assert said.code == 4
    _, second, last = said.out.splitlines()
    assert second == f"bb22  {why} [held-by-operator]"
    assert last == "Passed over, because an operator holds them: 1 of 2."


def test_one_answer_for_no_job_says_so(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.answers["Recovery.AnswerAll"] = lambda _: AnsweredAll((), 0, 0)
    said = teller.run("answer", "--all", "--discard", "--person", "Ann", "--requester", "teller-2")
    assert said == (0, "There is no job to answer for.\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("--all", "--all-on-paper"),
        ("--all", "--from-line", "3"),
        ("--all", "--print", "--follow"),
        ("--all", "--print", "--new-key", "k"),
        ("--all", "aa11", "--print"),
        ("aa11", "--print", "--requester", "teller-2"),
        ("--print",),
    ],
)
def test_an_answer_for_all_is_print_discard_or_hold(teller: Teller, words: tuple[str, ...]) -> None:
    said = teller.run("answer", *words, "--person", "Ann")
    assert said.code == EXIT_CODES[Mender.CALLER]
    assert "usage: teller answer" in said.err
