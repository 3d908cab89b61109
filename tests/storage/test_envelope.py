from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.record import Wrap
from storage.crypto import envelope
from storage.crypto.envelope import CHUNK_BYTES, SealedJob
from storage.crypto.keys import ApplianceKey
from tests.storage.store import raised_by, seeded

IDENTITY = msgspec.json.encode(["0a1b", "teller-1", "r-1", 7])
OTHER = msgspec.json.encode(["0a1c", "teller-1", "r-1", 7])
DATA_KEY = seeded(5)(32)
KEY = seeded(6)(32)
APPLIANCE = ApplianceKey(seeded(7)(32))
PRIVATE = X25519PrivateKey.from_private_bytes(seeded(8)(32))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
TEXT = b"Withdrawal 1,250.00 Okafor"
Opener: TypeAlias = Callable[[bytes, SealedJob, bytes], bytes]
OPENERS: list[Opener] = [envelope.open_attributes, envelope.open_plan, envelope.open_document]


def sealed_job(
    document: bytes = TEXT, identity: bytes = IDENTITY, data_key: bytes = DATA_KEY, seed: int = 1
) -> SealedJob:
    return envelope.seal(
        identity, data_key, attributes=b"name " + TEXT, plan=b"plan " + TEXT, document=document, rng=seeded(seed)
    )


def blobs(sealed: SealedJob) -> list[bytes]:
    return [sealed.salt, sealed.commitment, sealed.attributes, sealed.plan, *sealed.document]


def from_blobs(parts: list[bytes]) -> SealedJob:
    salt, commitment, attributes, plan, *document = parts
    return SealedJob(salt, commitment, attributes, plan, tuple(document))


def test_what_an_owner_shares_opens_for_its_job_and_store_only() -> None:
    sealed = envelope.seal_shared("0a1b", TEXT, APPLIANCE, seeded(3))
    assert envelope.open_shared("0a1b", sealed, APPLIANCE) == TEXT
    assert TEXT not in sealed
    other = ApplianceKey(seeded(8)(32))
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    cuts = [("0a1b", sealed[:length], APPLIANCE) for length in (0, 5, 32, 40)]
    wrong = [("0a1c", sealed, APPLIANCE), ("0a1b", sealed, other), ("0a1b", damaged, APPLIANCE), *cuts]
    assert {raised_by(partial(envelope.open_shared, *one)) for one in wrong} == {"sealed-damaged"}


@given(
    st.sampled_from([0, 1, 15, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]), st.binary(max_size=40)
)
def test_what_was_sealed_opens_and_has_the_size_that_was_told(length: int, attributes: bytes) -> None:
    document = seeded(length)(length)
    sealed = envelope.seal(IDENTITY, DATA_KEY, attributes=attributes, plan=b"plan", document=document, rng=seeded(2))
    assert envelope.open_attributes(IDENTITY, sealed, DATA_KEY) == attributes
    assert envelope.open_plan(IDENTITY, sealed, DATA_KEY) == b"plan"
    assert envelope.open_document(IDENTITY, sealed, DATA_KEY) == document
    assert sealed.size == envelope.sealed_size(len(attributes), 4, length)


def test_every_flipped_bit_is_found() -> None:
    whole = blobs(sealed_job())
    for which, blob in enumerate(whole):
        for bit in range(len(blob) * 8):
            damaged = bytearray(blob)
            damaged[bit // 8] ^= 1 << bit % 8
            sealed = from_blobs([*whole[:which], bytes(damaged), *whole[which + 1 :]])
            codes = {_code(opener, sealed) for opener in OPENERS}
            assert codes & {"sealed-damaged", "wrong-key"}, (which, bit)


@given(st.data())
def test_every_cut_is_found(data: st.DataObject) -> None:
    whole = blobs(sealed_job(seeded(1)(2 * CHUNK_BYTES + 10)))
    which = data.draw(st.integers(0, len(whole) - 1))
    kept = data.draw(st.integers(0, len(whole[which]) - 1))
    sealed = from_blobs([*whole[:which], whole[which][:kept], *whole[which + 1 :]])
    assert {_code(opener, sealed) for opener in OPENERS} & {"sealed-damaged", "wrong-key"}


@given(st.permutations(range(4)), st.integers(0, 4))
def test_chunks_cannot_be_reordered_or_left_out(order: list[int], kept: int) -> None:
    sealed = sealed_job(seeded(1)(3 * CHUNK_BYTES + 10))
    chosen = tuple(sealed.document[n] for n in order[:kept])
    if chosen == sealed.document:
        return
    assert _code(envelope.open_document, replace(sealed, document=chosen)) == "sealed-damaged"


def test_no_chunk_can_be_repeated_or_added() -> None:
    sealed = sealed_job(seeded(1)(CHUNK_BYTES + 10))
    first, last = sealed.document
    for chunks in [(first, first, last), (first, last, last), (last,), (first,), ()]:
        assert _code(envelope.open_document, replace(sealed, document=chunks)) == "sealed-damaged"


def test_parts_of_two_jobs_cannot_be_exchanged() -> None:
    mine = sealed_job()
    others = [sealed_job(identity=OTHER), sealed_job(data_key=KEY), sealed_job(seed=2)]
    for other in others:
        for name in ("salt", "commitment", "attributes", "plan", "document"):
            mixed = replace(mine, **{name: getattr(other, name)})
            if mixed != mine:
                assert {_code(opener, mixed) for opener in OPENERS} & {"sealed-damaged", "wrong-key"}, name


def test_parts_of_one_job_cannot_be_exchanged() -> None:
    mine = envelope.seal(IDENTITY, DATA_KEY, attributes=TEXT, plan=TEXT, document=TEXT, rng=seeded(1))
    assert len({mine.attributes, mine.plan, *mine.document}) == 3
    assert _code(envelope.open_plan, replace(mine, plan=mine.attributes)) == "sealed-damaged"
    assert _code(envelope.open_document, replace(mine, document=(mine.plan,))) == "sealed-damaged"


def test_a_job_opens_under_its_own_identity_only() -> None:
    sealed = sealed_job()
    assert envelope.opens(IDENTITY, sealed, DATA_KEY)
    assert not envelope.opens(OTHER, sealed, DATA_KEY)
    assert not envelope.opens(IDENTITY, sealed, KEY)
    assert raised_by(lambda: envelope.open_plan(OTHER, sealed, DATA_KEY)) == "wrong-key"


def test_sealing_twice_under_one_key_never_repeats_a_byte_string() -> None:
    one, two = sealed_job(seed=1), sealed_job(seed=2)
    assert not set(blobs(one)) & set(blobs(two))


def requester_wrap(identity: bytes = IDENTITY, key_ref: str = "k-1") -> Wrap:
    return envelope.wrap_for_requester(identity, DATA_KEY, KEY, key_ref, seeded(3))


def appliance_wrap(identity: bytes = IDENTITY) -> Wrap:
    return envelope.wrap_for_appliance(identity, DATA_KEY, APPLIANCE, seeded(3))


def recovery_wrap(identity: bytes = IDENTITY, key_ref: str = "branch") -> Wrap:
    return envelope.wrap_for_recovery(identity, DATA_KEY, PUBLIC, key_ref)


def unwrap(wrap: Wrap, identity: bytes = IDENTITY) -> set[bytes]:
    """The data keys that any holder gets out of `wrap`; no other error than `wrong-key` is met."""
    found = set()
    holders: list[Callable[[], bytes]] = [
        lambda: envelope.unwrap_for_requester(identity, wrap, KEY),
        lambda: envelope.unwrap_for_appliance(identity, wrap, APPLIANCE),
        lambda: envelope.unwrap_for_recovery(identity, wrap, PRIVATE.private_bytes_raw()),
    ]
    for holder in holders:
        try:
            found.add(holder())
        except PassbookError as error:
            assert error.code == "wrong-key"
            assert error.facts["job"] == msgspec.json.decode(identity)[0]
    return found


@pytest.mark.parametrize("make", [requester_wrap, appliance_wrap, recovery_wrap])
def test_a_wrap_opens_for_its_holder_and_its_job_only(make: Callable[..., Wrap]) -> None:
    wrap = make()
    assert unwrap(wrap) == {DATA_KEY}
    assert unwrap(wrap, OTHER) == set()
    assert unwrap(make(OTHER)) == set()
    assert DATA_KEY not in wrap.blob
    assert unwrap(replace(wrap, key_ref="another")) == set()


@pytest.mark.parametrize("make", [requester_wrap, appliance_wrap, recovery_wrap])
def test_every_damaged_wrap_is_refused(make: Callable[..., Wrap]) -> None:
    wrap = make()
    for bit in range(len(wrap.blob) * 8):
        damaged = bytearray(wrap.blob)
        damaged[bit // 8] ^= 1 << bit % 8
        assert unwrap(replace(wrap, blob=bytes(damaged))) == set(), bit
    for kept in range(len(wrap.blob)):
        assert unwrap(replace(wrap, blob=wrap.blob[:kept])) == set()


def test_a_wrong_key_is_told_by_the_reference_of_the_right_one() -> None:
    wrap = requester_wrap()
    with pytest.raises(PassbookError) as caught:
        envelope.unwrap_for_requester(IDENTITY, wrap, seeded(9)(32))
    assert (caught.value.code, caught.value.facts["key_ref"]) == ("wrong-key", "k-1")


def test_malformed_keys_are_refused() -> None:
    assert (
        raised_by(lambda: envelope.wrap_for_requester(IDENTITY, DATA_KEY, KEY[:16], "k", seeded(1))) == "key-malformed"
    )
    assert raised_by(lambda: envelope.wrap_for_recovery(IDENTITY, DATA_KEY, PUBLIC[:31], "k")) == "key-malformed"
    assert raised_by(lambda: envelope.unwrap_for_requester(IDENTITY, requester_wrap(), b"")) == "wrong-key"
    assert raised_by(lambda: envelope.unwrap_for_recovery(IDENTITY, recovery_wrap(), b"short")) == "wrong-key"


def _code(opener: Opener, sealed: SealedJob) -> str:
    try:
        opener(IDENTITY, sealed, DATA_KEY)
    except PassbookError as error:
        return error.code
    return "opened"
