"""The commands of `teller`: each module adds its arguments and does its commands.

Theory of operation. A module is named after the word that is typed. Its `add` describes the arguments to argparse,
and its `run` gets a `Workplace`: console, key ring, connection. A command shows a value together with its lines: a
program gets the value, a person the lines. Every failure is a PassbookError, so it is one sentence with a code, and
the exit code names the party that must act. For example `teller jobs` has no code of its own for `--json`.

The invariant: a command asks and shows, and decides nothing that the appliance or the agent decides. The same words
give the same request, so a script may repeat a command that lost its connection. Two forms of one result are refused
before anything is asked, because a program that reads the wrong form would not notice.

    teller jobs --json      `add` reads the words, `run` asks for the list, the workplace writes the value
"""

from __future__ import annotations

import argparse
from typing import Final, Protocol

JOB_HELP: Final = "its id, or the beginning of it, as `teller jobs` and `teller questions` show it"
QUESTION_HELP: Final = (
    "the job of the question, as `teller questions` shows it; with the number N only that question is answered"
)


def check_form(arguments: argparse.Namespace) -> None:
    """End the command with a usage error where two forms of its result are wanted."""
    if arguments.csv and "json" in arguments:
        arguments.usage_error("give --csv or --json, not both")


class AddCommand(Protocol):
    """Add one command that takes the options of `teller` itself as well."""

    def __call__(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002  # argparse's word
        """The parser of the command."""
