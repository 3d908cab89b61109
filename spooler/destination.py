"""Destinations of jobs: printers, and other parts that do the steps of a job.

Theory of operation.  Admission asks the destination that a request names to prepare it: everything that can be wrong
is judged there, before anything is stored (P1).  The desk alone reaches a destination, through one link at a time, and
runs acts of the step machine on it.  The desk journals a step before it runs it, and takes its return for the
destination's own confirmation (P3).  So a destination stores nothing and decides nothing about a job; it does a step
once, or ends in a DestinationStop, and then the step is in doubt.  Behind a line it is given the next one, of which it
may prepare what prints nothing.  For example a printer confirms a line by its answer
behind the strike; a next hop would confirm a message by its reply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from passbook.book.claim import BookShape
from passbook.document.plan import Plan, Sheet
from passbook.job.record import Record
from passbook.job.step_machine import AskForMedium, DoStep, Happening
from passbook.protocol.media import MechanismStatus, Media
from passbook.protocol.messages import SubmitJob

DestinationAct: TypeAlias = AskForMedium | DoStep
"""An act that is done at a destination; others are the desk's own."""
Heard: TypeAlias = Callable[[MechanismStatus], None]
"""Takes each answer of a destination about itself."""


class Prepared(NamedTuple):
    """The work of a destination for one job, decided when the job is accepted.

    Attributes:
        layout: the name of the layout by which the document was placed; empty where none was.
        sheet: the page that a mechanism is set up for; no height where no medium is needed.
        form: the kind of form in stock of which each page takes a sheet; empty for none.
        book: the document as it lies in its book; None for one that is for no book.
        substituted: how many characters were replaced as the layout declares.
        account: that of a passbook update; else empty.
    """

    plan: Plan
    layout: str
    sheet: Sheet
    form: str = ""
    book: BookShape | None = None
    substituted: int = 0
    account: str = ""


class Link(Protocol):
    """A destination that is reached; used by one desk's thread, but for `interrupt`.

    What fails ends in a DestinationStop with the reason for the job's state.
    """

    def clean_up(self) -> Media:
        """Make a destination usable of which nothing is known; return the place where a medium was found."""

    def check_setup(self) -> None:
        """Compare the destination's own set-up with the configured one; stop where work would go wrong by it."""

    def status(self) -> MechanismStatus:
        """Ask the destination about itself, and return its answer."""

    def run(self, record: Record, act: DestinationAct) -> Happening:
        """Do one act for a job, to its end, and return its happening."""

    def give_back(self) -> None:
        """Give back a medium that is inside, if one is."""

    def take(self, job: str, requester: str, patience: float) -> bool:
        """Have people take what was given back; whether it is gone after `patience` seconds, else they stay asked."""

    def interrupt(self) -> None:
        """End the wait for a person, now or when it would begin; never a step.  From any thread."""

    def close(self) -> None:
        """Let the destination go.  May be repeated."""


class Destination(Protocol):
    """One destination, by the name that jobs give it."""

    @property
    def name(self) -> str:
        """The name by which jobs are sent to it."""

    @property
    def lines_in_doubt(self) -> int:
        """The number of last lines that may be unconfirmed at a stop (P3)."""

    def prepare(self, request: SubmitJob, document: bytes) -> Prepared:
        """Judge everything about the request that this destination can refuse, and plan its steps.

        From any thread.  Raises PassbookError; nothing has changed then.
        """

    def draws(self, request: SubmitJob, document: bytes) -> bool:
        """Whether preparing a document may take seconds, since another process draws for it; quick."""

    def judge_announced(self, request: SubmitJob) -> None:
        """Judge what a request announces of a document that its terminal keeps: format, layout and sheet.

        From any thread.  Raises PassbookError; nothing has changed then.
        """

    def judge_kind(self, format: str, layout: str) -> None:  # noqa: A002  # the word of the protocol
        """Judge whether it prints documents of a format, on a layout where one is named.

        From any thread.  Raises PassbookError.
        """

    def open(self, heard: Heard) -> Link:
        """Reach it; `heard` is called by the desk's thread.  Raises DestinationStop."""
