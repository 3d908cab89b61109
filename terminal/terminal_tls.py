"""TLS of a terminal: it shows its own certificate and believes only the branch's authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from passbook.errors import PassbookError
from storage import files


def client_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """TLS 1.3 only; it checks authority, name and time of the appliance's certificate.

    The caller gives the name when it connects. Raises PassbookError `file-problem`.
    """
    context = authority_context(ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for file in (certificate, key):
        files.check_regular(file)
    why = "it or its key is damaged, or they do not belong together"
    with _file_problem(certificate, why):
        context.load_cert_chain(certificate, key)
    return context


def authority_context(ca: Path) -> ssl.SSLContext:
    """TLS to a server with a certificate of the authority in the PEM file `ca`; the own one is not shown.

    The caller gives the name when it connects. Raises PassbookError `file-problem`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    files.check_regular(ca)
    with _file_problem(ca, "it is not a certificate in PEM"):
        context.load_verify_locations(ca)
    return context


@contextmanager
def _file_problem(file: Path, damaged: str) -> Iterator[None]:
    """Report a failure to load `file`; `damaged` is the cause where it could be read."""
    try:
        yield
    except ssl.SSLError:
        raise PassbookError("file-problem", file=str(file), why=damaged) from None
    except OSError as error:
        raise PassbookError("file-problem", file=str(file), why=error.strerror or "it cannot be read") from None
