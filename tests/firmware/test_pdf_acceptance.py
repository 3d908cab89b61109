"""A PDF is judged and drawn before it is accepted, and nothing else of the appliance waits meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import builtin_escpos
from drivers.session import DocumentSession
from firmware.config.configuration import PrinterConfig
from firmware.config.layouts import load_layouts
from firmware.service.acceptance import Acceptance
from passbook.document.plan import StepKind
from passbook.document.rendered_pages import RenderRequest
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import Record
from passbook.protocol.document_check import CheckDocument
from spooler.page_renderer import MOST_DRAWN_OF_ONE, Render
from spooler.printer import Printer
from tests.firmware.branch import PRINTER, TELLER, Bench, request

PDF = b"%PDF-1.4\n"


def never_connected() -> DocumentSession:
    raise AssertionError("no job is printed here")


def admission(bench: Bench, render: Render) -> Acceptance:
    """Admission to a slip printer whose pages are drawn by `render`."""
    settings = PrinterConfig(PRINTER, "tcp://127.0.0.1:1", dialect="escpos")
    printer = Printer(
        settings,
        EscposSlip(builtin_escpos()),
        load_layouts(None),
        connect=never_connected,
        tell=lambda _news: None,
        render=render,
    )
    return bench.admission(destinations={PRINTER: printer})


def one_dot(asked: RenderRequest) -> tuple[bytes, ...]:
    page = bytearray(asked.row_bytes * asked.height)
    page[asked.row_bytes * 100 + 10] = 0x80
    return (bytes(page),)


async def submit(
    to: Acceptance, number: str = "r-1", document: bytes = PDF, layout: str = "slip", actor: Actor = TELLER
) -> Record:
    return await to.submit(actor, request(number, format="pdf", layout=layout), document)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_is_accepted_is_what_was_drawn(bench: Bench) -> None:
    record = asyncio.run(submit(admission(bench, one_dot)))
    assert [step.kind for step in record.outline] == [StepKind.BAND, StepKind.EJECT]
    assert (record.format, record.layout) == ("pdf", "slip")
    assert bench.spool.record(record.job_id) == record
    bench.spool.close()


def fails(code: str) -> Callable[[RenderRequest], tuple[bytes, ...]]:
    def render(_asked: RenderRequest) -> tuple[bytes, ...]:
        raise PassbookError(code, why="it was planted", limit="2 seconds")

    return render


def white(asked: RenderRequest) -> tuple[bytes, ...]:
    return (bytes(asked.row_bytes * asked.height),)


@pytest.mark.parametrize(
    ("render", "document", "layout", "code"),
    [
        (fails("pdf-too-costly"), PDF, "slip", "pdf-too-costly"),
        (fails("renderer-failed"), PDF, "slip", "renderer-failed"),
        (white, PDF, "slip", "document-empty"),
        (one_dot, b"no PDF", "slip", "pdf-not-readable"),
        (one_dot, PDF, "savings-24", "layout-unfit"),
        (one_dot, PDF, "no-such", "unknown-layout"),
    ],
)
def test_what_is_refused_leaves_nothing(bench: Bench, render: Render, document: bytes, layout: str, code: str) -> None:
    with pytest.raises(PassbookError) as refused:
        asyncio.run(submit(admission(bench, render), document=document, layout=layout))
    assert refused.value.code == code
    assert bench.spool.records() == []
    bench.spool.close()


def test_the_loop_and_other_jobs_go_on_while_documents_are_drawn(bench: Bench) -> None:
    go_on = threading.Event()

    def slow(asked: RenderRequest) -> tuple[bytes, ...]:
        assert threading.current_thread() is not threading.main_thread()
        go_on.wait()
        return one_dot(asked)

    async def judge() -> None:
        to = admission(bench, slow)
        drawn = [asyncio.ensure_future(submit(to, f"pdf-{number}")) for number in range(MOST_DRAWN_OF_ONE)]
        await asyncio.sleep(0)
        large = b"a line\n" * 30 + b" " * 16_000 + b"\n" + b" " * 16_000
        accepted = await to.submit(TELLER, request("text-1", layout="slip"), large)
        assert accepted.format == "text"
        with pytest.raises(PassbookError) as busy:
            await submit(to, "one-more")
        assert busy.value.code == "renderer-busy"
        with pytest.raises(PassbookError) as busy_too:
            await to.check(TELLER, CheckDocument(PRINTER, "pdf", layout="slip"), PDF)
        assert busy_too.value.code == "renderer-busy"
        neighbour = Actor.of_terminal("teller-2", representative=False, serial=2)
        drawn.append(asyncio.ensure_future(submit(to, "neighbours", actor=neighbour)))
        await asyncio.sleep(0)
        assert not any(one.done() for one in drawn)
        go_on.set()
        records = await asyncio.gather(*drawn)
        assert len({record.job_id for record in records}) == MOST_DRAWN_OF_ONE + 1
        again = await submit(to, "pdf-0")
        assert again.job_id == records[0].job_id

    asyncio.run(judge())
    bench.spool.close()
