"""Every error that a person or a peer can meet: a stable code, who must act, and one sentence.

A code never changes its meaning and is never reused.  The sentence says what happened, what was kept, and
what to do.  Facts filled into a sentence are names, numbers and positions, never what a book says.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Actor(StrEnum):
    """Who must act on an error; `passbookctl` and `teller` exit with the number beside it (EXIT_CODES)."""

    TELLER = "teller"
    REPRESENTATIVE = "representative"
    OPERATOR = "operator"
    PROGRAMMER = "programmer"
    NOBODY = "nobody"


EXIT_CODES: Final = {
    Actor.NOBODY: 1,
    Actor.PROGRAMMER: 2,
    Actor.TELLER: 3,
    Actor.REPRESENTATIVE: 4,
    Actor.OPERATOR: 5,
}


class ErrorKind(NamedTuple):
    """One row of the catalogue: who must act, and the sentence with its facts as `{name}`."""

    actor: Actor
    sentence: str


CATALOGUE: Final[dict[str, ErrorKind]] = {
    # The peer's messages
    "invalid-message": ErrorKind(
        Actor.PROGRAMMER,
        "The message was not understood: {why}. Nothing was changed; mend the terminal software.",
    ),
    "message-too-large": ErrorKind(
        Actor.PROGRAMMER,
        "The message is larger than {limit} bytes. Nothing was changed; send less at once.",
    ),
    "unknown-command": ErrorKind(
        Actor.PROGRAMMER, "There is no command {command}. Nothing was changed; mend the terminal software."
    ),
    "unknown-upload": ErrorKind(
        Actor.PROGRAMMER,
        "There is no upload {upload} on this connection. Nothing was accepted; send the document again.",
    ),
    "too-many-uploads": ErrorKind(
        Actor.PROGRAMMER,
        "This connection has an upload open and may have {limit}. Submit it, or connect again to drop it.",
    ),
    "not-permitted": ErrorKind(
        Actor.TELLER,
        "{who} may not decide about job {job}. Nothing was changed; ask its requester or a representative.",
    ),
    "representatives-only": ErrorKind(
        Actor.TELLER,
        "{who} is no representative, and only representatives see the state of every terminal. Ask one of them.",
    ),
    # Who the peer is
    "not-tls": ErrorKind(
        Actor.OPERATOR,
        "What was sent is not TLS. The connection was closed and nothing was read; connect with wss:, "
        "with the certificate of an enrolled terminal.",
    ),
    "certificate-not-accepted": ErrorKind(
        Actor.OPERATOR,
        "The certificate was not accepted: {why}. The connection was closed; enroll the terminal again.",
    ),
    "certificate-not-in-time": ErrorKind(
        Actor.OPERATOR,
        "By the clock of this terminal ({now}) the appliance's certificate {why}. Nothing was sent; "
        "set the clock of this terminal if it is wrong, else renew the appliance's certificate.",
    ),
    "certificate-revoked": ErrorKind(
        Actor.OPERATOR,
        "The certificate of {who} has been revoked. The connection was closed; enroll the terminal again.",
    ),
    "name-malformed": ErrorKind(
        Actor.OPERATOR,
        "The name is not 1 to 63 of a-z, 0-9, dot, hyphen and underscore with a letter or digit first. "
        "Nothing was changed.",
    ),
    "request-not-signed": ErrorKind(
        Actor.OPERATOR, "The certificate request was not signed: {why}. Nothing was changed."
    ),
    "too-many-connections": ErrorKind(
        Actor.OPERATOR,
        "{who} was not let in: there are {limit} connections already. "
        "The new one was closed; end one of them, or raise limits.connections.",
    ),
    "unknown-terminal": ErrorKind(
        Actor.OPERATOR, "No certificate was ever issued to {name}. Nothing was changed; look at the register."
    ),
    # Documents
    "document-malformed": ErrorKind(
        Actor.PROGRAMMER, "The document could not be read: {where}: {why}. Nothing was accepted."
    ),
    "document-empty": ErrorKind(Actor.TELLER, "The document has no lines to print. Nothing was accepted."),
    "document-too-large": ErrorKind(
        Actor.TELLER, "The document is larger than {limit} bytes. Nothing was accepted; split it."
    ),
    "amount-not-decimal": ErrorKind(
        Actor.TELLER,
        "{where}: the {column} is not a decimal amount. Nothing was accepted; correct it and send again.",
    ),
    "amount-too-fine": ErrorKind(
        Actor.TELLER,
        "{where}: the {column} has more than the {digits} decimal places of {currency}. Nothing was accepted; "
        "correct it and send again.",
    ),
    "unknown-currency": ErrorKind(
        Actor.PROGRAMMER, "The currency is not one of: {known}. Nothing was accepted; correct it and send again."
    ),
    "date-not-valid": ErrorKind(
        Actor.TELLER,
        "{where}: the date is not a day written YYYY-MM-DD. Nothing was accepted; correct it and send again.",
    ),
    "column-overflow": ErrorKind(
        Actor.TELLER,
        "{where}: the {column} has {length} characters and its column holds {width}. Nothing was accepted; shorten it.",
    ),
    "not-in-code-page": ErrorKind(
        Actor.TELLER,
        "{where}: character {number} cannot be printed in code page {code_page}. Nothing was accepted; replace it.",
    ),
    "control-byte": ErrorKind(
        Actor.PROGRAMMER,
        "{where}: character {number} is a control character. Nothing was accepted; remove it.",
    ),
    "past-last-line": ErrorKind(
        Actor.TELLER,
        "The document does not fit: the paper ends at page {page} line {line}; lines left over: {left}. "
        "Nothing was accepted; start a new book or sheet.",
    ),
    "start-not-given": ErrorKind(
        Actor.TELLER,
        "The document does not say on which page and line to start. Nothing was accepted; give both.",
    ),
    "start-not-in-book": ErrorKind(
        Actor.TELLER,
        "The book has no page {page} line {line}. Nothing was accepted; look at the book and give both.",
    ),
    "unknown-layout": ErrorKind(
        Actor.OPERATOR, "There is no layout {layout}. Nothing was accepted; choose one of: {known}."
    ),
    "layout-unfit": ErrorKind(
        Actor.PROGRAMMER,
        "Layout {layout} is for {kind}, not for this document. Nothing was accepted; choose another layout.",
    ),
    "layout-not-printable": ErrorKind(
        Actor.OPERATOR,
        "Printer {printer} cannot print on layout {layout}: {why}. Nothing was accepted; "
        "choose another printer, or correct the layout.",
    ),
    "unknown-printer": ErrorKind(
        Actor.OPERATOR, "There is no printer {printer}. Nothing was accepted; choose one of: {known}."
    ),
    "printer-gone": ErrorKind(
        Actor.OPERATOR,
        "Job {job} is for printer {printer}, which this appliance does not have any more. The job is kept; "
        "configure that printer again, or have the job discarded.",
    ),
    "unknown-format": ErrorKind(
        Actor.PROGRAMMER,
        "There is no document format {format}. Nothing was accepted; choose one of: {known}.",
    ),
    "layout-malformed": ErrorKind(Actor.OPERATOR, "{file}: {where}: {why}."),
    "profile-malformed": ErrorKind(Actor.OPERATOR, "{file}: {where}: {why}."),
    # Admission
    "no-area-has-room": ErrorKind(
        Actor.OPERATOR,
        "No storage area has room for {size} bytes. Nothing was accepted; print or discard held jobs.",
    ),
    "quota-exceeded": ErrorKind(
        Actor.TELLER,
        "{requester} already keeps {used} of {limit} {what}. Nothing was accepted; finish or discard a job.",
    ),
    "request-in-flight": ErrorKind(
        Actor.PROGRAMMER, "Request {request} is being accepted at this moment. Wait for its answer."
    ),
    "request-reused": ErrorKind(
        Actor.PROGRAMMER,
        "Request {request} was used before with other content. Nothing was accepted; use a new request id.",
    ),
    "outcome-unknown": ErrorKind(
        Actor.OPERATOR,
        "Whether request {request} was stored is not known. Do not send it under another id: "
        "ask for it again when the storage area is back.",
    ),
    "key-missing": ErrorKind(
        Actor.PROGRAMMER,
        "The request carries no key and this appliance does not take such jobs. Nothing was accepted.",
    ),
    "key-malformed": ErrorKind(Actor.PROGRAMMER, "The key is not {expected}. Nothing was changed."),
    # Jobs and inquiries
    "unknown-job": ErrorKind(
        Actor.TELLER, "There is no job {job}; it has ended or was never accepted. See the history."
    ),
    "not-allowed-in-state": ErrorKind(
        Actor.TELLER, "Job {job} is {state}, so it cannot be changed by {event}. Nothing was changed."
    ),
    "job-is-printing": ErrorKind(
        Actor.TELLER, "Job {job} is printing now. Nothing was changed; try again, or wait for its end."
    ),
    "stale-inquiry": ErrorKind(
        Actor.TELLER,
        "The question about job {job} has changed (now number {epoch}). Nothing was changed; read it and answer again.",
    ),
    "already-answered": ErrorKind(
        Actor.TELLER, "The question about job {job} was already answered ({verdict}). Nothing was changed."
    ),
    "answer-not-possible": ErrorKind(
        Actor.TELLER, "Job {job} cannot go on from there: {why}. Nothing was changed; answer again."
    ),
    "wrong-key": ErrorKind(
        Actor.TELLER, "The key does not open job {job}. Nothing was changed; use the key {key_ref}."
    ),
    "key-needed": ErrorKind(
        Actor.TELLER,
        "Job {job} can only be printed with the key {key_ref}. Nothing was changed; give that key.",
    ),
    # Mechanism
    "printer-silent": ErrorKind(
        Actor.TELLER,
        "Printer {printer} does not answer. The job was stopped and kept; look at cable and power.",
    ),
    "printer-garbled": ErrorKind(
        Actor.OPERATOR,
        "Printer {printer} sends what its dialect does not know. The job was stopped and kept.",
    ),
    "printer-attention": ErrorKind(
        Actor.TELLER,
        "Printer {printer} reports {condition}. The job was stopped and kept; clear it and answer.",
    ),
    "medium-not-inserted": ErrorKind(
        Actor.TELLER,
        "The book was not put into {printer} in time. The job was stopped and kept; answer to go on.",
    ),
    "medium-not-taken": ErrorKind(Actor.TELLER, "A book lies in {printer}. Take it out; the next job waits for that."),
    "stop-not-stored": ErrorKind(
        Actor.OPERATOR,
        "Job {job} was stopped at printer {printer}, and that cannot be stored: {why} Nothing more of it is printed. "
        "It is stored again and again, and asked about as soon as that works, at the latest after the next start.",
    ),
    "job-interrupted": ErrorKind(Actor.TELLER, "The job was stopped by {who}. What is on paper is in the question."),
    # Storage
    "area-fenced": ErrorKind(
        Actor.OPERATOR,
        "Storage area {area} is out of use: {why}. Its jobs are kept; check the disk, then restart.",
    ),
    "area-absent": ErrorKind(
        Actor.OPERATOR,
        "Storage area {area} is missing: its folder is empty, and it was not before. Nothing was created there; "
        "look whether its disk is mounted. A new disk takes a new area name.",
    ),
    "area-format": ErrorKind(
        Actor.OPERATOR,
        "Storage area {area} has format {found}, and this version knows format {known}. It was left as it is; "
        "install the version that fits.",
    ),
    "area-too-small": ErrorKind(
        Actor.OPERATOR,
        "Storage area {area} is given {quota} bytes and needs {least}. It was not opened; give it more.",
    ),
    "area-full": ErrorKind(
        Actor.OPERATOR,
        "The disk of storage area {area} has no space left. Nothing was changed; remove other files from it.",
    ),
    "change-unknown": ErrorKind(
        Actor.OPERATOR,
        "Whether the change of job {job} was stored is not known: storage area {area} failed. "
        "Nothing more is printed of it; check the disk, then restart.",
    ),
    "sealed-damaged": ErrorKind(
        Actor.OPERATOR,
        "The sealed content of job {job} was altered or damaged. The job will never be printed; discard it.",
    ),
    "record-quarantined": ErrorKind(
        Actor.OPERATOR,
        "Record {job} in area {area} was altered or damaged. It is kept and will never be printed.",
    ),
    "area-foreign": ErrorKind(
        Actor.OPERATOR, "Storage area {area} belongs to another appliance or area. It was left as it is."
    ),
    "area-in-use": ErrorKind(
        Actor.OPERATOR,
        "Storage area {area} is in use by another process. It was left as it is; stop that one first.",
    ),
    "history-broken": ErrorKind(
        Actor.OPERATOR,
        "The history of area {area} does not fit at entry {entry}: {why}. Keep the disk as evidence.",
    ),
    "no-area-usable": ErrorKind(Actor.OPERATOR, "No storage area can be used: {why} The appliance did not start."),
    "appliance-key-wrong": ErrorKind(
        Actor.OPERATOR,
        "The appliance key does not fit area {area}. Nothing was opened; put the right key in place.",
    ),
    # Set-up
    "configuration": ErrorKind(Actor.OPERATOR, "{file}: {key}: {why}. With this the appliance does not start."),
    "file-problem": ErrorKind(Actor.OPERATOR, "{file}: {why}."),
    "hardening-failed": ErrorKind(
        Actor.OPERATOR, "The process could not be protected: {what} is not in effect. The appliance did not start."
    ),
    # Operators
    "control-unreachable": ErrorKind(
        Actor.OPERATOR,
        "Nobody answers at {socket}: {why}. Nothing was done; see whether passbookd runs and who may use its socket.",
    ),
    "revocation-not-told": ErrorKind(
        Actor.OPERATOR,
        "{name} is revoked in {file}, but the appliance does not know it yet: {why}. "
        "What {name} has open stays open; run passbookctl revocations.",
    ),
    "too-many-callers": ErrorKind(
        Actor.OPERATOR, "{limit} operators' commands are under way. Nothing was done; end one, then try again."
    ),
    # Terminal side
    "keyring-locked": ErrorKind(Actor.TELLER, "The key ring could not be opened: wrong passphrase or damaged file."),
    "key-not-in-ring": ErrorKind(Actor.TELLER, "The key ring has no key {key_ref}. Ask the person who has it."),
    "key-exists": ErrorKind(
        Actor.TELLER, "The key ring has a key {key_ref} already. Nothing was changed; choose another name."
    ),
    "passphrase-missing": ErrorKind(
        Actor.TELLER, "The key ring needs its passphrase: run this at a terminal, or give --passphrase-file."
    ),
    "appliance-unreachable": ErrorKind(
        Actor.OPERATOR,
        "The appliance at {address} does not answer: {why}. Nothing was sent; look at network and power.",
    ),
    "connection-lost": ErrorKind(
        Actor.TELLER,
        "The connection was lost before the answer came. Send the same request again: it is never printed twice.",
    ),
    "internal-error": ErrorKind(
        Actor.OPERATOR,
        "Something went wrong inside the appliance ({reference}). Nothing else was disturbed; see its log.",
    ),
}
"""Code -> who must act and the sentence.  Mechanism rows name the reasons of passbook.job.Reason."""


class PassbookError(Exception):
    """One entry of the catalogue with its facts; `str()` is the sentence for the person who must act.

    Attributes:
        code: the stable code, a key of CATALOGUE.
        facts: what is filled into the sentence; JSON-compatible, never content of a document.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        """Raise KeyError when the code is not in the catalogue or a fact of its sentence is missing."""
        self.code = code
        self.facts = facts
        super().__init__(CATALOGUE[code].sentence.format(**facts))

    @property
    def actor(self) -> Actor:
        """Who must act."""
        return CATALOGUE[self.code].actor

    @property
    def exit_code(self) -> int:
        """The process exit code of a command that ends with this error."""
        return EXIT_CODES[self.actor]


def shown(name: str) -> str:
    """A name that came from a peer, bounded and without control characters, fit to stand in a sentence."""
    return "".join(char if char.isprintable() else "?" for char in name[:64])
