"""Sealing of one job under its own data key, and the data key's wraps; no I/O.

Each of the three parts has its own key, derived from data key and salt, so that a counter can be the nonce.
The record's identity is associated data of every chunk and every wrap: nothing sealed for one job opens as another's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from passbook.errors import PassbookError
from passbook.job.record import Holder, Wrap
from storage.crypto.keys import KEY_BYTES, ApplianceKey, joined, mac, subkey

Rng: TypeAlias = Callable[[int], bytes]
"""n -> n random bytes, fit for keys."""

CHUNK_BYTES: Final = 65536
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
_COUNTER_BYTES: Final = 11
HPKE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
"""For the branch recovery key."""
_WRAP_NONCE: Final = bytes(12)


class SealedJob(msgspec.Struct, frozen=True, array_like=True):
    """All that is sealed of one job.

    Attributes:
        salt: of the subkeys; random, so that one data key never meets one nonce twice.
        commitment: HMAC of salt and identity under a subkey of the data key; tells whether a key is the right one.
        attributes: document name, date, account, stripe; one chunk.
        plan: the placed pages as msgpack; one chunk.
        document: what was uploaded, in chunks of CHUNK_BYTES, the last one marked in its nonce.
    """

    salt: bytes
    commitment: bytes
    attributes: bytes
    plan: bytes
    document: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes of all parts together."""
        parts = (self.salt, self.commitment, self.attributes, self.plan, *self.document)
        return sum(map(len, parts))


def sealed_size(attributes: int, plan: int, document: int) -> int:
    """SealedJob.size for parts of these lengths, in bytes, before anything is sealed."""
    chunks = max(1, -(-document // CHUNK_BYTES))
    return SALT_BYTES + KEY_BYTES + attributes + plan + document + (2 + chunks) * TAG_BYTES


def new_data_key(rng: Rng) -> bytes:
    """The key of one upload."""
    return rng(KEY_BYTES)


def seal(identity: bytes, data_key: bytes, *, attributes: bytes, plan: bytes, document: bytes, rng: Rng) -> SealedJob:
    """Seal the three parts for the job with this Record.identity()."""
    salt = rng(SALT_BYTES)
    pieces = [document[at : at + CHUNK_BYTES] for at in range(0, len(document), CHUNK_BYTES)]
    return SealedJob(
        salt=salt,
        commitment=_commitment(identity, salt, data_key),
        attributes=_seal_part(identity, salt, data_key, "attributes", [attributes])[0],
        plan=_seal_part(identity, salt, data_key, "plan", [plan])[0],
        document=_seal_part(identity, salt, data_key, "document", pieces or [b""]),
    )


def opens(identity: bytes, sealed: SealedJob, data_key: bytes) -> bool:
    """Whether `data_key` is the one that this job was sealed with; constant time."""
    return hmac.compare_digest(sealed.commitment, _commitment(identity, sealed.salt, data_key))


def open_attributes(identity: bytes, sealed: SealedJob, data_key: bytes) -> bytes:
    """The attributes.  Raises PassbookError `wrong-key` or `sealed-damaged`."""
    return _open_part(identity, sealed, data_key, "attributes", [sealed.attributes])


def open_plan(identity: bytes, sealed: SealedJob, data_key: bytes) -> bytes:
    """The plan.  Raises PassbookError `wrong-key` or `sealed-damaged`."""
    return _open_part(identity, sealed, data_key, "plan", [sealed.plan])


def open_document(identity: bytes, sealed: SealedJob, data_key: bytes) -> bytes:
    """The document.  Raises PassbookError `wrong-key` or `sealed-damaged`."""
    return _open_part(identity, sealed, data_key, "document", sealed.document)


def wrap_for_requester(identity: bytes, data_key: bytes, key: bytes, key_ref: str, rng: Rng) -> Wrap:
    """The data key under the requester's key of 32 bytes.  Raises PassbookError `key-malformed`."""
    if len(key) != KEY_BYTES:
        raise PassbookError("key-malformed", expected=f"{KEY_BYTES} bytes")
    return _wrap(identity, data_key, _Symmetric(Holder.REQUESTER, key_ref, key), rng)


def unwrap_for_requester(identity: bytes, wrap: Wrap, key: bytes) -> bytes:
    """The data key.  Raises PassbookError `wrong-key`, also for a damaged wrap."""
    return _unwrap(identity, wrap, _Symmetric(Holder.REQUESTER, wrap.key_ref, key))


def wrap_for_appliance(identity: bytes, data_key: bytes, key: ApplianceKey, rng: Rng) -> Wrap:
    """The data key under the appliance's own key."""
    return _wrap(identity, data_key, _Symmetric(Holder.APPLIANCE, "", key.wrap), rng)


def unwrap_for_appliance(identity: bytes, wrap: Wrap, key: ApplianceKey) -> bytes:
    """The data key.  Raises PassbookError `wrong-key`, also for a damaged wrap."""
    return _unwrap(identity, wrap, _Symmetric(Holder.APPLIANCE, wrap.key_ref, key.wrap))


def wrap_for_recovery(identity: bytes, data_key: bytes, public_key: bytes, key_ref: str) -> Wrap:
    """The data key for the holders of the branch recovery key (RFC 9180 base mode; raw X25519 public key).

    Raises PassbookError `key-malformed`.
    """
    try:
        public = X25519PublicKey.from_public_bytes(public_key)
    except ValueError:
        raise PassbookError("key-malformed", expected="a raw X25519 public key of 32 bytes") from None
    info = _bound_to("wrap", Holder.RECOVERY, key_ref, identity)
    return Wrap(Holder.RECOVERY, key_ref, HPKE.encrypt(data_key, public, info))


def unwrap_for_recovery(identity: bytes, wrap: Wrap, private_key: bytes) -> bytes:
    """The data key, by the raw X25519 private key.  Raises PassbookError `wrong-key`, also for a damaged wrap."""
    try:
        private = X25519PrivateKey.from_private_bytes(private_key)
        return HPKE.decrypt(wrap.blob, private, _bound_to("wrap", Holder.RECOVERY, wrap.key_ref, identity))
    except (InvalidTag, ValueError):
        raise _wrong_key(identity, wrap.key_ref) from None


def seal_shared(job_id: str, shared: bytes, key: ApplianceKey, rng: Rng) -> bytes:
    """What the owner of a job shares with every terminal, under a key of its own that the owner of the disk lacks."""
    salt = rng(SALT_BYTES)
    return salt + _shared_cipher(key, salt).encrypt(_WRAP_NONCE, shared, joined("passbook shared 1", job_id))


def open_shared(job_id: str, sealed: bytes, key: ApplianceKey) -> bytes:
    """The inverse of seal_shared().  Raises PassbookError `sealed-damaged`, also for what another job shares."""
    salt, text = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    try:
        return _shared_cipher(key, salt).decrypt(_WRAP_NONCE, text, joined("passbook shared 1", job_id))
    except (InvalidTag, ValueError):
        raise PassbookError("sealed-damaged", job=job_id) from None


def _shared_cipher(key: ApplianceKey, salt: bytes) -> AESGCM:
    """A key of its own for every sealing, as for every wrap."""
    return AESGCM(subkey(key.shared, "shared name", salt))


def _bound_to(what: str, part: str, key_ref: str, identity: bytes) -> bytes:
    return joined("passbook sealed 1", what, part, key_ref, identity)


def _commitment(identity: bytes, salt: bytes, data_key: bytes) -> bytes:
    return mac(subkey(data_key, "commitment", salt), salt, identity)


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(_COUNTER_BYTES, "big") + bytes([last])


def _seal_part(identity: bytes, salt: bytes, data_key: bytes, part: str, pieces: Sequence[bytes]) -> tuple[bytes, ...]:
    cipher = AESGCM(subkey(data_key, part, salt))
    bound = _bound_to("part", part, "", identity)
    end = len(pieces) - 1
    return tuple(cipher.encrypt(_nonce(n, last=n == end), piece, bound) for n, piece in enumerate(pieces))


def _open_part(identity: bytes, sealed: SealedJob, data_key: bytes, part: str, pieces: Sequence[bytes]) -> bytes:
    if not opens(identity, sealed, data_key):
        raise _wrong_key(identity, "")
    cipher = AESGCM(subkey(data_key, part, sealed.salt))
    bound = _bound_to("part", part, "", identity)
    end = len(pieces) - 1
    if end < 0:
        raise _sealed_damaged(identity)
    try:
        return b"".join(cipher.decrypt(_nonce(n, last=n == end), piece, bound) for n, piece in enumerate(pieces))
    except (InvalidTag, ValueError):
        raise _sealed_damaged(identity) from None


class _Symmetric(NamedTuple):
    """A holder whose wraps are made with one secret of 32 bytes."""

    holder: Holder
    key_ref: str
    secret: bytes

    def cipher(self, salt: bytes) -> AESGCM:
        """A key of its own for every wrap: one secret wraps without a limit on how often."""
        return AESGCM(subkey(self.secret, f"wrap {self.holder.value}", salt))


def _wrap(identity: bytes, data_key: bytes, by: _Symmetric, rng: Rng) -> Wrap:
    salt = rng(SALT_BYTES)
    blob = by.cipher(salt).encrypt(_WRAP_NONCE, data_key, _bound_to("wrap", by.holder, by.key_ref, identity))
    return Wrap(by.holder, by.key_ref, salt + blob)


def _unwrap(identity: bytes, wrap: Wrap, by: _Symmetric) -> bytes:
    salt, blob = wrap.blob[:SALT_BYTES], wrap.blob[SALT_BYTES:]
    try:
        return by.cipher(salt).decrypt(_WRAP_NONCE, blob, _bound_to("wrap", by.holder, by.key_ref, identity))
    except (InvalidTag, ValueError):
        raise _wrong_key(identity, wrap.key_ref) from None


def _sealed_damaged(identity: bytes) -> PassbookError:
    return PassbookError("sealed-damaged", job=_job_of(identity))


def _wrong_key(identity: bytes, key_ref: str) -> PassbookError:
    return PassbookError("wrong-key", job=_job_of(identity), key_ref=key_ref)


def _job_of(identity: bytes) -> str:
    """The job id, which is the first field of an identity."""
    return str(msgspec.json.decode(identity, type=list[object])[0])
