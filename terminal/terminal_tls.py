"""TLS of a terminal: it shows its own certificate and believes only the branch's authority."""

from __future__ import annotations

import ssl
from pathlib import Path

from passbook.errors import PassbookError
from storage.files import check_regular


def client_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """TLS 1.3 only; it checks authority, name and time of the appliance's certificate.

    The caller gives the name when it connects. Raises PassbookError `file-problem`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for file in (certificate, key, ca):
        check_regular(file)
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(ca)
    except ssl.SSLError:
        why = "it, its key or its authority is damaged, or they do not belong together"
        raise PassbookError("file-problem", file=str(certificate), why=why) from None
    except OSError as error:
        raise PassbookError("file-problem", file=str(certificate), why=error.strerror or "it cannot be read") from None
    return context
