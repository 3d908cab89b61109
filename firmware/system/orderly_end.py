"""Whether the last end was an orderly one: an empty file in every area's folder, from an orderly end to the next start.

Every doubt says power loss, because people then look at the paper more closely.  Every folder has its mark, so that
one whose disk was away for a start cannot vouch for that start.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from passbook.job.states import Reason
from storage.files import PRIVATE, save_file, sync_folder

MARK: Final = "ended-in-order"


def leave_marks(folders: Iterable[Path]) -> None:
    """The appliance has closed everything in order.  Raises PassbookError `file-problem`."""
    for folder in folders:
        save_file(folder / MARK, b"", PRIVATE)


def take_marks(folders: Iterable[Path]) -> Reason:
    """Why the appliance was down; marks count only when all were there and are surely gone before anything else."""
    taken = [_take(folder) for folder in folders]
    return Reason.RESTART if all(taken) else Reason.POWER_LOSS


def _take(folder: Path) -> bool:
    try:
        (folder / MARK).unlink()
        sync_folder(folder)
    except OSError:
        return False
    return True
