"""The question about an update that does not fit to what is known of its book, and the order to print it anyway."""

from __future__ import annotations

from msgspec.structs import replace

from passbook.book.claim import BookObjection
from passbook.job.changes import put_question
from passbook.job.record import Change, Outcome, Record
from passbook.job.states import JobState


def ask_about_book(objection: BookObjection, at: str) -> Change:
    """Ask people about an untouched job that waits for its turn; change no other one."""

    def change(record: Record) -> Outcome:
        waits = record.valid and record.state is JobState.PENDING and record.untouched
        if not waits or record.book is None:
            return Outcome(record)
        asked = replace(record, book=replace(record.book, objection=objection))
        return Outcome(*put_question(asked, objection.reason, at))

    return change
