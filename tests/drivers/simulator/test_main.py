"""The simulator as a process of its own, and an appliance that is really ended."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.simulator.__main__ import main
from drivers.simulator.control import ControlFailure, SimulatorControl
from drivers.simulator.faults import AtLineByte, Target
from drivers.simulator.paper import Paper
from passbook.errors.kinds import EXIT_CODES, Mender
from tests.drivers.workbench import RULER, WAIT, once

pytestmark = pytest.mark.slow

APPLIANCE = """
import sys, time
from drivers.ports.port import open_port
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.session import DocumentSession
from tests.drivers.workbench import SHEET, line, quick

session = DocumentSession(
    open_port(sys.argv[1]), Pr2(quick(builtin_pr2())), code_page="cp858", clock=time.monotonic
)
print(session.clean_up().value, flush=True)
if session.state != "ready":
    session.wait_taken(10.0)
session.insert(SHEET, 10.0, lambda: None)
for number in map(int, sys.argv[2:]):
    session.print_line(line(number))
    session.confirm()
session.eject()
session.wait_taken(10.0)
session.close()
print("done", flush=True)
"""


class Process:
    """A simulator process."""

    def __init__(self, folder: Path, listen: str, *options: str) -> None:
        self.paper_file, self.control_path = folder / "paper.json", folder / "control"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "drivers.simulator", "run", "--listen", listen),
                *("--paper", str(self.paper_file), "--control", str(self.control_path)),
                *(options or ("--pace", "fast")),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        word, self.address = self.process.stdout.readline().split()
        assert word == "listening"
        self.control = SimulatorControl(self.control_path)

    def appliance(self, *lines: int) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", APPLIANCE, self.address, *map(str, lines)]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)

    def close(self) -> int:
        self.process.terminate()
        code = self.process.wait(WAIT)
        assert self.process.stdout
        self.process.stdout.close()
        return code


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def build(listen: str = "tcp://127.0.0.1:0", *options: str) -> Process:
            process = Process(tmp_path, listen, *options)
            stack.callback(process.close)
            return process

        yield build


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_an_appliance_that_is_killed_within_a_line_is_followed_by_one_that_prints_it_right(
    start: Start, tmp_path: Path, kind: str
) -> None:
    simulator = start("tcp://127.0.0.1:0" if kind == "tcp" else f"pty://{tmp_path}/printer")
    control = simulator.control
    with simulator.appliance(1, 2, 3) as appliance:
        control.cut(Target.APPLIANCE, AtLineByte(line=2, byte=60), pid=appliance.pid)
        control.wait("document-wanted")
        control.insert("B1", 3, RULER)
        control.wait("cut")
        assert appliance.wait(WAIT) == -9
    state = control.state()
    assert (state.powered, state.reading, state.lines) == (True, "ground", 2)
    assert state.buffered > 0
    with simulator.appliance(2, 3) as appliance:
        control.wait("ejected")
        control.take()
        control.wait("document-wanted")
        control.insert("B1", 3)
        control.wait("ejected")
        control.take()
        assert appliance.stdout
        assert appliance.stdout.read().split() == ["present", "done"]
        assert appliance.wait(WAIT) == 0
    assert Paper.load(simulator.paper_file).lines("B1") == once(1, 2, 3)


def test_both_lose_power_in_a_line_and_come_back(start: Start) -> None:
    simulator = start()
    control = simulator.control
    with simulator.appliance(1, 2) as appliance:
        control.cut(Target.BOTH, AtLineByte(line=2, byte=12), pid=appliance.pid)
        control.wait("document-wanted")
        control.insert("B1", 3, RULER)
        control.wait("cut")
        assert appliance.wait(WAIT) == -9
    assert not control.state().powered
    control.restore()
    with simulator.appliance(2) as appliance:
        control.wait("ejected")
        control.take()
        control.wait("document-wanted")
        control.insert("B1", 3)
        control.wait("ejected")
        control.take()
        assert appliance.wait(WAIT) == 0
    assert Paper.load(simulator.paper_file).lines("B1") == once(1, 2)


def test_paper_survives_the_simulator_itself(start: Start) -> None:
    first = start()
    with first.appliance(1) as appliance:
        first.control.wait("document-wanted")
        first.control.insert("B1", 3, RULER)
        first.control.wait("struck")
        first.process.kill()
        first.process.wait(WAIT)
        appliance.wait(WAIT)
    second = start()
    assert second.control.state().strikes == 1
    assert Paper.load(second.paper_file).lines("B1") == once(1)


def test_a_real_pace_takes_the_time_of_its_bytes_and_strikes(start: Start) -> None:
    simulator = start("tcp://127.0.0.1:0", "--pace", "real", "--baud", "100000", "--line-seconds", "0.05")
    began = time.monotonic()
    with simulator.appliance(1, 2) as appliance:
        simulator.control.wait("document-wanted")
        simulator.control.insert("B1", 3, RULER)
        simulator.control.wait("ejected")
        simulator.control.take()
        assert appliance.wait(WAIT) == 0
    assert Paper.load(simulator.paper_file).lines("B1") == once(1, 2)
    assert time.monotonic() - began >= 2 * 0.05 + simulator.control.state().received * 0.0001


def test_every_deed_of_a_person_is_a_command(start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulator = start()
    ruler = tmp_path / "ruler.json"
    ruler.write_text(json.dumps({"firstY": 1800, "pitch": 360, "lines": 9}))

    def do(*words: str) -> int:
        return main([*words, "--control", str(simulator.control_path)])

    assert do("insert", "--book", "B1", "--page", "3", "--ruler", str(ruler)) == 0
    assert do("insert", "--book", "B1", "--page", "3") == EXIT_CODES[Mender.CALLER]
    assert "entering" in capsys.readouterr().err
    assert do("wait", "inserted") == 0
    assert do("wait", "struck", "--timeout", "0.001") == EXIT_CODES[Mender.CALLER]
    assert do("take") == 0
    assert do("insert", "--book", "B2", "--page", "1", "--lines", "5", "--fold-after", "2") == 0
    assert do("cut", "printer", "--at-byte", "99") == 0
    assert do("cut", "appliance", "--line", "2", "--byte", "3", "--pid", "1") == 0
    assert do("cut", "both", "--line", "2", "--characters", "3") == 0
    assert do("cut", "printer", "--line", "1") == 0
    assert do("fault", "jam", "--line", "4", "--characters", "2") == 0
    capsys.readouterr()
    assert do("state") == 0
    state = json.loads(capsys.readouterr().out)
    assert state["armed"] == ["cut printer", "cut appliance", "cut both", "cut printer", "jam"]
    assert (state["book"], state["page"], state["media"]) == ("B2", 1, "entering")
    assert do("cut", "printer") == 0
    assert do("restore") == 0
    assert do("mend") == 0
    assert do("fault", "jam") == EXIT_CODES[Mender.CALLER]
    books = Paper.load(simulator.paper_file).books
    assert (books["B1"].ruler.lines, books["B1"].ruler.fold_after) == (9, None)
    assert (books["B2"].ruler.lines, books["B2"].ruler.fold_after) == (5, 2)
    assert main(["paper", str(simulator.paper_file), "--out", str(tmp_path / "out")]) == 0
    assert "B2-page-1.png" in capsys.readouterr().out


def test_wrong_usage_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", str(tmp_path / "none"), "--out", str(tmp_path)]) == EXIT_CODES[Mender.CALLER]
    assert main(["state", "--control", str(tmp_path / "none")]) == EXIT_CODES[Mender.CALLER]
    run = ["run", "--paper", str(tmp_path / "p"), "--control", str(tmp_path / "c"), "--listen"]
    assert main([*run, "usb://1"]) == EXIT_CODES[Mender.CALLER]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("passbook-sim: ") for line in lines)


def test_a_terminated_simulator_ends_well_and_leaves_no_sockets(start: Start, tmp_path: Path) -> None:
    simulator = start(f"pty://{tmp_path}/printer")
    assert simulator.close() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["paper.json"]


def test_what_cannot_be_done_is_said(start: Start) -> None:
    simulator = start()
    with pytest.raises(ControlFailure, match="medium"):
        simulator.control.take()
    with pytest.raises(ControlFailure, match="no ejected"):
        simulator.control.wait("ejected", timeout=0.0)
    with pytest.raises(ControlFailure, match="ruler"):
        simulator.control.insert("B1", 3)


def test_messages_are_one_line_of_json_each_way(start: Start) -> None:
    simulator = start()
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rwb") as stream:
        connection.settimeout(WAIT)
        connection.connect(str(simulator.control_path))

        def ask(message: bytes) -> dict[str, object]:
            stream.write(message + b"\n")
            stream.flush()
            reply = json.loads(stream.readline())
            assert isinstance(reply, dict)
            return reply

        for wrong in (b"", b"{}", b"[1]", b'{"do":"dance"}', b'{"do":"insert","book":"B1"}', b"\xff"):
            assert list(ask(wrong)) == ["error"]
        insert = b'{"do":"insert","book":"B1","page":3,"ruler":{"firstY":1800,"pitch":360,"lines":20}}'
        assert ask(insert) == {}
        assert ask(b'{"do":"cut","target":"printer","when":{"at":"line-byte","line":1,"byte":9}}') == {}
        assert ask(b'{"do":"fault","kind":"garbage","line":2}') == {}
        assert ask(b'{"do":"wait","event":"inserted","after":0,"timeout":1}') == {
            "event": {"number": 1, "name": "inserted"}
        }


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["wait", "struck", "--timeout", "1e300"], "--timeout: expected seconds, a number above 0 and at most 3600"),
        (["cut", "appliance", "--pid", "-1"], "--pid: expected a whole number from 1 to 4194304"),
        (["insert", "--book", "b", "--page", "1" * 30], "--page: expected a whole number from 1 to 9999"),
        (["fault", "jam", "--line", "1" * 30], "--line: expected a whole number from 0 to 999999999"),
        (["state", "--control", ""], "--control: expected a path"),
        (["paper", " "], "file: expected a path"),
        (["run", "--baud", "0"], "--baud: expected a whole number from 1 to 10000000"),
        (["run", "--line-seconds", "nan"], "--line-seconds: expected seconds, a number above 0 and at most 60"),
    ],
)
def test_what_a_person_typed_is_judged_at_the_command(
    command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == EXIT_CODES[Mender.CALLER]
    assert capsys.readouterr().err.endswith(f"error: argument {sentence}\n")


@pytest.mark.long
@pytest.mark.parametrize("place", ["x" * 300, "file/x", "circle/x"])
def test_a_path_or_port_that_cannot_be_used_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    wrong, paper, control = str(tmp_path / place), str(tmp_path / "paper.json"), str(tmp_path / "control")
    for command in (
        ["paper", wrong, "--out", str(tmp_path)],
        ["state", "--control", wrong],
        ["insert", "--control", wrong, "--book", "b", "--page", "1", "--ruler", wrong],
        ["run", "--listen", "tcp://127.0.0.1:0", "--control", control, "--paper", wrong],
        ["run", "--listen", "tcp://127.0.0.1:0", "--control", wrong, "--paper", paper],
        ["run", "--listen", "tcp://127.0.0.1:65536", "--control", control, "--paper", paper],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "drivers.simulator", *command],
            check=False,
            capture_output=True,
            text=True,
            timeout=WAIT,
        )
        assert done.returncode == EXIT_CODES[Mender.CALLER]
        [sentence] = done.stderr.splitlines()
        assert sentence.startswith("passbook-sim: ")
