"""Gives a stored document back: to the job's requester or a representative, and only for the job's key (C7, P12)."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from firmware.service.acceptance import Attributes
from passbook.errors import PassbookError
from passbook.job.actor import Actor, may_not_decide
from passbook.job.record import Encryption
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.naming import check_name, check_one_key
from spooler.jobs import Jobs
from spooler.logs import Log
from storage import JobRow, envelope

_LOG: Final = Log("documents")


class DocumentReader:
    """Opens documents with a key that a person shows; a key in the appliance's memory opens none."""

    def __init__(self, jobs: Jobs) -> None:
        self._spool = jobs.spool

    async def read(self, actor: Actor, asked: GetDocument) -> StoredDocument:
        """The document of an unfinished job; the log says who read it, and nothing of its content.

        Raises PassbookError `invalid-message`, `not-permitted`, `unknown-job`, `content-gone`, `key-needed`, `wrong-
        key`, `no-key-to-show`, and what a store that fails raises.
        """
        check_name("person", asked.person)
        check_one_key(asked.key, asked.data_key)
        row = self._spool.job(asked.job)
        record = row.record
        if not actor.may_decide(record.requester):
            raise may_not_decide(actor.name, asked.job)
        if record.encryption is Encryption.APPLIANCE:
            raise PassbookError("no-key-to-show", job=asked.job)
        opened = await asyncio.to_thread(self._opened, row, asked)
        _LOG.info("document-read", job=asked.job, terminal=actor.name, person=asked.person)
        return opened

    def _opened(self, row: JobRow, asked: GetDocument) -> StoredDocument:
        record = row.record
        sealed = self._spool.sealed(row)
        key = self._spool.shown_key(row, key=asked.key, data_key=asked.data_key)
        if key is None:
            raise PassbookError("key-needed", job=record.job_id, key_ref=record.key_ref)
        document = envelope.open_document(record.identity(), sealed, key)
        attributes = msgspec.json.decode(envelope.open_attributes(record.identity(), sealed, key), type=Attributes)
        return StoredDocument(record.job_id, record.format, document, attributes.name)
