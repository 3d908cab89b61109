"""The table of currencies, made from the list that the maintenance agency of ISO 4217 publishes.

    python -m tests.iso_4217 list-one.xml > passbook/document/currencies.py

`list-one.xml` is "List one: current currency and funds code list", table A.1 of the standard.  The table is part of the
project, so that no build needs a network; whoever has a newer list makes it anew.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_HEAD: Final = '''"""The digits that each currency has after the point: ISO 4217, table A.1 (currencies and funds).

Source: list one of the maintenance agency of ISO 4217, published on {edition}.
Made by `python -m tests.iso_4217`; do not edit it by hand.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

EDITION: Final = "{edition}"
"""The day on which this list was published."""

_CODES: Final = MappingProxyType(
    {{
{rows}
    }}
)
"""Digits after the point -> the codes that have so many."""

MINOR_DIGITS: Final = MappingProxyType({{code: digits for digits, codes in _CODES.items() for code in codes.split()}})
"""Currency -> digits after the point: the column "minor unit"."""

WITHOUT_DIGITS: Final = frozenset(
    {{
{without}
    }}
)
"""Codes for which the column says "N.A.": metals, units of account, and the code for tests."""
'''


def module_of(document: str) -> str:
    """The module that holds the table.  Raises ValueError for what is no such list."""
    root = ElementTree.fromstring(document)  # noqa: S314  # a file of the maintenance agency, given by a programmer
    edition = root.get("Pblshd", "")
    if root.tag != "ISO_4217" or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", edition):
        raise ValueError("this is no list of ISO 4217")
    found: dict[str, set[str]] = defaultdict(set)
    for entry in root.iter("CcyNtry"):
        code, digits = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts")
        if code is not None and digits is not None:
            found[digits].add(code)
    # The code for no currency is none.
    without = "\n".join(f'        "{code}",' for code in sorted(found.pop("N.A.")) if code != "X" * 3)
    rows = []
    for digits in sorted(found, key=int):
        rows += [f"        {int(digits)}: (", _wrapped(sorted(found[digits]), 12), "        ),"]
    return _HEAD.format(edition=edition, rows="\n".join(rows), without=without)


def _wrapped(codes: list[str], indent: int) -> str:
    """The codes as string literals that stand below each other."""
    pieces = [codes[at : at + 24] for at in range(0, len(codes), 24)]
    return "\n".join(f'{" " * indent}"{" ".join(piece)}{"" if piece is pieces[-1] else " "}"' for piece in pieces)


if __name__ == "__main__":
    sys.stdout.write(module_of(Path(sys.argv[1]).read_text("utf-8")))
