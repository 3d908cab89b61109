"""Run as a program in passbookd's place: becomes passbookd, with strace beside it.

The first three arguments are those of strace.command(); the others are for passbookd.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.crash.strace import command


def main(arguments: list[str]) -> None:
    call, what, path, *rest = arguments
    # -D: the tracer is the other process, so that this one keeps its id and its parent.
    strace, *options = command(call, what, Path(path))
    # --seccomp-bpf: the program stops at those calls alone, and is nearly as fast as without a tracer.
    os.execvp(strace, [strace, "-D", "--seccomp-bpf", *options, sys.executable, "-m", "firmware", *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
