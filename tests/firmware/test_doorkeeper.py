from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from firmware.config.configuration import TerminalsConfig
from firmware.identity import pki
from firmware.identity.doorkeeper import Doorkeeper
from firmware.identity.server_tls import load_trust
from passbook.errors import PassbookError
from passbook.job.actor import Certificate, Role
from tests.firmware.branch import StandingClock
from tests.terminal.conftest import Branch


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


class At(StandingClock):
    """A clock that shows the given time."""

    def __init__(self, time: dt.datetime) -> None:
        super().__init__()
        self.time = time

    def now(self) -> dt.datetime:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return self.time


def doorkeeper(branch: Branch, time: dt.datetime | None = None, *, trusted: bool = True) -> Doorkeeper:
    etc = branch.config
    settings = TerminalsConfig(etc / pki.SERVER, etc / pki.SERVER_KEY, etc / pki.AUTHORITY, etc / pki.REVOKED)
    clock = At(time or dt.datetime.now(dt.UTC))
    clock.trust = trusted
    return Doorkeeper(settings, load_trust(settings.ca, settings.revoked), clock)


def shown(branch: Branch, name: str, *, representative: bool = False) -> bytes:
    home = branch.terminal(name, representative=representative)
    return x509.load_pem_x509_certificate(home.certificate.read_bytes()).public_bytes(Encoding.DER)


def revoke(branch: Branch, name: str) -> None:
    (branch.config / pki.REVOKED).write_bytes(pki.revoke(branch.ca, name, dt.datetime.now(dt.UTC)))


@pytest.mark.parametrize(
    ("lists", "roles"),
    [
        ({"auditors": ("one",)}, {Role.AUDITOR}),
        ({"walls": ("one",)}, {Role.WALL}),
        ({"walls": ("one",), "auditors": ("one",)}, {Role.WALL}),
        ({"walls": ("other",), "auditors": ("another",)}, {Role.REQUESTER, Role.REPRESENTATIVE}),
    ],
)
def test_a_terminal_that_only_looks_has_no_other_role_whatever_its_certificate_says(
    branch: Branch, lists: dict[str, Any], roles: set[Role]
) -> None:
    etc = branch.config
    settings = TerminalsConfig(etc / pki.SERVER, etc / pki.SERVER_KEY, etc / pki.AUTHORITY, etc / pki.REVOKED, **lists)
    keeper = Doorkeeper(settings, load_trust(settings.ca, settings.revoked), At(dt.datetime.now(dt.UTC)), ["one"])
    judged = keeper.judge(shown(branch, "one", representative=True))
    assert judged.roles == roles
    if Role.REQUESTER in roles:
        assert judged.name == keeper.requester(shown(branch, "one")) == "one"
        return
    assert judged.name != "one"
    with pytest.raises(PassbookError, match="sends no jobs") as refused:
        keeper.requester(shown(branch, "one"))
    assert refused.value.code == "certificate-not-accepted"


def code_of(keeper: Doorkeeper, certificate: bytes | None) -> str:
    with pytest.raises(PassbookError) as caught:
        keeper.judge(certificate)
    return caught.value.code


def test_who_comes_is_known_by_name_and_role(branch: Branch) -> None:
    keeper = doorkeeper(branch)
    teller = keeper.judge(shown(branch, "teller-1"))
    manager = keeper.judge(shown(branch, "manager", representative=True))
    assert (teller.name, teller.roles) == ("teller-1", frozenset({Role.REQUESTER}))
    assert (manager.name, manager.roles) == ("manager", frozenset({Role.REQUESTER, Role.REPRESENTATIVE}))


@pytest.mark.parametrize("certificate", [None, b"", b"nonsense"])
def test_who_shows_nothing_or_nonsense_stays_outside(branch: Branch, certificate: bytes | None) -> None:
    assert code_of(doorkeeper(branch), certificate) == "certificate-not-accepted"


def test_the_time_is_that_of_the_appliances_clock(branch: Branch) -> None:
    """N4: a clock that is behind locks nobody out; one that is far ahead does, as every certificate ends."""
    certificate = shown(branch, "teller-1")
    behind, ahead = dt.datetime(2001, 1, 1, tzinfo=dt.UTC), dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    assert doorkeeper(branch, behind).judge(certificate).name == "teller-1"
    assert code_of(doorkeeper(branch, ahead), certificate) == "certificate-not-accepted"


def test_a_clock_that_is_not_trusted_locks_nobody_out(branch: Branch) -> None:
    ahead = doorkeeper(branch, dt.datetime(2099, 1, 1, tzinfo=dt.UTC), trusted=False)
    assert ahead.judge(shown(branch, "teller-1")).name == "teller-1"


def test_a_revocation_counts_from_the_moment_the_list_is_read_again(branch: Branch) -> None:
    keeper, certificate = doorkeeper(branch), shown(branch, "teller-1")
    actor = keeper.judge(certificate)
    revoke(branch, "teller-1")
    assert not keeper.is_revoked(actor)
    keeper.reload()
    assert keeper.is_revoked(actor)
    assert code_of(keeper, certificate) == "certificate-revoked"
    assert not keeper.is_revoked(keeper.judge(shown(branch, "teller-2")))


def test_a_representative_is_enrolled_or_configured(branch: Branch) -> None:
    etc = branch.config
    settings = TerminalsConfig(etc / pki.SERVER, etc / pki.SERVER_KEY, etc / pki.AUTHORITY, etc / pki.REVOKED)
    keeper = Doorkeeper(settings, load_trust(settings.ca, settings.revoked), At(dt.datetime.now(dt.UTC)), ["teller-2"])
    judged = [keeper.judge(shown(branch, name)) for name in ("teller-1", "teller-2")]
    judged.append(keeper.judge(shown(branch, "manager", representative=True)))
    assert [actor.is_representative for actor in judged] == [False, True, True]
    assert [actor.may_decide("teller-1") for actor in judged] == [True, True, True]
    assert [actor.may_decide("teller-9") for actor in judged] == [False, True, True]


def test_a_list_that_cannot_be_believed_leaves_the_old_one_in_force(branch: Branch) -> None:
    certificate = shown(branch, "teller-1")
    revoke(branch, "teller-1")
    keeper = doorkeeper(branch)
    for damage in (b"", b"nonsense"):
        (branch.config / pki.REVOKED).write_bytes(damage)
        with pytest.raises(PassbookError) as caught:
            keeper.reload()
        assert caught.value.code == "file-problem"
        assert code_of(keeper, certificate) == "certificate-revoked"


def test_a_list_that_is_older_than_the_one_in_force_is_refused(branch: Branch) -> None:
    """Who puts yesterday's file back must not let in whom today's keeps out."""
    certificate, file = shown(branch, "teller-1"), branch.config / pki.REVOKED
    yesterdays = file.read_bytes()
    revoke(branch, "teller-1")
    keeper = doorkeeper(branch)
    file.write_bytes(yesterdays)
    with pytest.raises(PassbookError) as caught:
        keeper.reload()
    assert caught.value.code == "file-problem"
    assert "older" in str(caught.value)
    assert code_of(keeper, certificate) == "certificate-revoked"


def unnumbered(branch: Branch, at: dt.datetime, serials: list[int]) -> bytes:
    """A list without a number, as other software of the authority may write it."""
    key = load_pem_private_key((branch.ca / pki.AUTHORITY_KEY).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate((branch.ca / pki.AUTHORITY).read_bytes()).subject
    made = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(at)
    made = made.next_update(at + dt.timedelta(days=9))
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        made = made.add_revoked_certificate(entry)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_lists_without_a_number_are_told_apart_by_their_time(branch: Branch) -> None:
    actor = doorkeeper(branch).judge(shown(branch, "teller-1"))
    assert isinstance(actor.proof, Certificate)
    now, file = dt.datetime.now(dt.UTC), branch.config / pki.REVOKED
    file.write_bytes(unnumbered(branch, now, []))
    keeper = doorkeeper(branch)
    file.write_bytes(unnumbered(branch, now + dt.timedelta(days=1), [actor.proof.serial]))
    keeper.reload()
    assert keeper.is_revoked(actor)
    file.write_bytes(unnumbered(branch, now, []))
    with pytest.raises(PassbookError):
        keeper.reload()
    assert keeper.is_revoked(actor)


def test_without_a_list_nobody_is_let_in_at_all(branch: Branch) -> None:
    (branch.config / pki.REVOKED).unlink()
    with pytest.raises(PassbookError) as caught:
        doorkeeper(branch)
    assert caught.value.code == "file-problem"
