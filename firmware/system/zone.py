"""The time zone of this machine by its name, as the branch's clocks have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LOCAL_TIME: Final = Path("/etc/localtime")
"""The link to the rules of the machine's zone (localtime(5))."""
_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


def zone_name(environ: Mapping[str, str], link: Path = LOCAL_TIME) -> str:
    """The name of the zone in the time zone database, such as `Asia/Tokyo`; empty where it has none."""
    named = environ.get("TZ", "").removeprefix(":")
    if not named:
        try:
            named = str(link.readlink()).partition("zoneinfo/")[2]
        except OSError:
            return ""
    return named if _NAME.fullmatch(named) else ""
