"""Enrolling a terminal: it makes its key, which never leaves it; the branch's authority signs a request for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from client.transport import Address
from passbook.errors import PassbookError
from storage import files
from terminal.home import Home, parse_address

REPRESENTATIVE: Final = "representative"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def begin_enrollment(home: Home, name: str, *, representative: bool) -> Path:
    """Write the request for a certificate and return its path; the key is made unless there is one.

    Raises PassbookError `name-malformed`, `file-problem`.
    """
    if not _NAME.fullmatch(name):
        raise PassbookError("name-malformed")
    if files.exists(home.key):
        key = _read_key(home.key)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        files.save_file(home.key, _key_pem(key), files.PRIVATE)
    files.save_file(home.request, _request_pem(key, name, representative=representative), files.PUBLIC)
    return home.request


def finish_enrollment(home: Home, certificate: Path, ca: Path, address: str, server_name: str | None) -> Address:
    """Keep the signed certificate and the address of the appliance, but only if all parts fit together.

    Args:
        home: the folder in which begin made the key.
        certificate: the signed certificate, PEM.
        ca: the authority's certificate, PEM.
        address: HOST:PORT.
        server_name: the name in the appliance's certificate; None for the name in the authority's.

    Raises:
        PassbookError: `file-problem`, `appliance-unreachable` when the address is not valid.
    """
    own, authority = _read_certificate(certificate), _read_certificate(ca)
    if own.public_key() != _read_key(home.key).public_key():
        raise PassbookError("file-problem", file=str(certificate), why="it is not for the key of this terminal")
    try:
        own.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise PassbookError("file-problem", file=str(certificate), why=f"it was not signed by {ca}") from None
    found = parse_address(address, server_name or _organization(authority, ca))
    files.save_file(home.certificate, own.public_bytes(serialization.Encoding.PEM), files.PUBLIC)
    files.save_file(home.ca, authority.public_bytes(serialization.Encoding.PEM), files.PUBLIC)
    home.save_address(found)
    return found


def name_of(home: Home) -> str:
    """The name of the terminal in its certificate. Raises PassbookError `file-problem`."""
    names = _read_certificate(home.certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        raise PassbookError("file-problem", file=str(home.certificate), why="it names no terminal")
    return str(names[0].value)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _request_pem(key: ec.EllipticCurvePrivateKey, name: str, *, representative: bool) -> bytes:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if representative:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, REPRESENTATIVE))
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(files.read_private(path), None)
    except (ValueError, TypeError):
        raise PassbookError("file-problem", file=str(path), why="it is damaged") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PassbookError("file-problem", file=str(path), why="it is not a key of the kind P-256")
    return key


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(files.read(path))
    except ValueError:
        raise PassbookError("file-problem", file=str(path), why="it is not a certificate in PEM") from None


def _organization(authority: x509.Certificate, path: Path) -> str:
    names = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if not names:
        raise PassbookError("file-problem", file=str(path), why="it names no appliance; give --server-name")
    return str(names[0].value)
