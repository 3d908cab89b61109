"""The branch's certificate authority in its folder, and its files in the appliance's configuration folder.

The authority's folder (mode 0700) holds the authority's key and the register of issued and revoked certificates. It
belongs on a medium that is not the appliance's data folder, and is needed only to enroll or revoke.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.identity import certificates
from firmware.identity.certificates import Authority, Revoked
from passbook.errors import PassbookError
from storage import files

AUTHORITY_KEY: Final = "ca-key.pem"
AUTHORITY: Final = "ca.pem"
REGISTER: Final = "issued.jsonl"
SERVER_KEY: Final = "server-key.pem"
SERVER: Final = "server.pem"
REVOKED: Final = "revoked.pem"
APPLIANCE_KEY: Final = "appliance.key"

APPLIANCE_KEY_BYTES: Final = 32


class Deed(StrEnum):
    """A deed of the authority with a certificate."""

    ISSUED = "issued"
    REVOKED = "revoked"


class IssuedCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the register; `serial` is hexadecimal, `at` and `until` are ISO 8601 in UTC."""

    deed: Deed
    name: str
    serial: str
    at: dt.datetime
    until: dt.datetime
    representative: bool = False


def init(ca_folder: Path, config_folder: Path, appliance: str, hosts: Sequence[str], now: dt.datetime) -> None:
    """Make the authority, the appliance's certificate and key, and an empty revocation list.

    Args:
        ca_folder: made with mode 0700; gets AUTHORITY_KEY, AUTHORITY and REGISTER.
        config_folder: gets AUTHORITY, SERVER_KEY, SERVER, REVOKED and APPLIANCE_KEY (32 bytes as hexadecimal text).
        appliance: the name in the appliance's certificate, which terminals check.
        hosts: further host names and IP addresses under which terminals may reach it.
        now: aware wall time.

    Raises:
        PassbookError: `name-malformed`; `file-problem` if one of the files exists already or cannot be written.
    """
    if not certificates.NAME.fullmatch(appliance):
        raise PassbookError("name-malformed")
    # Path.resolve() has an error of its own for a circle of links; making the folder then reports it.
    if Path(os.path.realpath(ca_folder)).is_relative_to(os.path.realpath(config_folder)):
        raise PassbookError("file-problem", file=str(ca_folder), why="the authority must not lie with the appliance")
    for path in (ca_folder / name for name in (AUTHORITY_KEY, AUTHORITY, REGISTER)):
        files.refuse_existing(path)
    for path in (config_folder / name for name in (AUTHORITY, SERVER_KEY, SERVER, REVOKED, APPLIANCE_KEY)):
        files.refuse_existing(path)
    authority = certificates.new_authority(appliance, now)
    key = certificates.new_private_key()
    server = certificates.issue_appliance(authority, key.public_key(), appliance, hosts, now)
    revoked = certificates.revocation_list(authority, (), 0, now)
    ca_pem = certificates.certificate_pem(authority.certificate)
    _make_folder(ca_folder, 0o700)
    _make_folder(config_folder, 0o755)
    files.save_file(ca_folder / AUTHORITY_KEY, certificates.key_pem(authority.key), files.PRIVATE)
    files.save_file(ca_folder / AUTHORITY, ca_pem, files.PUBLIC)
    files.save_file(ca_folder / REGISTER, b"", files.PRIVATE)
    files.save_file(config_folder / AUTHORITY, ca_pem, files.PUBLIC)
    files.save_file(config_folder / SERVER_KEY, certificates.key_pem(key), files.PRIVATE)
    files.save_file(config_folder / SERVER, certificates.certificate_pem(server), files.PUBLIC)
    files.save_file(config_folder / REVOKED, certificates.certificate_pem(revoked), files.PUBLIC)
    appliance_key = secrets.token_hex(APPLIANCE_KEY_BYTES) + "\n"
    files.save_file(config_folder / APPLIANCE_KEY, appliance_key.encode(), files.PRIVATE)


def sign_request(ca_folder: Path, request_pem: bytes, name: str, *, representative: bool, now: dt.datetime) -> bytes:
    """The terminal's certificate in PEM, entered in the register before it is returned.

    Raises PassbookError `name-malformed`; `request-not-signed` when the request is wrong or the name is in use: a
    second terminal of the same name could decide about the first one's jobs, and people would take one with the
    appliance's name for the appliance; `file-problem`.
    """
    authority = _authority(ca_folder)
    if name == certificates.appliance_of(authority.certificate):
        raise PassbookError("request-not-signed", why=f"{name} is the name of the appliance")
    certificate = certificates.issue_terminal(authority, request_pem, name, representative=representative, now=now)
    until = certificate.not_valid_after_utc
    with _register(ca_folder) as register:
        if any(entry.until > now for entry in _standing(_entries(register), name)):
            raise PassbookError("request-not-signed", why=f"{name} has a certificate; revoke that first")
        serial = f"{certificate.serial_number:x}"
        _append(register, [IssuedCertificate(Deed.ISSUED, name, serial, now, until, representative)])
    return certificates.certificate_pem(certificate)


def revoke(ca_folder: Path, name: str, now: dt.datetime) -> bytes:
    """The new revocation list in PEM, after every certificate of `name` was entered as revoked.

    Repeating it gives the list again.  Raises PassbookError `name-malformed`; `unknown-terminal` when the
    name never had one; `file-problem`.
    """
    if not certificates.NAME.fullmatch(name):
        raise PassbookError("name-malformed")
    authority = _authority(ca_folder)
    with _register(ca_folder) as register:
        entries = _entries(register)
        if not any(entry.name == name for entry in entries):
            raise PassbookError("unknown-terminal", name=name)
        fresh = [IssuedCertificate(Deed.REVOKED, name, one.serial, now, one.until) for one in _standing(entries, name)]
        _append(register, fresh)
    revoked = [Revoked(int(one.serial, 16), one.at) for one in (*entries, *fresh) if one.deed is Deed.REVOKED]
    return certificates.certificate_pem(certificates.revocation_list(authority, revoked, len(revoked), now))


def revoked_in(revocations: bytes) -> int:
    """The number of certificates on a revocation list in PEM."""
    return len(x509.load_pem_x509_crl(revocations))


def register(ca_folder: Path) -> tuple[IssuedCertificate, ...]:
    """All issued and revoked certificates, oldest first. Raises PassbookError `file-problem`."""
    with _register(ca_folder) as file:
        return _entries(file)


def _problem(path: Path, error: OSError) -> PassbookError:
    return PassbookError("file-problem", file=str(path), why=error.strerror or "it cannot be used")


def _make_folder(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        if mode == 0o700:  # noqa: PLR2004  # one that was there before may be open to others
            folder.chmod(mode)
    except OSError as error:
        raise _problem(folder, error) from None


def _authority(ca_folder: Path) -> Authority:
    try:
        key = serialization.load_pem_private_key(files.read(ca_folder / AUTHORITY_KEY), None)
        certificate = x509.load_pem_x509_certificate(files.read(ca_folder / AUTHORITY))
    except (ValueError, TypeError):
        raise PassbookError("file-problem", file=str(ca_folder), why="its key or certificate is damaged") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise PassbookError("file-problem", file=str(ca_folder), why="its key and certificate do not belong together")
    return Authority(key, certificate)


@contextmanager
def _register(ca_folder: Path) -> Iterator[IO[bytes]]:
    """The register, for this process alone: two operators must not both find a name free."""
    path = ca_folder / REGISTER
    files.check_regular(path)
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    except OSError as error:
        raise _problem(path, error) from None


def _entries(register: IO[bytes]) -> tuple[IssuedCertificate, ...]:
    register.seek(0)
    try:
        return tuple(msgspec.json.decode(line, type=IssuedCertificate) for line in register)
    except (ValueError, RecursionError):
        raise PassbookError("file-problem", file=REGISTER, why="a line of it is damaged") from None


def _append(register: IO[bytes], entries: Sequence[IssuedCertificate]) -> None:
    """Enter deeds durably, or none of them.  Raises OSError."""
    end = place = register.seek(0, os.SEEK_END)
    lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
    try:
        while place < end + len(lines):
            place += os.pwrite(register.fileno(), lines[place - end :], place)
        os.fsync(register.fileno())
    except OSError:
        # A disk that is full takes a part of a line, and with that no deed could be read any more.
        os.ftruncate(register.fileno(), end)
        raise


def _standing(entries: Sequence[IssuedCertificate], name: str) -> list[IssuedCertificate]:
    """The issued certificates of `name` that are not revoked."""
    revoked = {entry.serial for entry in entries if entry.deed is Deed.REVOKED}
    return [one for one in entries if one.name == name and one.deed is Deed.ISSUED and one.serial not in revoked]
