"""Messages about ended jobs (P8), and about the history that terminals remember (P11)."""

from __future__ import annotations

import msgspec

from passbook.job.record import Acknowledged, OnPaper, Record
from passbook.protocol.messages import JobView, Number, Payload, view_of


class HistoryHead(msgspec.Struct, frozen=True, rename="camel"):
    """The history of one area after `entries` entries: the chain value of the last one stands for all of them."""

    area: str
    entries: int
    chain: bytes


class Notice(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.JobEndedEvent`: a job has ended; told until its requester or a representative acknowledges it.

    Attributes:
        on_paper: the part of it on paper; None if the job ended under a version that did not keep it.
        head: the present history of its area; None while that cannot be read.
        acknowledged: the first acknowledgement; None while there is none.
    """

    job: JobView
    on_paper: OnPaper | None
    head: HistoryHead | None
    acknowledged: Acknowledged | None


class Canceled(msgspec.Struct, frozen=True, rename="camel"):
    """The result of a cancel: the job has ended, or is a question.

    Attributes:
        says: the result in sentences, with the lines on paper.
        on_paper: the same as in a notice; None for a job that has not ended.
    """

    says: str
    job: JobView
    on_paper: OnPaper | None


class AcknowledgeNotice(Payload, frozen=True):
    """`Spooler.AcknowledgeNotice`: the end was shown to a person, or stored; never sent on mere delivery."""

    job: str


class NoticePage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Completion of `Spooler.ListNotices`; the command is a passbook.protocol.pages.Page."""

    notices: tuple[Notice, ...]
    more: bool = False


class GetHistoryHeads(Payload, frozen=True):
    """`Spooler.GetHistoryHeads`: each area's head, and the chain value after `entries` of the areas named there."""

    entries: dict[str, Number]


class HistoryHeads(msgspec.Struct, frozen=True):
    """Completion of `Spooler.GetHistoryHeads`.

    Attributes:
        now: the head of every area in use.
        then: the earlier heads of the areas in the command, without areas that cannot tell theirs.
    """

    now: tuple[HistoryHead, ...]
    then: tuple[HistoryHead, ...]


def notice_of(record: Record, head: HistoryHead | None) -> Notice:
    """The notice of an ended record; there is no other store of it."""
    return Notice(view_of(record), record.on_paper, head, record.acknowledged)
