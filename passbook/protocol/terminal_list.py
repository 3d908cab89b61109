"""The list of terminals, for representatives and operators: `Spooler.ListTerminals` (F3)."""

from __future__ import annotations

import msgspec


class TerminalView(msgspec.Struct, frozen=True, rename="camel"):
    """One terminal that is connected, was connected since the boot, has jobs, or is configured as representative.

    Attributes:
        connections: number of its connections; 0 when it is not connected.
        silent: seconds since it last sent a message or connected; -1 for never since the boot.
        heard_at: the time of that, ISO 8601 in UTC, by the present clock; empty for never since the boot.
        questions: number of its jobs that wait for an answer.
        held: number of its jobs that stand still, for any reason.
        pending: number of its jobs that wait for their turn or print.
    """

    terminal: str
    representative: bool
    connections: int = 0
    silent: int = -1
    heard_at: str = ""
    questions: int = 0
    held: int = 0
    pending: int = 0


class TerminalList(msgspec.Struct, frozen=True):
    """Completion of `Spooler.ListTerminals`, by name."""

    terminals: tuple[TerminalView, ...]
