"""The history, the notices of ended jobs, and the memory of the head."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job.record import Answered, Decider, HistoryKind, OnPaper, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.events import JOB
from passbook.protocol.history_reply import HistoryLine, Summary
from passbook.protocol.notice import HistoryHead, HistoryHeads, NoticePage
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import COMPLETED, HEAD, Teller, document, enrolled, printing, teller
from tests.terminal.samples import notice, view

__all__ = ["document", "enrolled", "teller"]

pytestmark = pytest.mark.slow


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
