"""`passbookctl` against a door that answers from a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passbook.errors import PassbookError
from tests.firmware.operators import StandIn, served
from tests.terminal.samples import stopped

JOB = {
    "job": "a1",
    "sequence": 1,
    "state": "processing-stopped",
    "valid": False,
    "reasons": ["power-loss"],
    "requester": "teller-1",
    "clientRequest": "r\x1b[2J",
    "printer": "counter-1",
    "priority": 50,
    "confirmed": 11,
    "steps": 20,
    "acceptedAt": "2027-01-15T08:00:00.000+00:00",
}


WORDS = {
    "Appliance.CancelJob": ("cancel", ""),
    "Appliance.GetClock": ("clock", ""),
    "Appliance.GetPrinter": ("printer", ""),
    "Appliance.PrintRuler": ("ruler", ""),
    "Appliance.ListAreas": ("areas", "areas"),
    "Appliance.ListHistory": ("history", "entries"),
    "Appliance.PausePrinter": ("pause", ""),
    "Appliance.ResumePrinter": ("resume", ""),
    "Appliance.ReadRevocations": ("revocations", ""),
    "Appliance.TestRoute": ("route", ""),
    "Appliance.VerifyArea": ("verify-area", ""),
    "Appliance.VouchForClock": ("vouch", ""),
    "Recovery.ListQuestions": ("questions", "questions"),
    "Spooler.AcknowledgeNotice": ("noted", ""),
    "Spooler.GetEnvironment": ("environment", ""),
    "Spooler.GetJob": ("job", ""),
    "Spooler.HoldJob": ("hold", ""),
    "Spooler.ListJobs": ("jobs", "jobs"),
    "Spooler.ListNotices": ("notices", "notices"),
    "Spooler.ListTerminals": ("terminals", "terminals"),
    "Spooler.ReleaseJob": ("release", ""),
}
"""Operation -> the word that stands for it here, and the part of its reply that a test gives."""


class Appliance:
    """What the door behind the socket was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, Any] = {
            "jobs": [JOB],
            "job": lambda asked: JOB | {"job": asked["job"]},
            "areas": [],
            "revocations": {"closed": [], "revoked": 1},
            "release": msgspec.to_builtins(stopped(0)),
            "cancel": {"says": "Nothing of it is on paper.", "job": JOB | {"state": "canceled"}, "onPaper": None},
        }

    def handlers(self) -> dict[str, Any]:
        return {name: self._handler(*words) for name, words in WORDS.items()}

    def _handler(self, word: str, part: str) -> Any:
        async def answer(payload: dict[str, Any]) -> Any:
            self.asked.append((word, payload))
            result = self.results.get(word, [] if part else None)
            if isinstance(result, PassbookError):
                raise result
            found = result(payload) if callable(result) else result
            return {"summary" if "summary" in payload else part: found} if isinstance(found, list) else found

        return answer


@pytest.fixture
def appliance() -> Appliance:
    return Appliance()


@pytest.fixture
def stand_in(appliance: Appliance) -> StandIn:
    return StandIn(appliance.handlers())


@pytest.fixture
def control(tmp_path: Path, stand_in: StandIn) -> Iterator[str]:
    with served(tmp_path / "control.sock", stand_in.handlers, stand_in) as path:
        yield str(path)


Output = pytest.CaptureFixture[str]


def refused(output: Output, code: str) -> str:
    """The one sentence on standard error, with its code."""
    written = output.readouterr()
    (sentence,) = written.err.splitlines()
    assert sentence.startswith("passbookctl: ")
    assert sentence.endswith(f"[{code}]")
    return sentence


def configuration(folder: Path) -> Path:
    file = folder / "passbook.toml"
    file.write_text(
        f'appliance = "branch-17"\ncontrol = "{folder}/control.sock"\n'
        'terminals = { certificate = "a", key = "b", ca = "c", revoked = "d" }\nkeys = { appliance = "e" }\n'
        'printer = [{ name = "p", port = "tcp://127.0.0.1:1" }]\n'
        'area = [{ name = "a", path = "areas/a", quota = "64 MiB" },\n'
        '{ name = "b", path = "areas/b", quota = "64 MiB" }]\n'
    )
    return file
