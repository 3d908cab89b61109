"""The project's own files, as its tests of the house look at them."""

from __future__ import annotations

import ast
import os
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("passbook", "storage", "drivers", "spooler", "client", "firmware", "terminal")
"""What is distributed; demo is code too, but stays in the source tree."""


def own_environment() -> dict[str, str]:
    """The environment without what a calling git would make another git do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def project_files(root: Path = ROOT) -> tuple[Path, ...]:
    """Every file that is or would be committed, relative to `root`, in order; ignored ones are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        env=own_environment(),
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = {Path(name) for name in listed.split("\0") if name}
    return tuple(sorted(path for path in paths if (root / path).is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """The project's modules below `folders`, relative to ROOT."""
    return tuple(path for path in project_files() if path.suffix == ".py" and path.parts[0] in folders)


def parse(path: Path) -> ast.Module:
    """The module at `path`, which is relative to ROOT."""
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def walk(tree: ast.AST) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node with its ancestors, outermost first."""
    pending: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while pending:
        node, above = pending.pop()
        yield node, above
        pending.extend((child, (*above, node)) for child in ast.iter_child_nodes(node))


def dotted(node: ast.AST) -> str:
    """`a.b.c` for such an expression, else the empty string."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, attribute) if dotted(value):
            return f"{dotted(value)}.{attribute}"
        case _:
            return ""


def line_counts() -> tuple[int, int]:
    """Lines of code and lines of tests."""
    return _lines(python_files(*PACKAGES, "demo")), _lines(python_files("tests"))


def _lines(paths: tuple[Path, ...]) -> int:
    return sum(len((ROOT / path).read_text("utf-8").splitlines()) for path in paths)


def project_table() -> Mapping[str, object]:
    """[project] of pyproject.toml."""
    table: Mapping[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table
