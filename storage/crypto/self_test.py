"""Known answers of every primitive that the store rests on, asked for at power-on before an area is opened.

A library, a processor or a memory that computes wrongly would seal what no key opens again, or what every key opens.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from passbook.errors import PassbookError
from storage.crypto.envelope import HPKE, Rng
from storage.crypto.keys import KEY_BYTES

_hex: Final = bytes.fromhex

# The GCM specification that NIST SP 800-38D is made from (McGrew and Viega, 2005), appendix B, test case 16.
_GCM_KEY: Final = _hex("feffe9928665731c6d6a8f9467308308") * 2
_GCM_NONCE: Final = _hex("cafebabefacedbaddecaf888")
_GCM_BOUND: Final = _hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_GCM_PLAIN: Final = _hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
_GCM_SEALED: Final = _hex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b"
)

# RFC 5869, appendix A.1.
_HKDF_SECRET: Final = b"\x0b" * 22
_HKDF_SALT: Final = bytes(range(13))
_HKDF_INFO: Final = bytes(range(0xF0, 0xFA))
_HKDF_RESULT: Final = _hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")

# RFC 4231, section 4.2.
_HMAC_KEY: Final = b"\x0b" * 20
_HMAC_RESULT: Final = _hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")

# RFC 9180, appendix A, the file of vectors that it names: base mode of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
# AES-256-GCM, the first encryption.  That one has associated data and the store's have none, so the published key and
# nonce seal the published text without them here; all that HPKE derives still has to be what was published.
_HPKE_PRIVATE: Final = _hex("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d")
_HPKE_ENCAPSULATED: Final = _hex("6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256")
_HPKE_INFO: Final = b"Ode on a Grecian Urn"
_HPKE_KEY: Final = _hex("f50b0609186798729ed0564b36ef2ef8044f1f9d05636874d1f46c819c7a669f")
_HPKE_NONCE: Final = _hex("151d9929e2449747889bc923")
_HPKE_PLAIN: Final = b"Beauty is truth, truth beauty"


def check_primitives(rng: Rng) -> int:
    """Ask for every known answer; how many there are.  Raises PassbookError `self-test-failed` for the first wrong one.

    `rng` draws the keys and salts of this process.
    """
    tests: dict[str, Callable[[], bool]] = {**_TESTS, "the random generator": lambda: _is_random(rng)}
    for what, is_right in tests.items():
        try:
            right = is_right()
        except Exception:  # noqa: BLE001 - whatever a broken primitive raises, it is broken
            right = False
        if not right:
            raise PassbookError("self-test-failed", what=what)
    return len(tests)


def _aes_gcm() -> bool:
    cipher = AESGCM(_GCM_KEY)
    sealed = cipher.encrypt(_GCM_NONCE, _GCM_PLAIN, _GCM_BOUND)
    opened = cipher.decrypt(_GCM_NONCE, _GCM_SEALED, _GCM_BOUND)
    refused = _refuses(lambda: cipher.decrypt(_GCM_NONCE, _altered(_GCM_SEALED), _GCM_BOUND))
    return sealed == _GCM_SEALED and opened == _GCM_PLAIN and refused


def _hkdf() -> bool:
    return HKDF(SHA256(), len(_HKDF_RESULT), _HKDF_SALT, _HKDF_INFO).derive(_HKDF_SECRET) == _HKDF_RESULT


def _hmac() -> bool:
    return hmac.digest(_HMAC_KEY, b"Hi There", sha256) == _HMAC_RESULT


def _hpke() -> bool:
    private = X25519PrivateKey.from_private_bytes(_HPKE_PRIVATE)
    published = _HPKE_ENCAPSULATED + AESGCM(_HPKE_KEY).encrypt(_HPKE_NONCE, _HPKE_PLAIN, b"")
    opened = HPKE.decrypt(published, private, _HPKE_INFO)
    refused = _refuses(lambda: HPKE.decrypt(_altered(published), private, _HPKE_INFO))
    # Sealing draws a key of its own, so there is no known answer to it.
    own = [HPKE.encrypt(_HPKE_PLAIN, private.public_key(), _HPKE_INFO) for _ in range(2)]
    both = {HPKE.decrypt(one, private, _HPKE_INFO) for one in own}
    return opened == _HPKE_PLAIN and refused and both == {_HPKE_PLAIN} and own[0] != own[1]


def _is_random(rng: Rng) -> bool:
    """Whether it gives what was asked for, and not the same again."""
    one, two = rng(KEY_BYTES), rng(KEY_BYTES)
    return len(one) == len(two) == KEY_BYTES and one != two


def _refuses(open_it: Callable[[], bytes]) -> bool:
    try:
        open_it()
    except InvalidTag:
        return True
    return False


def _altered(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


_TESTS: Final[Mapping[str, Callable[[], bool]]] = MappingProxyType(
    {"AES-256-GCM": _aes_gcm, "HKDF-SHA256": _hkdf, "HMAC-SHA256": _hmac, "HPKE with X25519": _hpke}
)
