"""An appliance on a disk whose flushes take long; a program in passbookd's place: its first argument is seconds."""

from __future__ import annotations

import sys

from bench.slow_disk import SlowDisk
from firmware.__main__ import main

if __name__ == "__main__":
    _disk = SlowDisk(float(sys.argv[1]), for_all=True)
    sys.exit(main(sys.argv[2:]))
