"""Keys, errors and the process of `teller`, as its users meet them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.actor import may_not_decide
from passbook.protocol.answer_all import AnsweredAll
from terminal import keyring
from terminal.__main__ import main
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import Teller, enrolled, teller
from tests.terminal.samples import view

__all__ = ["enrolled", "teller"]

pytestmark = pytest.mark.slow


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
    assert teller.json("keys", "list") == {"keys": ["key-a", made], "recovery": [], "books": []}
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
    said = teller.run("keys", "recovery-new", public)
    assert said.out == f"The key ring has branch-recovery. Give {public} to the operator of the appliance.\n"
    private = keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"]
    derived = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert bytes.fromhex(public.read_text().strip()) == derived
    assert teller.run("keys", "recovery-new", public).code == 6
    assert keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"] == private


@pytest.mark.slow
def test_a_recovery_key_whose_file_could_not_be_written_has_its_public_half_written_later(
    teller: Teller, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    said = teller.run("keys", "recovery-new", tmp_path / "file" / "branch.pub")
    assert (said.code, said.out) == (6, "")
    said = teller.run("keys", "recovery-new", tmp_path / "one.pub")
    assert (said.code, said.err) == (0, "")
    assert "No new key was made" in said.out
    private = keyring.load_ring(teller.folder / "keyring", b"open sesame").recovery["branch-recovery"]
    derived = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert bytes.fromhex((tmp_path / "one.pub").read_text().strip()) == derived


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


def test_an_error_of_the_appliance_is_its_sentence_and_its_exit_code(enrolled: tuple[Teller, FakeAppliance]) -> None:
    teller, fake = enrolled
    error = may_not_decide("till-9", "aa11")
    fake.answers["Spooler.CancelJob"] = refuse(error)
    said = teller.run("cancel", "aa11", "--person", "Ann")
    assert said == (3, "", f"{error} [not-permitted]\n")
    said = teller.run("cancel", "aa11", "--person", "Ann", "--json")
    assert json.loads(said.err)["errorCode"] == "not-permitted"


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
            "--format: expected one of passbook-update+csv, passbook-update+json, pdf, text, form",
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


def test_a_command_loads_nothing_that_only_the_agent_needs() -> None:
    source = "import sys, terminal.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True).stdout.split()
    heavy = ("drivers", "apsw", "storage.area", "storage.tables", "storage.spool", "terminal.agent")
    assert [one for one in loaded if one.startswith(heavy)] == []
    assert "storage.files" in loaded
