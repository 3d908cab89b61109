"""What terminals are told of ended jobs (P8), and of the history that they keep in mind (P11)."""

from __future__ import annotations

import msgspec

from passbook.job.record import Acknowledged, OnPaper, Record
from passbook.protocol.messages import JobView, Number, Payload, view_of


class HistoryHead(msgspec.Struct, frozen=True, rename="camel"):
    """The history of one area after so many entries: the chain value of the last one stands for all of them."""

    area: str
    entries: int
    chain: bytes


class Notice(msgspec.Struct, frozen=True, rename="camel"):
    """`Spooler.JobEndedEvent`: a job has ended; told until its requester or a representative takes note.

    Attributes:
        on_paper: how much of it is on paper; None where the job ended under a version that did not keep it.
        head: the history of its area now; None while that cannot be read.
        acknowledged: who took note; None while nobody did.
    """

    job: JobView
    on_paper: OnPaper | None
    head: HistoryHead | None
    acknowledged: Acknowledged | None


class Canceled(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a job that somebody cancelled: it has ended, or it is asked about.

    Attributes:
        says: that in sentences, with what is on paper.
        on_paper: as in a notice; None for a job that has not ended.
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
    """`Spooler.GetHistoryHeads`: how far each area is, and its chain value after `entries` of the areas named there."""

    entries: dict[str, Number]


class HistoryHeads(msgspec.Struct, frozen=True):
    """Its completion.

    Attributes:
        now: of every area that is in use.
        then: of the areas that were asked about; those that cannot say it are left out.
    """

    now: tuple[HistoryHead, ...]
    then: tuple[HistoryHead, ...]


def notice_of(record: Record, head: HistoryHead | None) -> Notice:
    """The notice that an ended record is; there is no other store of it."""
    return Notice(view_of(record), record.on_paper, head, record.acknowledged)
