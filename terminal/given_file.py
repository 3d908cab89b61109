"""The file with a document that a person names behind a command, or standard input, and its format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from passbook.errors import PassbookError
from passbook.screen.arguments import one_of
from storage import files
from terminal import own_copy
from terminal.interrupts import interruptible

STANDARD_INPUT: Final = Path("-")


def add_format(parser: argparse.ArgumentParser, suffixes: Mapping[str, str]) -> None:
    """Add the option --format; `suffixes` gives the format for each suffix of a file."""
    formats = list(suffixes.values())
    text = f"format of FILE: {', '.join(formats)} (default: by suffix)"
    parser.add_argument("--format", type=one_of(formats), metavar="FORMAT", help=text)


def check_format_given(arguments: argparse.Namespace) -> None:
    """End the command with a usage error where the format cannot be told."""
    if arguments.file == STANDARD_INPUT and arguments.format is None:
        arguments.usage_error("give --format with -, since standard input has no suffix")


def format_given(arguments: argparse.Namespace, suffixes: Mapping[str, str]) -> str:
    """The format that was typed, or that of the suffix.  Raises PassbookError `format-not-given`."""
    typed: str | None = arguments.format
    return typed or own_copy.format_of(arguments.file, suffixes)


def read_given(file: Path, most: int) -> bytes:
    """The bytes of the file, or of standard input up to `most`.

    Raises PassbookError `file-problem`, `document-too-large`.
    """
    if file != STANDARD_INPUT:
        return files.read(file)
    with interruptible():
        data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise PassbookError("document-too-large", limit=most)
    return data
