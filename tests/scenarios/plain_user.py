"""passbookd as a user to whom the modes of files apply, also where the tests are run by root."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

PROGRAM: Final = ("-m", "tests.scenarios.plain_user")
PR_CAPBSET_DROP: Final = 24
CAP_DAC_OVERRIDE: Final = 1
CAP_DAC_READ_SEARCH: Final = 2
"""Numbers of linux/prctl.h and linux/capability.h."""


def main() -> None:
    """Drop what lets root pass over modes, which takes effect with the new program; others have nothing to drop."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, "-m", "firmware", *sys.argv[1:]])  # noqa: S606 - the same program in this process


if __name__ == "__main__":
    main()
