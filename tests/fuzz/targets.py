"""The fuzz targets by name, their kept seeds, and the check of each."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"

TARGETS: Final = (
    "certificates",
    "configurations",
    "documents",
    "drawntexts",
    "envelopes",
    "frames",
    "hostbytes",
    "imported",
    "imports",
    "keyrings",
    "layouts",
    "mailpaths",
    "mails",
    "messages",
    "operators",
    "papers",
    "placings",
    "plans",
    "profiles",
    "renderings",
    "requests",
    "rows",
    "slipframes",
    "sliphosts",
)
"""Modules of this package."""


def check_of(target: str) -> Callable[[bytes], None]:
    """The check of one target; it raises when the sentence of its docstring is not true for the bytes."""
    check: Callable[[bytes], None] = importlib.import_module(f"{__package__}.{target}").check
    return check


def seeds(target: str) -> list[bytes]:
    """What is kept of one target: what a peer really sends, and what once broke a rule."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]
