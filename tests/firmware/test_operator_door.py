from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from client.control import ask
from firmware.doors.operator_door import MAX_CALLERS, MAX_OPEN, OPEN_MODE, OperatorDoor
from firmware.identity.callers import Callers
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.protocol.messages import MAX_MESSAGE, Nothing
from spooler.exchange import HARD_LIMIT
from tests.firmware.operators import OTTO, Caller, StandIn, door_at

CONTENT = "Withdrawal Maria"
GROUP = 4711
"""A Unix group that has no name."""
STRANGER = 4712


async def echo(payload: dict[str, Any]) -> Any:
    return payload


async def refuse(_payload: dict[str, Any]) -> Any:
    raise PassbookError("unknown-job", job="a1")


async def fail(_payload: dict[str, Any]) -> Any:
    raise ValueError(CONTENT)


async def unwritable(_payload: dict[str, Any]) -> Any:
    return object()


HANDLERS = {"echo": echo, "refuse": refuse, "fail": fail, "unwritable": unwritable}


def with_door(path: Path, story: Callable[[], Awaitable[None]], *, silence: float = 30.0, **more: Any) -> None:
    """Run `story` while a door is open at `path`."""

    async def run() -> None:
        async with asyncio.timeout(60), door_at(path, HANDLERS | more, silence=silence):
            await story()

    asyncio.run(run())


def code_of(message: Any) -> str:
    assert message["payload"]["errorDescription"]
    return str(message["payload"]["errorCode"])


def test_a_command_is_acknowledged_and_completed(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            done = await caller.ask("echo", job="ä\n", n=[1])
            assert done == {
                "header": {"name": "echo", "type": "completion", "requestId": 1, "completionCode": "success"},
                "payload": {"job": "ä\n", "n": [1]},
            }

    with_door(tmp_path / "s", story)


def test_an_error_is_told_with_code_sentence_and_facts(tmp_path: Path) -> None:
    error = PassbookError("unknown-job", job="a1")

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            told = await caller.ask("refuse")
            assert told["header"]["completionCode"] == "commandErrorCode"
            assert told["payload"] == {
                "errorCode": "unknown-job",
                "errorDescription": str(error),
                "errorFacts": {"job": "a1"},
            }

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
            (record,) = [one for one in caplog.records if one.msg == "command-failed"]
            reference = getattr(record, "facts")["reference"]  # noqa: B009
            assert reference == answer["payload"]["errorFacts"]["reference"]
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"{}",
        b'{"command": "status", "arguments": {}}',
        b'{"header": {"name": 1, "type": "command", "requestId": 1}}',
        b'{"header": {"name": "echo", "type": "command"}}',
        b'{"header": ' + b"[" * 20000 + b"]" * 20000 + b"}",
    ],
)
def test_what_is_not_a_command_is_refused_and_the_door_stays_open(tmp_path: Path, message: bytes) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            told = await caller.say(message)
            assert told["header"]["status"] == "invalidMessage"
            assert code_of(told) == "invalid-message"
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


@given(message=st.text(max_size=200))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_message_gets_an_answer(tmp_path: Path, message: str) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert code_of(await caller.say(message)) == "invalid-message"

    with_door(tmp_path / "s", story)


def test_a_message_that_is_too_large_is_refused_and_one_without_end_ends_the_connection(tmp_path: Path) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert code_of(await caller.say(b"x" * (MAX_MESSAGE + 1))) == "message-too-large"
            await caller.socket.send(b"x" * (HARD_LIMIT + 1))
            with pytest.raises(ConnectionClosed):
                await caller.socket.recv()

    with_door(tmp_path / "s", story)


@pytest.mark.parametrize(
    "line", [b'{"command": "status", "arguments": {}}\n', b'{"command":"jobs"}\n', b"\n", b"\xff\n", b"x" * 100_000]
)
def test_a_caller_that_speaks_lines_as_of_an_earlier_version_is_hung_up_on(tmp_path: Path, line: bytes) -> None:
    async def story() -> None:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        with contextlib.suppress(ConnectionError):
            writer.write(line)
            await writer.drain()
            assert b'"ok"' not in await reader.read()
        writer.close()
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


@pytest.mark.slow
@pytest.mark.parametrize("greeting", [True, False])
def test_a_silent_caller_is_hung_up_on(tmp_path: Path, greeting: bool) -> None:
    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            if greeting:
                await caller.ask("echo")
            with pytest.raises(ConnectionClosed):
                await caller.socket.recv()

    with_door(tmp_path / "s", story, silence=0.5)


@pytest.mark.slow
def test_a_caller_that_does_not_read_is_hung_up_on(tmp_path: Path) -> None:
    async def huge(_payload: dict[str, Any]) -> Any:
        return "x" * (8 * 1024 * 1024)

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            caller.socket.transport.pause_reading()
            header = {"name": "huge", "type": "command", "requestId": 1}
            await caller.socket.send(json.dumps({"header": header}))
            async with Caller(tmp_path / "s") as other:
                while (await other.ask("callers"))["payload"] != 1:
                    pass
            caller.socket.transport.abort()

    async def callers(_payload: dict[str, Any]) -> Any:
        return sum(1 for task in asyncio.all_tasks() if "_converse" in repr(task.get_coro()))

    with_door(tmp_path / "s", story, silence=1.0, huge=huge, callers=callers)


def test_a_caller_that_leaves_disturbs_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        for line in (b"", b"GET / HT", b"GET /xfs4iot/v1.0/Spooler HTTP/1.1\r\n"):
            _reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(line)
            writer.close()
        async with Caller(tmp_path / "s") as caller:
            caller.socket.transport.abort()
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


def test_too_many_callers_are_refused_with_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MAX_CALLERS):
                caller = await stack.enter_async_context(Caller(tmp_path / "s"))
                assert (await caller.ask("echo"))["payload"] == {}
            with pytest.raises(PassbookError, match=f"{MAX_CALLERS} operators' commands are under way") as caught:
                await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing())
            assert caught.value.code == "too-many-callers"
        assert await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing()) == {}

    with_door(tmp_path / "s", story)


# Who calls


@pytest.mark.parametrize(("mode", "expected"), [({}, 0o600), ({"mode": OPEN_MODE}, 0o666)])
def test_others_may_open_the_socket_only_where_they_may_call(
    tmp_path: Path, mode: dict[str, int], expected: int
) -> None:
    async def run() -> None:
        async with door_at(tmp_path / "s", HANDLERS, **mode):
            assert (tmp_path / "s").stat().st_mode & 0o777 == expected

    before = os.umask(0)
    try:
        asyncio.run(run())
        assert os.umask(0) == 0
    finally:
        os.umask(before)


CALLS = """
import os, socket, sys
uid, gid, *groups = map(int, sys.argv[1:])
os.setgroups(groups)
os.setgid(gid)
os.setuid(uid)
with socket.socket(socket.AF_UNIX) as one:
    one.connect(sys.stdin.read().strip().replace("@", chr(0), 1))
    one.recv(1)
"""
"""A caller that becomes another user first; the name of an abstract socket is no file, so anybody may connect to it."""


def judged(uid: int, gid: int, *groups: int) -> Actor:
    """Who a process of this user is taken for where members of GROUP are auditors."""
    name = f"@passbook-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name.replace("@", chr(0), 1))
        listener.listen()
        listener.settimeout(30)
        words = [sys.executable, "-c", CALLS, *map(str, (uid, gid, *groups))]
        with subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as caller:
            assert caller.stdin is not None
            caller.stdin.write(name)
            caller.stdin.close()
            connection, _ = listener.accept()
            with connection:
                return Callers([GROUP]).judge(connection)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_the_kernel_says_who_calls_and_what_they_may() -> None:
    root = judged(0, 0)
    assert (root.name, root.roles) == ("@operator", frozenset({Role.OPERATOR}))
    for auditor in (judged(STRANGER, GROUP), judged(STRANGER, STRANGER, 4713, GROUP)):
        assert (auditor.name, auditor.roles) == ("@auditor", frozenset({Role.AUDITOR}))
        assert isinstance(auditor.proof, UnixCaller)
        assert auditor.proof.uid == STRANGER
    with pytest.raises(PassbookError) as caught:
        judged(STRANGER, STRANGER, 4713)
    assert str(caught.value) == (
        f"User {STRANGER} may not use the operators' socket. Nothing was changed; ask an operator of the appliance."
    )


def test_the_appliances_own_user_is_an_operator_and_others_are_welcome_only_where_groups_are_named() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Callers().judge(ours).roles == frozenset({Role.OPERATOR})
    assert not Callers().are_others_welcome
    assert Callers([GROUP]).are_others_welcome


def test_a_stranger_hears_one_sentence_and_takes_nobodys_place(tmp_path: Path) -> None:
    def judge(_connection: socket.socket) -> Any:
        raise PassbookError("not-permitted", who="User 7", deed="use the operators' socket", whom="an operator")

    async def story() -> None:
        async with asyncio.timeout(60), OperatorDoor(tmp_path / "s", StandIn(HANDLERS), judge=judge):
            for _ in range(2 * MAX_CALLERS):
                with pytest.raises(PassbookError, match=r"User 7 may not use the operators' socket\.") as caught:
                    await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing())
                assert caught.value.code == "not-permitted"
            with pytest.raises(InvalidStatus) as refused:
                await unix_connect(str(tmp_path / "s"), "ws://localhost/")
            assert refused.value.response.body.decode().startswith("not-permitted: User 7 may not")

    asyncio.run(story())


def test_auditors_at_their_limit_keep_no_operator_out(tmp_path: Path) -> None:
    auditor = Actor("@auditor", frozenset({Role.AUDITOR}), UnixCaller(STRANGER, 7))
    who = {"calls": auditor}

    async def story() -> None:
        door = OperatorDoor(tmp_path / "s", StandIn(HANDLERS), judge=lambda _connection: who["calls"])
        async with asyncio.timeout(60), door, contextlib.AsyncExitStack() as stack:
            for _ in range(MAX_CALLERS):
                await stack.enter_async_context(unix_connect(str(tmp_path / "s"), "ws://localhost/"))
            with pytest.raises(InvalidStatus) as refused:
                await unix_connect(str(tmp_path / "s"), "ws://localhost/")
            assert refused.value.response.body.decode().startswith("too-many-callers")
            # Half open ones too.
            halves = [socket.socket(socket.AF_UNIX) for _ in range(MAX_OPEN)]
            for half in halves:
                stack.callback(half.close)
                await asyncio.to_thread(half.connect, str(tmp_path / "s"))
            who["calls"] = OTTO
            assert await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing()) == {}

    asyncio.run(story())


def test_an_operator_beyond_the_open_connections_is_told_so(tmp_path: Path) -> None:
    async def story() -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(MAX_OPEN):
                half = stack.enter_context(socket.socket(socket.AF_UNIX))
                await asyncio.to_thread(half.connect, str(tmp_path / "s"))
            with pytest.raises(PassbookError, match=r"ended the connection at once, as .* too many are open") as caught:
                await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing())
            assert caught.value.code == "control-unreachable"

    with_door(tmp_path / "s", story)


@pytest.mark.long
@pytest.mark.parametrize("looks", range(3), ids=["at accept", "at the request", "at work"])
def test_a_caller_that_has_hung_up_is_no_defect(tmp_path: Path, caplog: pytest.LogCaptureFixture, looks: int) -> None:
    """The kernel names no user of a connection that has ended, at whichever look at it."""
    seen: list[socket.socket] = []

    def judge(connection: socket.socket) -> Actor:
        seen.append(connection)
        if len(seen) == looks + 1:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return OTTO

    async def story() -> None:
        async with asyncio.timeout(60), OperatorDoor(tmp_path / "s", StandIn(HANDLERS), judge=judge):
            with contextlib.suppress(InvalidStatus, ConnectionClosed):
                async with unix_connect(str(tmp_path / "s"), "ws://localhost/") as gone:
                    await gone.recv()
            assert len(seen) > looks
            assert await asyncio.to_thread(ask, tmp_path / "s", "echo", Nothing()) == {}

    with caplog.at_level(logging.INFO):
        asyncio.run(story())
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING] == []


def test_strangers_that_say_nothing_are_bounded_and_keep_no_caller_out(tmp_path: Path) -> None:
    known = {"is": False}

    def judge(_connection: socket.socket) -> Actor:
        if not known["is"]:
            raise PassbookError("not-permitted", who="User 7", deed="use the operators' socket", whom="an operator")
        return OTTO

    async def story() -> None:
        async with asyncio.timeout(60), OperatorDoor(tmp_path / "s", StandIn(HANDLERS), judge=judge):
            silent = [await asyncio.open_unix_connection(tmp_path / "s") for _ in range(MAX_OPEN + 5)]
            assert [await reader.read() for reader, _ in silent[MAX_OPEN:]] == [b""] * 5
            known["is"] = True
            async with Caller(tmp_path / "s") as caller:
                assert (await caller.ask("echo"))["payload"] == {}
            for _, writer in silent:
                writer.close()

    asyncio.run(story())


def test_who_called_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "passbook")

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            await caller.ask("Spooler.GetJob", secret=CONTENT)
            await caller.ask(CONTENT)

    handlers: dict[str, Any] = {"Spooler.GetJob": refuse}
    with_door(tmp_path / "s", story, **handlers)
    told = [(one.msg, getattr(one, "facts")) for one in caplog.records if "command" in one.msg]  # noqa: B009
    who = {"uid": os.getuid(), "pid": os.getpid()}
    assert told == [
        ("operator-command", {"command": "Spooler.GetJob"} | who),
        ("command-refused", {"command": "Spooler.GetJob", "code": "unknown-job"} | who),
        ("operator-command", {"command": "unknown"} | who),
        ("command-refused", {"command": "unknown", "code": "unknown-command"} | who),
    ]
    assert CONTENT not in repr([one.__dict__ for one in caplog.records])


# Opening and closing


def test_closing_hangs_up_and_takes_the_name_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with door_at(tmp_path / "s", HANDLERS, silence=3600):
            caller = await Caller(tmp_path / "s").__aenter__()
            assert (await caller.ask("echo"))["payload"] == {}
        with pytest.raises(ConnectionClosed):
            await caller.socket.recv()
        await caller.__aexit__()
        assert not (tmp_path / "s").exists()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_closing_waits_for_no_command(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def for_ever(_payload: dict[str, Any]) -> Any:
        begun.set()
        await asyncio.Event().wait()

    async def story() -> None:
        async with door_at(tmp_path / "s", HANDLERS | {"for-ever": for_ever}, silence=3600):
            caller = await Caller(tmp_path / "s").__aenter__()
            waiting = asyncio.create_task(caller.ask("for-ever"))
            await begun.wait()
        with pytest.raises(ConnectionClosed):
            await waiting
        await caller.__aexit__()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


async def enter(door: OperatorDoor) -> None:
    async with door:
        pass


def test_a_living_door_is_not_taken_over(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(PassbookError, match="another process serves this socket"):
            await enter(door_at(tmp_path / "s", HANDLERS))
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("echo"))["payload"] == {}

    with_door(tmp_path / "s", story)


def test_a_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("kept")
    with pytest.raises(PassbookError, match="no socket"):
        asyncio.run(enter(door_at(tmp_path / "s", HANDLERS)))
    assert (tmp_path / "s").read_text() == "kept"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(enter(door_at(tmp_path / "none" / "s", HANDLERS)))
    assert caught.value.code == "file-problem"
    assert caught.value.facts["file"] == str(tmp_path / "none" / "s")


def test_structs_are_written_as_they_are(tmp_path: Path) -> None:
    class View(msgspec.Struct, rename="camel"):
        job_id: str

    async def view(_payload: dict[str, Any]) -> Any:
        return View("a1")

    async def story() -> None:
        async with Caller(tmp_path / "s") as caller:
            assert (await caller.ask("view"))["payload"] == {"jobId": "a1"}

    with_door(tmp_path / "s", story, view=view)
