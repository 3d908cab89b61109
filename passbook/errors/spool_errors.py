"""Errors of two spools with one print right; part of passbook.errors.catalogue."""

from __future__ import annotations

from typing import Final

from passbook.errors.kinds import ErrorKind, Mender

SPOOL_ERRORS: Final[dict[str, ErrorKind]] = {
    "choice-not-possible": ErrorKind(
        Mender.TELLER,
        "{option} is not possible with keep {keep}: that copy is not kept. Nothing was changed; choose a copy that is.",
    ),
    "right-elsewhere": ErrorKind(
        Mender.TELLER,
        "Job {job} was not ended: the other spool has its print right and may print it. Nothing was changed; end it "
        "at terminal {requester}.",
    ),
    "job-at-terminal": ErrorKind(
        Mender.TELLER,
        "Job {job} is at terminal {requester}, which has printer {printer} for it and may be printing. Nothing was "
        "changed; give the order at that terminal, or, if it is silent, answer the question about the job.",
    ),
    "printer-not-back": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} waits: terminal {requester} was handed it for job {job}, is silent or comes no further, and "
        "may still print. "
        "Bring that terminal back, or have two people answer the question about the job, after a look at the printer.",
    ),
    "right-not-here": ErrorKind(
        Mender.TELLER,
        "Job {job} was not changed: its print right is at the appliance, which does not answer. Try again when that is "
        "back, or answer the question about the copy of this terminal.",
    ),
    "job-id-taken": ErrorKind(
        Mender.PROGRAMMER,
        "Job id {job} belongs to a job of another request. Nothing was accepted; draw a new id.",
    ),
    "turn-over": ErrorKind(
        Mender.NONE,
        "Turn {turn} of job {job} is over. Nothing of this answer was taken; the next turn asks again.",
    ),
    "agent-connected": ErrorKind(
        Mender.TELLER,
        "Another agent of terminal {requester} is connected, with another spool. This one was refused; end the other "
        "one first.",
    ),
    "agent-needed": ErrorKind(
        Mender.TELLER,
        "This needs the agent of terminal {requester}, and it is not connected. Nothing was changed; start it with "
        "teller agent.",
    ),
    "document-not-kept": ErrorKind(
        Mender.TELLER,
        "The document of job {job} is not in this spool. Nothing was changed; only its terminal {requester} has it.",
    ),
    "document-differs": ErrorKind(
        Mender.PROGRAMMER,
        "The document for job {job} is not the one that was accepted: {why} differs. Nothing of it was printed; the "
        "job falls back to its other copy, or a person is asked.",
    ),
    "report-not-credible": ErrorKind(
        Mender.PROGRAMMER,
        "The report about job {job} cannot be true: {why}. Nothing of it was noted; report what the spool of the "
        "terminal has, else a person is asked.",
    ),
    "spool-nearly-full": ErrorKind(
        Mender.OPERATOR,
        "The spool of the {side} has taken no new document since {since}: it is nearly full. It takes them again below "
        "{start_at} percent. What it has is kept; have open questions answered, or give its areas more space.",
    ),
    "list-old": ErrorKind(
        Mender.NONE,
        "The appliance does not answer. This is its list of {age} ago, which the agent kept.",
    ),
    "no-sheet": ErrorKind(
        Mender.OPERATOR,
        "The appliance tells of no sheet, so no list can be printed. Nothing was sent; give it a layout of the kind "
        "text.",
    ),
    "apart-after-limited": ErrorKind(
        Mender.OPERATOR,
        "The agent acts by itself after {limit} seconds without the appliance, and not after {wanted} as agent.toml "
        "says: after {wait} seconds without a report the appliance asks people. Set apart_after to at most {limit}.",
    ),
    "summary-of-terminal": ErrorKind(
        Mender.NONE,
        "The appliance does not answer. These are the jobs of this terminal's own spool alone.",
    ),
    "printer-configured": ErrorKind(
        Mender.OPERATOR,
        "The own printer at {port}, to stand in for {printer}, is one of the appliance. Nothing is printed there; take "
        "it out of agent.toml, or give the terminal another one.",
    ),
    "network-busy": ErrorKind(
        Mender.TELLER,
        "The network to the appliance is busy: {why}. Nothing was accepted; keep the document at the terminal, or try "
        "again later.",
    ),
    "spool-stopped": ErrorKind(
        Mender.OPERATOR,
        "The spool of the {side} takes no new document: {why}. Nothing was accepted; choose the other spool, or try "
        "again later.",
    ),
}
"""Code -> the person who must act on it, and its sentence."""
