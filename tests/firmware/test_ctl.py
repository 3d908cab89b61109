from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import firmware.ctl.__main__ as ctl
from firmware.service.replies import LookedAt
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job import changes
from passbook.job.record import OPERATOR, Decider
from passbook.protocol.messages import JobView
from storage.area.reports import Examined
from tests.firmware.operators import StandIn, served
from tests.storage.store import APPLIANCE, AT, SECRET, Store, seeded
from tests.terminal.samples import stopped

JOB = {
    "job": "a1",
    "sequence": 1,
    "state": "processing-stopped",
    "valid": False,
    "reasons": ["power-loss"],
    "requester": "teller-1",
    "clientRequest": "r\x1b[2J",
    "printer": "counter-1",
    "priority": 50,
    "confirmed": 11,
    "steps": 20,
    "acceptedAt": "2027-01-15T08:00:00.000+00:00",
}


WORDS = {
    "Appliance.CancelJob": ("cancel", ""),
    "Appliance.GetClock": ("clock", ""),
    "Appliance.ListAreas": ("areas", "areas"),
    "Appliance.ListHistory": ("history", "entries"),
    "Appliance.ReadRevocations": ("revocations", ""),
    "Appliance.TestRoute": ("route", ""),
    "Appliance.VerifyArea": ("verify-area", ""),
    "Appliance.VouchForClock": ("vouch", ""),
    "Recovery.ListQuestions": ("questions", "questions"),
    "Spooler.GetEnvironment": ("environment", ""),
    "Spooler.GetJob": ("job", ""),
    "Spooler.HoldJob": ("hold", ""),
    "Spooler.ListJobs": ("jobs", "jobs"),
    "Spooler.ListNotices": ("notices", "notices"),
    "Spooler.ListTerminals": ("terminals", "terminals"),
    "Spooler.ReleaseJob": ("release", ""),
}
"""Operation -> the word that stands for it here, and the part of its reply that a test gives."""


class Appliance:
    """What the door behind the socket was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, Any] = {
            "jobs": [JOB],
            "job": lambda asked: JOB | {"job": asked["job"]},
            "areas": [],
            "revocations": {"closed": [], "revoked": 1},
            "release": msgspec.to_builtins(stopped(0)),
            "cancel": {"says": "Nothing of it is on paper.", "job": JOB | {"state": "canceled"}, "onPaper": None},
        }

    def handlers(self) -> dict[str, Any]:
        return {name: self._handler(*words) for name, words in WORDS.items()}

    def _handler(self, word: str, part: str) -> Any:
        async def answer(payload: dict[str, Any]) -> Any:
            self.asked.append((word, payload))
            result = self.results.get(word, [] if part else None)
            if isinstance(result, PassbookError):
                raise result
            found = result(payload) if callable(result) else result
            return {"summary" if "summary" in payload else part: found} if isinstance(found, list) else found

        return answer


@pytest.fixture
def appliance() -> Appliance:
    return Appliance()


@pytest.fixture
def stand_in(appliance: Appliance) -> StandIn:
    return StandIn(appliance.handlers())


@pytest.fixture
def control(tmp_path: Path, stand_in: StandIn) -> Iterator[str]:
    with served(tmp_path / "control.sock", stand_in.handlers, stand_in) as path:
        yield str(path)


Output = pytest.CaptureFixture[str]


def refused(output: Output, code: str) -> str:
    """The one sentence on standard error, with its code."""
    written = output.readouterr()
    (sentence,) = written.err.splitlines()
    assert sentence.startswith("passbookctl: ")
    assert sentence.endswith(f"[{code}]")
    return sentence


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
                "To have people asked about it again: passbookctl release aa11 --person NAME",
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


def examined(findings: dict[str, list[PassbookError]]) -> Callable[[dict[str, Any]], Any]:
    """What an appliance with the areas a and b says of each."""
    return lambda asked: LookedAt.of(
        Examined(asked["area"], tuple(findings.get(asked["area"], ())), unfinished=2, ended=3, entries=40)
    )


@pytest.fixture
def two_areas(appliance: Appliance) -> Appliance:
    appliance.results |= {"areas": [{"name": "a"}, {"name": "b"}], "verify-area": examined({})}
    return appliance


def test_verify_without_findings_is_success_and_says_what_was_looked_at(
    control: str, two_areas: Appliance, capsys: Output
) -> None:
    assert ctl.main(["--control", control, "verify"]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "All fits together. Looked at: areas: a, b; jobs that have not ended: 4; "
        "jobs that have: 6; entries of history: 80.\n"
    )
    assert said.err == "", "progress is for a person at a terminal"
    assert ctl.main(["--control", control, "verify", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert [asked for _, asked in two_areas.asked if asked] == [{"area": "a"}, {"area": "b"}] * 2


def test_verify_with_a_finding_fails(control: str, two_areas: Appliance, capsys: Output) -> None:
    broken = PassbookError("history-broken", area="b", entry=7, why="it does not fit")
    two_areas.results["verify-area"] = examined({"b": [broken]})
    assert ctl.main(["--control", control, "verify"]) == 5
    assert "history of area b does not fit at entry 7" in capsys.readouterr().out
    assert ctl.main(["--control", control, "verify", "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert (found["code"], found["facts"]["area"]) == ("history-broken", "b")


@pytest.mark.usefixtures("two_areas")
def test_verify_shows_a_person_how_far_it_is(control: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ctl.main(["--control", control, "verify"])
    assert capsys.readouterr().err.splitlines() == [
        "passbookctl: looking at area a, 1 of 2",
        "passbookctl: looking at area b, 2 of 2",
    ]


LOOKED = (
    "All fits together. Looked at: areas: a, b; jobs that have not ended: 1; "
    "jobs that have: 0; entries of history: 0.\n"
)


def stored(folder: Path) -> list[str]:
    """Two areas with a job in one of them; the arguments that check them offline."""
    store = Store(folder)
    store.accepted(store.open())
    store.close()
    (folder / "appliance.key").write_text(SECRET.hex() + "\n")
    key = ["--appliance-key", str(folder / "appliance.key"), "--appliance", APPLIANCE]
    return ["verify", "--areas", str(folder / "a"), f"b={folder / 'b'}", *key]


def test_verify_looks_at_folders_without_an_appliance(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    assert ctl.main(order) == 0
    assert capsys.readouterr().out == LOOKED
    assert ctl.main([*order, "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_folder_that_is_given_twice_is_looked_at_once(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    a = [str(tmp_path / "a"), f"{tmp_path}/b/../a/", str(tmp_path / "a"), f"again={tmp_path / 'link'}"]
    assert ctl.main([*order, "--areas", *a, f"b={tmp_path / 'b'}"]) == 0
    assert capsys.readouterr().out == LOOKED


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("nowhere", "is not there"), ("e", "has no storage area in it"), ("file", "is not a folder")],
)
def test_verify_says_where_no_area_is(tmp_path: Path, capsys: Output, folder: str, sentence: str) -> None:
    order = stored(tmp_path)
    (tmp_path / "e").mkdir()
    (tmp_path / "file").touch()
    assert ctl.main([*order, "--areas", str(tmp_path / "b"), str(tmp_path / folder), "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert found["code"] == "no-area-there"
    assert found["sentence"].startswith(f"{tmp_path / folder} {sentence}. ")


@pytest.mark.parametrize(
    ("damage", "first"),
    [
        ("UPDATE history SET entry = replace(entry, 'Okafor', 'Nobody') WHERE n IN (3, 5)", 3),
        ("DELETE FROM history WHERE n IN (2, 4)", 2),
        ("UPDATE history SET n = n + 100 WHERE n = 4", 4),
    ],
)
def test_verify_names_the_first_entry_of_the_history_that_does_not_fit(
    tmp_path: Path, capsys: Output, damage: str, first: int
) -> None:
    store = Store(tmp_path, names=("a",), rng=seeded(2))
    spool = store.open()
    for number in range(6):
        job = store.accepted(spool, request_id=f"r-{number}").job_id
        spool.change(job, changes.cancel(AT, "teller-1", "Ms Okafor")).result(timeout=30)
    store.close()
    order = stored(tmp_path)
    assert ctl.main(order) == 0
    capsys.readouterr()
    connection = apsw.Connection(str(tmp_path / "a" / "area.sqlite"))
    connection.execute(damage)
    connection.close()
    assert ctl.main(order) == 5
    [told] = [line for line in capsys.readouterr().out.splitlines() if "history" in line]
    assert f"The history of area a does not fit at entry {first}: " in told


def test_verify_finds_a_foreign_key_in_every_folder(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    (tmp_path / "appliance.key").write_bytes(bytes(32))
    assert ctl.main([*order, "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in found] == ["appliance-key-wrong"] * 2


def test_verify_offline_takes_name_and_key_from_the_configuration(tmp_path: Path, capsys: Output) -> None:
    _, _, *areas = stored(tmp_path)[:4]
    (tmp_path / "e").write_bytes(SECRET)
    assert ctl.main(["--config", str(configuration(tmp_path)), "verify", "--areas", *areas]) == 0
    assert capsys.readouterr().out == LOOKED
    with pytest.raises(SystemExit):
        ctl.main(["verify", "--areas", *areas])
    assert "--areas needs" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["nonsense"], ["history", "--last", "0"], ["history", "--last", "x"], ["pki"]])
def test_a_command_that_makes_no_sense_is_explained(command: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        ctl.main(command)
    assert ended.value.code == EXIT_CODES[Mender.CALLER]
    assert "usage: passbookctl" in capsys.readouterr().err


# Certificates


def request(folder: Path, name: str = "teller-1") -> Path:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    file = folder / f"{name}.csr.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def authority(tmp_path: Path, capsys: Output) -> list[str]:
    """An authority was made; the arguments that name it."""
    made = ["pki", "init", "--ca", str(tmp_path / "ca"), "--config-dir", str(tmp_path / "etc")]
    assert ctl.main([*made, "--name", "branch-17", "--host", "localhost", "127.0.0.1"]) == 0
    capsys.readouterr()
    return ["--ca", str(tmp_path / "ca")]


def enroll(authority: list[str], folder: Path, name: str = "teller-1") -> int:
    out = str(folder / f"{name}.pem")
    return ctl.main(["enroll", str(request(folder, name)), *authority, "--name", name, "--out", out])


def test_init_makes_what_the_example_configuration_names(authority: list[str], tmp_path: Path) -> None:
    assert authority
    for name in ("server.pem", "server-key.pem", "ca.pem", "revoked.pem", "appliance.key"):
        assert (tmp_path / "etc" / name).stat().st_size > 0
        assert name in (Path(ctl.__file__).parents[2] / "deploy/passbook.toml").read_text("utf-8")
    assert not [one for one in (tmp_path / "etc").iterdir() if "ca-key" in one.name]


def test_a_second_init_overwrites_nothing(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    before = {one: one.read_bytes() for one in (tmp_path / "etc").iterdir()}
    again = ["pki", "init", *authority, "--config-dir", str(tmp_path / "etc"), "--name", "branch-17"]
    assert ctl.main(again) == 6
    refused(capsys, "file-problem")
    assert {one: one.read_bytes() for one in (tmp_path / "etc").iterdir()} == before


@pytest.mark.parametrize("place", ["x" * 300, "/".join(["x" * 200] * 30), "circle", "circle/x", "file/x"])
def test_a_path_that_cannot_be_used_is_one_sentence(
    authority: list[str], tmp_path: Path, capsys: Output, place: str
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    wrong, csr = str(tmp_path / place), str(request(tmp_path))
    named = ["--name", "teller-1"]
    for command in (
        ["pki", "init", "--ca", wrong, "--config-dir", str(tmp_path / "new"), "--name", "b"],
        ["pki", "init", "--ca", str(tmp_path / "new"), "--config-dir", wrong, "--name", "b"],
        ["enroll", wrong, *authority, *named, "--out", str(tmp_path / "out")],
        ["enroll", csr, "--ca", wrong, *named, "--out", str(tmp_path / "out")],
        ["revoke", "teller-1", "--ca", wrong, "--out", str(tmp_path / "out")],
        ["verify", "--areas", str(tmp_path), "--appliance", "b", "--appliance-key", wrong],
    ):
        assert ctl.main(command) == 6
        assert wrong in refused(capsys, "file-problem")
    for command, code in ((["--config", wrong, "status"], "configuration"), (["--control", wrong, "status"], None)):
        assert ctl.main(command) == 5
        refused(capsys, code or "control-unreachable")
    assert ctl.main([*stored(tmp_path), "--areas", wrong, "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert found["code"] in {"no-area-there", "area-fenced"}


@pytest.mark.parametrize("place", ["areas/a/ca", "areas/b/ca"])
def test_the_authority_does_not_lie_with_the_data(tmp_path: Path, capsys: Output, place: str) -> None:
    config = configuration(tmp_path)
    made = ["pki", "init", "--ca", str(tmp_path / place), "--config-dir", str(tmp_path / "etc"), "--name", "branch-17"]
    assert ctl.main(["--config", str(config), *made]) == 6
    assert "the authority must not lie in" in refused(capsys, "file-problem")
    assert not (tmp_path / place).exists()


def test_a_terminal_is_enrolled_under_the_name_that_the_operator_gives(authority: list[str], tmp_path: Path) -> None:
    assert enroll(authority, tmp_path) == 0
    certificate = x509.load_pem_x509_certificate((tmp_path / "teller-1.pem").read_bytes())
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "teller-1"


def test_a_request_that_cannot_be_read_is_named(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    order = ["enroll", str(tmp_path / "none"), *authority, "--name", "x", "--out", str(tmp_path / "x.pem")]
    assert ctl.main(order) == 6
    assert str(tmp_path / "none") in refused(capsys, "file-problem")


def revoked(file: Path) -> int:
    return len(list(x509.load_pem_x509_crl(file.read_bytes())))


def test_a_revocation_is_written_and_told(
    authority: list[str], tmp_path: Path, control: str, appliance: Appliance, capsys: Output
) -> None:
    enroll(authority, tmp_path)
    capsys.readouterr()
    out = tmp_path / "revoked.pem"
    order = ["--control", control, "--json", "revoke", "teller-1", *authority, "--out", str(out)]
    assert ctl.main(order) == 0
    assert json.loads(capsys.readouterr().out) == {"revoked": "teller-1", "list": str(out), "appliance": "told"}
    assert revoked(out) == 1
    assert appliance.asked == [("revocations", {})]


def test_a_revocation_asks_at_the_usual_socket(
    authority: list[str], tmp_path: Path, capsys: Output, control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every other command does; the socket may be named by the environment."""
    enroll(authority, tmp_path)
    order = ["revoke", "teller-1", *authority, "--out", str(tmp_path / "revoked.pem")]
    monkeypatch.setattr(ctl, "USUAL_SOCKET", tmp_path / "nobody")
    capsys.readouterr()
    assert ctl.main(order) == 5
    assert "No such file or directory" in refused(capsys, "revocation-not-told")
    assert revoked(tmp_path / "revoked.pem") == 1
    monkeypatch.setenv("PASSBOOK_CONTROL", control)
    assert ctl.main(order) == 0
    assert "told" in capsys.readouterr().out


def test_an_appliance_that_reads_another_list_was_not_told(
    authority: list[str], tmp_path: Path, capsys: Output, control: str, appliance: Appliance
) -> None:
    enroll(authority, tmp_path)
    appliance.results["revocations"] = {"closed": [], "revoked": 0}
    capsys.readouterr()
    order = ["--control", control, "revoke", "teller-1", *authority, "--out", str(tmp_path / "elsewhere.pem")]
    assert ctl.main(order) == 5
    assert "it reads another list" in refused(capsys, "revocation-not-told")


def test_a_revocation_that_nobody_hears_is_written_and_says_so(
    authority: list[str], tmp_path: Path, capsys: Output
) -> None:
    enroll(authority, tmp_path)
    capsys.readouterr()
    order = ["--control", str(tmp_path / "none"), "revoke", "teller-1", *authority]
    assert ctl.main([*order, "--out", str(tmp_path / "revoked.pem")]) == 5
    assert "run passbookctl revocations" in refused(capsys, "revocation-not-told")
    assert revoked(tmp_path / "revoked.pem") == 1


def test_a_name_that_was_never_enrolled_is_refused(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    assert ctl.main(["revoke", "nobody", *authority, "--out", str(tmp_path / "revoked.pem")]) != 0
    refused(capsys, "unknown-terminal")
    assert not (tmp_path / "revoked.pem").exists()


# As a process


def configuration(folder: Path) -> Path:
    file = folder / "passbook.toml"
    file.write_text(
        f'appliance = "branch-17"\ncontrol = "{folder}/control.sock"\n'
        'terminals = { certificate = "a", key = "b", ca = "c", revoked = "d" }\nkeys = { appliance = "e" }\n'
        'printer = [{ name = "p", port = "tcp://127.0.0.1:1" }]\n'
        'area = [{ name = "a", path = "areas/a", quota = "64 MiB" },\n'
        '{ name = "b", path = "areas/b", quota = "64 MiB" }]\n'
    )
    return file


def process(*arguments: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "firmware.ctl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
        cwd=Path(ctl.__file__).parents[2],
    )


def test_the_configuration_names_the_socket(tmp_path: Path, appliance: Appliance) -> None:
    with served(tmp_path / "control.sock", appliance.handlers()):
        done = process("--config", str(configuration(tmp_path)), "jobs", "--json")
        out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, b"")
    assert json.loads(out) == [JOB]


def test_a_wrong_configuration_is_one_sentence(tmp_path: Path) -> None:
    done = process("--config", str(tmp_path / "none.toml"), "jobs")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out) == (5, b"")
    assert err.endswith(b"[configuration]\n")
    assert err.count(b"\n") == 1


def test_letters_that_the_terminal_lacks_are_no_traceback(control: str, appliance: Appliance) -> None:
    appliance.results["jobs"] = [{"job": "Zoë", "sequence": 1}]
    done = process("--control", control, "jobs", PYTHONIOENCODING="ascii")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, b"")
    assert b"Zo\\xeb" in out


def test_whoever_reads_may_stop_reading(control: str, appliance: Appliance) -> None:
    appliance.results["jobs"] = [JOB] * 5000
    done = process("--control", control, "jobs")
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    assert done.wait(60) == 1
    assert done.stderr.read() == b""
    done.stderr.close()
