"""The start of the command `passbookd`: from its first moment on, Ctrl-C ends it without a traceback."""

from __future__ import annotations

from passbook.screen.early_interrupt import let_interrupt_end


def main() -> int:
    """Run `passbookd`; return the exit code."""
    let_interrupt_end()
    # A person may press Ctrl-C before the modules of the command are read.
    from firmware.__main__ import main as run  # noqa: PLC0415

    return run()
