"""`passbookctl printer ...`: orders of operators about one printer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Protocol

from client.login import login_name
from passbook.protocol.messages import Payload
from passbook.protocol.operators import PausePrinter, ResumePrinter
from passbook.screen.arguments import short_text


class AddOrder(Protocol):
    """Adds one command to the group."""

    def __call__(
        self, name: str, text: str, operation: str, payload: type[Payload], **defaults: Any
    ) -> argparse.ArgumentParser:
        """The command's parser; it asks the `operation` with this payload of the appliance."""


def add_orders(order: AddOrder) -> None:
    """Add the orders that pause a printer and end that."""
    pause = order(
        "pause",
        "have a printer finish the job that it prints and start no other, also after a boot",
        "Appliance.PausePrinter",
        PausePrinter,
        says=_after_pause,
    )
    pause.add_argument("--reason", type=short_text, metavar="TEXT", help="why, for the people who wait")
    text = "have a paused printer start jobs again"
    resume = order("resume", text, "Appliance.ResumePrinter", ResumePrinter, says=_after_resume)
    for parser in (pause, resume):
        parser.add_argument("printer", type=short_text, metavar="NAME", help="the printer, as the set-up file names it")
        who = "who decides (default: the name you logged in with)"
        parser.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)


def _after_pause(view: Any) -> Sequence[str]:
    name, job = view["printer"], view["job"]
    said = f"{name} is paused: it starts no job until passbookctl printer resume {name}."
    return [said, f"It finishes job {job[:8]} first."] if job else [said]


def _after_resume(view: Any) -> Sequence[str]:
    return [f"{view['printer']} starts jobs again."]
