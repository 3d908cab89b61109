"""The commands that a sentence gives a person to type: they name the places that the person typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

_TO_BE_TYPED: Final = re.compile(
    r"\b(?:teller|passbookctl) (?=[a-z]+ [0-9a-f]{8}\b|printer resume |(?:watch|questions|notices)$)"
)


def with_places(lines: Sequence[str], places: Sequence[str]) -> list[str]:
    """The lines; each command to be typed has the words `places` behind its name.

    >>> with_places(["  teller follow 7f3a09c2"], ["--home", "/till"])
    ['  teller --home /till follow 7f3a09c2']
    """
    words = "".join(f"{shlex.quote(word)} " for word in places)
    return [_TO_BE_TYPED.sub(lambda found: found[0] + words, line) for line in lines]
