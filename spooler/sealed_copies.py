"""The sealed content of a job outside of its spool: sent to a terminal that opens it, or kept beside the spool."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from passbook.job.record import Record, Wrap
from passbook.protocol.two_spools import SealedCopy
from storage import SealedJob


def sealed_copy(record: Record, sealed: SealedJob, wraps: Sequence[Wrap]) -> SealedCopy:
    """The sealed content of a job with all that binds and opens it, without the layout of today."""
    return SealedCopy(
        job=record.job_id,
        format=record.format,
        layout=record.layout,
        height=record.sheet.height,
        cpi=record.sheet.cpi,
        left=record.sheet.left,
        identity=record.identity(),
        content=msgspec.msgpack.encode(sealed),
        wraps=msgspec.msgpack.encode(tuple(wraps)),
    )
