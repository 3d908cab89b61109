"""Requests that no browser makes, and several over one connection, as raw bytes at the door of the terminals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from firmware.doors import terminal_door
from firmware.doors.gate import LEAST_WAITING
from passbook.protocol.messages import SERVICE_PATH
from spooler import browsers
from spooler.browser_files import PageFiles
from spooler.browsers import MOST_REQUESTS
from tests.firmware.door import Connector, Door, at_the_door
from tests.firmware.test_page_at_the_door import Answer, revoke
from tests.terminal.conftest import Branch

FOLDER: Final = f"/{PageFiles.shipped().version}"
FILE: Final = f"{FOLDER}/page.js".encode()
HOST: Final = b"Host: 127.0.0.1\r\n"
MIB: Final = 1 << 20
UPGRADE: Final = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
NONCE: Final = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
SERVICE: Final = b"GET " + SERVICE_PATH.encode() + b" HTTP/1.1\r\n" + HOST
BAD: Final = {
    "no version of HTTP": b"GET " + FILE + b"\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "an address of another host": b"GET https://evil.example" + FILE + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address of 1 MiB": b"GET /" + b"a" * MIB + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header of 1 MiB": b"GET " + FILE + b" HTTP/1.1\r\n" + HOST + b"X: " + b"a" * MIB + b"\r\n\r\n",
    "10,000 headers": b"GET " + FILE + b" HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 10_000 + b"\r\n",
    "bytes that are no letters": b"GET " + FILE + b"\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "a zero byte": b"GET " + FILE + b"\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "lines without a return": b"GET " + FILE + b" HTTP/1.1\nHost: 127.0.0.1\n\n",
    "a body": b"GET " + FILE + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    "a body in pieces": b"GET " + FILE + b" HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a proxy's request": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a file to be written": b"PUT " + FILE + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nx",
    "the folder above": b"GET " + FOLDER.encode() + b"/../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "the folder above in hexadecimal": b"GET " + FOLDER.encode() + b"/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n\r\n",
    "the folder above with backslashes": b"GET " + FOLDER.encode() + b"/..\\..\\etc\\passwd HTTP/1.1\r\n\r\n",
    "a line feed in the address": b"GET " + FILE + b"%0d%0aX:1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a WebSocket without a key": SERVICE + UPGRADE + b"\r\n",
    "a WebSocket with a wrong header": SERVICE + b"Upgrade: websocket\r\nConnection: @@@\r\n\r\n",
    "two origins": SERVICE + UPGRADE + NONCE + b"Origin: https://127.0.0.1\r\nOrigin: https://127.0.0.1\r\n\r\n",
    "two hosts": SERVICE + UPGRADE + NONCE + b"Host: 127.0.0.1\r\nOrigin: https://127.0.0.1\r\n\r\n",
}


class Talk(NamedTuple):
    """One connection to the door."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, path: str, *headers: str, version: str = "1.1") -> Answer:
        """Ask for a path, and read its answer and no more."""
        lines = [f"GET {path} HTTP/{version}", "Host: 127.0.0.1", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(fields.get("Content-Length", "0")))
        return Answer(int(head[0].split()[1]), fields, body)

    async def rest(self) -> bytes:
        """Everything until the door ends the connection."""
        try:
            return await self.reader.read()
        except OSError:
            return b""


@asynccontextmanager
async def talk(door: Door, connector: Connector, name: str = "teller-1") -> AsyncIterator[Talk]:
    context = door.branch.terminal(name).context()
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", connector.port, ssl=context, server_hostname=door.branch.appliance
    )
    yield Talk(reader, writer)
    writer.close()


def is_told(answer: bytes) -> bool:
    """Whether an answer is a refusal or nothing, and no file."""
    return answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_no_file_and_leaves_no_trace_of_a_defect(
    enrolled: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as bad:
            bad.writer.write(BAD[name])
            assert is_told(await bad.rest())
        async with talk(door, connector) as good:
            assert (await good.get(f"{FOLDER}/page.js")).status == 200
        assert door.listeners() == []

    at_the_door(enrolled, tmp_path, story)
    assert [one for one in caplog.records if one.levelno > logging.WARNING or one.exc_info] == []


@pytest.mark.slow
@pytest.mark.parametrize("more", [b"\x81\x05hello", b"\x81\x85aaaahello", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_sent_behind_a_request_before_its_answer_ends_the_connection(
    enrolled: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture, more: bytes
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as bad:
            bad.writer.write(b"GET " + FILE + b" HTTP/1.1\r\n" + HOST + b"\r\n" + more)
            assert (await bad.rest()).count(b"HTTP/1.1 ") <= 1

    at_the_door(enrolled, tmp_path, story)
    assert [one for one in caplog.records if one.levelno > logging.WARNING or one.exc_info] == []


@pytest.mark.long
def test_a_request_that_never_ends_is_cut_off(
    enrolled: Branch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(terminal_door, "HANDSHAKE_TIMEOUT", 2.0)

    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as slow:
            slow.writer.write(b"GET " + FILE + b" HTTP/1.1\r\nX")
            assert await slow.rest() == b""

    at_the_door(enrolled, tmp_path, story)
    assert [one for one in caplog.records if one.levelno > logging.WARNING or one.exc_info] == []


@pytest.mark.slow
def test_several_files_come_over_one_connection_which_ends_when_no_more_are_asked_for(
    enrolled: Branch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "MOST_IDLE", 2.0)
    monkeypatch.setattr(browsers, "KEPT_FOR", 6.0)

    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as browser:
            led = await browser.get("/")
            assert (led.status, led.headers["Location"]) == (307, f"{FOLDER[1:]}/")
            answers = [await browser.get(f"{FOLDER}/{name}") for name in ("", "page.js", "page.css")]
            assert {one.status for one in answers} == {200}
            assert not any("Connection" in one.headers for one in answers)
            tag = answers[-1].headers["ETag"]
            assert (await browser.get(f"{FOLDER}/page.css", f"If-None-Match: {tag}")).status == 304
            assert await browser.rest() == b""

    at_the_door(enrolled, tmp_path, story)


def test_a_connection_ends_with_a_bounded_number_of_requests(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as browser:
            answers = [await browser.get(f"{FOLDER}/page.js") for _ in range(MOST_REQUESTS)]
            assert {one.status for one in answers} == {200}
            assert [one.headers.get("Connection") for one in answers] == [None] * (MOST_REQUESTS - 1) + ["close"]
            assert await browser.rest() == b""

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize(
    ("path", "headers", "version"),
    [
        (f"{FOLDER}/page.js", ("Connection: close",), "1.1"),
        (f"{FOLDER}/page.js", (), "1.0"),
        (f"{FOLDER}/nothing.js", (), "1.1"),
        ("/0123456789abcdef/page.js", (), "1.1"),
    ],
)
def test_a_connection_ends_where_its_browser_wants_that_and_where_something_is_refused(
    enrolled: Branch, tmp_path: Path, path: str, headers: tuple[str, ...], version: str
) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as browser:
            assert (await browser.get(path, *headers, version=version)).headers["Connection"] == "close"
            assert await browser.rest() == b""

    at_the_door(enrolled, tmp_path, story)


def test_a_certificate_that_is_revoked_meanwhile_gets_no_further_file(enrolled: Branch, tmp_path: Path) -> None:
    enrolled.terminal("lost-2")

    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector, "lost-2") as browser:
            assert (await browser.get(f"{FOLDER}/page.js")).status == 200
            revoke(enrolled, "lost-2")
            door.doorkeeper.reload()
            refused = await browser.get(f"{FOLDER}/page.css")
            assert (refused.status, refused.body.partition(b":")[0]) == (403, b"certificate-revoked")
            assert refused.headers["Connection"] == "close"
            assert await browser.rest() == b""

    at_the_door(enrolled, tmp_path, story)


def test_a_connection_that_had_a_file_may_begin_to_speak_the_protocol(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with talk(door, connector) as browser:
            assert (await browser.get(f"{FOLDER}/page.js")).status == 200
            browser.writer.write(SERVICE + UPGRADE + NONCE + b"\r\n")
            assert (await browser.reader.readline()).startswith(b"HTTP/1.1 101")
            await door.until(lambda: bool(door.listeners()))

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.slow
def test_browsers_that_keep_many_connections_keep_no_other_terminal_out(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(2 * LEAST_WAITING):
                browser = await stack.enter_async_context(talk(door, connector))
                assert (await browser.get(f"{FOLDER}/page.js")).status == 200
            async with connector("teller-2") as program:
                assert await program.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)
