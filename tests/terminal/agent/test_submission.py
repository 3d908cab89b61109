"""Where the documents of a terminal are kept in fact: rules, marks of its spool, and a busy network (C5)."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from client.transport import UnixTransport
from demo.secrets_search import search_files
from demo.world import shipped_layout
from passbook.book.claim import BookPlace
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.states import JobState, Reason
from passbook.protocol.document_rules import ChoiceRule
from passbook.protocol.messages import JobOrder, JobView, SubmitJob
from passbook.protocol.request_content import request_content
from passbook.protocol.two_spools import AgentWelcome, PrinterFacts
from spooler.clock import SystemClock
from spooler.data_keys import DataKeys
from spooler.jobs import Jobs
from spooler.shipped import shipped_imports
from storage import Ticket
from terminal.agent.agent_settings import AgentConfig, LoadMarks, NetworkConfig, SpoolMarks
from terminal.agent.kept_sides import KeptSides
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.network_load import NetworkLoad
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.own_store import open_own_store
from terminal.agent.submission import Submissions
from terminal.agent.upstream import Upstream
from terminal.keyring import KeyRing
from tests.terminal.samples import view

TELLER = "counter-1"
PRINTER = "front"
DRAWING = "slips"
TEXT = b"Closing time is 16:00.\n"
LARGE = TEXT + b"\n" * 900_000
"""The same lines in more bytes."""
AT = "2026-03-02T09:30:00.000+00:00"
BUSY = NetworkConfig(queued=LoadMarks(100, 50))


class Appliance(Upstream):
    """The connection to an appliance that accepts everything, unless `refuses` has a code; `sent` is what it got.

    An answer to a document waits for `gate`, where there is one.
    """

    def __init__(self) -> None:
        super().__init__(
            lambda: UnixTransport(Path()), "spool-1", heard=lambda _: None, came=lambda _: None, went=lambda: None
        )
        self.sent: list[tuple[SubmitJob, bytes]] = []
        self.refuses: PassbookError | None = None
        self.gate: asyncio.Event | None = None
        self.is_at_gate = asyncio.Event()
        self.accepted: list[str] = []
        self.known: dict[str, str] = {}
        """Jobs of requests that came past the agent."""

    def must_be_reached(self) -> None:  # type: ignore[explicit-override]  # override is of Python 3.12
        if self.refuses is not None and self.refuses.code == "appliance-unreachable":
            raise self.refuses

    async def command_with(self, name: str, payload: Any, document: bytes, kind: type[Any]) -> Any:  # type: ignore[explicit-override]  # override is of Python 3.12
        assert (name, kind) == ("Spooler.SubmitJob", JobView)
        self.must_be_reached()
        self.sent.append((payload, document))
        if self.refuses is not None:
            raise self.refuses
        if self.gate is not None:
            self.is_at_gate.set()
            await self.gate.wait()
        if payload.client_request in self.known:
            return view(job=self.known[payload.client_request])
        self.accepted.append(payload.job)
        return view(job=payload.job or f"drawn for {payload.client_request}", choice=payload.choice)

    async def command(self, name: str, payload: Any, kind: type[Any]) -> Any:  # type: ignore[explicit-override]  # override is of Python 3.12
        if name == "Spooler.CancelJob":
            if payload.job not in self.accepted:
                raise PassbookError("unknown-job", job=payload.job)
            return view(job=payload.job, state=JobState.CANCELED, reasons=("job-canceled-by-user",))
        return await self.command_with(name, payload, b"", kind)

    async def job(self, job: str) -> JobView:  # type: ignore[explicit-override]  # override is of Python 3.12
        return view(job=job)


class Till:
    """The submissions of a terminal with a spool of its own, beside such an appliance."""

    def __init__(self, folder: Path, config: AgentConfig) -> None:
        folder.mkdir(exist_ok=True)
        machine = folder / "machine-id"
        machine.write_text("one\n")
        self.clock = SystemClock()
        self.store = open_own_store(
            folder / "spool",
            bytes(range(32)),
            state=folder / "spool-state",
            quota_mib=32,
            machine=machine,
            rng=secrets.token_bytes,
            at=AT,
            report=lambda _problem: None,
        )
        self._numbers = itertools.count()
        self._claimed: list[Ticket] = []
        self.appliance = Appliance()
        jobs = Jobs(self.store.spool, DataKeys(), lambda _news: None)
        self.own = OwnJobs(self.store, jobs, KeyRing(), self.clock, is_apart=lambda: False)
        known = KnownAppliance(folder / "appliance.json", self.clock, "here")
        facts = PrinterFacts(PRINTER, "pr2", "cp858", "tcp://127.0.0.1:1", False, 1.0, 1.0)
        drawing = PrinterFacts(DRAWING, "escpos", "cp858", "tcp://127.0.0.1:2", False, 1.0, 1.0, draws=True)
        known.learn(
            AgentWelcome(
                "branch",
                "boot-1",
                1.0,
                1.0,
                (facts, drawing),
                tuple(map(shipped_layout, ("sheet", "certificate", "savings-24"))),
                tuple(shipped_imports().values()),
            )
        )
        self.network = NetworkLoad(self.appliance, config.network, self.clock)
        self.sides = KeptSides(self.store.spool, config, self.network, self.clock)
        self.submissions = Submissions(
            self.own,
            known,
            self.appliance,
            self.sides,
            terminal=TELLER,
            folder=folder / "unanswered",
            rng=secrets.token_bytes,
        )

    def submit(self, number: str = "r-1", document: bytes = TEXT, **facts: Any) -> JobView:
        """Send a document; the job as its sender hears of it."""
        known: dict[str, Any] = {"printer": PRINTER, "format": "text", "layout": "sheet", "first": True}
        return asyncio.run(self.submissions.submit(SubmitJob(number, **(known | facts)), document))

    def refused(self, *words: Any, **facts: Any) -> PassbookError:
        """The refusal of such a document, which nothing was sent of and nothing kept of."""
        before = self._stored()
        with pytest.raises(PassbookError) as caught:
            self.submit(*words, **facts)
        assert self._stored() == before
        return caught.value

    def _stored(self) -> tuple[int, int, list[str]]:
        return len(self.own.unfinished()), len(self.appliance.sent), self.submissions.waiting()

    def sent(self) -> tuple[Choice, str, bool]:
        """The last request at the appliance: its choice, why that is not the chosen one, whether a document went."""
        request, document = self.appliance.sent[-1]
        assert bool(request.digest) is request.choice.keep.has(Side.TERMINAL)
        return request.choice, request.moved, bool(document)

    def fill(self, percent: float) -> None:
        """Claim space of the own spool until it is so full."""
        while self.store.spool.percent_used() < percent:
            number = f"f-{next(self._numbers)}"
            claimed = self.store.spool.reserve("filler", number, b"", 100_000, first=True)
            assert isinstance(claimed, Ticket)
            self._claimed.append(claimed)

    def free(self) -> None:
        """Give it all back."""
        while self._claimed:
            self.store.spool.release(self._claimed.pop())

    def fence(self) -> None:
        """Take the files of both areas away, and let the spool notice."""
        for name in "ab":
            for file in (self.store.folder / name).iterdir():
                if file.name.endswith(("-wal", "-shm")):
                    file.unlink()
        for number in range(20):
            if not self.store.spool.is_usable():
                return
            try:
                self.submit(f"lost-{number}", keep=Keep.TERMINAL)
            except PassbookError:
                continue
        raise AssertionError(self.store.spool.states())


OpenTill = Callable[..., Till]
AT_APPLIANCE = Choice(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK)
AT_TERMINAL = Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.ASK)


@pytest.fixture
def open_till(tmp_path: Path) -> Iterator[OpenTill]:
    tills: list[Till] = []

    def opened(**settings: Any) -> Till:
        tills.append(Till(tmp_path / str(len(tills)), AgentConfig(**settings)))
        return tills[-1]

    yield opened
    for till in tills:
        till.store.close()


# Forms, which the appliance has in stock

CERTIFICATE = b'{"form":"certificate","fields":{"holder":"a","account":"b","amount":"c","until":"d","note":""}}'


def test_a_form_from_stock_is_kept_by_the_appliance_alone(open_till: OpenTill) -> None:
    till = open_till()
    facts: dict[str, Any] = {"format": "form", "layout": ""}
    assert till.submit("r-1", CERTIFICATE, **facts).job == "drawn for r-1"
    assert till.sent() == (AT_APPLIANCE, Reason.BY_RULE.value, True)
    assert till.own.unfinished() == []
    assert till.refused("r-2", CERTIFICATE, keep=Keep.TERMINAL, **facts).code == "form-needs-appliance"


@pytest.mark.parametrize("text", ["आदा\n", "Joe\u2019s\n"])
def test_a_text_that_the_appliance_draws_is_kept_by_it_alone(open_till: OpenTill, text: str) -> None:
    till = open_till()
    assert till.submit("r-1", text.encode(), printer=DRAWING).job == "drawn for r-1"
    assert till.sent() == (AT_APPLIANCE, Reason.BY_RULE.value, True)
    assert till.own.unfinished() == []
    refusals = {"not-in-code-page", "needs-substitute"}
    assert till.refused("r-2", text.encode(), printer=DRAWING, keep=Keep.TERMINAL).code in refusals
    assert till.refused("r-3", text.encode()).code in refusals


def test_a_document_is_read_by_its_import_profile_where_a_rule_asks_for_its_form(open_till: OpenTill) -> None:
    document = (
        b"# layout: savings-24\n# account: 1\n# currency: EUR\n# start: page 1 line 1\n"
        b"date;text;withdrawal;deposit;balance\n03.04.2026;x;;1,00;\n"
    )
    till = open_till(rules=(ChoiceRule(form="savings-24", keep=Keep.TERMINAL),))
    facts: dict[str, Any] = {"format": "passbook-update+csv", "layout": ""}
    job = till.submit("r-1", document, import_name="german-excel", **facts).job
    assert till.sent() == (AT_TERMINAL, Reason.BY_RULE.value, False)
    assert till.own.record(job) is not None
    assert till.refused("r-2", document, **facts).code == "two-readings"


# The same job again (P10)


def test_only_the_very_first_sending_of_a_job_says_that_it_is_the_first(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("connection-lost")
    till.submit("r-1")
    till.appliance.refuses = None
    asyncio.run(till.submissions.resume())
    assert [(one.first, one.job) for one, _ in till.appliance.sent] == [
        (True, till.appliance.accepted[0]),
        (False, *till.appliance.accepted),
    ]


def test_a_job_that_was_kept_while_the_appliance_was_away_is_new_there_once(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("connection-lost")
    till.submit("r-1", if_apart=IfApart.ASK)
    for _ in range(2):
        asyncio.run(till.submissions.resume())
    assert [one.first for one, _ in till.appliance.sent] == [True, False, False]


def test_the_appliance_hears_what_the_person_asked_for_whatever_the_agent_filled_in(open_till: OpenTill) -> None:
    till = open_till()
    asked = SubmitJob("r-1", printer=PRINTER, format="text")
    till.submit("r-1", layout="")
    till.submit("r-1", layout="", first=False, keep=Keep.APPLIANCE)
    (kept, _), (passed_on, _) = till.appliance.sent
    assert (kept.layout, passed_on.layout) == ("sheet", "")
    assert {kept.content, passed_on.content} == {request_content(asked, TEXT)}


def test_what_the_person_asked_for_is_announced_and_does_not_lie_in_the_waiting_file(
    open_till: OpenTill, tmp_path: Path
) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("connection-lost")
    job = till.submit("r-1", layout="", if_apart=IfApart.TERMINAL).job
    content = request_content(SubmitJob("r-1", printer=PRINTER, format="text"), TEXT)
    assert search_files([tmp_path], {"content": content.encode(), "its bytes": bytes.fromhex(content)}) == []
    till.appliance.refuses = None

    async def begun_here() -> None:
        await till.own.change(job, changes.start(AT, 1))
        await till.own.change(job, changes.journal(0, 1))
        await till.submissions.resume()

    asyncio.run(begun_here())
    announced, document = till.appliance.sent[-1]
    assert (announced.job, announced.content, document) == (job, content, b"")


def test_a_request_that_the_appliance_has_already_is_that_job_and_its_copy_here_ends(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.known["r-1"] = "b" * 32
    assert till.submit("r-1", first=False).job == "b" * 32
    assert till.own.unfinished() == []
    assert till.submissions.waiting() == []
    assert till.own.spool.notices.oldest(limit=10) == []
    assert till.submit("r-1", first=False).job == "b" * 32


@pytest.mark.parametrize(("first", "if_apart"), [(True, IfApart.TERMINAL), (False, IfApart.ASK)])
def test_a_request_that_may_be_at_the_silent_appliance_prints_here_by_order_of_a_person_only(
    open_till: OpenTill, *, first: bool, if_apart: IfApart
) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("appliance-unreachable", address="here", why="a test")
    till.submit("r-1", first=first, if_apart=IfApart.TERMINAL)
    [record] = till.own.unfinished()
    assert record.choice.if_apart is if_apart


def test_what_the_appliance_has_not_heard_of_waits_also_while_its_area_is_left_out(tmp_path: Path) -> None:
    till = Till(tmp_path, AgentConfig())
    till.appliance.refuses = PassbookError("connection-lost")
    jobs = {number: till.submit(number, keep=Keep.TERMINAL).job for number in ("r-1", "r-2", "r-3", "r-4")}
    till.store.close()
    (tmp_path / "spool" / "b").rename(tmp_path / "away")
    till = Till(tmp_path, AgentConfig())
    lost = {*jobs.values()} - {record.job_id for record in till.own.unfinished()}
    asyncio.run(till.submissions.resume())
    assert set() < lost == set(till.submissions.waiting())
    till.fill(95)
    number = next(number for number, job in jobs.items() if job in lost)
    assert till.refused(number, first=False).code == "outcome-unknown"
    till.store.close()


# Canceled before the appliance has it


def test_a_job_that_never_arrived_is_canceled_here(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("connection-lost")
    job = till.submit("r-1").job
    till.appliance.refuses = None
    told = asyncio.run(till.submissions.cancel(JobOrder(job, "Ann"), TELLER))
    assert (told.job, told.state, told.side) == (job, JobState.CANCELED, Side.TERMINAL)
    asyncio.run(till.submissions.resume())
    assert (till.appliance.accepted, till.submissions.waiting()) == ([], [])


def test_a_job_that_is_canceled_while_it_is_sent_is_canceled_where_it_arrives(open_till: OpenTill) -> None:
    till = open_till()

    async def story() -> JobView:
        till.appliance.gate = asyncio.Event()
        request = SubmitJob("r-1", printer=PRINTER, format="text", layout="sheet", first=True)
        sending = asyncio.create_task(till.submissions.submit(request, TEXT))
        await till.appliance.is_at_gate.wait()
        order = JobOrder(till.appliance.sent[0][0].job, "Ann")
        canceling = asyncio.create_task(till.submissions.cancel(order, TELLER))
        for _ in range(10):
            await asyncio.sleep(0)
        till.appliance.gate.set()
        await sending
        return await canceling

    told = asyncio.run(story())
    assert (told.job, told.state, told.side) == (till.appliance.accepted[0], JobState.CANCELED, Side.APPLIANCE)


# The marks of the own spool


@pytest.mark.parametrize("if_apart", IfApart)
def test_what_a_nearly_full_spool_does_not_keep_the_appliance_keeps_alone_with_right_and_feed(
    open_till: OpenTill, if_apart: IfApart
) -> None:
    till = open_till(spool=SpoolMarks(60, 40))
    till.fill(60)
    assert till.submit(feed=Side.TERMINAL, if_apart=if_apart).job == "drawn for r-1"
    apart = IfApart.ASK if if_apart is IfApart.TERMINAL else if_apart
    assert till.sent() == (Choice(Keep.APPLIANCE, Side.APPLIANCE, apart), Reason.NEARLY_FULL.value, True)
    assert till.own.unfinished() == []
    assert till.submissions.waiting() == []


def test_between_the_marks_a_spool_stays_as_it_was(open_till: OpenTill) -> None:
    till = open_till(spool=SpoolMarks(60, 40))
    till.fill(50)
    till.submit("r-1")
    assert till.sent()[0].keep is Keep.BOTH
    assert till.sides.problems() == []
    till.fill(60)
    [problem] = till.sides.problems()
    assert (problem.code, problem.facts["side"], problem.facts["start_at"]) == ("spool-nearly-full", "terminal", 40)
    till.submit("r-2")
    assert till.sent()[0].keep is Keep.APPLIANCE
    figures = till.sides.figures("spool-1", 0, [])
    assert (figures.stopped, figures.start_at) == ("spool-nearly-full", 40)
    assert 60 <= figures.percent <= 62
    assert figures.since


def test_where_the_terminal_is_the_only_wanted_side_a_full_spool_refuses_and_says_why(open_till: OpenTill) -> None:
    till = open_till(spool=SpoolMarks(60, 40))
    till.fill(60)
    error = till.refused(keep=Keep.TERMINAL)
    assert (error.code, error.facts["side"]) == ("spool-stopped", "terminal")
    assert "a spool was nearly full" in str(error)


def test_a_copy_that_fits_nowhere_is_not_kept(open_till: OpenTill) -> None:
    till = open_till(spool=SpoolMarks(100, 100))
    till.fill(97)
    assert till.refused(document=LARGE, keep=Keep.TERMINAL).code == "spool-stopped"
    till.submit(document=LARGE)
    assert till.sent() == (AT_APPLIANCE, Reason.NEARLY_FULL.value, True)
    assert till.submissions.waiting() == []
    till.submit("r-2")
    assert till.sent()[0].keep is Keep.BOTH, "a small one has space"


def test_a_spool_whose_areas_are_fenced_stops_itself(open_till: OpenTill) -> None:
    till = open_till()
    till.submit("r-1")
    till.fence()
    till.submit("r-2")
    assert till.sent() == (AT_APPLIANCE, Reason.SPOOL_FENCED.value, True)
    assert till.refused("r-3", keep=Keep.TERMINAL).code == "spool-stopped"
    assert till.refused("r-1", first=False).code == "outcome-unknown", "its copy may lie there"
    assert till.sides.figures("spool-1", 0, []).stopped == "spool-fenced"


def test_the_same_request_is_the_same_job_whether_the_spool_is_full_at_the_first_time_or_later(
    open_till: OpenTill,
) -> None:
    """P10."""
    till = open_till(spool=SpoolMarks(60, 40))
    kept = till.submit("r-1").job
    till.fill(60)
    assert till.submit("r-1", first=False).job == kept
    passed_on = till.submit("r-2").job
    till.free()
    assert till.submit("r-2", first=False).job == passed_on
    assert till.sent() == (AT_APPLIANCE, Reason.NEARLY_FULL.value, True)
    assert [record.job_id for record in till.own.unfinished()] == [kept]
    till.submit("r-3")
    assert till.sent()[0].keep is Keep.BOTH


# The network


def test_over_a_busy_network_no_document_goes_and_the_terminal_keeps_it_alone(open_till: OpenTill) -> None:
    till = open_till(network=BUSY)
    till.appliance.unsent = 100 * 1024
    job = till.submit(feed=Side.APPLIANCE, if_apart=IfApart.APPLIANCE).job
    assert till.sent() == (AT_TERMINAL, Reason.NETWORK_BUSY.value, False)
    assert till.appliance.sent[-1][0].outline
    record = till.own.spool.record(job)
    assert (record.choice, record.moved) == (AT_TERMINAL, "network-busy")
    till.appliance.unsent = 50 * 1024
    till.submit("r-2")
    assert till.sent()[0].keep is Keep.TERMINAL, "between the marks it stays busy"
    till.appliance.unsent = 49 * 1024
    till.submit("r-3")
    assert till.sent()[0].keep is Keep.BOTH


def test_where_the_appliance_is_the_only_wanted_side_a_busy_network_refuses_and_says_why(open_till: OpenTill) -> None:
    till = open_till(network=BUSY)
    till.appliance.unsent = 300 * 1024
    error = till.refused(keep=Keep.APPLIANCE)
    assert error.code == "network-busy"
    assert "300 KiB of documents wait to be sent" in str(error)
    assert till.sides.figures("spool-1", 0, []).busy
    # A request that was sent before may be accepted already: only the appliance's answer says so.
    till.submit(keep=Keep.APPLIANCE, first=False)
    assert till.sent() == (AT_APPLIANCE, "", True)


def test_with_a_full_spool_and_a_busy_network_nothing_is_accepted(open_till: OpenTill) -> None:
    till = open_till(network=BUSY, spool=SpoolMarks(60, 40))
    till.fill(60)
    till.appliance.unsent = 300 * 1024
    assert till.refused().code == "network-busy"
    assert till.refused(keep=Keep.TERMINAL).code == "spool-stopped"


def test_without_marks_of_the_user_no_network_is_busy(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.unsent = 2**40
    till.submit()
    assert till.sent()[0].keep is Keep.BOTH


def test_a_request_that_the_appliance_refused_is_judged_anew(open_till: OpenTill) -> None:
    till = open_till(spool=SpoolMarks(60, 40))
    till.fill(60)
    till.appliance.refuses = PassbookError("unknown-printer", printer=PRINTER, known="")
    with pytest.raises(PassbookError):
        till.submit()
    till.appliance.refuses = None
    till.submit(keep=Keep.APPLIANCE)
    assert till.sent() == (AT_APPLIANCE, "", True)


# What the owner shares


def test_shared_name_and_date_are_known_while_the_appliance_is_away_and_told_to_it_but_not_in_clear(
    open_till: OpenTill, tmp_path: Path
) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("appliance-unreachable", address="a", why="w")
    shown = till.submit(
        keep=Keep.BOTH, if_apart=IfApart.TERMINAL, name="Statement May", document_date="2026-05-03", shares_name=True
    )
    assert (shown.name, shown.document_date) == ("Statement May", "2026-05-03")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert till.submissions.waiting() == [shown.job]
    assert [file for file in files for word in (b"Statement May", b"2026-05-03") if word in file.read_bytes()] == []
    # It is printed before the appliance hears of it.
    for change in (changes.start(AT, 0), changes.journal(0, 1)):
        asyncio.run(till.own.change(shown.job, change))
    till.appliance.refuses = None
    asyncio.run(till.submissions.resume())
    [(told, document)] = till.appliance.sent
    assert (told.name, told.document_date, document) == ("Statement May", "2026-05-03", b"")


def test_a_date_that_is_none_is_refused_also_while_the_appliance_is_away(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("appliance-unreachable", address="a", why="w")
    assert till.refused(document_date="soon").code == "invalid-message"


UPDATE = b"""# layout: savings-24
# account: DE-000001
# currency: EUR
# start: page 1 line 1
date,text,withdrawal,deposit,balance
2026-03-02,Cash,10.00,,90.00
"""
SECRET = bytes(range(100, 132))


@pytest.mark.slow
def test_the_file_of_a_copy_that_waits_has_no_book_secret(open_till: OpenTill, tmp_path: Path) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("appliance-unreachable", address="here", why="a test")
    update: dict[str, Any] = {"format": "passbook-update+csv", "layout": "savings-24", "book_secrets": (SECRET,)}
    job = till.submit(document=UPDATE, keep=Keep.BOTH, **update).job
    [record] = [one for one in till.own.unfinished() if one.job_id == job]
    assert record.book is not None
    assert record.book.first == BookPlace(1, 1)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".json" and path.stem == job for path in files)
    assert search_files([tmp_path], {"book secret": SECRET, "account": "DE-000001"}) == []
    till.appliance.refuses = None
    asyncio.run(till.submissions.resume())
    sent, _ = till.appliance.sent[-1]
    assert (sent.book, sent.book_secrets) == (record.book, ())
