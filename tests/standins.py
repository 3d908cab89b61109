"""Stand-ins on PATH that play the machine on which a shell script of the project runs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

APT: Final = """
echo "apt-get $*" >> "$STATE/log"
case "$*" in *install*) touch "$STATE/installed" ;; esac
exit {failure}
"""


class Machine:
    """A folder of stand-ins, which is all that the script finds beside the shell's own tools."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        for tool in ("sh", "rm", "env", "mkdir", "ln", "touch", "test"):
            found = next(path for path in (Path("/usr/bin") / tool, Path("/bin") / tool) if path.exists())
            (folder / "bin").mkdir(exist_ok=True)
            (folder / "bin" / tool).symlink_to(found)

    def has(self, tool: str, script: str) -> None:
        path = self.folder / "bin" / tool
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.folder / "bin"), "STATE": str(self.folder)}
        command = ["/bin/sh", str(script), *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, check=False, text=True)

    def done(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []
