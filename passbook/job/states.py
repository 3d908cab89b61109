"""The states of a job (RFC 8011 section 5.3.7), the events that change them, and the one table of transitions."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class JobState(StrEnum):
    """The state of a job, in the words of RFC 8011 section 5.3.7."""

    PENDING = "pending"
    """Valid; prints when its turn comes."""
    PENDING_HELD = "pending-held"
    """Invalid; no mechanism worked on it when it became invalid; waits for a person's answer."""
    PROCESSING = "processing"
    """Valid; a mechanism works on it now."""
    PROCESSING_STOPPED = "processing-stopped"
    """Begun and standing still: valid while a person is asked to handle the book, invalid after a stop."""
    CANCELED = "canceled"
    """Ended by a person."""
    ABORTED = "aborted"
    """Ended by the system."""
    COMPLETED = "completed"
    """Every step is confirmed, by the printer or by a person's word."""


class JobEvent(StrEnum):
    """An event that changes a job."""

    START = "start"
    """A mechanism takes the job up."""
    WAIT_FOR_PEOPLE = "wait-for-people"
    """The job cannot go on before a person has handled the book."""
    PROCEED = "proceed"
    """The person has handled the book."""
    STOP = "stop"
    """A stop in doubt, or of any kind that needs an answer; the record becomes invalid."""
    INVALIDATE = "invalidate"
    """Power-on: a record of an earlier boot becomes invalid."""
    ANSWER = "answer"
    """A person ordered the job printed; the record becomes valid."""
    HOLD = "hold"
    """A person holds the job back, or answered `hold`."""
    CANCEL = "cancel"
    """A person ends the job."""
    ABORT = "abort"
    """The system ends the job."""
    FINISH = "finish"
    """The last step is confirmed."""
    FINISH_ELSEWHERE = "finish-elsewhere"
    """The other spool, or a person, reported that it confirmed the last step."""
    POSTPONE = "postpone"
    """The destination cannot do the job now, and nothing of it was done; it waits for its turn again."""


class Reason(StrEnum):
    """The reason of a job's state: keywords beside the state (those of RFC 8011 section 5.3.8 where it has one)."""

    POWER_LOSS = "power-loss"
    RESTART = "restart"
    ROLLED_BACK = "storage-rolled-back"
    """The storage was rolled back or altered: more may be on paper than the record says."""
    MEDIA_NEEDED = "media-needed"
    MEDIA_EMPTY = "media-empty"
    """The stock of its form has too few sheets; it waits for more."""
    MEDIA_JAM = "media-jam"
    MEDIA_NOT_TAKEN = "media-not-taken"
    COVER_OPEN = "cover-open"
    RIBBON_OUT = "marker-supply-empty"
    PAUSED = "paused"
    """An operator has the printer start no job."""
    NOT_ACCEPTED = "command-not-accepted"
    ATTENTION = "needs-attention"
    SILENT = "printer-silent"
    GARBLED = "printer-garbled"
    UNPLUGGED = "printer-unplugged"
    SETUP_DIFFERS = "printer-set-up-differs"
    """The printer's own set-up differs from the configuration, so that lines would come to wrong places."""
    HELD_BY_PERSON = "job-hold-until-specified"
    CANCELED_BY_PERSON = "job-canceled-by-user"
    DISCARDED_BY_ANSWER = "discarded-by-answer"
    CLOSED_BY_ANSWER = "closed-by-answer"
    """A person said that everything is on paper."""
    COMPLETED = "job-completed-successfully"
    UNREADABLE = "record-unreadable"
    TERMINAL_SILENT = "terminal-silent"
    """The terminal did not answer at the turn of the job, or fell silent while it printed."""
    APPLIANCE_SILENT = "appliance-silent"
    """The appliance could not be reached; it may have printed the job."""
    NOT_SPOOLED = "not-spooled"
    """The terminal answered that it has no copy that may be printed, or not the print right."""
    DIFFERS = "document-differs"
    """The document that the terminal sent at its turn was not the one that was accepted."""
    STORE_COPIED = "store-copied"
    """The storage was opened on another machine, and holds no print right there."""
    NEARLY_FULL = "spool-nearly-full"
    """One spool was nearly full, so the other one alone keeps the document."""
    SPOOL_FENCED = "spool-fenced"
    """The storage of one spool was out of use, so the other one alone keeps the document."""
    NETWORK_BUSY = "network-busy"
    """The network was busy, so the terminal alone keeps the document."""
    BY_RULE = "spool-rule"
    """A rule of one side for this printer, form or application kept the document out of its spool."""
    REFUSED = "refused-by-appliance"
    """The appliance did not accept the job; this copy of its terminal ended with that."""
    SENDER_UNPROVEN = "sender-unproven"
    """It came by mail from a sender that proved no identity, and waits for a representative."""
    SUBSTITUTE_READY = "substitute-ready"
    """Its printer cannot work and a substitute could take it; a passbook update goes there only by a person's word."""
    MOVED = "moved-to-substitute"
    """Its destination could not do it; another job at a substitute stands in for it (R4)."""
    HOP_UNREACHABLE = "next-hop-unreachable"
    """The next hop could not be reached, or did not prove who it is; nothing was handed on."""
    HOP_BUSY = "next-hop-busy"
    """The next hop takes the message later; nothing was handed on."""
    HOP_REFUSED = "next-hop-refused"
    """The next hop refused the message, or some of its recipients, for good."""
    HOP_IN_DOUBT = "next-hop-in-doubt"
    """The next hop got the message and did not say whether it took it."""
    GIVEN_UP = "relay-given-up"
    """The next hop did not take the message in all the time that is set for it."""
    ORDERED_AGAIN = "ordered-again"
    """A drawn sheet of form stock is spoiled: its lines are printed again on another one."""
    BOOK_OVER_LINES = "book-over-known-lines"
    """The update would print over lines that its book is known to have."""
    BOOK_REPEATED = "book-content-repeated"
    """The update has the same content as the last one in its book."""
    BOOK_GAP = "book-gap"
    """The update would leave lines free in a book into which no other appliance prints."""
    BOOK_NOT_KNOWN = "book-not-known"
    """A storage area is out of use, so it is not known where the book stands."""
    EXPIRED = "expired"
    """The job is of an earlier business day, and its question had no answer (F4)."""


STATE_WORDS: Final = MappingProxyType(
    {
        JobState.PENDING: "waiting for its turn",
        JobState.PENDING_HELD: "stopped",
        JobState.PROCESSING: "printing",
        JobState.PROCESSING_STOPPED: "stopped",
        JobState.CANCELED: "canceled",
        JobState.ABORTED: "ended by the appliance",
        JobState.COMPLETED: "completed",
    }
)
"""State -> the state in words for people; passbook.job.waiting says more of one that stands still."""
APART: Final = frozenset({Reason.TERMINAL_SILENT, Reason.APPLIANCE_SILENT, Reason.NOT_SPOOLED, Reason.STORE_COPIED})
"""Reasons of a question that asks whether a job shall be printed here though its print right is elsewhere (P13)."""
TERMINAL: Final = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})
"""States that a job never leaves."""
STANDING: Final = frozenset({JobState.PENDING_HELD, JobState.PROCESSING_STOPPED})
"""States in which a job waits for people."""

_S, _E = JobState, JobEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.PENDING, _E.START): _S.PROCESSING,
        (_S.PENDING, _E.HOLD): _S.PENDING_HELD,
        (_S.PENDING, _E.STOP): _S.PENDING_HELD,
        (_S.PENDING, _E.FINISH_ELSEWHERE): _S.COMPLETED,
        (_S.PENDING, _E.INVALIDATE): _S.PENDING_HELD,
        (_S.PENDING, _E.CANCEL): _S.CANCELED,
        (_S.PENDING, _E.ABORT): _S.ABORTED,
        (_S.PENDING_HELD, _E.INVALIDATE): _S.PENDING_HELD,
        (_S.PENDING_HELD, _E.ANSWER): _S.PENDING,
        (_S.PENDING_HELD, _E.HOLD): _S.PENDING_HELD,
        (_S.PENDING_HELD, _E.CANCEL): _S.CANCELED,
        (_S.PENDING_HELD, _E.ABORT): _S.ABORTED,
        (_S.PENDING_HELD, _E.FINISH_ELSEWHERE): _S.COMPLETED,
        (_S.PROCESSING, _E.WAIT_FOR_PEOPLE): _S.PROCESSING_STOPPED,
        (_S.PROCESSING, _E.STOP): _S.PROCESSING_STOPPED,
        (_S.PROCESSING, _E.INVALIDATE): _S.PROCESSING_STOPPED,
        (_S.PROCESSING, _E.HOLD): _S.PROCESSING_STOPPED,
        (_S.PROCESSING, _E.CANCEL): _S.CANCELED,
        (_S.PROCESSING, _E.ABORT): _S.ABORTED,
        (_S.PROCESSING, _E.POSTPONE): _S.PENDING,
        (_S.PROCESSING, _E.FINISH): _S.COMPLETED,
        (_S.PROCESSING, _E.FINISH_ELSEWHERE): _S.COMPLETED,
        (_S.PROCESSING_STOPPED, _E.PROCEED): _S.PROCESSING,
        (_S.PROCESSING_STOPPED, _E.POSTPONE): _S.PENDING,
        (_S.PROCESSING_STOPPED, _E.STOP): _S.PROCESSING_STOPPED,
        (_S.PROCESSING_STOPPED, _E.INVALIDATE): _S.PROCESSING_STOPPED,
        (_S.PROCESSING_STOPPED, _E.ANSWER): _S.PENDING,
        (_S.PROCESSING_STOPPED, _E.HOLD): _S.PROCESSING_STOPPED,
        (_S.PROCESSING_STOPPED, _E.CANCEL): _S.CANCELED,
        (_S.PROCESSING_STOPPED, _E.ABORT): _S.ABORTED,
        (_S.PROCESSING_STOPPED, _E.FINISH): _S.COMPLETED,
        (_S.PROCESSING_STOPPED, _E.FINISH_ELSEWHERE): _S.COMPLETED,
    }
)
"""(state, event) -> state; a pair that is not here is refused."""
