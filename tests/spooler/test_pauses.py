"""A pause is durable or refused, and what cannot be read pauses no printer (R4, P1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from passbook.errors import PassbookError
from passbook.protocol.media import Device, MechanismStatus, Media
from spooler.pauses import Pause, Pauses

PAUSE = Pause("Otto", "2026-05-04T09:00:00.000+00:00", "its ribbon is changed")
ONLINE = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)


def test_a_pause_survives_a_boot_and_ends_by_the_order_to_resume(tmp_path: Path) -> None:
    file = tmp_path / "state" / "paused.json"
    Pauses(["window-1", "window-2"], file).pause("window-1", PAUSE)
    again = Pauses(["window-1", "window-2"], file)
    assert (again.is_paused("window-1"), again.is_paused("window-2")) == (True, False)
    assert again.shown("window-1", ONLINE).conditions == ("paused",)
    assert again.shown("window-2", ONLINE) == ONLINE
    assert "its ribbon is changed" in str(again.problem("window-1"))
    again.resume("window-1")
    again.resume("window-1")
    assert not Pauses(["window-1"], file).is_paused("window-1")


def test_a_pause_of_a_printer_that_went_out_of_the_configuration_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "paused.json"
    Pauses(["window-1"], file).pause("window-1", PAUSE)
    assert not Pauses(["window-2"], file).is_paused("window-1")


def test_a_pause_that_cannot_be_kept_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    pauses = Pauses(["window-1"], tmp_path / "state" / "paused.json")
    with pytest.raises(PassbookError) as refused:
        pauses.pause("window-1", PAUSE)
    assert refused.value.code == "file-problem"
    assert not pauses.is_paused("window-1")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"window-1": 7}', b"[" * 100_000])
def test_a_damaged_file_pauses_no_printer(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "paused.json"
    file.write_bytes(content)
    assert not Pauses(["window-1"], file).is_paused("window-1")
