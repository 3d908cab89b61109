"""`teller` as its users run it, against an appliance that answers from a script."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from client.connection import JOB, LEFT, QUESTION, STEP
from firmware.identity import pki
from passbook.document.plan import StepKind
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.actor import may_not_decide
from passbook.job.record import Acknowledged, Answered, Decider, HistoryKind, OnPaper, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.answer_all import AnsweredAll, AnsweredOne
from passbook.protocol.document import StoredDocument
from passbook.protocol.history_reply import HistoryLine, Summary
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    ErrorPayload,
    JobLeft,
    JobView,
    PrinterView,
    StatusReport,
    StepReport,
)
from passbook.protocol.notice import HistoryHead, HistoryHeads, Notice, NoticePage
from passbook.protocol.terminal_list import TerminalView
from storage.crypto.envelope import wrap_for_recovery
from terminal import keyring
from terminal.__main__ import main
from tests.client.test_connection import refuse
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running
from tests.terminal.samples import TWENTY, notice, question, stopped, view

pytestmark = pytest.mark.slow

COMPLETED = view(state=JobState.COMPLETED)
HEAD = HistoryHead("a", 7, bytes(range(32)))


class Said(NamedTuple):
    """How one run of `teller` ended and what it wrote."""

    code: int
    out: str
    err: str


class Teller:
    """A terminal's folder and the `teller` command that works on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self._passphrase = folder.with_name(f"{folder.name}.passphrase")
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text("open sesame\n")

    def run(self, *words: str | Path) -> Said:
        arguments = [str(word) for word in words]
        options = ["--home", str(self.folder), "--passphrase-file", str(self._passphrase)]
        try:
            code = main([*arguments, *options])
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        return Said(code, *self._capsys.readouterr())

    def json(self, *words: str | Path) -> Any:
        said = self.run(*words, "--json")
        assert said.code == 0, said.err
        return json.loads(said.out.splitlines()[-1])


@pytest.fixture
def teller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Teller:
    return Teller(tmp_path / "home", capsys)


@contextmanager
def appliance(branch: Branch, fake: FakeAppliance) -> Iterator[FakeAppliance]:
    """Serve `fake` in a thread of its own, since `teller` brings its own event loop."""
    with in_a_thread(lambda: running(branch, fake)):
        yield fake


@contextmanager
def in_a_thread(serving: Callable[[], AbstractAsyncContextManager[FakeAppliance]]) -> Iterator[None]:
    """Serve in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with serving():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        loop.close()


def enroll(branch: Branch, teller: Teller, name: str, address: str = "127.0.0.1:1") -> None:
    request = Path(teller.json("enroll", "--name", name)["request"])
    signed = teller.folder / "signed.pem"
    now = dt.datetime.now(dt.UTC)
    with suppress(PassbookError):
        pki.revoke(branch.ca, name, now)
    signed.write_bytes(pki.sign_request(branch.ca, request.read_bytes(), name, representative=False, now=now))
    finish(branch, teller, address)


def finish(branch: Branch, teller: Teller, address: str) -> None:
    files = "--certificate", teller.folder / "signed.pem", "--ca", branch.config / pki.AUTHORITY
    assert teller.run("enroll", *files, "--address", address).code == 0


@pytest.fixture
def enrolled(branch: Branch, teller: Teller) -> Iterator[tuple[Teller, FakeAppliance]]:
    """A terminal that is enrolled with a running appliance and has the key `key-a`."""
    enroll(branch, teller, "till-9")
    assert teller.run("keys", "new", "key-a").code == 0
    with appliance(branch, FakeAppliance()) as fake:
        finish(branch, teller, f"127.0.0.1:{fake.address.port}")
        yield teller, fake


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text("Closing time is 16:00.\n")
    return path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("jobs",), "There is no job that has not ended."),
        (("questions",), "There is no open question."),
        (("notices",), "There is no end of a job without an acknowledgement."),
        (("terminals",), "There is no terminal that is connected, was heard since the boot, or has jobs."),
        (("history",), "There is no such entry in the history."),
        (("history", "--summary", "hour"), "There is no end of a job to be counted."),
        (("answer", "--all", "--discard", "--person", "Ann"), "There is no job to answer for."),
    ],
)
def test_an_empty_list_says_what_there_is_none_of(
    enrolled: tuple[Teller, FakeAppliance], words: tuple[str, ...], sentence: str
) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": []}
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.answers["Spooler.ListNotices"] = lambda _: {"notices": []}
    fake.answers["Spooler.ListTerminals"] = lambda _: {"terminals": []}
    fake.answers["Spooler.GetHistory"] = lambda _: {}
    fake.answers["Recovery.AnswerAll"] = lambda _: AnsweredAll((), 0, 0)
    assert teller.run(*words) == (0, f"{sentence}\n", "")
    assert teller.json(*words) == []


def test_keys_are_made_and_listed_by_name(teller: Teller) -> None:
    assert teller.run("keys", "list").out == "There is no key in the key ring.\n"
    assert teller.json("keys", "new", "key-a") == {"keyRef": "key-a"}
    made = teller.json("keys", "new")["keyRef"]
    assert teller.json("keys", "list") == {"keys": ["key-a", made], "recovery": []}
    ring = keyring.load_ring(teller.folder / "keyring", b"open sesame")
    assert len(set(ring.keys.values())) == 2
    said = teller.run("keys", "list")
    assert said.out.splitlines() == ["key-a", made]


def test_a_name_that_is_taken_changes_nothing(teller: Teller) -> None:
    teller.run("keys", "new", "key-a")
    before = (teller.folder / "keyring").read_bytes()
    said = teller.run("keys", "new", "key-a")
    assert (said.code, said.out) == (3, "")
    assert said.err.endswith("[key-exists]\n")
    assert (teller.folder / "keyring").read_bytes() == before


def test_the_recovery_key_is_split_between_ring_and_appliance(teller: Teller, tmp_path: Path) -> None:
    public = tmp_path / "branch.pub"
    assert teller.json("keys", "recovery-new", public)["keyRef"] == "branch-recovery"
    private = keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"]
    derived = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert bytes.fromhex(public.read_text().strip()) == derived
    assert teller.run("keys", "recovery-new", public).code == 6
    assert keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"] == private


def test_a_wrong_passphrase_is_one_sentence(teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teller.run("keys", "new")
    other = tmp_path / "other"
    other.touch(mode=0o600)
    other.write_text("abracadabra")
    arguments = ["--home", str(teller.folder), "--passphrase-file", str(other), "keys", "list"]
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.split()[-1]) == ("", 1, "[keyring-locked]")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("enroll",),
        ("enroll", "--name", "a", "--ca", "x"),
        ("enroll", "--certificate", "x", "--ca", "y"),
        ("answer", "aa11", "--person", "Ann"),
        ("answer", "aa11", "--print"),
        ("answer", "aa11", "--print", "--hold", "--person", "Ann"),
        ("print", "file.txt", "--page", "3"),
        ("print", "file.txt", "--page", "0", "--line", "1"),
        ("print", "file.txt", "--page", "3", "--line", "12345"),
        ("cancel", "aa11"),
        ("dance",),
    ],
)
def test_what_is_not_a_command_ends_with_its_usage(teller: Teller, words: tuple[str, ...]) -> None:
    said = teller.run(*words)
    assert said.code == EXIT_CODES[Mender.CALLER]
    assert "usage: teller" in said.err
    assert "Traceback" not in said.err


def test_before_enrollment_the_sentence_says_so(teller: Teller) -> None:
    said = teller.run("jobs")
    assert said.code == 6
    assert "not enrolled" in said.err
    assert said.err.count("\n") == 1


def test_a_name_with_capitals_is_refused(teller: Teller) -> None:
    said = teller.run("enroll", "--name", "Till-9")
    assert (said.code, said.err[-17:]) == (5, "[name-malformed]\n")


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


def test_an_error_of_the_appliance_is_its_sentence_and_its_exit_code(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    error = may_not_decide("till-9", "aa11")
    fake.answers["Spooler.CancelJob"] = refuse(error)
    said = teller.run("cancel", "aa11", "--person", "Ann")
    assert said == (3, "", f"{error} [not-permitted]\n")
    said = teller.run("cancel", "aa11", "--person", "Ann", "--json")
    assert json.loads(said.err)["errorCode"] == "not-permitted"


def printing(fake: FakeAppliance, *events: tuple[str, Any]) -> None:
    printer = PrinterView("window-1", MechanismStatus(Device.ONLINE, Media.NOT_PRESENT), 0)
    fake.answers["Common.Status"] = lambda _: StatusReport((printer,))
    fake.answers["Spooler.SubmitJob"] = lambda _: view(steps=2)
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": []}
    fake.greet = list(events)


def test_a_document_is_printed_with_the_newest_key_of_the_ring(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    printing(fake, (STEP, StepReport("aa11", 1, 2, 2, StepKind.LINE, 1, 1)), (JOB, COMPLETED))
    teller.run("keys", "new", "key-b")
    said = teller.run("print", document, "--name", "Notice", "--priority", "60", "--request", "r-7")
    assert said.code == 0, said.err
    assert "Line 1 of 1 is on paper." in said.out
    name, sent = fake.received[-1]
    assert name == "Spooler.SubmitJob"
    assert (sent["clientRequest"], sent["printer"], sent["format"], sent["priority"]) == ("r-7", "window-1", "text", 60)
    assert (sent["keyRef"], sent["name"]) == ("key-b", "Notice")
    assert "start" not in sent


def test_place_key_and_printer_can_be_said(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    printing(fake)
    options = ["--page", "3", "--line", "4", "--key", "key-a", "--printer", "window-2", "--format", "text"]
    assert teller.run("print", document, *options, "--layout", "sheet-2", "--no-wait").code == 0
    ((_, sent),) = fake.received
    assert (sent["start"], sent["keyRef"], sent["printer"]) == ({"page": 3, "line": 4}, "key-a", "window-2")
    assert sent["layout"] == "sheet-2"
    assert len(sent["clientRequest"]) == 16
    assert teller.run("print", document, "--key", "key-z").code == 3


def test_a_job_may_go_without_a_key_when_that_is_said(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    printing(fake)
    assert teller.run("print", document, "--no-key", "--no-wait", "--printer", "window-1").code == 0
    assert "key" not in fake.received[-1][1]


def test_the_exit_code_says_whether_it_was_completed(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    printing(fake, (JOB, view(state=JobState.CANCELED)))
    assert teller.run("print", document).code == 1


def test_several_printers_have_to_be_named(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    status = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)
    several = StatusReport((PrinterView("window-1", status, 0), PrinterView("window-2", status, 0)))
    fake.answers["Common.Status"] = lambda _: several
    said = teller.run("print", document)
    assert said.code == 5
    assert "window-1, window-2" in said.err


def test_a_stopped_job_is_shown_and_its_end_awaited(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, question(stopped(11, 12), TWENTY)), (JOB, COMPLETED))
    said = teller.run("print", document)
    assert said.code == 0
    assert " 12  line 24 |?????????? ??????| in doubt" in said.out
    assert "How shall it go on" not in said.out
    events = [json.loads(line) for line in teller.run("print", document, "--json").out.splitlines()]
    assert [event["event"] for event in events] == ["request", "Spooler.SubmitJob", QUESTION, JOB]


def piped(teller: Teller, document: bytes, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `teller` with a document on its standard input."""
    secret = teller.folder.with_name(f"{teller.folder.name}.passphrase")
    options = ["--home", str(teller.folder), "--passphrase-file", str(secret)]
    command = [sys.executable, "-m", "terminal", *words, *options]
    done = subprocess.run(command, input=document, capture_output=True, check=False, timeout=60)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_document_may_come_from_standard_input(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    printing(fake, (JOB, COMPLETED))
    said = piped(teller, b"Closing time is 16:00.\n", "print", "-", "--format", "text")
    assert (said.returncode, said.stderr) == (0, "")
    assert base64.b64decode(fake.received[-1][1]["document"]) == b"Closing time is 16:00.\n"


def test_standard_input_says_its_format_and_has_an_end(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    said = teller.run("print", "-")
    assert said.code == EXIT_CODES[Mender.CALLER]
    assert "give --format with -" in said.err
    longer = piped(teller, bytes(MAX_DOCUMENT + 1), "print", "-", "--format", "text", "--printer", "window-1")
    assert longer.stderr.endswith("[document-too-large]\n")
    assert fake.received == []


def test_a_folder_is_no_document(enrolled: tuple[Teller, FakeAppliance], tmp_path: Path) -> None:
    teller, _ = enrolled
    said = teller.run("print", tmp_path, "--format", "text")
    assert (said.code, said.err.count("\n")) == (6, 1)
    assert said.err.endswith("[file-problem]\n")


@pytest.mark.parametrize(("state", "code"), [(JobState.COMPLETED, 0), (JobState.CANCELED, 1), (JobState.ABORTED, 1)])
def test_a_request_that_ended_before_has_the_exit_code_of_its_end(
    enrolled: tuple[Teller, FakeAppliance], document: Path, state: JobState, code: int
) -> None:
    teller, fake = enrolled
    printing(fake)
    fake.answers["Spooler.SubmitJob"] = lambda _: view(state=state)
    for wait in ((), ("--no-wait",)):
        said = teller.run("print", document, "--request", "r-7", *wait)
        assert said.code == code
        assert "nothing is printed now" in said.out
        assert "Take" not in said.out


def test_a_job_is_followed_by_its_id(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.GetJob"] = lambda _: view(state=JobState.PROCESSING)
    fake.greet = [(JOB, view(state=JobState.CANCELED))]
    assert teller.run("follow", "aa11").code == 1
    fake.answers["Spooler.GetJob"] = refuse(PassbookError("unknown-job", job="cc33"))
    assert teller.run("follow", "cc33").err.endswith("[unknown-job]\n")


def test_a_watch_by_a_program_is_one_event_a_line(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": []}
    fake.greet = [(QUESTION, question(stopped(11, 12), TWENTY)), (JOB, COMPLETED)]
    secret = teller.folder.with_name(f"{teller.folder.name}.passphrase")
    options = ["--home", str(teller.folder), "--passphrase-file", str(secret)]
    command = [sys.executable, "-m", "terminal", "watch", "--json", *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout
        events = [json.loads(process.stdout.readline())["event"] for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert events == ["open", QUESTION, JOB]


def test_a_file_that_is_not_there_is_named(enrolled: tuple[Teller, FakeAppliance], tmp_path: Path) -> None:
    teller, _ = enrolled
    said = teller.run("print", tmp_path / "missing.txt")
    assert said.code == 6
    assert "missing.txt" in said.err


def asking(fake: FakeAppliance, **changes: Any) -> None:
    asked = question(stopped(11, 12), TWENTY, **changes)
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [asked]}
    fake.answers["Recovery.AnswerQuestion"] = lambda _: view(confirmed=11)
    fake.answers["Spooler.GetJob"] = lambda payload: view(job=payload["job"])


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


LINE = HistoryLine(
    "2026-03-02T09:30:00",
    HistoryKind.ENDED,
    view(state=JobState.COMPLETED),
    Answered(1, Verdict.PRINT, 1, 0, "till-9", "Ann", Decider("manager", "Rita")),
    None,
    3,
)


def test_history_is_shown_and_counted(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    group = Summary("till-9", 3, 1, 1, 1, 0, 20, 90)
    fake.answers["Spooler.GetHistory"] = lambda asked: (
        {"summary": [group]} if "summary" in asked else {"entries": [LINE]}
    )
    said = teller.run("history", "--job", "aa", "--since", "2026-03-02Z", "--last", "7")
    assert fake.received[-1][1] == {"job": "aa", "since": "2026-03-02T00:00:00", "last": 7}
    assert "print all of it by Ann at till-9, confirmed by Rita at manager. 3 lines were ordered again." in said.out
    said = teller.run("history", "--summary", "terminal")
    assert said.out.splitlines()[1].split() == ["till-9", "3", "1", "1", "1", "0", "20", "s", "90", "s"]
    assert teller.json("history", "--summary", "terminal")[0]["worstWaiting"] == 90


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--since", "yesterday"), "not-a-time"),
        (("--until", "2026-02-30"), "not-a-time"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "times-exchanged"),
        (("--outcome", "nonsense"), "unknown-outcome"),
    ],
)
def test_a_question_about_history_that_makes_no_sense_is_not_sent(
    enrolled: tuple[Teller, FakeAppliance], words: tuple[str, ...], code: str
) -> None:
    teller, fake = enrolled
    said = teller.run("history", *words)
    assert said.err.endswith(f"[{code}]\n")
    assert said.code == EXIT_CODES[Mender.CALLER]
    assert fake.received == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("history", "--last", "0"), "--last: expected a whole number from 1 to 1000"),
        (("history", "--last", "5000"), "--last: expected a whole number from 1 to 1000"),
        (("history", "--person", "\udcff"), "--person: in the locale of this screen the bytes ff are no letters"),
        (("environment", "--timeout", "999"), "--timeout: expected seconds, a number above 0 and at most 300"),
        (("print", "x.csv", "--priority", "101"), "--priority: expected a whole number from 1 to 100"),
        (("print", "x.csv", "--page", "0", "--line", "1"), "--page: expected a whole number from 1 to 9999"),
        (("print", "x.csv", "--request", ""), "--request: expected 1 to 128 printable characters"),
        (("print", "x.csv", "--name", "x" * 129), "--name: expected 1 to 128 printable characters"),
        (("cancel", "aa11", "--person", " "), "--person: expected 1 to 128 printable characters"),
        (("hold", "", "--person", "Ann"), "JOB: expected 1 to 128 printable characters"),
        (("answer", "aa11", "--print", "--person", "a\nb"), "--person: expected 1 to 128 printable characters"),
        (
            ("answer", "aa11", "--from-line", "0", "--person", "Ann"),
            "--from-line: expected a whole number from 1 to 999999",
        ),
        (("answer", "aa11", "--discard", "--new-key", "k", "--person", "Ann"), "--new-key goes with --print"),
        (("notices", "\x1b[2J"), "JOB: expected 1 to 128 printable characters"),
        (("keys", "new", " "), "REF: expected 1 to 128 printable characters"),
    ],
)
def test_what_a_person_typed_is_judged_at_the_command_with_what_is_expected(
    enrolled: tuple[Teller, FakeAppliance], words: tuple[str, ...], sentence: str
) -> None:
    teller, fake = enrolled
    said = teller.run(*words)
    assert said.code == EXIT_CODES[Mender.CALLER]
    assert sentence in said.err.splitlines()[-1]
    assert fake.received == []


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


def test_the_command_is_a_process_without_tracebacks(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "terminal", "--home", str(tmp_path), "keys", "new"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 3
    assert ended.stderr.endswith("[passphrase-missing]\n")
    assert ended.stderr.count("\n") == 1


def test_who_stops_reading_gets_no_traceback(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view()] * 2000}
    command = [sys.executable, "-m", "terminal", "--home", str(teller.folder), "jobs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 1


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


ENDED = notice(view(state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,)), OnPaper(4, 2, 3), HEAD)
WORDS = "was canceled: a person canceled it. 2 of 4 lines are on paper, line 3 is in doubt."


def with_notices(fake: FakeAppliance) -> None:
    other = notice(view(job="bb22", state=JobState.COMPLETED, sequence=2))
    fake.answers["Spooler.ListNotices"] = lambda _: NoticePage((ENDED, other))


def test_open_ends_are_shown_and_not_taken_note_of_by_that(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    with_notices(fake)
    first, second = teller.run("notices").out.splitlines()
    assert "Job aa11 of teller-1 for window-1 was canceled" in first
    assert WORDS in first
    assert "Job bb22 of teller-1" in second
    assert "on paper" not in second, "what is not known is not said"
    assert [one["job"]["job"] for one in teller.json("notices")] == ["aa11", "bb22"]
    assert "Spooler.AcknowledgeNotice" not in [name for name, _ in fake.unasked]


@pytest.mark.parametrize(("named", "noted"), [([], ["aa11", "bb22"]), (["bb22"], ["bb22"])])
def test_those_that_were_shown_are_taken_note_of(
    enrolled: tuple[Teller, FakeAppliance], named: list[str], noted: list[str]
) -> None:
    teller, fake = enrolled
    with_notices(fake)
    said = teller.run("notices", *named, "--acknowledge")
    assert re.findall(r"Job (\S+) of", said.out) == noted
    assert [sent["job"] for name, sent in fake.unasked if name == "Spooler.AcknowledgeNotice"] == noted


def test_an_end_that_is_not_open_is_said_so_before_anything_is_taken_note_of(
    enrolled: tuple[Teller, FakeAppliance],
) -> None:
    teller, fake = enrolled
    with_notices(fake)
    said = teller.run("notices", "aa11", "cc33", "--acknowledge")
    assert (said.code, said.out) == (3, "")
    assert "no-such-notice" in said.err
    assert "Spooler.AcknowledgeNotice" not in [name for name, _ in fake.unasked]


def test_an_end_that_cannot_be_acknowledged_is_printed_all_the_same(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    printing(fake, (JOB, COMPLETED))
    fake.answers["Spooler.AcknowledgeNotice"] = refuse(PassbookError("area-fenced", area="a", why="it failed"))
    said = teller.run("print", document)
    assert said.code == 0
    assert "end-not-acknowledged" in said.err
    assert said.err.count("\n") == 1


def test_another_history_is_told_once_in_a_command_that_goes_on(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view()]}
    fake.answers["Spooler.GetHistoryHeads"] = lambda _: HistoryHeads((HEAD,), ())
    assert teller.run("jobs").err == ""
    shorter = HistoryHead("a", 3, bytes(32))
    fake.answers["Spooler.GetHistoryHeads"] = lambda _: HistoryHeads((shorter,), ())
    said = teller.run("jobs")
    assert (said.code, said.err.count("history-rolled-back")) == (0, 1)
    assert said.out.splitlines()[1].startswith("aa11")
    assert teller.run("accept-rollback").out == "a  3 entries\n"
    assert teller.run("jobs").err == ""


def test_a_memory_that_cannot_be_read_stops_nobody(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.ListJobs"] = lambda _: {"jobs": [view()]}
    (teller.folder / "history-heads.json").write_text("{")
    said = teller.run("jobs")
    assert (said.code, said.out.splitlines()[1][:4]) == (0, "aa11")
    assert "history-heads.json" in said.err
    assert "file-problem" in said.err


@pytest.mark.parametrize("place", ["x" * 300, "/".join(["x" * 200] * 30)])
def test_a_path_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    wrong = tmp_path / place
    teller, nowhere, locked = (Teller(tmp_path / name, capsys) for name in ("home", "none", "locked"))
    assert teller.run("enroll", "--name", "teller-1").code == 0
    nowhere.folder = locked._passphrase = wrong
    enroll = ("enroll", "--address", "h:1")
    for said in (
        *(nowhere.run(*words) for words in (["enroll", "--name", "t"], ["jobs"], ["keys", "list"], ["keys", "new"])),
        *(teller.run(*enroll, "--ca", one, "--certificate", two) for one, two in ((wrong, "b"), ("a", wrong))),
        teller.run("keys", "recovery-new", wrong),
        teller.run("print", wrong, "--printer", "p", "--format", "text", "--no-key"),
        locked.run("keys", "new"),
    ):
        assert (said.code, said.out) == (EXIT_CODES[Mender.CALLER], "")
        assert said.err.endswith("[file-problem]\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["jobs", "--home", ""], "--home: expected a path"),
        (["keys", "list", "--passphrase-file", " "], "--passphrase-file: expected a path"),
        (["enroll", "--ca", ""], "--ca: expected a path"),
        (["enroll", "--certificate", ""], "--certificate: expected a path"),
        (["enroll", "--address", ""], "--address: expected a host of 1 to 259 printable characters without blanks"),
        (["enroll", "--server-name", ""], "--server-name: expected 1 to 128 printable characters"),
        (["keys", "recovery-new", ""], "FILE.pub: expected a path"),
        (["print", ""], "FILE: expected a path"),
        (
            ["print", "a", "--format", "x" * 9999],
            "--format: expected one of passbook-update+csv, passbook-update+json, text",
        ),
        (["history", "--summary", "x" * 9999], "--summary: expected one of terminal, hour, outcome, waiting, side"),
    ],
)
def test_a_path_or_word_that_is_none_is_refused_as_it_was_typed(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == EXIT_CODES[Mender.CALLER]
    assert capsys.readouterr().err.endswith(f"error: argument {sentence}\n")
