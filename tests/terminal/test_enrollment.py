from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from client.transport import Address
from firmware.identity import pki
from passbook.errors import PassbookError
from terminal import enrollment
from terminal.home import Home
from tests.terminal.conftest import Branch

NOW = dt.datetime.now(dt.UTC)


def code_of(deed: Callable[..., object], *arguments: Any, **options: Any) -> str:
    with pytest.raises(PassbookError) as caught:
        deed(*arguments, **options)
    return caught.value.code


@pytest.mark.parametrize("representative", [True, False])
def test_the_request_asks_for_name_and_role(tmp_path: Path, representative: bool) -> None:
    home = Home(tmp_path / "home")
    path = enrollment.begin_enrollment(home, "teller-1", representative=representative)
    request = x509.load_pem_x509_csr(path.read_bytes())
    assert request.is_signature_valid
    assert [one.value for one in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["teller-1"]
    units = [one.value for one in request.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    assert units == (["representative"] if representative else [])
    assert stat.S_IMODE(home.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


def test_a_second_request_is_for_the_same_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = x509.load_pem_x509_csr(enrollment.begin_enrollment(home, "teller-1", representative=False).read_bytes())
    second = x509.load_pem_x509_csr(enrollment.begin_enrollment(home, "teller-2", representative=False).read_bytes())
    assert first.public_key() == second.public_key()


def test_a_name_that_no_authority_signs_is_refused_here(tmp_path: Path) -> None:
    for name in ("", "Teller", "a b", "a" * 64, "a\n"):
        assert code_of(enrollment.begin_enrollment, Home(tmp_path), name, representative=False) == "name-malformed"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "key",
    [
        b"garbage",
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    ],
)
def test_a_key_that_is_none_is_not_used(tmp_path: Path, key: bytes) -> None:
    home = Home(tmp_path)
    home.key.write_bytes(key)
    home.key.chmod(0o600)
    assert code_of(enrollment.begin_enrollment, home, "teller-1", representative=False) == "file-problem"
    home.key.chmod(0o644)
    assert code_of(enrollment.begin_enrollment, home, "teller-1", representative=False) == "file-problem"


def signed(branch: Branch, home: Home, name: str, folder: Path) -> Path:
    request = enrollment.begin_enrollment(home, name, representative=False).read_bytes()
    path = folder / "signed.pem"
    path.write_bytes(pki.sign_request(branch.ca, request, name, representative=False, now=NOW))
    return path


def test_the_appliances_name_comes_from_the_authority(branch: Branch, tmp_path: Path) -> None:
    home = Home(tmp_path)
    certificate = signed(branch, home, "till-a", tmp_path)
    ca = branch.config / pki.AUTHORITY
    assert enrollment.finish_enrollment(home, certificate, ca, "10.0.0.7", None) == Address(
        "10.0.0.7", 5846, branch.appliance
    )
    assert home.address() == Address("10.0.0.7", 5846, branch.appliance)
    assert enrollment.finish_enrollment(home, certificate, ca, "10.0.0.7:1", "other").server_name == "other"


def test_nothing_is_kept_of_an_enrollment_that_does_not_fit(
    branch: Branch, other_branch: Branch, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    certificate = signed(branch, home, "till-b", tmp_path)
    ca, foreign = branch.config / pki.AUTHORITY, other_branch.config / pki.AUTHORITY
    anothers = branch.terminal("teller-1").certificate
    (tmp_path / "garbage").write_bytes(b"garbage")
    for args, code in (
        ((anothers, ca, "host"), "file-problem"),
        ((certificate, foreign, "host"), "file-problem"),
        ((tmp_path / "garbage", ca, "host"), "file-problem"),
        ((certificate, tmp_path / "missing", "host"), "file-problem"),
        ((certificate, ca, "no address"), "appliance-unreachable"),
    ):
        assert code_of(enrollment.finish_enrollment, home, *args, None) == code
    assert {path.name for path in home.folder.iterdir()} == {"key.pem", "request.pem"}


def test_an_authority_without_a_name_needs_the_appliances(tmp_path: Path) -> None:
    home = Home(tmp_path)
    request = x509.load_pem_x509_csr(enrollment.begin_enrollment(home, "till-c", representative=False).read_bytes())
    signer = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    key = request.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for name, public in (("ca.crt", signer.public_key()), ("own.crt", key)):
        builder = x509.CertificateBuilder(subject, subject, public, 7, NOW, NOW + dt.timedelta(days=1))
        certificate = builder.sign(signer, hashes.SHA256())
        (tmp_path / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    own, ca = tmp_path / "own.crt", tmp_path / "ca.crt"
    assert code_of(enrollment.finish_enrollment, home, own, ca, "host", None) == "file-problem"
    assert enrollment.finish_enrollment(home, own, ca, "host", "window-server").server_name == "window-server"


def test_a_terminal_is_called_what_its_certificate_says(branch: Branch) -> None:
    assert enrollment.name_of(branch.terminal("teller-1")) == "teller-1"
