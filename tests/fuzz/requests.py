"""Certificate requests that a terminal hands to the operator."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from firmware.identity.certificates import issue_terminal, new_authority
from firmware.identity.server_tls import judge_terminal
from passbook.errors import PassbookError
from tests.fuzz.certificates import TRUST

NOW: Final = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
AUTHORITY: Final = new_authority("branch-17", NOW)


def check(data: bytes) -> None:
    """Any bytes are `request-not-signed`, or get a certificate with the operator's name and role and no other."""
    wrapped = b"-----BEGIN CERTIFICATE REQUEST-----\n%s-----END CERTIFICATE REQUEST-----\n" % base64.encodebytes(data)
    for request in (data, wrapped):
        try:
            issued = issue_terminal(AUTHORITY, request, "teller-1", representative=False, now=NOW)
        except PassbookError as error:
            assert error.code == "request-not-signed"
            continue
        actor = judge_terminal(issued.public_bytes(Encoding.DER), NOW, TRUST._replace(authority=AUTHORITY.certificate))
        assert (actor.name, actor.is_representative) == ("teller-1", False)
