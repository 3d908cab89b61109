from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

import pytest

from passbook.screen.arguments import (
    folder_or_named,
    host,
    one_of,
    path,
    seconds,
    short_text,
    short_text_or_none,
    whole,
)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (whole(1, 100), "1", 1),
        (whole(1, 100), "100", 100),
        (whole(1, 100), "007", 7),
        (seconds(300), "0.5", 0.5),
        (seconds(300), "300", 300.0),
        (short_text, "Ann", "Ann"),
        (short_text, "x" * 128, "x" * 128),
        (short_text_or_none, "", ""),
        (path(Path), "a b", Path("a b")),
        (folder_or_named, "a", "a"),
        (folder_or_named, "a=b=c", "a=b=c"),
        (host, "[::1]:5846", "[::1]:5846"),
        (one_of(["a", "b"]), "b", "b"),
    ],
)
def test_what_is_expected_is_taken(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "texts", "sentence"),
    [
        (whole(1, 100), ("0", "101", "-1", "+1", "1.0", "x", "", "\uff19", "1" * 5000), "a whole number from 1 to 100"),
        (seconds(300), ("0", "-1", "300.1", "nan", "inf", "soon", ""), "seconds, a number above 0 and at most 300"),
        (short_text, ("", " ", "x" * 129, "Ann\n", "\x1b[2J"), "1 to 128 printable characters"),
        (path(Path), ("", " ", "\n\t"), "a path"),
        (folder_or_named, ("", " ", "a=", "a= ", "=a"), "FOLDER or NAME=FOLDER"),
        (host, ("", " ", "a b", "x" * 260, "a\n"), "a host of 1 to 259 printable characters without blanks"),
        (one_of(["a", "b"]), ("", "c", "ab"), "one of a, b"),
        (short_text_or_none, (" ", "x" * 129), "1 to 128 printable characters"),
    ],
)
def test_anything_else_is_refused_with_what_is_expected(
    read: Callable[[str], object], texts: tuple[str, ...], sentence: str
) -> None:
    for text in texts:
        with pytest.raises(ArgumentTypeError) as caught:
            read(text)
        assert str(caught.value) == f"expected {sentence}"
