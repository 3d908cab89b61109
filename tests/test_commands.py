"""The manners that every command has, judged from outside: real processes, their exit codes and what they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passbook.errors.kinds import EXIT_CODES, EXIT_HELP, INTERRUPTED, Mender
from tests.house import ROOT, project_table

MODULES = {
    "teller": "terminal",
    "passbookctl": "firmware.ctl",
    "passbookd": "firmware",
    "passbook-sim": "drivers.simulator",
}
CALLER = EXIT_CODES[Mender.CALLER]
WAIT = 60
NOT_UTF8 = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


PRESSED = """
import argparse, importlib, os, signal, sys

def press(*_words):
    os.kill(os.getpid(), signal.SIGINT)

class Reading:
    def find_spec(self, name, path=None, target=None):
        if name == early:
            press()

early, start, function = sys.argv[1:]
argparse.ArgumentParser.parse_args = press
sys.meta_path.insert(0, Reading())
sys.exit(getattr(importlib.import_module(start), function)())
"""
"""Presses Ctrl-C as the module of the first word is looked for, or else as the command reads its words."""


def run(command: str, words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it; `words` may redirect its streams."""
    script = f'"$0" -m {MODULES[command]} {words}'
    return subprocess.run(
        ["sh", "-c", script, sys.executable],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        check=False,
        timeout=WAIT,
        text=True,
        errors="surrogateescape",
    )


def test_every_command_is_judged_here() -> None:
    scripts = project_table()["scripts"]
    assert isinstance(scripts, dict)
    # No person starts passbook-render: it takes no words, only a request on its standard input.
    assert scripts.keys() == MODULES.keys() | {"passbook-render"}


@pytest.mark.long
@pytest.mark.parametrize("command", MODULES)
def test_a_command_says_its_version_and_its_exit_codes(command: str) -> None:
    assert run(command, "--version").stdout == f"{command} {project_table()['version']}\n"
    assert " ".join(run(command, "--help").stdout.split()).endswith(" ".join(EXIT_HELP.split()))


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("teller", "jbos", "teller: error: there is no command `jbos`; did you mean `jobs`?"),
        ("passbookctl", "jbos", "passbookctl: error: there is no command `jbos`; did you mean `jobs`?"),
        ("passbookctl", "pki int", "passbookctl pki: error: there is no command `int`; did you mean `init`?"),
        ("passbook-sim", "inser", "passbook-sim: error: there is no command `inser`; did you mean `insert`?"),
        ("teller", "zzz", "teller: error: there is no command `zzz`"),
        ("teller", "print a --persno=x", "print: error: there is no option `--persno`; did you mean `--person`?"),
        ("passbookctl", "status --josn", "status: error: there is no option `--josn`; did you mean `--json`?"),
        ("passbookd", "--chekc", "passbookd: error: there is no option `--chekc`; did you mean `--check`?"),
        ("passbookd", "config.toml", "passbookd: error: `config.toml` is one word too many"),
        ("teller", r"$(printf '\033[2J')", "teller: error: there is no command `?[2J`"),
        ("passbook-sim", "run --pace rael", "argument --pace: expected one of real, fast; did you mean `real`?"),
        ("passbook-sim", "fault --control x jamm", "wrong-page; did you mean `jam`?"),
        ("teller", "accept-rollback --person x", "accept-rollback: error: there is no option `--person`"),
        ("teller", "print a --keep termnal", "expected one of terminal, appliance, both; did you mean `terminal`?"),
        ("teller", "print a --format csv", "; did you mean `passbook-update+csv`?"),
        ("teller", "history --summary hours", "; did you mean `hour`?"),
    ],
)
def test_what_there_is_not_is_refused_with_what_may_have_been_meant(command: str, words: str, said: str) -> None:
    ended = run(command, words)
    assert (ended.returncode, ended.stdout) == (CALLER, "")
    assert ended.stderr.splitlines()[-1].endswith(said)


@pytest.mark.slow
@pytest.mark.parametrize("command", MODULES)
@pytest.mark.parametrize("early", [True, False], ids=["early", "late"])
def test_ctrl_c_at_the_start_shows_no_traceback(command: str, *, early: bool) -> None:
    scripts = project_table()["scripts"]
    assert isinstance(scripts, dict)
    start = scripts[command].split(":")
    ended = subprocess.run(
        [sys.executable, "-c", PRESSED, f"{MODULES[command]}.__main__" if early else "", *start],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=WAIT,
        text=True,
    )
    assert (ended.stdout, ended.stderr) == ("", "")
    assert ended.returncode == (-signal.SIGINT if early else INTERRUPTED)


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", MODULES)
def test_a_full_disk_is_one_sentence(command: str, unbuffered: str) -> None:
    ended = run(command, "--help >/dev/full", PYTHONUNBUFFERED=unbuffered)
    [sentence] = ended.stderr.splitlines()
    assert (ended.returncode, sentence[-21:]) == (CALLER, " [output-not-written]")
    assert "No space left on device" in sentence


def test_a_result_that_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    """Not only what argparse writes: results that were worked for."""
    run("teller", f"--home {tmp_path} enroll --name a >/dev/full")
    for command, words in (
        ("teller", f"--home {tmp_path} --json enroll --name a >/dev/full"),
        ("passbookctl", f"pki init --ca {tmp_path}/ca --config-dir {tmp_path}/etc --name b >/dev/full"),
    ):
        ended = run(command, words)
        [sentence] = ended.stderr.splitlines()
        assert (ended.returncode, sentence[-21:]) == (CALLER, " [output-not-written]")


@pytest.mark.long
@pytest.mark.parametrize("command", MODULES)
def test_a_closed_output_is_said_before_anything_is_done(command: str) -> None:
    ended = run(command, "--version >&-")
    assert ended.returncode == CALLER
    assert "standard output is closed. Nothing was done" in ended.stderr
    assert run(command, "--nonsense 2>/dev/full").returncode == CALLER
    assert run(command, "--nonsense <&- >&- 2>&-").returncode == CALLER


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", MODULES)
def test_a_reader_that_has_seen_enough_is_no_error(command: str, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", MODULES[command], "--help"]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, said = process.communicate(timeout=WAIT)
    assert (process.returncode, said) == (EXIT_CODES[Mender.NONE], b"")


@pytest.mark.parametrize(
    ("command", "words", "code"),
    [
        ("teller", "print Übersicht.csv --no-key --printer a --json", CALLER),
        ("teller", "print Übersicht.csv --no-key --printer a", CALLER),
        ("teller", "--home Größe jobs", CALLER),
        ("teller", "jöbs", CALLER),
        ("teller", "cancel a --person Jörg", CALLER),
        ("passbookctl", "--control Größe --json status", EXIT_CODES[Mender.OPERATOR]),
        ("passbookctl", "--control Größe status", EXIT_CODES[Mender.OPERATOR]),
        ("passbookctl", "cancel a --person Jörg", CALLER),
        ("passbookd", "--check Größe.toml", EXIT_CODES[Mender.OPERATOR]),
        ("passbook-sim", "state --control Größe", CALLER),
    ],
)
def test_a_locale_without_these_letters_is_no_traceback(command: str, words: str, code: int) -> None:
    ended = run(command, words, **NOT_UTF8)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code, ended


@pytest.mark.parametrize("command", ["teller", "passbookctl"])
def test_a_name_in_letters_that_the_locale_lacks_is_refused_with_the_reason_and_the_way_out(command: str) -> None:
    ended = run(command, "cancel a --person Jörg", **NOT_UTF8)
    assert ended.stderr.splitlines()[-1].endswith(
        "argument --person: in the locale of this screen the bytes c3 b6 are no letters; "
        "use one with UTF-8 for screen and shell, as LC_ALL=C.UTF-8"
    )
    assert "argument --person" not in run(command, "cancel a --person Jörg", LC_ALL="C.UTF-8").stderr


@pytest.mark.parametrize("person", ["'a\tb'", '"$(printf "a\\033b")"', "x" * 300, "''"])
@pytest.mark.parametrize("words", ["answer a --print", "print a.txt"])
def test_a_person_has_a_name_that_can_be_shown(words: str, person: str) -> None:
    if words.startswith("print") and person == "''":
        person = "' '"
    ended = run("teller", f"{words} --person {person}")
    assert ended.returncode == CALLER
    assert ended.stderr.splitlines()[-1].endswith("argument --person: expected 1 to 128 printable characters")


@pytest.mark.long
def test_environment_variables_name_places_and_options_win(tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("open sesame\n")
    variables = {"PASSBOOK_HOME": str(named), "PASSBOOK_PASSPHRASE_FILE": str(secret)}
    assert run("teller", "keys new k", **variables).returncode == 0
    assert (named / "keyring").exists()
    assert run("teller", f"keys new k --home {other}", **variables).returncode == 0
    assert (other / "keyring").exists()
    ended = run("teller", f"keys list --passphrase-file {tmp_path}/none", **variables)
    assert (ended.returncode, str(tmp_path / "none") in ended.stderr) == (CALLER, True)
    control = {"PASSBOOK_CONTROL": "from-environment"}
    assert "at from-environment:" in run("passbookctl", "status", **control).stderr
    at_home = run("passbookctl", "status", PASSBOOK_CONTROL="~/socket", HOME=str(tmp_path))
    assert f"at {tmp_path}/socket:" in at_home.stderr
    nobody = run("passbookctl", "status", PASSBOOK_CONTROL="~nobody-of-that-name/socket")
    assert "at ~nobody-of-that-name/socket:" in nobody.stderr
    assert "at by-option:" in run("passbookctl", "--control by-option status", **control).stderr
    assert "PASSBOOK_CONTROL" in run("passbookctl", "--help").stdout
    simulator = {"PASSBOOK_SIMULATOR": str(tmp_path / "none")}
    assert "No such file" in run("passbook-sim", "state", **simulator).stderr
    assert "PASSBOOK_SIMULATOR" in run("passbook-sim", "state --help").stdout
    assert "are required: --control" in run("passbook-sim", "state", PASSBOOK_SIMULATOR="").stderr
    help_text = run("teller", "--help").stdout
    assert all(variable in help_text for variable in variables)
