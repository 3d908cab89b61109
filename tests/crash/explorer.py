"""Tries the states in which a power cut can leave the disk of one life, and judges what a start makes of each."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from typing_extensions import override

from tests.crash.coverage import Coverage, Doing, UnderWay
from tests.crash.life import look, put, small_logs
from tests.crash.log import Log, Said
from tests.crash.model import Fault, Finding, Found, Model
from tests.crash.states import Disk, Image, Survivors

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - memory, so that no state waits for a disk
SHOWN: Final = 10
"""Findings that are kept in words."""


@dataclass
class Explored:
    """What was tried, and what was found.

    Attributes:
        states: moments of a power cut, each with one way in which the disk can be left.
        images: different contents of the disk among them; each was opened once.
        jobs: acknowledged jobs that were looked for, over all states.
        findings: the first ones.
        coverage: of what the stories were made.
    """

    states: int = 0
    images: int = 0
    jobs: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, other: Explored) -> None:
        self.states += other.states
        self.images += other.images
        self.jobs += other.jobs
        self.faults += other.faults
        self.findings = [*self.findings, *other.findings][:SHOWN]
        self.coverage.add(other.coverage)

    def note(self, findings: list[Finding], where: str) -> None:
        """What is wrong in one state; each fault counts once."""
        self.faults.update({finding.fault for finding in findings})
        for finding in findings:
            if len(self.findings) < SHOWN:
                self.findings.append(Finding(finding.fault, f"{finding.what} ({where})"))

    @override
    def __str__(self) -> str:
        counts = ", ".join(f"{self.faults[fault]} {fault.value}" for fault in Fault)
        return (
            f"{self.states} states of {self.images} different disks, {self.jobs} acknowledged jobs looked for: {counts}"
        )


class Explorer:
    """Tries states in a folder of its own, which lies in memory (`with`)."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pb-", dir=MEMORY))
        self._found: dict[bytes, Found] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder)

    def explore(
        self,
        log: Log,
        known: Model,
        asked: dict[str, tuple[str, str]],
        *,
        chance: random.Random,
        limit: int | None = None,
        kept_only: bool = False,
    ) -> Explored:
        """All states of the disk of which `log` tells, or about `limit` of them, chosen by `chance`.

        `known` is what people knew before; `asked` the request of each job that was ever given to the store.
        `kept_only`: whatever was written is on the disk, synced or not, as after the death of a process.
        """
        explored = Explored()
        share = 1.0 if limit is None else min(1.0, limit / max(1, _count(log)))
        model = known.copy()
        self._found.clear()
        under_way = UnderWay()
        for where, disk in _moments(log, model, under_way):
            states = [disk.everything()] if kept_only else disk.states(chance)
            for survivors in states:
                if kept_only or chance.random() < share:
                    self._try(disk.image(survivors), model, asked, explored, f"after entry {where}")
                    explored.coverage.cut.update(under_way.deeds())
        explored.coverage.done += under_way.done
        return explored

    def look(self, image: Image, asked: dict[str, tuple[str, str]]) -> Found:
        """What a start finds on a disk."""
        folder = self._folder / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        put(image, folder)
        with small_logs():
            return look(folder, asked)

    def _try(
        self, image: Image, model: Model, asked: dict[str, tuple[str, str]], explored: Explored, where: str
    ) -> None:
        found = self._found.get(image.key)
        if found is None:
            found = self._found[image.key] = self.look(image, asked)
            explored.images += 1
        explored.states += 1
        explored.jobs += model.acknowledged
        explored.note(list(model.judge(found)), where)

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty folder in memory."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield Path(folder)


def _replay(log: Log, model: Model, under_way: UnderWay, end: int | None = None) -> Iterator[tuple[int, Disk]]:
    """The disk after each entry, up to one of them; `model` hears what was said until then."""
    disk = Disk()
    for number, entry in enumerate(log.entries[:end], 1):
        match entry:
            case Said(Doing() as doing):
                under_way.hear(doing)
            case Said(what):
                model.hear(what)
            case _:
                disk.take(entry)
        yield number, disk


def _moments(log: Log, model: Model, under_way: UnderWay) -> Iterator[tuple[int, Disk]]:
    """The disk after each entry of this life that tells of something new."""
    for number, disk in _replay(log, model, under_way):
        entry = log.entries[number - 1]
        if number >= log.first and not (isinstance(entry, Said) and isinstance(entry.what, Doing)):
            yield number, disk


def _count(log: Log) -> int:
    return sum(disk.count() for _, disk in _moments(log, Model(), UnderWay()))


def cut(log: Log, where: float, known: Model, chance: random.Random) -> tuple[Image, Model]:
    """The disk, and what people know, after a power cut at a moment between the first entry (0) and the last (1)."""
    model = known.copy()
    end = log.first + round(where * (len(log.entries) - log.first))
    *_, (_, disk) = _replay(log, model, UnderWay(), end)
    states: list[Survivors] = [disk.everything(), {}, *disk.states(chance)]
    return disk.image(chance.choice(states)), model
