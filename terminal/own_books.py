"""The secrets of the books of an account, which go with an update; the account itself is not sent."""

from __future__ import annotations

from contextlib import suppress

from msgspec.structs import replace

from passbook.document.documents import Hints
from passbook.errors import PassbookError
from passbook.job.moving import BOUND_TO_BOOK
from passbook.protocol.messages import SubmitJob
from terminal.own_copy import account_of
from terminal.told_layouts import imports_of
from terminal.workplace import Workplace


async def with_book(workplace: Workplace, job: SubmitJob) -> SubmitJob:
    """The job with the secrets of its account's books.

    It is unchanged for another document, without a book key, and where the account cannot be read here.
    """
    # A job without a key of the ring is sent without a passphrase too.
    if not job.key or not job.format.startswith(BOUND_TO_BOOK) or not workplace.ring().books:
        return job
    account = account_of(job.format, job.document)
    if not account:
        # A document in a bank's own words is read by the import profiles that the appliance has.
        with suppress(PassbookError):
            async with workplace.client(compares=False) as client:
                told = await client.layouts()
            account = account_of(job.format, job.document, Hints(imports_of(told), job.import_name, job.layout))
    return replace(job, book_secrets=workplace.ring().book_secrets(account)) if account else job
