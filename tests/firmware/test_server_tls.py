from __future__ import annotations

import asyncio
import asyncio.sslproto
import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.identity import certificates, pki
from firmware.identity.server_tls import (
    Trust,
    judge_terminal,
    load_trust,
    read_trust,
    server_context,
    shrink_buffers,
)
from passbook.errors import PassbookError
from passbook.job.actor import Actor

NOW = dt.datetime.now(dt.UTC)
YEARS = dt.timedelta(days=3650)


class Authority:
    """One branch's files, and terminals of it."""

    def __init__(self, folder: Path, now: dt.datetime = NOW) -> None:
        self.folder, self.ca, self.config, self.now = folder, folder / "ca", folder / "config", now
        pki.init(self.ca, self.config, "window-server", ["127.0.0.1"], now)

    @property
    def trust(self) -> Trust:
        return load_trust(self.config / pki.AUTHORITY, self.config / pki.REVOKED)

    def terminal(self, name: str, *, representative: bool = False) -> tuple[Path, Path]:
        key = certificates.new_private_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        pem = request.public_bytes(serialization.Encoding.PEM)
        signed = pki.sign_request(self.ca, pem, name, representative=representative, now=self.now)
        paths = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        paths[0].write_bytes(signed)
        paths[1].write_bytes(certificates.key_pem(key))
        return paths

    def server_side(self) -> ssl.SSLContext:
        return server_context(self.config / pki.SERVER, self.config / pki.SERVER_KEY, self.config / pki.AUTHORITY)

    def client_side(self, pair: tuple[Path, Path] | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.config / pki.AUTHORITY)
        if pair:
            context.load_cert_chain(*pair)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "branch")


def der(pair: tuple[Path, Path]) -> bytes:
    return x509.load_pem_x509_certificate(pair[0].read_bytes()).public_bytes(serialization.Encoding.DER)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> bytes | None:
    """The client's certificate as the server sees it after a handshake over the loopback; SSLError for none."""

    async def story() -> bytes | None:
        seen: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tls = writer.get_extra_info("ssl_object")
            seen.set_result(tls.getpeercert(binary_form=True))
            writer.write(b"hello")
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
        async with listener, asyncio.timeout(20):
            port = listener.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=client, server_hostname="window-server"
            )
            hello = await reader.read()
            writer.close()
            if hello != b"hello":
                raise ssl.SSLError
            return await seen

    return asyncio.run(story())


def refused(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    try:
        shake_hands(server, client)
    except (ssl.SSLError, ConnectionError):
        return True
    return False


def test_a_terminal_is_known_by_the_certificate_that_it_shows(authority: Authority) -> None:
    pair = authority.terminal("teller-1")
    shown = shake_hands(authority.server_side(), authority.client_side(pair))
    actor = judge_terminal(shown, NOW, authority.trust)
    serial = x509.load_pem_x509_certificate(pair[0].read_bytes()).serial_number
    assert actor == Actor.of_terminal("teller-1", representative=False, serial=serial)


def test_the_role_stands_in_the_certificate(authority: Authority) -> None:
    pair = authority.terminal("rep-1", representative=True)
    assert judge_terminal(der(pair), NOW, authority.trust).is_representative


def test_no_certificate_no_connection(authority: Authority) -> None:
    assert refused(authority.server_side(), authority.client_side(None))


def test_a_foreign_certificate_is_refused_by_handshake_and_judge(authority: Authority, tmp_path: Path) -> None:
    foreign = Authority(tmp_path / "foreign").terminal("teller-1")
    assert refused(authority.server_side(), authority.client_side(foreign))
    with pytest.raises(PassbookError) as caught:
        judge_terminal(der(foreign), NOW, authority.trust)
    assert caught.value.code == "certificate-not-accepted"


def test_the_appliances_certificate_is_no_terminals(authority: Authority) -> None:
    own = authority.config / pki.SERVER, authority.config / pki.SERVER_KEY
    assert refused(authority.server_side(), authority.client_side(own))
    with pytest.raises(PassbookError) as caught:
        judge_terminal(der(own), NOW, authority.trust)
    assert caught.value.code == "certificate-not-accepted"


def test_tls_1_2_is_not_spoken(authority: Authority) -> None:
    client = authority.client_side(authority.terminal("teller-1"))
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refused(authority.server_side(), client)


def test_a_revoked_terminal_is_refused_when_the_list_was_read_again(authority: Authority) -> None:
    pair, other = authority.terminal("teller-1"), authority.terminal("teller-2")
    before = authority.trust
    (authority.config / pki.REVOKED).write_bytes(pki.revoke(authority.ca, "teller-1", NOW))
    assert judge_terminal(der(pair), NOW, before).name == "teller-1"
    with pytest.raises(PassbookError) as caught:
        judge_terminal(der(pair), NOW, authority.trust)
    assert caught.value.code == "certificate-revoked"
    assert caught.value.facts == {"who": "teller-1"}
    assert judge_terminal(der(other), NOW, authority.trust).name == "teller-2"


def test_an_expired_certificate_is_judged_by_our_clock_and_not_by_the_systems(tmp_path: Path) -> None:
    old = Authority(tmp_path / "old", NOW - 2 * YEARS)
    pair = old.terminal("teller-1")
    client = old.client_side(pair)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    shown = shake_hands(old.server_side(), client)
    assert judge_terminal(shown, NOW - 2 * YEARS, old.trust).name == "teller-1"
    with pytest.raises(PassbookError, match="expired") as caught:
        judge_terminal(shown, NOW, old.trust)
    assert caught.value.code == "certificate-not-accepted"


def test_a_clock_that_is_behind_locks_nobody_out(tmp_path: Path) -> None:
    young = Authority(tmp_path / "young", NOW + YEARS)
    client = young.client_side(young.terminal("teller-1"))
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    shown = shake_hands(young.server_side(), client)
    assert judge_terminal(shown, NOW - 5 * YEARS, young.trust).name == "teller-1"


def test_what_is_no_certificate(authority: Authority) -> None:
    whole = der(authority.terminal("teller-1"))
    for shown in (None, b"", b"garbage", whole[:-1], whole[: len(whole) // 2]):
        with pytest.raises(PassbookError) as caught:
            judge_terminal(shown, NOW, authority.trust)
        assert caught.value.code == "certificate-not-accepted"


# An altered serial number may be negative, of which cryptography warns before the signature is found wrong.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_nothing_that_is_signed_can_be_altered(authority: Authority) -> None:
    whole = der(authority.terminal("teller-1"))
    trust = authority.trust
    # An outer header of four bytes stands before the signed part, and the signature behind it.
    signed = range(4, 4 + len(x509.load_der_x509_certificate(whole).tbs_certificate_bytes))
    for place in signed:
        for bit in (0x01, 0x80):
            altered = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
            with pytest.raises(PassbookError) as caught:
                judge_terminal(altered, NOW, trust)
            assert caught.value.code == "certificate-not-accepted"


def certificate(authority: Authority, names: list[str], purposes: list[x509.ObjectIdentifier] | None) -> bytes:
    key = serialization.load_pem_private_key((authority.ca / pki.AUTHORITY_KEY).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]))
        .issuer_name(authority.trust.authority.subject)
        .public_key(certificates.new_private_key().public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + YEARS)
    )
    if purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_certificate_made_by_other_software_of_the_authority_is_accepted(authority: Authority) -> None:
    both = [ExtendedKeyUsageOID.SERVER_AUTH, *CLIENT]
    for purposes in (CLIENT, both):
        assert judge_terminal(certificate(authority, ["teller-1"], purposes), NOW, authority.trust).name == "teller-1"


@pytest.mark.parametrize(
    ("names", "purposes"),
    [
        ([], CLIENT),
        (["teller-1", "teller-2"], CLIENT),
        (["Teller 1"], CLIENT),
        (["teller-1"], None),
        (["teller-1"], [ExtendedKeyUsageOID.SERVER_AUTH]),
    ],
)
def test_a_certificate_without_one_plain_name_and_the_purpose_is_not(
    authority: Authority, names: list[str], purposes: Any
) -> None:
    with pytest.raises(PassbookError) as caught:
        judge_terminal(certificate(authority, names, purposes), NOW, authority.trust)
    assert caught.value.code == "certificate-not-accepted"


def test_a_revocation_list_of_somebody_else_is_an_error(authority: Authority, tmp_path: Path) -> None:
    foreign = Authority(tmp_path / "foreign")
    ours, theirs = (one.config / pki.AUTHORITY for one in (authority, foreign))
    good = (foreign.config / pki.REVOKED).read_bytes()
    assert len(read_trust(theirs.read_bytes(), good, "list").revoked) == 0
    for authority_pem, revoked_pem in (
        (ours.read_bytes(), good),
        (theirs.read_bytes(), good[:-40]),
        (theirs.read_bytes(), b""),
        (b"", good),
    ):
        with pytest.raises(PassbookError) as caught:
            read_trust(authority_pem, revoked_pem, "list")
        assert caught.value.code == "file-problem"
    (authority.config / pki.REVOKED).unlink()
    with pytest.raises(PassbookError) as caught:
        assert authority.trust
    assert caught.value.code == "file-problem"


@pytest.mark.parametrize("name", [pki.SERVER, pki.SERVER_KEY, pki.AUTHORITY])
@pytest.mark.parametrize("content", [None, b"garbage"])
def test_a_server_context_needs_its_three_files(authority: Authority, name: str, content: bytes | None) -> None:
    (authority.config / name).unlink()
    if content is not None:
        (authority.config / name).write_bytes(content)
    with pytest.raises(PassbookError) as caught:
        authority.server_side()
    assert caught.value.code == "file-problem"


def test_connections_are_small_after_the_buffers_were_shrunk(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.sslproto.SSLProtocol, "max_size", 256 * 1024)
    shrink_buffers()
    assert asyncio.sslproto.SSLProtocol.max_size == 16 * 1024
    pair = authority.terminal("teller-1")
    assert shake_hands(authority.server_side(), authority.client_side(pair)) == der(pair)
