"""`passbookctl printer`: what it shows of a set-up, what it asks at the keyboard, and what it does not take."""

from __future__ import annotations

import array
import fcntl
import io
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from typing import Any

import pytest

import firmware.ctl.__main__ as ctl
from demo.world import PROJECT, await_fact
from firmware.ctl import printer_setups
from passbook.errors import PassbookError
from passbook.errors.kinds import INTERRUPTED
from tests.firmware.operators import StandIn
from tests.firmware.running_ctl import JOB, Appliance, Output, appliance, control, refused, stand_in

__all__ = ["appliance", "control", "stand_in"]

DETAILS: dict[str, Any] = {
    "printer": "window-1",
    "dialect": "pr2",
    "profile": "nantian",
    "port": "serial:///dev/ttyUSB0",
    "codePage": "cp858",
    "elementaryStep": 216,
    "xOffset": 85,
    "yOffset": -85,
    "readBack": {
        "answer": "31 32",
        "values": [{"key": "elementary_step", "configured": "216", "found": "216"}],
        "unexplained": "own_setup.code_page.means does not list its byte",
    },
    "problems": ["Printer window-1 was asked for its own set-up."],
    "assumed": [{"key": "form", "value": "top_of_form = 70"}, {"key": "own_setup", "value": ""}],
    "ruler": {"layout": "sheet", "firstLine": 2160, "bar": 958},
}
VIEW: dict[str, Any] = JOB | {
    "clientRequest": "r",
    "format": "text",
    "layout": "sheet",
    "epoch": 0,
    "sending": 0,
    "keyRef": "",
    "changedAt": "2027-01-15T08:00:00.000+00:00",
}


@pytest.fixture(autouse=True)
def told(appliance: Appliance, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer, and a ruler that is printed at the second look."""
    states = iter(["pending", "processing", "completed"])

    def view(_asked: Any) -> dict[str, Any]:
        return VIEW | {"state": next(states), "valid": True, "reasons": []}

    appliance.results |= {"printer": DETAILS, "ruler": view, "job": view}
    stand_in.handlers = appliance.handlers()
    monkeypatch.setattr(printer_setups, "POLL", 0.0)


def run(control: str, *words: str) -> int:
    return ctl.main(["--control", control, "printer", *words])


def test_a_printer_is_shown_with_every_assumed_value_by_its_key(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    assert run(control, "show", "window-1") == 0
    said = capsys.readouterr().out
    for words in (
        "profile          nantian",
        "elementary step  1/216 in",
        "x offset         1 mm",
        "y offset         -1 mm",
        "read back        elementary_step 216 (bytes 31 32)",
        "problem          Printer window-1 was asked",
        "  form: top_of_form = 70\n  own_setup\n",
    ):
        assert words in said
    assert appliance.asked == [("printer", {"printer": "window-1"})]
    assert run(control, "show", "window-1", "--json") == 0
    assert json.loads(capsys.readouterr().out) == DETAILS


def test_a_printer_that_was_not_asked_says_so(control: str, appliance: Appliance, capsys: Output) -> None:
    appliance.results["printer"] = DETAILS | {"readBack": None, "elementaryStep": 0, "assumed": [], "problems": []}
    assert run(control, "show", "window-1") == 0
    said = capsys.readouterr().out
    assert "read back        nothing: it was not connected yet" in said
    assert "elementary step  none to choose" in said
    assert "Assumed" not in said


def test_a_ruler_is_printed_and_the_offsets_follow_from_where_it_stands(
    control: str, appliance: Appliance, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("25.4\n26.4 mm\n\n10.26mm\n"))
    assert run(control, "ruler", "window-1", "--person", "Otto") == 0
    written = capsys.readouterr()
    # It stood a millimetre too low and a millimetre too far to the left.
    assert written.out.splitlines()[1:] == ['x_offset = "2 mm"', 'y_offset = "-2 mm"']
    assert "Put an empty sheet (sheet) into window-1" in written.err
    assert written.err.count("This cannot be used") == 2
    [order] = [asked for word, asked in appliance.asked if word == "ruler"]
    assert (order["printer"], order["person"]) == ("window-1", "Otto")


def waiting_at(tty: int) -> int:
    """The bytes of whole lines that a process may read at this tty."""
    count = array.array("i", [0])
    fcntl.ioctl(tty, termios.FIONREAD, count)
    return count[0]


def ruler_at(control: str, tty: int) -> subprocess.Popen[str]:
    """`passbookctl printer ruler`, started with this keyboard."""
    command = [sys.executable, "-m", "firmware.ctl", "--control", control, "printer", "ruler", "window-1"]
    return subprocess.Popen(command, cwd=PROJECT, stdin=tty, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read_until(asked: subprocess.Popen[str], words: str) -> None:
    assert asked.stderr is not None
    while words not in asked.stderr.readline():
        assert asked.poll() is None


@pytest.mark.slow
def test_what_was_typed_before_a_question_answers_none(control: str, appliance: Appliance) -> None:
    keyboard, tty = pty.openpty()
    early = b"25.4 mm\n10 mm\n"

    def type_early(_asked: Any) -> dict[str, Any]:
        os.write(keyboard, early)
        await_fact(lambda: waiting_at(tty) == len(early), lambda: waiting_at(tty))
        return VIEW | {"state": "completed", "valid": True, "reasons": []}

    appliance.results["job"] = type_early
    with ruler_at(control, tty) as asked:
        for length in (b"26.4 mm\n", b"10.26 mm\n"):
            read_until(asked, "How far")
            os.write(keyboard, length)
        said, _ = asked.communicate()
    os.close(keyboard)
    os.close(tty)
    assert said.splitlines()[1:] == ['x_offset = "2 mm"', 'y_offset = "-2 mm"']


@pytest.mark.slow
@pytest.mark.parametrize(("state", "words"), [("pending", "The ruler is job"), ("completed", "How far")])
def test_ctrl_c_says_the_way_back_to_the_ruler(control: str, appliance: Appliance, state: str, words: str) -> None:
    appliance.results["job"] = VIEW | {"state": state, "valid": True, "reasons": []}
    keyboard, tty = pty.openpty()
    with ruler_at(control, tty) as asked:
        read_until(asked, words)
        asked.send_signal(signal.SIGINT)
        said, told = asked.communicate()
    os.close(keyboard)
    os.close(tty)
    assert (asked.returncode, said) == (INTERRUPTED, "")
    assert f"  passbookctl --control {control} printer ruler window-1 --first-line LENGTH --bar LENGTH\n" in told
    assert (f"  passbookctl --control {control} cancel a1\n" in told) is (state == "pending")


def test_the_notice_of_a_printed_ruler_is_noted_by_its_operator(
    control: str, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1 in\n1 in\n"))
    appliance.results["noted"] = PassbookError("area-fenced", area="a", why="it failed")
    assert run(control, "ruler", "window-1") == 0
    assert [asked for word, asked in appliance.asked if word == "noted"] == [{"job": "a1"}]


def test_two_rulers_have_requests_and_keys_of_their_own(
    control: str, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    appliance.results["ruler"] = appliance.results["job"] = VIEW | {"state": "completed", "valid": True, "reasons": []}
    monkeypatch.setattr("sys.stdin", io.StringIO("1 in\n1 in\n" * 2))
    for _ in range(2):
        assert run(control, "ruler", "window-1") == 0
    one, other = (asked for word, asked in appliance.asked if word == "ruler")
    assert one["clientRequest"] != other["clientRequest"]
    assert one["key"] != other["key"]


def test_what_was_measured_can_be_given_and_then_nothing_is_printed(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    words = ("ruler", "window-1", "--first-line", "1 in", "--bar", "958/2160 in", "--json")
    assert run(control, *words) == 0
    assert json.loads(capsys.readouterr().out) == {"printer": "window-1", "x_offset": "1 mm", "y_offset": "-1 mm"}
    assert {word for word, _ in appliance.asked} == {"printer"}


@pytest.mark.parametrize(
    "words",
    [
        ("--first-line", "1 in"),
        ("--bar", "1 in"),
        ("--first-line", "-1 mm", "--bar", "1 in"),
        ("--first-line", "much", "--bar", "1 in"),
        ("--first-line", "1 in", "--bar", "1001 mm"),
        ("--person", ""),
    ],
)
def test_words_that_cannot_be_meant_are_refused_before_anything_is_sent(
    control: str, appliance: Appliance, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(control, "ruler", "window-1", *words)
    assert ended.value.code == 6
    assert appliance.asked == []


def test_input_that_ends_is_no_measure(control: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1 in\n"))
    assert run(control, "ruler", "window-1") == 6
    assert capsys.readouterr().err.splitlines()[-1].endswith("[ruler-not-measured]")


def test_an_offset_that_no_configuration_takes_is_not_said(control: str, capsys: Output) -> None:
    assert run(control, "ruler", "window-1", "--first-line", "5 in", "--bar", "958/2160 in") == 5
    assert "y_offset of printer window-1 would have to be -102.6 mm" in refused(capsys, "ruler-implausible")


@pytest.mark.parametrize(
    ("state", "reason"), [("processing-stopped", "power-loss"), ("canceled", "job-canceled-by-user")]
)
def test_a_ruler_that_stopped_is_for_a_representative(
    control: str, appliance: Appliance, capsys: Output, state: str, reason: str
) -> None:
    appliance.results["job"] = VIEW | {"state": state, "valid": False, "reasons": [reason]}
    assert run(control, "ruler", "window-1") == 4
    assert "noted" not in {word for word, _ in appliance.asked}
    assert capsys.readouterr().err.splitlines()[-1].endswith("[ruler-not-printed]")


@pytest.mark.parametrize("word", ["show", "ruler"])
def test_a_printer_that_is_not_there_is_named(control: str, appliance: Appliance, capsys: Output, word: str) -> None:
    appliance.results["printer"] = PassbookError("unknown-printer", printer="window-9", known="window-1")
    assert run(control, word, "window-9") == 5
    assert "window-1" in refused(capsys, "unknown-printer")
