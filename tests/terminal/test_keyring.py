from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from terminal import keyring
from terminal.keyring import (
    KeyRing,
    load_ring,
    new_recovery_key,
    new_ref,
    new_ring_key,
    save_ring,
    seal_ring,
    unseal_ring,
)

RING = KeyRing().with_key("key-a", b"a" * 32).with_key("key-b", b"b" * 32).with_recovery("branch", b"r" * 32)
REFS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True)
KEYS = st.binary(min_size=32, max_size=32)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses that cost nothing, for tests that make thousands."""
    monkeypatch.setattr(keyring, "_PASSES", 1)
    monkeypatch.setattr(keyring, "_MEMORY_KIB", 32)


def code_of(deed: Callable[..., object], *arguments: Any, **options: Any) -> str:
    with pytest.raises(PassbookError) as caught:
        deed(*arguments, **options)
    return caught.value.code


@pytest.mark.slow
def test_a_saved_ring_is_there_for_who_knows_the_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    save_ring(path, RING, b"open sesame")
    assert load_ring(path, b"open sesame") == RING
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for wrong in (b"", b"open sesam", b"open sesame ", b"Open sesame"):
        assert code_of(load_ring, path, wrong) == "keyring-locked"


def test_no_key_can_be_read_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    save_ring(path, RING, b"open sesame")
    data = path.read_bytes()
    for secret in (b"a" * 8, b"YWFh", b"key-a", b"branch", b"sesame"):
        assert secret not in data


def test_a_ring_that_others_can_read_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    save_ring(path, RING, b"open sesame")
    path.chmod(0o640)
    assert code_of(load_ring, path, b"open sesame") == "file-problem"


@pytest.mark.slow
@pytest.mark.usefixtures("cheap")
def test_every_altered_byte_and_every_part_is_found() -> None:
    data = seal_ring(RING, b"open sesame")
    assert unseal_ring(data, b"open sesame") == RING
    for place in range(len(data)):
        for bit in (0x01, 0x80):
            altered = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            assert code_of(unseal_ring, altered, b"open sesame") == "keyring-locked"
        assert code_of(unseal_ring, data[:place], b"open sesame") == "keyring-locked"
    assert code_of(unseal_ring, data + b"\0", b"open sesame") == "keyring-locked"


@pytest.mark.usefixtures("cheap")
def test_sealing_twice_gives_nothing_to_compare() -> None:
    first, second = seal_ring(RING, b"p"), seal_ring(RING, b"p")
    head = len(b"PBKRING1")
    assert not {first[i : i + 8] for i in range(head, len(first) - 8)} & {
        second[i : i + 8] for i in range(head, len(second) - 8)
    }


@pytest.mark.usefixtures("cheap")
def test_any_ring_comes_back_in_its_order() -> None:
    @given(st.dictionaries(REFS, KEYS, max_size=4), st.dictionaries(REFS, KEYS, max_size=2), st.binary(max_size=20))
    def judge(keys: dict[str, bytes], recovery: dict[str, bytes], passphrase: bytes) -> None:
        ring = unseal_ring(seal_ring(KeyRing(keys, recovery), passphrase), passphrase)
        assert list(ring.keys.items()) == list(keys.items())
        assert list(ring.recovery.items()) == list(recovery.items())

    judge()


@given(st.binary(max_size=120))
def test_any_other_file_is_locked(data: bytes) -> None:
    assert code_of(unseal_ring, data, b"") == "keyring-locked"


def test_a_key_is_found_by_its_name() -> None:
    assert RING.key("key-a") == b"a" * 32
    assert code_of(RING.key, "key-c") == "key-not-in-ring"
    assert code_of(RING.key, "branch") == "key-not-in-ring"


def test_the_newest_key_is_the_one_that_was_added_last() -> None:
    assert RING.newest == "key-b"
    assert code_of(lambda: KeyRing().with_recovery("branch", b"r" * 32).newest) == "keyring-empty"


@pytest.mark.parametrize("add", [RING.with_key, RING.with_recovery])
def test_a_name_is_given_once_and_is_plain(add: Callable[[str, bytes], KeyRing]) -> None:
    for taken in ("key-a", "branch"):
        assert code_of(add, taken, b"x" * 32) == "key-exists"
    for malformed in ("", " ", "a b", "-a", "ä", "a" * 64, "a\n"):
        assert code_of(add, malformed, b"x" * 32) == "key-malformed"
    for size in (0, 31, 33):
        assert code_of(add, "key-c", bytes(size)) == "key-malformed"


def test_a_ring_shows_no_key_of_itself() -> None:
    assert repr(RING) == str(RING) == f"{RING}" == "<KeyRing of 3>"


def test_new_keys_are_fresh_and_fit() -> None:
    assert len({new_ring_key() for _ in range(50)}) == 50
    private, public = new_recovery_key()
    assert X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw() == public
    assert KeyRing().with_key(new_ref(), new_ring_key()).with_recovery(new_ref(), private).newest
