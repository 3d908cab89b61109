"""The spool of a terminal: two areas in the teller's folder, sealed under the key ring, bound to one machine.

The file `machine` beside the areas names the spool, under a MAC over that name and the id of this machine.  On another
machine, or beside other areas, the MAC does not fit: then every record loses its print right (P13).

That there was a spool is known beside it too: where its folder is lost no other one is made without a person's word.
One area that is lost or bad is left out, as at the appliance, and what only a job in it can tell stays open.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
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
_BINDING: Final = "machine"
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


def begin_anew(folder: Path, state: Path) -> None:
    """Forget that there was a spool, so that open_own_store() makes one.

    Raises PassbookError `own-spool-there` while an area of it is there, and `file-problem`.
    """
    if any(files.exists(area.path) for area in _areas(folder)):
        raise PassbookError("own-spool-there", folder=str(folder))
    for file in (*sorted(state.glob("*")), folder / _BINDING):
        files.erase_file(file)


def open_own_store(
    folder: Path,
    secret: bytes,
    *,
    state: Path,
    quota_mib: int,
    machine: Path,
    rng: Rng,
    at: str,
    report: Callable[[PassbookError], None],
) -> OwnStore:
    """Open the store, and make every record of an earlier boot invalid (P4).

    `state` is the folder of what is known outside of the store: that there was one.  An area that cannot be used is
    reported while the other one can.

    Raises PassbookError `area-in-use` while another process has it, and `own-spool-unusable`.
    """
    own_id = machine_id(machine)
    if not own_id:
        raise PassbookError("file-problem", file=str(machine), why="it has no id of this machine")

    def tell(problem: PassbookError) -> None:
        report(_in_own_words(problem, folder))

    key = ApplianceKey(secret)
    areas = _areas(folder, quota_mib)
    was_there = any(files.exists(area.path) for area in areas)
    spool = Spool.open(areas, key, state=state, appliance="agent", limits=_LIMITS, rng=rng, report=tell)
    try:
        bound = _bound_name(folder / _BINDING, secret, own_id)
        copied = was_there and not bound
        _judge_left_out(spool.problems, folder, needs_all=copied)
        marks = take_marks(folder / name for name in AREAS)
        found = spool.power_on(Reason.STORE_COPIED if copied else marks, at)
        left_out = list(dict.fromkeys([*spool.problems, *found.failed.values()]))
        _judge_left_out(left_out, folder, needs_all=copied)
        for problem in left_out:
            report(_left_out(problem, folder))
        if copied:
            _LOG.warning("store-copied", count=sum(found.invalidated.values()))
        name = bound or rng(8).hex()
        # Every record says itself what this boot made of it; only then the store is bound to this machine.
        spool.upkeep.settle()
        if not bound:
            _bind(folder, secret, name, own_id)
    except BaseException:
        spool.close()
        raise
    return OwnStore(spool, key, secret, name, folder, SharedNames(key, rng))


_LIMITS: Final = Limits(jobs_per_requester=2000, bytes_per_requester=1024 * _MIB)
_WHY: Final = MappingProxyType(
    {
        "area-absent": "it was there before and is missing",
        "area-not-made": "it is missing, and so is the other one or its use",
        "area-rolled-back": "an earlier state of it was put in its place, or its last changes are lost",
        "area-unsure": "whether an earlier state of it was put in its place cannot be known",
        "rows-altered": "some of its records were removed, or replaced by older ones",
        "memory-altered": "its notes about the other area were altered",
        "peers-altered": "its notes about the other area were altered",
    }
)
"""Problems whose sentences name what only an operator of an appliance has, as a teller reads them."""


def _areas(folder: Path, quota_mib: int = 0) -> list[AreaSettings]:
    return [AreaSettings(name, folder / name, quota_mib * _MIB) for name in AREAS]


def _judge_left_out(problems: Sequence[PassbookError], folder: Path, *, needs_all: bool) -> None:
    """Raise PassbookError where another process has the store, or no area of it can be used.

    A copied store `needs_all`: what is left out would keep its print right, and be back on a machine that is bound.
    """
    for problem in problems:
        if problem.code == "area-in-use":
            raise problem
    if len(problems) == len(AREAS) or (problems and needs_all):
        why = f"area {problems[0].facts.get('area', '')}: {_why(problems[0])}"
        raise PassbookError("own-spool-unusable", folder=str(folder), why=why)


def _left_out(problem: PassbookError, folder: Path) -> PassbookError:
    """Why one area is not used, for a teller."""
    if problem.code == "area-full":
        return problem
    area = str(problem.facts.get("area", ""))
    return PassbookError("own-area-unusable", area=area, folder=str(folder), why=_why(problem))


def _in_own_words(problem: PassbookError, folder: Path) -> PassbookError:
    """What is found of an area that is used, for a teller."""
    if problem.code not in _WHY:
        return problem
    area = str(problem.facts["area"])
    return PassbookError("own-area-altered", area=area, folder=str(folder), why=_why(problem))


def _why(problem: PassbookError) -> str:
    return _WHY.get(problem.code, str(problem).rstrip("."))


def _bound_name(file: Path, secret: bytes, own_id: bytes) -> str:
    """The name of the spool that is bound to this machine; empty where none is."""
    if not files.exists(file):
        return ""
    try:
        binding = msgspec.json.decode(files.read(file), type=_Binding)
    except (ValueError, RecursionError):
        return ""
    return binding.spool if hmac.compare_digest(binding.mac, _mac(secret, binding.spool, own_id)) else ""


def _bind(folder: Path, secret: bytes, name: str, own_id: bytes) -> None:
    binding = msgspec.json.encode(_Binding(name, _mac(secret, name, own_id)))
    files.save_file(folder / _BINDING, binding, files.PRIVATE)


def _mac(secret: bytes, name: str, own_id: bytes) -> bytes:
    return hmac.digest(secret, b"passbook agent 1 machine " + name.encode() + b"\n" + own_id, sha256)
