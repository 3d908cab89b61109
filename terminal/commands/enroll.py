"""`teller enroll`: make this terminal's key and request, then take up the signed certificate."""

from __future__ import annotations

import argparse
from pathlib import Path

from passbook.screen.arguments import host, path, short_text
from terminal import enrollment
from terminal.commands import AddCommand
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("enroll", help="make this terminal known to an appliance, in two steps")
    first = parser.add_argument_group("first step")
    first.add_argument("--name", help="the name of this terminal; writes request.pem for the operator")
    first.add_argument("--representative", action="store_true", help="ask to answer for other terminals too")
    second = parser.add_argument_group("second step")
    second.add_argument(
        "--certificate", type=path(Path), metavar="FILE", help="the certificate that the operator signed"
    )
    second.add_argument("--ca", type=path(Path), metavar="FILE", help="the authority's certificate")
    second.add_argument("--address", type=host, metavar="HOST:PORT", help="the address of the appliance")
    second.add_argument(
        "--server-name",
        type=short_text,
        metavar="NAME",
        help="the name in its certificate, if it is not that of the authority",
    )
    parser.set_defaults(run=run, usage_error=parser.error)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Do the step whose arguments the person gave."""
    second = (arguments.certificate, arguments.ca, arguments.address)
    if arguments.name is not None and not any(second):
        request = enrollment.begin_enrollment(workplace.home, arguments.name, representative=arguments.representative)
        workplace.console.show({"request": str(request)}, [f"Have the operator sign {request}."])
    elif arguments.name is None and all(second):
        address = enrollment.finish_enrollment(workplace.home, *second, arguments.server_name)
        workplace.console.show({"address": str(address)}, [f"This terminal is enrolled with {address}."])
    else:
        arguments.usage_error("give --name, or all of --certificate, --ca and --address")
    return 0
