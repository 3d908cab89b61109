"""`teller` as a process at a tty, against an appliance that answers from a script: what a person sees and types."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from client.transport import Address
from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.job.states import JobState, Reason
from passbook.protocol.events import JOB, PROMPT, QUESTION, QUESTION_CLOSED
from passbook.protocol.messages import Prompt
from terminal.home import Home
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import COMPLETED, Teller, document, enrolled, printing, teller
from tests.terminal.samples import TWENTY, notice, question, stopped, view

__all__ = ["document", "enrolled", "teller"]

INTERRUPTED = 130
ASKED = question(stopped(11, 12), TWENTY)
BOOK = Prompt("aa11", "window-1", "insert", 3)


class Screen:
    """A process at a tty, and the person who sits there."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._seen = ""

    def until(self, text: str) -> None:
        """Look at the screen until this stands there, behind all that was waited for before."""
        while text not in self._seen:
            assert self._look(), self._seen
        self._seen = self._seen.partition(text)[2]

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def type_ahead(self, keys: str) -> None:
        """Type while no question stands there: the tty itself shows it, and keeps it."""
        self.type(keys)
        self.until(keys)

    def end(self) -> tuple[int, str]:
        """The exit code, and what stood on the screen at last."""
        while self._look():
            pass
        return self.process.wait(60), self._seen

    def echoes(self) -> bool:
        """Whether the tty shows what is typed."""
        return bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)

    def _look(self) -> bool:
        """Take in what the screen shows next; whether the process still has it."""
        assert select.select([self._descriptor], [], [], 60)[0], self._seen
        try:
            self._seen += os.read(self._descriptor, 4096).decode().replace("\r\n", "\n")
        except OSError:
            return False
        return True


@contextmanager
def at_tty(person: Teller, *words: str | Path, passphrase: bool = True, ahead: str = "") -> Iterator[Screen]:
    """Run `teller` at a tty of its own, so that Ctrl-C there reaches it; `ahead` is typed before it begins."""
    ours, tty = pty.openpty()
    os.write(ours, ahead.encode())
    secret = person.folder.with_name(f"{person.folder.name}.passphrase")
    options = ["--home", str(person.folder), *(["--passphrase-file", str(secret)] if passphrase else [])]
    command = ["setsid", "--ctty", sys.executable, "-m", "terminal", *map(str, words), *options]
    with subprocess.Popen(command, stdin=tty, stdout=tty, stderr=tty) as process:
        os.close(tty)
        try:
            yield Screen(process, ours)
        finally:
            process.kill()
            process.wait(60)
            os.close(ours)


@pytest.fixture
def answered(enrolled: tuple[Teller, FakeAppliance]) -> list[dict[str, Any]]:
    """The answers that the appliance took; each completes the job."""
    _, fake = enrolled
    taken: list[dict[str, Any]] = []

    async def answer(payload: dict[str, Any]) -> Any:
        taken.append(payload)
        await fake.tell(JOB, COMPLETED)
        return view()

    fake.answers["Recovery.AnswerQuestion"] = answer
    return taken


@pytest.mark.long
@pytest.mark.parametrize("ahead", ["d\n", "Ann\nd\ny\n"])
def test_nothing_that_was_typed_ahead_names_a_person_or_answers_a_question(
    enrolled: tuple[Teller, FakeAppliance], document: Path, answered: list[dict[str, Any]], ahead: str
) -> None:
    """The book is asked for, the person types, and then it jams."""
    teller, fake = enrolled
    printing(fake, (PROMPT, BOOK))
    with at_tty(teller, "print", document) as screen:
        screen.until("Put the book into window-1")
        screen.type_ahead(ahead)
        fake.from_thread(fake.tell(QUESTION, ASKED))
        screen.until("Your name: ")
        screen.type("Rita\n")
        screen.until("How shall it go on? ")
        assert answered == []
        screen.type("12\n")
        screen.until("Rita answers for job aa11: go on with line 12.")
        assert screen.end()[0] == 0
    assert [(given["person"], given["verdict"], given["step"]) for given in answered] == [("Rita", "resume", 12)]


@pytest.mark.slow
def test_an_answer_to_a_question_that_was_replaced_is_thrown_away_and_says_so(
    enrolled: tuple[Teller, FakeAppliance], document: Path, answered: list[dict[str, Any]]
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, ASKED))
    newer = question(msgspec.structs.replace(stopped(12, 13), epoch=3), TWENTY)
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        screen.type("1")
        screen.until("1")
        fake.from_thread(fake.tell(QUESTION_CLOSED, ASKED.job))
        screen.until("The question is gone; the typed answer was not sent.")
        fake.from_thread(fake.tell(QUESTION, newer))
        screen.until("How shall it go on? ")
        assert answered == []
        screen.type("13\n")
        assert screen.end()[0] == 0
    assert [(given["epoch"], given["inDoubt"]) for given in answered] == [(3, 13)]


@pytest.mark.slow
def test_a_message_does_not_share_the_line_of_a_prompt(
    enrolled: tuple[Teller, FakeAppliance], document: Path, answered: list[dict[str, Any]]
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, ASKED))
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        screen.type("1")
        screen.until("1")
        fake.from_thread(fake.tell(PROMPT, Prompt("", "window-1", "take", 0)))
        screen.until("\nTake the book or sheet out of window-1.\nHow shall it go on? 1")
        screen.type("2\n")
        assert screen.end()[0] == 0
    assert [given["step"] for given in answered] == [12]


@pytest.mark.slow
def test_ctrl_d_leaves_a_question_and_the_next_one_is_asked(
    enrolled: tuple[Teller, FakeAppliance], document: Path, answered: list[dict[str, Any]]
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, ASKED))
    newer = question(msgspec.structs.replace(stopped(12, 13), epoch=3), TWENTY)
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        screen.type("\x04")
        screen.until("teller answer aa11.2 --from-line N --person NAME")
        fake.from_thread(fake.tell(QUESTION, newer))
        screen.until("How shall it go on? ")
        screen.type("13\n")
        assert screen.end()[0] == 0
    assert [given["epoch"] for given in answered] == [3]


@pytest.mark.long
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_at_a_prompt_says_what_goes_on_and_gives_the_tty_back(
    enrolled: tuple[Teller, FakeAppliance], document: Path, times: int
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, ASKED))
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        assert not screen.echoes()
        screen.type("\x03" * times)
        code, seen = screen.end()
        assert screen.echoes()
    assert code == INTERRUPTED
    assert "only this screen has left it." in seen
    assert "  teller follow aa11\n" in seen
    assert "  teller cancel aa11 --person NAME\n" in seen
    assert "Traceback" not in seen


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_ends_a_command_at_a_prompt_says_what_goes_on_and_gives_the_tty_back(
    enrolled: tuple[Teller, FakeAppliance], document: Path, number: signal.Signals
) -> None:
    teller, fake = enrolled
    printing(fake, (QUESTION, ASKED))
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        screen.process.send_signal(number)
        code, seen = screen.end()
        assert screen.echoes()
    assert (code, "  teller follow aa11\n" in seen) == (INTERRUPTED, True)


@pytest.mark.slow
def test_a_job_that_is_canceled_elsewhere_ends_its_prompt_first(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    canceled = view(state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,), valid=False)
    printing(fake, (QUESTION, ASKED))
    fake.answers["Spooler.ListNotices"] = lambda _: {"notices": [notice(canceled)]}
    with at_tty(teller, "print", document, "--person", "Ann") as screen:
        screen.until("How shall it go on? ")
        fake.from_thread(fake.tell(JOB, canceled))
        code, seen = screen.end()
    assert (code, "was canceled" in seen, "How shall it go on?" in seen) == (1, True, False)


@pytest.mark.slow
def test_ctrl_c_before_the_acceptance_says_how_to_send_it_again(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    printing(fake)
    del fake.answers["Spooler.SubmitJob"]
    with at_tty(teller, "print", document) as screen:
        fake.from_thread(fake.until_it_came("Spooler.SubmitJob"))
        screen.type("\x03")
        code, seen = screen.end()
    [sent] = [payload for name, payload in fake.received if name == "Spooler.SubmitJob"]
    assert code == INTERRUPTED
    assert f"\n  teller print {document} --home" in seen
    assert "^C\nThe terminal does not know" in seen
    assert f" --request {sent['clientRequest']}\n" in seen
    assert "Traceback" not in seen


@pytest.mark.slow
def test_ctrl_c_while_it_connects_ends_without_a_traceback(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, _ = enrolled
    with socket.create_server(("127.0.0.1", 0)) as silent:
        Home(teller.folder).save_address(Address("127.0.0.1", silent.getsockname()[1], "window-server"))
        with at_tty(teller, "jobs") as screen:
            connection, _ = silent.accept()
            screen.type("\x03")
            code, seen = screen.end()
            connection.close()
    assert (code, "Traceback" in seen) == (INTERRUPTED, False)


@pytest.mark.slow
@pytest.mark.parametrize("ahead", ["wrong\n", "wrong"])
def test_a_passphrase_is_not_taken_from_what_was_typed_ahead(
    enrolled: tuple[Teller, FakeAppliance], ahead: str
) -> None:
    teller, _ = enrolled
    with at_tty(teller, "keys", "list", passphrase=False, ahead=ahead) as screen:
        screen.until(ahead)
        screen.until("Passphrase of the key ring: ")
        screen.type("open sesame\n")
        code, seen = screen.end()
    assert (code, "key-a" in seen) == (0, True)


@pytest.mark.slow
def test_ctrl_c_at_the_passphrase_ends_at_once_and_gives_the_tty_back(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, _ = enrolled
    with at_tty(teller, "keys", "list", passphrase=False) as screen:
        screen.until("Passphrase of the key ring: ")
        screen.type("\x03")
        code, seen = screen.end()
        assert screen.echoes()
    assert (code, "Traceback" in seen) == (INTERRUPTED, False)


@pytest.mark.long
@pytest.mark.parametrize("times", [1, 2])
def test_who_leaves_a_watch_is_told_what_stays_open(enrolled: tuple[Teller, FakeAppliance], times: int) -> None:
    teller, fake = enrolled
    fake.answers["Recovery.ListQuestions"] = lambda _: {"questions": [ASKED]}
    fake.greet = [(QUESTION, ASKED)]
    with at_tty(teller, "watch", "--person", "Rita") as screen:
        screen.until("Open now: 1 question, 0 notices.")
        screen.until("How shall it go on? ")
        screen.type("\x03" * times)
        code, seen = screen.end()
    assert code == INTERRUPTED
    assert "Still open: 1 question (teller questions), 0 notices (teller notices).\nCome back:\n  teller --" in seen
    assert seen.endswith(" watch\n")
    assert "Traceback" not in seen


@pytest.mark.slow
def test_a_job_that_was_left_is_come_back_to_and_answered(
    enrolled: tuple[Teller, FakeAppliance], document: Path, answered: list[dict[str, Any]]
) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.GetJob"] = lambda _: ASKED.job
    text = document.read_text().strip()
    steps = (StepOutline(StepKind.LINE, 1, 1, (Bar(1, len(text)),)), StepOutline(StepKind.EJECT, 1))
    fake.greet = [(QUESTION, question(stopped(0, 1), steps))]
    with at_tty(teller, "follow", "aa11", "--file", document, "--person", "Ann") as screen:
        screen.until(f"|{text}|")
        screen.until("How shall it go on? ")
        screen.type("2\n")
        screen.until("Job aa11 is completed.")
        assert screen.end()[0] == 0
    assert [given["step"] for given in answered] == [2]
