from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import firmware.ctl.__main__ as ctl
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.record import OPERATOR, Answered, Decider, Verdict
from passbook.protocol.messages import JobView
from tests.firmware.operators import StandIn, served
from tests.firmware.running_ctl import JOB, Appliance, Output, appliance, configuration, control, refused, stand_in
from tests.terminal.samples import stopped

__all__ = ["appliance", "control", "stand_in"]


def test_jobs_are_a_table_that_obeys_nothing_a_name_says(control: str, capsys: Output) -> None:
    assert ctl.main(["--control", control, "jobs"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["JOB", "STATE"]
    assert row.split()[:2] == ["a1", "processing-stopped"]
    assert "power-loss" in row
    assert "r\\x1b[2J" in row


@pytest.mark.parametrize("order", [["--json", "jobs"], ["jobs", "--json"]])
def test_json_is_what_the_appliance_said(control: str, capsys: Output, order: list[str]) -> None:
    assert ctl.main(["--control", control, *order]) == 0
    assert json.loads(capsys.readouterr().out) == [JOB]


def test_a_long_list_is_asked_for_page_by_page(control: str, appliance: Appliance, capsys: Output) -> None:
    rows = [{"job": f"j{number}", "sequence": number} for number in range(1, 8)]

    def page(asked: dict[str, Any]) -> dict[str, Any]:
        behind = [row for row in rows if int(str(row["sequence"])) > asked.get("after", 0)]
        return {"jobs": behind[:3], "more": len(behind) > 3}

    appliance.results["jobs"] = page
    assert ctl.main(["--control", control, "--json", "jobs"]) == 0
    assert json.loads(capsys.readouterr().out) == rows
    assert [asked.get("after", 0) for _, asked in appliance.asked] == [0, 3, 6]


def test_an_appliance_that_has_more_and_gives_nothing_is_not_asked_for_ever(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    appliance.results["jobs"] = {"jobs": [], "more": True}
    assert ctl.main(["--control", control, "--json", "jobs"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("jobs",), "There is no job that has not ended."),
        (("questions",), "There is no open question."),
        (("notices",), "There is no end of a job without an acknowledgement."),
        (("terminals",), "There is no terminal that is connected, was heard since the boot, or has jobs."),
        (("areas",), "There is no storage area."),
        (("history",), "There is no such entry in the history."),
        (("history", "--summary", "hour"), "There is no end of a job to be counted."),
    ],
)
def test_an_empty_list_says_what_there_is_none_of(
    control: str, appliance: Appliance, capsys: Output, words: tuple[str, ...], sentence: str
) -> None:
    appliance.results[words[0]] = []
    assert ctl.main(["--control", control, *words]) == 0
    assert capsys.readouterr().out == f"{sentence}\n"
    assert ctl.main(["--control", control, *words, "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_only_what_was_given_is_sent(control: str, appliance: Appliance) -> None:
    ctl.main(["--control", control, "history"])
    ctl.main(["--control", control, "history", "--job", "a1", "--last", "3"])
    ctl.main(["--control", control, "history", "--summary", "outcome", "--since", "2026-03-02Z", "--person", "Ada"])
    ctl.main(["--control", control, "job", "a1"])
    assert appliance.asked == [
        ("history", {}),
        ("history", {"job": "a1", "last": 3}),
        ("history", {"summary": "outcome", "since": "2026-03-02T00:00:00", "person": "Ada"}),
        ("job", {"job": "a1"}),
    ]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine is in the zone of Berlin: an hour, and in summer two hours, before UTC."""
    with monkeypatch.context() as change:
        change.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
def test_people_read_and_type_the_time_by_the_clock_on_the_wall(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    assert ctl.main(["--control", control, "jobs"]) == 0
    assert "2027-01-15 09:00:00" in capsys.readouterr().out
    appliance.results["history"] = [{"group": "2027-07-15T08:00", "jobs": 1}]
    words = [
        "--control",
        control,
        "history",
        "--since",
        "2026-07-02",
        "--until",
        "2026-12-01T09:30",
        "--summary",
        "hour",
    ]
    assert ctl.main(words) == 0
    assert appliance.asked[-1][1] == {
        "since": "2026-07-01T22:00:00",
        "until": "2026-12-01T08:30:59",
        "summary": "hour",
    }
    assert "2027-07-15 10:00" in capsys.readouterr().out
    assert ctl.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == appliance.results["history"]


@pytest.mark.parametrize("order", ["cancel", "release"])
def test_an_order_names_the_whole_id_of_a_job_whose_beginning_was_given(
    control: str, appliance: Appliance, order: str
) -> None:
    appliance.results["job"] = JOB | {"job": "7f3a09c2d1e84b55"}
    ctl.main(["--control", control, order, "7f3a", "--person", "Ada"])
    assert appliance.asked == [("job", {"job": "7f3a"}), (order, {"job": "7f3a09c2d1e84b55", "person": "Ada"})]


def test_an_order_is_not_given_where_several_jobs_begin_so(control: str, appliance: Appliance, capsys: Output) -> None:
    appliance.results["job"] = PassbookError("ambiguous-job", job="7f3a", count="2")
    assert ctl.main(["--control", control, "cancel", "7f3a"]) == 6
    assert "2 jobs begin with 7f3a" in refused(capsys, "ambiguous-job")
    assert appliance.asked == [("job", {"job": "7f3a"})]


def test_a_cancel_says_what_is_on_paper_and_fails_when_the_job_did_not_end_by_it(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    assert ctl.main(["--control", control, "cancel", "a1"]) == 0
    assert "Nothing of it is on paper." in capsys.readouterr().out
    for state in ("completed", "processing-stopped"):
        appliance.results["cancel"] = {"says": "Look.", "job": JOB | {"state": state}, "onPaper": None}
        assert ctl.main(["--control", control, "cancel", "a1"]) == 1


@pytest.mark.parametrize("command", ["job", "cancel"])
def test_a_job_is_shown_in_lines_and_steps_are_for_programs(
    control: str, appliance: Appliance, capsys: Output, command: str
) -> None:
    answered = Answered(2, Verdict.RESUME, 3, 22, "window-1", "Ada", line=2)
    view = msgspec.structs.replace(stopped(0), steps=23, confirmed=21, sending=22, answered=answered)
    job = json.loads(msgspec.json.encode(view)) | {"lines": 20, "linesDone": 19}
    on_paper = {"lines": 20, "confirmed": 18, "inDoubt": 17}
    appliance.results |= {"job": job, "cancel": {"says": "Look.", "job": job, "onPaper": on_paper}}
    ctl.main(["--control", control, command, "a1"])
    said = capsys.readouterr().out.split()
    assert not {"steps", "sending", "step", "21", "22", "23", "3"} & set(said)
    assert {"lines", "20", "linesDone", "19", "window-1"} <= set(said)
    assert ({"18", "17"} <= set(said)) is (command == "cancel")
    ctl.main(["--control", control, command, "a1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["job"] if command == "cancel" else told) == job


def test_the_clock_is_asked_about_and_vouched_for_by_a_person(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    appliance.results["clock"] = {"wall": "2027-01-15T08:00:00.000+00:00", "trusted": False}
    appliance.results["vouch"] = appliance.results["clock"]
    assert ctl.main(["--control", control, "clock"]) == 0
    assert "trusted" in capsys.readouterr().out
    ctl.main(["--control", control, "clock", "--right", "--person", "Otto"])
    assert appliance.asked == [("clock", {}), ("vouch", {"person": "Otto"})]


def test_a_held_job_is_released_in_somebodys_name(control: str, appliance: Appliance) -> None:
    ctl.main(["--control", control, "release", "a1", "--person", "Otto"])
    assert appliance.asked[-1] == ("release", {"job": "a1", "person": "Otto"})


HELD = stopped(2, held_by=Decider(OPERATOR, "Otto"))


@pytest.mark.parametrize(
    ("order", "view", "lines"),
    [
        (
            "hold",
            HELD,
            [
                "Job aa11 has stopped: the power failed; it is held by Otto, an operator, and waits for its release.",
                "To have people asked about it again:",
                "  passbookctl release aa11 --person NAME",
            ],
        ),
        (
            "release",
            stopped(2),
            [
                "Job aa11 has stopped: the power failed; it waits for an answer.",
                "It prints nothing before that.",
                "Its requester or a representative answers.",
            ],
        ),
    ],
)
def test_a_hold_and_a_release_say_what_is_so_now_and_what_comes_next(
    control: str, appliance: Appliance, capsys: Output, order: str, view: JobView, lines: list[str]
) -> None:
    appliance.results[order] = msgspec.to_builtins(view)
    assert ctl.main(["--control", control, order, "aa11"]) == 0
    assert capsys.readouterr().out.splitlines() == lines
    assert ctl.main(["--control", control, order, "aa11", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out, type=JobView) == view


def test_the_way_back_from_a_hold_names_the_socket_that_was_typed(
    control: str, appliance: Appliance, capsys: Output
) -> None:
    appliance.results["hold"] = msgspec.to_builtins(replace(HELD, job="7f3a09c2d1e84b557f3a09c2d1e84b55"))
    assert ctl.main(["--control", control, "hold", "7f3a"]) == 0
    assert f"  passbookctl --control {control} release 7f3a09c2 --person NAME" in capsys.readouterr().out


def test_a_request_for_figures_is_of_a_printer_and_has_its_own_patience(
    control: str, stand_in: StandIn, appliance: Appliance, capsys: Output
) -> None:
    figures = {"books": 12, "pages": 30, "lines": 512}
    appliance.results["environment"] = {"printer": "window-1", "printed": figures, "areas": [{"name": "a", "jobs": 3}]}
    assert ctl.main(["--control", control, "environment"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split() for line in shown[:3]] == [["printer", "window-1"], ["printed"], ["books", "12"]]
    assert [line.split() for line in shown[-3:]] == [["areas"], ["NAME", "JOBS"], ["a", "3"]]
    ctl.main(["--control", control, "environment", "--printer", "window-1", "--timeout", "2.5"])
    assert appliance.asked == [("environment", {}), ("environment", {"printer": "window-1"})]
    assert stand_in.timeouts == [30_000, 2_500], "the appliance is told how long it may wait"


NO_LETTERS = (
    "in the locale of this screen the bytes ff are no letters; "
    "use one with UTF-8 for screen and shell, as LC_ALL=C.UTF-8"
)

HOST = "a host of 1 to 259 printable characters without blanks"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["environment", "--timeout", "999"], "--timeout: expected seconds, a number above 0 and at most 300"),
        (["environment", "--timeout", "soon"], "--timeout: expected seconds, a number above 0 and at most 300"),
        (["history", "--last", "1000001"], "--last: expected a whole number from 1 to 1000000"),
        (
            ["history", "--job", "\udcff"],
            f"--job: {NO_LETTERS}",
        ),
        (["cancel", "a1", "--person", ""], "--person: expected 1 to 128 printable characters"),
        (["clock", "--right", "--person", "\n"], "--person: expected 1 to 128 printable characters"),
        (["history", "--summary", "x" * 5000], "--summary: expected one of terminal, hour, outcome, waiting, side"),
        (["--control", " ", "status"], "--control: expected a path"),
        (["--config", "", "status"], "--config: expected a path"),
        (["revoke", "a", "--out", "", "--ca", "ca"], "--out: expected a path"),
        (["verify", "--appliance-key", "", "--areas", "a"], "--appliance-key: expected a path"),
        (["verify", "--areas", "a", ""], "--areas: expected FOLDER or NAME=FOLDER"),
        (["verify", "--areas", "b= "], "--areas: expected FOLDER or NAME=FOLDER"),
        (["verify", "--appliance", "", "--areas", "a"], "--appliance: expected 1 to 128 printable characters"),
        (["pki", "init", "--ca", "", "--config-dir", "etc"], "--ca: expected a path"),
        (["pki", "init", "--ca", "ca", "--config-dir", " "], "--config-dir: expected a path"),
        (["pki", "init", "--host", "a", ""], f"--host: expected {HOST}"),
        (["pki", "init", "--host", "two words"], f"--host: expected {HOST}"),
        (["hold", ""], "JOB: expected 1 to 128 printable characters"),
    ],
)
def test_what_a_person_typed_is_judged_at_the_command(command: list[str], sentence: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        ctl.main(command)
    assert ended.value.code == EXIT_CODES[Mender.CALLER]
    assert capsys.readouterr().err.endswith(f"error: argument {sentence}\n")


def test_a_cancel_names_whoever_logged_in(control: str, appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    ctl.main(["--control", control, "cancel", "a1"])
    assert appliance.asked[-1] == ("cancel", {"job": "a1", "person": "grace"})


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (PassbookError("unknown-job", job="a1"), 3),
        (PassbookError("area-in-use", area="a"), 5),
        (PassbookError("invalid-message", why="x"), 2),
        (PassbookError("not-a-time", which="since", how="2026-03-02"), 6),
    ],
)
def test_the_exit_code_says_who_must_act(
    control: str, appliance: Appliance, capsys: Output, error: PassbookError, exit_code: int
) -> None:
    appliance.results["jobs"] = error
    assert ctl.main(["--control", control, "jobs"]) == exit_code
    assert str(error) in refused(capsys, error.code)


def test_an_error_is_json_too_when_asked_for(control: str, appliance: Appliance, capsys: Output) -> None:
    appliance.results["jobs"] = PassbookError("unknown-job", job="a1")
    assert ctl.main(["--control", control, "jobs", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)["error"]
    assert (told["code"], told["facts"]) == ("unknown-job", {"job": "a1"})


def test_nothing_to_connect_to_is_one_sentence(tmp_path: Path, capsys: Output) -> None:
    assert ctl.main(["--control", str(tmp_path / "none"), "status"]) == 5
    assert str(tmp_path / "none") in refused(capsys, "control-unreachable")


@pytest.mark.parametrize("command", [[], ["nonsense"], ["history", "--last", "0"], ["history", "--last", "x"], ["pki"]])
def test_a_command_that_makes_no_sense_is_explained(command: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        ctl.main(command)
    assert ended.value.code == EXIT_CODES[Mender.CALLER]
    assert "usage: passbookctl" in capsys.readouterr().err


# As a process


def process(*arguments: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "firmware.ctl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
        cwd=Path(ctl.__file__).parents[2],
    )


@pytest.mark.slow
def test_the_configuration_names_the_socket(tmp_path: Path, appliance: Appliance) -> None:
    with served(tmp_path / "control.sock", appliance.handlers()):
        done = process("--config", str(configuration(tmp_path)), "jobs", "--json")
        out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, b"")
    assert json.loads(out) == [JOB]


@pytest.mark.slow
def test_a_wrong_configuration_is_one_sentence(tmp_path: Path) -> None:
    done = process("--config", str(tmp_path / "none.toml"), "jobs")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out) == (5, b"")
    assert err.endswith(b"[configuration]\n")
    assert err.count(b"\n") == 1


@pytest.mark.slow
def test_letters_that_the_terminal_lacks_are_no_traceback(control: str, appliance: Appliance) -> None:
    appliance.results["jobs"] = [{"job": "Zoë", "sequence": 1}]
    done = process("--control", control, "jobs", PYTHONIOENCODING="ascii")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, b"")
    assert b"Zo\\xeb" in out


@pytest.mark.slow
def test_whoever_reads_may_stop_reading(control: str, appliance: Appliance) -> None:
    appliance.results["jobs"] = [JOB] * 5000
    done = process("--control", control, "jobs")
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    assert done.wait(60) == 1
    assert done.stderr.read() == b""
    done.stderr.close()
