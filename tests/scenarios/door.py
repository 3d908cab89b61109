"""What comes to the door of an office: requests good and bad, and bytes that are no message."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any, Final

import msgspec
import pytest
from websockets.asyncio.client import connect

from demo.world import PRINTER, Terminal
from passbook.errors import PassbookError
from passbook.protocol.messages import SERVICE_PATH, SubmitJob
from terminal.home import Home
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal, converse, ring_of
from tests.scenarios.office import Office

STATEMENT: Final = Statement(600, 3)
REFUSED: Final = "Geheimnis-0815"
"""Stands in documents that are refused; no answer and no log may repeat it."""


def standing(office: Office) -> tuple[Any, ...]:
    """What must not change: jobs, questions, history, and what the areas hold."""
    areas = [(area["name"], area["state"], area["records"], area["reserved"]) for area in office.told("areas")]
    return office.told("jobs"), office.questions(), office.told("history"), areas


def request(office: Office, content: str | bytes, **facts: Any) -> SubmitJob:
    """A good request but for what `facts` say."""
    document = content.encode() if isinstance(content, str) else content
    key = ring_of(office.counter).key("k1")
    good = SubmitJob("request-1", PRINTER, "passbook-update+csv", document=document, key=key, key_ref="k1")
    return msgspec.structs.replace(good, **facts)


def refusal(office: Office, job: SubmitJob) -> PassbookError:
    """Why a job was refused; the sentence must be of the catalogue and must not repeat the document.

    One line of the log tells it too, by its code.
    """
    before = refusals(office)
    with pytest.raises(PassbookError) as refused:
        as_terminal(office.counter, lambda client: client.submit(job))
    error = refused.value
    assert refusals(office) == [*before, error.code]
    assert str(error) == str(PassbookError(error.code, **error.facts))
    assert REFUSED not in str(error)
    return error


def refusals(office: Office) -> list[str]:
    """The codes with which commands were refused, as the log tells them."""
    lines = map(json.loads, office.world.log_file.read_text().splitlines())
    return [str(line["code"]) for line in lines if line["event"] == "command-refused"]


def command(name: str, payload: Any, number: int = 1) -> str:
    return json.dumps({"header": {"name": name, "type": "command", "requestId": number}, "payload": payload})


def raw(terminal: Terminal) -> connect:
    """A connection that sends what it is told."""
    home = Home(terminal.home)
    address = home.address()
    uri = f"wss://{address}{SERVICE_PATH}"
    return connect(uri, ssl=home.context(), server_hostname=address.server_name, max_size=None, proxy=None)


def completions(office: Office, messages: list[str]) -> list[dict[str, Any]]:
    """The completions of commands sent over one connection."""

    async def talk() -> list[dict[str, Any]]:
        async with raw(office.counter) as connection:
            for message in messages:
                await connection.send(message)
            found: list[dict[str, Any]] = []
            while len(found) < len(messages):
                answer = json.loads(await connection.recv())
                found += [answer] if answer["header"]["type"] == "completion" else []
            return found

    return converse(talk())


def connection_to(office: Office) -> socket.socket:
    address = Home(office.counter.home).address()
    return socket.create_connection((address.host, address.port), timeout=30)


def over_tls(office: Office, context: ssl.SSLContext, data: bytes) -> bytes:
    """Everything that is answered to `data` until the connection ends.  Raises ssl.SSLError."""
    with connection_to(office) as plain, context.wrap_socket(plain, server_hostname="demo-appliance") as secure:
        secure.sendall(data)
        return read_all(secure)


def read_all(connection: socket.socket) -> bytes:
    found = b""
    while data := connection.recv(4096):
        found += data
    return found
