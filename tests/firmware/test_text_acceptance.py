"""Text that is replaced or drawn, at its acceptance: what is told, and that nothing else waits for a drawing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.dialects.escpos.escpos_dialect import make_escpos
from drivers.session import DocumentSession
from firmware.config.configuration import PrinterConfig
from firmware.config.layouts import load_layouts
from firmware.service.acceptance import Acceptance
from passbook.document.plan import StepKind
from passbook.document.rendered_pages import TextPicture, TextRequest
from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.protocol.messages import view_of
from spooler.page_renderer import MOST_DRAWN_OF_ONE
from spooler.printer import Printer
from tests.firmware.branch import PRINTER, TELLER, Bench, request

HINDI = "आदा\n".encode()


def never_connected() -> DocumentSession:
    raise AssertionError("nothing prints here")


def one_dot(asked: TextRequest, _places: Sequence[str]) -> tuple[TextPicture, ...]:
    return tuple(TextPicture(1, b"\x80" * asked.rows) for _ in asked.texts)


def admission(
    bench: Bench,
    draw: Callable[[TextRequest, Sequence[str]], tuple[TextPicture, ...]] = one_dot,
    font: bytes = b"a font",
    substitutes: dict[str, str] | None = None,
) -> Acceptance:
    layouts = {name: replace(one, substitutes=substitutes or {}) for name, one in load_layouts(None).items()}
    printer = Printer(
        PrinterConfig(PRINTER, "tcp://127.0.0.1:1", "escpos"),
        make_escpos(),
        layouts,
        connect=never_connected,
        tell=lambda _news: None,
        draw=draw,
        font=font,
    )
    return bench.admission(destinations={PRINTER: printer})


async def submit(to: Acceptance, number: str = "r-1", document: bytes = HINDI) -> Record:
    return await to.submit(TELLER, request(number, format="text", layout="slip"), document)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.spool.close()


def test_drawn_text_is_accepted_as_bands(bench: Bench) -> None:
    record = asyncio.run(submit(admission(bench)))
    assert [step.kind for step in record.outline] == [StepKind.BAND, StepKind.BAND, StepKind.EJECT]
    assert bench.spool.record(record.job_id) == record


def test_without_a_font_it_is_refused_and_leaves_nothing(bench: Bench) -> None:
    with pytest.raises(PassbookError) as refused:
        asyncio.run(submit(admission(bench, font=b"")))
    assert refused.value.code == "not-in-code-page"
    assert bench.spool.records() == []


def test_the_loop_and_other_jobs_go_on_while_text_is_drawn(bench: Bench) -> None:
    go_on = threading.Event()

    def slow(asked: TextRequest, places: Sequence[str]) -> tuple[TextPicture, ...]:
        assert threading.current_thread() is not threading.main_thread()
        go_on.wait()
        return one_dot(asked, places)

    async def judge() -> None:
        to = admission(bench, slow)
        drawn = [asyncio.ensure_future(submit(to, f"hindi-{number}")) for number in range(MOST_DRAWN_OF_ONE)]
        await asyncio.sleep(0)
        assert (await submit(to, "ascii", b"plain\n")).format == "text"
        with pytest.raises(PassbookError) as busy:
            await submit(to, "one-more")
        assert busy.value.code == "renderer-busy"
        go_on.set()
        assert len({record.job_id for record in await asyncio.gather(*drawn)}) == MOST_DRAWN_OF_ONE

    asyncio.run(judge())


def test_the_acceptance_tells_how_many_characters_were_replaced(bench: Bench) -> None:
    table = {"\u2019": "'", "\u2013": "-"}
    to = admission(bench, font=b"", substitutes=table)
    record = asyncio.run(submit(to, document="Joe\u2019s \u2013 Bar\u2019s\n".encode()))
    assert view_of(record).substituted == 3
    assert bench.spool.record(record.job_id).substituted == 3
    again = asyncio.run(submit(to, document="Joe\u2019s \u2013 Bar\u2019s\n".encode()))
    assert (again.job_id, again.substituted) == (record.job_id, 3)
    assert view_of(asyncio.run(submit(to, "r-2", b"plain\n"))).substituted == 0
