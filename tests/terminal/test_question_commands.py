"""Open questions and their answers, by words and at a terminal of the system."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.job.states import JobState
from passbook.job.waiting import Waiting, Why
from passbook.protocol.events import JOB, QUESTION
from storage.crypto.envelope import wrap_for_recovery
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import COMPLETED, Teller, asking, document, enrolled, printing, teller
from tests.terminal.samples import TWENTY, question, stopped, view

__all__ = ["document", "enrolled", "teller"]

pytestmark = pytest.mark.slow


def test_open_questions_are_drawn(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    asking(fake)
    said = teller.run("questions")
    assert "Lines 1 to 11 are on paper; line 12 is in doubt; lines 13 to 20 are left." in said.out
    assert teller.json("questions")[0]["inDoubt"] == 12


@pytest.mark.parametrize(
    ("words", "verdict", "step"),
    [
        (("--print",), "print", 0),
        (("--from-line", "13"), "resume", 13),
        (("--from-line", "12"), "resume", 12),
        (("--discard",), "discard", 0),
        (("--hold",), "hold", 0),
    ],
)
def test_an_answer_takes_its_key_from_the_ring(
    enrolled: tuple[Teller, FakeAppliance], words: tuple[str, ...], verdict: str, step: int
) -> None:
    teller, fake = enrolled
    asking(fake)
    assert teller.run("answer", "aa11", *words, "--person", "Ann").code == 0
    name, given = fake.received[-1]
    assert name == "Recovery.AnswerQuestion"
    assert (given["verdict"], given.get("step", 0), given["inDoubt"], given["person"]) == (verdict, step, 12, "Ann")
    assert ("key" in given) is (verdict in {"print", "resume"})


@pytest.mark.parametrize(
    ("state", "code", "told"), [(JobState.COMPLETED, 0, []), (JobState.CANCELED, 1, ["Spooler.JobEndedEvent"])]
)
def test_an_answer_may_stay_to_the_end_that_it_leads_to(
    enrolled: tuple[Teller, FakeAppliance], state: JobState, code: int, told: list[str]
) -> None:
    """Of one that was not completed it tells what is on paper."""
    teller, fake = enrolled
    asking(fake)
    fake.greet = [(JOB, view(state=state))]
    said = teller.run("answer", "aa11", "--from-line", "13", "--person", "Ann", "--follow", "--json")
    assert said.code == code
    assert [json.loads(line)["event"] for line in said.out.splitlines()] == ["Recovery.AnswerQuestion", JOB, *told]


def test_an_order_that_takes_two_says_so(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    asking(fake)
    fake.answers["Recovery.AnswerQuestion"] = lambda _: stopped(11, 12)
    said = teller.run("answer", "aa11", "--print", "--person", "Ann")
    assert said.code == 4
    assert "A second person must confirm at another terminal: the order of Ann at this terminal" in said.err
    fake.greet = [(JOB, view(state=JobState.COMPLETED))]
    said = teller.run("answer", "aa11", "--print", "--person", "Ann", "--follow")
    assert (said.code, "A second person must confirm" in said.err) == (0, True)


def test_an_answer_can_bring_a_new_key(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    asking(fake, readable=True)
    teller.run("keys", "new", "key-n")
    assert teller.run("answer", "aa11", "--print", "--person", "Ann", "--new-key", "key-n").code == 0
    given = fake.received[-1][1]
    assert given["newKeyRef"] == "key-n"
    assert "key" not in given


def test_a_representative_answers_with_the_branch_recovery_key(
    enrolled: tuple[Teller, FakeAppliance], tmp_path: Path
) -> None:
    teller, fake = enrolled
    public = tmp_path / "branch.pub"
    teller.run("keys", "recovery-new", public)
    wrap = wrap_for_recovery(b'["aa11"]', b"d" * 32, bytes.fromhex(public.read_text().strip()), "branch-recovery")
    asked = question(stopped(11, 12, key_ref="key-of-another"), TWENTY, wraps=[wrap])
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [asked]}
    fake.answers["Recovery.AnswerQuestion"] = lambda _: view()
    assert teller.run("answer", "aa11", "--print", "--person", "Rita").code == 0
    given = fake.received[-1][1]
    assert given["dataKey"] == "ZGRk" * 10 + "ZGQ="
    assert "key" not in given


def test_a_job_that_asks_nothing_cannot_be_answered(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    asking(fake)
    said = teller.run("answer", "cc33", "--discard", "--person", "Ann")
    assert (said.code, said.err.split()[-1]) == (3, "[not-allowed-in-state]")
    waits = view(job="cc33", state=JobState.PROCESSING_STOPPED, waiting=Waiting(Why.OWN_BOOK), format="passbook-update")
    fake.answers["Spooler.GetJob"] = lambda _: waits
    said = teller.run("answer", "cc33", "--discard", "--person", "Ann")
    assert " is waiting for its book, so it cannot be changed by an answer." in said.err
    fake.answers["Spooler.GetJob"] = refuse(PassbookError("unknown-job", job="cc33"))
    assert teller.run("answer", "cc33", "--discard", "--person", "Ann").err.endswith("[unknown-job]\n")


def test_an_answer_whose_reply_was_lost_is_given_again_unchanged(
    enrolled: tuple[Teller, FakeAppliance], monkeypatch: pytest.MonkeyPatch
) -> None:
    teller, fake = enrolled
    asking(fake)
    monkeypatch.setattr("terminal.commands.recovery.PAUSES", (0.0, 0.0))
    given: list[Any] = []

    def answer(payload: Any) -> Any:
        given.append(payload)
        if len(given) == 1:
            fake.cut()
        return view()

    fake.answers["Recovery.AnswerQuestion"] = answer
    said = teller.run("answer", "aa11", "--print", "--person", "Ann")
    assert said.code == 0
    assert given[0] == given[1]
    assert said.out.startswith("The appliance has not answered yet; trying again. Ctrl-C ends this command.\n")


def test_a_teller_at_a_tty_is_asked_and_the_answer_is_sent(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, question(stopped(11, 12), TWENTY)))

    def answer(_payload: Any) -> Any:
        async def then_completed() -> Any:
            await fake.tell(JOB, COMPLETED)
            return view()

        return then_completed()

    fake.answers["Recovery.AnswerQuestion"] = answer
    person, tty = pty.openpty()
    secret = teller.folder.with_name(f"{teller.folder.name}.passphrase")
    command = [sys.executable, "-m", "terminal", "print", str(document)]
    options = ["--home", str(teller.folder), "--passphrase-file", str(secret)]
    with subprocess.Popen([*command, *options], stdin=tty, stdout=tty, stderr=tty) as process:
        os.close(tty)
        seen = read_until(person, b"Your name: ")
        os.write(person, b"Ann\n")
        read_until(person, b"go on? ")
        os.write(person, b"13\n")
        assert process.wait(60) == 0
    os.close(person)
    assert b"line 12 is not on paper: print it, then go on" in seen
    given = fake.received[-1][1]
    assert (given["person"], given["verdict"], given["step"]) == ("Ann", "resume", 13)


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """All that is written to a tty up to `wanted`; OSError when the writer ends before."""
    seen = b""
    while wanted not in seen:
        assert select.select([descriptor], [], [], 60)[0], seen
        seen += os.read(descriptor, 4096)
    return seen
