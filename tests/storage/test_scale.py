"""Work that does not grow with what lies in the store: judged by SQLite's own count of steps, never by time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from bench.filling import AT, PRINTER, accept, fill, open_store
from passbook.job import changes
from passbook.job.record import Answered, Record, Verdict
from passbook.job.states import Reason
from storage.area.area import Area
from storage.spool import Spool

pytestmark = pytest.mark.slow

FEW, MANY = 100, 3000
ROOM = 1 << 34
HOLDS_A_ROW_OR_TWO = ("SCAN head", "SCAN row_sum", "SCAN peer", "SCAN CONSTANT ROW", "SCAN pragma_")


@contextmanager
def opened(folder: Path, jobs: int) -> Iterator[Spool]:
    # With two areas it would be chance in which of them a job is found.
    spool = open_store(folder, quota=ROOM, names=("a",))
    spool.power_on(Reason.RESTART, AT)
    fill(spool, jobs, document_bytes=100)
    yield spool
    spool.close()


def connections(spool: Spool) -> list[apsw.Connection]:
    """Those that hot paths use."""
    areas: Sequence[Area] = spool._areas
    return [connection for area in areas for connection in (area.connection, area._reader)]


def do_all(spool: Spool) -> Iterator[str]:
    """Everything that happens to a job on its usual way, step by step; each step is named before it is done."""
    yield "accept"
    accepted = accept(spool, "teller-new").result()
    yield "the same request again"
    assert spool.known(accepted.requester, accepted.request_id, b"") == accepted
    yield "next job"
    record = spool.next_valid(PRINTER)
    assert record is not None
    yield "start"
    change(spool, record, changes.start(AT, 1))
    yield "journal"
    change(spool, record, changes.journal(0, 1))
    yield "stop"
    stopped = change(spool, record, changes.stop(Reason.SILENT, record.media, AT))
    yield "answer"
    given = Answered(stopped.epoch, Verdict.RESUME, 2, 1, "t", "Ms Okafor")
    change(spool, record, changes.answer(given, at=AT, date=AT[:10], trusted=True))
    yield "one job"
    assert spool.record(record.job_id).valid
    assert spool.sealed(spool.job(record.job_id)).size <= record.size
    yield "cancel"
    assert change(spool, record, changes.cancel(AT, "t", "Ms Okafor")).ended
    yield "lists"
    assert len(spool.records(after=3, limit=10)) == 10
    assert len(spool.newest_records(10)) == 10
    assert spool.printers().keys() == {PRINTER}
    assert spool.held()["teller-0"].jobs > 0
    yield "questions"
    assert list(spool.questions(after=3)) == []
    assert len(spool.records_of("teller-0")) > 0
    yield "notices"
    assert len(spool.notices.oldest(limit=100)) == 1
    assert spool.notices.oldest("nobody", limit=100) == []
    yield "acknowledge"
    change(spool, record, changes.acknowledge("t", AT))
    yield "areas"
    assert sum(area.records for area in spool.areas()) > 0
    yield "heads"
    spool.upkeep.note_heads()
    yield "history"
    assert spool.history(last=10)
    yield "forget"
    assert spool.upkeep.forget_ended("9", "9", AT) == 1
    yield "done"


def change(spool: Spool, record: Record, rule: Any) -> Record:
    return spool.change(record.job_id, rule).result()


def counted(spool: Spool) -> Counter[str]:
    """Steps of SQLite's machine that each of them takes."""
    steps: Counter[str] = Counter()
    now = [""]

    def note(event: dict[str, Any]) -> None:
        steps[now[0]] += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    for connection in connections(spool):
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, note)
    for now[0] in do_all(spool):
        pass
    for connection in connections(spool):
        connection.trace_v2(0, None)
    return steps


def test_nothing_on_a_jobs_way_takes_more_steps_because_others_wait(tmp_path: Path) -> None:
    with opened(tmp_path / "few", FEW) as spool:
        few = counted(spool)
    with opened(tmp_path / "many", MANY) as spool:
        many = counted(spool)
    assert few.keys() == many.keys()
    assert {name: many[name] for name in many if many[name] > 1.2 * few[name]} == {}


def test_no_query_on_a_jobs_way_goes_through_a_table(tmp_path: Path) -> None:
    asked: dict[str, Any] = {}

    def note(_cursor: object, sql: str, bindings: Any) -> bool:
        asked[sql] = bindings
        return True

    with opened(tmp_path, FEW) as spool:
        for connection in connections(spool):
            connection.exec_trace = note
        for _ in do_all(spool):
            pass
        for connection in connections(spool):
            connection.exec_trace = None
        reader = connections(spool)[1]
        through = {sql: found for sql, bindings in asked.items() if (found := scans(reader, sql, bindings))}
    assert len(asked) > 30
    assert through == {}


def scans(connection: apsw.Connection, sql: str, bindings: Any) -> list[str]:
    """What a statement goes through from end to end."""
    if sql.split(" ", 1)[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
        return []
    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)
    return [detail for *_, detail in plan if "SCAN" in detail and not detail.startswith(HOLDS_A_ROW_OR_TWO)]
