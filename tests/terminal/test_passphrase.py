from __future__ import annotations

import getpass
import io
import sys
from pathlib import Path

import pytest

from passbook.errors import PassbookError
from terminal import passphrase


class Keyboard:
    """What is typed, without an echo, at a terminal or at none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *typed: str, tty: bool = True) -> None:
        self.left = list(typed)
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: self.left.pop(0))
        monkeypatch.setattr(sys, "stdin", self)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def private(folder: Path, content: bytes) -> Path:
    path = folder / "passphrase"
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("content", [b"open sesame", b"open sesame\n", b"open sesame\r\n", b"open sesame\nmore\n"])
def test_a_file_holds_it_in_its_first_line(tmp_path: Path, content: bytes) -> None:
    assert passphrase.obtain(private(tmp_path, content), new=True) == b"open sesame"


@pytest.mark.parametrize("content", [b"", b"\n", b"\nopen sesame"])
def test_an_empty_one_is_none(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PassbookError) as caught:
        passphrase.obtain(private(tmp_path, content), new=False)
    assert caught.value.code == "passphrase-missing"


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path, b"open sesame")
    path.chmod(0o644)
    with pytest.raises(PassbookError) as caught:
        passphrase.obtain(path, new=False)
    assert caught.value.code == "file-problem"
    assert "sesame" not in str(caught.value)


def test_it_is_typed_once_to_open_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, "öffne dich")
    assert passphrase.obtain(None, new=False) == "öffne dich".encode()
    assert keyboard.left == []


def test_it_is_typed_twice_for_a_new_ring_until_both_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, "one", "two", "three", "three")
    assert passphrase.obtain(None, new=True) == b"three"
    assert keyboard.left == []


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, "one", tty=False)
    with pytest.raises(PassbookError) as caught:
        passphrase.obtain(None, new=False)
    assert caught.value.code == "passphrase-missing"
    assert keyboard.left == ["one"]


def test_the_end_of_input_is_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_prompt: str) -> str:
        raise EOFError

    Keyboard(monkeypatch)
    monkeypatch.setattr(getpass, "getpass", ended)
    with pytest.raises(PassbookError) as caught:
        passphrase.obtain(None, new=False)
    assert caught.value.code == "passphrase-missing"


def test_nothing_typed_is_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    Keyboard(monkeypatch, "")
    with pytest.raises(PassbookError):
        passphrase.obtain(None, new=False)


def test_a_line_is_typed_unseen_or_taken_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, "001-22")
    assert passphrase.unseen_line("Account: ") == "001-22"
    assert keyboard.left == []
    for given, line in ((b"001-22\nmore\n", "001-22"), (b"", ""), (b"\xff\n", "")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        assert passphrase.unseen_line("Account: ") == line
