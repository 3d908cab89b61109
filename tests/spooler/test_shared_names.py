"""Names and dates that owners share: shown to terminals, sealed on the disk (C6, P5)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.protocol.messages import SubmitJob, view_of
from spooler.shared_names import SharedNames
from storage import ApplianceKey
from tests.passbook.test_changes_promises import NEW
from tests.storage.store import seeded

NAME, DATE = "Statement Okafor", "2026-03-02"


def names(seed: int = 1) -> SharedNames:
    return SharedNames(ApplianceKey(seeded(seed)(32)), seeded(9))


def request(**facts: Any) -> SubmitJob:
    known: dict[str, Any] = {"name": NAME, "document_date": DATE, "shares_name": True}
    return SubmitJob("r-1", "front", "text", **(known | facts))


def shown(shared: bytes, job: str = NEW.job_id, seed: int = 1) -> tuple[str, str]:
    record = replace(NEW, job_id=job, shared=shared)
    view = names(seed).shown(view_of(record), record)
    return view.name, view.document_date


def test_what_is_shared_is_shown_and_is_not_in_clear() -> None:
    sealed = names().sealed(NEW.job_id, request())
    assert shown(sealed) == (NAME, DATE)
    assert NAME.encode() not in sealed
    assert DATE.encode() not in sealed


@pytest.mark.parametrize("facts", [{"shares_name": False}, {"name": "", "document_date": ""}])
def test_what_is_not_shared_is_not_kept(facts: dict[str, Any]) -> None:
    assert names().sealed(NEW.job_id, request(**facts)) == b""
    assert shown(b"") == ("", "")


def test_what_another_job_shares_or_another_key_sealed_is_not_shown() -> None:
    sealed = names().sealed(NEW.job_id, request())
    assert shown(sealed, job="ff") == shown(sealed, seed=2) == shown(sealed[:-1]) == ("", "")
