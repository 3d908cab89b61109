"""The doorkeeper judges certificates by the appliance's own clock against the authority and its revocations (N4)."""

from __future__ import annotations

from firmware.config.configuration import TerminalsConfig
from firmware.identity.server_tls import Trust, is_older, judge_peer, load_trust
from passbook.errors import PassbookError
from spooler.clock import Clock
from spooler.hub import Peer


class Doorkeeper:
    """Judges peers by the newest revocation list that it has read."""

    def __init__(self, settings: TerminalsConfig, trust: Trust, clock: Clock) -> None:
        """Begin with `trust`; `settings` name its files."""
        self._settings = settings
        self._trust = trust
        self._clock = clock

    def reload(self) -> None:
        """Read the revocation list again; the old one stays in force if the new one is not credible or is older.

        Raises PassbookError `file-problem` then.
        """
        found = load_trust(self._settings.ca, self._settings.revoked)
        if is_older(found, self._trust):
            why = "it is older than the revocation list in force, which stays in force"
            raise PassbookError("file-problem", file=str(self._settings.revoked), why=why)
        self._trust = found

    def judge(self, certificate: bytes | None) -> Peer:
        """The peer that shows this DER certificate.

        Raises PassbookError `certificate-not-accepted` or `certificate-revoked`.
        """
        return judge_peer(certificate, self._clock.for_certificates(), self._trust)

    def is_revoked(self, peer: Peer) -> bool:
        """Whether a peer that connected earlier is on the list now."""
        return self._trust.revoked.get_revoked_certificate_by_serial_number(peer.serial) is not None

    @property
    def revoked(self) -> int:
        """The number of certificates on the list in force."""
        return len(self._trust.revoked)
