"""Who may not come in hears why, or at least the operator does, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
from contextlib import suppress
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from client.connection import TerminalClient
from demo.world import CommandFailed, Terminal
from firmware.doors.gate import NOT_TLS
from firmware.identity import certificates
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.protocol.messages import SERVICE_PATH
from terminal.home import Home
from tests.scenarios.clerk import as_terminal, client_of, converse
from tests.scenarios.door import connection_to, over_tls, read_all
from tests.scenarios.office import Office

ALERT: Final = bytes(7)
"""As long as an alert of TLS, which is all that may be answered to what is not TLS (RFC 8446 section 6)."""


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


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 300, b"\x16\x03\x01\xff\xff" + b"x" * 600]
)
def test_what_is_not_tls_is_told_so_and_hung_up_on(door: Office, data: bytes) -> None:
    before = failed_handshakes(door)
    with connection_to(door) as connection:
        connection.sendall(data)
        with suppress(ConnectionResetError):
            answer = read_all(connection)
            assert answer == NOT_TLS or len(answer) <= len(ALERT), "an alert of TLS, where it began like TLS"
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
    assert code_at_the_door(door.world.terminal("nobody"), Mender.CALLER) == "not-enrolled"


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


def code_at_the_door(terminal: Terminal, mender: Mender = Mender.OPERATOR) -> str:
    """What `teller` says of why it was not let in."""
    with pytest.raises(CommandFailed) as failed:
        terminal.run("jobs")
    assert failed.value.code == EXIT_CODES[mender]
    assert failed.value.error_code, failed.value.error
    return failed.value.error_code


def issued(authority: certificates.Authority, name: str, at: datetime.datetime) -> tuple[bytes, bytes]:
    """Certificate and key of a terminal, as PEM."""
    key = certificates.new_private_key()
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


@pytest.mark.long
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
