"""The certificates of one branch, as pure functions over keys and bytes; firmware.identity.pki keeps them in files.

The branch has its own authority.  It signs one certificate for the appliance and one for each terminal; a
terminal's name and role come from its certificate and from nowhere else (P12).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from passbook.errors import PassbookError

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""The pattern of names of terminals and appliances."""
ROLE: Final = "representative"
"""Organizational unit of a certificate whose terminal answers for others."""

_BACKDATED: Final = dt.timedelta(days=1)
"""The time by which a certificate begins early: peers whose clock is behind must accept a fresh one."""
_AUTHORITY_DAYS: Final = 7300
_APPLIANCE_DAYS: Final = 3650
_TERMINAL_DAYS: Final = 1095
"""The validity of a certificate: a terminal is enrolled again after three years; revoking a lost one works at once."""


class Authority(NamedTuple):
    """The branch's authority: its private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


class Revoked(NamedTuple):
    """One certificate that is not accepted any more."""

    serial: int
    at: dt.datetime


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private key as unencrypted PKCS #8 in PEM; the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """A certificate or revocation list in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(appliance: str, now: dt.datetime) -> Authority:
    """An authority for one appliance; terminals read the appliance's name from its organization."""
    key = new_private_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, appliance),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{appliance} authority"),
        ]
    )
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(subject, subject, key.public_key(), now, _AUTHORITY_DAYS)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def appliance_of(authority: x509.Certificate) -> str:
    """The name of the appliance that an authority was made for; empty for an authority of other software."""
    names = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else ""


def issue_appliance(
    authority: Authority, public: ec.EllipticCurvePublicKey, name: str, hosts: Sequence[str], now: dt.datetime
) -> x509.Certificate:
    """The appliance's own certificate, good for `name` and for every host name or IP address of `hosts`."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([_general_name(host) for host in dict.fromkeys((name, *hosts))])
    builder = _leaf(authority, subject, public, now, days=_APPLIANCE_DAYS, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    return builder.add_extension(names, critical=False).sign(authority.key, hashes.SHA256())


def issue_terminal(
    authority: Authority, request_pem: bytes, name: str, *, representative: bool, now: dt.datetime
) -> x509.Certificate:
    """The certificate of the terminal that made the request.

    The request gives the public key and must ask for `name`; the role is the operator's word, never the request's.
    Raises PassbookError `request-not-signed`.
    """
    if not NAME.fullmatch(name):
        raise PassbookError("name-malformed")
    public = _requested_key(request_pem, name)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if representative:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ROLE))
    builder = _leaf(
        authority, x509.Name(attributes), public, now, days=_TERMINAL_DAYS, purpose=ExtendedKeyUsageOID.CLIENT_AUTH
    )
    return builder.sign(authority.key, hashes.SHA256())


def revocation_list(
    authority: Authority, revoked: Iterable[Revoked], number: int, now: dt.datetime
) -> x509.CertificateRevocationList:
    """The list of certificates that are not accepted any more; `number` rises with every list."""
    # The appliance reads lists from a file and never fetches them, so a list ends with the authority.
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now)
        .next_update(authority.certificate.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_issued_by(authority), critical=False)
    )
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256())


def _requested_key(request_pem: bytes, name: str) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(request_pem)
        names = [attribute.value for attribute in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        valid, public = request.is_signature_valid, request.public_key()
    except Exception:  # noqa: BLE001  # parsing raises more kinds than it documents
        raise PassbookError("request-not-signed", why="it is not a certificate request") from None
    if not valid:
        raise PassbookError("request-not-signed", why="its signature is wrong")
    if names != [name]:
        raise PassbookError("request-not-signed", why="it asks for another name")
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise PassbookError("request-not-signed", why="its key is not of the kind P-256")
    return public


def _leaf(
    authority: Authority,
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    *,
    days: int,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    builder = _builder(subject, authority.certificate.subject, public, now, days)
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_issued_by(authority), critical=False)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _issued_by(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError:
        raise PassbookError("name-malformed") from None
