"""A job sealed as an appliance or an agent seals it, for terminals that open it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec

from passbook.document.documents import parse_document
from passbook.document.layout import BookLayout
from passbook.document.placing import place
from passbook.document.plan import encode_plan, outline
from passbook.job.record import Encryption, Record
from passbook.protocol.two_spools import SealedCopy
from storage.crypto import envelope
from tests.docs.screens import FORMAT, STATEMENT
from tests.passbook.strategies import SAVINGS

MEASURES = SAVINGS.sheet


def sealed_copy(
    job: str,
    keys: Mapping[str, bytes],
    *,
    recovery: bytes = b"",
    book: BookLayout | None = SAVINGS,
) -> SealedCopy:
    """The statement of two pages as job `job`; `keys` is one key by its name, `recovery` a public key."""
    plan = place(parse_document(FORMAT, STATEMENT), SAVINGS, codec="cp858", code_page="cp858")
    record = Record(
        job_id=job,
        requester="till-1",
        request_id="r1",
        sequence=1,
        accepted_at="2026-05-04T09:00:00+00:00",
        format=FORMAT,
        printer="window-1",
        encryption=Encryption.REQUESTER,
        steps=len(plan),
        outline=outline(plan),
        size=1,
        layout=SAVINGS.name,
        sheet=MEASURES,
    )
    identity, data_key = record.identity(), envelope.new_data_key(secrets.token_bytes)
    content = envelope.seal(
        identity, data_key, attributes=b"{}", plan=encode_plan(plan), document=STATEMENT, rng=secrets.token_bytes
    )
    wraps = [
        envelope.wrap_for_requester(identity, data_key, key, ref, secrets.token_bytes) for ref, key in keys.items()
    ]
    if recovery:
        wraps.append(envelope.wrap_for_recovery(identity, data_key, recovery, "branch-recovery"))
    return SealedCopy(
        job=job,
        format=FORMAT,
        layout=SAVINGS.name,
        height=MEASURES.height,
        cpi=MEASURES.cpi,
        left=MEASURES.left,
        identity=identity,
        content=msgspec.msgpack.encode(content),
        wraps=msgspec.msgpack.encode(wraps),
        book=book,
    )
