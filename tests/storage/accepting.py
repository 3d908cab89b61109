"""A process that accepts, prints and ends jobs for ever and says what was acknowledged; its parent kills it.

Arguments: folder, seed.  Each line on standard output is one acknowledgement:
`accepted JOB`, `step JOB K`, `ended JOB`.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from passbook.job import changes
from tests.storage.store import AT, Store, seeded


def main(folder: str, seed: str) -> None:
    chance = random.Random(seed)
    store = Store(Path(folder), quota=64 << 20, rng=seeded(int(seed)))
    spool = store.open()
    store.numbers = iter(range(int(seed) * 1_000_000, 1 << 60))  # type: ignore[assignment]  # numbers of this life only
    while True:
        futures = [store.submit(spool, size=chance.randrange(1, 30_000)) for _ in range(chance.randrange(1, 6))]
        for future in futures:
            say("accepted", future.result().job_id)
        record = spool.next_valid("pr-1")
        assert record is not None
        spool.change(record.job_id, changes.start(AT, 1), urgent=True).result()
        for confirmed, sending in ((0, 1), (1, 2)):
            spool.change(record.job_id, changes.journal(confirmed, sending), urgent=True).result()
            say("step", record.job_id, sending)
        spool.change(record.job_id, changes.finish_job(AT), urgent=True).result()
        say("ended", record.job_id)


def say(*words: object) -> None:
    """One line, written whole before anything else is done."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
