"""No key meets a nonce twice, whatever is done with jobs and in whatever order (N2)."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.job.record import Record, Verdict
from passbook.protocol.messages import AnswerQuestion
from storage.crypto import envelope
from tests.firmware.branch import DOCUMENT, KEY, TELLER, Bench, request
from tests.storage.sealings import Sealing, repeated, watched

pytestmark = pytest.mark.slow

PUBLIC: Final = X25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
KEYS: Final = (KEY, bytes(32))
"""Requesters use one key for many jobs."""
FIXED: Final = (
    "accept",
    "cut off",
    "power cycle",
    "order",
    "accept again",
    "keep the disk",
    "re-key",
    "power cycle",
    "re-key",
    "accept",
    "put the disk back",
    "accept",
    "order",
)


class Story:
    """One appliance and its jobs, over starts, power cuts and a disk that was put back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bench = Bench(folder / "disk")
        self.asked = 0
        self.tried = 0

    def act(self, what: str) -> None:
        {
            "accept": self.accept,
            "accept again": lambda: self.submit(self.asked),
            "cut off": self.cut_off,
            "order": lambda: self.answer(b""),
            "re-key": lambda: self.answer(KEYS[self.tried % 2]),
            "power cycle": self.bench.power_cycle,
            "keep the disk": self.keep_disk,
            "put the disk back": self.put_disk_back,
        }[what]()

    def submit(self, number: int) -> None:
        key = [*KEYS, b""][number % 3]
        ref = "anna-1" if key else ""
        asked = request(f"r-{number}", key=key, key_ref=ref, name="a name", shares_name=True)
        with suppress(PassbookError):
            asyncio.run(self.bench.admission(recovery_public=PUBLIC).submit(TELLER, asked, DOCUMENT))

    def accept(self) -> None:
        self.asked += 1
        self.submit(self.asked)

    def cut_off(self) -> None:
        """The power goes after a job was sealed and before it is stored; its requester sends it again."""
        lost: Future[Record] = Future()
        lost.set_exception(PassbookError("outcome-unknown", request=f"r-{self.asked}"))
        self.asked += 1
        with patch.object(self.bench.jobs, "accept", return_value=lost):
            self.submit(self.asked)
        self.bench.power_cycle()
        self.submit(self.asked)

    def answer(self, new_key: bytes) -> None:
        """Order the oldest open job printed, under another key or as it is; the appliance's next boot asks again."""
        open_jobs = list(self.bench.spool.questions())
        if not open_jobs:
            return
        record = open_jobs[self.tried % len(open_jobs)]
        self.tried += 1
        facts: dict[str, Any] = {"new_key": new_key, "new_key_ref": "anna-2"} if new_key else {}
        for key in KEYS:
            order = AnswerQuestion(record.job_id, record.epoch, Verdict.PRINT, "somebody", key=key, **facts)
            with suppress(PassbookError):
                asyncio.run(self._answer(order))

    async def _answer(self, order: AnswerQuestion) -> None:
        bench = self.bench
        questions = bench.new_questions()
        await questions.answer(TELLER, order)

    def keep_disk(self) -> None:
        self.bench.spool.close()
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        shutil.copytree(self.folder / "disk", self.folder / "kept")
        self.bench.power_up()

    def put_disk_back(self) -> None:
        """All areas: then numbers of jobs are given away a second time."""
        if (self.folder / "kept").exists():
            self.bench.spool.close()
            shutil.rmtree(self.folder / "disk")
            shutil.copytree(self.folder / "kept", self.folder / "disk")
            self.bench.power_up()


def sealings_of(actions: tuple[str, ...] | list[str]) -> list[Sealing]:
    with TemporaryDirectory() as folder, watched() as seen:
        story = Story(Path(folder))
        try:
            for what in actions:
                story.act(what)
        finally:
            story.bench.spool.close()
    return seen


@pytest.mark.long
@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted(set(FIXED))), min_size=4, max_size=14))
def test_no_key_meets_a_nonce_twice_whatever_happens_to_jobs(actions: list[str]) -> None:
    assert repeated(sealings_of(actions)) == 0


def test_a_job_sealed_again_after_a_cut_and_one_under_another_key_meet_no_nonce_twice() -> None:
    seen = sealings_of(FIXED)
    assert repeated(seen) == 0
    # Jobs were sealed in three parts each, one of them twice; all have two wraps, and some were put under another key.
    assert len(seen) >= 4 * 3 + 3 + 5 * 2 + 2


@given(st.lists(st.integers(0, 5 * envelope.CHUNK_BYTES), min_size=1, max_size=4), st.booleans())
@settings(max_examples=25)
def test_no_chunk_of_any_document_has_the_nonce_of_another(sizes: list[int], one_key: bool) -> None:
    """Also when all uploads came under one data key, which they never do."""
    rng: Callable[[int], bytes] = secrets.token_bytes
    key = rng(32)
    with watched() as seen:
        for size in sizes:
            data_key = key if one_key else envelope.new_data_key(rng)
            envelope.seal(b'["job"]', data_key, attributes=b"", plan=b"", document=bytes(size), rng=rng)
    assert repeated(seen) == 0
    assert len(seen) == sum(2 + max(1, -(-size // envelope.CHUNK_BYTES)) for size in sizes)
