"""The key ring: one file, sealed by a passphrase, with the keys that open a terminal's jobs.

File: MAGIC (8 bytes, which fixes everything below), salt (16), nonce (12), then AES-256-GCM of the ring as JSON, with
all bytes before it as associated data.  The key is Argon2id of the passphrase and the salt.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.protocol.book_words import MOST_SECRETS
from passbook.protocol.messages import REQUESTER_KEY_BYTES
from storage import book_secrets, files

_MAGIC: Final = b"PBKRING1"
_SALT: Final = 16
_NONCE: Final = 12
_HEAD: Final = len(_MAGIC) + _SALT + _NONCE
_PASSES, _LANES, _MEMORY_KIB = 3, 4, 64 * 1024
"""The second recommended choice of RFC 9106 section 4: a tenth of a second, and 64 MiB, for each guess."""
AGENT_STORE: Final = "agent"
"""The name of the secret of the agent's spool."""
_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class KeyRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys by their names, oldest first: of this terminal's jobs, and branch recovery keys (private halves).

    Attributes:
        stores: the secrets of stores at this terminal; that of its agent is named AGENT_STORE.
        books: book keys of the branch, oldest first: the last one is today's, the one before it still counts too.
    """

    keys: dict[str, bytes] = {}
    recovery: dict[str, bytes] = {}
    stores: dict[str, bytes] = {}
    books: dict[str, bytes] = {}

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return f"<KeyRing of {len(self.keys) + len(self.recovery)}>"

    def key(self, ref: str) -> bytes:
        """The requester's key of that name.  Raises PassbookError `key-not-in-ring`."""
        try:
            return self.keys[ref]
        except KeyError:
            raise PassbookError("key-not-in-ring", key_ref=ref) from None

    @property
    def newest(self) -> str:
        """The name of the newest key. Raises PassbookError `keyring-empty`."""
        for ref in reversed(self.keys):
            return ref
        raise PassbookError("keyring-empty")

    def with_key(self, ref: str, key: bytes) -> KeyRing:
        """The ring with one more requester's key.  Raises PassbookError `key-exists`, `key-malformed`."""
        self._check_new(ref, key)
        return replace(self, keys={**self.keys, ref: key})

    def with_recovery(self, ref: str, private: bytes) -> KeyRing:
        """The ring with one more branch recovery key.  Raises PassbookError `key-exists`, `key-malformed`."""
        self._check_new(ref, private)
        return replace(self, recovery={**self.recovery, ref: private})

    def with_store(self, ref: str, secret: bytes) -> KeyRing:
        """The ring with the secret of one more store; one of that name stays."""
        return replace(self, stores={ref: secret, **self.stores})

    def with_book_key(self, key: bytes) -> KeyRing:
        """The ring with this book key as today's one, under the same name in every ring.

        Raises PassbookError `key-exists` where it is today's already, and `key-malformed`.
        """
        ref = book_key_ref(key)
        if ref == next(reversed(self.books), ""):
            raise PassbookError("key-exists", key_ref=ref)
        others = {name: known for name, known in self.books.items() if name != ref}
        if len(set(key)) == 1:
            # Each branch with such a key would have the same one, and anybody guesses it.
            raise PassbookError("key-malformed", expected="a secret: all of its bytes are the same")
        rest = KeyRing(self.keys, self.recovery)
        rest._check_new(ref, key)
        return replace(self, books={**others, ref: key})

    def book_secrets(self, account: str) -> tuple[bytes, ...]:
        """The secrets of the books of an account: under today's book key and the earlier one; none without a key."""
        newest = list(reversed(self.books.values()))[:MOST_SECRETS]
        return tuple(book_secrets.book_secret(key, account) for key in newest)

    def _check_new(self, ref: str, key: bytes) -> None:
        if not _REF.fullmatch(ref):
            raise PassbookError(
                "key-malformed", expected="named by 1 to 63 letters, digits, dots, hyphens, underscores"
            )
        if ref in self.keys or ref in self.recovery:
            raise PassbookError("key-exists", key_ref=ref)
        if len(key) != REQUESTER_KEY_BYTES:
            raise PassbookError("key-malformed", expected=f"{REQUESTER_KEY_BYTES} bytes")


def new_ref() -> str:
    """A name for a key to which a person gave none."""
    return f"key-{secrets.token_hex(4)}"


def new_ring_key() -> bytes:
    """A fresh requester's key."""
    return secrets.token_bytes(REQUESTER_KEY_BYTES)


def book_key_ref(key: bytes) -> str:
    """The name of a book key: the same key has the same name in every ring."""
    return f"book-{hashlib.sha256(key).hexdigest()[:8]}"


def new_recovery_key() -> tuple[bytes, bytes]:
    """A fresh branch recovery key: private and public half, X25519, raw."""
    private = X25519PrivateKey.generate().private_bytes_raw()
    return private, recovery_public(private)


def recovery_public(private: bytes) -> bytes:
    """The public half of a branch recovery key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal_ring(ring: KeyRing, passphrase: bytes) -> bytes:
    """The bytes of the ring's file; salt and nonce are fresh every time."""
    head = _MAGIC + secrets.token_bytes(_SALT + _NONCE)
    return head + _cipher(head, passphrase).encrypt(head[-_NONCE:], msgspec.json.encode(ring), head)


def unseal_ring(data: bytes, passphrase: bytes) -> KeyRing:
    """The inverse of seal. Raises PassbookError `keyring-locked`, whose reasons cannot be told apart."""
    head = data[:_HEAD]
    if len(head) != _HEAD or not head.startswith(_MAGIC):
        raise PassbookError("keyring-locked")
    try:
        text = _cipher(head, passphrase).decrypt(head[-_NONCE:], data[_HEAD:], head)
        return msgspec.json.decode(text, type=KeyRing)
    except (InvalidTag, ValueError, RecursionError):
        raise PassbookError("keyring-locked") from None


def load_ring(path: Path, passphrase: bytes) -> KeyRing:
    """The ring in the file.  Raises PassbookError `keyring-locked`, `file-problem`."""
    return unseal_ring(files.read_private(path), passphrase)


def save_ring(path: Path, ring: KeyRing, passphrase: bytes) -> None:
    """Put the ring into its file, mode 0600, durable.  Raises PassbookError `file-problem`."""
    files.save_file(path, seal_ring(ring, passphrase), files.PRIVATE)


def _cipher(head: bytes, passphrase: bytes) -> AESGCM:
    salt = head[len(_MAGIC) : -_NONCE]
    kdf = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return AESGCM(kdf.derive(passphrase))
