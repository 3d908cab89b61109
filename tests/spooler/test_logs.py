from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from spooler.logs import FIELDS, Lines, Log, configure

CONTENT = "Withdrawal 1.234,56 Maria"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the passbook loggers write, at debug, for one test."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Lines())
    root, ours = logging.getLogger(), logging.getLogger("passbook")
    root.addHandler(handler)
    before = ours.level
    ours.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    ours.setLevel(before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_carries_time_level_event_and_facts(stream: io.StringIO) -> None:
    Log("desk").info("job-started", job="a1", step=3)
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "event": "job-started", "from": "desk", "job": "a1", "step": 3}


def test_every_level_is_named(stream: io.StringIO) -> None:
    log = Log("desk")
    for write in (log.debug, log.info, log.warning, log.error):
        write("something")
    assert [line["level"] for line in lines(stream)] == ["debug", "info", "warning", "error"]


def test_a_fact_that_is_not_on_the_list_is_left_out_and_counted(stream: io.StringIO) -> None:
    facts: Any = {"job": "a1", "text": CONTENT, "amount": "12.00"}
    Log("desk").info("job-started", **facts)
    (line,) = lines(stream)
    assert line["leftOut"] == 2
    assert line["job"] == "a1"
    assert CONTENT not in stream.getvalue()
    assert "amount" not in stream.getvalue()


def test_a_fact_of_another_type_is_left_out(stream: io.StringIO) -> None:
    facts: Any = {"why": CONTENT.encode(), "job": [CONTENT], "reason": None}
    Log("desk").info("job-started", **facts)
    (line,) = lines(stream)
    assert line["leftOut"] == 3
    assert CONTENT not in stream.getvalue()


def test_an_event_is_a_keyword_and_never_a_text(stream: io.StringIO) -> None:
    Log("desk").info(CONTENT)
    assert lines(stream)[0]["event"] == "malformed-event"
    assert CONTENT not in stream.getvalue()


@given(text=st.text(max_size=600), field=st.sampled_from(sorted(FIELDS)))
def test_any_value_stays_in_one_bounded_line_of_ascii(text: str, field: str) -> None:
    record = logging.LogRecord("passbook.desk", logging.INFO, "desk.py", 1, "something", (), None)
    record.facts = {field: text}
    line = Lines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert len(json.loads(line)[field]) <= 203


def test_an_exception_is_named_by_type_and_place_and_never_by_its_text(stream: io.StringIO) -> None:
    try:
        int(CONTENT)
    except ValueError as error:
        Log("desk").failure("desk-failed", error, job="a1")
    (line,) = lines(stream)
    assert (line["error"], line["job"], line["level"]) == ("ValueError", "a1", "error")
    assert line["at"][-1].startswith("test_logs.py:")
    assert "Maria" not in stream.getvalue()


def test_an_error_of_the_catalogue_is_named_by_its_code(stream: io.StringIO) -> None:
    Log("desk").failure("desk-failed", PassbookError("unknown-job", job="a1"))
    assert lines(stream)[0]["code"] == "unknown-job"


@pytest.mark.parametrize("name", ["websockets.server", "asyncio", "passbook", "passbookish"])
def test_another_logger_is_heard_without_its_text(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("frame %r", CONTENT, extra={"facts": {"why": CONTENT}})
    (line,) = lines(stream)
    assert (line["event"], line["from"], line["level"]) == ("library", name, "error")
    assert line["at"].startswith("test_logs.py:")
    assert "Maria" not in stream.getvalue()


def run_raw(level: str, body: str) -> str:
    """What a process with this logging writes to standard error."""
    setup = f"import asyncio, logging, threading, warnings, sys\nfrom spooler import logs\nlogs.configure({level!r})\n"
    done = subprocess.run([sys.executable, "-c", setup + body], capture_output=True, text=True, timeout=60, check=False)
    return done.stderr


def run_configured(level: str, body: str) -> tuple[list[dict[str, Any]], str]:
    """The same as lines and raw."""
    raw = run_raw(level, body)
    return [json.loads(line) for line in raw.splitlines()], raw


LEAKS = {
    "uncaught": "raise ValueError(secret)",
    "in a thread": "def fail():\n    raise ValueError(secret)\nt = threading.Thread(target=fail); t.start(); t.join()",
    "unraisable": "class A:\n    def __del__(self):\n        raise ValueError(secret)\na = A()\ndel a",
    "a task nobody awaits": (
        "async def fail():\n    raise ValueError(secret)\n"
        "async def go():\n    asyncio.get_running_loop().create_task(fail()); await asyncio.sleep(0)\n"
        "asyncio.run(go())\nimport gc; gc.collect()"
    ),
    "a callback": (
        "def fail():\n    raise ValueError(secret)\n"
        "async def go():\n    asyncio.get_running_loop().call_soon(fail); await asyncio.sleep(0)\nasyncio.run(go())"
    ),
    "a warning": "warnings.simplefilter('always'); warnings.warn(secret)",
    "arguments that do not fit": "logging.getLogger('websockets').error('%d', secret)",
    "a library's error": "logging.getLogger('websockets.server').error('frame %s', secret)",
}


@pytest.mark.parametrize("body", LEAKS.values(), ids=LEAKS.keys())
def test_no_way_out_of_the_process_carries_a_text(body: str) -> None:
    written, raw = run_configured("debug", f"secret = {CONTENT!r}\n{body}\n")
    assert written, "it was not heard of at all"
    assert "Maria" not in raw


def test_a_line_that_cannot_be_written_is_not_printed_elsewhere() -> None:
    body = "logs.configure('debug', open('/dev/full', 'w'))\n"
    raw = run_raw("debug", body + f"logging.getLogger('websockets').error('frame %s', {CONTENT!r})\n")
    assert "Maria" not in raw


def test_frames_are_not_even_made_for_the_log_at_debug() -> None:
    body = "print([logging.getLogger(n).isEnabledFor(20) for n in ('websockets', 'websockets.server', 'asyncio')])"
    setup = "import logging\nfrom spooler import logs\nlogs.configure('debug')\n"
    done = subprocess.run([sys.executable, "-c", setup + body], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[False, False, False]"


def test_the_level_decides_what_is_written() -> None:
    body = "log = logs.Log('desk'); log.info('quiet'); log.warning('loud')"
    assert [line["event"] for line in run_configured("warning", body)[0]] == ["loud"]
    assert [line["event"] for line in run_configured("info", body)[0]] == ["quiet", "loud"]


def test_configuring_needs_a_known_level() -> None:
    with pytest.raises(KeyError):
        configure("trace")
