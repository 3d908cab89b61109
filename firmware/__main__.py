"""`passbookd`: the appliance process."""

from __future__ import annotations

import sys
from pathlib import Path

from firmware import appliance
from firmware.config import configuration, loading
from passbook.errors import PassbookError
from passbook.screen.arguments import path
from passbook.screen.command_line import command_parser, conduct, exit_code
from spooler import hardening, logs

DEFAULT_FILE = Path("/etc/passbook/passbook.toml")


def main(argv: list[str] | None = None) -> int:
    """Run the appliance, or only check its configuration; the exit code says who must act."""
    return conduct("passbookd", lambda: _run(argv))


def _run(argv: list[str] | None) -> int:
    parser = command_parser("passbookd", "The passbook printer server.")
    text = f"the configuration file (default: {DEFAULT_FILE})"
    parser.add_argument("--config", type=path(Path), default=DEFAULT_FILE, metavar="FILE", help=text)
    parser.add_argument("--check", type=path(Path), metavar="FILE", help="check a configuration file and end")
    options = parser.parse_args(argv)
    try:
        settings = configuration.load_configuration(options.check or options.config)
        if options.check:
            loaded = loading.check_configuration(settings)
            print(f"{options.check}: all right\n{configuration.configuration_summary(settings)}", flush=True)
            for warning in loading.warnings(settings, loaded):
                print(f"passbookd: warning: {warning} [{warning.code}]", file=sys.stderr)
            return 0
        logs.configure(settings.log.level)
        hardening.harden()
        appliance.run_appliance(settings)
    except PassbookError as error:
        print(f"passbookd: {error} [{error.code}]", file=sys.stderr)
        return exit_code(error, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
