"""TLS of the appliance: OpenSSL judges the signature of a peer, and this module its time and revocation."""

from __future__ import annotations

import asyncio.sslproto
import datetime as dt
import ssl
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.identity.certificates import NAME, ROLE
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from spooler.logs import Log
from storage import files

_LOG: Final = Log("tls")

NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; the ssl module has no name for it."""
BUFFER: Final = 16 * 1024
"""The bytes of one TLS record, the most that one read returns."""


class Trust(NamedTuple):
    """The trust of the appliance: the branch's authority and its revocations."""

    authority: x509.Certificate
    revoked: x509.CertificateRevocationList


def server_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """TLS 1.3 only, and only for clients with a certificate of our authority.  Raises PassbookError `file-problem`."""
    context = _context(certificate, key, authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def mail_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """For STARTTLS: mail servers have no certificate of our authority, and older ones speak TLS 1.2.

    Raises PassbookError `file-problem`.
    """
    context = _context(certificate, key, authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def hop_context(authority: Path, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """For conversations with a next hop whose certificate is of `authority`.  Raises PassbookError `file-problem`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(authority)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise _damaged(certificate or authority, "it, its key or its authority is damaged") from None
    except OSError as error:
        file = str(certificate or authority)
        raise PassbookError("file-problem", file=file, why=error.strerror or "it cannot be read") from None
    return context


def _context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The system clock may be years off after a power cut (N4); judge_terminal takes the time from its caller.
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    # A resumed session would bring back a terminal without its certificate being judged anew.
    context.num_tickets = 0
    context.sslobject_class = _Handshake
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except ssl.SSLError:
        raise _damaged(certificate, "it, its key or its authority is damaged") from None
    except OSError as error:
        raise PassbookError("file-problem", file=str(certificate), why=error.strerror or "it cannot be read") from None
    return context


def shrink_buffers() -> None:
    """Make every later TLS connection of this process small; call it once, before the first."""
    # asyncio takes 256 KiB for each connection, though no TLS record is larger than 16 KiB.
    asyncio.sslproto.SSLProtocol.max_size = BUFFER


class _Handshake(ssl.SSLObject):
    """Says in the log why a terminal was not let in: asyncio ends such a connection without a word to anybody."""

    def do_handshake(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            # The reason is one of OpenSSL's own words, such as HTTP_REQUEST, and nothing that the other side sent.
            code = "certificate-not-accepted" if "CERTIFICATE" in (error.reason or "") else "not-tls"
            _LOG.limited().warning("handshake-failed", code=code, why=error.reason or "unknown")
            raise


def load_certificate(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file.  Raises PassbookError `file-problem`."""
    try:
        certificate = x509.load_pem_x509_certificate(files.read(path))
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _damaged(path, "expected a certificate in PEM") from None
    return certificate


def load_private_key(path: Path) -> PrivateKeyTypes:
    """The private key of a PEM file without a passphrase.  Raises PassbookError `file-problem`."""
    try:
        return load_pem_private_key(files.read(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # OpenSSL would ask for a passphrase at the console, and no person is there.
        raise _damaged(path, "expected a private key in PEM, without a passphrase") from None


def load_trust(authority: Path, revoked: Path) -> Trust:
    """Read both files and check that the list is the authority's own.

    The appliance calls it at boot and whenever the list may have changed. Raises PassbookError `file-problem`; a
    list that is not credible is an error, since without it revoked terminals would be let in.
    """
    return read_trust(files.read(authority), files.read(revoked), str(revoked))


def read_trust(authority_pem: bytes, revoked_pem: bytes, file: str) -> Trust:
    """The trust in these bytes; errors name `file`."""
    try:
        authority = x509.load_pem_x509_certificate(authority_pem)
        revoked = x509.load_pem_x509_crl(revoked_pem)
        public = authority.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise PassbookError("file-problem", file=file, why="it or the authority's certificate is damaged") from None
    if not isinstance(public, ec.EllipticCurvePublicKey) or not revoked.is_signature_valid(public):
        raise PassbookError("file-problem", file=file, why=_UNSIGNED)
    return Trust(authority, revoked)


_UNSIGNED: Final = "it was not signed by the authority"


def is_signature_missing(error: PassbookError) -> bool:
    """Whether read_trust() refused a revocation list since another authority signed it."""
    return error.facts.get("why") == _UNSIGNED


def name_in(certificate: x509.Certificate) -> str:
    """The common name in a certificate; empty where it has none."""
    return next((str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def hosts_in(certificate: x509.Certificate) -> frozenset[str]:
    """The host names and addresses that a certificate is good for, in lower case."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = names.get_values_for_type(x509.IPAddress)
    return frozenset(str(name).lower() for name in (*names.get_values_for_type(x509.DNSName), *addresses))


def is_older(found: Trust, standing: Trust) -> bool:
    """Whether a revocation list was made before the one in force: it would let revoked terminals in again."""
    numbers = _crl_number(found.revoked), _crl_number(standing.revoked)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    # Software of other makers may omit the number (RFC 5280 section 5.2.3).
    return found.revoked.last_update_utc < standing.revoked.last_update_utc


def _crl_number(revoked: x509.CertificateRevocationList) -> int | None:
    try:
        return revoked.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _damaged(path: Path, why: str) -> PassbookError:
    return PassbookError("file-problem", file=str(path), why=why)


def judge_terminal(der: bytes | None, now: dt.datetime, trust: Trust) -> Actor:
    """The terminal that shows this certificate.

    Args:
        der: its certificate, from getpeercert(binary_form=True).
        now: aware time that is surely not later than the true one.
        trust: the last result of load_trust.

    Raises:
        PassbookError: `certificate-not-accepted` or `certificate-revoked`.
    """
    certificate = _parse(der)
    _check_issuer(certificate, trust.authority)
    _check_purpose(certificate)
    # A start in the future is no reason to refuse: the clock may be behind (N4), and only the authority could have set
    # it.
    if certificate.not_valid_after_utc < now:
        raise _refused("it has expired")
    name, serial = _name(certificate), certificate.serial_number
    if trust.revoked.get_revoked_certificate_by_serial_number(serial) is not None:
        raise PassbookError("certificate-revoked", who=name)
    return Actor.of_terminal(name, representative=_is_representative(certificate), serial=serial)


def _refused(why: str) -> PassbookError:
    return PassbookError("certificate-not-accepted", why=why)


def _parse(der: bytes | None) -> x509.Certificate:
    if not der:
        raise _refused("none was shown")
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        raise _refused("it is damaged") from None


def _check_issuer(certificate: x509.Certificate, authority: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise _refused("it is not of this branch's authority") from None


def _check_purpose(certificate: x509.Certificate) -> None:
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise _refused("it is not a terminal's")


def _name(certificate: x509.Certificate) -> str:
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(names) != 1 or not NAME.fullmatch(names[0]):
        raise _refused("its name is not a terminal's name")
    return names[0]


def _is_representative(certificate: x509.Certificate) -> bool:
    roles = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return [role.value for role in roles] == [ROLE]
