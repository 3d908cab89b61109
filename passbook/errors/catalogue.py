"""Every error that a person or a peer can meet: a stable code, the actor, and one sentence.

A code never changes its meaning and is never reused; its row stands here, or in document_errors.py, mail_errors.py,
spool_errors.py or storage_errors.py beside this module.  The sentence says what happened, what was kept, and what to
do.  Facts filled into a sentence are names, numbers and positions, never the text of a book.
"""

from __future__ import annotations

import re
from typing import Final

from passbook.errors.document_errors import DOCUMENT_ERRORS
from passbook.errors.kinds import EXIT_CODES, ErrorKind, Mender
from passbook.errors.mail_errors import MAIL_ERRORS
from passbook.errors.spool_errors import SPOOL_ERRORS
from passbook.errors.storage_errors import STORAGE_ERRORS

CATALOGUE: Final[dict[str, ErrorKind]] = {
    **DOCUMENT_ERRORS,
    **MAIL_ERRORS,
    **SPOOL_ERRORS,
    # The messages of terminals and operators
    "invalid-message": ErrorKind(
        Mender.PROGRAMMER,
        "The message was not understood: {why}. Nothing was changed; mend the terminal software.",
    ),
    "message-too-large": ErrorKind(
        Mender.PROGRAMMER,
        "The message is larger than {limit} bytes. Nothing was changed; send less at once.",
    ),
    "unknown-command": ErrorKind(
        Mender.PROGRAMMER, "There is no command {command}. Nothing was changed; mend the terminal software."
    ),
    "unknown-upload": ErrorKind(
        Mender.PROGRAMMER,
        "There is no upload {upload} on this connection. Nothing was accepted; send the document again.",
    ),
    "too-many-uploads": ErrorKind(
        Mender.PROGRAMMER,
        "This connection has an upload open and may have {limit}. Submit it, or connect again to drop it.",
    ),
    "not-permitted": ErrorKind(
        Mender.TELLER,
        "{who} may not {deed}. Nothing was changed; ask {whom}.",
    ),
    "history-not-permitted": ErrorKind(
        Mender.TELLER, "{who} may not search the history by person. Nothing was shown; ask a representative."
    ),
    "not-a-time": ErrorKind(
        Mender.CALLER,
        "The value of {which} is no time. Nothing was looked up; write a day of the calendar or a moment of it as "
        "{how}.",
    ),
    "times-exchanged": ErrorKind(
        Mender.CALLER, "{since} is after {until}, so nothing lies between them. Nothing was looked up; exchange them."
    ),
    "unknown-outcome": ErrorKind(
        Mender.CALLER, "No job has that outcome. Nothing was looked up; the outcomes are {known}."
    ),
    # The identity of the peer
    "not-tls": ErrorKind(
        Mender.OPERATOR,
        "The peer did not send TLS. The connection was closed and nothing was read; connect with wss:, with the "
        "certificate of an enrolled terminal.",
    ),
    "certificate-not-accepted": ErrorKind(
        Mender.OPERATOR,
        "The certificate was not accepted: {why}. The connection was closed; enroll the terminal again.",
    ),
    "appliance-not-trusted": ErrorKind(
        Mender.OPERATOR,
        "The certificate that {address} showed is not the appliance's: {why}. Nothing was sent; look at the address, "
        "then enroll this terminal again (teller enroll), with --server-name where the appliance has another name.",
    ),
    "not-enrolled": ErrorKind(
        Mender.OPERATOR,
        "This terminal is not enrolled yet: there is no {file}. Nothing was sent; run teller enroll --name NAME, have "
        "the operator sign the request, then run teller enroll with --certificate, --ca and --address.",
    ),
    "certificate-not-in-time": ErrorKind(
        Mender.OPERATOR,
        "By the clock of this terminal ({now}) the appliance's certificate {why}. Nothing was sent; "
        "set the clock of this terminal if it is wrong, else renew the appliance's certificate.",
    ),
    "certificate-revoked": ErrorKind(
        Mender.OPERATOR,
        "The certificate of {who} has been revoked. The connection was closed; enroll the terminal again.",
    ),
    "origin-not-accepted": ErrorKind(
        Mender.OPERATOR,
        "A page that came from another address asked for a connection. It was refused and nothing was read; open the "
        "page of this address itself.",
    ),
    "page-address-used": ErrorKind(
        Mender.CALLER,
        "This address of the page was opened already, or it is too old. Nothing was shown; get a new one with "
        "teller page.",
    ),
    "page-outdated": ErrorKind(
        Mender.TELLER,
        "The page is of an earlier version than the service. The connection was closed and nothing was done; load the "
        "page again.",
    ),
    "name-malformed": ErrorKind(
        Mender.OPERATOR,
        "The name is not 1 to 63 of a-z, 0-9, dot, hyphen and underscore with a letter or digit first. "
        "Nothing was changed.",
    ),
    "request-not-signed": ErrorKind(
        Mender.OPERATOR, "The certificate request was not signed: {why}. Nothing was changed."
    ),
    "too-many-connections": ErrorKind(
        Mender.OPERATOR,
        "{who} was not let in: there are {limit} connections already. "
        "The new one was closed; end one of them, or raise limits.connections at an appliance.",
    ),
    "unknown-terminal": ErrorKind(
        Mender.OPERATOR, "No certificate was ever issued to {name}. Nothing was changed; look at the register."
    ),
    # Admission
    "no-area-has-room": ErrorKind(
        Mender.OPERATOR,
        "No storage area has room for {size} bytes. Nothing was accepted; print or discard held jobs, and see whether "
        "the clock is trusted (passbookctl clock): only by a trusted clock are jobs that ended long ago forgotten.",
    ),
    "quota-exceeded": ErrorKind(
        Mender.TELLER,
        "{requester} already keeps {used} of {limit} {what}. Nothing was accepted; finish or discard a job.",
    ),
    "request-in-flight": ErrorKind(
        Mender.PROGRAMMER, "Request {request} is being accepted at this moment. Wait for its answer."
    ),
    "request-reused": ErrorKind(
        Mender.PROGRAMMER,
        "Request {request} was used before, with other content, and is job {job}. Nothing was accepted; look what "
        "became of that job, and give another document a new request id.",
    ),
    "outcome-unknown": ErrorKind(
        Mender.OPERATOR,
        "The appliance does not know whether it stored request {request}. Do not send it under another id: ask for it "
        "again when the storage area is back, or when an operator has looked at it.",
    ),
    "priority-not-allowed": ErrorKind(
        Mender.TELLER, "The priority is not one of 1 to {most}. Nothing was accepted; give one of those."
    ),
    "key-missing": ErrorKind(
        Mender.PROGRAMMER,
        "The request carries no key and this appliance does not take such jobs. Nothing was accepted.",
    ),
    "key-malformed": ErrorKind(Mender.PROGRAMMER, "The key is not {expected}. Nothing was changed."),
    # Jobs and questions
    "unknown-job": ErrorKind(
        Mender.TELLER, "There is no job {job}: it has ended or was never accepted. See the history."
    ),
    "ambiguous-job": ErrorKind(
        Mender.CALLER, "The ids of {count} jobs begin with {job}. Nothing was changed; give more of the id."
    ),
    "job-id-short": ErrorKind(
        Mender.CALLER, "{job} is less than {least} characters of a job's id. Nothing was changed; give more of it."
    ),
    "not-allowed-in-state": ErrorKind(
        Mender.TELLER, "Job {job} is {state}, so it cannot be changed by {event}. Nothing was changed."
    ),
    "notices-old": ErrorKind(
        Mender.REPRESENTATIVE,
        "{count} ends of jobs have had no acknowledgement for more than {hours} hours. They are kept; look through "
        "them and acknowledge them (teller notices).",
    ),
    "no-such-notice": ErrorKind(
        Mender.TELLER,
        "There is no open notice of job {job} for this terminal: the job has not ended, the notice was acknowledged, "
        "or it belongs to another terminal. Nothing was changed; see teller notices.",
    ),
    "held-by-operator": ErrorKind(
        Mender.REPRESENTATIVE,
        "Job {job} is held by {person}, an operator. Nothing was changed; an operator (passbookctl release) or a "
        "representative (teller release) has to release it first.",
    ),
    "job-is-printing": ErrorKind(
        Mender.TELLER, "Job {job} is printing now. Nothing was changed; try again, or wait for its end."
    ),
    "stale-question": ErrorKind(
        Mender.TELLER,
        "The question about job {job} has changed (now number {epoch}). Nothing was changed; read it and answer again.",
    ),
    "already-answered": ErrorKind(
        Mender.TELLER, "The question about job {job} was already answered {by} ({at}): {order}. Nothing was changed."
    ),
    "content-gone": ErrorKind(
        Mender.TELLER,
        "The text of job {job} was destroyed, because its question had no answer in time. It cannot be printed; look "
        "at the book, then discard the job, or say that everything is on paper.",
    ),
    "answer-not-possible": ErrorKind(
        Mender.TELLER, "Job {job} cannot go on from there: {why}. Nothing was changed; answer again."
    ),
    "second-person-needed": ErrorKind(
        Mender.REPRESENTATIVE,
        "A second person must confirm{where}: the order of {person} at {terminal} about job {job} takes two people. "
        "It is kept and nothing prints; have the same answer given{where}, or another one.",
    ),
    "wrong-key": ErrorKind(
        Mender.TELLER, "The key does not open job {job}. Nothing was changed; use the key {key_ref}."
    ),
    "key-needed": ErrorKind(
        Mender.TELLER,
        "Job {job} can only be printed with the key {key_ref}. Nothing was changed; give that key.",
    ),
    "no-book-key": ErrorKind(
        Mender.REPRESENTATIVE,
        "The key ring of this terminal has no book key, so its books are not remembered. Nothing was asked; have the "
        "branch's key added (teller keys book-add), or make the first one (teller keys book-new).",
    ),
    "no-key-to-show": ErrorKind(
        Mender.TELLER,
        "Job {job} was sent without a key, so its document is not shown: no person can prove to have the right to see "
        "it. Look at the paper that the job was made from.",
    ),
    # Mechanism
    "printer-silent": ErrorKind(
        Mender.TELLER, "Printer {printer} does not answer: {why}. Its jobs are kept and wait; look at cable and power."
    ),
    "printer-garbled": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} sends bytes that its dialect does not know. Its jobs are kept and wait; look at its cable "
        "and at its own set-up.",
    ),
    "printer-set-up-wrong": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} does not print, since lines would come to wrong places: {why}. Its jobs are kept and wait. "
        "Choose the same in the printer's own set-up and in the configuration; passbookctl printer show {printer} says "
        "what was read.",
    ),
    "printer-set-up-other": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} has {key} {found} in its own set-up, and the configuration says {configured}. It prints as "
        "the configuration says; choose the same in both.",
    ),
    "printer-set-up-unexplained": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} was asked for its own set-up, and its profile cannot explain that ({why}), so nothing was "
        "compared. Compare by hand what passbookctl printer show {printer} says, and complete own_setup of the "
        "profile.",
    ),
    "ruler-not-printed": ErrorKind(
        Mender.REPRESENTATIVE,
        "The ruler for printer {printer} is not printed: {why} Its key is thrown away: discard it, and print another "
        "one.",
    ),
    "ruler-not-measured": ErrorKind(
        Mender.CALLER,
        "The input ended before both lengths were typed, so no offset is known. The ruler is printed: give them with "
        "--first-line and --bar.",
    ),
    "ruler-implausible": ErrorKind(
        Mender.OPERATOR,
        "{key} of printer {printer} would have to be {length}, and at most {most} either way is possible. Measure "
        "again, and look at the layout of the sheet and at the printer's own set-up.",
    ),
    "file-passed-over": ErrorKind(
        Mender.OPERATOR,
        "{file} was passed over: its name is not that of a TOML file. Remove it if another program left it there.",
    ),
    "printer-attention": ErrorKind(
        Mender.TELLER, "Printer {printer} cannot print: {condition}. Its jobs are kept and wait; remedy that."
    ),
    "printer-paused": ErrorKind(
        Mender.OPERATOR,
        "{person} paused printer {printer} at {since}{why}. It starts no job until passbookctl printer resume "
        "{printer}; its jobs are kept and wait.",
    ),
    "medium-not-taken": ErrorKind(
        Mender.TELLER, "A book or sheet lies in {printer}. Take it out; the next job waits until then."
    ),
    "stop-not-stored": ErrorKind(
        Mender.OPERATOR,
        "Job {job} was stopped at printer {printer}, and the stop cannot be stored: {why} Nothing more of the job is "
        "printed. The appliance tries to store it again and again, and asks about the job as soon as that works, at "
        "the latest after the next boot.",
    ),
    "desk-fails": ErrorKind(
        Mender.OPERATOR,
        "Printing on {printer} fails by a defect of the program ({what}). The program tries again and again and the "
        "jobs of the printer wait; other printers go on. The log says where (desk-failed). Cancel the job that it "
        "happens with, and tell your supplier.",
    ),
    "printer-busy": ErrorKind(
        Mender.TELLER,
        "Printer {printer} did not come to a point between two jobs, with its last book taken, within {seconds} "
        "s: {why}. Nothing was disturbed; ask again, or wait longer.",
    ),
    "appliance-stopping": ErrorKind(
        Mender.NONE, "The appliance is being stopped. Nothing was changed; ask again when it runs."
    ),
    **STORAGE_ERRORS,
    # Set-up
    "configuration": ErrorKind(Mender.OPERATOR, "{file}: {key}: {why}. The appliance does not start with this file."),
    "file-problem": ErrorKind(Mender.OPERATOR, "{file}: {why}."),
    "port-without-handshake": ErrorKind(
        Mender.OPERATOR,
        "No handshake at {port} says when the buffer of printer {printer} is full, so bytes may get lost. The printer "
        "cannot tell that characters are missing in a line, and such a line counts as printed; wire a handshake and "
        "set flow=rts or flow=xon.",
    ),
    "port-doubtful": ErrorKind(
        Mender.OPERATOR, "Printer {printer} at {port}: {why}. It is used all the same; put the port right."
    ),
    "form-unused": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} has forms of the kind {form} in stock, and no layout takes one; kinds that layouts take: "
        "{known}. No job prints on them; correct the kind, or the key form of a layout.",
    ),
    "hardening-failed": ErrorKind(
        Mender.OPERATOR, "The process could not be protected: {what} is not in effect. The appliance did not start."
    ),
    "self-test-failed": ErrorKind(
        Mender.OPERATOR,
        "The self-test failed: {what} does not give the published result. No storage area was opened and the appliance "
        "did not start; put its disk into another board, or install the software again.",
    ),
    # Operators
    "control-unreachable": ErrorKind(
        Mender.OPERATOR,
        "The appliance does not answer at {socket}: {why}. Nothing was done; see whether passbookd runs and which "
        "users may use its socket.",
    ),
    "revocation-not-told": ErrorKind(
        Mender.OPERATOR,
        "{name} is revoked in {file}, but the appliance does not know it yet: {why}. "
        "Until then {name} may go on. Put the list where the appliance reads it and run passbookctl revocations there.",
    ),
    "too-many-callers": ErrorKind(
        Mender.OPERATOR, "{limit} operators' commands are under way. Nothing was done; end one, then try again."
    ),
    # Terminal side
    "keyring-locked": ErrorKind(Mender.TELLER, "The key ring could not be opened: wrong passphrase or damaged file."),
    "key-not-in-ring": ErrorKind(
        Mender.TELLER, "The key ring has no key {key_ref}. Ask the person whose key ring has it."
    ),
    "format-not-given": ErrorKind(
        Mender.CALLER,
        "The name of {file} does not tell its format. Nothing was sent; give --format with one of: {known}.",
    ),
    "keyring-empty": ErrorKind(
        Mender.TELLER, "The key ring has no key yet. Nothing was sent; make one (teller keys new), then send it again."
    ),
    "key-exists": ErrorKind(
        Mender.TELLER, "The key ring has a key {key_ref} already. Nothing was changed; choose another name."
    ),
    "passphrase-missing": ErrorKind(
        Mender.TELLER, "The key ring needs its passphrase: run this at a terminal, or give --passphrase-file."
    ),
    "agent-unreachable": ErrorKind(
        Mender.TELLER,
        "The agent of this terminal does not answer at {socket}: {why}. Nothing was sent; end the agent, start it "
        "again (teller agent), then give this command again.",
    ),
    "appliance-unreachable": ErrorKind(
        Mender.OPERATOR,
        "The appliance at {address} does not answer: {why}. Nothing was sent; look at network and power.",
    ),
    "end-not-acknowledged": ErrorKind(
        Mender.TELLER,
        "The appliance could not be told that the end of job {job} was shown ({why}). Nothing is lost: the appliance "
        "will tell that end again; see teller notices.",
    ),
    "connection-lost": ErrorKind(
        Mender.TELLER,
        "The connection was lost before the answer came, so it is not known whether the request was carried out. Look "
        "at the jobs, or send the same request again: no line is printed twice.",
    ),
    "output-not-written": ErrorKind(
        Mender.CALLER,
        "The output could not be written: {why}. {done}; look at the jobs before you repeat the command.",
    ),
    "internal-error": ErrorKind(
        Mender.OPERATOR,
        "Something went wrong inside the appliance ({reference}). Nothing else was disturbed; see its log.",
    ),
}
"""Code -> actor and sentence. Mechanism rows name the reasons of passbook.job.states.Reason."""


_TWO_STOPS: Final = re.compile(r"([.?!])\.(?=\s|$)")


class PassbookError(Exception):
    """One entry of the catalogue with its facts; `str()` is the sentence for the person who must act.

    Attributes:
        code: the stable code, a key of CATALOGUE.
        facts: the values that fill the sentence; JSON-compatible, never content of a document.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        """Raise KeyError when the code is not in the catalogue or a fact of its sentence is missing."""
        self.code = code
        self.facts = {name: speakable(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        # A fact may be a sentence of its own; then two full stops would stand behind it.
        super().__init__(_TWO_STOPS.sub(r"\1", CATALOGUE[code].sentence.format(**self.facts)))

    @property
    def mender(self) -> Mender:
        """The actor of this error."""
        return CATALOGUE[self.code].mender

    @property
    def exit_code(self) -> int:
        """The process exit code of a command that ends with this error."""
        return EXIT_CODES[self.mender]


def speakable(text: str) -> str:
    """The text with escapes for bytes of a path that are no letters in the caller's locale: no encoding has them."""
    return text.encode("utf-8", "backslashreplace").decode()


def shown(name: str) -> str:
    """A name that a caller chose, bounded and without control characters, fit to stand in a sentence."""
    return "".join(char if char.isprintable() else "?" for char in name[:64])
