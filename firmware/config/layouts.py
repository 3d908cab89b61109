"""The book layouts and import profiles that jobs may name, of the product and in folders of the operator."""

from __future__ import annotations

from pathlib import Path

from passbook.document.import_profile import ImportProfile, parse_import
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.errors import PassbookError
from spooler.shipped import shipped_imports, shipped_layouts
from storage import files


def load_layouts(folder: Path | None) -> dict[str, BookLayout]:
    """All layouts by name; one in `folder` replaces a shipped one.

    Raises PassbookError `layout-malformed` or `file-problem`.
    """
    layouts = shipped_layouts()
    for path in toml_files(folder) if folder is not None else ():
        layouts[path.stem] = parse_layout(path.stem, files.read(path), str(path))
    return layouts


def load_imports(folder: Path | None) -> dict[str, ImportProfile]:
    """All import profiles by name; one in `folder` replaces a shipped one.

    Raises PassbookError `import-malformed` or `file-problem`.
    """
    imports = shipped_imports()
    for path in toml_files(folder) if folder is not None else ():
        imports[path.stem] = parse_import(path.stem, files.read(path), str(path))
    return imports


def toml_files(folder: Path) -> list[Path]:
    """The operator's files in a folder, in the order of their names."""
    return [path for path in _entries(folder) if is_layout_file(path)]


def foreign_files(folder: Path) -> list[Path]:
    """The other files in a folder, which are passed over: other systems and editors put some beside a copied one."""
    return [path for path in _entries(folder) if not is_layout_file(path)]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise PassbookError("file-problem", file=str(folder), why=error.strerror or "it cannot be read") from None


def is_layout_file(path: Path) -> bool:
    """Whether the name of a file is one that the appliance reads in its folder."""
    return path.suffix == ".toml" and not path.name.startswith(".")
