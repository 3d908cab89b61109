"""The pages of a sealed copy, opened here by a key of the ring; all of it stays in memory."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from passbook.document.page_drawing import DrawnPage, drawn_pages
from passbook.document.plan import Plan, Sheet, decode_plan
from passbook.errors import PassbookError
from passbook.job.record import IMMUTABLE, Holder, Wrap
from passbook.protocol.two_spools import SealedCopy
from storage import SealedJob, envelope, open_plan, unwrap_for_recovery
from terminal.keyring import KeyRing


def open_pages(job: str, copy: SealedCopy, ring: KeyRing, key_ref: str = "") -> tuple[DrawnPage, ...]:
    """The pages that the job prints.

    Args:
        job: the id of the job that was asked for.
        copy: its sealed content.
        ring: the keys of this terminal.
        key_ref: the key of the ring that opens it; empty for the one that the copy names, or a recovery key.

    Raises:
        PassbookError: `key-not-in-ring`, `wrong-key`; `no-key-to-show` for a job that was sent without a key;
            `sealed-damaged` for content that is not that of the job.
    """
    bound = _bound(copy)
    measures = (copy.height, copy.cpi, copy.left)
    if bound is None or bound != _Bound(job, copy.format, copy.layout, bound.sheet) or bound.measures != measures:
        raise PassbookError("sealed-damaged", job=job)
    try:
        wraps = msgspec.msgpack.decode(copy.wraps, type=tuple[Wrap, ...])
        sealed = msgspec.msgpack.decode(copy.content, type=SealedJob)
    except (ValueError, RecursionError):
        raise PassbookError("sealed-damaged", job=job) from None
    plan = _plan(job, open_plan(copy.identity, sealed, _data_key(job, copy.identity, wraps, ring, key_ref)))
    return drawn_pages(plan, bound.sheet, copy.book)


class _Bound(NamedTuple):
    """The facts of a copy to which its seal is bound, and which it also says openly; the fold only here."""

    job_id: str
    format: str
    layout: str
    sheet: Sheet

    @property
    def measures(self) -> tuple[int, float, int]:
        """What the copy says of its sheet."""
        return self.sheet.height, self.sheet.cpi, self.sheet.left


def _bound(copy: SealedCopy) -> _Bound | None:
    """The facts to which the seal of a copy is bound; None for an identity that is none."""
    try:
        fields = msgspec.json.decode(copy.identity, type=list[msgspec.Raw])
        named = dict(zip(IMMUTABLE, fields, strict=True))
        job, kind, layout = (msgspec.json.decode(named[name], type=str) for name in ("job_id", "format", "layout"))
        return _Bound(job, kind, layout, msgspec.json.decode(named["sheet"], type=Sheet))
    except (ValueError, RecursionError):
        return None


def _plan(job: str, data: bytes) -> Plan:
    try:
        return decode_plan(data)
    except (ValueError, RecursionError):
        raise PassbookError("sealed-damaged", job=job) from None


def _data_key(job: str, identity: bytes, wraps: tuple[Wrap, ...], ring: KeyRing, key_ref: str) -> bytes:
    own = [wrap for wrap in wraps if wrap.holder is Holder.REQUESTER]
    recovery = [wrap for wrap in wraps if wrap.holder is Holder.RECOVERY]
    if own and (key_ref or own[0].key_ref in ring.keys) and key_ref not in ring.recovery:
        return envelope.unwrap_for_requester(identity, own[0], ring.key(key_ref or own[0].key_ref))
    keys = [key for name, key in ring.recovery.items() if key_ref in {"", name}]
    if recovery and keys:
        return _by_recovery(job, identity, recovery[0], keys)
    if not own:
        raise PassbookError("no-key-to-show", job=job)
    raise PassbookError("key-not-in-ring", key_ref=key_ref or own[0].key_ref)


def _by_recovery(job: str, identity: bytes, wrap: Wrap, keys: list[bytes]) -> bytes:
    for private in keys:
        try:
            return unwrap_for_recovery(identity, wrap, private)
        except PassbookError:
            continue
    raise PassbookError("wrong-key", job=job, key_ref=wrap.key_ref)
