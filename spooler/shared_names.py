"""Names and document dates that the owners of jobs share with every terminal (C6).

Theory of operation.  The name of a document may name a customer, so it is sealed with the document and goes with it.
An owner that shares it gives every terminal a column to recognize the job by, in lists and in the history.  Then name
and date are sealed once more, under the key of the store and bound to the job, and lie in the record: the disk alone
does not tell them (P5), and they stay as long as the record does.  No log has them.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.protocol.messages import JobView, SubmitJob
from storage import ApplianceKey, Rng, envelope


class SharedName(msgspec.Struct, frozen=True, array_like=True):
    """The name and date of one job that its owner shares."""

    name: str = ""
    document_date: str = ""


_DECODER: Final = msgspec.msgpack.Decoder(SharedName)


class SharedNames:
    """Seals and opens what is shared, under the key of one store; any thread may ask."""

    def __init__(self, key: ApplianceKey, rng: Rng) -> None:
        self._key = key
        self._rng = rng

    def sealed(self, job: str, request: SubmitJob) -> bytes:
        """The sealed name and date for the record; empty where the owner shares nothing."""
        if not request.shares_name or not (request.name or request.document_date):
            return b""
        shared = msgspec.msgpack.encode(SharedName(request.name, request.document_date))
        return envelope.seal_shared(job, shared, self._key, self._rng)

    def shown(self, view: JobView, record: Record) -> JobView:
        """The view of a job with what its owner shares."""
        shared = self.of(record)
        return replace(view, name=shared.name, document_date=shared.document_date)

    def of(self, record: Record) -> SharedName:
        """The name and date that the owner of a job shares; empty where it shares none or they cannot be read."""
        if not record.shared:
            return SharedName()
        try:
            return _DECODER.decode(envelope.open_shared(record.job_id, record.shared, self._key))
        except (PassbookError, msgspec.DecodeError):
            # A list must not fail for one name that was sealed under another key.
            return SharedName()
