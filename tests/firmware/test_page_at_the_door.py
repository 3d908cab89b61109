"""The page's files at the terminal door, as a browser asks for them; no browser is needed to see who gets them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gzip
import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from firmware.identity import pki
from passbook.protocol.messages import SERVICE_PATH
from spooler.browser_files import PageFiles
from tests.firmware.door import Connector, Door, at_the_door
from tests.terminal.conftest import Branch

FILES = PageFiles.shipped()


class Answer(NamedTuple):
    """What came back over one connection."""

    status: int
    headers: dict[str, str]
    body: bytes


async def get(
    door: Door,
    port: int,
    path: str,
    *headers: str,
    method: str = "GET",
    name: str = "teller-1",
    host: str | None = None,
) -> Answer:
    """Ask as a browser does, to the end of the connection."""
    context = door.branch.terminal(name).context()
    appliance = door.branch.appliance
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=appliance)
    place = f"{appliance}:{port}" if host is None else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place}", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    received = await reader.read()
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in rest)
    return Answer(int(first.split()[1]), fields, body)


def revoke(branch: Branch, name: str) -> None:
    (branch.config / pki.REVOKED).write_bytes(pki.revoke(branch.ca, name, dt.datetime.now(dt.UTC)))


def test_the_address_alone_leads_to_the_page_of_today(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        led = await get(door, connector.port, "/")
        assert (led.status, led.headers["Location"]) == (307, f"{FILES.version}/")
        page = await get(door, connector.port, f"/{FILES.version}/")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert gzip.decompress(page.body).startswith(b"<!doctype html>")

    at_the_door(enrolled, tmp_path, story)


def test_what_a_browser_has_already_is_not_sent_again(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        path = f"/{FILES.version}/"
        tag = (await get(door, connector.port, path)).headers["ETag"]
        again = await get(door, connector.port, path, f"If-None-Match: {tag}")
        assert (again.status, again.body) == (304, b"")
        assert (await get(door, connector.port, path, 'If-None-Match: "another"')).status == 200

    at_the_door(enrolled, tmp_path, story)


def test_nothing_from_outside_runs_in_the_page_and_no_other_page_shows_it(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        for path in ("/", f"/{FILES.version}/", "/nothing", f"/{FILES.version}/nothing.js"):
            headers = (await get(door, connector.port, path)).headers
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/0123456789abcdef/", 307),
        ("/0123456789abcdef/page.js", 410),
        ("/nothing", 404),
        ("/../etc/passwd", 404),
        (f"/{FILES.version}/../page.js", 404),
        (f"/{FILES.version}/__init__.py", 404),
        (f"/{FILES.version}//etc/passwd", 404),
        (f"/{FILES.version}/page.js/", 404),
        (f"/{FILES.version}/%2e%2e/page.js", 404),
        (f"{SERVICE_PATH}?x=1", 404),
    ],
)
def test_only_the_files_of_the_page_are_served(enrolled: Branch, tmp_path: Path, path: str, status: int) -> None:
    async def story(door: Door, connector: Connector) -> None:
        assert (await get(door, connector.port, path)).status == status

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_nothing_but_get_is_answered(enrolled: Branch, tmp_path: Path, method: str) -> None:
    async def story(door: Door, connector: Connector) -> None:
        assert (await get(door, connector.port, f"/{FILES.version}/", method=method)).status == 405

    at_the_door(enrolled, tmp_path, story)


def test_a_browser_whose_certificate_is_revoked_gets_no_file(enrolled: Branch, tmp_path: Path) -> None:
    enrolled.terminal("lost-1")
    revoke(enrolled, "lost-1")

    async def story(door: Door, connector: Connector) -> None:
        for path in ("/", f"/{FILES.version}/", f"/{FILES.version}/page.js"):
            refused = await get(door, connector.port, path, name="lost-1")
            assert (refused.status, refused.body.partition(b":")[0]) == (403, b"certificate-revoked")

    at_the_door(enrolled, tmp_path, story)


def test_a_browser_without_a_certificate_of_the_branch_gets_not_a_byte(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        context = ssl.create_default_context(cafile=str(enrolled.config / pki.AUTHORITY))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", connector.port, ssl=context, server_hostname=enrolled.appliance
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        with contextlib.suppress(OSError):
            received = await reader.read()
        assert received == b""
        writer.close()

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://127.0.0.1",
        "https://127.0.0.1:1",
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}.evil.example",
        "https://localhost:{port}",
        "null",
        "",
    ],
)
def test_a_page_of_another_place_does_not_connect(enrolled: Branch, tmp_path: Path, origin: str) -> None:
    async def story(door: Door, connector: Connector) -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with connector("teller-1", additional_headers={"Origin": origin.format(port=connector.port)}):
                raise AssertionError("it was let in")
        assert caught.value.response.status_code == 403
        assert caught.value.response.body.startswith(b"origin-not-accepted")
        assert door.listeners() == []

    at_the_door(enrolled, tmp_path, story)


def test_a_page_of_the_place_itself_connects_and_so_does_a_program_without_an_origin(
    enrolled: Branch, tmp_path: Path
) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        own = {"Origin": f"https://127.0.0.1:{connector.port}"}
        path = f"{SERVICE_PATH}?page={FILES.version}"
        async with connector("teller-1", path=path, additional_headers=own) as page, connector("teller-1") as program:
            assert await page.ask("Common.Status")
            assert await program.ask("Common.Status")

    at_the_door(enrolled, tmp_path, story)


def test_a_name_that_is_not_the_appliances_is_no_place_of_its_own(enrolled: Branch, tmp_path: Path) -> None:
    """As when a name of another place was made to lead here."""

    async def story(door: Door, connector: Connector) -> None:
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        nonce = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        for host in ("evil.example", f"evil.example:{connector.port}", "[", ""):
            headers = (*upgrade, nonce, f"Origin: https://{host}")
            told = await get(door, connector.port, SERVICE_PATH, *headers, host=host)
            assert told.status == 403
            assert told.body.startswith(b"origin-not-accepted")
        assert door.listeners() == []

    at_the_door(enrolled, tmp_path, story)


def test_a_page_of_an_earlier_version_is_told_so_and_does_nothing(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        async with connector("teller-1", path=f"{SERVICE_PATH}?page=0123456789abcdef") as wire:
            with pytest.raises(ConnectionClosed):
                await wire.ask("Common.Status")
            assert (wire.socket.close_code, wire.socket.close_reason) == (1008, "page-outdated")
        assert door.listeners() == []

    at_the_door(enrolled, tmp_path, story)
