"""`passbookctl printer show` and `printer ruler`: a printer's set-up, what is assumed of it, where its ink stands."""

from __future__ import annotations

import secrets
import sys
import termios
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from client.control import ask
from passbook.document.lengths import shown_length
from passbook.document.ruler import offset_by
from passbook.errors import PassbookError
from passbook.job.states import TERMINAL, JobState
from passbook.protocol.messages import REQUESTER_KEY_BYTES, JobRef, JobView
from passbook.protocol.notice import AcknowledgeNotice
from passbook.protocol.printer_setup import (
    MOST_OFFSET,
    RULER_LAYOUTS,
    PrinterDetails,
    PrinterRef,
    PrintRuler,
    RulerPlace,
)
from passbook.protocol.progress import state_words
from passbook.screen.arguments import length
from passbook.screen.columns import short

POLL: Final = 0.5
"""Seconds between two looks whether the ruler is printed: an operator gets no events."""
FIRST_LINE: Final = "from the top edge of the sheet to the foot of line 01"
BAR: Final = "from the left edge of the sheet to the middle of the bars in column 1"


def details_of(control: Path, printer: str) -> PrinterDetails:
    """What the appliance knows of a printer.  Raises PassbookError."""
    return msgspec.convert(ask(control, "Appliance.GetPrinter", PrinterRef(printer)), PrinterDetails)


def details_lines(result: Any) -> list[str]:
    """The details for people: the set-up first, then what only a look at the real printer can confirm."""
    found = msgspec.convert(result, PrinterDetails)
    step = f"1/{found.elementary_step} in" if found.elementary_step else "none to choose"
    lines = [
        f"printer          {found.printer}",
        f"dialect          {found.dialect}",
        f"profile          {found.profile}",
        f"port             {found.port}",
        f"code page        {found.code_page}",
        f"elementary step  {step}",
        f"x offset         {shown_length(found.x_offset)}",
        f"y offset         {shown_length(found.y_offset)}",
        f"read back        {_read_words(found)}",
        *(f"problem          {problem}" for problem in found.problems),
    ]
    if found.assumed:
        lines += ["Assumed, as no manual at hand says it; check each at the real printer, and put it into its profile:"]
        lines += [f"  {one.key}: {one.value}" if one.value else f"  {one.key}" for one in found.assumed]
    return lines


def _read_words(found: PrinterDetails) -> str:
    read = found.read_back
    if read is None:
        return "nothing: it was not connected yet, or its dialect cannot be asked"
    told = [f"{one.key} {one.found}" for one in read.values]
    words = ", ".join(told) or "nothing that its profile explains"
    return f"{words} (bytes {read.answer})" if read.answer else words


def print_ruler(control: Path, printer: str, person: str, typed: str, say: Callable[[str], None]) -> RulerPlace:
    """Have a ruler printed and wait for it; returns where its marks belong.

    `typed` is `passbookctl` with the options that name the appliance, for the way back after Ctrl-C.

    Raises PassbookError, `ruler-not-printed` for a job that stopped or was ended.
    """
    place = _place(control, printer)
    order = PrintRuler(printer, f"ruler-{secrets.token_hex(8)}", secrets.token_bytes(REQUESTER_KEY_BYTES), person)
    left = ["", "It is not known whether the appliance has the ruler:", f"  {typed} jobs"]
    try:
        job = msgspec.convert(ask(control, "Appliance.PrintRuler", order), JobView)
        left = ["", "The appliance keeps the ruler; only this command has left it. End it:"]
        left += [f"  {typed} cancel {short(job.job)}", *_measured_later(printer, typed)]
        say(f"The ruler is job {job.job}. Put an empty sheet ({place.layout}) into {printer} when it is ready.")
        while job.state not in TERMINAL and job.valid:
            time.sleep(POLL)
            job = msgspec.convert(ask(control, "Spooler.GetJob", JobRef(job.job)), JobView)
    except KeyboardInterrupt:
        _say_all(left, say)
        raise
    if job.state is not JobState.COMPLETED:
        raise PassbookError("ruler-not-printed", printer=printer, why=state_words(job))
    # Where that fails, the notice is told to the representatives, as it would be of a command that was left.
    with suppress(PassbookError):
        ask(control, "Spooler.AcknowledgeNotice", AcknowledgeNotice(job.job))
    return place


def _measured_later(printer: str, typed: str) -> list[str]:
    return ["Measure a ruler that is printed:", f"  {typed} printer ruler {printer} --first-line LENGTH --bar LENGTH"]


def _say_all(lines: Sequence[str], say: Callable[[str], None]) -> None:
    for line in lines:
        say(line)


def _place(control: Path, printer: str) -> RulerPlace:
    place = details_of(control, printer).ruler
    if place is None:
        raise PassbookError("layout-unfit", layout=" or ".join(RULER_LAYOUTS), kind=f"no ruler of printer {printer}")
    return place


def ask_lengths(printer: str, typed: str, say: Callable[[str], None]) -> tuple[int, int]:
    """Ask at the keyboard where line 1 and the bars stand; `typed` as above.

    Raises PassbookError `ruler-not-measured` where input ends.
    """
    try:
        return _ask_length(FIRST_LINE, say), _ask_length(BAR, say)
    except KeyboardInterrupt:
        _say_all(["", *_measured_later(printer, typed)], say)
        raise


def _ask_length(what: str, say: Callable[[str], None]) -> int:
    while True:
        _forget_typed()
        say(f"How far is it {what}? Type a length such as 25.4 mm:")
        typed = sys.stdin.readline()
        if not typed:
            raise PassbookError("ruler-not-measured")
        try:
            return length(typed)
        except ArgumentTypeError as error:
            say(f"This cannot be used: {error}.")


def _forget_typed() -> None:
    """Throw away the lines that wait at the tty: a person typed them before the question that they would answer."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def offsets(control: Path, printer: str, first_line: int, bar: int) -> dict[str, str]:
    """The offsets that put ink where it belongs, as they stand in the configuration, from where it stands now.

    Raises PassbookError, `ruler-implausible` for an offset that the configuration does not take.
    """
    found, place = details_of(control, printer), _place(control, printer)
    wanted = {
        "x_offset": offset_by(found.x_offset, place.bar, bar),
        "y_offset": offset_by(found.y_offset, place.first_line, first_line),
    }
    for key, units in wanted.items():
        if abs(units) > MOST_OFFSET:
            told, most = shown_length(units), shown_length(MOST_OFFSET)
            raise PassbookError("ruler-implausible", printer=printer, key=key, length=told, most=most)
    return {"printer": printer} | {key: shown_length(units) for key, units in wanted.items()}


def offset_lines(result: Any) -> list[str]:
    """The offsets for people, with the place where they belong."""
    return [
        f"Put these two lines into the [[printer]] table of {result['printer']}, and restart the appliance:",
        f'x_offset = "{result["x_offset"]}"',
        f'y_offset = "{result["y_offset"]}"',
    ]
