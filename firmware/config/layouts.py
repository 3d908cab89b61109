"""The book layouts that jobs may name: those of the product, and those in a folder of the operator."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from passbook.document.layout import BookLayout, parse_layout
from storage.files import read


def load_layouts(folder: Path | None) -> dict[str, BookLayout]:
    """All layouts by name; one in `folder` replaces a shipped one.

    Raises PassbookError `layout-malformed` or `file-problem`.
    """
    layouts = {}
    for entry in files("passbook").joinpath("layouts").iterdir():
        name, dot, kind = entry.name.rpartition(".")
        if dot and kind == "toml":
            layouts[name] = parse_layout(name, entry.read_bytes(), entry.name)
    if folder is not None:
        # Other systems put files of their own beside a copied one; their names begin with a dot.
        for path in sorted(path for path in folder.glob("*.toml") if not path.name.startswith(".")):
            layouts[path.stem] = parse_layout(path.stem, read(path), str(path))
    return layouts
