"""`teller`: the command of a teller's terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from passbook.errors import PassbookError
from passbook.screen.arguments import path
from passbook.screen.command_line import HOME, PASSPHRASE_FILE, command_parser, conduct, exit_code, from_environment
from terminal.commands import (
    AddCommand,
    agent,
    book,
    check,
    copies,
    enroll,
    environment,
    history,
    jobs,
    keys,
    mail,
    notices,
    page,
    preview,
    printing,
    recovery,
    terminals,
    watch,
)
from terminal.console import Terminal
from terminal.home import DEFAULT, Home
from terminal.interrupts import Interrupts
from terminal.workplace import Workplace


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code tells the actor of an error (passbook.errors.kinds.EXIT_CODES)."""
    return conduct("teller", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    places: list[str] = []
    for option, variable in (("home", HOME), ("passphrase_file", PASSPHRASE_FILE)):
        if option in arguments:
            places += [f"--{option.replace('_', '-')}", str(getattr(arguments, option))]
        else:
            setattr(arguments, option, from_environment(os.environ, variable, Path))
    console = Terminal(json="json" in arguments, places=places)
    home = Home((arguments.home or DEFAULT).expanduser())
    typed = sys.argv[1:] if argv is None else argv
    workplace = Workplace(home, console, arguments.passphrase_file, typed=typed, places=places)
    command: Coroutine[Any, Any, int] = arguments.run(workplace, arguments)
    try:
        return Interrupts(console, workplace.left).run(command)
    except PassbookError as error:
        console.fail(error)
        return exit_code(error, arguments)


def _parser() -> argparse.ArgumentParser:
    common = _common()
    parser = command_parser(
        "teller",
        "Print into passbooks, and answer when a job stopped. Times are those of this machine's clock; --json has UTC.",
        parents=[common],
    )
    commands = _adder(parser, common)
    for module in (
        agent,
        enroll,
        printing,
        check,
        mail,
        copies,
        preview,
        jobs,
        book,
        environment,
        history,
        recovery,
        notices,
        terminals,
        watch,
        page,
    ):
        module.add(commands)
    keys.add(_adder(commands("keys", help="the key ring of this terminal"), common))
    return parser


def _adder(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> AddCommand:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002  # argparse's word
        """A command repeats in its own help its sentence in the list of commands."""
        return commands.add_parser(name, help=help, description=help, parents=[common])

    return add


def _common() -> argparse.ArgumentParser:
    """Options that may stand before or after the command; a missing one must not undo a given one."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    text = f"this terminal's folder (default: ${HOME}, else {DEFAULT})"
    common.add_argument("--home", type=path(Path), metavar="DIR", help=text)
    text = f"holds the key ring's passphrase (default: ${PASSPHRASE_FILE}, else you are asked)"
    common.add_argument("--passphrase-file", type=path(Path), metavar="FILE", help=text)
    common.add_argument("--json", action="store_true", help="one JSON value a line, for programs")
    return common


if __name__ == "__main__":
    sys.exit(main())
