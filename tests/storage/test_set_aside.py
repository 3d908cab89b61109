"""Sheets of form stock whose lines are ordered again: spoiled by the draw of other ones, not by the order."""

from __future__ import annotations

from passbook.job import changes
from passbook.job.issue import IssuedSheet, IssueState
from passbook.job.record import Verdict
from spooler.form_stock import FormStock
from storage.spool import Spool
from tests.storage.store import AT, Store, raised_by
from tests.storage.test_form_stock import accept, answered, begin, change, kinds, left, replenish, stock_of


def cut_in_the_second_copy(store: Store, count: int) -> tuple[Spool, FormStock, str]:
    """Two copies from so many sheets; the power fails in the first line of the second one, after one is on paper."""
    spool = store.open()
    replenish(stock_of(spool), count, 101)
    job = accept(store, spool, copies=2).job_id
    begin(spool, stock_of(spool), job)
    for step in range(1, 6):
        change(spool, job, changes.journal(step - 1, step))
    spool = store.open()
    return spool, stock_of(spool), job


def test_an_order_that_drew_no_sheet_spoils_none_and_a_later_answer_goes_on_with_the_sheet(store: Store) -> None:
    spool, stock, job = cut_in_the_second_copy(store, 2)
    answered(spool, job, Verdict.PRINT, 1)
    assert raised_by(lambda: begin(spool, stock, job)) == "forms-short"
    spool = store.open()
    stock = stock_of(spool)
    answered(spool, job, Verdict.RESUME, 5)
    replenish(stock, 3, 201)
    record = begin(spool, stock, job)
    assert record.issue is not None
    assert record.issue.sheets == (
        IssuedSheet(1, "1", 101, IssueState.PRINTED),
        IssuedSheet(2, "1", 102, IssueState.BEGUN),
    )
    for step in (5, 6):
        change(spool, job, changes.journal(step - 1, step))
    ended = change(spool, job, changes.finish_job(AT))
    assert ended.issue is not None
    assert [one.state for one in ended.issue.sheets] == [IssueState.PRINTED] * 2
    assert "sheet-spoiled" not in {kind for kind, *_ in kinds(stock)}
    assert left(stock) == (3, 201)


def test_on_a_sheet_that_was_drawn_for_an_order_no_answer_goes_on_behind_its_own_lines(store: Store) -> None:
    spool, stock, job = cut_in_the_second_copy(store, 4)
    answered(spool, job, Verdict.PRINT, 1)
    begin(spool, stock, job)
    assert sorted(kinds(stock))[-1] == ("sheet-spoiled", 2, 101)
    change(spool, job, changes.journal(0, 1))
    spool = store.open()
    assert raised_by(lambda: answered(spool, job, Verdict.RESUME, 3)) == "answer-not-possible"
    assert raised_by(lambda: answered(spool, job, Verdict.RESUME, 5)) == "answer-not-possible"
    record = answered(spool, job, Verdict.RESUME, 2)
    assert record.issue is not None
    assert record.issue.in_use()[1] == IssuedSheet(1, "1", 103, IssueState.BEGUN)


def test_a_sheet_set_aside_is_spoiled_with_its_job(store: Store) -> None:
    spool, stock, job = cut_in_the_second_copy(store, 2)
    answered(spool, job, Verdict.PRINT, 1)
    change(spool, job, changes.cancel(AT, "t", "Ann"))
    assert sorted(kinds(stock))[-1] == ("sheet-spoiled", 2, 101)
    assert left(stock) == (0, 0)
