"""Errors of printing by mail; part of passbook.errors.catalogue."""

from __future__ import annotations

from typing import Final

from passbook.errors.kinds import ErrorKind, Mender

MAIL_ERRORS: Final[dict[str, ErrorKind]] = {
    "mail-address": ErrorKind(
        Mender.CALLER,
        "{address} is no mail address that is taken here. Nothing was accepted; write one as name@domain in plain "
        "letters and digits.",
    ),
    "mail-recipient-unknown": ErrorKind(
        Mender.CALLER,
        "No route leads to {address}. Nothing was accepted for it; correct the address, or have a route added.",
    ),
    "mail-sender-unknown": ErrorKind(
        Mender.OPERATOR,
        "The sender at {address} did not prove who it is, and the route names no network of it. Nothing was accepted; "
        "use a client certificate or a password, or have its network added to the route.",
    ),
    "mail-sender-foreign": ErrorKind(
        Mender.CALLER,
        "{who} may not send as {address}. Nothing was accepted; send under your own name.",
    ),
    "cannot-move": ErrorKind(
        Mender.TELLER,
        "Job {job} cannot go to a substitute: {why}. Nothing was changed; have its printer mended, or end the job and "
        "send it to another printer.",
    ),
    "no-way-there": ErrorKind(
        Mender.TELLER,
        "{to} is no substitute for job {job}. Nothing was changed; its substitutes are: {known}.",
    ),
    "no-substitute": ErrorKind(
        Mender.OPERATOR,
        "{printer} cannot work, and {count} jobs wait there: no substitute takes them by itself. They are kept; mend "
        "it, or have a person send them to a substitute with teller move.",
    ),
    "mail-moved-away": ErrorKind(
        Mender.NONE,
        "This mail was handed to the substitute {to} as job {job}. Nothing was accepted now; it is looked after there.",
    ),
    "mail-malformed": ErrorKind(
        Mender.PROGRAMMER, "The message cannot be read: {why}. Nothing was accepted; mend the program that wrote it."
    ),
    "mail-part-unknown": ErrorKind(
        Mender.CALLER,
        "{part} of the mail is {kind}, which is not printed here. Nothing of the mail was accepted; send it without "
        "that part, or in another format.",
    ),
    "mail-part-damaged": ErrorKind(
        Mender.PROGRAMMER,
        "{part} of the mail cannot be decoded: {why}. Nothing of the mail was accepted; send it again.",
    ),
    "mail-empty": ErrorKind(
        Mender.CALLER, "The mail has nothing to print. Nothing was accepted; attach the document to it."
    ),
    "mail-of-too-many-jobs": ErrorKind(
        Mender.CALLER,
        "The mail makes {count} jobs at once, and a requester may have {limit}. Nothing was accepted; send its parts "
        "or its recipients in several mails.",
    ),
    "mail-loop": ErrorKind(
        Mender.OPERATOR,
        "The mail goes in a circle: {why}. Nothing was accepted; correct the routes of the appliances that it names.",
    ),
    # The command that sends mail
    "mail-refused": ErrorKind(
        Mender.CALLER,
        "{server} refused the mail for {address}: {words}. It does not print there; correct the fault that these "
        "words name, then send it again.",
    ),
    "mail-postponed": ErrorKind(
        Mender.NONE,
        "{server} did not take the mail for {address} now: {words}. Send it again later with --message-id "
        "{message_id}, so that it stays one job.",
    ),
    "mail-outcome-unknown": ErrorKind(
        Mender.NONE,
        "The connection to {server} ended before its answer: {why}. It may have the mail for {address}; send it again "
        "with --message-id {message_id}, so that it stays one job.",
    ),
    "mail-server-unreachable": ErrorKind(
        Mender.OPERATOR,
        "No mail can be handed over to {server}: {why}. Nothing was sent; look at address and network, then send it "
        "again.",
    ),
    "mail-server-not-trusted": ErrorKind(
        Mender.OPERATOR,
        "The certificate that {server} showed is not accepted: {why}. Nothing was sent; look at its address, its name "
        "(--server-name) and its authority (--ca).",
    ),
    "mail-server-unfit": ErrorKind(
        Mender.OPERATOR,
        "{server} does not offer {what}. Nothing was sent; have it set up there, or choose another mail server.",
    ),
    "mail-login-refused": ErrorKind(
        Mender.OPERATOR,
        "{server} did not accept user name and password: {words}. Nothing was sent; look at --user and "
        "--password-file.",
    ),
    "mail-unprotected": ErrorKind(
        Mender.CALLER,
        "{server} is not on this machine, so --plain would show the mail to others. Nothing was sent; leave out "
        "--plain.",
    ),
}
"""Code -> the person who must act on it, and its sentence."""
