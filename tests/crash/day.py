"""One day of a store, always the same, and ways to spoil what is known of it."""

from __future__ import annotations

import random
from collections.abc import Callable

from passbook.job import changes
from passbook.job.record import Answered, Record, Verdict
from tests.crash.coverage import Deed
from tests.crash.explorer import Explored, Explorer
from tests.crash.life import AT, STEPS, Life
from tests.crash.log import Entry, Log, Said
from tests.crash.model import Asked, Model, Told
from tests.crash.states import Image

EMPTY = Image((), {}, b"")
Spoil = Callable[[Log], None]


def live_through(life: Life) -> None:
    """Jobs are accepted, one is printed, the appliance is restarted, people answer, and one is printed again."""
    first, second = life.accept(300, 4000)
    life.refuse(1 << 20)
    print_through(life, first)
    life.restart()
    record = life.jobs[second]
    given = Answered(record.epoch, Verdict.PRINT, 0, 0, "teller-1", "somebody")
    wraps = life.rekeyed(second, "key-2")
    life.change(second, Deed.PRINT, changes.answer(given, at=AT, date=AT[:10], trusted=True, wraps=wraps))
    [third] = life.accept(9000)
    life.change(third, Deed.CANCEL, changes.cancel(AT, "teller-1", "somebody"))
    print_through(life, second)
    life.change(first, Deed.ACKNOWLEDGE, changes.acknowledge("teller-1", AT))
    life.forget()


def print_through(life: Life, job: str) -> None:
    life.change(job, Deed.START, changes.start(AT, 1))
    for step in range(STEPS):
        life.change(job, Deed.STEP, changes.journal(step, step + 1))
    life.change(job, Deed.FINISH, changes.finish_job(AT))


def explore_day(*, limit: int | None, seed: int = 1, kept_only: bool = False, spoil: Spoil | None = None) -> Explored:
    """What the states of the disk of that day are like; `spoil` changes its log before."""
    with Explorer() as explorer, explorer.room() as folder:
        life = Life(folder, 1, EMPTY)
        life.begin(Model())
        life.log.first = len(life.log.entries)
        try:
            live_through(life)
        finally:
            life.end()
        if spoil is not None:
            spoil(life.log)
        chance = random.Random(seed)
        return explorer.explore(life.log, Model(), life.asked, chance=chance, limit=limit, kept_only=kept_only)


def explore_creation(*, limit: int | None, seed: int) -> Explored:
    """What the states of the disk of a first boot are like."""
    with Explorer() as explorer, explorer.room() as folder:
        life = Life(folder, 1, EMPTY)
        life.begin(Model())
        life.end()
        return explorer.explore(life.log, Model(), life.asked, chance=random.Random(seed), limit=limit)


def said_too_early(fits: Callable[[Record], bool]) -> Spoil:
    """The first answer that fits is given as soon as it was asked for, before anything was written."""

    def spoil(log: Log) -> None:
        told = next(n for n, one in enumerate(log.entries) if _fits(one, fits))
        entry = log.entries.pop(told)
        assert isinstance(entry, Said)
        asked = next(n for n, one in enumerate(log.entries) if isinstance(one, Said) and one.what is entry.what.asked)
        log.entries.insert(asked + 1, entry)

    return spoil


def _fits(entry: Entry, fits: Callable[[Record], bool]) -> bool:
    if not isinstance(entry, Said) or not isinstance(entry.what, Told):
        return False
    asked: Asked = entry.what.asked
    return asked.result is not None and fits(asked.result)
