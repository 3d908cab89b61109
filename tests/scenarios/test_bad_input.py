"""Whatever is wrong at the door: one sentence and a stable code to whoever caused it, and nothing is disturbed."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from demo.secrets_search import search_files
from demo.world import PRINTER, CommandFailed, Terminal, World
from drivers.simulator.faults import Now, Target
from firmware import certificates
from passbook.drafts import Start
from passbook.errors import CATALOGUE, EXIT_CODES, Actor, PassbookError
from passbook.messages import MAX_DOCUMENT, MAX_MESSAGE, MAX_PIECE, SERVICE_PATH, SubmitJob
from terminal.client import TerminalClient
from terminal.home import Home
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal, client_of, converse, ring_of
from tests.scenarios.conftest import OpenOffice, an_office
from tests.scenarios.office import Office

STATEMENT: Final = Statement(600, 3)
REFUSED: Final = "Geheimnis-0815"
"""Stands in documents that are refused; no answer and no log may repeat it."""


@pytest.fixture(scope="module")
def open_door(furnished: World) -> Iterator[Office]:
    """One office for all tests of this file; its mechanism has no power, so that nothing prints."""
    with an_office(furnished) as office:
        office.hands.cut(Target.PRINTER, Now())
        yield office


@pytest.fixture
def door(open_door: Office) -> Iterator[Office]:
    """An office that must be as it was, and that goes on serving others, whatever a test did at its door."""
    before = standing(open_door)
    yield open_door
    assert as_terminal(open_door.manager, TerminalClient.status).printers[0].printer == PRINTER
    assert standing(open_door) == before
    assert search_files([open_door.world.data, open_door.world.log_file], {"what was refused": REFUSED}) == []


def standing(office: Office) -> tuple[Any, ...]:
    """What must not change: jobs, questions, history, and what the areas hold."""
    areas = [(area["name"], area["state"], area["records"], area["reserved"]) for area in office.told("areas")]
    return office.told("jobs"), office.inquiries(), office.told("history"), areas


def request(office: Office, content: str | bytes, **facts: Any) -> SubmitJob:
    """A good request but for what `facts` say."""
    document = content.encode() if isinstance(content, str) else content
    key = ring_of(office.counter).key("k1")
    good = SubmitJob("request-1", PRINTER, "passbook-update+csv", document=document, key=key, key_ref="k1")
    return msgspec.structs.replace(good, **facts)


def refusal(office: Office, job: SubmitJob) -> PassbookError:
    """Why a job was refused; the sentence must be of the catalogue and must not repeat the document."""
    with pytest.raises(PassbookError) as refused:
        as_terminal(office.counter, lambda client: client.submit(job))
    error = refused.value
    assert str(error) == str(PassbookError(error.code, **error.facts))
    assert REFUSED not in str(error)
    return error


ALERT: Final = bytes(7)
"""As long as an alert of TLS, which is all that may be answered to what is not TLS (RFC 8446 section 6)."""

# Documents


def csv(
    *entries: str, head: str = "# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: page 3 line 1\n"
) -> str:
    return head + "date,text,withdrawal,deposit,balance\n" + "".join(f"{entry}\n" for entry in entries)


GOOD: Final = "2026-03-01,Miete,845.00,,7755.55"
DOCUMENTS: Final = {
    "amount-not-decimal": [
        csv(GOOD, f"2026-03-01,Miete,{REFUSED},,7755.55"),
        csv("2026-03-01,Miete,1e3,,7755.55"),
        csv("2026-03-01,Miete,0x10,,7755.55"),
        csv("2026-03-01,Miete,٣,,7755.55"),
        csv("2026-03-01,Miete,,,nan"),
    ],
    "amount-too-fine": [csv("2026-03-01,Miete,845.001,,7755.55")],
    "column-overflow": [
        csv(f"2026-03-01,{REFUSED}{REFUSED},1.00,,7755.55"),
        csv("2026-03-01,Miete,123456789012.00,,7755.55"),
    ],
    "not-in-code-page": [csv(GOOD, f"2026-03-01,{REFUSED[:9]}☃,1.00,,1.00"), csv("2026-03-01,Łódź,1.00,,1.00")],
    "control-byte": [
        csv(f"2026-03-01,{REFUSED[:9]}\x1b,1.00,,1.00"),
        csv("2026-03-01,a\x7f,1.00,,1.00"),
        csv("2026-03-01,a\x00b,1.00,,1.00"),
        csv("2026-03-01,a\u202eb,1.00,,1.00"),
        csv('2026-03-01,"a\rb",1.00,,1.00'),
    ],
    "past-last-line": [csv(*[GOOD] * 400)],
    "start-not-in-book": [
        csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: page 99 line 1\n")
    ],
    "start-not-given": [csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: ask\n")],
    "unknown-layout": [csv(GOOD, head="# layout: other\n# account: DE-1\n# currency: EUR\n# start: page 3 line 1\n")],
    "unknown-currency": [
        csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: ABC\n# start: page 3 line 1\n")
    ],
    "date-not-valid": [csv("2026-02-30,Miete,1.00,,1.00")],
    "document-empty": [csv()],
    "document-malformed": ["", REFUSED, csv(f"{REFUSED},1"), csv('2026-03-01,"open,1.00,,1.00'), "# account: x\n"],
}


@pytest.mark.parametrize("code", DOCUMENTS)
def test_a_document_that_cannot_be_printed_is_refused(door: Office, code: str) -> None:
    for document in DOCUMENTS[code]:
        assert refusal(door, request(door, document)).code == code, ascii(document[-60:])


def test_bytes_that_are_no_text_are_refused(door: Office) -> None:
    assert refusal(door, request(door, STATEMENT.csv().encode("latin-1"))).code == "document-malformed"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("unknown-printer", {"printer": "window-9"}),
        ("unknown-printer", {"printer": "\x1b[2J" * 30}),
        ("unknown-layout", {"layout": "no-such"}),
        ("layout-unfit", {"layout": "sheet"}),
        ("unknown-format", {"format": "pdf"}),
        ("unknown-upload", {"document": b"", "upload": "never-sent"}),
        ("start-not-in-book", {"start": Start(3, 25)}),
        ("past-last-line", {"start": Start(16, 23)}),
        ("key-missing", {"key": b"", "key_ref": ""}),
        ("key-malformed", {"key": b"short"}),
        ("invalid-message", {"client_request": ""}),
        ("invalid-message", {"client_request": "r" * 129}),
        ("invalid-message", {"client_request": "a\nb"}),
        ("invalid-message", {"priority": 101}),
        ("invalid-message", {"priority": 0}),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(door: Office, code: str, facts: dict[str, Any]) -> None:
    assert refusal(door, request(door, STATEMENT.csv(), **facts)).code == code


def test_a_document_that_is_too_large_is_refused_while_it_comes(door: Office) -> None:
    piece = {"upload": "u", "data": base64.b64encode(bytes(MAX_PIECE)).decode()}
    pieces = [command("Spooler.UploadPiece", piece, number) for number in range(1, MAX_DOCUMENT // MAX_PIECE + 2)]
    *taken, refused = completions(door, pieces)
    assert {one["header"]["completionCode"] for one in taken} == {"success"}
    assert refused["payload"]["errorCode"] == "document-too-large"


def test_too_many_uploads_at_once_are_refused(door: Office) -> None:
    pieces = [command("Spooler.UploadPiece", {"upload": f"u{n}", "data": "QUJD"}, n) for n in range(1, 6)]
    *taken, refused = completions(door, pieces)
    assert {one["header"]["completionCode"] for one in taken} == {"success"}
    assert refused["payload"]["errorCode"] == "too-many-uploads"


# Messages


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


BAD_MESSAGES: Final[dict[str, str | bytes]] = {
    "no JSON": "hello " + REFUSED,
    "empty": "",
    "a list": "[]",
    "no header": '{"payload": {}}',
    "header of another kind": '{"header": 7}',
    "no such type": '{"header": {"name": "Common.Status", "type": "' + REFUSED + '"}}',
    "half": command("Common.Status", {})[:-10],
    "deep": "[" * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "oversized": json.dumps({"header": {"name": "x", "type": "command"}, "payload": {"a": "x" * MAX_MESSAGE}}),
}


@pytest.mark.parametrize("kind", BAD_MESSAGES)
def test_a_message_that_is_none_is_answered_and_the_connection_goes_on(door: Office, kind: str) -> None:
    async def talk() -> tuple[dict[str, Any], dict[str, Any]]:
        async with raw(door.counter) as connection:
            await connection.send(BAD_MESSAGES[kind])
            refused = await next_answer(connection)
            await connection.send(command("Common.Status", {}, 2))
            await next_answer(connection)
            return refused, await next_answer(connection)

    refused, status = converse(talk())
    assert refused["header"]["status"] == "invalidMessage"
    code = refused["payload"]["errorCode"]
    assert code == ("message-too-large" if kind == "oversized" else "invalid-message")
    assert refused["payload"]["errorDescription"] == str(PassbookError(code, **refused["payload"]["errorFacts"]))
    assert REFUSED not in json.dumps(refused)
    assert status["header"]["completionCode"] == "success"


async def next_answer(connection: ClientConnection) -> dict[str, Any]:
    """The next message that answers something."""
    while True:
        answer: dict[str, Any] = json.loads(await connection.recv())
        if answer["header"]["type"] != "unsolicited":
            return answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (command("Spooler.NoSuch", {}), "unknown-command"),
        (command(f"{REFUSED}\x1b[2J", {}), "unknown-command"),
        (command("Common.Status", {"extra": REFUSED}), "invalid-message"),
        (command("Common.Status", []), "invalid-message"),
        (command("Spooler.SubmitJob", {"clientRequest": 7}), "invalid-message"),
        (command("Spooler.SubmitJob", {}), "invalid-message"),
        (command("Spooler.GetJob", {"job": "no-such"}), "unknown-job"),
        (command("Spooler.CancelJob", {"job": "no-such", "person": "x"}), "unknown-job"),
        (
            command("Recovery.AnswerInquiry", {"job": "x", "epoch": 1, "verdict": REFUSED, "person": "x"}),
            "invalid-message",
        ),
        (command("Common.Status", {}).replace('"command"', '"event"'), "invalid-message"),
    ],
)
def test_a_command_that_is_none_is_completed_with_its_reason(door: Office, message: str, code: str) -> None:
    (answer,) = completions(door, [message])
    assert answer["payload"]["errorCode"] == code
    assert CATALOGUE[code].sentence.split("{", maxsplit=1)[0] in answer["payload"]["errorDescription"]
    if code != "unknown-command":
        assert REFUSED not in json.dumps(answer)
    assert "\x1b" not in answer["payload"]["errorDescription"]


def test_a_message_beyond_all_bounds_ends_its_connection_only(door: Office) -> None:
    async def talk() -> int:
        async with raw(door.counter) as connection:
            with suppress(ConnectionClosed):
                await connection.send("x" * (8 * MAX_MESSAGE))
            await connection.wait_closed()
            assert connection.close_code is not None
            return connection.close_code

    # 1009: a message too big (RFC 6455 section 7.4.1).
    assert converse(talk()) == 1009


def test_a_half_message_keeps_nobody_waiting(door: Office) -> None:
    async def talk() -> None:
        async with raw(door.counter) as connection, client_of(door.manager) as other:
            message = command("Spooler.SubmitJob", {"clientRequest": "half"})
            frame = bytes([0x81, 0x80 | len(message)]) + bytes(4) + message.encode()
            connection.transport.write(frame[: len(frame) // 2])
            assert (await other.status()).terminals == ("counter-1", "manager")
            connection.transport.abort()

    converse(talk())


def test_half_an_upload_leaves_nothing(door: Office) -> None:
    (taken,) = completions(door, [command("Spooler.UploadPiece", {"upload": "u", "data": "QUJD" * 1000})])
    assert taken["payload"] == {"received": 3000}


def test_another_path_has_no_service(door: Office) -> None:
    home = Home(door.counter.home)
    reply = over_tls(
        door,
        home.context(),
        b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    assert reply.startswith(b"HTTP/1.1 404 ")
    assert SERVICE_PATH.encode() in reply


# Who the peer is


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


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 300, b"\x16\x03\x01\xff\xff" + b"x" * 600]
)
def test_what_is_not_tls_is_hung_up_on(door: Office, data: bytes) -> None:
    before = failed_handshakes(door)
    with connection_to(door) as connection:
        connection.sendall(data)
        with suppress(ConnectionResetError):
            assert len(read_all(connection)) <= len(ALERT), "an alert of TLS at most"
    assert failed_handshakes(door) == [*before, "not-tls"]


def test_half_a_handshake_keeps_nobody_waiting(door: Office) -> None:
    with connection_to(door) as connection:
        connection.sendall(b"\x16\x03\x01")
        assert as_terminal(door.manager, TerminalClient.status).printers


def test_nobody_comes_in_without_a_certificate(door: Office) -> None:
    before = failed_handshakes(door)
    context = ssl.create_default_context(cafile=Home(door.counter.home).ca)
    with suppress(ssl.SSLError, ConnectionResetError):
        assert over_tls(door, context, b"GET / HTTP/1.1\r\n\r\n") == b""
    assert failed_handshakes(door) == [*before, "certificate-not-accepted"]


def test_a_terminal_that_is_not_enrolled_says_so(door: Office) -> None:
    assert code_at_the_door(door.world.terminal("nobody")) == "file-problem"


def failed_handshakes(office: Office) -> list[str]:
    """What the log says of connections that never became one."""
    lines = map(json.loads, office.world.log_file.read_text().splitlines())
    return [line["code"] for line in lines if line["event"] == "handshake-failed"]


def make_terminal(office: Office, name: str, certificate: bytes, key: bytes) -> Terminal:
    """A terminal that shows this certificate."""
    terminal = office.world.terminal(name)
    mine, theirs = Home(terminal.home), Home(office.counter.home)
    for file, content in ((mine.certificate, certificate), (mine.key, key), (mine.ca, theirs.ca.read_bytes())):
        file.write_bytes(content)
    mine.key.chmod(0o600)
    mine.save_address(theirs.address())
    return terminal


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def code_at_the_door(terminal: Terminal) -> str:
    """What `teller` says of why it was not let in."""
    with pytest.raises(CommandFailed) as failed:
        terminal.run("jobs")
    assert failed.value.code == EXIT_CODES[Actor.OPERATOR]
    assert failed.value.error_code, failed.value.error
    return failed.value.error_code


def issued(authority: certificates.Authority, name: str, at: datetime.datetime) -> tuple[bytes, bytes]:
    """Certificate and key of a terminal, as PEM."""
    key = certificates.new_key()
    request_pem = certificates_request(key, name)
    certificate = certificates.issue_terminal(authority, request_pem, name, representative=True, now=at)
    return certificates.certificate_pem(certificate), certificates.key_pem(key)


def certificates_request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def test_a_certificate_of_another_branch_is_not_accepted(door: Office) -> None:
    foreign = certificates.new_authority("demo-appliance", now())
    assert (
        code_at_the_door(make_terminal(door, "foreign", *issued(foreign, "counter-1", now())))
        == "certificate-not-accepted"
    )


def test_the_appliances_own_certificate_is_not_a_terminals(door: Office) -> None:
    folder = door.world.config_file.parent
    terminal = make_terminal(
        door, "server", (folder / "server.pem").read_bytes(), (folder / "server-key.pem").read_bytes()
    )
    assert code_at_the_door(terminal) == "certificate-not-accepted"


def test_a_revoked_terminal_is_hung_up_on_and_stays_out(door: Office) -> None:
    lost = door.world.enroll("lost")

    async def stay() -> str:
        async with client_of(lost) as client, client_of(door.manager) as other:
            await client.status()
            await asyncio.to_thread(door.world.revoke, "lost")
            with pytest.raises(PassbookError) as ended:
                await anext(aiter(client.events()))
            assert (await other.status()).printers
            return ended.value.code

    assert converse(stay()) == "certificate-revoked"
    assert code_at_the_door(lost) == "certificate-revoked"


# Room, and requests sent again


def test_a_request_id_used_again_with_other_content_is_refused(office: Office) -> None:
    first = request(office, STATEMENT.csv())
    job = as_terminal(office.counter, lambda client: client.submit(first)).job
    assert as_terminal(office.counter, lambda client: client.submit(first)).job == job
    assert refusal(office, request(office, Statement(601, 3).csv())).code == "request-reused"
    assert refusal(office, request(office, STATEMENT.csv(), start=Start(4, 1))).code == "request-reused"
    assert [one["job"] for one in office.told("jobs")] == [job]


def test_when_no_area_has_room_nothing_is_accepted_and_nothing_else_is_disturbed(open_office: OpenOffice) -> None:
    office = open_office(quota="27 MiB")
    office.hands.cut(Target.PRINTER, Now())
    padding = "\n" * 900_000
    accepted = 0
    while (code := fill(office, f"request-{accepted}", STATEMENT.csv() + padding)) == "":
        accepted += 1
    assert code == "no-area-has-room"
    jobs = office.told("jobs")
    assert len(jobs) == accepted > 2
    small = request(office, STATEMENT.csv(), client_request="request-small")
    last = as_terminal(office.counter, lambda client: client.submit(small))
    assert [one["job"] for one in office.told("jobs")] == [*(job["job"] for job in jobs), last.job]


def fill(office: Office, name: str, document: str) -> str:
    """Have one more job accepted, where most is free (P6); the code when it was refused."""
    free = free_by_area(office)
    try:
        as_terminal(office.counter, lambda client: client.submit(request(office, document, client_request=name)))
    except PassbookError as refused:
        return refused.code
    left = free_by_area(office)
    assert [area for area in free if left[area] < free[area]] == [max(free, key=lambda area: free[area])]
    return ""


def free_by_area(office: Office) -> dict[str, int]:
    """Area name -> bytes that new jobs may take."""
    return {area["name"]: area["free"] for area in office.told("areas")}
