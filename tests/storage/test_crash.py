"""What was acknowledged is there after the process was killed at any moment (P1, P4, P5)."""

from __future__ import annotations

import base64
import random
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from passbook.job.states import JobState
from tests.storage.store import DOCUMENT_TEXT, PLAN_TEXT, REQUESTER_KEY, SECRET, Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def live_and_die(folder: Path, seed: int, lines: int) -> dict[str, list[str]]:
    """Run until that many acknowledgements were read, then kill -9; what was acknowledged, by word."""
    command = [sys.executable, "-m", "tests.storage.accepting", str(folder), str(seed)]
    told: dict[str, list[str]] = defaultdict(list)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(lines):
            line = child.stdout.readline()
            assert line.endswith("\n"), "the child ended by itself"
            word, rest = line.split(maxsplit=1)
            told[word].append(rest.strip())
        child.kill()
        # What it had written before it died was acknowledged too.
        for line in child.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):
                word, rest = line.split(maxsplit=1)
                told[word].append(rest.strip())
    return told


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_that_was_acknowledged_survives_kills(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    accepted: set[str] = set()
    ended: set[str] = set()
    steps: dict[str, int] = {}
    for life in range(3):
        told = live_and_die(store.folder, seed * 10 + life, chance.randrange(20, 120))
        accepted |= set(told["accepted"])
        ended |= set(told["ended"])
        steps |= {job: int(step) for job, step in (entry.split() for entry in told["step"])}
        store.quota = 64 << 20
        spool = store.open()
        assert spool.verify() == []
        for job in accepted:
            record = spool.record(job)
            assert not record.valid
            if job in ended:
                assert record.state is JobState.COMPLETED
            if not record.ended:
                # The step that was journalled last is in doubt, or had just been followed by the next one.
                assert record.sending >= steps.get(job, 0)
                assert spool.sealed(spool.job(job)).size == record.size
        assert spool.next_valid("pr-1") is None
        store.close()
    assert accepted
    assert ended


def test_nothing_on_disk_says_what_a_job_says(store: Store) -> None:
    live_and_die(store.folder, 5, 60)
    secrets = {"plan": PLAN_TEXT, "document": DOCUMENT_TEXT, "requester's key": REQUESTER_KEY, "appliance key": SECRET}
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    for path in files:
        data = path.read_bytes()
        for name, secret in secrets.items():
            for form in forms_of(secret):
                assert form not in data, (path.name, name)
    # The same search finds what is in clear.
    assert any(form in path.read_bytes() for path in files for form in forms_of(b"teller-1"))


def forms_of(secret: bytes) -> list[bytes]:
    """The ways in which bytes could have been written down; words of a text one by one."""
    words = [word for word in re.split(rb"[ ;]", secret) if len(word) > 5] or [secret]
    forms: list[bytes] = []
    for word in words:
        wide = word.decode("latin-1")
        hexadecimal = word.hex().encode()
        # Cut to whole groups, so that it is found in the middle of a longer text.
        coded = [base64.b64encode(bytes(shift) + word)[4 * (shift > 0) : -4] for shift in range(3)]
        forms += [word, hexadecimal, hexadecimal.upper(), wide.encode("utf-16-le"), wide.encode("utf-16-be"), *coded]
    return [form for form in forms if len(form) > 5]
