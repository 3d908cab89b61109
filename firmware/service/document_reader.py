"""Shows documents: a stored one for a key or sealed for its terminal (C7, P12), and one that is only judged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec

from firmware.people.grants import Grants
from firmware.service.acceptance import Attributes, Shape
from passbook.document.layout import BookLayout
from passbook.document.page_drawing import drawn_pages
from passbook.errors import PassbookError
from passbook.job.actor import Actor, may_not_decide
from passbook.job.record import Encryption, Record
from passbook.protocol.document import GetDocument, StoredDocument
from passbook.protocol.document_check import CheckedDocument
from passbook.protocol.naming import check_name, check_one_key
from passbook.protocol.two_spools import GrantPreview, SealedCopy
from spooler.jobs import Jobs
from spooler.logs import Log
from spooler.sealed_copies import sealed_copy
from storage import JobRow, envelope

_LOG: Final = Log("documents")


class DocumentReader:
    """Gives documents to people who show a key, here or at their terminal; a key in memory opens none."""

    def __init__(self, jobs: Jobs, grants: Grants, layouts: Iterable[BookLayout]) -> None:
        """Tell terminals these `layouts` of today with the content that was placed by one of the same name."""
        self._layouts = {one.name: one for one in layouts}
        self._spool = jobs.spool
        self._grants = grants

    async def read(self, actor: Actor, asked: GetDocument) -> StoredDocument:
        """The document of an unfinished job; the log says who read it, and nothing of its content.

        Raises PassbookError `invalid-message`, `not-permitted`, `unknown-job`, `document-not-kept`, `content-gone`,
        `key-needed`, `wrong-key`, `no-key-to-show`, and what a store that fails raises.
        """
        check_name("person", asked.person)
        check_one_key(asked.key, asked.data_key)
        row = self._spool.job(asked.job)
        record = row.record
        if not actor.may_decide(record.requester):
            raise may_not_decide(actor.name, asked.job)
        if not record.keeps_document:
            raise PassbookError("document-not-kept", job=asked.job, requester=record.requester)
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
        return StoredDocument(record.job_id, record.format, document, attributes.name, attributes.document_date)

    def drawn(self, shape: Shape) -> CheckedDocument:
        """The pages of a document that was only judged."""
        pages = drawn_pages(shape.plan, shape.sheet, self._layouts.get(shape.layout))
        return CheckedDocument(shape.layout, shape.form, shape.outline, pages, shape.account, shape.substituted)

    async def sealed(self, actor: Actor, job: str) -> SealedCopy:
        """The sealed content of an unfinished job, whose id is this or begins so; a key opens it at the terminal.

        Raises PassbookError `not-permitted`, `unknown-job`, `document-not-kept`, `content-gone`, `no-key-to-show`,
        and what a store that fails raises.
        """
        job = self._spool.find(job).job_id
        row = self._spool.job(job)
        record = row.record
        if actor.name != record.requester and not self._grants.has(job, actor.name):
            deed, whom = f"preview job {job}", "its requester, who may grant it"
            raise PassbookError("not-permitted", who=actor.name, deed=deed, whom=whom)
        if record.keeps_document and record.encryption is Encryption.APPLIANCE:
            raise PassbookError("no-key-to-show", job=job)
        sealed = await asyncio.to_thread(self._spool.sealed, row)
        _LOG.info("sealed-sent", job=job, terminal=actor.name)
        return msgspec.structs.replace(sealed_copy(record, sealed, row.wraps), book=self._layouts.get(record.layout))

    def grant(self, actor: Actor, asked: GrantPreview) -> Record:
        """Let another terminal have the sealed content of the caller's unfinished job; return the job.

        Raises PassbookError `invalid-message`, `not-permitted`, `unknown-job`, `document-not-kept`, and what a store
        that fails raises.
        """
        check_name("person", asked.person)
        check_name("terminal", asked.terminal)
        record = self._spool.job(asked.job).record
        if actor.name != record.requester:
            deed = f"grant a preview of job {asked.job}"
            raise PassbookError("not-permitted", who=actor.name, deed=deed, whom="its requester")
        if not record.keeps_document:
            # The other terminal could not fetch anything.
            raise PassbookError("document-not-kept", job=asked.job, requester=record.requester)
        self._grants.give(asked.job, asked.terminal)
        _LOG.info("preview-granted", job=asked.job, requester=actor.name, terminal=asked.terminal, person=asked.person)
        return record
