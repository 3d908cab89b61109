"""The face of the room gives each name that it lists, from the module that it names."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import storage


def imported() -> dict[str, str]:
    """For each name the module from which the face says that it comes."""
    assert storage.__file__ is not None
    tree = ast.parse(Path(storage.__file__).read_text())
    [block] = [one for one in tree.body if isinstance(one, ast.If)]
    return {
        name.name: one.module
        for one in block.body
        if isinstance(one, ast.ImportFrom) and one.module
        for name in one.names
    }


def test_the_face_lists_what_it_imports() -> None:
    assert sorted(imported()) == sorted(storage.__all__)


@pytest.mark.parametrize("name", storage.__all__)
def test_a_name_is_what_its_module_has(name: str) -> None:
    # In a process of its own no other import has put the name there.
    source = f"import storage; given = storage.{name}; from {imported()[name]} import {name}; assert given is {name}"
    subprocess.run([sys.executable, "-c", source], check=True)


def test_another_name_is_none() -> None:
    with pytest.raises(AttributeError, match="Journal"):
        _ = storage.Journal  # type: ignore[attr-defined]
