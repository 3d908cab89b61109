"""What is sealed, and the wraps of its key."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.record import Holder, Wrap
from storage.crypto.envelope import (
    open_attributes,
    open_document,
    open_plan,
    seal,
    unwrap_for_appliance,
    unwrap_for_recovery,
    unwrap_for_requester,
    wrap_for_requester,
)
from storage.crypto.keys import ApplianceKey

_RNG: Final = random.Random(1).randbytes
IDENTITY: Final = b'["job-1"]'
DATA_KEY: Final = _RNG(32)
KEY: Final = _RNG(32)
APPLIANCE_KEY: Final = ApplianceKey(_RNG(32))
RECOVERY_KEY: Final = X25519PrivateKey.from_private_bytes(_RNG(32)).private_bytes_raw()
SEALED: Final = seal(IDENTITY, DATA_KEY, attributes=b"name", plan=b"plan", document=b"document", rng=_RNG)
WRAP: Final = wrap_for_requester(IDENTITY, DATA_KEY, KEY, "key-1", _RNG)


def check(data: bytes) -> None:
    """Whatever takes the place of a sealed part or a wrap, it is an error of the catalogue and never content."""
    for name in ("salt", "commitment", "attributes", "plan", "document"):
        part = (data,) if name == "document" else data
        if part == getattr(SEALED, name):
            continue
        damaged = replace(SEALED, **{name: part})
        for open_part in (open_attributes, open_plan, open_document):
            if name in {"salt", "commitment", open_part.__name__.removeprefix("open_")}:
                _refused(functools.partial(open_part, IDENTITY, damaged, DATA_KEY))
    if data != DATA_KEY and len(data) == len(DATA_KEY):
        _refused(lambda: open_plan(IDENTITY, SEALED, data))
    if data != WRAP.blob:
        wrap = replace(WRAP, blob=data)
        _refused(lambda: unwrap_for_requester(IDENTITY, wrap, KEY))
        _refused(lambda: unwrap_for_appliance(IDENTITY, replace(wrap, holder=Holder.APPLIANCE), APPLIANCE_KEY))
        _refused(lambda: unwrap_for_recovery(IDENTITY, Wrap(Holder.RECOVERY, "branch", data), RECOVERY_KEY))


def _refused(work: Callable[[], bytes]) -> None:
    try:
        content = work()
    except PassbookError as error:
        assert error.code in {"wrong-key", "sealed-damaged"}
    else:
        raise AssertionError(f"{len(content)} bytes came out")
