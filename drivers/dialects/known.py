"""The dialects that come with the product, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from drivers.dialects.dialect import Dialect
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2


def _escpos() -> Dialect:
    # Its library takes memory and time at the start of each process that has no such printer.
    from drivers.dialects.escpos.escpos_dialect import EscposSlip  # noqa: PLC0415
    from drivers.dialects.escpos.escpos_profile import builtin_escpos  # noqa: PLC0415

    return EscposSlip(builtin_escpos())


DIALECTS: Final[Mapping[str, Callable[[], Dialect]]] = MappingProxyType(
    {"pr2": lambda: Pr2(builtin_pr2()), "escpos": _escpos}
)
"""Name in the configuration -> the dialect; a new family is a row here."""
