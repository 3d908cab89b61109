"""A document given back to a person who shows the key of its job (C7)."""

from __future__ import annotations

import msgspec

from passbook.protocol.messages import Payload


class GetDocument(Payload, frozen=True):
    """`Spooler.GetDocument`: which job, and its key as in an answer; one of the two keys is given.

    Attributes:
        person: the reader; the log names it, and the history does not.
        key: the requester's key (32 bytes).
        data_key: the data key of this one job, opened by a representative's key ring.
    """

    job: str
    person: str
    key: bytes = b""
    data_key: bytes = b""


class StoredDocument(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.GetDocument`: the document as it was sent, with the name and date that its sender gave."""

    job: str
    format: str
    document: bytes
    name: str
    document_date: str = ""
