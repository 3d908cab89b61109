"""`passbookd`: the appliance process."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from firmware import appliance, config, hardening, loading, logs
from passbook.arguments import path
from passbook.errors import PassbookError

DEFAULT_FILE = Path("/etc/passbook/passbook.toml")


def main(argv: list[str] | None = None) -> int:
    """Run the appliance, or only check its configuration; the exit code says who must act."""
    parser = argparse.ArgumentParser(prog="passbookd", description="The passbook printer server.")
    parser.add_argument("--config", type=path(Path), default=DEFAULT_FILE, metavar="FILE")
    parser.add_argument("--check", type=path(Path), metavar="FILE", help="check a configuration file and end")
    options = parser.parse_args(argv)
    try:
        return _run(options)
    finally:
        _let_go_of_streams()


def _run(options: argparse.Namespace) -> int:
    try:
        settings = config.load(options.check or options.config)
        if options.check:
            loading.check(settings)
            _show(f"{options.check}: all right\n{config.summary(settings)}")
            for warning in loading.warnings(settings):
                print(f"passbookd: warning: {warning} [{warning.code}]", file=sys.stderr)
            return 0
        logs.configure(settings.log.level)
        hardening.harden()
        appliance.run(settings)
    except PassbookError as error:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            print(f"passbookd: {error} [{error.code}]", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _show(text: str) -> None:
    """Write to standard output.  Raises PassbookError `file-problem`."""
    try:
        print(text, flush=True)
    except OSError as error:
        why = f"it cannot be written to: {error.strerror}"
        raise PassbookError("file-problem", file="standard output", why=why) from None


def _let_go_of_streams() -> None:
    """What cannot be written must not be tried once more by the interpreter's own end, which would change the code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (ValueError, AttributeError):
            # It was closed, or was never there.
            continue


if __name__ == "__main__":
    sys.exit(main())
