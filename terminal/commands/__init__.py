"""The commands of `teller`: each module adds its arguments and says what they do."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

from terminal.desk import Desk

Run: TypeAlias = Callable[[Desk, argparse.Namespace], Awaitable[int]]
"""Does one command and gives the exit code; raises PassbookError."""


JOB_HELP: Final = "its id, as `teller jobs` and `teller inquiries` show it"


class AddCommand(Protocol):
    """Adds one command that takes the options of `teller` itself as well."""

    def __call__(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002  # argparse's word
        """The parser of the command."""
