"""The dialects that come with the product, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from drivers.dialects.dialect import Dialect
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2

DIALECTS: Final[Mapping[str, Callable[[], Dialect]]] = MappingProxyType({"pr2": lambda: Pr2(builtin_pr2())})
"""Name in the configuration -> the dialect; a new family is a row here."""
