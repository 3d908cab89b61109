"""Whether the last end was an orderly one: an empty file in every area's folder, from an orderly end to the next boot.

Every doubt counts as power loss, because people then look at the paper more closely. Every folder has its mark, so that
a folder whose disk was missing at a boot cannot vouch for that boot.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from passbook.job.states import Reason
from storage import files

MARK: Final = "ended-in-order"


def leave_marks(folders: Iterable[Path]) -> None:
    """Mark every folder after the appliance closed in order. Raises PassbookError `file-problem`."""
    for folder in folders:
        files.save_file(folder / MARK, b"", files.PRIVATE)


def take_marks(folders: Iterable[Path]) -> Reason:
    """The reason for which the appliance was down; marks count only if all exist, and are surely removed first."""
    taken = [_take(folder) for folder in folders]
    return Reason.RESTART if all(taken) else Reason.POWER_LOSS


def _take(folder: Path) -> bool:
    try:
        (folder / MARK).unlink()
        files.sync_folder(folder)
    except OSError:
        return False
    return True
