"""The doorkeeper judges certificates by the appliance's own clock against the authority and its revocations (N4)."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from firmware.config.configuration import TerminalsConfig
from firmware.identity.server_tls import Trust, is_older, judge_terminal, load_trust
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Certificate, Role
from spooler.clock import Clock


class Doorkeeper:
    """Judges terminals by the newest revocation list that it was told to read."""

    def __init__(
        self, settings: TerminalsConfig, trust: Trust, clock: Clock, representatives: Collection[str] = ()
    ) -> None:
        """Begin with `trust`; `settings` say where its files are, and `representatives` whom the operator made one."""
        self._settings = settings
        self._trust = trust
        self._clock = clock
        self._representatives = frozenset(representatives)

    def reload(self) -> None:
        """Read the revocation list again; the old one stays in force if the new one is not credible or is older.

        Raises PassbookError `file-problem` then.
        """
        found = load_trust(self._settings.ca, self._settings.revoked)
        if is_older(found, self._trust):
            why = "it is older than the revocation list in force, which stays in force"
            raise PassbookError("file-problem", file=str(self._settings.revoked), why=why)
        self._trust = found

    def judge(self, certificate: bytes | None) -> Actor:
        """The actor of this certificate.  Raises PassbookError `certificate-not-accepted` or `certificate-revoked`."""
        actor = judge_terminal(certificate, self._clock.for_certificates(), self._trust)
        # A terminal in several lists is the one that may do least.
        if actor.name in self._settings.walls:
            return _only(Role.WALL, actor)
        if actor.name in self._settings.auditors:
            return _only(Role.AUDITOR, actor)
        if actor.name in self._representatives:
            return msgspec.structs.replace(actor, roles=actor.roles | {Role.REPRESENTATIVE})
        return actor

    def requester(self, certificate: bytes | None) -> str:
        """The name of a terminal that sends jobs and shows this certificate.  Raises PassbookError as `judge` does."""
        actor = self.judge(certificate)
        if not actor.is_terminal:
            raise PassbookError("certificate-not-accepted", why=f"{actor.name} sends no jobs")
        return actor.name

    def is_revoked(self, actor: Actor) -> bool:
        """Whether a terminal that came in earlier is on the list now."""
        proof = actor.proof
        if not isinstance(proof, Certificate):
            return False
        return self._trust.revoked.get_revoked_certificate_by_serial_number(proof.serial) is not None

    @property
    def revoked(self) -> int:
        """The number of certificates on the list in force."""
        return len(self._trust.revoked)


def _only(role: Role, actor: Actor) -> Actor:
    """The same terminal in this role alone; no requester has its name, so it is told nothing that a requester is."""
    return msgspec.structs.replace(actor, name=f"{role.value}:{actor.name}", roles=frozenset({role}))
