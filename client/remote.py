"""Failures between client and appliance, as errors of the catalogue."""

from __future__ import annotations

import datetime
import os
import ssl
from collections.abc import Iterator
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from passbook.errors import CATALOGUE, PassbookError
from passbook.errors.kinds import Mender
from passbook.protocol.messages import POLICY_VIOLATION, ErrorPayload
from passbook.screen.columns import harmless

_NOT_IN_TIME: Final = {9: "is not valid yet", 10: "has expired"}
"""Of OpenSSL's x509_vfy.h: X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


class RemoteError(PassbookError):
    """An error that the appliance reported: its code, facts and sentence, also where this catalogue lacks the code."""

    def __init__(self, reported: ErrorPayload) -> None:
        self.code = reported.error_code
        self.facts = dict(reported.error_facts)
        # It goes to a person's screen, and an escape sequence would act there.
        Exception.__init__(self, harmless(reported.error_description))

    @property
    def mender(self) -> Mender:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """Who must act; for an unknown code the operator, who can update this software."""
        known = CATALOGUE.get(self.code)
        return known.mender if known else Mender.OPERATOR


def unreachable(address: str, error: BaseException) -> PassbookError:
    """Return the error for a connection that did not come about."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _NOT_IN_TIME:
                now = datetime.datetime.now().astimezone().isoformat(" ", "minutes")
                return PassbookError("certificate-not-in-time", now=now, why=_NOT_IN_TIME[cause.verify_code])
            return PassbookError("appliance-not-trusted", address=address, why=cause.verify_message)
    if isinstance(error, InvalidMessage) and any(isinstance(cause, EOFError) for cause in causes):
        # asyncio's TLS drops the alert that would say so; silence after our certificate is all that is seen.
        why = "the appliance ended the connection without a word, as it does when it does not know a terminal"
        return PassbookError("certificate-not-accepted", why=why)
    return PassbookError("appliance-unreachable", address=address, why=reason_of(error))


def refused(error: BaseException) -> PassbookError | None:
    """Return the refusal `code: sentence` that came instead of a handshake; None where there is none."""
    if not isinstance(error, InvalidStatus):
        return None
    code, _, sentence = error.response.body.decode(errors="replace").strip().partition(": ")
    return RemoteError(ErrorPayload(code, sentence)) if code in CATALOGUE else None


def closed(error: ConnectionClosed) -> PassbookError:
    """Return the error for a connection that ended before its answer."""
    close = error.rcvd
    if close is not None and close.code == POLICY_VIOLATION:
        if close.reason == "certificate-revoked":
            return PassbookError(close.reason, who="this terminal")
        return RemoteError(ErrorPayload(close.reason, f"The appliance ended the connection: {close.reason}."))
    return PassbookError("connection-lost")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def reason_of(error: BaseException) -> str:
    """Return in words why a connection did not come about."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    if isinstance(error, EOFError) or isinstance(error.__cause__, EOFError):
        return "it ended the connection at once, as it does when too many are open"
    return "what answers there does not speak this protocol" if not isinstance(error, OSError) else str(error)
