"""Where this machine gets its packages from, handed on to a bare system: found when it is needed, written nowhere."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

APT: Final = Path("/etc/apt")
LOCAL_AUTHORITIES: Final = Path("/usr/local/share/ca-certificates")
_HANDED_ON: Final = re.compile(
    r"PIP_\w+|(https?|ftp|all|no)_proxy|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE", re.IGNORECASE
)
_APT_OPTIONS: Final = re.compile(r'Acquire::(https?|ftp|Check-[\w-]+|Retries)\b[^"]*"[^"]+";')
_PATH: Final = re.compile(r"(?:^|[\s=,]|(file://))(/[^\s,:'\"]+)", re.MULTILINE)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Those variables that say how packages are reached: of pip, of proxies and of certificates."""
    return {name: value for name, value in given.items() if _HANDED_ON.fullmatch(name)}


def paths_in(texts: Iterable[str]) -> list[Path]:
    """Every absolute path that stands in these texts, each once, and for a file URL the folder above it.

    The path of a web address is none.  An index of packages links to files that lie beside it.
    """
    found = [(bool(url), Path(name)) for text in texts for url, name in _PATH.findall(text)]
    return list(dict.fromkeys(path.parent if url and path.parent != Path("/") else path for url, path in found))


def pip_files(given: Mapping[str, str], home: Path) -> dict[Path, str]:
    """Pip's configuration files as far as they exist -> where they belong, `~` first where that is in a home."""
    system = [Path("/etc/pip.conf")]
    system += [Path(folder) / "pip" / "pip.conf" for folder in given.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    system += [Path(given["PIP_CONFIG_FILE"])] if given.get("PIP_CONFIG_FILE", os.devnull) != os.devnull else []
    found = {file: str(file) for file in system if file.is_file()}
    for name in (".pip/pip.conf", ".config/pip/pip.conf"):
        if (home / name).is_file():
            found[home / name] = f"~/{name}"
    return found


def apt_options(dump: str) -> str:
    """The lines of `apt-config dump` about proxies, certificates and dates."""
    return "".join(f"{line}\n" for line in dump.splitlines() if _APT_OPTIONS.fullmatch(line))


def apt_lines(texts: Mapping[str, str], running: str, wanted: str) -> list[str]:
    """The machine's own sources of Debian, as one-line entries for the code name `wanted` instead of `running`.

    Args:
        texts: name -> content of sources.list and the files of sources.list.d.
        running: the code name of the machine's Debian; sources of other suites are other people's and left out.
        wanted: the code name of the Debian that is to be made.
    """
    found = []
    for name, text in texts.items():
        for options, address, suite, components in _stanzas(text) if name.endswith(".sources") else _one_lines(text):
            if suite == running or suite.startswith(f"{running}-"):
                there = wanted + suite.removeprefix(running)
                found.append(" ".join(filter(None, ("deb", options, address, there, components))))
    return list(dict.fromkeys(found))


def _one_lines(text: str) -> Iterator[tuple[str, str, str, str]]:
    for line in text.splitlines():
        if match := re.fullmatch(r"\s*deb\s+(\[[^]]*\])?\s*(\S+)\s+(\S+)\s+([^#]*?)\s*(#.*)?", line):
            yield match[1] or "", match[2], match[3], match[4]


def _stanzas(text: str) -> Iterator[tuple[str, str, str, str]]:
    for stanza in re.split(r"\n\s*\n", text):
        kept = "\n".join(line for line in stanza.splitlines() if not line.startswith("#"))
        fields = {
            key.lower(): value.split() for key, value in re.findall(r"(?m)^([\w-]+):((?:.*\n?)(?:[ \t].*\n?)*)", kept)
        }
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        keyring = fields.get("signed-by", [])
        options = f"[signed-by={keyring[0]}]" if keyring and keyring[0].startswith("/") else ""
        for address in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield options, address, suite, " ".join(fields.get("components", []))


def apt_files() -> dict[str, str]:
    """What the machine has in sources.list and sources.list.d."""
    files = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]
    return {
        str(file): file.read_text("utf-8") for file in files if file.suffix in {".list", ".sources"} and file.is_file()
    }


def keyrings(lines: Iterable[str]) -> list[Path]:
    """The keyrings that entries name, as far as they exist."""
    named = (name for line in lines for name in re.findall(r"signed-by=([^\]\s,]+)", line))
    return [Path(name) for name in dict.fromkeys(named) if Path(name).is_file()]


def apt_config() -> str:
    """What `apt-config dump` says on this machine."""
    return subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout


def code_name() -> str:
    """The code name of the Debian that runs here; empty elsewhere."""
    release = Path("/etc/os-release").read_text("utf-8")
    fields = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""
