"""The commands of `teller` about two spools as people run them, against an appliance that answers from a script."""

from __future__ import annotations

import base64
import csv
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from passbook.errors import PassbookError
from passbook.job.actor import may_not_decide
from passbook.job.choice import Choice, Fed, IfApart, Keep, Side
from passbook.job.record import Answered, HistoryKind, Reported, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.history_reply import HistoryLine, HistoryReply, Summary
from passbook.protocol.messages import JobView, SheetView, StatusReport
from passbook.protocol.pages import JobPage
from passbook.protocol.two_spools import AgentSettings
from terminal.home import Home
from terminal.keyring import load_ring
from terminal.passphrase import obtain
from tests.terminal.conftest import Branch
from tests.terminal.fake_appliance import FakeAppliance, running_agent
from tests.terminal.running_teller import Teller, appliance, enroll, finish, in_a_thread
from tests.terminal.samples import view
from tests.terminal.sealed import sealed_copy

pytestmark = pytest.mark.slow

AT = "2026-05-04T09:00:00+00:00"
MOVED = view(
    requester="till-9",
    lines=20,
    choice=Choice(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE),
    fed=Fed(Side.APPLIANCE, Reason.TERMINAL_SILENT.value),
    name="=Statement, May",
    document_date="2026-05-03",
)


class Till(Teller):
    """A terminal that is enrolled with a running appliance and has the key `key-a`."""

    fake: FakeAppliance

    def sent(self, name: str) -> dict[str, Any]:
        """The last command of that name."""
        return [payload for command, payload in self.fake.received if command == name][-1]


@pytest.fixture
def till(branch: Branch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Till]:
    till = Till(tmp_path / "home", capsys)
    enroll(branch, till, "till-9")
    assert till.run("keys", "new", "key-a").code == 0
    with appliance(branch, FakeAppliance()) as fake:
        till.fake = fake
        fake.answers["Spooler.SubmitJob"] = lambda _: view()
        finish(branch, till, f"127.0.0.1:{fake.address.port}")
        yield till


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text("Closing time is 16:00.\n")
    return path


@contextmanager
def agent(till: Till) -> Iterator[FakeAppliance]:
    """An agent of the terminal."""
    fake = FakeAppliance()
    fake.answers["Spooler.SubmitJob"] = lambda _: view()
    with in_a_thread(lambda: running_agent(fake, Home(till.folder).socket)):
        yield fake


@contextmanager
def mute_agent(till: Till) -> Iterator[Path]:
    """A socket of the terminal's agent that ends each connection without a word."""
    path = Home(till.folder).socket
    path.parent.mkdir(parents=True, exist_ok=True)
    with socketserver.UnixStreamServer(str(path), socketserver.BaseRequestHandler) as mute:
        thread = threading.Thread(target=mute.serve_forever, args=(0.01,))
        thread.start()
        yield path
        mute.shutdown()
        thread.join()


def test_an_agent_that_does_not_answer_is_named_and_not_the_appliance(till: Till) -> None:
    with mute_agent(till) as path:
        said = " ".join(till.run("jobs").err.split())
    assert said.startswith(f"The agent of this terminal does not answer at {path}: ")
    assert "end the agent, start it again (teller agent)" in said
    assert said.endswith("[agent-unreachable]")
    assert till.fake.received == []


def test_a_choice_goes_with_the_request(till: Till, document: Path) -> None:
    words = ("--printer", "window-1", "--no-wait", "--feed", "terminal", "--if-apart", "terminal")
    about = ("--application", "ledger", "--name", "Notice", "--date", "2026-05-03", "--share-name")
    with agent(till) as fake:
        assert till.run("print", document, *words, *about).code == 0
    sent = fake.received[-1][1]
    assert (sent["feed"], sent["ifApart"]) == ("terminal", "terminal")
    assert "keep" not in sent, "the agent's rules and settings choose what the person did not"
    assert (sent["application"], sent["name"], sent["documentDate"]) == ("ledger", "Notice", "2026-05-03")
    assert sent["sharesName"] is True


def test_nothing_is_shared_and_nothing_chosen_unasked(till: Till, document: Path) -> None:
    assert till.run("print", document, "--printer", "window-1", "--no-wait", "--name", "Notice").code == 0
    assert not {"keep", "feed", "ifApart", "sharesName", "application", "documentDate"} & set(
        till.sent("Spooler.SubmitJob")
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--keep", "terminal"), "agent-needed", "teller agent"),
        (("--keep", "terminal", "--feed", "appliance"), "choice-not-possible", "feed appliance"),
    ],
)
def test_an_impossible_choice_is_refused_before_anything_is_sent(
    till: Till, document: Path, words: tuple[str, ...], code: str, said: str
) -> None:
    ended = till.run("print", document, "--printer", "window-1", *words)
    assert ended.code == 3
    assert f"[{code}]" in ended.err
    assert said in ended.err
    assert till.fake.received == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--keep", "neither"), "--keep: expected one of terminal, appliance, both"),
        (("--feed", "both"), "--feed: expected one of terminal, appliance"),
        (("--if-apart", "never"), "--if-apart: expected one of terminal, appliance, ask"),
        (("--date", "2026-02-30"), "--date: expected a day, as 2026-03-02"),
        (("--application", "a" * 129), "--application: expected 1 to 128 printable characters"),
        (("--application", "ledger\x1b[2J"), "--application: expected 1 to 128 printable characters"),
        (("--date", "20260302"), "--date: expected a day, as 2026-03-02"),
    ],
)
def test_a_wrong_word_is_a_usage_error(till: Till, document: Path, words: tuple[str, ...], said: str) -> None:
    ended = till.run("print", document, *words)
    assert ended.code == 6
    assert said in ended.err


def test_a_person_hears_at_once_that_another_spool_keeps_the_document(till: Till, document: Path) -> None:
    moved = view(choice=Choice(), moved=Reason.NEARLY_FULL.value)
    with agent(till) as fake:
        fake.answers["Spooler.SubmitJob"] = lambda _: moved
        said = till.run("print", document, "--printer", "window-1", "--no-wait").out
    assert "The appliance alone keeps it: a spool was nearly full." in said


def test_the_figures_of_the_own_spool_are_those_of_the_agent(till: Till) -> None:
    assert "[agent-needed]" in till.run("spool").err
    figures = AgentSettings(Keep.BOTH, Side.APPLIANCE, IfApart.ASK, percent=12)
    with agent(till) as fake:
        fake.answers["Agent.GetSettings"] = lambda _: figures
        assert "It is 12 percent full." in till.run("spool").out
        assert till.json("spool")["percent"] == 12


def test_the_feeding_copy_is_changed_until_the_turn(till: Till) -> None:
    till.fake.answers["Spooler.SetFeed"] = lambda asked: view(
        job=asked["job"], choice=Choice(Keep.BOTH, Side(asked["feed"]))
    )
    ended = till.run("feed", "aa11", "terminal", "--person", "Ann")
    assert ended.code == 0
    assert "Its terminal's copy feeds the printer." in ended.out
    assert till.sent("Spooler.SetFeed") == {"job": "aa11", "feed": "terminal", "person": "Ann"}
    assert till.run("feed", "aa11", "both", "--person", "Ann").code == 6


def test_a_job_that_waits_is_given_another_priority(till: Till) -> None:
    till.fake.answers["Spooler.SetPriority"] = lambda asked: view(job=asked["job"], priority=asked["priority"])
    ended = till.run("priority", "aa11", "80", "--person", "Ann")
    assert ended.code == 0
    assert "Its priority is 80; a higher one prints first." in ended.out
    assert till.sent("Spooler.SetPriority") == {"job": "aa11", "priority": 80, "person": "Ann"}
    assert till.run("priority", "aa11", "0", "--person", "Ann").code == 6
    assert till.run("priority", "aa11", "80").code == 6


def test_another_terminal_is_let_look(till: Till) -> None:
    till.fake.answers["Spooler.GrantPreview"] = lambda asked: view(job=asked["job"])
    ended = till.run("grant", "aa11", "till-3", "--person", "Ann")
    assert "Terminal till-3 may look at job aa11 with the key key-a: teller preview aa11" in ended.out
    assert till.sent("Spooler.GrantPreview") == {"job": "aa11", "terminal": "till-3", "person": "Ann"}


def keep_sealed(till: Till) -> None:
    ring = load_ring(till.folder / "keyring", obtain(till.folder.with_name("home.passphrase"), new=False))
    copy = sealed_copy("aa11", ring.keys)
    till.fake.answers["Spooler.GetSealed"] = lambda _: copy


def test_a_preview_on_the_screen_is_written_nowhere(till: Till, tmp_path: Path) -> None:
    keep_sealed(till)
    before = set(tmp_path.rglob("*"))
    ended = till.run("preview", "aa11", "--text")
    assert ended.code == 0
    assert " 22 |2026-02-02 Salary Jan." in ended.out
    assert "page 3; then turn to page 4" in ended.out
    assert not [path for path in before ^ set(tmp_path.rglob("*")) if path.name != "history-heads.json"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"Salary" in path.read_bytes()]
    assert [page["number"] for page in till.json("preview", "aa11", "--text")] == [3, 4]


def test_a_preview_asks_an_agent_for_the_sealed_content_and_for_nothing_else(till: Till) -> None:
    keep_sealed(till)
    with agent(till) as fake:
        fake.answers["Spooler.GetSealed"] = till.fake.answers["Spooler.GetSealed"]
        assert till.run("preview", "aa", "--text").code == 0
        assert fake.received == [("Spooler.GetSealed", {"job": "aa"})]
        assert "[sealed-damaged]" in till.run("preview", "bb", "--text").err


def test_pictures_lie_only_where_the_person_said(till: Till, tmp_path: Path) -> None:
    keep_sealed(till)
    before = set(till.folder.rglob("*"))
    assert till.json("preview", "aa11", "--out", tmp_path / "pages")["files"] == [
        str(tmp_path / "pages" / f"page-{number}.png") for number in (3, 4)
    ]
    assert till.run("preview", "aa11", "--out", tmp_path / "whole.png").code == 0
    with Image.open(tmp_path / "whole.png") as whole, Image.open(tmp_path / "pages" / "page-3.png") as page:
        assert whole.height == 2 * page.height
        ink = sum(count for count, colour in page.getcolors(2**24) or [] if colour == (0x20, 0x24, 0x2C))
        assert ink > 500
    assert {path.name for path in set(till.folder.rglob("*")) - before} <= {"history-heads.json"}
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["page-3.png", "page-4.png"]


def test_another_terminals_job_needs_a_grant_and_its_key(till: Till) -> None:
    keep_sealed(till)
    assert "[key-not-in-ring]" in till.run("preview", "aa11", "--text", "--key", "key-z").err

    def refused(_: dict[str, Any]) -> Any:
        raise may_not_decide("till-9", "aa11")

    till.fake.answers["Spooler.GetSealed"] = refused
    ended = till.run("preview", "aa11", "--text")
    assert "[not-permitted]" in ended.err
    assert ended.out == ""
    assert till.run("preview", "aa11").code == 6


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def test_jobs_say_which_copy_is_printed_and_why(till: Till) -> None:
    till.fake.answers["Spooler.ListJobs"] = lambda _: JobPage((MOVED,))
    said = " ".join(till.run("jobs").out.split())
    assert "FED BY" in said
    assert "appliance" in said
    assert '"=Statement, May", dated 2026-05-03.' in said
    assert "not its terminal's copy as chosen: its terminal does not answer." in said
    (row,) = rows(till.run("jobs", "--csv").out)
    assert (row["keep"], row["feed"], row["fed_by"], row["fed_why"]) == (
        *("both", "terminal", "appliance", "terminal-silent"),
    )
    assert (row["name"], row["document_date"]) == ("'=Statement, May", "2026-05-03")
    assert (row["requested_at"], row["terminal"]) == (AT, "till-9")
    assert "give --csv or --json, not both" in till.run("jobs", "--csv", "--json").err


def test_an_old_list_says_its_age(till: Till) -> None:
    till.fake.answers["Spooler.ListJobs"] = lambda _: JobPage((MOVED,), age=600)
    ended = till.run("jobs")
    assert ended.code == 0
    assert "its list of 10 min ago" in ended.err
    assert json.loads(till.run("jobs", "--json").err)["errorCode"] == "list-old"
    till.fake.answers["Spooler.ListJobs"] = lambda _: JobPage((MOVED,))
    assert till.run("jobs").err == ""


def history(till: Till, *jobs: JobView) -> None:
    order = Answered(2, Verdict.RESUME, 7, 6, "till-1", "Ann")
    lines = tuple(HistoryLine(AT, HistoryKind.ENDED, job, order, None, 0) for job in jobs)
    till.fake.answers["Spooler.GetHistory"] = lambda _: HistoryReply(lines)


def test_the_history_leaves_as_rows(till: Till) -> None:
    history(till, msgspec.structs.replace(MOVED, state=JobState.COMPLETED))
    assert "FED BY" in till.run("history").out
    (row,) = rows(till.run("history", "--csv").out)
    assert (row["at"], row["event"], row["order"], row["person"], row["fed_by"]) == (
        *(AT, "ended", "resume", "Ann", "appliance"),
    )
    groups = (Summary("till-9", 2, 1, 0, 1, 0, 5, None),)
    till.fake.answers["Spooler.GetHistory"] = lambda _: HistoryReply(summary=groups)
    (row,) = rows(till.run("history", "--summary", "terminal", "--csv").out)
    assert (row["group"], row["jobs"], row["median_waiting"], row["worst_waiting"]) == ("till-9", "2", "5", "")


TOLD = Reported(AT, clock_trusted=False, area="b", entry=17, chain="0c" * 32)


def test_an_end_that_the_terminal_told_says_when_it_was_and_what_that_clock_is_worth(till: Till) -> None:
    history(till, msgspec.structs.replace(MOVED, state=JobState.COMPLETED, reported=TOLD))
    assert "its terminal told that its copy ended at" in " ".join(till.run("history").out.lower().split())
    assert "by its clock, which may be wrong." in " ".join(till.run("history").out.split())
    (row,) = rows(till.run("history", "--csv").out)
    assert (row["spool"], row["told_end"], row["told_clock_trusted"], row["told_entry"]) == (
        *("appliance", AT, "no", "b/17"),
    )
    history(till, msgspec.structs.replace(MOVED, reported=msgspec.structs.replace(TOLD, clock_trusted=True)))
    assert "by its clock." in " ".join(till.run("history").out.split())
    history(till, msgspec.structs.replace(MOVED, side=Side.TERMINAL, reported=TOLD))
    shown = " ".join(till.run("history").out.split())
    assert "In the terminal's spool." in shown
    assert "its clock" not in shown


def test_a_history_without_the_appliance_says_how_old_it_is_and_a_summary_whose_it_is(till: Till) -> None:
    till.fake.answers["Spooler.GetHistory"] = lambda _: HistoryReply(age=600)
    ended = till.run("history")
    assert (ended.code, "its list of 10 min ago" in ended.err) == (0, True)
    assert json.loads(till.run("history", "--summary", "side", "--json").err)["errorCode"] == "summary-of-terminal"
    till.fake.answers["Spooler.GetHistory"] = lambda _: HistoryReply()
    assert till.run("history").err == ""


USUAL, WIDE = SheetView("sheet", 60, 75), SheetView("ledger", 12, 100)


def sheets(till: Till, *sheets: SheetView) -> None:
    till.fake.answers["Common.Status"] = lambda _: StatusReport((), sheets=sheets)


@pytest.mark.parametrize(
    ("told", "used"), [((USUAL, WIDE), USUAL), ((WIDE,), WIDE), ((SheetView("a", 50, 60), WIDE), WIDE)]
)
def test_a_long_history_is_printed_on_several_sheets(till: Till, told: tuple[SheetView, ...], used: SheetView) -> None:
    history(till, *[MOVED] * 40)
    sheets(till, *told)
    assert till.run("history", "--print", "window-1").code == 0
    sent = [payload for name, payload in till.fake.received if name == "Spooler.SubmitJob"]
    assert len(sent) > 1
    assert {(one["printer"], one["format"], one["keyRef"]) for one in sent} == {("window-1", "text", "key-a")}
    assert {one["layout"] for one in sent} == {used.name}
    pages = [base64.b64decode(one["document"]).decode().splitlines() for one in sent]
    assert pages[0][0].startswith("History of jobs of ")
    assert {len(page) for page in pages[:-1]} == {used.lines}
    assert max(len(line) for page in pages for line in page) <= used.columns
    assert sum(line.startswith("aa11") or " aa11 " in line for page in pages for line in page) == 40
    assert len({one["clientRequest"] for one in sent}) == len(sent)


def test_without_a_sheet_no_list_is_printed(till: Till) -> None:
    history(till, MOVED)
    sheets(till)
    ended = till.run("history", "--print", "window-1")
    assert "tells of no sheet" in ended.err
    assert "[no-sheet]" in ended.err
    assert "Spooler.SubmitJob" not in [name for name, _ in till.fake.received]


def test_a_sheet_that_is_refused_ends_the_printing(till: Till) -> None:
    history(till, *[MOVED] * 40)
    sheets(till, USUAL)

    def refused(_: dict[str, Any]) -> Any:
        raise PassbookError("unknown-printer", printer="window-9", known="window-1")

    till.fake.answers["Spooler.SubmitJob"] = refused
    assert "[unknown-printer]" in till.run("history", "--print", "window-9").err
    assert len([name for name, _ in till.fake.received if name == "Spooler.SubmitJob"]) == 1
    assert "give --csv or --print, not both" in till.run("history", "--print", "window-1", "--csv").err
