"""Certificates of terminals, and the authority's list of what is revoked."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Final

from firmware.identity.server_tls import Trust, judge_terminal, read_trust
from passbook.errors import PassbookError
from tests.fuzz.targets import CORPUS


def _pem(kind: str, der: bytes) -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind.encode(), base64.encodebytes(der), kind.encode())


NOW: Final = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
_SEEDS: Final = CORPUS / "certificates"
AUTHORITY: Final = (_SEEDS / "authority.der").read_bytes()
LIST: Final = (_SEEDS / "list.der").read_bytes()
TRUST: Final = read_trust(_pem("CERTIFICATE", AUTHORITY), _pem("X509 CRL", LIST), "revoked.pem")
TELLER: Final = judge_terminal((_SEEDS / "teller.der").read_bytes(), NOW, TRUST)


def check(data: bytes) -> None:
    """Nobody comes in but the terminal that the authority named, and no list is believed that it did not sign."""
    try:
        assert judge_terminal(data, NOW, TRUST) == TELLER
    except PassbookError as error:
        assert error.code in {"certificate-not-accepted", "certificate-revoked"}
    trust = _believed(_pem("CERTIFICATE", AUTHORITY), _pem("X509 CRL", data))
    if trust is not None:
        assert [one.serial_number for one in trust.revoked] == [one.serial_number for one in TRUST.revoked]
    # Another authority than the true one can only be one with its own key.
    trust = _believed(_pem("CERTIFICATE", data), _pem("X509 CRL", LIST))
    assert trust is None or trust.authority.public_key() == TRUST.authority.public_key()


def _believed(authority: bytes, revoked: bytes) -> Trust | None:
    try:
        return read_trust(authority, revoked, "revoked.pem")
    except PassbookError as error:
        assert error.code == "file-problem"
        return None
