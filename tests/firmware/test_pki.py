from __future__ import annotations

import base64
import datetime as dt
import resource
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.identity import pki
from firmware.identity.certificates import NAME
from passbook.errors import PassbookError

NOW = dt.datetime(2026, 5, 4, 9, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)


def request_of(
    name: str, *, unit: str = "", key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
) -> bytes:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    own = key or ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(own, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    ca, config = tmp_path / "usb" / "ca", tmp_path / "etc"
    pki.init(ca, config, "window-server", ["10.0.0.7", "printer.branch.example"], NOW)
    return ca, config


def sign(ca: Path, name: str, *, representative: bool = False, now: dt.datetime = NOW) -> x509.Certificate:
    pem = pki.sign_request(ca, request_of(name), name, representative=representative, now=now)
    return x509.load_pem_x509_certificate(pem)


def code_of(deed: Callable[..., object], *arguments: Any, **options: Any) -> str:
    with pytest.raises(PassbookError) as caught:
        deed(*arguments, **options)
    return caught.value.code


def test_secrets_can_be_read_by_their_owner_only(folders: tuple[Path, Path]) -> None:
    ca, config = folders
    assert stat.S_IMODE(ca.stat().st_mode) == 0o700
    for secret in (ca / pki.AUTHORITY_KEY, ca / pki.REGISTER, config / pki.SERVER_KEY, config / pki.APPLIANCE_KEY):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert not (config / pki.AUTHORITY_KEY).exists()
    assert not list(config.glob(".*"))


def test_the_appliance_key_is_32_bytes_in_hexadecimal(folders: tuple[Path, Path], tmp_path: Path) -> None:
    text = (folders[1] / pki.APPLIANCE_KEY).read_text()
    assert len(bytes.fromhex(text)) == 32
    pki.init(tmp_path / "ca2", tmp_path / "etc2", "window-server", [], NOW)
    assert (tmp_path / "etc2" / pki.APPLIANCE_KEY).read_text() != text


def test_the_appliances_certificate_names_it_and_its_hosts(folders: tuple[Path, Path]) -> None:
    certificate = x509.load_pem_x509_certificate((folders[1] / pki.SERVER).read_bytes())
    authority = x509.load_pem_x509_certificate((folders[1] / pki.AUTHORITY).read_bytes())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["window-server", "printer.branch.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]
    assert authority.not_valid_after_utc > certificate.not_valid_after_utc > NOW


def test_nothing_that_exists_is_overwritten(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ca, config = folders
    before = {path: path.read_bytes() for path in (*ca.iterdir(), *config.iterdir())}
    assert code_of(pki.init, ca, tmp_path / "new", "window-server", [], NOW) == "file-problem"
    assert code_of(pki.init, tmp_path / "new", config, "window-server", [], NOW) == "file-problem"
    assert {path: path.read_bytes() for path in (*ca.iterdir(), *config.iterdir())} == before
    assert not (tmp_path / "new").exists()


def test_the_authority_does_not_lie_with_the_appliance(tmp_path: Path) -> None:
    config = tmp_path / "etc"
    for ca in (config, config / "ca", config / ".." / "etc"):
        assert code_of(pki.init, ca, config, "window-server", [], NOW) == "file-problem"
    assert not config.exists()


@pytest.mark.parametrize("name", ["", "Teller", "a b", "a" * 64, "-a", "ä", "a\n", "a/b"])
def test_names_are_plain(folders: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    ca, _ = folders
    assert not NAME.fullmatch(name)
    assert code_of(pki.init, tmp_path / "x", tmp_path / "y", name, [], NOW) == "name-malformed"
    assert code_of(pki.revoke, ca, name, NOW) == "name-malformed"
    pem = request_of("teller-2")
    assert code_of(pki.sign_request, ca, pem, name, representative=False, now=NOW) == "name-malformed"


def test_a_terminals_certificate_says_its_name_and_its_purpose(folders: tuple[Path, Path]) -> None:
    certificate = sign(folders[0], "teller-1")
    assert [one.value for one in certificate.subject] == ["teller-1"]
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("asked", ["", "representative", "root"])
def test_the_role_is_the_operators_word_and_not_the_requests(
    folders: tuple[Path, Path], said: bool, asked: str
) -> None:
    pem = request_of("teller-1", unit=asked)
    certificate = x509.load_pem_x509_certificate(
        pki.sign_request(folders[0], pem, "teller-1", representative=said, now=NOW)
    )
    units = [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    assert units == (["representative"] if said else [])


def test_requests_that_are_not_signed(folders: tuple[Path, Path]) -> None:
    good = request_of("teller-1")
    lines = good.splitlines(keepends=True)
    forged = x509.load_pem_x509_csr(good).public_bytes(serialization.Encoding.DER)
    forged_pem = _pem(forged[:-1] + bytes([forged[-1] ^ 1]))
    strange = request_of("teller-1", key=rsa.generate_private_key(65537, 2048))
    wide = request_of("teller-1", key=ec.generate_private_key(ec.SECP384R1()))
    for pem in (b"", b"garbage", b"".join(lines[:-2]), forged_pem, request_of("teller-2"), strange, wide):
        assert (
            code_of(pki.sign_request, folders[0], pem, "teller-1", representative=False, now=NOW)
            == "request-not-signed"
        )
    assert pki.register(folders[0]) == ()


def _pem(der: bytes) -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"-----END CERTIFICATE REQUEST-----\n"


def test_a_name_has_one_certificate_until_that_is_revoked_or_over(folders: tuple[Path, Path]) -> None:
    ca, _ = folders
    first = sign(ca, "teller-1")
    assert code_of(sign, ca, "teller-1", now=LATER) == "request-not-signed"
    sign(ca, "teller-2")
    pki.revoke(ca, "teller-1", LATER)
    second = sign(ca, "teller-1", now=LATER)
    assert second.serial_number != first.serial_number
    sign(ca, "teller-1", now=second.not_valid_after_utc + dt.timedelta(seconds=1))


def test_no_terminal_is_called_like_the_appliance(folders: tuple[Path, Path]) -> None:
    assert code_of(sign, folders[0], "window-server") == "request-not-signed"
    assert pki.register(folders[0]) == ()


def test_revoking_names_every_certificate_of_that_terminal_and_no_other(folders: tuple[Path, Path]) -> None:
    ca, config = folders
    authority = x509.load_pem_x509_certificate((config / pki.AUTHORITY).read_bytes())
    key = authority.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    first, other = sign(ca, "teller-1"), sign(ca, "teller-2")
    numbers = []
    for revoked in ([first.serial_number], [first.serial_number]):
        listed = x509.load_pem_x509_crl(pki.revoke(ca, "teller-1", LATER))
        assert listed.is_signature_valid(key)
        assert [one.serial_number for one in listed] == revoked
        numbers.append(listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    assert numbers == [1, 1]
    second = sign(ca, "teller-1", now=LATER)
    listed = x509.load_pem_x509_crl(pki.revoke(ca, "teller-1", LATER))
    assert {one.serial_number for one in listed} == {first.serial_number, second.serial_number}
    assert listed.get_revoked_certificate_by_serial_number(other.serial_number) is None


def test_who_never_had_a_certificate_cannot_be_revoked(folders: tuple[Path, Path]) -> None:
    assert code_of(pki.revoke, folders[0], "teller-9", NOW) == "unknown-terminal"


def test_a_disk_that_is_full_leaves_the_register_as_it_was(folders: tuple[Path, Path]) -> None:
    ca, _ = folders
    sign(ca, "teller-1")
    before = (ca / pki.REGISTER).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 9, limits[1]))
        for deed in (lambda: sign(ca, "teller-2"), lambda: pki.revoke(ca, "teller-1", NOW)):
            assert code_of(deed) == "file-problem"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (ca / pki.REGISTER).read_bytes() == before
    sign(ca, "teller-2")


def test_the_register_tells_what_was_done(folders: tuple[Path, Path]) -> None:
    ca, _ = folders
    certificate = sign(ca, "rep-1", representative=True)
    pki.revoke(ca, "rep-1", LATER)
    issued, revoked = pki.register(ca)
    assert (issued.deed, issued.name, issued.representative, issued.at) == ("issued", "rep-1", True, NOW)
    assert (revoked.deed, revoked.name, revoked.at) == ("revoked", "rep-1", LATER)
    assert int(issued.serial, 16) == int(revoked.serial, 16) == certificate.serial_number


@pytest.mark.parametrize("name", [pki.AUTHORITY_KEY, pki.AUTHORITY, pki.REGISTER])
@pytest.mark.parametrize("content", [None, b"garbage\n"])
def test_a_damaged_authority_signs_nothing(folders: tuple[Path, Path], name: str, content: bytes | None) -> None:
    ca, _ = folders
    (ca / name).unlink()
    if content is not None:
        (ca / name).write_bytes(content)
    assert code_of(sign, ca, "teller-1") == "file-problem"
    assert code_of(pki.revoke, ca, "teller-1", NOW) == "file-problem"


def test_another_authoritys_certificate_is_not_taken_for_ours(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ca, _ = folders
    pki.init(tmp_path / "ca2", tmp_path / "etc2", "window-server", [], NOW)
    (ca / pki.AUTHORITY).write_bytes((tmp_path / "ca2" / pki.AUTHORITY).read_bytes())
    assert code_of(sign, ca, "teller-1") == "file-problem"
