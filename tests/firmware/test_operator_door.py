from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.doors.operator_door import MAX_CALLERS, MAX_LINE, OperatorDoor
from firmware.service.findings import Finding
from passbook.errors import PassbookError

CONTENT = "Withdrawal Maria"


async def echo(arguments: dict[str, Any]) -> Any:
    return arguments


async def refuse(_arguments: dict[str, Any]) -> Any:
    raise PassbookError("unknown-job", job="a1")


async def fail(_arguments: dict[str, Any]) -> Any:
    raise ValueError(CONTENT)


async def unwritable(_arguments: dict[str, Any]) -> Any:
    return object()


async def findings(_arguments: dict[str, Any]) -> Any:
    return [Finding.of(PassbookError("unknown-job", job="a1"))]


HANDLERS = {"echo": echo, "refuse": refuse, "fail": fail, "unwritable": unwritable, "findings": findings}


def with_door(path: Path, story: Callable[[], Awaitable[None]], *, silence: float = 30.0, **more: Any) -> None:
    """Run `story` while a door is open at `path`."""

    async def run() -> None:
        async with asyncio.timeout(60), OperatorDoor(path, HANDLERS | more, silence=silence):
            await story()

    asyncio.run(run())


class Caller:
    """One connection to the door."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_unix_connection(self._path, limit=2**24)
        return self

    async def __aexit__(self, *_failure: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def say(self, line: bytes) -> Any:
        with contextlib.suppress(ConnectionError):
            self.writer.write(line)
            await self.writer.drain()
        return json.loads(await self.reader.readline())

    async def ask(self, command: str, **arguments: Any) -> Any:
        return await self.say(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")


def code_of(answer: Any) -> str:
    assert answer["ok"] is False
    assert answer["error"]["sentence"]
    return str(answer["error"]["code"])


def test_a_command_is_answered_with_its_result(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert await caller.ask("echo", job="ä\n", n=[1]) == {"ok": True, "result": {"job": "ä\n", "n": [1]}}
            assert await caller.say(b'{"command": "echo"}\n') == {"ok": True, "result": {}}

    with_door(tmp_path / "s", story)


def test_an_error_is_told_with_code_sentence_and_facts(tmp_path: Path) -> None:
    told = PassbookError("unknown-job", job="a1")
    error = {"code": "unknown-job", "sentence": str(told), "facts": {"job": "a1"}}

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert await caller.ask("refuse") == {"ok": False, "error": error}
            assert await caller.ask("findings") == {"ok": True, "result": [error]}

    with_door(tmp_path / "s", story)


@pytest.mark.parametrize("command", ["fail", "unwritable"])
def test_a_defect_ends_its_command_only_and_tells_no_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            answer = await caller.ask(command)
            assert code_of(answer) == "internal-error"
            assert CONTENT not in json.dumps(answer)
            (record,) = [one for one in caplog.records if one.msg == "operator-command-failed"]
            assert getattr(record, "facts")["reference"] == answer["error"]["facts"]["reference"]  # noqa: B009
            assert (await caller.ask("echo"))["ok"]

    with_door(tmp_path / "s", story)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{}", b'{"command": 1}', b'{"command": "echo", "arguments": []}', b"\xff"]
)
def test_what_is_not_a_command_is_refused_and_the_door_stays_open(tmp_path: Path, line: bytes) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert code_of(await caller.say(line + b"\n")) == "invalid-message"
            assert (await caller.ask("echo"))["ok"]

    with_door(tmp_path / "s", story)


@given(line=st.binary(max_size=200).filter(lambda line: b"\n" not in line))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_line_gets_one_answer(tmp_path: Path, line: bytes) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert code_of(await caller.say(line + b"\n")) in {"invalid-message", "unknown-command"}

    with_door(tmp_path / "s", story)


def test_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            nested = b'{"command": "echo", "arguments": {"a": ' + b"[" * 20000 + b"]" * 20000 + b"}}\n"
            assert code_of(await caller.say(nested)) == "invalid-message"

    with_door(tmp_path / "s", story)


def test_an_unknown_command_is_refused_by_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            answer = await caller.ask("answer")
            assert code_of(answer) == "unknown-command"
            assert "'answer'" in answer["error"]["sentence"]

    with_door(tmp_path / "s", story)


def test_a_line_without_end_is_refused_at_the_limit(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert code_of(await caller.say(b"x" * (MAX_LINE + 1))) == "message-too-large"
            assert await caller.reader.read() == b""

    with_door(tmp_path / "s", story)


def test_a_silent_caller_is_hung_up_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            caller.writer.write(b'{"command":')
            assert await caller.reader.read() == b""

    with_door(tmp_path / "s", story, silence=0.05)


def test_a_caller_that_does_not_read_is_hung_up_on(tmp_path: Path) -> None:
    size = 8 * 1024 * 1024

    async def huge(_arguments: dict[str, Any]) -> Any:
        return "x" * size

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            transport: asyncio.ReadTransport = caller.writer.transport  # type: ignore[assignment]  # it is both
            transport.pause_reading()
            caller.writer.write(b'{"command": "huge"}\n')
            async with Caller(tmp_path / "s") as other:
                while (await other.ask("callers"))["result"] != 1:
                    pass
            transport.resume_reading()
            with contextlib.suppress(ConnectionError):
                assert len(await caller.reader.read()) < size

    async def callers(_arguments: dict[str, Any]) -> Any:
        return sum(1 for task in asyncio.all_tasks() if "_serve" in repr(task.get_coro()))

    with_door(tmp_path / "s", story, silence=0.05, huge=huge, callers=callers)


def test_a_caller_that_leaves_disturbs_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        for line in (b"", b'{"comm', b'{"command": "echo"}\n'):
            async with Caller(tmp_path / "s") as caller:
                caller.writer.write(line)
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["ok"]

    with_door(tmp_path / "s", story)


def test_too_many_callers_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MAX_CALLERS):
                caller = await stack.enter_async_context(Caller(tmp_path / "s"))
                assert (await caller.ask("echo"))["ok"]
            extra = await stack.enter_async_context(Caller(tmp_path / "s"))
            assert code_of(await extra.say(b"")) == "too-many-callers"

    with_door(tmp_path / "s", story)


def test_only_its_own_user_may_open_the_socket(tmp_path: Path) -> None:
    async def story() -> None:
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600

    before = os.umask(0)
    try:
        with_door(tmp_path / "s", story)
        assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_who_called_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "passbook")

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            await caller.ask("echo", secret=CONTENT)

    with_door(tmp_path / "s", story)
    (record,) = [one for one in caplog.records if one.msg == "operator-command"]
    assert getattr(record, "facts") == {"command": "echo", "uid": os.getuid(), "pid": os.getpid()}  # noqa: B009


def test_closing_hangs_up_and_takes_the_name_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with OperatorDoor(tmp_path / "s", HANDLERS, silence=3600):
            caller = await Caller(tmp_path / "s").__aenter__()
            assert (await caller.ask("echo"))["ok"]
        assert await caller.reader.read() == b""
        await caller.__aexit__()
        assert not (tmp_path / "s").exists()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["ok"]

    with_door(tmp_path / "s", story)


async def enter(door: OperatorDoor) -> None:
    async with door:
        pass


def test_a_living_door_is_not_taken_over(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(PassbookError, match="another process serves this socket"):
            await enter(OperatorDoor(tmp_path / "s", HANDLERS))
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["ok"]

    with_door(tmp_path / "s", story)


def test_a_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("kept")
    with pytest.raises(PassbookError, match="no socket"):
        asyncio.run(enter(OperatorDoor(tmp_path / "s", HANDLERS)))
    assert (tmp_path / "s").read_text() == "kept"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(enter(OperatorDoor(tmp_path / "none" / "s", HANDLERS)))
    assert caught.value.code == "file-problem"
    assert caught.value.facts["file"] == str(tmp_path / "none" / "s")


def test_structs_are_written_as_they_are(tmp_path: Path) -> None:
    class View(msgspec.Struct, rename="camel"):
        job_id: str

    async def view(_arguments: dict[str, Any]) -> Any:
        return [View("a1")]

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("view"))["result"] == [{"jobId": "a1"}]

    with_door(tmp_path / "s", story, view=view)
