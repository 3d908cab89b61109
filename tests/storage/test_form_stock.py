"""Form stock against a second opinion: sheets in a drawer, jobs that draw them, cuts, voids, spoils and deliveries."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import apsw
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from firmware.config.configuration import FormConfig
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.issue import FormIssue, IssuedSheet, IssueState
from passbook.job.record import Answered, Record, Verdict
from passbook.job.states import Reason
from passbook.job.stock_moves import StockKind
from passbook.protocol.media import Media
from passbook.protocol.stock_orders import ListStock, ReplenishStock, SpoilStock, StockLevel
from spooler.form_stock import FormStock
from storage.area.capacity import change_cost
from storage.spool import Spool
from storage.tables.ledger import Ledger
from storage.tables.stock import CARRIED_AFTER
from tests.firmware.branch import StandingClock
from tests.storage.disk import Disk, failing
from tests.storage.store import AT, Store, raised_by
from tests.storage.test_ledger import raw

PRINTER = "pr-1"
FORM = "certificate"
CASSETTE = FormConfig(FORM, "1", numbered=True, low=2)
LINES = 2


def sheets(copies: int) -> tuple[StepOutline, ...]:
    """The steps of so many copies of a form of two lines."""
    found: list[StepOutline] = []
    for page in range(1, copies + 1):
        found += [StepOutline(StepKind.LINE, page, line) for line in range(1, LINES + 1)]
        found.append(StepOutline(StepKind.EJECT if page == copies else StepKind.NEXT_SHEET, min(page + 1, copies)))
    return tuple(found)


def stock_of(spool: Spool, *cassettes: FormConfig) -> FormStock:
    return FormStock(spool, {PRINTER: cassettes or (CASSETTE,)}, StandingClock(), lambda _printer: None)


def replenish(stock: FormStock, count: int, first: int, cassette: str = "1") -> None:
    stock.replenish(ReplenishStock(PRINTER, FORM, cassette, count, "Ann", first))


def spoil(stock: FormStock, count: int, first: int) -> None:
    stock.spoil(SpoilStock(PRINTER, FORM, "1", count, "Ann", "torn", first))


def accept(store: Store, spool: Spool, copies: int = 1) -> Record:
    return store.accepted(
        spool, outline=sheets(copies), steps=len(sheets(copies)), format="form", issue=FormIssue(FORM)
    )


def begin(spool: Spool, stock: FormStock, job: str) -> Record:
    """Have a mechanism take the job up, with sheets drawn for it."""

    def store(drawn: Any) -> Record:
        return spool.change(job, changes.start(AT, 1, sheets=drawn)).result(timeout=30)

    return stock.begin(spool.record(job), store)


def change(spool: Spool, job: str, rule_: Any) -> Record:
    return spool.change(job, rule_).result(timeout=30)


def answered(spool: Spool, job: str, verdict: Verdict, step: int = 0) -> Record:
    record = spool.record(job)
    given = Answered(record.epoch, verdict, step, record.sending, "t", "Ms Okafor")
    return change(spool, job, changes.answer(given, at=AT, date=AT[:10], trusted=True, second_operator=False))


def left(stock: FormStock) -> tuple[int, int]:
    [view] = stock.views()
    return view.left, view.next


def kinds(stock: FormStock) -> list[tuple[str, int, int]]:
    return [(line.move.kind.value, line.move.count, line.move.first) for line in stock.told(ListStock(last=100)).moves]


@pytest.fixture
def spool(store: Store) -> Spool:
    return store.open()


def test_a_job_draws_the_lowest_numbers_and_they_are_used_when_it_is_printed(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool, copies=2).job_id
    record = begin(spool, stock, job)
    assert record.issue is not None
    assert [(one.page, one.number, one.state) for one in record.issue.sheets] == [
        (1, 101, IssueState.DRAWN),
        (2, 102, IssueState.DRAWN),
    ]
    assert left(stock) == (3, 103)
    for step in range(1, 7):
        change(spool, job, changes.journal(step - 1, step))
    ended = change(spool, job, changes.finish_job(AT))
    assert ended.issue is not None
    assert [one.state for one in ended.issue.sheets] == [IssueState.PRINTED] * 2
    assert left(stock) == (3, 103)
    assert sorted(kinds(stock)) == [("debited", 2, 101), ("replenished", 5, 101)]
    assert left(stock_of(store.open())) == (3, 103)
    assert spool.verify() == []


def test_the_debit_is_voided_when_nothing_was_sent_and_spoiled_when_a_line_was(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool, copies=3).job_id
    begin(spool, stock, job)
    for step in range(1, 5):
        change(spool, job, changes.journal(step - 1, step))
    change(spool, job, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))
    ended = answered(spool, job, Verdict.DISCARD)
    assert ended.issue is not None
    assert [(one.number, one.state) for one in ended.issue.sheets] == [
        (101, IssueState.PRINTED),
        (102, IssueState.SPOILED),
        (103, IssueState.VOIDED),
    ]
    assert ended.issue.sheets[1].reason == "discarded-by-answer"
    assert left(stock) == (3, 103)
    assert sorted(kinds(stock)) == [
        ("debited", 3, 101),
        ("replenished", 5, 101),
        ("sheet-spoiled", 1, 102),
        ("voided", 1, 103),
    ]


def test_a_job_that_goes_on_keeps_its_sheet_over_a_power_cut(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool).job_id
    begin(spool, stock, job)
    change(spool, job, changes.journal(0, 1))
    spool = store.open()
    stock = stock_of(spool)
    assert left(stock) == (4, 102)
    answered(spool, job, Verdict.RESUME, 1)
    record = begin(spool, stock, job)
    assert record.issue is not None
    assert [(one.number, one.state) for one in record.issue.sheets] == [(101, IssueState.BEGUN)]
    assert left(stock) == (4, 102)


def test_a_sheet_that_is_printed_again_from_its_first_line_is_spoiled(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool).job_id
    begin(spool, stock, job)
    change(spool, job, changes.journal(0, 1))
    change(spool, job, changes.journal(1, 2))
    change(spool, job, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))
    record = answered(spool, job, Verdict.PRINT, 1)
    assert record.issue is not None
    assert record.issue.sheets == (IssuedSheet(1, "1", 101, IssueState.SET_ASIDE),)
    assert [kind for kind, *_ in kinds(stock)] == ["debited", "replenished"]
    record = begin(spool, stock, job)
    assert record.issue is not None
    assert (record.issue.sheets[0].state, record.issue.sheets[0].reason) == (IssueState.SPOILED, "ordered-again")
    assert record.issue.in_use()[1] == IssuedSheet(1, "1", 102)
    assert left(stock) == (3, 103)
    assert sorted(kinds(stock))[-1] == ("sheet-spoiled", 1, 101)


def test_a_job_without_enough_sheets_draws_none(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 2, 101)
    job = accept(store, spool, copies=3).job_id
    assert not stock.may_begin(spool.record(job))
    assert raised_by(lambda: begin(spool, stock, job)) == "forms-short"
    assert raised_by(lambda: change(spool, job, changes.start(AT, 1))) == "forms-short"
    assert left(stock) == (2, 101)
    assert spool.record(job).issue == FormIssue(FORM)


def test_cassettes_are_used_in_their_order_down_to_their_empty_marks(store: Store, spool: Spool) -> None:
    second = FormConfig(FORM, "2", numbered=True, low=2)
    stock = stock_of(spool, replace(CASSETTE, empty=1), second)
    replenish(stock, 3, 101)
    replenish(stock, 3, 901, "2")
    job = accept(store, spool, copies=3).job_id
    record = begin(spool, stock, job)
    assert record.issue is not None
    assert [(one.cassette, one.number) for one in record.issue.sheets] == [("1", 101), ("1", 102), ("2", 901)]
    levels = [(view.left, view.level) for view in stock.views()]
    assert levels == [(1, StockLevel.EMPTY), (2, StockLevel.LOW)]
    assert [problem.code for problem in stock.problems()] == ["stock-empty", "stock-low"]


def test_forms_without_numbers_are_only_counted(store: Store, spool: Spool) -> None:
    stock = stock_of(spool, FormConfig(FORM, low=0))
    stock.replenish(ReplenishStock(PRINTER, FORM, "1", 5, "Ann"))
    job = accept(store, spool, copies=2).job_id
    begin(spool, stock, job)
    assert left(stock) == (3, 0)
    change(spool, job, changes.cancel(AT, "t", "Ann", at_boundary=True))
    assert left(stock) == (5, 0)


@pytest.mark.parametrize(
    "order",
    [
        ReplenishStock(PRINTER, FORM, "1", 5, "Ann"),
        ReplenishStock(PRINTER, FORM, "1", 5, "Ann", 105),
        ReplenishStock(PRINTER, FORM, "1", 1, "Ann", 101),
        ReplenishStock(PRINTER, FORM, "2", 5, "Ann", 900),
        ReplenishStock(PRINTER, "cheque", "1", 5, "Ann", 900),
        ReplenishStock(PRINTER, FORM, "1", 2, "Ann", 9_999_999_999),
        SpoilStock(PRINTER, FORM, "1", 1, "Ann", "torn"),
        SpoilStock(PRINTER, FORM, "1", 1, "Ann", "torn", 101),
        SpoilStock(PRINTER, FORM, "1", 2, "Ann", "torn", 105),
        SpoilStock(PRINTER, FORM, "1", 6, "Ann", "torn", 102),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(
    store: Store, spool: Spool, order: ReplenishStock | SpoilStock
) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    begin(spool, stock, accept(store, spool).job_id)
    before = kinds(stock)
    if isinstance(order, ReplenishStock):
        assert raised_by(lambda: stock.replenish(order)) == "stock-refused"
    else:
        assert raised_by(lambda: stock.spoil(order)) == "stock-refused"
    assert kinds(stock) == before
    assert left(stock) == (4, 102)


def test_a_spoil_tells_the_reason_and_the_person(spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    spoil(stock, 2, 103)
    assert left(stock) == (3, 101)
    last = stock.told(ListStock(last=1)).moves[0].move
    assert (last.kind, last.first, last.count, last.person, last.reason) == (StockKind.SPOILED, 103, 2, "Ann", "torn")


def test_while_an_area_is_away_nothing_is_drawn(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool).job_id
    spool._areas[0].fence("a test")
    assert not stock.may_begin(accept(store, spool))
    assert raised_by(lambda: replenish(stock, 1, 300)) == "stock-not-known"
    assert [problem.code for problem in stock.problems()] == ["stock-not-known"]
    assert job


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE history SET entry = replace(entry, '\"count\":5', '\"count\":9') WHERE instr(entry, 'replenished')",
        "UPDATE history SET entry = replace(entry, 'debited', 'voided') WHERE instr(entry, 'debited')",
        "DELETE FROM history WHERE instr(entry, 'debited')",
        "UPDATE counter SET books = 1 WHERE hex(printer) LIKE '1F%'",
        "DELETE FROM counter WHERE hex(printer) LIKE '1F%'",
    ],
)
def test_an_altered_entry_is_found_and_nothing_is_drawn_by_it(store: Store, tampering: str) -> None:
    store.names = ("a",)
    spool = store.open()
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    job = accept(store, spool).job_id
    begin(spool, stock, job)
    store.close()
    with raw(store, "a") as connection:
        connection.execute(tampering)
    spool = store.open()
    stock = stock_of(spool)
    codes = {error.code for error in spool.verify()}
    assert codes & {"history-broken", "counter-damaged", "rows-altered"}
    assert [problem.code for problem in stock.problems()] == ["stock-not-known"]
    # A person can end the job all the same.
    answered(spool, job, Verdict.DISCARD)
    assert spool.record(job).ended


@pytest.mark.slow
def test_at_every_write_of_a_debit_a_power_cut_leaves_both_or_neither(tmp_path: Path) -> None:
    """Of the files as they are before each write and each sync, another appliance boots."""
    disk = Disk(f"disk {tmp_path}")
    store = Store(tmp_path / "store", names=("a",), vfs=disk.name)
    cuts: list[Path] = []

    def cut(name: str) -> None:
        if name.endswith(("-wal", ".sqlite")):
            copy = tmp_path / f"cut-{len(cuts)}"
            shutil.copytree(store.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
            cuts.append(copy)

    try:
        spool = store.open()
        stock = stock_of(spool)
        replenish(stock, 5, 101)
        job = accept(store, spool, copies=2).job_id
        disk.on_write = disk.on_sync = cut
        begin(spool, stock, job)
        disk.on_write = disk.on_sync = lambda _name: None
        cut("-wal")
    finally:
        store.close()
        disk.unregister()
    found = set()
    for copy in cuts:
        after = Store(copy, names=("a",))
        spool = after.open()
        issue = spool.record(job).issue
        assert issue is not None
        assert left(stock_of(spool)) == ((3, 103) if issue.sheets else (5, 101))
        assert spool.verify() == []
        found.add(len(issue.sheets))
        after.close()
    assert found == {0, 2}


def test_a_debit_that_was_not_stored_is_not_counted(tmp_path: Path) -> None:
    disk = Disk(f"disk {tmp_path}")
    store = Store(tmp_path, names=("a",), vfs=disk.name)
    try:
        spool = store.open()
        stock = stock_of(spool)
        replenish(stock, 5, 101)
        job, other = accept(store, spool).job_id, accept(store, spool).job_id

        def refused(drawn: Any) -> Record:
            def work(ledger: Ledger) -> Record:
                ledger.apply(job, changes.start(AT, 1, sheets=drawn))
                raise PassbookError("appliance-stopping")

            area, unknown = spool._areas[0], PassbookError("appliance-locked")
            with spool.together():
                drawing = area.submit(work, cost=lambda: change_cost(0, 0), unknown=unknown)
                beside = spool.change(other, changes.hold(AT, "counter-1", "Ann"))
            beside.result(timeout=30)
            return drawing.result(timeout=30)

        assert raised_by(lambda: stock.begin(spool.record(job), refused)) == "appliance-stopping"
        assert left(stock) == (5, 101)
        disk.on_write = failing("-wal", error=apsw.FullError)
        assert raised_by(lambda: begin(spool, stock, job)) == "area-full"
        disk.on_write = lambda _name: None
        assert left(stock) == (5, 101)
        begin(spool, stock, job)
        assert left(stock) == (4, 102)
        assert left(stock_of(store.open())) == (4, 102)
    finally:
        store.close()
        disk.unregister()


def test_stock_is_known_after_old_entries_were_cut_off(store: Store, spool: Spool) -> None:
    stock = stock_of(spool)
    replenish(stock, 5, 101)
    begin(spool, stock, accept(store, spool).job_id)
    spool.upkeep.keep_history("2026-03-02T00:00:00.000Z", "")
    spool.upkeep.keep_history("2026-03-03T00:00:00.000Z", "")
    assert spool.upkeep.keep_history("2027-06-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z") > 0
    assert left(stock) == (4, 102)
    assert left(stock_of(store.open())) == (4, 102)


def test_a_checkpoint_is_written_after_many_moves(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    stock = stock_of(spool)
    with_moves = CARRIED_AFTER + 3
    for number in range(with_moves):
        replenish(stock, 1, 101 + number)
    assert len(list(spool._areas[0].ledger.stock.entries())) < CARRIED_AFTER
    assert left(stock_of(store.open())) == (with_moves, 101)


@dataclass
class Model:
    """What a person would count who sees everything."""

    free: set[int] = field(default_factory=set)
    jobs: dict[str, dict[int, tuple[int, str]]] = field(default_factory=dict)
    """For each job and page the number of its sheet, and what became of it."""
    lines: dict[int, set[int]] = field(default_factory=dict)
    """For each sheet that was drawn the steps whose lines were sent to it."""
    delivered: int = 0


class StockMachine(RuleBasedStateMachine):
    """Jobs of one or two copies over two areas; the drawer is counted after each rule."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.model = Model()
        self.waiting: list[str] = []
        self.open()

    def open(self) -> None:
        self.spool = self.store.open()
        self.stock = stock_of(self.spool)

    def teardown(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        assert self.spool.verify() == []
        self.store.close()
        self.folder.cleanup()

    @rule(count=st.integers(1, 4), gap=st.integers(0, 2))
    def put_in(self, count: int, gap: int) -> None:
        first = self.model.delivered + 1 + gap
        replenish(self.stock, count, first)
        self.model.delivered = first + count - 1
        self.model.free |= set(range(first, first + count))

    @rule(data=st.data())
    @precondition(lambda self: self.model.free)
    def tear_one(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.free)))
        spoil(self.stock, 1, number)
        self.model.free.discard(number)

    @rule(copies=st.integers(1, 2))
    def send(self, copies: int) -> None:
        self.waiting.append(accept(self.store, self.spool, copies).job_id)

    def job(self, data: st.DataObject) -> Record:
        return self.spool.record(data.draw(st.sampled_from(self.waiting)))

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def print_on(self, data: st.DataObject) -> None:
        """Print some steps of a job, and leave it at a stop, or in the middle, or at its end."""
        record = self.job(data)
        if not record.valid:
            return
        pages = self.model.jobs.setdefault(record.job_id, {})
        left_pages = {one.page for one in record.outline[record.confirmed :] if one.kind.traits.is_line}
        due = sorted(left_pages - {page for page, (_, state) in pages.items() if state != "set-aside"})
        if len(due) > len(self.model.free):
            assert raised_by(lambda: begin(self.spool, self.stock, record.job_id)) == "forms-short"
            return
        begin(self.spool, self.stock, record.job_id)
        for page in due:
            pages[page] = (min(self.model.free), "drawn")
            self.model.free.discard(pages[page][0])
        last = data.draw(st.integers(record.confirmed, record.steps))
        for step in range(record.confirmed + 1, last + 1):
            change(self.spool, record.job_id, changes.journal(step - 1, step))
            here = record.outline[step - 1]
            if not here.kind.traits.is_line:
                continue
            number, state = pages[here.page]
            carried = self.model.lines.setdefault(number, set())
            above = {n for n, one in enumerate(record.outline[: step - 1], 1) if one.page == here.page and one.line}
            assert above <= carried, "each line stands below those before it, on the same sheet"
            carried.add(step)
            if state == "drawn":
                pages[here.page] = (number, "begun")
        confirmed = last - 1 if last > record.confirmed else record.confirmed
        if last == record.steps and data.draw(st.booleans()):
            confirmed = last
            change(self.spool, record.job_id, changes.finish_job(AT))
            self.waiting.remove(record.job_id)
        else:
            change(self.spool, record.job_id, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))
        for page, (number, state) in pages.items():
            done = all(n <= confirmed for n, one in enumerate(record.outline, 1) if one.page == page and one.line)
            if state == "begun" and done:
                pages[page] = (number, "printed")

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def discard(self, data: st.DataObject) -> None:
        record = self.job(data)
        if record.valid:
            change(self.spool, record.job_id, changes.cancel(AT, "t", "Ann"))
        else:
            answered(self.spool, record.job_id, Verdict.DISCARD)
        self.waiting.remove(record.job_id)
        for number, state in self.model.jobs.get(record.job_id, {}).values():
            if state == "drawn":
                self.model.free.add(number)

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def go_on(self, data: st.DataObject) -> None:
        """Order a job from any step that may come next; with the step behind the last one it is completed."""
        record = self.job(data)
        if record.valid:
            return
        step = data.draw(st.integers(1, record.furthest_sent + 1))
        answered(self.spool, record.job_id, Verdict.RESUME, step)
        pages = self.model.jobs.get(record.job_id, {})
        for page, (number, was) in pages.items():
            lines = [n for n, one in enumerate(record.outline, 1) if one.page == page and one.line]
            is_again = was in {"begun", "printed"} and step <= lines[0] and step <= record.confirmed
            now = "set-aside" if is_again else was
            if now in {"begun", "set-aside"} and step > lines[0]:
                now = "printed" if step > lines[-1] else "begun"
            pages[page] = (number, now)
        if step > record.steps:
            self.waiting.remove(record.job_id)

    @rule()
    def cut_the_power(self) -> None:
        self.open()

    @invariant()
    def sheets_are_as_noted(self) -> None:
        for job in self.waiting:
            issue = self.spool.record(job).issue
            assert issue is not None
            latest = {sheet.page: (sheet.number, sheet.state.value) for sheet in issue.sheets}
            assert latest == self.model.jobs.get(job, {})
            given_up = [
                sheet for n, sheet in enumerate(issue.sheets) if sheet.page in {s.page for s in issue.sheets[n + 1 :]}
            ]
            assert {sheet.state for sheet in given_up} <= {IssueState.SPOILED}

    @invariant()
    def the_drawer_is_as_counted(self) -> None:
        assert left(self.stock) == (len(self.model.free), min(self.model.free, default=0))
        balance = next(iter(self.spool.stock.balances().values()), None)
        if balance is not None:
            numbers = {n for first, last in balance.free_ranges() for n in range(first, last + 1)}
            assert numbers == self.model.free


TestStockMachine = cast("Any", StockMachine).TestCase
TestStockMachine.settings = hypothesis_settings(
    max_examples=hypothesis_settings().max_examples // 5, stateful_step_count=20, deadline=None
)
