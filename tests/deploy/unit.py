"""passbookd.service as a reader of it sees it."""

from __future__ import annotations

import re
from typing import Final

from tests.house import ROOT

UNIT: Final = ROOT / "deploy" / "passbookd.service"
_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0}


def settings(name: str) -> list[str]:
    """Every value that the unit gives `name`, in order."""
    lines = UNIT.read_text("utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == name]


def setting(name: str) -> str:
    """The one value of `name`."""
    [value] = settings(name)
    return value


def seconds(name: str) -> float:
    """The one time span of `name`."""
    match = re.fullmatch(r"([0-9]+)(ms|s|min)", setting(name))
    assert match is not None
    return int(match[1]) * _UNITS[match[2]]
