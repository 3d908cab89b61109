"""Key ring files."""

from __future__ import annotations

from typing import Final
from unittest import mock

from passbook.errors import PassbookError
from terminal import keyring
from terminal.keyring import KeyRing, seal_ring, unseal_ring

PASSPHRASE: Final = b"correct horse"


def check(data: bytes) -> None:
    """Any bytes are `keyring-locked`; so is any content under the right passphrase that is not a key ring."""
    # What a guess costs is no part of the codec, and would leave a handful of tries in a minute.
    with mock.patch.multiple(keyring, _PASSES=1, _LANES=1, _MEMORY_KIB=8):
        _refused(data)
        with mock.patch("msgspec.json.encode", return_value=data):
            sealed = seal_ring(KeyRing(), PASSPHRASE)
        try:
            ring = unseal_ring(sealed, PASSPHRASE)
        except PassbookError as error:
            assert error.code == "keyring-locked"
        else:
            assert unseal_ring(seal_ring(ring, PASSPHRASE), PASSPHRASE) == ring


def _refused(data: bytes) -> None:
    try:
        unseal_ring(data, PASSPHRASE)
    except PassbookError as error:
        assert error.code == "keyring-locked"
    else:
        raise AssertionError("a key ring came out")
