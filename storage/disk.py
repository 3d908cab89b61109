"""How large an area's files are, and how large their disk lets them become."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from storage import schema

_BLOCK_BYTES: Final = 512
"""What st_blocks counts (stat(2))."""


def free_bytes(folder: Path) -> int:
    """Bytes that the disk of an area gives out yet; 0 for a disk that cannot say."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize


def log_bytes(folder: Path) -> int:
    """The length of the log of the area in `folder`; 0 while it has none."""
    try:
        return (folder / f"{schema.DATABASE}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def reachable(folder: Path) -> int:
    """Bytes that database and log could take together before their disk is full; 0 for a disk that cannot say."""
    try:
        disk = os.statvfs(folder)
        blocks = (folder / schema.DATABASE).stat().st_blocks + _log_blocks(folder)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize + blocks * _BLOCK_BYTES


def _log_blocks(folder: Path) -> int:
    try:
        return (folder / f"{schema.DATABASE}-wal").stat().st_blocks
    except FileNotFoundError:
        return 0
