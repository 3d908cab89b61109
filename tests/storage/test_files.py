from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from passbook.errors import PassbookError
from storage import files
from tests.storage.special import SPECIAL, make_special


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    files.save_file(path, b"one", files.PRIVATE)
    (path.parent / ".file.part").write_bytes(b"left by a power cut")
    files.save_file(path, b"two", files.PRIVATE)
    assert files.read_private(path) == files.read(path) == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_it_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deeds: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        deeds.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        deeds.append("name")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    files.save_file(tmp_path / "file", b"", files.PUBLIC)
    assert deeds == ["file", "name", "folder"]


def test_a_file_that_could_not_be_written_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(PassbookError, match="folder"):
        files.save_file(tmp_path / "folder", b"x", files.PUBLIC)
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    files.save_file(path, b"x", mode)
    path.chmod(mode)
    with pytest.raises(PassbookError, match="0600") as caught:
        files.read_private(path)
    assert caught.value.code == "file-problem"


@pytest.mark.parametrize("read", [files.read, files.read_private, files.check_regular])
@pytest.mark.parametrize("kind", SPECIAL)
def test_only_a_regular_file_is_read(tmp_path: Path, kind: str, read: Callable[[Path], object]) -> None:
    path = tmp_path / "file"
    make_special(path, kind)
    with pytest.raises(PassbookError) as caught:
        read(path)
    assert caught.value.code == "file-problem"
    assert f"{path}: it is {SPECIAL[kind]}, and a regular file is expected" in str(caught.value)


@pytest.mark.parametrize("kind", [kind for kind in SPECIAL if kind != "socket"])
def test_what_a_file_is_exchanged_for_while_it_is_opened_is_not_read(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    make_special(path, kind)
    monkeypatch.setattr(files, "check_regular", lambda _path: None)
    with pytest.raises(PassbookError, match="a regular file is expected"):
        files.read(path)


def test_a_file_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(files.MOST_BYTES)
    assert len(files.read(path)) == files.MOST_BYTES
    with path.open("r+b") as file:
        file.truncate(files.MOST_BYTES + 1)
    with pytest.raises(PassbookError, match=f"it has more than {files.MOST_BYTES} bytes"):
        files.read(path)


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    for deed in (files.read, files.read_private, lambda path: files.save_file(path / "x", b"", 0o600)):
        (tmp_path / "file").write_bytes(b"")
        path = tmp_path / "file" / "below"
        with pytest.raises(PassbookError) as caught:
            deed(path)
        assert str(path) in str(caught.value.facts["file"])


def test_existing_files_are_refused(tmp_path: Path) -> None:
    files.refuse_existing(tmp_path / "none")
    with pytest.raises(PassbookError):
        files.refuse_existing(tmp_path)


def test_who_is_alone_keeps_others_out_until_it_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with files.alone(folder):
        other = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
