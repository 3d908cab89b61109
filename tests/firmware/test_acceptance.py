from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware.config.layouts import load_layouts
from firmware.service.acceptance import Acceptance
from passbook.document.drafts import StartLine
from passbook.document.plan import Line, decode_plan
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Encryption, Holder, Record
from passbook.protocol.messages import MAX_DOCUMENT, SubmitJob
from storage.admission import Limits
from storage.crypto.envelope import open_attributes, open_document, open_plan, unwrap_for_requester
from tests.firmware.branch import (
    CONTENT,
    DOCUMENT,
    KEY,
    OTHER,
    PRINTER,
    TELLER,
    WAIT,
    Bench,
    open_spool,
    request,
    unconnected,
)

CSV = b"""# layout: savings-24
# account: DE-1
# currency: EUR
# start: page 3 line 1
date,text,withdrawal,deposit,balance
2026-03-02,Okafor,12.50,,100.00
"""
ROW = CSV.splitlines(keepends=True)[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path, limits=Limits(jobs_per_requester=3))
    yield one
    one.spool.close()


def submit(bench: Bench, asked: SubmitJob | None = None, document: bytes = DOCUMENT, **settings: Any) -> Record:
    return asyncio.run(bench.admission(**settings).submit(TELLER, asked or request(), document))


def state_of(bench: Bench) -> list[tuple[str, int, int, int]]:
    return [(area.name, area.records, area.free, area.reserved) for area in bench.spool.areas()]


def refused(bench: Bench, asked: SubmitJob, document: bytes = DOCUMENT, **settings: Any) -> str:
    """The code of a refusal, which has changed nothing and says nothing of what the book says."""
    before, records, told = state_of(bench), bench.spool.records(), list(bench.told)
    with pytest.raises(PassbookError) as caught:
        submit(bench, asked, document, **settings)
    assert (state_of(bench), bench.spool.records(), bench.told) == (before, records, told)
    assert not any(word in str(caught.value) for word in CONTENT.split())
    return caught.value.code


REFUSALS: dict[str, tuple[dict[str, Any], bytes, str]] = {
    "no request id": ({"client_request": ""}, DOCUMENT, "invalid-message"),
    "a long request id": ({"client_request": "r" * 129}, DOCUMENT, "invalid-message"),
    "control characters in the request id": ({"client_request": "r\x1b[2J"}, DOCUMENT, "invalid-message"),
    "priority 0": ({"priority": 0}, DOCUMENT, "priority-not-allowed"),
    "a priority above the ceiling": ({"priority": 81}, DOCUMENT, "priority-not-allowed"),
    "a priority that no row can hold": ({"priority": 10**30}, DOCUMENT, "priority-not-allowed"),
    "a long key reference": ({"key_ref": "k" * 129}, DOCUMENT, "invalid-message"),
    "control characters in the key reference": ({"key_ref": "k\x1b"}, DOCUMENT, "invalid-message"),
    "a short key": ({"key": KEY[:31]}, DOCUMENT, "key-malformed"),
    "a long key": ({"key": KEY + b"x"}, DOCUMENT, "key-malformed"),
    "a printer that is not there": ({"printer": "p" * 999}, DOCUMENT, "unknown-printer"),
    "a layout that is not there": ({"layout": "lost"}, DOCUMENT, "unknown-layout"),
    "a format that is not known": ({"format": "picture"}, DOCUMENT, "unknown-format"),
    "an empty document": ({}, b"", "document-empty"),
    "blank lines only": ({}, b"\n\n", "document-empty"),
    "a large document": ({}, b"x" * (MAX_DOCUMENT + 1), "document-too-large"),
    "what is not text": ({}, b"\xff" + CONTENT.encode(), "document-malformed"),
    "a control character": ({}, f"{CONTENT}\x1b\n".encode(), "control-byte"),
    "outside of the code page": ({}, f"{CONTENT} 中\n".encode(), "not-in-code-page"),
    "a line that is too long": ({}, (CONTENT * 9).encode(), "column-overflow"),
    "too many lines": ({}, f"{CONTENT}\n".encode() * 61, "past-last-line"),
    "too many lines, none of which can be printed": ({}, "中\n".encode() * 61, "past-last-line"),
    "an entry that is wrong behind more of them than any book has lines": (
        {"format": "passbook-update+csv", "layout": ""},
        CSV + ROW * 999 + ROW.replace(b"12.50", b"x"),
        "past-last-line",
    ),
    "a text for a book": ({"layout": "savings-24"}, DOCUMENT, "layout-unfit"),
    "an amount that is none": (
        {"format": "passbook-update+csv", "layout": ""},
        CSV.replace(b"12.50", b"12,50,"),
        "document-malformed",
    ),
}


@pytest.mark.parametrize(("facts", "document", "code"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_refused_changed_nothing(bench: Bench, facts: dict[str, Any], document: bytes, code: str) -> None:
    submit(bench, request("earlier"))
    assert refused(bench, request(**facts), document) == code


def test_a_job_without_a_key_is_taken_only_where_the_operator_allows_it(bench: Bench) -> None:
    keyless = request(key=b"", key_ref="")
    assert refused(bench, keyless, own_key_jobs=False) == "key-missing"
    record = submit(bench, keyless)
    assert record.encryption is Encryption.APPLIANCE
    assert [wrap.holder for wrap in bench.spool.job(record.job_id).wraps] == [Holder.APPLIANCE]


def test_what_was_accepted_is_on_disk_before_anybody_is_told(tmp_path: Path) -> None:
    """P1: the answer is there, then everything in memory is lost."""
    bench = Bench(tmp_path)
    record = submit(bench)
    found = bench.spool.record(record.job_id)
    bench.spool.close()
    again = open_spool(tmp_path, bench.appliance_key, power_on=False)
    try:
        assert again.record(record.job_id) == found == record
        sealed = again.sealed(again.job(record.job_id))
        [wrap] = again.job(record.job_id).wraps
    finally:
        again.close()
    key = unwrap_for_requester(record.identity(), wrap, KEY)
    assert open_document(record.identity(), sealed, key) == DOCUMENT
    assert msgspec.json.decode(open_attributes(record.identity(), sealed, key)) == {"name": ""}
    lines = [step for step in decode_plan(open_plan(record.identity(), sealed, key)) if isinstance(step, Line)]
    assert [run.text for line in lines for run in line.runs] == [CONTENT, "second line"]


def test_the_answer_waits_for_the_commit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: as long as the store has not said so, nothing is accepted."""

    async def story() -> None:
        reached, commit = asyncio.Event(), Future[Record]()
        store = bench.jobs.spool.accept
        loop = asyncio.get_running_loop()
        stored: list[Future[Record]] = []

        def slowly(*order: Any) -> Future[Record]:
            stored.append(store(*order))
            loop.call_soon_threadsafe(reached.set)
            return commit

        monkeypatch.setattr(bench.jobs.spool, "accept", slowly)
        submitting = asyncio.create_task(bench.admission().submit(TELLER, request(), DOCUMENT))
        await reached.wait()
        record = await asyncio.wrap_future(stored[0])
        assert not submitting.done()
        commit.set_result(record)
        async with asyncio.timeout(WAIT):
            assert await submitting == record

    asyncio.run(story())


def test_a_terminal_that_goes_away_does_not_undo_an_acceptance(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        reached, commit = asyncio.Event(), Future[Record]()
        loop = asyncio.get_running_loop()

        def slowly(*_order: Any) -> Future[Record]:
            loop.call_soon_threadsafe(reached.set)
            return commit

        monkeypatch.setattr(bench.jobs.spool, "accept", slowly)
        submitting = asyncio.create_task(bench.admission().submit(TELLER, request(), DOCUMENT))
        await reached.wait()
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        assert not commit.cancelled()
        assert commit.set_running_or_notify_cancel()
        commit.set_exception(PassbookError("area-full", area="a", free=0, needed=1))

    asyncio.run(story())


def test_the_same_request_again_is_the_same_job(bench: Bench) -> None:
    """P10: also when it has another priority or comes after the end, and the queue does not grow."""
    first = submit(bench)
    assert submit(bench) == first
    assert submit(bench, request(priority=9)) == first
    bench.jobs.change(first.job_id, changes.cancel("t", "till", "Anna")).result(WAIT)
    assert submit(bench).job_id == first.job_id
    bench.power_cycle()
    assert submit(bench).job_id == first.job_id
    assert bench.spool.records() == []


@pytest.mark.parametrize(
    ("facts", "document"),
    [
        ({}, DOCUMENT + b"more\n"),
        ({"format": "passbook-update+csv", "layout": ""}, CSV),
        ({"format": "passbook-update+csv", "layout": "", "start": StartLine(3, 2)}, CSV),
    ],
)
def test_the_same_id_with_other_content_is_refused(bench: Bench, facts: dict[str, Any], document: bytes) -> None:
    submit(bench)
    assert refused(bench, request(**facts), document) == "request-reused"


def test_an_id_belongs_to_its_requester(bench: Bench) -> None:
    mine = submit(bench)
    other = asyncio.run(bench.admission().submit(OTHER, request(), DOCUMENT))
    assert mine.job_id != other.job_id


def test_the_same_request_at_once_is_stored_once(bench: Bench) -> None:
    async def story() -> list[Any]:
        admission = bench.admission()
        both = (admission.submit(TELLER, request(), DOCUMENT) for _ in range(2))
        return list(await asyncio.gather(*both, return_exceptions=True))

    results = asyncio.run(story())
    assert len(bench.spool.records()) == 1
    codes = {one.code for one in results if isinstance(one, PassbookError)}
    assert codes <= {"request-in-flight"}
    assert any(isinstance(one, Record) for one in results)


def test_what_one_requester_may_hold_is_limited(bench: Bench) -> None:
    for number in range(3):
        submit(bench, request(f"r-{number}"))
    assert refused(bench, request("r-3")) == "quota-exceeded"
    asyncio.run(bench.admission().submit(OTHER, request(), DOCUMENT))


def test_when_sealing_fails_claim_and_space_are_given_back(bench: Bench) -> None:
    class BrokenError(Exception):
        pass

    def fails(_count: int) -> bytes:
        raise BrokenError

    before, rng = state_of(bench), bench.rng
    bench.rng = fails
    with pytest.raises(BrokenError):
        submit(bench)
    bench.rng = rng
    assert state_of(bench) == before
    assert submit(bench) == bench.spool.records()[0]


def test_what_was_accepted_once_stays_that_job_although_it_would_be_refused_today(bench: Bench) -> None:
    record = submit(bench, request(priority=80))
    assert submit(bench, request(priority=80), priority_ceiling=10) == record
    assert refused(bench, request("r-2", priority=80), priority_ceiling=10) == "priority-not-allowed"
    other = request(priority=80)
    assert refused(bench, other, DOCUMENT + b"more\n", priority_ceiling=10) == "request-reused"


def test_a_job_that_was_not_stored_leaves_no_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: Future[Record] = Future()
    failed.set_exception(PassbookError("area-full", area="a", free=0, needed=1))
    monkeypatch.setattr(bench.jobs.spool, "accept", lambda *_order: failed)
    with pytest.raises(PassbookError):
        submit(bench)
    assert bench.keys._keys == {}


def test_a_person_may_say_where_the_first_line_goes(bench: Bench) -> None:
    facts = {"format": "passbook-update+csv", "layout": ""}
    asked = CSV.replace(b"page 3 line 1", b"ask")
    assert refused(bench, request(**facts), asked) == "start-not-given"
    record = submit(bench, request(**facts, start=StartLine(4, 7)), asked)
    assert (record.outline[0].page, record.outline[0].line) == (4, 7)
    assert (record.layout, record.sheet.height > 0) == ("savings-24", True)


def test_a_layout_that_the_operator_changed_does_not_make_it_another_request(bench: Bench) -> None:
    """P10: what the terminal sent is the same, wherever it would be placed now."""
    first = submit(bench)
    moved = _with_layouts(bench, _lower)
    again = asyncio.run(moved.submit(TELLER, request(), DOCUMENT))
    assert again == first


def _lower(layout: Any) -> Any:
    """The layout with all lines 2 mm lower."""
    usual = layout.usual_page
    return msgspec.structs.replace(layout, usual_page=msgspec.structs.replace(usual, first_y=usual.first_y + 180))


def _with_layouts(bench: Bench, change: Callable[[Any], Any]) -> Acceptance:
    layouts = {name: change(layout) for name, layout in load_layouts(None).items()}
    return bench.admission(destinations={PRINTER: unconnected(layouts)})
