"""The layouts and import profiles that come with the product."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from passbook.document.import_profile import ImportProfile, parse_import
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout


def shipped_layouts() -> dict[str, BookLayout]:
    """The layouts by name."""
    return {name: parse_layout(name, data, f"{name}.toml") for name, data in _files("layouts")}


def shipped_imports() -> dict[str, ImportProfile]:
    """The import profiles by name."""
    return {name: parse_import(name, data, f"{name}.toml") for name, data in _files("imports")}


def _files(folder: str) -> Iterator[tuple[str, bytes]]:
    for entry in files("passbook").joinpath(folder).iterdir():
        name, dot, kind = entry.name.rpartition(".")
        if dot and kind == "toml":
            yield name, entry.read_bytes()
