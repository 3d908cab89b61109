"""Watches every sealing: under which key, with which nonce."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.crypto import envelope

ENCAPSULATED_BYTES = 32


class Sealing(NamedTuple):
    """One call of the cipher; for HPKE the ephemeral key, of which key and nonce are made, is in place of both."""

    key: bytes
    nonce: bytes


@contextmanager
def watched() -> Iterator[list[Sealing]]:
    """Everything that is sealed meanwhile."""
    seen: list[Sealing] = []
    real = envelope.HPKE

    class Cipher:
        def __init__(self, key: bytes) -> None:
            self._key = key
            self._cipher = AESGCM(key)
            self.decrypt = self._cipher.decrypt

        def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
            seen.append(Sealing(self._key, nonce))
            return self._cipher.encrypt(nonce, plain, bound)

    class Suite:
        decrypt = staticmethod(real.decrypt)

        @staticmethod
        def encrypt(plain: bytes, public: X25519PublicKey, info: bytes) -> bytes:
            sealed = real.encrypt(plain, public, info)
            seen.append(Sealing(sealed[:ENCAPSULATED_BYTES], b""))
            return sealed

    with patch.object(envelope, "AESGCM", Cipher), patch.object(envelope, "HPKE", Suite):
        yield seen


def repeated(seen: list[Sealing]) -> int:
    """How many sealings had key and nonce of an earlier one."""
    return len(seen) - len(set(seen))
