"""A bare Debian system in a folder, and commands in it that see nothing of this machine but its package sources."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.fresh import sources

PACKAGES: Final = ("git", "make", "python3", "python3-venv", "ca-certificates")
"""All that a person must have installed."""
HOME: Final = "/srv/person"
PROJECT: Final = f"{HOME}/project"
_MOUNTS: Final = """
mount --bind {root} {root}
mount -t proc proc {root}/proc
mount -t sysfs -o ro sysfs {root}/sys
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts {root}/dev/pts
mount -t tmpfs -o mode=1777 shm {root}/dev/shm
mount -t tmpfs -o mode=1777,size=2g tmp {root}/tmp
mount -t tmpfs run {root}/run
"""
_ENTER: Final = """
cd {root}
mkdir -p outside
pivot_root . outside
umount --lazy /outside
exec {command}
"""
"""It is the root of its own mounts and no chroot, in which the kernel gives nobody a user namespace."""
_NO_APT: Final = "mount --bind /dev/null {root}/usr/bin/apt-get\n"
"""A file that cannot be executed is no command."""


def make(folder: Path, suite: str) -> None:
    """Make the system of that code name in `folder`, which is not there yet."""
    lines = sources.apt_lines(sources.apt_files(), sources.code_name(), suite)
    options = folder.with_suffix(".apt")
    options.write_text(sources.apt_options(sources.apt_config()))
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}", f"--aptopt={options}"]
    subprocess.run([*command, suite, str(folder), "-"], input="\n".join(lines), text=True, check=True)
    # An installer writes this file, mmdebstrap does not.
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    for keyring in sources.keyrings(lines):
        _copy(keyring, folder / keyring.relative_to("/"))
    for authority in sources.LOCAL_AUTHORITIES.glob("*.crt"):
        _copy(authority, folder / authority.relative_to("/"))
    subprocess.run(["chroot", str(folder), "update-ca-certificates"], check=True, capture_output=True)
    for file, place in sources.pip_files(os.environ, Path.home()).items():
        _copy(file, folder / place.replace("~", HOME, 1).lstrip("/"))


def clone(project: Path, folder: Path) -> None:
    """Give the system the last commit of `project`."""
    there = folder / PROJECT.lstrip("/")
    there.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(project), str(there)], check=True)


def run(folder: Path, script: str, cache: Path, *, with_apt: bool) -> subprocess.CompletedProcess[str]:
    """Run a shell script as root in the project of the system, on its own; what it says is shown and returned.

    Args:
        folder: the system.
        script: for `sh -e`; it has no standard input.
        cache: pip keeps what it downloaded here.
        with_apt: whether the command apt-get can be used.
    """
    handed_on = sources.environment(os.environ)
    root = shlex.quote(str(folder))
    lines = _MOUNTS.format(root=root)
    texts = [*handed_on.values(), *(file.read_text("utf-8") for file in sources.pip_files(os.environ, Path.home()))]
    for path in sources.paths_in(texts):
        lines += _bind(path, folder)
    lines += _bind(cache, folder, f"{HOME}/.cache/pip", writable=True)
    lines += "" if with_apt else _NO_APT.format(root=root)
    variables = {"HOME": HOME, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SEED": os.environ.get("SEED", ""), **handed_on}
    inside = [
        "env",
        "-i",
        *(f"{name}={value}" for name, value in variables.items()),
        "sh",
        "-ec",
        f"cd {PROJECT}\n{script}",
    ]
    lines += _ENTER.format(root=root, command=shlex.join(inside))
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", lines]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = []
        for line in process.stdout or ():
            print(f"    {line}", end="", flush=True)
            said.append(line)
    return subprocess.CompletedProcess(command, process.returncode, "".join(said))


def _bind(path: Path, folder: Path, place: str = "", *, writable: bool = False) -> str:
    """Lines that show a file or folder of this machine in the system, where nothing of its own is but certificates."""
    there = folder / (place or str(path)).lstrip("/")
    # A folder of certificates is full of links of its own system, and one that is there already is the system's.
    if not path.exists() or (there.is_dir() and any(there.iterdir()) and not place):
        return ""
    if path.is_dir():
        there.mkdir(parents=True, exist_ok=True)
    elif not there.exists():
        there.parent.mkdir(parents=True, exist_ok=True)
        there.touch()
    source, target = shlex.quote(str(path.resolve())), shlex.quote(str(there))
    lines = f"mount --bind {source} {target}\n"
    return lines if writable else f"{lines}mount -o remount,bind,ro {target}\n"


def _copy(file: Path, there: Path) -> None:
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, there)
