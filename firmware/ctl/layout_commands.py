"""`passbookctl layout check` and `layout show`: a layout file judged, and its pages drawn, without an appliance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from firmware.config.configuration import Config, load_configuration
from firmware.config.layouts import is_layout_file, load_imports, load_layouts
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.layout_file import parse_layout
from passbook.document.page_drawing import DrawnPage, drawn_pages
from passbook.document.placing import place
from passbook.document.plan import MM_PER_UNIT
from passbook.document.sample_document import sample_document
from passbook.errors import PassbookError, shown
from passbook.screen.arguments import one_of, path, short_text
from passbook.screen.command_line import screen_width
from passbook.screen.page_rows import page_rows
from spooler.clock import Clock
from storage import files

USUAL_CURRENCY: Final = "EUR"
SUFFIX: Final = ".toml"


class AddLayoutCommand(Protocol):
    """Adds one command to the group."""

    def __call__(self, name: str, text: str, **defaults: Any) -> argparse.ArgumentParser:
        """The command's parser."""


def add_layout_commands(command: AddLayoutCommand) -> None:
    """Add the commands that judge and show layouts."""
    check = command(
        "check", "judge a layout file as the appliance does; says what is wrong, and what is allowed", says=check_lines
    )
    check.add_argument("file", type=path(Path), metavar="FILE", help="a file NAME.toml")
    check.set_defaults(run=_check)
    show = command("show", "show the first pages of a layout with the widest contents that they hold", says=show_lines)
    show.set_defaults(run=_show)
    text = "a layout of the product or of the folder of --config, or a file NAME.toml"
    show.add_argument("layout", type=_layout, metavar="NAME", help=text)
    show.add_argument("--png", type=path(Path), metavar="FILE", help="write a picture instead of text")
    text = f"the currency of the amounts ({USUAL_CURRENCY}): it has its own digits behind the decimal mark"
    show.add_argument("--currency", type=one_of(tuple(MINOR_DIGITS)), default=USUAL_CURRENCY, metavar="CODE", help=text)


def _layout(text: str) -> str | Path:
    """Read the name of a layout, or the path of its file."""
    return path(Path)(text) if text.endswith(SUFFIX) else short_text(text)


def _check(arguments: argparse.Namespace, _clock: Clock) -> dict[str, Any]:
    config = load_configuration(arguments.config) if arguments.config is not None else None
    return check_layout(arguments.file, config)


def _show(arguments: argparse.Namespace, _clock: Clock) -> dict[str, Any]:
    config = load_configuration(arguments.config) if arguments.config is not None else None
    return show_layout(arguments.layout, config, arguments.currency, arguments.png)


def check_layout(file: Path, config: Config | None) -> dict[str, Any]:
    """The facts of a layout file; it may name an import profile of the product or of the configuration.

    Raises PassbookError `layout-malformed`, `import-malformed` or `file-problem`.
    """
    layout = _read(file)
    if layout.import_name:
        imports = load_imports(None if config is None else config.imports)
        if layout.import_name not in imports:
            known = ", ".join(sorted(imports))
            where = "" if config is not None else "; those of an own folder are known with --config"
            why = f"there is no import profile {shown(layout.import_name)}; it must be one of {known}{where}"
            raise PassbookError("layout-malformed", file=str(file), where="import", why=why)
    page = layout.pages[1]
    free = layout.entry_lines(page)
    return {
        "file": str(file),
        "layout": layout.name,
        "kind": layout.kind.value,
        "pages": list(layout.pages),
        "lines": len(free),
        "inAll": layout.lines_left(layout.pages[0], 1),
        "characters": layout.columns_total,
        "cpi": layout.cpi,
        "page": f"{_millimetres(layout.page_width)} x {_millimetres(layout.page_height)} mm",
    }


def check_lines(result: Any) -> list[str]:
    """The facts for people."""
    book = ""
    if result["kind"] == LayoutKind.PASSBOOK:
        first, last = result["pages"]
        book = f" The pages {first} to {last} hold {result['inAll']} entries, a usual one {result['lines']}."
    elif result["kind"] == LayoutKind.TEXT:
        book = f" It holds {result['lines']} lines."
    named = f"{result['file']} is right: documents name it {result['layout']}, of the kind {result['kind']}"
    line = f"A line holds {result['characters']} characters, {result['cpi']} to the inch."
    return [f"{named}, {result['page']}.{book} {line}"]


def show_layout(name: str | Path, config: Config | None, currency: str, picture: Path | None) -> dict[str, Any]:
    """The first pages of a layout; a `picture` is a file that gets them.  Raises PassbookError."""
    layout = _read(name) if isinstance(name, Path) else _named(name, config)
    plan = place(sample_document(layout, currency), layout, codec="", code_page="")
    pages = drawn_pages(plan, layout.sheet, layout)
    captions = [f"Layout {layout.name}, page {page.number}" for page in pages]
    if picture is not None:
        _save(picture, captions, pages)
        return {"layout": layout.name, "file": str(picture)}
    width = screen_width(sys.stdout)
    return {
        "layout": layout.name,
        "pages": [
            {"page": page.number, "rows": [caption, *page_rows(page, width)]}
            for caption, page in zip(captions, pages, strict=True)
        ],
    }


def show_lines(result: Any) -> list[str]:
    """The pages for people."""
    if "file" in result:
        return [f"{result['file']} has a picture of layout {result['layout']}."]
    return [row for page in result["pages"] for row in page["rows"]]


def _read(file: Path) -> BookLayout:
    if not is_layout_file(file):
        why = f"the appliance passes it over; allowed is a name that ends with {SUFFIX} and does not begin with a point"
        raise PassbookError("layout-malformed", file=str(file), where="name", why=why)
    return parse_layout(file.stem, files.read(file), str(file))


def _millimetres(units: int) -> str:
    return f"{units * MM_PER_UNIT:.1f}".removesuffix(".0")


def _named(name: str, config: Config | None) -> BookLayout:
    layouts = load_layouts(None if config is None else config.layouts)
    if name not in layouts:
        raise PassbookError("no-layout", layout=shown(name), known=", ".join(sorted(layouts)))
    return layouts[name]


def _save(file: Path, captions: Sequence[str], pages: Sequence[DrawnPage]) -> None:
    # Every other command would wait for the library of pictures too.
    from drivers.page_picture import draw_page, one_below_the_other  # noqa: PLC0415
    from spooler.picture_files import save_picture  # noqa: PLC0415

    drawn = [draw_page(caption, page) for caption, page in zip(captions, pages, strict=True)]
    save_picture(file, one_below_the_other(drawn), files.PUBLIC)
