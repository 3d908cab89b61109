"""`teller` on a machine with another id: `python -m tests.terminal.agent.other_machine FILE ARGUMENTS`."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from terminal.__main__ import main
from terminal.commands import agent

if __name__ == "__main__":
    with patch.object(agent, "MACHINE", Path(sys.argv[1])):
        sys.exit(main(sys.argv[2:]))
