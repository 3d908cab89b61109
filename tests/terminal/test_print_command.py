"""`teller print`: from a document to the end of its job."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passbook.document.plan import StepKind
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.states import JobState
from passbook.protocol.events import JOB, QUESTION, STEP
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    PrinterView,
    StatusReport,
    StepReport,
)
from passbook.protocol.two_spools import PrinterFacts
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import COMPLETED, Teller, document, enrolled, printing, teller
from tests.terminal.samples import TWENTY, question, stopped, view

__all__ = ["document", "enrolled", "teller"]

pytestmark = pytest.mark.slow


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
    names = ("window-1", "window-2", "bank")
    several = StatusReport(tuple(PrinterView(name, status, 0) for name in names))
    # The last one is a next hop, which prints nothing.
    facts = tuple(PrinterFacts(name, "pr2", "cp858", "/dev/x", False, 1.0, 1.0) for name in names[:2])
    fake.answers |= {
        "Common.Status": lambda _: several,
        "Spooler.GetLayouts": lambda _: LayoutsReply(facts, (), (), ()),
    }
    said = teller.run("print", document)
    assert said.code == 5
    assert "window-1, window-2" in said.err
    assert "bank" not in said.err


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


@pytest.mark.long
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
