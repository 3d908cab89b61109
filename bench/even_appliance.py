"""An appliance on a disk whose flushes all take the same time; a program in passbookd's place: first come seconds."""

from __future__ import annotations

import sys

from bench.slow_disk import SlowDisk
from firmware.__main__ import main

if __name__ == "__main__":
    _disk = SlowDisk(float(sys.argv[1]), for_all=True, alone=True)
    sys.exit(main(sys.argv[2:]))
