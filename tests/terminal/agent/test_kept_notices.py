"""Ends that the agent keeps until a person saw them."""

from __future__ import annotations

from pathlib import Path

import pytest

from passbook.errors import PassbookError
from passbook.job.states import JobState
from terminal.agent.kept_notices import KeptNotices
from tests.terminal.samples import notice, view


def test_an_end_whose_file_stays_is_told_again_and_is_no_defect(tmp_path: Path) -> None:
    ends = KeptNotices(tmp_path)
    told = notice(view(job="aa11", state=JobState.COMPLETED))
    ends.store(told)
    file = tmp_path / "aa11.json"
    content = file.read_bytes()
    file.unlink()
    file.mkdir()
    with pytest.raises(PassbookError) as caught:
        ends.drop("aa11")
    assert (caught.value.code, caught.value.facts["file"]) == ("file-problem", str(file))
    assert ends.waiting() == [told]
    file.rmdir()
    file.write_bytes(content)
    assert ends.drop("aa11") == told
    assert (ends.waiting(), list(tmp_path.iterdir())) == ([], [])
