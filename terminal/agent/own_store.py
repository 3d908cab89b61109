"""The spool of a terminal: two areas in the teller's folder, sealed under the key ring, bound to one machine.

The file `machine` beside the areas names the spool, under a MAC over that name and the id of this machine.  On another
machine, or beside other areas, the MAC does not fit: then every record loses its print right (P13).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from passbook.errors import PassbookError
from passbook.job.states import Reason
from spooler.logs import Log
from spooler.machine import machine_id
from spooler.orderly_end import leave_marks, take_marks
from spooler.shared_names import SharedNames
from storage import ApplianceKey, AreaSettings, Limits, Rng, Spool, files

_LOG: Final = Log("store")

AREAS: Final = ("a", "b")
_MIB: Final = 1024 * 1024


class _Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spool: str
    mac: bytes


class OwnStore(NamedTuple):
    """The open store.

    Attributes:
        key: of its areas, which also wraps the keys of jobs without a key of the ring.
        secret: the secret of the key ring from which that key is derived.
        name: drawn once, and anew when the store was opened on another machine.
        folder: of its areas.
        names: what the owner of a job shares of it, sealed under `key`.
    """

    spool: Spool
    key: ApplianceKey
    secret: bytes
    name: str
    folder: Path
    names: SharedNames

    def digest_key(self, job: str) -> bytes:
        """The key of the digest by which the appliance knows the document of a job again."""
        return hmac.digest(self.secret, b"passbook agent 1 digest " + job.encode(), sha256)

    def close(self) -> None:
        """Close the areas, and mark the orderly end where all of them were in use."""
        if self.spool.close():
            try:
                leave_marks(self.folder / name for name in AREAS)
            except PassbookError as error:
                _LOG.warning("end-not-marked", code=error.code)


def open_own_store(
    folder: Path,
    secret: bytes,
    *,
    quota_mib: int,
    machine: Path,
    rng: Rng,
    at: str,
    report: Callable[[PassbookError], None],
) -> OwnStore:
    """Open the store, and make every record of an earlier boot invalid (P4).

    Raises PassbookError `area-in-use` while another process has it, and why it cannot be opened.
    """
    own_id = machine_id(machine)
    if not own_id:
        raise PassbookError("file-problem", file=str(machine), why="it has no id of this machine")
    key = ApplianceKey(secret)
    areas = [AreaSettings(name, folder / name, quota_mib * _MIB) for name in AREAS]
    was_there = any(files.exists(area.path) for area in areas)
    spool = Spool.open(areas, key, state=folder / "state", appliance="agent", limits=_LIMITS, rng=rng, report=report)
    try:
        _must_be_usable(spool.problems)
        bound = _bound_name(folder / "machine", secret, own_id)
        copied = was_there and not bound
        marks = take_marks(folder / name for name in AREAS)
        found = spool.power_on(Reason.STORE_COPIED if copied else marks, at)
        _must_be_usable(found.failed.values())
        if copied:
            _LOG.warning("store-copied", count=sum(found.invalidated.values()))
        name = bound or rng(8).hex()
        # Every record says itself what this boot made of it; only then the store is bound to this machine.
        spool.upkeep.settle()
        if not bound:
            binding = msgspec.json.encode(_Binding(name, _mac(secret, name, own_id)))
            files.save_file(folder / "machine", binding, files.PRIVATE)
    except BaseException:
        spool.close()
        raise
    return OwnStore(spool, key, secret, name, folder, SharedNames(key, rng))


_LIMITS: Final = Limits(jobs_per_requester=2000, bytes_per_requester=1024 * _MIB)


def _must_be_usable(problems: Iterable[PassbookError]) -> None:
    """Raise the first problem, if there is one."""
    for problem in problems:
        raise problem


def _bound_name(file: Path, secret: bytes, own_id: bytes) -> str:
    """The name of the spool that is bound to this machine; empty where none is."""
    if not files.exists(file):
        return ""
    try:
        binding = msgspec.json.decode(files.read(file), type=_Binding)
    except (ValueError, RecursionError):
        return ""
    return binding.spool if hmac.compare_digest(binding.mac, _mac(secret, binding.spool, own_id)) else ""


def _mac(secret: bytes, name: str, own_id: bytes) -> bytes:
    return hmac.digest(secret, b"passbook agent 1 machine " + name.encode() + b"\n" + own_id, sha256)
