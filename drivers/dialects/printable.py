"""The refusal of a plan that a printer cannot put on paper, and what its own offsets have to do with it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from passbook.document.lengths import shown_length
from passbook.errors import PassbookError
from passbook.protocol.printer_setup import PrinterSetup


def require_printable(check: Callable[[PrinterSetup], None], setup: PrinterSetup, *, layout: str, printer: str) -> None:
    """Refuse the plan that `check` refuses of a printer that is set up so; `layout` and `printer` are names for people.

    `check` raises ValueError that says why.  Raises PassbookError `layout-not-printable`, which names the offsets of
    the printer where the plan would be printable without them.
    """
    try:
        check(setup)
    except ValueError as error:
        why = str(error)
        if _is_printable(check, replace(setup, x_offset=0, y_offset=0)):
            why += f", with its {_shown_offsets(setup)}"
        raise PassbookError("layout-not-printable", layout=layout, printer=printer, why=why) from None


def _is_printable(check: Callable[[PrinterSetup], None], setup: PrinterSetup) -> bool:
    try:
        check(setup)
    except ValueError:
        return False
    return True


def _shown_offsets(setup: PrinterSetup) -> str:
    offsets = {"x_offset": setup.x_offset, "y_offset": setup.y_offset}
    return " and ".join(f"{name} of {shown_length(offset)}" for name, offset in offsets.items() if offset)
