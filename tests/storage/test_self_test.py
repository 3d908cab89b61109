"""Known answers are asked for, and whatever gives another one, or raises, is named."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from passbook.errors import PassbookError
from storage.crypto import envelope, keys, self_test


def flipped(result: bytes) -> bytes:
    return bytes([result[0] ^ 1]) + result[1:]


def broken_cipher(*, seals_wrongly: bool = False, opens_wrongly: bool = False, opens_all: bool = False) -> object:
    """AESGCM, which cannot be inherited from, with one thing wrong."""

    class Cipher:
        def __init__(self, key: bytes) -> None:
            self._cipher = AESGCM(key)

        def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
            sealed = self._cipher.encrypt(nonce, plain, bound)
            return flipped(sealed) if seals_wrongly else sealed

        def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
            try:
                opened = self._cipher.decrypt(nonce, sealed, bound)
            except InvalidTag:
                if opens_all:
                    return b""
                raise
            return flipped(opened) if opens_wrongly else opened

    return Cipher


class DerivesWrongly:
    def __init__(self, *given: Any) -> None:
        self._derivation = HKDF(*given)

    def derive(self, secret: bytes) -> bytes:
        return flipped(self._derivation.derive(secret))


class AnotherHmac:
    @staticmethod
    def digest(*given: Any) -> bytes:
        return flipped(hmac.digest(*given))


class AnotherSuite:
    """HPKE with what a test puts in its place; the rest is as it should be."""

    def __init__(self, **instead: Callable[..., bytes]) -> None:
        self.encrypt: Callable[..., bytes] = instead.get("encrypt", envelope.HPKE.encrypt)
        self.decrypt: Callable[..., bytes] = instead.get("decrypt", envelope.HPKE.decrypt)


def opens_without_a_look(sealed: bytes, private: X25519PrivateKey, info: bytes) -> bytes:
    try:
        return envelope.HPKE.decrypt(sealed, private, info)
    except InvalidTag:
        return b""


BROKEN: dict[str, tuple[str, object, str]] = {
    "sealing gives other bytes": ("AESGCM", broken_cipher(seals_wrongly=True), "AES-256-GCM"),
    "opening gives other bytes": ("AESGCM", broken_cipher(opens_wrongly=True), "AES-256-GCM"),
    "what was altered opens": ("AESGCM", broken_cipher(opens_all=True), "AES-256-GCM"),
    "the cipher is not there": ("AESGCM", None, "AES-256-GCM"),
    "a derived key is another": ("HKDF", DerivesWrongly, "HKDF-SHA256"),
    "a MAC is another": ("hmac", AnotherHmac, "HMAC-SHA256"),
    "a key is derived for another cipher": (
        "HPKE",
        Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM),
        "HPKE with X25519",
    ),
    "HPKE opens to other bytes": (
        "HPKE",
        AnotherSuite(decrypt=lambda *given: flipped(envelope.HPKE.decrypt(*given))),
        "HPKE with X25519",
    ),
    "HPKE opens what was altered": ("HPKE", AnotherSuite(decrypt=opens_without_a_look), "HPKE with X25519"),
    "HPKE seals for nobody": ("HPKE", AnotherSuite(encrypt=lambda *_given: bytes(80)), "HPKE with X25519"),
}


def test_every_primitive_gives_its_published_result() -> None:
    assert self_test.check_primitives(secrets.token_bytes) == 5


@pytest.mark.parametrize("breakage", BROKEN)
def test_a_primitive_that_computes_wrongly_is_named(monkeypatch: pytest.MonkeyPatch, breakage: str) -> None:
    name, instead, told = BROKEN[breakage]
    monkeypatch.setattr(self_test, name, instead)
    with pytest.raises(PassbookError) as caught:
        self_test.check_primitives(secrets.token_bytes)
    assert (caught.value.code, caught.value.facts) == ("self-test-failed", {"what": told})


@pytest.mark.parametrize("rng", [bytes, lambda _length: b"", lambda length: b"\x07" * length])
def test_a_generator_that_repeats_itself_is_named(rng: Callable[[int], bytes]) -> None:
    with pytest.raises(PassbookError, match="the random generator"):
        self_test.check_primitives(rng)


@pytest.mark.parametrize("name", ["AESGCM", "HPKE"])
def test_what_is_tested_is_what_seals(name: str) -> None:
    assert getattr(self_test, name) is getattr(envelope, name)


@pytest.mark.parametrize("name", ["HKDF", "SHA256", "hmac", "sha256"])
def test_what_is_tested_is_what_derives_keys_and_macs(name: str) -> None:
    assert getattr(self_test, name) is getattr(keys, name)
