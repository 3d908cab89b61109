"""Ends of jobs that the agent took note of at the appliance, kept until a person at this machine saw them (P8)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from passbook.errors import PassbookError
from passbook.protocol.notice import Notice
from spooler.logs import Log
from storage import files

_LOG: Final = Log("notices")
_JOB: Final = re.compile(r"[0-9a-f]{1,64}")


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One end; `shown` before the appliance told it: a person saw it in the time apart."""

    notice: Notice
    shown: bool = False


class KeptNotices:
    """One small file for each end, in `folder`; it has the columns that every terminal may see, and no content."""

    def __init__(self, folder: Path) -> None:
        """Read what is kept."""
        self._folder = folder
        self._kept: dict[str, _Kept] = {}
        files.make_folder(folder)
        for file in sorted(folder.glob("*.json")):
            try:
                self._kept[file.stem] = msgspec.json.decode(files.read(file), type=_Kept)
            except (PassbookError, ValueError, RecursionError):
                _LOG.error("notice-unreadable", path=str(file))

    def store(self, notice: Notice) -> bool:
        """Keep an end, durably; whether a person must still see it.  Raises PassbookError `file-problem`."""
        job = notice.job.job
        if not _JOB.fullmatch(job):
            raise PassbookError("invalid-message", why="the notice names no job")
        kept = self._kept.get(job)
        if kept is None or not kept.shown:
            self._save(job, _Kept(notice))
            return True
        return False

    def show(self, notice: Notice) -> None:
        """A person saw an end that the appliance has not told yet.  Raises PassbookError `file-problem`."""
        self._save(notice.job.job, _Kept(notice, shown=True))

    def is_shown(self, job: str) -> bool:
        """Whether a person saw the end of the job before the appliance told it."""
        return job in self._kept and self._kept[job].shown

    def waiting(self) -> list[Notice]:
        """The ends that a person must still see, in the order of acceptance."""
        return sorted((one.notice for one in self._kept.values() if not one.shown), key=lambda one: one.job.sequence)

    def drop(self, job: str) -> Notice | None:
        """Forget an end that a person saw and that the appliance knows of; None where none is kept.

        Raises PassbookError `file-problem`, and then it is told again.
        """
        kept = self._kept.get(job)
        if kept is None:
            return None
        file = self._folder / f"{job}.json"
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise PassbookError("file-problem", file=str(file), why=error.strerror or "it stays there") from None
        del self._kept[job]
        return kept.notice

    def _save(self, job: str, kept: _Kept) -> None:
        files.save_file(self._folder / f"{job}.json", msgspec.json.encode(kept), files.PRIVATE)
        self._kept[job] = kept
