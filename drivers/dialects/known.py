"""The dialects that come with the product, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from drivers.dialects.dialect import Dialect
from drivers.dialects.pr2.pr2_dialect import make_pr2
from passbook.protocol.printer_setup import PrinterSetup


class MakeDialect(Protocol):
    """Makes the dialect of one printer."""

    def __call__(self, setup: PrinterSetup = ..., file: str = ...) -> Dialect:
        """The dialect of a printer that is set up so; `file` is that of its own profile, for an error.

        Raises PassbookError `profile-malformed`; its place is a key of the profile, or `elementary_step`.
        """


DIALECTS: Final[Mapping[str, MakeDialect]] = MappingProxyType({"pr2": make_pr2})
"""Name in the configuration -> the dialect; a new family is a row here."""
