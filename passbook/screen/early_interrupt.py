"""Ctrl-C before a command has read its modules: its first module calls this, and reads nothing else before."""

from __future__ import annotations

import signal


def let_interrupt_end() -> None:
    """Have Ctrl-C end the process without a traceback until `conduct` takes it; one that was ignored stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
