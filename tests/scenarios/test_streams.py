"""A log or an output that cannot be written stops nothing and is no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from demo.world import World
from passbook.errors.kinds import EXIT_CODES, Mender
from tests.firmware.branch import Branch
from tests.scenarios.office import of_the_store

FULL: Final = Path("/dev/full")


@pytest.fixture
def check(tmp_path: Path) -> list[str]:
    config = Branch(tmp_path / "ours").config()
    return [sys.executable, "-m", "firmware", "--check", str(config.file)]


def test_a_check_whose_output_is_full_says_so(check: list[str]) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(check, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == EXIT_CODES[Mender.CALLER]
    [line] = done.stderr.splitlines()
    assert line.endswith("[output-not-written]")
    assert "No space left on device" in line


def test_a_check_whose_errors_cannot_be_written_ends_with_its_code(check: list[str]) -> None:
    *command, file = check
    with FULL.open("w") as full:
        done = subprocess.run([*command, f"{file}.none"], stdout=full, stderr=full, timeout=60, check=False)
    assert done.returncode == EXIT_CODES[Mender.CALLER]


LOGS: Final = {
    "full": "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 2)",
    "closed": "import os, sys; os.close(2); sys.stderr = None",
    "broken": "import os; read, write = os.pipe(); os.close(read); os.dup2(write, 2)",
}


@pytest.mark.long
@pytest.mark.parametrize("how", LOGS)
def test_an_appliance_whose_log_cannot_be_written_goes_on(furnished: World, how: str) -> None:
    program = f"import sys; {LOGS[how]}; from firmware.__main__ import main; sys.exit(main(sys.argv[1:]))"
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder), program=("-c", program)) as world:
        world.build_like(furnished)
        world.write_config()
        world.start_appliance()
        assert of_the_store(world.ctl("status")["problems"]) == []
        assert world.ctl("jobs") == []
        assert world.stop_appliance() == 0
        assert world.log_file.read_text() == ""
