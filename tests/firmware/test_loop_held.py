"""Nothing that a peer sends is worked on for long where others wait for it (P14).

Times are processor times of one thread, the least of several runs; so load can only make them too large, and not
every time.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from firmware.service.acceptance import SMALL
from passbook.document.documents import parse_document
from passbook.errors import PassbookError
from passbook.protocol.answer_all import AnswerAll
from passbook.protocol.history_reply import GetHistory
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_MESSAGE,
    AnswerQuestion,
    Envelope,
    Nothing,
    SubmitJob,
    UploadPiece,
    decode,
    read_payload,
)
from passbook.protocol.notice import GetHistoryHeads
from passbook.protocol.pages import Page
from tests.firmware.branch import TELLER, Bench, request

LONGEST: Final = 0.050
"""Seconds that others may wait for one thing."""
RUNS: Final = 5
MOST_LINES: Final = 720

HEAD: Final = b"# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: page 3 line 1\n"
TABLE: Final = HEAD + b"date,text,withdrawal,deposit,balance\n"
JSON: Final = b'{"layout":"savings-24","account":"DE-1","currency":"EUR","entries":['
DOCUMENTS: Final[dict[str, tuple[str, bytes, bytes, bytes]]] = {
    "short lines": ("text", b"", b"a\n", b""),
    "blanks, which are accepted": ("text", b"a\n", b" " * 16_383 + b"\n", b""),
    "no lines": ("text", b"", b"\n", b""),
    "one line": ("text", b"", b"a", b""),
    "marked letters": ("text", b"", ("a" + "\u0301\u0323" * 15 + "\n").encode(), b""),
    "letters to be composed": ("text", b"", "a\u0323\u0301\n".encode(), b""),
    "letters of many parts": ("text", b"", ("\U0001d15e" * 4000 + "\n").encode(), b""),
    "a run of marks": ("text", b"a", "\u0323".encode(), b""),
    "a run in two classes": ("text", b"a" + "\u0301".encode() * (MAX_DOCUMENT // 4), "\u0323".encode(), b""),
    "all controls": ("text", b"", "".join(map(chr, range(0x80, 0x3000))).encode(), b""),
    "a key line": ("passbook-update+csv", b"# start: a", b" ", b"b\n"),
    "a key that says how to read": ("passbook-update+csv", b"# layout:", b" ", b""),
    "rows": ("passbook-update+csv", TABLE, b"2026-03-02,a,1.00,,1.00\n", b""),
    "empty rows": ("passbook-update+csv", TABLE, b",,,,\n", b""),
    "blank rows": ("passbook-update+csv", TABLE, b"\n", b""),
    "commas": ("passbook-update+csv", TABLE, b",", b""),
    "a quoted field": ("passbook-update+csv", TABLE + b'2026-03-02,"', b'a""\n', b'",,,\n'),
    "quoted fields": ("passbook-update+csv", TABLE, b'"\n",', b"\n"),
    "entries": ("passbook-update+json", JSON, b'{"date":"2026-03-02"},', b'{"date":"2026-03-02"}],"start":"ask"}'),
    "an escaped text": ("passbook-update+json", JSON + b'{"date":"2026-03-02","text":"', b"\\u0301\\u0323", b'"}]}'),
    "a number": ("passbook-update+json", JSON, b"9", b"]}"),
    "deep": ("passbook-update+json", b"", b"[", b""),
}


def document(name: str, size: int) -> tuple[str, bytes]:
    """The format, and the largest document of that kind that has at most so many bytes."""
    kind, before, unit, behind = DOCUMENTS[name]
    before = before[: size // 2]
    return kind, before + unit * ((size - len(before) - len(behind)) // len(unit)) + behind


def least(measure: Callable[[], float]) -> float:
    """The least of several measurements, which ends with the first that is short enough."""
    return min(iter_until(measure))


def iter_until(measure: Callable[[], float]) -> Iterator[float]:
    for _ in range(RUNS):
        took = measure()
        yield took
        if took <= LONGEST / 8:
            return


PAYLOADS: Final[dict[str, tuple[type[Any], bytes]]] = {
    "a piece": (UploadPiece, b'{"upload":"a","data":"%s"}' % (b"A" * 4 * 44_000)),
    "a document": (SubmitJob, b'{"document":"%s"}' % (b"A" * 4 * 60_000)),
    "escapes": (SubmitJob, b'{"name":"%s"}' % (b"\\u0041" * 40_000)),
    "unknown fields": (SubmitJob, b"{%s}" % b",".join(b'"%d":1' % number for number in range(25_000))),
    "a long name": (SubmitJob, b'{"%s":1}' % (b"\\u202e" * 40_000)),
    "a long word": (AnswerQuestion, b'{"verdict":"%s"}' % (b"x" * 250_000)),
    "many keys": (AnswerAll, b'{"keys":{%s}}' % b",".join(b'"%d":""' % number for number in range(20_000))),
    "many areas": (GetHistoryHeads, b'{"entries":{%s}}' % b",".join(b'"%d":1' % number for number in range(25_000))),
    "a long person": (GetHistory, b'{"person":"%s"}' % ("\ufdfa" * 80_000).encode()),
    "digits": (Page, b'{"after":%s}' % (b"9" * 250_000)),
    "a fraction": (Page, b'{"after":0.%s}' % (b"9" * 250_000)),
    "deep": (Nothing, b"[" * 250_000),
    "blanks": (Nothing, b" " * 250_000 + b"{}"),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_message_is_read_for_long(name: str) -> None:
    """All of this is done in the event loop."""
    kind, payload = PAYLOADS[name]
    message = b'{"header":{"name":"a","type":"command","requestId":1},"payload":%s}' % payload
    assert MAX_MESSAGE // 2 < len(message) <= MAX_MESSAGE

    def measure() -> float:
        begun = time.thread_time()
        with suppress(PassbookError):
            envelope: Envelope = decode(message)
            asked = read_payload(envelope, kind)
            if isinstance(asked, GetHistory):
                assert asked.wanted is not None
        return time.thread_time() - begun

    assert least(measure) <= LONGEST


@pytest.mark.parametrize("size", [SMALL, MAX_DOCUMENT])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_holds_the_event_loop_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    """Small ones are read in the loop; of others it must do the rest."""
    longest = 0.0
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        nonlocal longest
        begun = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - begun)

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    kind, data = document(name, size)
    bench = Bench(tmp_path)
    numbers = itertools.count()

    def measure() -> float:
        nonlocal longest
        longest = 0.0
        # Each time another request, as the same one is the same job.
        asked = request(f"r-{next(numbers)}", format=kind)
        with suppress(PassbookError):
            asyncio.run(bench.admission().submit(TELLER, asked, data))
        return longest

    try:
        took = least(measure)
    finally:
        bench.spool.close()
    assert 0 < took <= LONGEST


def longest_stretch(work: Callable[[], object]) -> float:
    """Seconds of the longest stretch of `work` in which no other thread can have its turn.

    Between any two calls the interpreter may let another thread run; within a function in C it does not.
    """
    longest = 0.0
    before = time.thread_time()

    def seen(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal longest, before
        longest = max(longest, time.thread_time() - before)
        before = time.thread_time()

    outer = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(outer)
    return longest


def parsed(kind: str, data: bytes) -> None:
    with suppress(PassbookError):
        parse_document(kind, data, MOST_LINES)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_is_read_in_a_thread_lets_others_run(name: str) -> None:
    # Watching takes longer than reading, so it is an eighth of a document, with an eighth of the time; and twice that,
    # since the longest line alone, which is bounded, takes some 6 to 8 ms.
    kind, data = document(name, MAX_DOCUMENT // 8)
    assert len(data) > MAX_DOCUMENT // 16
    assert least(lambda: longest_stretch(lambda: parsed(kind, data))) <= LONGEST / 4


@pytest.mark.slow
def test_a_stretch_in_which_others_cannot_run_is_seen() -> None:
    assert longest_stretch(lambda: sum(range(20_000_000))) > LONGEST
    assert least(lambda: longest_stretch(lambda: ["ab".count("a") for _ in range(20_000)])) <= LONGEST
