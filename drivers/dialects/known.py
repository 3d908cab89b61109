"""The dialects that come with the product, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from drivers.dialects.dialect import Dialect
from drivers.dialects.pr2.pr2_dialect import make_pr2
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup


class MakeDialect(Protocol):
    """Makes the dialect of one printer."""

    def __call__(self, setup: PrinterSetup = ..., file: str = ...) -> Dialect:
        """The dialect of a printer that is set up so; `file` is that of its own profile, for an error.

        Raises PassbookError `profile-malformed`; its place is a key of the profile, or `elementary_step`.
        """


def _make_escpos(setup: PrinterSetup = USUAL_SETUP, file: str = "") -> Dialect:
    # Its library takes memory and time at the start of each process that has no such printer.
    from drivers.dialects.escpos.escpos_dialect import make_escpos  # noqa: PLC0415

    return make_escpos(setup, file)


DIALECTS: Final[Mapping[str, MakeDialect]] = MappingProxyType({"pr2": make_pr2, "escpos": _make_escpos})
"""Name in the configuration -> the dialect; a new family is a row here."""
